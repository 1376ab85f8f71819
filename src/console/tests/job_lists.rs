//! Lists of jobs, by the parameters of both generations of clients.

use super::{
    ADMIN, ROOT, SALES, SALES_ADMIN, Server,
    jobs::text,
    world::{Speaker, World},
};
use rpa::execution::ResultStatus;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_found_by_the_parameters_of_both_generations() {
    let server = Server::start().await;
    let world = World::new(&server).await;
    let low = world
        .execute(&server, &world.workflow, r#"{"priority":1}"#)
        .await;
    let other = world
        .make(
            &server,
            "other",
            &format!(r#""associatedQueueId":"{}""#, world.group),
        )
        .await;
    let high = world.execute(&server, &other, r#"{"priority":9}"#).await;
    server
        .ask(&format!("POST /openapi/jobs/{low}/cancel"), "")
        .await
        .json();
    let both = format!("{low},{high}");
    let rows = [
        ("openapi", "isDesc=false", both.clone()),
        ("openapi", "OrderBy=Priority", format!("{high},{low}")),
        ("openapi", "orderby=3&IsDesc=False", both.clone()),
        ("openapi", "States=Queued&&", high.clone()),
        ("openapi", "states=3", low.clone()),
        ("openapi", &format!("WorkflowId={other}"), high.clone()),
        (
            "openapi",
            &format!("QueueId={}&IsDesc=false", world.group),
            both.clone(),
        ),
        (
            "openapi",
            &format!("RobotId={}", world.robots[0]),
            String::new(),
        ),
        ("openapi", &format!("Ids={low}"), low.clone()),
        (
            "openapi",
            "StartupType=Manually&PageSize=1&PageIndex=1",
            low.clone(),
        ),
        ("openapi", "Name=OTH", high.clone()),
        ("openapi", "StartTime=2100-01-01T00:00:00Z", String::new()),
        (
            "v2",
            "queryTimeType=all&PageIndex=0&PageSize=20&IsDesc=false&timeZone=480",
            both.clone(),
        ),
        (
            "v2",
            "States=%5B%22Queued%22%2C%22Running%22%5D",
            high.clone(),
        ),
        // The numbers of the older generation: 3 is Failed there, 4 Cancelled.
        ("v2", "States=0", high.clone()),
        ("v2", "States=Allocated", high.clone()),
        ("v2", "States=3", String::new()),
        ("v2", "States=4", low.clone()),
        ("v2", "States=2,5,6", String::new()),
        ("v2", "Name=add&isDesc=false", both),
        ("v2", "WorkflowName=oth", high),
        ("v2", "PackageName=none", String::new()),
        (
            "v2",
            "queryTimeType=1&StartQueryTime=2020-01-01T00:00:00Z",
            String::new(),
        ),
        ("v2", "StartFinishTime=2020-01-01T00:00:00Z", low),
    ];
    for (generation, query, expected) in rows {
        let told = server
            .ask(&format!("GET /{generation}/jobs?{query}"), "{}")
            .await
            .json();
        let list = told["list"].as_array().cloned().unwrap_or_default();
        let ids: Vec<String> = list.iter().map(|job| text(job, "id")).collect();
        assert_eq!(ids.join(","), expected, "{query}");
    }
    let told = server.ask("GET /openapi/jobs?OrderBy=x", "").await;
    told.refused(400, "malformed-request");
    let told = server
        .send(SALES_ADMIN, "GET /openapi/jobs", &[], "")
        .await
        .json();
    assert_eq!(told, json!({"count": 0, "list": []}));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn job_groups_and_run_instances_are_found_by_all_that_is_documented() {
    let server = Server::start().await;
    let world = World::new(&server).await;
    let other = format!(r#""associatedQueueId":"{}""#, world.group);
    let other = world.make(&server, "Über", &other).await;
    let first = world.execute(&server, &world.workflow, "").await;
    world.execute(&server, &other, "").await;
    let mut robot = Speaker::connect(&server, &world.robots[0]).await;
    let run = robot.starts().await;
    robot.reports(run, ResultStatus::Succeeded).await;
    let ended = format!("GET /openapi/jobs/{first}?waitMs=60000");
    assert_eq!(server.ask(&ended, "").await.json()["state"], "Succeeded");
    let names = async |query: &str| {
        let path = format!("GET /openapi/jobgroups?{query}");
        let told = server.ask(&path, "").await.json();
        let list = told["list"].as_array().cloned().unwrap_or_default();
        let names: Vec<String> = list.iter().map(|group| text(group, "name")).collect();
        names.join(",")
    };
    let mine = names("Name=W").await;
    for (query, expected) in [
        ("Name=%C3%9CBER", "Über".to_owned()),
        ("SearchString=ber", "Über".to_owned()),
        ("SearchString=none", String::new()),
        ("Name=ber&SearchString=w", String::new()),
        ("OrderBy=Name&IsDesc=true", format!("Über,{mine}")),
        ("OrderBy=Name&IsDesc=false", format!("{mine},Über")),
        // What has not ended comes before what has.
        ("OrderBy=2&IsDesc=false", format!("Über,{mine}")),
        ("OrderBy=FinishedAt&PageSize=1", mine.clone()),
        (
            "OrderBy=startedAt&PageSize=1&PageIndex=9223372036854775807",
            String::new(),
        ),
    ] {
        assert_eq!(names(query).await, expected, "{query}");
    }
    server
        .ask("GET /openapi/jobgroups?OrderBy=x", "")
        .await
        .refused(400, "malformed-request");
    // The layout's department counts, not the one that the client works in.
    let layout = format!(r#"{{"name":"l","nodes":[{{"workflowId":"{other}"}}]}}"#);
    let layout = server.ask("POST /openapi/workflowlayouts", &layout).await;
    let layout = format!("/openapi/workflowlayouts/{}", text(&layout.json(), "id"));
    server
        .ask(&format!("POST {layout}/execute"), "")
        .await
        .json();
    for department in [ROOT, SALES] {
        let headers = [("departmentid", department)];
        let path = format!("GET {layout}/jobgroups");
        let told = server.send(ADMIN, &path, &headers, "").await.json();
        assert_eq!(told["count"], 1, "{department}");
    }
    for (query, count) in [
        (format!("Ids={}", run.run), 1),
        ("Name=R1&SearchString=r".to_owned(), 1),
        ("Name=r2".to_owned(), 0),
        ("EndTime=2000-01-01T00:00:00Z".to_owned(), 0),
        ("OrderBy=StartedAt&IsDesc=false".to_owned(), 1),
    ] {
        let path = format!("GET /openapi/jobs/{first}/runinstances?{query}");
        assert_eq!(
            server.ask(&path, "").await.json()["count"],
            count,
            "{query}"
        );
    }
    server.stop().await;
}
