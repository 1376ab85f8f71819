//! Jobs: executed, waited for, listed, stopped, repeated; their run instances, logs and groups.

use super::{
    ADMIN, Headers, NOTHING, SALES_ADMIN, Server, VIEWER,
    companies::has,
    world::{Speaker, World},
};
use rpa::execution::ResultStatus;
use serde_json::{Value, json};
use std::time::Duration;

const JSON: Headers<'static> = &[("content-type", "application/json")];

pub fn text(told: &Value, name: &str) -> String {
    told[name].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execute_makes_a_job_for_a_group_and_one_for_each_robot() {
    let server = Server::start().await;
    let world = World::new(&server).await;
    let path = format!("POST /openapi/workflows/{}/execute", world.workflow);
    let body = r#"{"arguments":[{"name":"a","type":"System.Int32","direction":0,"defaultValue":"41"}],"source":"External",
        "Priority":"7","maxRetryCount":1,"VideoRecordMode":3,"triggerPolicy":1,"maxRunSeconds":9,"timeZone":480,
        "startupType":1,"startupId":"9a0c7d89-404a-4896-a0b9-1add6d9551e8","startupName":"nightly",
        "JobSubjectId":"s","JobSubjectName":"n","JobSubjectType":"Workflow"}"#;
    let told = server.ask(&path, body).await.json();
    let job = &told[0];
    has(
        job,
        &[
            "id",
            "jobGroupId",
            "createdAt",
            "createdBy",
            "companyId",
            "departmentId",
        ],
    );
    let shown = [
        ("workflowId", json!(world.workflow)),
        ("name", json!("w")),
        ("containingQueueId", json!(world.group)),
        ("state", json!("Queued")),
        ("displayState", json!("Queued")),
        ("retriedCount", json!(0)),
        ("maxRetryCount", json!(1)),
        ("maxRunSeconds", json!(9)),
        ("priority", json!(7)),
        ("reversedPriority", json!(4993)),
        ("videoRecordMode", json!("AlwaysRecord")),
        ("jobExecutionPolicy", json!("AnyTime")),
        ("jobStartupType", json!("Trigger")),
        ("jobStartupName", json!("nightly")),
        (
            "cronTriggerId",
            json!("9a0c7d89-404a-4896-a0b9-1add6d9551e8"),
        ),
        ("source", json!("External")),
        ("jobSubjectId", json!("s")),
        ("seqNum", json!(1)),
        ("step", json!("1")),
        ("deleted", json!(false)),
        ("isRobotDedicatedQueue", json!(false)),
    ];
    for (name, value) in shown {
        assert_eq!(job[name], value, "{name} of {job}");
    }
    assert_eq!(job["arguments"][0]["defaultValue"], "41");
    assert!(job.get("lastRunInstaceId").is_none(), "{job}");
    let bare = world.make(&server, "bare", "").await;
    let path = format!("POST /v2/workflows/{bare}/execute");
    server.ask(&path, "").await.refused(400, "no-target");
    let [first, second] = &world.robots;
    let ids = format!(r#"{{"robotIds":["{first}","{second}"]}}"#);
    server
        .ask(&format!("POST /openapi/workflows/{bare}/robots"), &ids)
        .await
        .json();
    let told = server.ask(&path, "{}").await.json();
    let steps: Vec<String> = (0..2).map(|at| text(&told[at], "step")).collect();
    assert_eq!(steps, ["1-1", "1-2"]);
    assert_eq!(
        (&told[1]["seqNum"], &told[1]["jobGroupId"]),
        (&json!(2), &told[0]["jobGroupId"])
    );
    assert_eq!(told[0]["isRobotDedicatedQueue"], true);
    assert_ne!(told[0]["containingQueueId"], told[1]["containingQueueId"]);
    let shown = server
        .ask(&format!("GET /openapi/workflows/{bare}"), "")
        .await
        .json();
    assert_eq!(shown["triggeredCount"], 1);
    has(&shown, &["lastTriggeredAt"]);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_execute_must_not_say_is_refused_and_a_repetition_makes_nothing_new() {
    let server = Server::start().await;
    let world = World::new(&server).await;
    let path = format!("POST /openapi/workflows/{}/execute", world.workflow);
    let rows = [
        (r#"{"priority":5001}"#, "improper"),
        (r#"{"maxRetryCount":11}"#, "improper"),
        (r#"{"videoRecordMode":"x"}"#, "malformed-request"),
        (
            r#"{"arguments":[{"name":"a","defaultValue":"x"}]}"#,
            "malformed-value",
        ),
        (r#"[]"#, "malformed-request"),
    ];
    for (body, code) in rows {
        server.ask(&path, body).await.refused(400, code);
    }
    let keyed: Headers<'_> = &[
        ("content-type", "application/json"),
        ("idempotency-key", "k"),
    ];
    let first = server
        .send(ADMIN, &path, keyed, r#"{"priority":1}"#)
        .await
        .json();
    let again = server
        .send(ADMIN, &path, keyed, r#"{"priority":1}"#)
        .await
        .json();
    assert_eq!(again, first);
    let other = server.send(ADMIN, &path, keyed, r#"{"priority":2}"#).await;
    other.refused(409, "idempotency-conflict");
    let listed = server.ask("GET /openapi/jobs", "{}").await.json();
    assert_eq!(listed["count"], 1);
    let skipped = server
        .ask(&path, r#"{"triggerPolicy":"SkipWhenNoResource"}"#)
        .await
        .json();
    assert_eq!(skipped[0]["state"], "Cancelled");
    has(&skipped[0], &["message", "finishedAt"]);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_a_job_hears_of_its_end_and_finds_what_it_gave_back() {
    let server = Server::start().await;
    let world = World::new(&server).await;
    let job = world.execute(&server, &world.workflow, "").await;
    let path = format!("GET /openapi/jobs/{job}");
    let at_once = server.ask(&format!("{path}?waitMs=1"), "").await.json();
    assert_eq!(at_once["state"], "Queued", "the time is over");
    let mut robot = Speaker::connect(&server, &world.robots[0]).await;
    let run = robot.starts().await;
    robot.logs(run, 5).await;
    let waiting = format!("{path}?waitMs=60000");
    let (told, ()) = tokio::join!(
        server.ask(&waiting, ""),
        robot.reports(run, ResultStatus::Succeeded)
    );
    let told = told.json();
    assert_eq!(
        (&told["state"], &told["lastRobotName"]),
        (&json!("Succeeded"), &json!("r1"))
    );
    assert_eq!(told["lastRunInstaceId"], run.run.to_string());
    has(&told, &["startedAt", "finishedAt", "lastRobotId"]);
    let again = server.ask(&waiting, "").await.json();
    assert_eq!(again, told, "nobody waits for what is over");

    let result = server
        .ask(&format!("GET /v2/RunInstances/{}/result", run.run), "")
        .await
        .json();
    let out = json!([
        {"name": "sum", "type": "System.Int32", "shortType": "Int32", "direction": "Out", "defaultValue": "42"},
        {"name": "more", "type": "System.Boolean", "shortType": "Boolean", "direction": "Out", "defaultValue": "True"},
    ]);
    assert_eq!(
        (&result["arguments"], &result["exitCode"]),
        (&out, &json!(0))
    );
    assert_eq!(
        (&result["status"], &result["attempt"]),
        (&json!("Succeeded"), &json!(1))
    );
    has(
        &result,
        &[
            "robotId",
            "robotName",
            "createdAt",
            "createdBy",
            "message",
            "jobId",
            "eTag",
        ],
    );
    assert_eq!(
        (&result["id"], &result["runInstanceId"]),
        (&json!(run.run.to_string()), &result["id"])
    );
    let runs = server.ask(&format!("{path}/runinstances"), "").await.json();
    assert_eq!((&runs["count"], &runs["list"][0]), (&json!(1), &result));

    logs(&server, &run.run.to_string()).await;
    after_the_end(&server, &job).await;
    server.stop().await;
}

async fn logs(server: &Server, run: &str) {
    let path = format!("GET /openapi/runinstances/{run}/logs");
    let messages = |told: &Value| {
        let lines = told["data"].as_array().cloned().unwrap_or_default();
        lines
            .iter()
            .map(|line| text(line, "message"))
            .collect::<Vec<_>>()
            .join(",")
    };
    let first = server.ask(&format!("{path}?PageSize=3"), "").await.json();
    assert_eq!(messages(&first), "line 5,line 4,line 3");
    has(
        &first["data"][0],
        &["id", "robotId", "logType", "logLevel", "createdAt"],
    );
    let key = text(&first["nextPage"], "lastRowKey");
    let second = server
        .ask(&format!("{path}?PageSize=3&lastrowkey={key}"), "")
        .await
        .json();
    assert_eq!(messages(&second), "line 2,line 1");
    assert!(second.get("nextPage").is_none());
    for (query, expected) in [
        ("Level=error", "line 2"),
        ("Search=LINE%204", "line 4"),
        ("Level=Debug", ""),
    ] {
        let told = server.ask(&format!("{path}?{query}"), "").await.json();
        assert_eq!(messages(&told), expected, "{query}");
    }
    server
        .ask(&format!("{path}?PageSize=0"), "")
        .await
        .refused(400, "malformed-request");
    let whole = server.ask(&format!("{path}/download"), "").await;
    let begin = "1970-01-01T00:00:00.001Z Business Info line 1\n1970-01-01T00:00:00.002Z Business Error line 2\n";
    assert!(
        whole.text().starts_with(begin) && whole.text().ends_with("line 5\n"),
        "{}",
        whole.text()
    );
}

/// An ended job: nothing stops it any more, it can be repeated.
async fn after_the_end(server: &Server, job: &str) {
    let path = format!("/openapi/jobs/{job}");
    for (action, code) in [
        ("cancel", "already-ended"),
        ("pause", "not-running"),
        ("resume", "not-paused"),
    ] {
        let told = server.ask(&format!("POST {path}/{action}"), "").await;
        assert_eq!(told.status, 409, "{}", told.text());
        let body: Value = serde_json::from_slice(&told.body).expect("JSON");
        // Whether it has left memory or not.
        assert_eq!(text(&body, "code"), code, "{body}");
    }
    let told = server
        .ask(&format!("PATCH {path}"), r#"{"priority":1}"#)
        .await;
    assert_eq!(told.status, 409, "{}", told.text());
    let again = server.ask(&format!("POST {path}/retry"), "").await.json();
    assert_eq!(
        (&again["state"], &again["retryOf"]),
        (&json!("Queued"), &json!(job))
    );
    let new = text(&again, "id");
    let told = server
        .ask(&format!("POST /openapi/jobs/{new}/retry"), "")
        .await;
    told.refused(409, "not-ended");
    let groups = server
        .ask("GET /openapi/jobgroups?IsDesc=false", "")
        .await
        .json();
    assert_eq!(groups["count"], 2);
    has(
        &groups["list"][0],
        &[
            "id",
            "name",
            "ownerId",
            "startedAt",
            "finishedAt",
            "jobStartupType",
        ],
    );
    assert_eq!(groups["list"][1]["jobs"][0]["id"], json!(new));
    let group = text(&again, "jobGroupId");
    let one = server
        .ask(&format!("GET /openapi/jobgroups/{group}"), "")
        .await
        .json();
    assert_eq!(one, groups["list"][1]);
    let ended = server
        .ask(&format!("POST /openapi/jobgroups/{group}/cancel"), "")
        .await
        .json();
    assert_eq!(ended["jobs"][0]["state"], "Cancelled");
    has(&ended, &["modifiedAt", "modifiedBy", "finishedAt"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queued_job_is_moved_and_cancelled_one_or_many() {
    let server = Server::start().await;
    let world = World::new(&server).await;
    let first = world.execute(&server, &world.workflow, "").await;
    let second = world.execute(&server, &world.workflow, "").await;
    let path = format!("/openapi/jobs/{first}");
    let moved = server
        .ask(&format!("PATCH {path}"), r#"{"Priority":"4000"}"#)
        .await
        .json();
    assert_eq!(moved["priority"], 4000);
    has(&moved, &["modifiedAt", "modifiedBy", "eTag"]);
    let seen = format!(r#"{{"priority":4000,"eTag":"{}"}}"#, text(&moved, "eTag"));
    for (body, status) in [
        (seen.as_str(), 200),
        (r#"{"priority":4000,"eTag":"string"}"#, 200),
        (r#"{"priority":4000,"eTag":"0"}"#, 409),
    ] {
        let told = server.ask(&format!("PATCH {path}"), body).await;
        assert_eq!(told.status, status, "{body}: {}", told.text());
    }
    assert_eq!(server.ask(&format!("PATCH {path}"), "").await.json(), moved);
    server
        .ask(&format!("PATCH {path}"), r#"{"priority":5001}"#)
        .await
        .refused(400, "improper-priority");
    server
        .ask(&format!("POST {path}/pause"), "")
        .await
        .refused(409, "not-running");
    let cancelled = server.ask(&format!("POST {path}/cancel"), "").await.json();
    assert_eq!(cancelled["state"], "Cancelled");
    has(&cancelled, &["finishedAt", "cancelRequestedAt"]);
    let ids = format!(r#"{{"jobIds":["{first}","{second}","{NOTHING}"]}}"#);
    let told = server
        .ask("POST /openapi/jobs/batch/cancel", &ids)
        .await
        .json();
    let counts =
        ["total", "successCount", "failureCount", "missingCount"].map(|name| told[name].as_i64());
    assert_eq!(counts, [3, 1, 1, 1].map(Some));
    assert_eq!(told["failedList"][0]["id"], json!(first));
    let told = server
        .send(VIEWER, &format!("POST {path}/cancel"), &[], "")
        .await;
    told.refused(403, "forbidden");
    let told = server
        .send(SALES_ADMIN, &format!("GET {path}"), &[], "")
        .await;
    told.refused(403, "forbidden");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_job_is_paused_resumed_and_cancelled_by_its_robots_word() {
    let server = Server::start().await;
    let world = World::new(&server).await;
    let mut robot = Speaker::connect(&server, &world.robots[1]).await;
    let job = world.execute(&server, &world.workflow, "").await;
    robot.starts().await;
    let ask = async |action: &str| {
        let path = format!("POST /openapi/jobs/{job}/{action}");
        server.send(ADMIN, &path, JSON, "{}").await.json()
    };
    assert_eq!(
        ask("pause").await["state"],
        "Running",
        "until the robot says so"
    );
    robot.hears().await;
    let cancelled = ask("cancel").await;
    assert_eq!(cancelled["state"], "Running");
    has(&cancelled, &["cancelRequestedAt"]);
    drop(robot);
    let told = server
        .ask(&format!("GET /openapi/jobs/{job}?waitMs=60000"), "")
        .await
        .json();
    assert_eq!(
        told["state"], "Cancelled",
        "nobody waits for a robot that has gone"
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_a_job_is_answered_when_the_server_leaves() {
    let server = Server::start().await;
    let world = World::new(&server).await;
    let job = world.execute(&server, &world.workflow, "").await;
    let path = format!("GET /openapi/jobs/{job}?waitMs=60000");
    for when in ["while it waits", "before it waits"] {
        let both = async {
            // The request is begun first.
            tokio::join!(server.ask(&path, ""), async {
                server.state.engine.leave();
            })
        };
        let told = tokio::time::timeout(Duration::from_secs(30), both).await;
        let (told, ()) = told.unwrap_or_else(|_| panic!("told {when}: it waits on"));
        assert_eq!(told.json()["state"], "Queued", "{when}");
    }
    server.stop().await;
}
