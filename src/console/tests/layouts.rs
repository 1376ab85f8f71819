//! Layouts and their execution.

use super::story::Story;

#[tokio::test(flavor = "multi_thread")]
async fn a_layout_is_made_shown_changed_executed_and_deleted() {
    let mut story = Story::begin().await;
    story.workflow("first", "root").await;
    story.workflow("second", "root").await;
    story
        .tell(&[
            ("admin", "POST /queues", r#"{"name":"g"}"#, 200, &[], "g=/id"),
            ("admin", "PATCH /workflows/{first}", r#"{"associatedQueueId":"{g}"}"#, 200, &[], ""),
            (
                "admin",
                "POST /WorkflowLayouts",
                r#"{"Name":"l","Tags":["t"],"ContinueOnFailure":"True","Nodes":[
                    {"Index":2,"WorkflowId":"{second}","Arguments":[{"Name":"sum","Direction":"0","Source":"Previous"}]},
                    {"Index":"1","Name":"begin","workflowId":"{first}","description":null}]}"#,
                200,
                &[
                    r#""name":"l""#,
                    r#""continueOnFailure":true"#,
                    r#""triggeredCount":0"#,
                    r#""index":0,"name":"begin""#,
                    r#""index":1,"name":"second""#,
                    r#""source":"previous""#,
                    r#""createdByName":"admin""#,
                    "!lastTriggeredAt",
                    "!null",
                ],
                "l=/id",
            ),
            (
                "viewer",
                "GET /workflowlayouts/{l}",
                "{}",
                200,
                &[r#"{"id":"{l}","name":"l""#, r#""count":1,"list":[{"id":"{l}""#],
                "node=/nodes/0/id",
            ),
            ("viewer", "GET /workflowlayouts?SearchString=T", "{}", 200, &[r#"{"count":1,"list":[{"id":"{l}""#, "{node}"], ""),
            // The second workflow has nobody to run it.
            ("admin", "POST /workflowlayouts/{l}/execute", "", 400, &["no-target"], ""),
            ("admin", "PATCH /workflows/{second}", r#"{"associatedQueueId":"{g}"}"#, 200, &[], ""),
            (
                "admin",
                "POST /workflowlayouts/{l}/execute",
                "",
                200,
                &[
                    r#""ownerId":"{l}""#,
                    r#""name":"l""#,
                    r#""state":"Queued""#,
                    r#""step":"1""#,
                    r#""step":"2""#,
                    r#""jobStartupType":"Manually""#,
                    "!null",
                ],
                "group=/id",
            ),
            ("viewer", "GET /workflowlayouts/{l}", "", 200, &[r#""triggeredCount":1"#, "lastTriggeredAt"], ""),
            (
                "admin",
                "PATCH /workflowlayouts/{l}",
                r#"{"eTag":"string","nodes":[{"id":"{node}","workflowId":"{second}"}]}"#,
                200,
                &[r#""id":"{node}","index":0,"name":"begin""#, r#""workflowId":"{second}""#, "!{first}", "modifiedByName"],
                "",
            ),
            ("admin", "PATCH /workflowlayouts/{l}", r#"{"eTag":"1","name":"x"}"#, 409, &["changed"], ""),
            ("admin", "PATCH /workflowlayouts/{l}", r#"{"nodes":[{"name":"x"}]}"#, 400, &["workflowId"], ""),
            ("admin", "PATCH /workflowlayouts/{l}", r#"{"nodes":[{"workflowId":"{nothing}"}]}"#, 400, &["unknown-reference"], ""),
            ("admin", "PATCH /workflowlayouts/{l}", r#"{"nodes":[]}"#, 200, &[r#""nodes":[]"#], ""),
            ("admin", "POST /workflowlayouts/{l}/execute", "", 400, &["no-nodes"], ""),
            ("admin", "POST /workflowlayouts", "", 400, &["improper"], ""),
            ("admin", "DELETE /workflowlayouts/{l}", "{}", 200, &[], ""),
            ("admin", "GET /workflowlayouts/{l}", "", 404, &["unknown"], ""),
        ])
        .await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_runs_by_a_layout_what_they_may_not_run() {
    let mut story = Story::begin().await;
    story.workflow("top", "root").await;
    story.workflow("own", "sales").await;
    story
        .tell(&[
            (
                "sales/sales",
                "POST /workflowlayouts",
                r#"{"name":"l","nodes":[{"workflowId":"{top}"}]}"#,
                403,
                &["forbidden"],
                "",
            ),
            (
                "sales/sales",
                "POST /workflowlayouts",
                r#"{"name":"l","nodes":[{"workflowId":"{own}"}]}"#,
                200,
                &["{sales}"],
                "l=/id",
            ),
            (
                "sales",
                "PATCH /workflowlayouts/{l}",
                r#"{"nodes":[{"workflowId":"{top}"}]}"#,
                403,
                &["forbidden"],
                "",
            ),
            (
                "viewer",
                "GET /workflowlayouts/{l}",
                "",
                200,
                &["{own}"],
                "",
            ),
            (
                "viewer",
                "POST /workflowlayouts/{l}/execute",
                "",
                403,
                &["forbidden"],
                "",
            ),
            (
                "viewer",
                "DELETE /workflowlayouts/{l}",
                "",
                403,
                &["forbidden"],
                "",
            ),
            (
                "admin",
                "POST /workflowlayouts",
                r#"{"name":"top"}"#,
                200,
                &[],
                "t=/id",
            ),
            (
                "sales",
                "GET /workflowlayouts",
                "",
                200,
                &[r#""count":1"#, "{l}"],
                "",
            ),
            (
                "sales",
                "POST /workflowlayouts/{t}/execute",
                "",
                403,
                &["forbidden"],
                "",
            ),
            (
                "other",
                "POST /workflowlayouts/{l}/execute",
                "",
                404,
                &["unknown"],
                "",
            ),
            (
                "",
                "POST /workflowlayouts/{l}/execute",
                "",
                401,
                &["unauthorized"],
                "",
            ),
        ])
        .await;
    story.end().await;
}
