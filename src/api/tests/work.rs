//! Timers, incidents, events from outside, and the clock that runs what is due.

use super::{Row, Server, models};
use crate::config::Clock;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_timer_that_fails_becomes_an_incident_that_can_be_retried() {
    let mut server = Server::start().await;
    server.deploy("later.bpmn", models::LATER).await;
    let fire = "POST /timers/{t}/fire";
    let rows: &[Row<'_>] = &[
        (
            "PUT /clock",
            r#"{"to":"2030-01-01T00:00:00Z"}"#,
            200,
            &["{\"now\":\"2030-01-01T00:00:00.000Z\",\"mode\":\"manual\"}"],
            "",
        ),
        (
            "POST /instances",
            r#"{"definitionKey":"later"}"#,
            201,
            &[],
            "p=/id",
        ),
        (
            "GET /timers?instanceId={p}",
            "",
            200,
            &[
                "\"type\":\"timer\",\"instanceId\":\"{p}\",\"definitionId\":\"later:1:",
                "\"activityId\":\"hour\",\"dueAt\":\"2030-01-01T01:00:00.000Z\",\"retriesLeft\":3,\"repeat\":null,\"lastError\":null",
                "\"total\":1",
            ],
            "t=/items/0/id",
        ),
        ("GET /instances/{p}/timers", "", 200, &["{t}"], ""),
        (
            "GET /timers?definitionKey=later&dueBefore=2030-01-01T02:00:00Z",
            "",
            200,
            &["{t}"],
            "",
        ),
        (
            "GET /timers?dueBefore=2030-01-01T00:30:00Z",
            "",
            200,
            &["{\"items\":[],"],
            "",
        ),
        (
            "PATCH /timers/{t}",
            r#"{"dueAt":"2030-01-01T05:00:00Z"}"#,
            200,
            &["\"id\":\"{t}\"", "\"dueAt\":\"2030-01-01T05:00:00.000Z\""],
            "",
        ),
        ("PATCH /timers/{t}", "{}", 400, &["dueAt"], ""),
        (fire, "", 422, &["expression-failed"], ""),
        (
            "GET /timers?instanceId={p}",
            "",
            200,
            &["\"retriesLeft\":2", "\"lastError\":\""],
            "",
        ),
        (fire, "", 422, &["expression-failed"], ""),
        (fire, "", 422, &["expression-failed"], ""),
        (
            "GET /incidents?instanceId={p}&type=timer",
            "",
            200,
            &[
                "\"activityId\":\"hour\"",
                "\"instanceId\":\"{p}\"",
                "\"total\":1",
            ],
            "i=/items/0/id",
        ),
        ("GET /instances/{p}/incidents", "", 200, &["{i}"], ""),
        (
            "GET /incidents?type=async",
            "",
            200,
            &["{\"items\":[],"],
            "",
        ),
        (
            "PATCH /instances/{p}/variables",
            r#"{"set":{"go":1}}"#,
            200,
            &[],
            "",
        ),
        (
            "POST /incidents/{i}/retry",
            "",
            200,
            &["{\"id\":\"{i}\",\"resolved\":true}"],
            "",
        ),
        ("GET /incidents", "", 200, &["{\"items\":[],"], ""),
        ("PUT /clock", r#"{"by":"P1D"}"#, 200, &[], ""),
        (
            "GET /instances/{p}",
            "",
            200,
            &["\"state\":\"completed\""],
            "",
        ),
        (fire, "", 404, &["timer-not-found"], ""),
    ];
    server.tell(rows).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn incidents_are_retried_all_at_once() {
    let mut server = Server::start().await;
    server.deploy("later.bpmn", models::LATER).await;
    let start = r#"{"definitionKey":"later"}"#;
    let rows: &[Row<'_>] = &[
        ("POST /instances", start, 201, &[], "p=/id"),
        ("POST /instances", start, 201, &[], "q=/id"),
        ("PUT /clock", r#"{"by":"P30D"}"#, 200, &[], ""),
        ("GET /incidents", "", 200, &["\"total\":2"], ""),
        (
            "POST /incidents/retry",
            r#"{"instanceId":"{p}"}"#,
            200,
            &["{\"retried\":1,\"refused\":0}"],
            "",
        ),
        (
            "POST /incidents/retry",
            r#"{"type":"rpa"}"#,
            200,
            &["{\"retried\":0,\"refused\":0}"],
            "",
        ),
        (
            "POST /incidents/retry",
            r#"{"instanceId":"x"}"#,
            422,
            &["instance-not-found"],
            "",
        ),
        (
            "POST /incidents/retry",
            "",
            200,
            &["{\"retried\":1,\"refused\":0}"],
            "",
        ),
        ("GET /incidents", "", 200, &["\"total\":0"], ""),
    ];
    server.tell(rows).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn start_timers_are_listed_with_the_others_and_can_be_fired() {
    let mut server = Server::start().await;
    server.deploy("later.bpmn", models::LATER).await;
    server.deploy("daily.bpmn", models::DAILY).await;
    let rows: &[Row<'_>] = &[
        (
            "POST /instances",
            r#"{"definitionKey":"later"}"#,
            201,
            &[],
            "p=/id",
        ),
        (
            "GET /timers?limit=1",
            "",
            200,
            &["\"activityId\":\"hour\"", "\"total\":2"],
            "n=/next",
        ),
        (
            "GET /timers?limit=1&after={n}",
            "",
            200,
            &[
                "\"id\":\"start-",
                "\"instanceId\":null",
                "\"activityId\":\"start\"",
                "\"repeat\":\"R/P1D\"",
                "\"next\":null",
            ],
            "s=/items/0/id",
        ),
        (
            "GET /timers?definitionKey=daily",
            "",
            200,
            &["{s}", "\"total\":1"],
            "",
        ),
        (
            "PATCH /timers/{s}",
            r#"{"dueAt":"2030-01-01"}"#,
            409,
            &["start-timer"],
            "",
        ),
        (
            "POST /timers/{s}/fire",
            "",
            200,
            &["{\"fired\":true,\"timer\":{\"id\":\"{s}\""],
            "",
        ),
        (
            "GET /instances?definitionKey=daily",
            "",
            200,
            &["\"total\":1"],
            "",
        ),
        ("PUT /clock", r#"{"by":"P2D"}"#, 200, &[], ""),
        ("GET /tasks?name=Look", "", 200, &["\"total\":3"], ""),
    ];
    server.tell(rows).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_is_set_only_where_it_is_manual() {
    let mut manual = Server::start().await;
    let rows: &[Row<'_>] = &[
        ("PUT /clock", "{}", 400, &["malformed-request"], ""),
        (
            "PUT /clock",
            r#"{"to":"soon"}"#,
            400,
            &["malformed-request"],
            "",
        ),
        (
            "PUT /clock",
            r#"{"by":"soon"}"#,
            400,
            &["malformed-request"],
            "",
        ),
        (
            "PUT /clock",
            r#"{"to":"2031-01-01T00:00:00Z","by":"PT1S"}"#,
            400,
            &["malformed-request"],
            "",
        ),
        (
            "PUT /clock",
            r#"{"to":"2031-01-01T00:00:00Z"}"#,
            200,
            &["2031-01-01T00:00:00.000Z"],
            "",
        ),
        (
            "PUT /clock",
            r#"{"by":"-PT1H"}"#,
            200,
            &["2030-12-31T23:00:00.000Z"],
            "",
        ),
        (
            "POST /clock/settle",
            "",
            200,
            &["2030-12-31T23:00:00.000Z"],
            "",
        ),
        ("GET /clock", "", 200, &["\"mode\":\"manual\""], ""),
    ];
    manual.tell(rows).await;
    manual.stop().await;
    let mut real = Server::with(|config| config.engine.clock = Clock::Real).await;
    let rows: &[Row<'_>] = &[
        ("GET /clock", "", 200, &["\"mode\":\"real\""], ""),
        (
            "PUT /clock",
            r#"{"by":"PT1H"}"#,
            403,
            &["clock-is-real"],
            "",
        ),
        ("POST /clock/settle", "", 200, &["\"mode\":\"real\""], ""),
    ];
    real.tell(rows).await;
    real.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_from_outside_find_nobody_and_are_checked_all_the_same() {
    let mut server = Server::start().await;
    let none = "0198c1c2e3f47a5b8c6d9e0f1a2b3c4d";
    server.names.insert("none".to_owned(), none.to_owned());
    let rows: &[Row<'_>] = &[
        (
            "POST /signals",
            r#"{"name":"s"}"#,
            200,
            &["{\"delivered\":0,\"started\":0}"],
            "",
        ),
        ("POST /signals", "{}", 400, &["name"], ""),
        ("POST /signals", r#"{"name":""}"#, 400, &["name"], ""),
        (
            "POST /signals",
            r#"{"name":"s","instanceId":"{none}"}"#,
            422,
            &["instance-not-found"],
            "",
        ),
        (
            "POST /signals",
            r#"{"name":"s","variables":{"v":{"type":"date","value":"x"}}}"#,
            422,
            &["invalid-value"],
            "",
        ),
        (
            "POST /messages",
            r#"{"name":"m","correlation":{"a":1}}"#,
            404,
            &["no-subscription"],
            "",
        ),
        (
            "POST /messages",
            r#"{"name":"m","instanceId":"x"}"#,
            422,
            &["instance-not-found"],
            "",
        ),
        ("POST /messages", "[]", 400, &["malformed-request"], ""),
    ];
    server.tell(rows).await;
    server.stop().await;
}

/// A process that begins every second.
const EVERY_SECOND: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t">
  <process id="tick" isExecutable="true">
    <startEvent id="start"><timerEventDefinition><timeCycle>R/PT1S</timeCycle></timerEventDefinition></startEvent>
    <sequenceFlow id="f1" sourceRef="start" targetRef="end"/><endEvent id="end"/>
  </process></definitions>"#;

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_the_clock_is_answered_when_the_server_leaves() {
    let mut server = Server::start().await;
    server.deploy("tick.bpmn", EVERY_SECOND).await;
    let clock = &server.state.engine.clock;
    let begun_ms = clock.now_ms();
    let all = async {
        tokio::join!(server.ask("PUT /clock", r#"{"by":"PT24H"}"#), async {
            while clock.now_ms() == begun_ms {
                tokio::task::yield_now().await;
            }
            // It waits for the clock that is being moved.
            tokio::join!(server.ask("POST /clock/settle", ""), async {
                server.state.engine.leave();
            })
        })
    };
    let told = tokio::time::timeout(Duration::from_secs(20), all).await;
    let (moved, (settled, ())) = told.expect("they wait on");
    for told in [moved, settled] {
        assert_eq!(told.status, 202, "{}", told.text());
        assert_eq!(told.headers["loomwork-unsettled"], "true");
    }
    assert!(clock.now_ms() < begun_ms + 24 * 60 * 60 * 1000);
    server.stop().await;
}
