//! Departments and companies that are deleted: what keeps them, and what is made meanwhile.

use super::{COMPANY, dgs, story::Story};

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_in_a_department_keeps_it_and_its_company() {
    let mut story = Story::begin().await;
    story.workflow("w", "sales").await;
    let root = story.server.person("root", 0).await;
    story.names.insert("system".to_owned(), root);
    let target = r#""every":"P1D","target":{"type":"Workflow","id":"{w}"}"#;
    let kinds = [
        ("robots", String::new(), "robot 'x'"),
        ("queues", String::new(), "robot group 'x'"),
        ("workflowlayouts", String::new(), "layout 'x'"),
        (
            "assets",
            r#""type":"String","value":"v""#.to_owned(),
            "asset 'x'",
        ),
        ("schedules", target.to_owned(), "schedule 'x'"),
        ("taskqueues", String::new(), "task queue 'x'"),
    ];
    for (kind, fields, named) in kinds {
        let comma = if fields.is_empty() { "" } else { "," };
        let body = format!(r#"{{"name":"x","departmentId":"{{d}}"{comma}{fields}}}"#);
        let (make, delete) = (format!("POST /{kind}"), format!("DELETE /{kind}/{{x}}"));
        let of_company = format!("DELETE /companies/{}", COMPANY);
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
                ("admin", &make, &body, 200, &[], "x=/id"),
                (
                    "admin",
                    "DELETE /departments/{d}",
                    "",
                    400,
                    &["in-use", named],
                    "",
                ),
                // Refused, it is as it was before.
                (
                    "admin",
                    "POST /queues",
                    r#"{"name":"y","departmentId":"{d}"}"#,
                    200,
                    &[],
                    "y=/id",
                ),
                ("admin", "DELETE /queues/{y}", "", 200, &[], ""),
            ])
            .await;
        let system = story.names["system"].clone();
        let told = story
            .server
            .send(
                &system,
                &of_company.replace(" /", " /openapi/"),
                &[("companyid", COMPANY)],
                "",
            )
            .await;
        told.refused(400, "in-use");
        assert!(told.text().contains(named), "{}", told.text());
        story
            .tell(&[
                ("admin", &delete, "", 200, &[], ""),
                ("admin", "DELETE /departments/{d}", "", 200, &[], ""),
                ("admin", &make, &body, 403, &["foreign-department"], ""),
            ])
            .await;
    }
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_made_while_its_department_goes_is_there_with_it_or_not_at_all() {
    let mut story = Story::begin().await;
    let mut kept = [0, 0];
    for n in 0..40 {
        let name = format!(r#"{{"name":"d{n}"}}"#);
        story
            .tell(&[("admin", "POST /departments", &name, 200, &[], "d=/id")])
            .await;
        let make = async |kind: &str| {
            let body = r#"{"name":"x","departmentId":"{d}"}"#;
            story
                .send("admin", &format!("POST /{kind}"), body)
                .await
                .status
                == 200
        };
        let delete = async || {
            for _ in 0..n % 8 {
                tokio::task::yield_now().await;
            }
            story
                .send("admin", "DELETE /departments/{d}", "")
                .await
                .status
                == 200
        };
        let (queue, tasks, deleted) = tokio::join!(make("queues"), make("taskqueues"), delete());
        assert!(
            !deleted || (!queue && !tasks),
            "{n}: {queue} {tasks} {deleted}"
        );
        kept[usize::from(deleted)] += 1;
    }
    let there = story.server.state.engine.organisation.look(|organisation| {
        let all = organisation.tenancy.departments(codec::Tenant::default());
        all.count()
    });
    // The root and Sales were there before.
    assert_eq!(there, kept[0] + 2);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_becomes_no_package_of_a_department_that_is_gone() {
    let mut story = Story::begin().await;
    let body = r#"{"departmentId":"{d}"}"#;
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
                "POST /preloadedVersionFiles",
                body,
                200,
                &[],
                "u=/channel/uri",
            ),
        ])
        .await;
    let path = story.names["u"].trim_start_matches("http://localhost");
    let id = path
        .rsplit('/')
        .next()
        .and_then(|rest| rest.split('?').next());
    let commit = format!("PATCH /preloadedVersionFiles/{}", id.unwrap_or_default());
    let put = format!("PUT {path}");
    let file = dgs("Add", "1.0", "x");
    let told = story.server.send("", &put, &[], file).await;
    assert_eq!(told.status, 200, "{}", told.text());
    story
        .tell(&[
            ("admin", "DELETE /departments/{d}", "", 200, &[], ""),
            ("admin", &commit, "", 403, &["foreign-department"], ""),
            ("admin", "GET /packages", "", 200, &[r#""count":0"#], ""),
        ])
        .await;
    story.end().await;
}
