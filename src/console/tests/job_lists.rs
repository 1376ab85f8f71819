//! Lists of jobs, by the parameters of both generations of clients.

use super::{SALES_ADMIN, Server, jobs::text, world::World};
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
        ("v2", "Name=add&isDesc=false", both),
        ("v2", "WorkflowName=oth", high),
        ("v2", "PackageName=none", String::new()),
        (
            "v2",
        // The numbers of the older generation: 3 is Failed there, 4 Cancelled.
        ("v2", "States=0", high.clone()),
        ("v2", "States=Allocated", high.clone()),
        ("v2", "States=3", String::new()),
        ("v2", "States=4", low.clone()),
        ("v2", "States=2,5,6", String::new()),
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
