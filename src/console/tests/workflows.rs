//! Workflows: made as every client sends them, changed, targeted, upgraded, deleted.

use super::{
    ADMIN, NOTHING, SALES, SALES_ADMIN, Server, VIEWER, companies::has, dgs, world::World,
};
use serde_json::{Value, json};

const ZERO: &str = "00000000-0000-0000-0000-000000000000";

#[tokio::test(flavor = "multi_thread")]
async fn every_client_makes_a_workflow_in_its_own_words() {
    let server = Server::start().await;
    let world = World::new(&server).await;
    let (package, version, group) = (&world.package, &world.version, &world.group);
    let bodies = [
        format!(
            r#"{{"Name":"cs","Arguments":[],"VideoRecordMode":0,"PackageId":"{package}","PackageVersionId":"{version}",
            "AssociatedQueueId":"{group}","Priority":2000,"MaxRetryCount":3,"TriggerPolicy":1}}"#
        ),
        format!(
            r#"{{"name":"java","packageId":"{package}","packageVersionId":"{version}","maxRetryCount":3,"priority":2000,
            "videoRecordMode":"NeverRecord","arguments":null,"associatedQueueId":"{group}","triggerPolicy":"anytime"}}"#
        ),
        format!(
            r#"{{"NAME":"3p","packageid":"{package}","videoRecordMode":"0","priority":"2000","unknown":{{"a":1}},
            "associatedQueueId":"{group}"}}"#
        ),
    ];
    for body in bodies {
        let made = server.ask("POST /OpenApi/Workflows", &body).await.json();
        has(
            &made,
            &["id", "name", "createdAt", "createdBy", "eTag", "companyId"],
        );
        let shown = [
            ("packageName", json!("Add")),
            ("packageVersion", json!("1.0.0")),
            ("packageVersionId", json!(version)),
            ("associatedQueueId", json!(group)),
            ("videoRecordMode", json!("NeverRecord")),
            ("triggerPolicy", json!("AnyTime")),
            ("priority", json!(2000)),
            ("maxRetryCount", json!(3)),
            ("triggeredCount", json!(0)),
            ("associatedRobotIds", json!([])),
        ];
        for (name, value) in shown {
            assert_eq!(made[name], value, "{name} of {made}");
        }
        assert_eq!(
            made["arguments"][0]["name"], "a",
            "of the package's version"
        );
        let path = format!(
            "GET /v2/workflows/{}",
            made["id"].as_str().unwrap_or_default()
        );
        assert_eq!(server.ask(&path, "{}").await.json(), made);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_workflow_is_refused() {
    let server = Server::start().await;
    let world = World::new(&server).await;
    let body = |fields: &str| format!(r#"{{"packageId":"{}",{fields}}}"#, world.package);
    let rows = [
        (body(r#""name":" ""#), "malformed-request"),
        (r#"{"name":"w"}"#.to_owned(), "malformed-request"),
        (String::new(), "malformed-request"),
        (body(r#""name":"w","priority":-1"#), "malformed-request"),
        (body(r#""name":"w","priority":5001"#), "improper"),
        (body(r#""name":"w","maxRetryCount":11"#), "improper"),
        (
            body(r#""name":"w","videoRecordMode":9"#),
            "malformed-request",
        ),
        (
            body(&format!(r#""name":"w","associatedQueueId":"{NOTHING}""#)),
            "unknown-reference",
        ),
        (
            body(&format!(r#""name":"w","packageVersionId":"{NOTHING}""#)),
            "unknown-reference",
        ),
        (
            format!(r#"{{"name":"w","packageId":"{NOTHING}"}}"#),
            "unknown-reference",
        ),
    ];
    for (body, code) in rows {
        let told = server.ask("POST /openapi/workflows", &body).await;
        told.refused(400, code);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_says_only_what_changes() {
    let server = Server::start().await;
    let world = World::new(&server).await;
    let path = format!("PATCH /openapi/workflows/{}", world.workflow);
    let notified = r#"{"Name":"n","eTag":"1","maxRunSeconds":60,"properties":{"k":"v"},"jobStateNotification":
        {"switchOn":true,"justNoticeAgainstLastRuninstance":true,"conditions":["Finished",1001],"recipients":["a@b"]}}"#;
    let changed = server.ask(&path, notified).await.json();
    has(&changed, &["modifiedAt", "modifiedBy"]);
    let notification = json!({"switchOn": true, "justNoticeAgainstLastRuninstance": true,
        "conditions": ["Finished", "1001"], "recipients": ["a@b"]});
    assert_eq!(changed["jobStateNotification"], notification);
    assert_eq!(
        (&changed["name"], &changed["maxRunSeconds"]),
        (&json!("n"), &json!(60))
    );
    server
        .ask(&path, r#"{"name":"x","eTag":"1"}"#)
        .await
        .refused(409, "changed");
    let same = server
        .ask(&path, r#"{"eTag":"string","name":null}"#)
        .await
        .json();
    assert_eq!(
        (&same["name"], &same["properties"]["k"]),
        (&json!("n"), &json!("v"))
    );
    let cleared = format!(r#"{{"updateMaxRunSeconds":true,"associatedQueueId":"{ZERO}"}}"#);
    let cleared = server.ask(&path, &cleared).await.json();
    for name in ["maxRunSeconds", "associatedQueueId"] {
        assert!(cleared.get(name).is_none(), "{name} of {cleared}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_targets_a_group_or_robots_never_both() {
    let server = Server::start().await;
    let world = World::new(&server).await;
    let [first, second] = &world.robots;
    let of_group = format!("/openapi/workflows/{}/robots", world.workflow);
    let bare = world.make(&server, "bare", "").await;
    let path = format!("/openapi/workflows/{bare}/robots");
    let ids = format!(r#"{{"RobotIds":["{first}","{NOTHING}","{second}"]}}"#);
    let bound = server.ask(&format!("POST {path}"), &ids).await.json();
    let message = |told: &Value, at: usize| told[at]["errorMessage"].is_string();
    assert_eq!(
        (&bound[0]["workflowId"], &bound[0]["robotId"]),
        (&json!(bare), &json!(first))
    );
    assert_eq!(
        [0, 1, 2].map(|at| message(&bound, at)),
        [false, true, false]
    );
    let listed = server
        .ask(&format!("GET {path}?isDesc=false"), "{}")
        .await
        .json();
    assert_eq!(
        (&listed["count"], listed["list"].as_array().map(Vec::len)),
        (&json!(2), Some(2))
    );
    has(
        &listed["list"][0],
        &[
            "id",
            "name",
            "status",
            "licenseStatus",
            "clientSku",
            "canUpgrade",
        ],
    );
    let queue = format!(r#"{{"associatedQueueId":"{}"}}"#, world.group);
    let path_of = format!("PATCH /openapi/workflows/{bare}");
    server
        .ask(&path_of, &queue)
        .await
        .refused(400, "other-target");
    let refused = server.ask(&format!("POST {of_group}"), &ids).await.json();
    assert_eq!(
        [0, 1, 2].map(|at| message(&refused, at)),
        [true, true, true]
    );
    let unbind = format!("DELETE {path}/{first}");
    assert_eq!(server.ask(&unbind, "{}").await.status, 200);
    server.ask(&unbind, "{}").await.refused(404, "unknown");
    let listed = server.ask(&format!("GET {path}"), "{}").await.json();
    assert_eq!(listed["list"][0]["id"], json!(second));
    server
        .ask(&format!("POST {path}"), "")
        .await
        .refused(400, "malformed-request");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_moves_what_is_old_and_tells_of_the_rest() {
    let server = Server::start().await;
    let world = World::new(&server).await;
    let body = format!(r#"{{"WorkflowIds":["{}","{NOTHING}"]}}"#, world.workflow);
    let path = "POST /openapi/workflows/batch/upgrade";
    let told = server.ask(path, &body).await.json();
    let counts = |told: &Value| {
        ["total", "successCount", "failureCount", "missingCount"].map(|name| told[name].as_i64())
    };
    assert_eq!(counts(&told), [2, 1, 0, 1].map(Some));
    assert_eq!(told["warningList"][0]["name"], "w", "the newest already");
    server.upload(ADMIN, &[], dgs("Add", "1.1.0", "y")).await;
    let told = server.ask(path, &body).await.json();
    assert_eq!(
        (counts(&told), &told["warningList"]),
        ([2, 1, 0, 1].map(Some), &json!([]))
    );
    let shown = format!("GET /openapi/workflows/{}", world.workflow);
    assert_eq!(
        server.ask(&shown, "").await.json()["packageVersion"],
        "1.1.0"
    );
    let told = server.send(SALES_ADMIN, path, &[], body).await.json();
    assert_eq!(counts(&told), [2, 0, 1, 1].map(Some), "not theirs");
    has(&told["failedList"][0], &["id", "name", "message"]);
    server
        .ask(path, "{}")
        .await
        .refused(400, "malformed-request");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_show_what_is_asked_for_and_what_may_be_seen() {
    let server = Server::start().await;
    let world = World::new(&server).await;
    let in_sales = format!(r#""departmentId":"{SALES}""#);
    // What is made in one millisecond has no order.
    let clock = &server.state.engine.clock;
    assert!(clock.set(clock.now_ms() + 1));
    world.make(&server, "Sales one", &in_sales).await;
    let names = |told: Value| {
        let list = told["list"].as_array().cloned().unwrap_or_default();
        let names = list.iter().filter_map(|one| one["name"].as_str());
        names.collect::<Vec<_>>().join(",")
    };
    let group = format!("associatedqueueid={}", world.group);
    let package = format!(
        "PackageId={}&&PackageVersionId={}",
        world.package, world.version
    );
    let rows = [
        (ADMIN, "isDesc=false".to_owned(), "w,Sales one"),
        (ADMIN, group, "w"),
        (ADMIN, package, "Sales one,w"),
        (ADMIN, format!("PackageId={NOTHING}"), ""),
        (
            ADMIN,
            "searchString=ONE&PageIndex=0&&PageSize=20".to_owned(),
            "Sales one",
        ),
        (SALES_ADMIN, String::new(), "Sales one"),
        (VIEWER, "PageSize=1&PageIndex=1".to_owned(), "w"),
    ];
    for (token, query, expected) in rows {
        for path in ["/openapi/workflows", "/v2/workflows"] {
            let told = server
                .send(token, &format!("GET {path}?{query}"), &[], "")
                .await;
            assert_eq!(names(told.json()), expected, "{query}");
        }
    }
    let foreign = format!("/openapi/workflows/{}", world.workflow);
    for request in ["GET", "PATCH", "DELETE"] {
        let told = server
            .send(SALES_ADMIN, &format!("{request} {foreign}"), &[], "")
            .await;
        told.refused(403, "forbidden");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_workflow_takes_its_queued_jobs_with_it() {
    let server = Server::start().await;
    let world = World::new(&server).await;
    let job = world.execute(&server, &world.workflow, "").await;
    let path = format!("/openapi/workflows/{}", world.workflow);
    assert_eq!(
        server.ask(&format!("DELETE {path}"), "{}").await.status,
        200
    );
    server
        .ask(&format!("GET {path}"), "{}")
        .await
        .refused(404, "unknown");
    let told = server
        .ask(&format!("GET /openapi/jobs/{job}"), "")
        .await
        .json();
    assert_eq!(told["state"], "Cancelled");
    has(&told, &["message", "finishedAt"]);
    server.stop().await;
}
