//! Assets: made and read, and seen by nobody else.

use super::story::Story;

#[tokio::test(flavor = "multi_thread")]
async fn values_are_read_by_who_may_and_stand_nowhere_else() {
    let mut story = Story::begin().await;
    story
        .tell(&[
            (
                "admin",
                "POST /Assets",
                r#"{"Name":"limit","Type":1,"Value":42,"description":"d"}"#,
                200,
                &[
                    r#""type":"Integer","isRequiredEncryption":false"#,
                    r#""resourceType":"Asset""#,
                    "!:42,",
                    "!:42}",
                    "!\"42\"",
                    "!null",
                ],
                "n=/id",
            ),
            (
                "admin",
                "POST /assets",
                r#"{"name":"mail","type":"credential","userName":"kim","password":"hunter2"}"#,
                200,
                &[
                    r#""type":"Credential","isRequiredEncryption":true"#,
                    "!hunter2",
                    "!kim",
                ],
                "c=/id",
            ),
            (
                "admin",
                "GET /assets",
                "{}",
                200,
                &[r#""count":2"#, "!hunter2", "!:42,", "!:42}", "!\"42\""],
                "",
            ),
            (
                "admin",
                "GET /assets?type=4",
                "",
                200,
                &[r#""count":1"#, "{c}"],
                "",
            ),
            (
                "admin",
                "GET /assets/{c}",
                "",
                200,
                &["mail", "!hunter2"],
                "",
            ),
            (
                "admin",
                "GET /assets/{n}/value",
                "{}",
                200,
                &[r#""type":"Integer","value":"42""#],
                "",
            ),
            (
                "admin",
                "GET /assets/{c}/value",
                "",
                200,
                &[r#""userName":"kim","password":"hunter2""#],
                "",
            ),
            (
                "admin",
                "GET /assets/by-name/mail/value",
                "",
                200,
                &[r#""id":"{c}""#, "hunter2"],
                "",
            ),
            (
                "admin/sales",
                "GET /assets/by-name/mail/value",
                "",
                404,
                &["unknown"],
                "",
            ),
            ("viewer", "GET /assets/{n}", "", 200, &["limit"], ""),
            (
                "viewer",
                "GET /assets/{n}/value",
                "",
                403,
                &["forbidden"],
                "",
            ),
            (
                "sales",
                "GET /assets/{n}/value",
                "",
                403,
                &["forbidden"],
                "",
            ),
            ("other", "GET /assets/{n}/value", "", 404, &["unknown"], ""),
            (
                "other",
                "GET /assets/by-name/mail/value",
                "",
                404,
                &["unknown"],
                "",
            ),
            ("", "GET /assets/{n}/value", "", 401, &["unauthorized"], ""),
            (
                "admin",
                "PATCH /assets/{c}",
                r#"{"PASSWORD":"changed"}"#,
                200,
                &["!changed", r#""eTag":"2""#],
                "",
            ),
            (
                "admin",
                "GET /assets/{c}/value",
                "",
                200,
                &[r#""userName":"kim","password":"changed""#],
                "",
            ),
            (
                "admin",
                "PATCH /assets/{n}",
                r#"{"value":"x"}"#,
                400,
                &["value"],
                "",
            ),
            (
                "admin",
                "PATCH /assets/{n}",
                r#"{"type":"String"}"#,
                400,
                &["improper"],
                "",
            ),
            (
                "admin",
                "PATCH /assets/{n}",
                r#"{"etag":"9"}"#,
                409,
                &["changed"],
                "",
            ),
            (
                "admin",
                "PATCH /assets/{n}",
                r#"{"name":"mail"}"#,
                400,
                &["name-taken"],
                "",
            ),
            (
                "admin",
                "PATCH /assets/{n}",
                r#"{"tags":["t"],"value":null}"#,
                200,
                &[r#""tags":["t"]"#],
                "",
            ),
            (
                "admin",
                "GET /assets/{n}/value",
                "",
                200,
                &[r#""value":"42""#],
                "",
            ),
            (
                "admin",
                "POST /assets",
                r#"{"name":"x","value":"v"}"#,
                400,
                &["type"],
                "",
            ),
            (
                "admin",
                "POST /assets",
                r#"{"name":"x","type":"String"}"#,
                400,
                &["value"],
                "",
            ),
            (
                "admin",
                "POST /assets",
                r#"{"name":"x","type":"Credential","password":"p"}"#,
                400,
                &["userName"],
                "",
            ),
            // The same name twice: each in its department.
            (
                "admin/sales",
                "POST /assets",
                r#"{"name":"mail","type":"Boolean","value":"True"}"#,
                200,
                &[],
                "s=/id",
            ),
            (
                "admin",
                "GET /assets/by-name/mail/value",
                "",
                400,
                &["several"],
                "",
            ),
            (
                "admin/sales",
                "GET /assets/by-name/mail/value",
                "",
                200,
                &["{s}", r#""value":"True""#],
                "",
            ),
            (
                "sales",
                "GET /assets/by-name/mail/value",
                "",
                200,
                &["{s}"],
                "",
            ),
        ])
        .await;
    let told = story.send("admin", "GET /assets/{c}/value", "").await;
    assert_eq!(told.headers["cache-control"], "no-store");
    let (sealed, shown) = story.server.state.engine.registry.look(|registry| {
        let assets = registry.assets(codec::Tenant(0));
        let assets: Vec<_> = assets.collect();
        let bytes: Vec<u8> = assets.iter().flat_map(|one| one.value.0.clone()).collect();
        (bytes, format!("{assets:?}"))
    });
    assert!(!sealed.windows(7).any(|window| window == b"changed") && !shown.contains("changed"));
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_asset_that_an_argument_names_stays_and_is_given_by_nobody_who_does_not_see_it() {
    let mut story = Story::begin().await;
    story.workflow("own", "sales").await;
    let layout = |asset: &str| {
        format!(
            r#"{{"name":"l","nodes":[{{"workflowId":"{{own}}","arguments":[{{"name":"a","defaultValue":"{asset}","assetContent":{{}}}}]}}]}}"#
        )
    };
    let (top, own) = (layout("{top}"), layout("{mine}"));
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
                "POST /workflowlayouts",
                &top,
                403,
                &["forbidden"],
                "",
            ),
            (
                "sales/sales",
                "POST /workflowlayouts",
                &own,
                200,
                &[r#""assetContent":{"name":"mine","isRequiredEncryption":false}"#],
                "l=/id",
            ),
            (
                "sales",
                "DELETE /assets/{mine}",
                "",
                400,
                &["in-use", "layout 'l'"],
                "",
            ),
            ("sales", "DELETE /workflowlayouts/{l}", "", 200, &[], ""),
            (
                "viewer",
                "DELETE /assets/{mine}",
                "",
                403,
                &["forbidden"],
                "",
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
                "sales/sales",
                "PATCH /workflows/{own}",
                r#"{"associatedQueueId":"{g}"}"#,
                200,
                &[],
                "",
            ),
            (
                "sales/sales",
                "POST /workflows/{own}/execute",
                r#"{"arguments":[{"name":"a","defaultValue":"{mine}","assetContent":{}}]}"#,
                200,
                &["Queued"],
                "job=/0/id",
            ),
            (
                "sales",
                "DELETE /assets/{mine}",
                "",
                400,
                &["in-use", "1 jobs"],
                "",
            ),
            ("sales", "POST /jobs/{job}/cancel", "{}", 200, &[], ""),
            ("sales", "DELETE /assets/{mine}", "{}", 200, &[], ""),
            ("sales", "GET /assets/{mine}", "", 404, &["unknown"], ""),
        ])
        .await;
    story.end().await;
}
