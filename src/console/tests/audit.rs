//! The audit trail: every change is in it, whoever made it, and nothing that was sent.

use super::{ADMIN, COMPANY, SALES, dgs, story::Story};
use crate::{
    control::{ControlHandler as _, NewUser},
    sso::password,
    tokens::Control,
};
use serde_json::{Value, json};

/// The rows of a list, the last change first.
async fn rows(story: &Story, who: &str, query: &str) -> Vec<Value> {
    let told = story.send(who, &format!("GET /audit{query}"), "").await;
    let mut told = told.json();
    match told["list"].take() {
        Value::Array(rows) => rows,
        other => panic!("no list: {other}"),
    }
}

/// Kind and action of each row.
fn named(rows: &[Value]) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let names = rows.iter().map(|row| {
        let (kind, action) = (text(&row["resourceType"]), text(&row["action"]));
        format!("{kind} {action}")
    });
    names.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_says_who_what_when_and_from_where() {
    let mut story = Story::begin().await;
    let asset = r#"{"name":"login","type":"Credential","userName":"ann","password":"p4ss-of-ann"}"#;
    story
        .tell(&[
            (
                "admin",
                "POST /queues",
                r#"{"name":"g"}"#,
                200,
                &[],
                "g=/id",
            ),
            ("sales/sales", "POST /assets", asset, 200, &[], "a=/id"),
            (
                "sales",
                "GET /assets/{a}/value",
                "",
                200,
                &["p4ss-of-ann"],
                "",
            ),
            ("viewer", "POST /queues", r#"{"name":"no"}"#, 403, &[], ""),
            (
                "admin",
                "POST /queues",
                r#"{"description":"nameless"}"#,
                400,
                &[],
                "",
            ),
            (
                "admin",
                "PATCH /queues/{g}",
                r#"{"name":"h","tags":["t"]}"#,
                200,
                &[],
                "",
            ),
            ("admin", "GET /queues/{g}", "", 200, &[], ""),
            ("admin", "DELETE /queues/{g}", "", 200, &[], ""),
        ])
        .await;
    let all = rows(&story, "admin", "").await;
    let expected = [
        "Queue delete",
        "Queue change",
        "Asset value.read",
        "Asset create",
        "Queue create",
    ];
    assert_eq!(named(&all), expected);
    let text = json!(all).to_string();
    assert!(!text.contains("p4ss") && !text.contains("ann\""), "{text}");
    for row in &all {
        assert_eq!(row["companyId"], COMPANY, "{row}");
        assert_eq!(
            (&row["from"], &row["outcome"]),
            (&json!("127.0.0.1"), &json!("Done"))
        );
        assert!(row["at"].is_string(), "{row}");
    }
    let change = &all[1];
    assert_eq!(change["resourceId"], story.names["g"]);
    assert_eq!(
        (&change["actorName"], &change["detail"]),
        (&json!("admin"), &json!("name, tags"))
    );
    let made = &all[3];
    assert_eq!(
        (&made["actorName"], &made["departmentId"]),
        (&json!("sales"), &json!(SALES))
    );
    assert_eq!(made["resourceId"], story.names["a"]);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trail_is_filtered_and_shown_to_whom_it_concerns() {
    let mut story = Story::begin().await;
    story
        .tell(&[
            (
                "admin",
                "POST /queues",
                r#"{"name":"one"}"#,
                200,
                &[],
                "one=/id",
            ),
            (
                "admin",
                "POST /robots",
                r#"{"name":"r"}"#,
                200,
                &[],
                "r=/id",
            ),
            (
                "sales/sales",
                "POST /queues",
                r#"{"name":"two"}"#,
                200,
                &[],
                "two=/id",
            ),
            ("other", "POST /queues", r#"{"name":"three"}"#, 200, &[], ""),
            ("nobody", "GET /audit", "", 403, &["forbidden"], ""),
            ("sales", "GET /audit", "", 403, &["forbidden"], ""),
            ("admin", "DELETE /audit", "", 405, &[], ""),
        ])
        .await;
    let two = story.names["two"].clone();
    let table: [(&str, String, &[&str]); 9] = [
        (
            "admin",
            String::new(),
            &["Queue create", "Robot create", "Queue create"],
        ),
        (
            "admin",
            "?isDesc=false&pageSize=1&pageIndex=1".into(),
            &["Robot create"],
        ),
        ("admin", "?Resource=robot".into(), &["Robot create"]),
        ("admin", format!("?Resource={two}"), &["Queue create"]),
        ("admin", "?Actor=SAL".into(), &["Queue create"]),
        (
            "admin",
            "?Action=Create&Resource=Robot".into(),
            &["Robot create"],
        ),
        ("admin", "?StartTime=2100-01-01T00:00:00Z".into(), &[]),
        ("admin/sales", String::new(), &["Queue create"]),
        ("other", String::new(), &["Queue create"]),
    ];
    for (who, query, expected) in table {
        let found = rows(&story, who, &query).await;
        assert_eq!(named(&found), expected, "{who} {query}");
    }
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn executing_is_noted_beside_its_job() {
    let mut story = Story::begin().await;
    story.workflow("w", "root").await;
    story
        .tell(&[
            (
                "admin",
                "POST /queues",
                r#"{"name":"g"}"#,
                200,
                &[],
                "g=/id",
            ),
            (
                "admin",
                "PATCH /workflows/{w}",
                r#"{"associatedQueueId":"{g}"}"#,
                200,
                &[],
                "",
            ),
            (
                "admin",
                "POST /workflows/{w}/execute",
                "{}",
                200,
                &[],
                "j=/0/id",
            ),
            (
                "admin",
                "POST /jobs/batch/cancel",
                r#"{"jobIds":["{j}"]}"#,
                200,
                &[],
                "",
            ),
        ])
        .await;
    // The row of the cancel was written after that of the execute.
    let all = rows(&story, "admin", "?pageSize=2").await;
    assert_eq!(named(&all), ["Job batch.cancel", "Workflow execute"]);
    assert_eq!(
        all[0]["detail"],
        json!(format!("jobIds={}", story.names["j"]))
    );
    assert_eq!(all[1]["resourceId"], story.names["w"]);
    // Its id follows from the execution, so that it is the same row when a crash has it made again.
    let job = story.send("admin", "GET /jobs/{j}", "").await.json();
    let group: rpa::Guid = job["jobGroupId"]
        .as_str()
        .and_then(|id| id.parse().ok())
        .expect("a job group");
    let expected = actors::executions::trail::row_id(group).to_string();
    assert_eq!(all[1]["id"], expected);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_changed_and_no_value_is_read_while_no_row_can_be_written() {
    let mut story = Story::begin().await;
    let asset = r#"{"name":"login","type":"String","value":"s3cret"}"#;
    story
        .tell(&[("admin", "POST /assets", asset, 200, &[], "a=/id")])
        .await;
    let engine = story.server.state.engine.clone();
    let mut let_in = Vec::new();
    while let Ok(admitted) = engine.admit() {
        let_in.push(admitted);
    }
    let requests = [
        "GET /assets/{a}/value",
        "GET /assets/by-name/login/value",
        "PATCH /assets/{a}",
        "POST /queues",
    ];
    for request in requests {
        let told = story.send("admin", request, r#"{"name":"n"}"#).await;
        told.refused(503, "overloaded");
        assert!(told.headers.contains_key("retry-after"), "{request}");
        assert!(!told.text().contains("s3cret"), "{request}");
    }
    assert_eq!(named(&rows(&story, "admin", "").await), ["Asset create"]);
    drop(let_in);
    story
        .tell(&[("admin", requests[0], "", 200, &["s3cret"], "")])
        .await;
    let all = rows(&story, "admin", "").await;
    assert_eq!(named(&all), ["Asset value.read", "Asset create"]);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_began_is_in_the_trail_also_when_nobody_was_answered() {
    let story = Story::begin().await;
    let engine = story.server.state.engine.clone();
    let told = story
        .server
        .ask("POST /openapi/queues", r#"{"name":"g"}"#)
        .await;
    assert_eq!(told.status, 200);
    // As a server leaves it that ends before the outcome is written.
    let mut entry = engine
        .archived(|archive| {
            let filter = actors::archive::AuditFilter {
                limit: 1,
                ..Default::default()
            };
            archive.audit(&filter)
        })
        .await
        .expect("the archive")
        .1
        .remove(0)
        .entry;
    entry.id = rpa::Guid(7);
    let (kept, is_kept) = tokio::sync::oneshot::channel();
    let row = actors::archive::AuditRow::Begun(entry);
    engine
        .keeper
        .put_audit(row, Box::new(move || kept.send(()).unwrap_or_default()));
    is_kept.await.expect("a row that is kept");
    let told = story
        .server
        .send(ADMIN, "GET /openapi/audit", &[], "")
        .await;
    let outcomes: Vec<_> = told.json()["list"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|row| row["outcome"].clone())
        .collect();
    assert_eq!(outcomes, [json!("Unknown"), json!("Done")]);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_over_a_signed_address_or_from_the_command_line_is_in_the_trail() {
    let story = Story::begin().await;
    let opened = story.send("admin", "POST /preloadedVersionFiles", "").await;
    let opened = opened.json();
    let address = opened["channel"]["uri"].as_str().unwrap_or_default();
    let path = address.trim_start_matches("http://localhost");
    let put = async |path: &str, file: Vec<u8>| {
        let request = format!("PUT {path}");
        story.server.send("", &request, &[], file).await
    };
    assert_eq!(put(path, dgs("Add", "1.0", "x")).await.status, 200);
    let unsigned = path.split('?').next().unwrap_or_default();
    assert_eq!(put(unsigned, Vec::new()).await.status, 403);
    let operator = Control::new(story.server.state.clone());
    operator
        .token_create("ci".to_owned())
        .await
        .expect("a token");
    operator.token_revoke("ci".to_owned()).await.expect("none");
    let again = operator.token_revoke("ci".to_owned()).await;
    assert!(again.is_err(), "there is none any more");
    let hash = |text: &str| password::hash(text).expect("a hash");
    let new = NewUser {
        user_name: "lee".to_owned(),
        name: "Lee".to_owned(),
        hash: hash("l"),
        company: Some("Encootech".to_owned()),
        department: None,
        roles: Vec::new(),
        system_admin: false,
    };
    operator.user_add(new).await.expect("a person");
    let set = operator.user_password("lee".to_owned(), hash("m"));
    set.await.expect("a password");
    let all = rows(&story, "admin", "").await;
    let told: Vec<String> = named(&all)
        .into_iter()
        .zip(&all)
        .map(|(name, row)| {
            format!(
                "{name} by {}",
                row["actorName"].as_str().unwrap_or_default()
            )
        })
        .collect();
    let expected = [
        "CompanyUser password by loomwork",
        "CompanyUser create by loomwork",
        "Token delete by loomwork",
        "Token create by loomwork",
        "PackageUpload put by admin",
        "PackageUpload create by admin",
    ];
    assert_eq!(told, expected);
    assert_eq!(
        (
            &all[0]["from"],
            &all[3]["resourceId"],
            &all[4]["resourceId"]
        ),
        (&json!("command line"), &json!("ci"), &opened["id"])
    );
    assert!(!json!(all).to_string().contains("argon2"));
    story.end().await;
}
