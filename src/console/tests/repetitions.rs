//! Ended jobs that are repeated when their workflow, and more, is gone.

use super::{ADMIN, dgs, story::Story};
use crate::console::sweeping;
use std::sync::Arc;

/// A workflow of the department Sales with a group there, and an ended job of it.
async fn begun() -> Story {
    let mut story = Story::begin().await;
    story.workflow("w", "sales").await;
    let execute = r#"{"priority":7,"maxRunSeconds":9,
        "arguments":[{"name":"a","type":"System.Int32","direction":"In","defaultValue":"41"}]}"#;
    story
        .tell(&[
            (
                "sales",
                "POST /queues",
                r#"{"name":"g","departmentId":"{sales}"}"#,
                200,
                &[],
                "g=/id",
            ),
            (
                "sales",
                "PATCH /workflows/{w}",
                r#"{"associatedQueueId":"{g}","maxRetryCount":2}"#,
                200,
                &[],
                "p=/packageId",
            ),
            (
                "sales",
                "POST /workflows/{w}/execute",
                execute,
                200,
                &[],
                "j=/0/id",
            ),
            ("sales", "POST /jobs/{j}/cancel", "", 200, &[], ""),
            ("sales", "DELETE /workflows/{w}", "", 200, &[], ""),
        ])
        .await;
    story
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_repeated_with_what_it_keeps_when_its_workflow_is_gone() {
    let mut story = begun().await;
    let kept = [
        r#""retryOf":"{j}""#,
        r#""state":"Queued""#,
        r#""workflowId":"{w}""#,
        r#""containingQueueId":"{g}""#,
        r#""priority":7"#,
        r#""maxRetryCount":2"#,
        r#""maxRunSeconds":9"#,
        r#""defaultValue":"41""#,
        r#""departmentId":"{sales}""#,
    ];
    story
        .tell(&[
            // The job's department decides.
            (
                "viewer",
                "POST /jobs/{j}/retry",
                "",
                403,
                &["forbidden"],
                "",
            ),
            ("other", "POST /jobs/{j}/retry", "", 404, &["unknown"], ""),
            ("sales", "POST /jobs/{j}/retry", "", 200, &kept, "k=/id"),
            ("sales", "POST /jobs/{k}/retry", "", 409, &["not-ended"], ""),
            (
                "sales",
                "GET /jobs?WorkflowId={w}&States=Queued",
                "",
                200,
                &[r#""count":1"#, "{k}"],
                "",
            ),
            (
                "sales",
                "DELETE /queues/{g}",
                "",
                400,
                &["in-use", "1 jobs"],
                "",
            ),
            ("sales", "POST /jobs/{k}/cancel", "", 200, &[], ""),
            (
                "sales",
                "POST /jobs/{k}/retry",
                "",
                200,
                &[r#""retryOf":"{k}""#, r#""priority":7"#],
                "l=/id",
            ),
            ("sales", "POST /jobs/{l}/cancel", "", 200, &[], ""),
        ])
        .await;
    // It has left memory.
    while !story.server.state.engine.executions.is_empty() {
        story.server.state.engine.barrier().await;
    }
    story
        .tell(&[
            (
                "sales",
                "POST /jobs/batch/retry",
                r#"{"jobIds":["{l}"]}"#,
                200,
                &[r#""successCount":1"#],
                "",
            ),
            (
                "sales",
                "GET /jobs?States=Queued",
                "",
                200,
                &[r#""retryOf":"{l}""#],
                "m=/list/0/id",
            ),
            ("sales", "POST /jobs/{m}/cancel", "", 200, &[], ""),
            ("sales", "DELETE /queues/{g}", "", 200, &[], ""),
            (
                "sales",
                "POST /jobs/{j}/retry",
                "",
                400,
                &["unknown-reference", "robot group '{g}'"],
                "",
            ),
            (
                "sales",
                "POST /jobs/batch/retry",
                r#"{"jobIds":["{j}"]}"#,
                200,
                &[r#""failureCount":1"#, "robot group"],
                "",
            ),
        ])
        .await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_of_a_repeated_job_stays_until_its_end_and_without_its_package_there_is_no_other()
{
    let mut story = begun().await;
    story
        .tell(&[
            ("sales", "POST /jobs/{j}/retry", "", 200, &[], "k=/id"),
            ("sales", "DELETE /packages/{p}", "", 200, &[], ""),
            (
                "sales",
                "POST /jobs/{j}/retry",
                "",
                400,
                &["unknown-reference", "package version"],
                "",
            ),
        ])
        .await;
    sweeping::sweep(Arc::clone(&story.server.state), None).await;
    assert_eq!(story.server.blobs(), 1, "the job waits for a robot");
    story
        .tell(&[("sales", "POST /jobs/{k}/cancel", "", 200, &[], "")])
        .await;
    sweeping::sweep(Arc::clone(&story.server.state), None).await;
    assert_eq!(story.server.blobs(), 0);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_job_keeps_its_department_and_there_is_none_in_one_that_is_gone() {
    let mut story = Story::begin().await;
    let file = dgs("Add", "1.0.0", "x");
    let (package, version) = story.server.upload(ADMIN, &[], file).await;
    story.names.insert("p".to_owned(), package);
    story.names.insert("v".to_owned(), version);
    let workflow = r#"{"name":"w","packageId":"{p}","packageVersionId":"{v}","associatedQueueId":"{g}","departmentId":"{d}"}"#;
    story
        .tell(&[
            (
                "admin",
                "POST /departments",
                r#"{"name":"d"}"#,
                200,
                &[],
                "d=/id",
            ),
            (
                "admin",
                "POST /queues",
                r#"{"name":"g"}"#,
                200,
                &[],
                "g=/id",
            ),
            ("admin", "POST /workflows", workflow, 200, &[], "w=/id"),
            (
                "admin",
                "POST /workflows/{w}/execute",
                "",
                200,
                &[],
                "j=/0/id",
            ),
            ("admin", "POST /jobs/{j}/cancel", "", 200, &[], ""),
            ("admin", "DELETE /workflows/{w}", "", 200, &[], ""),
            (
                "admin",
                "POST /jobs/{j}/retry",
                "",
                200,
                &[r#""departmentId":"{d}""#],
                "k=/id",
            ),
            (
                "admin",
                "DELETE /departments/{d}",
                "",
                400,
                &["in-use", "1 jobs"],
                "",
            ),
            ("admin", "POST /jobs/{k}/cancel", "", 200, &[], ""),
            ("admin", "DELETE /departments/{d}", "", 200, &[], ""),
            (
                "admin",
                "POST /jobs/{j}/retry",
                "",
                400,
                &["department '{d}'"],
                "",
            ),
        ])
        .await;
    story.end().await;
}
