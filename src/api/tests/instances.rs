//! Instances while they run: started, read, suspended, triggered, called.

use super::{Row, Server, models};

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_is_started_and_read_while_it_runs() {
    let mut server = Server::start().await;
    server.deploy("leave.bpmn", models::LEAVE).await;
    let start = r#"{"definitionKey":"leave","businessKey":"k-1","name":"Ann's","startUserId":"ann",
        "variables":{"n":1,"d":1.5,"s":"é\"","none":null,"l":[1,{"a":true}],"at":{"type":"date","value":"2026-05-21T06:30:12Z"}}}"#;
    let rows: &[Row<'_>] = &[
        (
            "POST /instances",
            start,
            201,
            &[
                "\"definitionKey\":\"leave\",\"definitionVersion\":1,\"businessKey\":\"k-1\",\"name\":\"Ann's\",\"state\":\"active\"",
                "\"endedAt\":null,\"durationMs\":null,\"startUserId\":\"ann\",\"superInstanceId\":null",
                "\"activityId\":\"approve\",\"name\":\"Approve\",\"assignee\":null}]}",
            ],
            "p=/id",
        ),
        (
            "GET /instances/{p}",
            "",
            200,
            &[
                "\"id\":\"{p}\"",
                "\"rootInstanceId\":\"{p}\"",
                "\"endActivityId\":null,\"deleteReason\":null}",
            ],
            "",
        ),
        (
            "GET /instances/{p}/variables",
            "",
            200,
            &[
                "{\"n\":1,\"d\":1.5,\"s\":\"é\\\"\",\"none\":null,\"l\":[1,{\"a\":true}],\"at\":{\"type\":\"date\",\"value\":\"2026-05-21T06:30:12.000Z\"}}",
            ],
            "",
        ),
        (
            "PATCH /instances/{p}/variables",
            r#"{"set":{"n":2,"new":"x"},"remove":["d","l","at"]}"#,
            200,
            &["\"n\":2", "\"new\":\"x\""],
            "",
        ),
        (
            "PATCH /instances/{p}/variables",
            r#"{"set":{"n":{"type":"short","value":70000}}}"#,
            422,
            &["invalid-value"],
            "",
        ),
        (
            "GET /instances/{p}/variables",
            "",
            200,
            &["\"s\":\"é\\\"\",\"none\":null"],
            "",
        ),
        (
            "GET /instances/{p}/activities",
            "",
            200,
            &[
                "\"activityId\":\"start\",\"activityName\":null,\"activityType\":\"startEvent\"",
                "\"activityId\":\"approve\",\"activityName\":\"Approve\",\"activityType\":\"userTask\"",
                "\"container\":false",
                "\"total\":2",
            ],
            "",
        ),
        (
            "GET /instances/{p}/activities?state=open",
            "",
            200,
            &["\"approve\"", "\"endedAt\":null", "\"total\":1"],
            "",
        ),
        (
            "GET /instances/{p}/activities?state=finished&limit=1",
            "",
            200,
            &["\"start\"", "\"total\":1"],
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
            "GET /instances/{p}/timers",
            "",
            200,
            &["{\"items\":[],"],
            "",
        ),
        (
            "GET /instances/{p}/incidents",
            "",
            200,
            &["{\"items\":[],"],
            "",
        ),
        (
            "PUT /instances/{p}/state",
            "{\"state\":\"suspended\"}",
            200,
            &["\"state\":\"suspended\""],
            "",
        ),
        (
            "PUT /instances/{p}/state",
            "{\"state\":\"suspended\"}",
            409,
            &["already-suspended"],
            "",
        ),
        (
            "GET /instances?state=suspended",
            "",
            200,
            &["{p}", "\"total\":1"],
            "",
        ),
        (
            "PUT /instances/{p}/state",
            "{\"state\":\"active\"}",
            200,
            &["\"state\":\"active\""],
            "",
        ),
        (
            "PUT /instances/{p}/state",
            "{\"state\":\"ended\"}",
            400,
            &["malformed-request"],
            "",
        ),
        (
            "POST /instances/{p}/trigger",
            "{\"activityId\":\"approve\"}",
            409,
            &["not-waiting"],
            "",
        ),
    ];
    server.tell(rows).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_called_instance_belongs_to_its_root() {
    let mut server = Server::start().await;
    server.deploy("leave.bpmn", models::LEAVE).await;
    server.deploy("trip.bpmn", models::TRIP).await;
    let rows: &[Row<'_>] = &[
        (
            "POST /instances",
            r#"{"definitionKey":"trip"}"#,
            201,
            &["\"tasks\":[]"],
            "p=/id",
        ),
        (
            "GET /instances?superInstanceId={p}",
            "",
            200,
            &[
                "\"superInstanceId\":\"{p}\",\"rootInstanceId\":\"{p}\"",
                "\"total\":1",
            ],
            "c=/items/0/id",
        ),
        (
            "GET /instances?rootInstanceId={p}",
            "",
            200,
            &["\"total\":2"],
            "",
        ),
        (
            "GET /tasks?rootInstanceId={p}",
            "",
            200,
            &["\"instanceId\":\"{c}\""],
            "t=/items/0/id",
        ),
        ("GET /tasks?rootInstanceId={c}", "", 200, &["{t}"], ""),
        (
            "GET /tasks?instanceId={p}",
            "",
            200,
            &["{\"items\":[],"],
            "",
        ),
        (
            "GET /tasks?rootInstanceId={p}&instanceId={c}",
            "",
            200,
            &["{t}"],
            "",
        ),
        (
            "GET /instances/{p}/activities?state=open",
            "",
            200,
            &["\"calledInstanceId\":\"{c}\""],
            "",
        ),
        (
            "PUT /instances/{p}/state",
            r#"{"state":"suspended","includeCalled":true}"#,
            200,
            &[],
            "",
        ),
        (
            "GET /instances/{c}",
            "",
            200,
            &["\"state\":\"suspended\""],
            "",
        ),
        (
            "POST /tasks/{t}/complete",
            "{}",
            409,
            &["instance-suspended"],
            "",
        ),
        (
            "PUT /instances/{p}/state",
            r#"{"state":"active","includeCalled":true}"#,
            200,
            &[],
            "",
        ),
        (
            "POST /tasks/{t}/complete",
            r#"{"variables":{"ok":true}}"#,
            200,
            &[
                "{\"instance\":{\"id\":\"{c}\"",
                "\"state\":\"completed\"",
                "\"tasks\":[]}",
            ],
            "",
        ),
        (
            "GET /instances/{p}",
            "",
            200,
            &["\"state\":\"completed\"", "\"endActivityId\":\"end\""],
            "",
        ),
        (
            "GET /instances/{c}/variables",
            "",
            200,
            &["{\"ok\":true}"],
            "",
        ),
    ];
    server.tell(rows).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receive_task_goes_on_when_triggered_and_a_failure_changes_nothing() {
    let mut server = Server::start().await;
    server.deploy("receive.bpmn", models::RECEIVE).await;
    let rows: &[Row<'_>] = &[
        (
            "POST /instances",
            r#"{"definitionKey":"receive"}"#,
            201,
            &["\"tasks\":[]"],
            "p=/id",
        ),
        (
            "POST /instances/{p}/trigger",
            r#"{"activityId":"check"}"#,
            409,
            &["not-waiting"],
            "",
        ),
        (
            "POST /instances/{p}/trigger",
            "{}",
            400,
            &["activityId"],
            "",
        ),
        (
            "POST /instances/{p}/trigger",
            r#"{"activityId":"wait"}"#,
            422,
            &["expression-failed"],
            "",
        ),
        (
            "GET /instances/{p}/activities?state=open",
            "",
            200,
            &["\"activityId\":\"wait\"", "\"total\":1"],
            "",
        ),
        (
            "POST /instances/{p}/trigger",
            r#"{"activityId":"wait","transientVariables":{"go":1}}"#,
            200,
            &["\"state\":\"completed\"", "\"tasks\":[]"],
            "",
        ),
        ("GET /instances/{p}/variables", "", 200, &["{}"], ""),
    ];
    server.tell(rows).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn containers_are_told_apart_from_what_they_contain() {
    let mut server = Server::start().await;
    server.deploy("each.bpmn", models::EACH).await;
    let rows: &[Row<'_>] = &[(
        "POST /instances",
        r#"{"definitionKey":"each"}"#,
        201,
        &[],
        "p=/id",
    )];
    server.tell(rows).await;
    let told = server
        .ask("GET /instances/{p}/activities?state=open", "")
        .await;
    let page: serde_json::Value = serde_json::from_slice(&told.body).expect("JSON");
    let items = page["items"].as_array().expect("items");
    let of = |container: bool| {
        let found = items.iter().filter(|item| item["container"] == container);
        let mut ids: Vec<&str> = found
            .filter_map(|item| item["activityId"].as_str())
            .collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!(of(false), ["vote", "vote", "vote"]);
    assert!(of(true).contains(&"inside"));
    server.stop().await;
}
