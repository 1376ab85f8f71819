//! Requests that are refused, each with its status and code.

use super::{Row, Server};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_request_is_a_problem_with_a_code() {
    let mut server = Server::start().await;
    let root = "0198c1c2e3f47a5b8c6d9e0f1a2b3c4d";
    server.names.insert("none".to_owned(), root.to_owned());
    let rows: &[Row<'_>] = &[
        (
            "GET /nothing",
            "",
            404,
            &["\"code\":\"no-such-endpoint\""],
            "",
        ),
        (
            "POST /external-work/fetch",
            "{}",
            404,
            &["no-such-endpoint"],
            "",
        ),
        (
            "POST /instances/{none}/move",
            "{}",
            404,
            &["no-such-endpoint"],
            "",
        ),
        ("PUT /instances", "", 405, &["method-not-allowed"], ""),
        (
            "GET /instances/{none}",
            "",
            404,
            &[
                "instance-not-found",
                "\"instance\":\"/api/v1/instances/{none}\"",
            ],
            "",
        ),
        ("GET /instances/x", "", 404, &["instance-not-found"], ""),
        (
            "DELETE /instances/{none}",
            "",
            404,
            &["instance-not-found"],
            "",
        ),
        (
            "PUT /instances/{none}/state",
            "{\"state\":\"suspended\"}",
            404,
            &["instance-not-found"],
            "",
        ),
        (
            "POST /instances/{none}/trigger",
            "{\"activityId\":\"a\"}",
            404,
            &["instance-not-found"],
            "",
        ),
        (
            "GET /instances/{none}/variables",
            "",
            404,
            &["instance-not-found"],
            "",
        ),
        (
            "PATCH /instances/{none}/variables",
            "{}",
            404,
            &["instance-not-found"],
            "",
        ),
        (
            "GET /instances/{none}/activities",
            "",
            404,
            &["instance-not-found"],
            "",
        ),
        (
            "GET /instances/{none}/subscriptions",
            "",
            404,
            &["instance-not-found"],
            "",
        ),
        (
            "GET /instances/{none}/timers",
            "",
            404,
            &["instance-not-found"],
            "",
        ),
        (
            "GET /instances/{none}/incidents",
            "",
            404,
            &["instance-not-found"],
            "",
        ),
        (
            "GET /instances/{none}/diagram.svg",
            "",
            404,
            &["instance-not-found"],
            "",
        ),
        (
            "GET /instances/{none}/diagram.png",
            "",
            404,
            &["instance-not-found"],
            "",
        ),
        ("GET /tasks/{none}-1", "", 404, &["task-not-found"], ""),
        ("PATCH /tasks/{none}-1", "{}", 404, &["task-not-found"], ""),
        (
            "POST /tasks/{none}-1/complete",
            "{}",
            404,
            &["task-not-found"],
            "",
        ),
        (
            "POST /tasks/{none}-1/claim",
            "{\"userId\":\"u\"}",
            404,
            &["task-not-found"],
            "",
        ),
        (
            "GET /tasks/{none}-1/variables",
            "",
            404,
            &["task-not-found"],
            "",
        ),
        (
            "GET /tasks/{none}-1/variables/local",
            "",
            404,
            &["task-not-found"],
            "",
        ),
        (
            "GET /tasks/{none}-1/identity-links",
            "",
            404,
            &["task-not-found"],
            "",
        ),
        ("GET /tasks/{none}-1/form", "", 404, &["task-not-found"], ""),
        (
            "POST /tasks/{none}-1/form",
            "{}",
            404,
            &["task-not-found"],
            "",
        ),
        (
            "POST /timers/{none}-1/fire",
            "",
            404,
            &["timer-not-found"],
            "",
        ),
        (
            "POST /timers/start-77/fire",
            "",
            404,
            &["timer-not-found"],
            "",
        ),
        (
            "PATCH /timers/{none}-1",
            "{\"dueAt\":\"2026-01-01\"}",
            404,
            &["timer-not-found"],
            "",
        ),
        (
            "POST /incidents/{none}-1/retry",
            "",
            404,
            &["incident-not-found"],
            "",
        ),
        (
            "GET /definitions/leave:1:1",
            "",
            404,
            &["definition-not-found"],
            "",
        ),
        (
            "PUT /definitions/by-key/leave/state",
            "{\"state\":\"active\"}",
            404,
            &["definition-not-found"],
            "",
        ),
        (
            "GET /deployments/77",
            "",
            404,
            &["deployment-not-found"],
            "",
        ),
        (
            "DELETE /deployments/77?cascade=true",
            "",
            404,
            &["deployment-not-found"],
            "",
        ),
        (
            "POST /instances",
            "{\"definitionKey\":\"leave\"}",
            422,
            &["unknown-definition"],
            "",
        ),
        (
            "POST /instances",
            "{\"definitionId\":\"leave:1:1\"}",
            422,
            &["unknown-definition"],
            "",
        ),
        (
            "POST /instances",
            "{\"message\":\"m\"}",
            422,
            &["no-subscription"],
            "",
        ),
        ("POST /instances", "{}", 400, &["malformed-request"], ""),
        ("POST /instances", "[]", 400, &["malformed-request"], ""),
        (
            "POST /instances",
            "{\"definitionKey\":",
            400,
            &["malformed-request"],
            "",
        ),
        ("GET /instances?limit=0", "", 400, &["'limit'"], ""),
        ("GET /tasks?limit=1000", "", 200, &[], ""),
        ("GET /tasks?limit=1001", "", 400, &["'limit'"], ""),
        ("GET /instances?after=x", "", 400, &["'after'"], ""),
        ("GET /instances?state=odd", "", 400, &["'state'"], ""),
        ("GET /instances?variable=n", "", 400, &["'variable'"], ""),
        ("GET /tasks?state=odd", "", 400, &["'state'"], ""),
        ("GET /tasks?sort=name", "", 400, &["'sort'"], ""),
        ("GET /tasks?dueBefore=soon", "", 400, &["'dueBefore'"], ""),
        ("GET /tasks?unassigned=1", "", 400, &["'unassigned'"], ""),
        ("GET /incidents?type=odd", "", 400, &["'type'"], ""),
        ("GET /tasks?total=all", "", 400, &["'total'"], ""),
    ];
    server.tell(rows).await;
    let told = server
        .send("POST /instances", &[("content-type", "text/plain")], "{}")
        .await;
    assert_eq!(told.status, 415, "{}", told.text());
    let foreign = [("origin", "https://elsewhere.example.org")];
    assert_eq!(
        server.send("POST /clock/settle", &foreign, "").await.status,
        403
    );
    server.stop().await;
}
