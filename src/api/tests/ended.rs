//! Instances that have ended: what is left of them, in memory and in the archive.

use super::{Row, Server, models};

/// What an ended instance answers, waiting for the archive or in it.
const ENDED: &[Row<'_>] = &[
    (
        "GET /instances/{p}",
        "",
        200,
        &[
            "\"state\":\"cancelled\"",
            "\"endedAt\":\"2",
            "\"durationMs\":0",
            "\"deleteReason\":\"no more\"",
        ],
        "",
    ),
    ("GET /instances/{p}/variables", "", 200, &["\"n\":1"], ""),
    (
        "GET /instances/{p}/activities",
        "",
        200,
        &["\"start\"", "\"approve\"", "no more"],
        "",
    ),
    (
        "GET /instances/{p}/activities?state=open",
        "",
        200,
        &["{\"items\":[],"],
        "",
    ),
    (
        "GET /instances/{p}/subscriptions",
        "",
        200,
        &["{\"items\":[],"],
        "",
    ),
    (
        "GET /instances/{p}/diagram.svg?highlight=path",
        "",
        200,
        &["<svg"],
        "",
    ),
    ("DELETE /instances/{p}", "", 409, &["instance-ended"], ""),
    (
        "PUT /instances/{p}/state",
        "{\"state\":\"suspended\"}",
        409,
        &["instance-ended"],
        "",
    ),
    (
        "PATCH /instances/{p}/variables",
        "{\"set\":{\"n\":2}}",
        409,
        &["instance-ended"],
        "",
    ),
    (
        "POST /instances/{p}/trigger",
        "{\"activityId\":\"approve\"}",
        409,
        &["instance-ended"],
        "",
    ),
    (
        "POST /tasks/{t}/complete",
        "{}",
        409,
        &["instance-ended"],
        "",
    ),
    ("GET /tasks/{t}", "", 404, &["task-not-found"], ""),
    (
        "POST /messages",
        "{\"name\":\"m\",\"instanceId\":\"{p}\"}",
        409,
        &["instance-ended"],
        "",
    ),
    ("GET /instances", "", 200, &["{\"items\":[],"], ""),
    (
        "GET /instances?state=cancelled",
        "",
        200,
        &["{p}", "\"total\":1"],
        "",
    ),
    (
        "GET /instances?state=completed",
        "",
        200,
        &["{\"items\":[],"],
        "",
    ),
    (
        "GET /instances?state=any&variable=n:eq:1",
        "",
        200,
        &["{p}"],
        "",
    ),
    (
        "GET /instances?state=any&variable=n:gt:1",
        "",
        200,
        &["{\"items\":[],"],
        "",
    ),
    (
        "GET /tasks?state=completed",
        "",
        200,
        &["{t}", "\"endedAt\":\"2", "\"deleteReason\":\"no more\""],
        "",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_instance_answers_the_same_before_and_after_it_is_archived() {
    let mut server = Server::start().await;
    server.deploy("leave.bpmn", models::LEAVE).await;
    let rows: &[Row<'_>] = &[
        (
            "POST /instances",
            r#"{"definitionKey":"leave","variables":{"n":1}}"#,
            201,
            &[],
            "p=/id",
        ),
        ("GET /tasks?instanceId={p}", "", 200, &[], "t=/items/0/id"),
        ("DELETE /instances/{p}?reason=no%20more", "", 204, &[], ""),
    ];
    server.tell(rows).await;
    server.tell(ENDED).await;
    let engine = server.state.engine.clone();
    let flushed = tokio::task::spawn_blocking(move || engine.archiver.flush());
    flushed.await.expect("the archiver");
    server.state.engine.barrier().await;
    server.tell(ENDED).await;
    server.stop().await;
}
