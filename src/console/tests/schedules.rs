//! Schedules.

use super::story::Story;

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_is_made_changed_switched_fired_and_deleted() {
    let mut story = Story::begin().await;
    story.workflow("w", "root").await;
    story
        .tell(&[
            ("admin", "POST /queues", r#"{"name":"g"}"#, 200, &[], "g=/id"),
            ("admin", "PATCH /workflows/{w}", r#"{"associatedQueueId":"{g}"}"#, 200, &[], ""),
            (
                "admin",
                "POST /Schedules",
                r#"{"Name":"s","Target":{"Type":"workflow","Id":"{w}"},"Cron":"30 8 * * MON-FRI","TimeZone":"Asia/Shanghai",
                    "startAt":"2030-01-01T00:00:00Z","Priority":"7","MaxRetryCount":1,"misfire":1}"#,
                200,
                &[
                    r#""target":{"type":"Workflow","id":"{w}"},"cron":"30 8 * * MON-FRI","timeZone":"Asia/Shanghai""#,
                    r#""startAt":"2030-01-01T00:00:00.000Z""#,
                    r#""enabled":true,"nextAt":"2030-01-01T00:30:00.000Z""#,
                    r#""priority":7,"maxRetryCount":1,"misfire":"skip""#,
                    "!endAt",
                    "!null",
                ],
                "s=/id",
            ),
            (
                "viewer",
                "GET /schedules/{s}/next?Count=2",
                "{}",
                200,
                &[r#"{"count":2,"list":["2030-01-01T00:30:00.000Z","2030-01-02T00:30:00.000Z"]}"#],
                "",
            ),
            ("viewer", "GET /schedules/{s}/next?count=0", "", 400, &["count"], ""),
            ("viewer", "GET /schedules/{s}/log", "", 200, &[r#"{"count":0,"list":[]}"#], ""),
            ("viewer", "GET /schedules?TargetId={w}&Enabled=True", "", 200, &[r#""count":1"#, "{s}"], ""),
            ("viewer", "GET /schedules?enabled=0", "", 200, &[r#""count":0"#], ""),
            ("admin", "POST /schedules/{s}/disable", "", 200, &[r#""enabled":false"#, "!nextAt"], ""),
            ("admin", "POST /schedules/{s}/enable", "{}", 200, &[r#""enabled":true,"nextAt""#], ""),
            (
                "admin",
                "PATCH /schedules/{s}",
                r#"{"every":"PT15M","endAt":"2031-01-01T00:00:00Z","priority":"","cron":null,"misfire":"Once"}"#,
                200,
                &[r#""every":"PT15M""#, r#""endAt":"2031-01-01T00:00:00.000Z""#, r#""misfire":"once""#, "!cron", "!priority", r#""maxRetryCount":1"#],
                "",
            ),
            ("admin", "PATCH /schedules/{s}", r#"{"endAt":""}"#, 200, &["!endAt"], "next=/nextAt"),
            ("admin", "PATCH /schedules/{s}", r#"{"eTag":"1"}"#, 409, &["changed"], ""),
            ("admin", "PATCH /schedules/{s}", r#"{"every":"PT1S"}"#, 400, &["improper-timing"], ""),
            ("admin", "PATCH /schedules/{s}", r#"{"timeZone":"Mars"}"#, 400, &["improper-timing"], ""),
            ("admin", "PATCH /schedules/{s}", r#"{"cron":"* * * * *","every":"P1D"}"#, 400, &["one of"], ""),
            ("admin", "PATCH /schedules/{s}", r#"{"priority":5001}"#, 400, &["improper"], ""),
            (
                "admin",
                "POST /schedules/{s}/fire",
                "",
                200,
                &[
                    r#""jobStartupType":"Trigger""#,
                    r#""jobStartupId":"{s}""#,
                    r#""cronTriggerId":"{s}""#,
                    r#""maxRetryCount":1"#,
                    r#""state":"Queued""#,
                ],
                "group=/id",
            ),
            (
                "viewer",
                "GET /schedules/{s}/log",
                "",
                200,
                &[r#""count":1"#, r#""outcome":"Executed","jobGroupId":"{group}""#],
                "fired=/list/0/firedAt",
            ),
            // Its next one stays the next one.
            ("viewer", "GET /schedules/{s}", "", 200, &[r#""lastFiredAt":"{fired}""#, r#""nextAt":"{next}""#], ""),
            ("viewer", "GET /jobgroups/{group}", "", 200, &[r#""createdByName":"admin""#], ""),
            ("admin", "POST /schedules", r#"{"name":"x","cron":"* * * * *"}"#, 400, &["target"], ""),
            ("admin", "POST /schedules", r#"{"name":"x","target":{"type":"Robot","id":"{w}"}}"#, 400, &["target.type"], ""),
            ("admin", "POST /schedules", r#"{"name":"x","target":{"type":"Workflow","id":"{w}"}}"#, 400, &["cron"], ""),
            ("admin", "POST /schedules", r#"{"name":"x","at":"2030-01-01T00:00:00Z","target":{"type":"Layout","id":"{nothing}"}}"#, 400, &["unknown-reference"], ""),
            ("admin", "DELETE /schedules/{s}", "{}", 200, &[], ""),
            ("admin", "GET /schedules/{s}", "", 404, &["unknown"], ""),
            ("admin", "POST /schedules/{s}/fire", "", 404, &["unknown"], ""),
        ])
        .await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_schedules_what_they_may_not_execute() {
    let mut story = Story::begin().await;
    story.workflow("top", "root").await;
    story.workflow("own", "sales").await;
    story
        .tell(&[
            (
                "sales/sales",
                "POST /schedules",
                r#"{"name":"s","every":"P1D","target":{"type":"Workflow","id":"{top}"}}"#,
                403,
                &["forbidden"],
                "",
            ),
            (
                "sales/sales",
                "POST /schedules",
                r#"{"name":"s","every":"P1D","target":{"type":"Workflow","id":"{own}"}}"#,
                200,
                &["{sales}"],
                "s=/id",
            ),
            (
                "sales",
                "PATCH /schedules/{s}",
                r#"{"target":{"type":"Workflow","id":"{top}"}}"#,
                403,
                &["forbidden"],
                "",
            ),
            (
                "viewer",
                "POST /schedules/{s}/fire",
                "",
                403,
                &["forbidden"],
                "",
            ),
            (
                "viewer",
                "POST /schedules/{s}/enable",
                "",
                403,
                &["forbidden"],
                "",
            ),
            (
                "viewer",
                "DELETE /schedules/{s}",
                "",
                403,
                &["forbidden"],
                "",
            ),
            ("viewer", "GET /schedules/{s}", "", 200, &["{own}"], ""),
            ("other", "GET /schedules/{s}", "", 404, &["unknown"], ""),
            (
                "other",
                "POST /schedules/{s}/disable",
                "",
                404,
                &["unknown"],
                "",
            ),
            ("", "GET /schedules/{s}/log", "", 401, &["unauthorized"], ""),
        ])
        .await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_changes_when_something_runs_that_they_may_not_execute() {
    let mut story = Story::begin().await;
    story.workflow("top", "root").await;
    story.workflow("own", "sales").await;
    let given = r#"{"name":"s","every":"P1D","target":{"type":"Workflow","id":"{top}"}}"#;
    let retargeted = r#"{"target":{"type":"Workflow","id":"{own}"}}"#;
    story
        .tell(&[
            (
                "admin/sales",
                "POST /schedules",
                given,
                200,
                &["{sales}"],
                "s=/id",
            ),
            (
                "sales",
                "PATCH /schedules/{s}",
                r#"{"every":"PT1M"}"#,
                403,
                &["forbidden"],
                "",
            ),
            (
                "sales",
                "PATCH /schedules/{s}",
                r#"{"arguments":[]}"#,
                403,
                &["forbidden"],
                "",
            ),
            (
                "sales",
                "POST /schedules/{s}/enable",
                "",
                403,
                &["forbidden"],
                "",
            ),
            // Whoever may change it may stop it.
            (
                "sales",
                "POST /schedules/{s}/disable",
                "",
                200,
                &[r#""enabled":false"#],
                "",
            ),
            (
                "sales",
                "PATCH /schedules/{s}",
                retargeted,
                200,
                &["{own}"],
                "",
            ),
            (
                "sales",
                "POST /schedules/{s}/enable",
                "",
                200,
                &[r#""enabled":true"#],
                "",
            ),
        ])
        .await;
    story.end().await;
}

/// The first instant of the year 2100, in milliseconds since 1970.
const YEAR_2100_MS: i64 = 4_102_444_800_000;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_makes_jobs_and_the_log_says_so() {
    let mut story = Story::begin().await;
    story.workflow("w", "root").await;
    story
        .tell(&[
            ("admin", "POST /queues", r#"{"name":"g"}"#, 200, &[], "g=/id"),
            ("admin", "PATCH /workflows/{w}", r#"{"associatedQueueId":"{g}"}"#, 200, &[], ""),
            (
                "admin",
                "POST /schedules",
                r#"{"name":"s","target":{"type":"Workflow","id":"{w}"},"every":"PT1H","startAt":"2100-01-01T00:00:00Z"}"#,
                200,
                &[],
                "s=/id",
            ),
            (
                "admin",
                "POST /schedules",
                r#"{"name":"resting","target":{"type":"Workflow","id":"{w}"},"every":"PT1H","startAt":"2100-01-01T00:00:00Z","enabled":false}"#,
                200,
                &[],
                "resting=/id",
            ),
        ])
        .await;
    let engine = story.server.state.engine.clone();
    let moved = engine.set_clock(YEAR_2100_MS + 3_600_000).await;
    moved.expect("a clock that moves");
    story
        .tell(&[
            (
                "viewer",
                "GET /schedules/{s}/log",
                "",
                200,
                &[
                    r#""count":2"#,
                    r#"{"dueAt":"2100-01-01T01:00:00.000Z","firedAt":"2100-01-01T01:00:00.000Z","outcome":"Executed""#,
                    r#"{"dueAt":"2100-01-01T00:00:00.000Z""#,
                ],
                "group=/list/0/jobGroupId",
            ),
            (
                "viewer",
                "GET /schedules/{s}",
                "",
                200,
                &[r#""nextAt":"2100-01-01T02:00:00.000Z""#, r#""lastFiredAt":"2100-01-01T01:00:00.000Z""#],
                "",
            ),
            ("viewer", "GET /schedules/{resting}/log", "", 200, &[r#""count":0"#], ""),
            (
                "viewer",
                "GET /jobgroups/{group}",
                "",
                200,
                &[r#""jobStartupType":"Trigger""#, r#""cronTriggerId":"{s}""#, r#""createdBy":"00000000-0000-0000-0000-000000000001""#],
                "",
            ),
            ("viewer", "GET /jobs?StartupType=Trigger&WorkflowId={w}", "", 200, &[r#""count":2"#], ""),
            ("viewer", "GET /workflows/{w}", "", 200, &[r#""triggeredCount":2"#], ""),
        ])
        .await;
    story.end().await;
}
