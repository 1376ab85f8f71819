//! What a body names: whoever gives an asset, a package, a group or a workflow to something must be allowed to see or
//! execute it, in the company that the thing itself belongs to.

use super::{
    COMPANY, FOREIGN, OTHER, ROOT, SALES, Server,
    story::{Row, Story},
};
use crate::seed;
use org::Command;

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gives_a_run_an_asset_that_they_do_not_see() {
    let mut story = Story::begin().await;
    story.workflow("own", "sales").await;
    let argument = |asset: &str| {
        format!(r#""arguments":[{{"name":"a","defaultValue":"{{{asset}}}","assetContent":{{}}}}]"#)
    };
    let with = |fields: &str, asset: &str| format!("{{{fields}{}}}", argument(asset));
    let node = |asset: &str| {
        let fields = with(r#""workflowId":"{own}","#, asset);
        format!(r#"{{"name":"n","nodes":[{fields}]}}"#)
    };
    let made = r#""name":"made","packageId":"{package}","#;
    let scheduled = r#""name":"s","every":"P1D","target":{"type":"Workflow","id":"{own}"},"#;
    let table = [
        ("POST /workflows", with(made, "top"), with(made, "mine")),
        ("PATCH /workflows/{own}", with("", "top"), with("", "mine")),
        (
            "POST /workflows/{own}/execute",
            with("", "top"),
            with("", "mine"),
        ),
        ("POST /workflowlayouts", node("top"), node("mine")),
        ("PATCH /workflowlayouts/{l}", node("top"), node("mine")),
        (
            "POST /workflowlayouts/{l}/execute",
            with("", "top"),
            with("", "mine"),
        ),
        (
            "POST /schedules",
            with(scheduled, "top"),
            with(scheduled, "mine"),
        ),
        ("PATCH /schedules/{s}", with("", "top"), with("", "mine")),
    ];
    let plain = format!("{{{}}}", scheduled.trim_end_matches(','));
    story
        .tell(&[
            (
                "admin",
                "POST /assets",
                r#"{"name":"top","type":"String","value":"v"}"#,
                200,
                &[],
                "top=/id",
            ),
            (
                "sales/sales",
                "POST /assets",
                r#"{"name":"mine","type":"String","value":"v"}"#,
                200,
                &[],
                "mine=/id",
            ),
            (
                "sales/sales",
                "POST /queues",
                r#"{"name":"g"}"#,
                200,
                &[],
                "g=/id",
            ),
            (
                "sales",
                "PATCH /workflows/{own}",
                r#"{"associatedQueueId":"{g}"}"#,
                200,
                &[],
                "package=/packageId",
            ),
            (
                "sales/sales",
                "POST /workflowlayouts",
                r#"{"name":"l","nodes":[{"workflowId":"{own}"}]}"#,
                200,
                &[],
                "l=/id",
            ),
            ("sales/sales", "POST /schedules", &plain, 200, &[], "s=/id"),
        ])
        .await;
    for (request, foreign, own) in &table {
        let rows: [Row<'_>; 3] = [
            ("sales/sales", request, foreign, 403, &["forbidden"], ""),
            ("admin/sales", request, foreign, 200, &[], ""),
            ("sales/sales", request, own, 200, &[], ""),
        ];
        story.tell(&rows).await;
    }
    story.end().await;
}

/// Somebody with all rights in the other company, and those of a department's administrator in Sales.
const LEE: &str = r#"
[[user]]
user_name = "lee"
name = "Lee"
password = "l"
[[user.member]]
company = "Encootech"
department = "Sales"
roles = ["DepartmentAdmin"]
[[user.member]]
company = "Other"
roles = ["CompanyAdmin"]
"#;

async fn lee(server: &Server) -> String {
    let engine = &server.state.engine;
    let known = engine.organisation.look(Clone::clone);
    let plan = seed::plan(known, LEE, 2).expect("a plan");
    let sown = engine
        .organisation
        .command(engine.core(), Command::All(plan));
    sown.await.expect("somebody");
    server.person("lee", 0).await
}

/// The header names one company, the body the other: what the body names is the other one's, and so are the rights.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_made_in_another_company_names_what_is_there_and_may_be_seen_there() {
    let mut story = Story::begin().await;
    let lee = lee(&story.server).await;
    story.workflow("top", "root").await;
    story.workflow("own", "sales").await;
    let asset = r#"{"name":"a","type":"String","value":"v"}"#;
    story
        .tell(&[
            (
                "admin",
                "GET /workflows/{top}",
                "",
                200,
                &[],
                "toppackage=/packageId",
            ),
            (
                "admin",
                "GET /workflows/{own}",
                "",
                200,
                &[],
                "package=/packageId",
            ),
            (
                "admin",
                "POST /queues",
                r#"{"name":"g"}"#,
                200,
                &[],
                "topgroup=/id",
            ),
            (
                "admin/sales",
                "POST /queues",
                r#"{"name":"g"}"#,
                200,
                &[],
                "group=/id",
            ),
            ("admin", "POST /assets", asset, 200, &[], "topasset=/id"),
            ("admin/sales", "POST /assets", asset, 200, &[], "asset=/id"),
            (
                "other",
                "POST /queues",
                r#"{"name":"g"}"#,
                200,
                &[],
                "theirs=/id",
            ),
        ])
        .await;
    let workflow = |package: &str, group: &str, asset: &str| {
        format!(
            r#""packageId":"{package}","associatedQueueId":"{group}","arguments":[{{"name":"a","defaultValue":"{asset}","assetContent":{{}}}}]"#
        )
    };
    let layout = |workflow: &str| format!(r#""nodes":[{{"workflowId":"{workflow}"}}]"#);
    let schedule = |workflow: &str| {
        format!(r#""every":"P1D","target":{{"type":"Workflow","id":"{workflow}"}}"#)
    };
    let rows = [
        (
            "workflows",
            workflow("{package}", "{group}", "{asset}"),
            200,
        ),
        (
            "workflows",
            workflow("{toppackage}", "{group}", "{asset}"),
            403,
        ),
        (
            "workflows",
            workflow("{package}", "{topgroup}", "{asset}"),
            403,
        ),
        (
            "workflows",
            workflow("{package}", "{group}", "{topasset}"),
            403,
        ),
        (
            "workflows",
            workflow("{package}", "{theirs}", "{asset}"),
            400,
        ),
        ("workflowlayouts", layout("{own}"), 200),
        ("workflowlayouts", layout("{top}"), 403),
        ("schedules", schedule("{own}"), 200),
        ("schedules", schedule("{top}"), 403),
    ];
    for (kind, fields, status) in rows {
        let body =
            format!(r#"{{"name":"n","companyId":"{COMPANY}","departmentId":"{SALES}",{fields}}}"#);
        let body = story.filled(&body);
        let request = format!("POST /openapi/{kind}");
        let there = [("companyid", OTHER)];
        let told = story
            .server
            .send(&lee, &request, &there, body.clone())
            .await;
        assert_eq!(told.status, status, "{request} {body}: {}", told.text());
        // Nobody else comes that far.
        let told = story.server.send(FOREIGN, &request, &[], body).await;
        told.refused(403, "foreign-company");
    }
    // Where one has no rights in the department, nothing is made either.
    let body =
        format!(r#"{{"name":"n","companyId":"{COMPANY}","departmentId":"{ROOT}","nodes":[]}}"#);
    let request = "POST /openapi/workflowlayouts";
    let told = story
        .server
        .send(&lee, request, &[("companyid", OTHER)], body)
        .await;
    told.refused(403, "forbidden");
    story.end().await;
}
