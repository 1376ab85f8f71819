//! Package files: which are refused, downloads, deletions, and what workflows and jobs keep alive.

use super::{ADMIN, Headers, OTHER, SALES, Server, VIEWER, dgs, zip};
use crate::{console::sweeping, http::header};
use codec::Tenant;
use rpa::{
    execution::Startup,
    registry::{
        Action, Command, LabelSettings, Target, WorkflowSettings,
        plan::{Execute, Overrides},
    },
    terms::Stamp,
};
use std::sync::Arc;

const IN_SALES: Headers<'static> = &[("departmentid", SALES)];
const WORKFLOW: rpa::Guid = rpa::Guid(0xf10);
const GROUP: rpa::Guid = rpa::Guid(0x9209);

fn named(name: &str) -> LabelSettings {
    LabelSettings {
        name: Some(name.into()),
        ..LabelSettings::default()
    }
}

async fn workflow(server: &Server, package: &str, version: &str) {
    let id = |text: &str| text.parse::<rpa::Guid>().expect("an id");
    let action = Action::CreateWorkflow {
        id: WORKFLOW,
        department: id(super::ROOT),
        settings: WorkflowSettings {
            label: named("w"),
            package: Some(id(package)),
            version: Some(id(version)),
            ..WorkflowSettings::default()
        },
    };
    change(server, action).await;
}

async fn change(server: &Server, action: Action) {
    let command = Command {
        tenant: Tenant::default(),
        by: Stamp::default(),
        action,
    };
    let done = server.state.engine.change_registry(command).await;
    done.expect("a change");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_downloaded_as_it_came_and_counted() {
    let server = Server::start().await;
    // Longer than several pieces, and not compressible.
    let mut state = 1_u64;
    let noise: String = (0..900_000)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            char::from(b' ' + u8::try_from((state >> 33) % 90).unwrap_or(0))
        })
        .collect();
    let file = dgs("加 Add", "1.0", &noise);
    let (package, version) = server.upload(ADMIN, &[], file.clone()).await;
    let path = format!("GET /openapi/packages/{package}/versions/{version}/content");
    for count in 1..=2 {
        let told = server.ask(&path, "").await;
        assert_eq!(told.status, 200);
        assert!(
            told.body == file,
            "{} of {} bytes",
            told.body.len(),
            file.len()
        );
        assert_eq!(told.headers[header::CONTENT_LENGTH], file.len().to_string());
        let name = "attachment; filename*=UTF-8''%E5%8A%A0%20Add.1.0.dgs";
        assert_eq!(told.headers[header::CONTENT_DISPOSITION], name);
        let shown = server
            .ask(&format!("GET /openapi/packages/{package}"), "")
            .await
            .json();
        assert_eq!(
            (
                &shown["totalDownloads"],
                &shown["versions"][0]["totalDownloads"]
            ),
            (&count.into(), &count.into())
        );
    }
    server
        .send(VIEWER, &path, &[], "")
        .await
        .refused(403, "forbidden");
    server
        .send(ADMIN, &path, &[("companyid", OTHER)], "")
        .await
        .refused(403, "foreign-company");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_workflow_uses_is_not_deleted_and_the_refusal_names_it() {
    let server = Server::start().await;
    let (package, first) = server.upload(ADMIN, &[], dgs("Add", "1", "x")).await;
    let (_, second) = server.upload(ADMIN, &[], dgs("Add", "2", "y")).await;
    workflow(&server, &package, &first).await;
    let shown = server
        .ask(&format!("GET /openapi/packages/{package}"), "")
        .await
        .json();
    let counts = [
        &shown["versions"][0]["deploymentCount"],
        &shown["versions"][1]["deploymentCount"],
    ];
    assert_eq!(counts.map(serde_json::Value::as_u64), [Some(1), Some(0)]);
    let whole = format!("DELETE /openapi/packages/{package}");
    for request in [whole.clone(), format!("{whole}/versions/{first}")] {
        let told = server.ask(&request, "{}").await;
        told.refused(400, "in-use");
        assert!(told.text().contains("workflow 'w'"), "{}", told.text());
    }
    assert_eq!(
        server
            .ask(&format!("{whole}/versions/{second}"), "{}")
            .await
            .status,
        200
    );
    change(&server, Action::DeleteWorkflow { id: WORKFLOW }).await;
    assert_eq!(server.ask(&whole, "{}").await.status, 200);
    assert_eq!(server.blobs(), 0);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_stays_as_long_as_a_job_needs_it() {
    let server = Server::start().await;
    let (package, first) = server.upload(ADMIN, &[], dgs("Add", "1", "x")).await;
    let (_, second) = server.upload(ADMIN, &[], dgs("Add", "2", "y")).await;
    let group = Action::CreateGroup {
        id: GROUP,
        department: super::ROOT.parse().expect("an id"),
        label: named("g"),
    };
    change(&server, group).await;
    workflow(&server, &package, &first).await;
    let settings = |settings| Action::ChangeWorkflow {
        id: WORKFLOW,
        etag: None,
        settings,
    };
    let target = WorkflowSettings {
        queue: Some(GROUP),
        ..WorkflowSettings::default()
    };
    change(&server, settings(target)).await;
    let execute = Execute {
        tenant: Tenant::default(),
        execution: rpa::Guid(0xe1),
        created: Stamp::default(),
        startup: Startup::manual(),
        source: None,
        activity: None,
        overrides: Overrides::default(),
    };
    let engine = &server.state.engine;
    let target = Target::Workflow(WORKFLOW);
    let executed = engine.execute(execute, target, |execution| execution.jobs().len());
    assert_eq!(executed.await.expect("an execution"), 1);
    let other_version = WorkflowSettings {
        version: second.parse().ok(),
        ..WorkflowSettings::default()
    };
    change(&server, settings(other_version)).await;
    let delete = format!("DELETE /openapi/packages/{package}/versions/{first}");
    assert_eq!(server.ask(&delete, "{}").await.status, 200);
    assert_eq!(server.blobs(), 2, "the job waits for a robot");
    change(&server, Action::DeleteWorkflow { id: WORKFLOW }).await;
    sweeping::sweep(Arc::clone(&server.state), None).await;
    assert_eq!(server.blobs(), 1, "the job was cancelled with its workflow");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_package_is_refused_and_leaves_nothing() {
    let server = Server::start().await;
    let project = br#"{"ProjectName":"p","Version":"1"}"#;
    let zeros = vec![0; 70 * 1024 * 1024];
    let long = format!(
        r#"{{"ProjectName":"p","Version":"1","x":"{}"}}"#,
        " ".repeat(5 * 1024 * 1024)
    );
    let whole = dgs("p", "1", "x");
    let rows: [(Vec<u8>, &str); 10] = [
        (Vec::new(), "malformed-request"),
        (b"no archive".to_vec(), "not-an-archive"),
        (whole[..whole.len() / 2].to_vec(), "not-an-archive"),
        (zip(&[("readme", b"")]), "no-project"),
        (zip(&[("project.json", b"{}")]), "malformed"),
        (zip(&[("project.json", b"\xff")]), "malformed"),
        (
            zip(&[("project.json", project), ("../up", b"")]),
            "improper-path",
        ),
        (
            zip(&[("project.json", project), ("Project.JSON", project)]),
            "overlapping-entries",
        ),
        (
            zip(&[("project.json", project), ("zeros", &zeros)]),
            "too-large-unpacked",
        ),
        (
            zip(&[("project.json", long.as_bytes())]),
            "too-large-unpacked",
        ),
    ];
    for (file, code) in rows {
        let told = server.send(ADMIN, "PUT /openapi/packages", &[], file).await;
        told.refused(400, code);
        assert_eq!(server.blobs(), 0, "{code}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_go_one_by_one_and_the_last_takes_the_package_with_it() {
    let server = Server::start().await;
    let (id, first) = server.upload(ADMIN, &[], dgs("Add", "1", "x")).await;
    let (_, second) = server.upload(ADMIN, &[], dgs("Add", "2", "y")).await;
    let shared = server.upload(ADMIN, IN_SALES, dgs("Add", "2", "y")).await;
    assert_eq!(server.blobs(), 2, "the same bytes lie once");
    let delete = |version: &str| format!("DELETE /openapi/packages/{id}/versions/{version}");
    assert_eq!(server.ask(&delete(&first), "{}").await.status, 200);
    assert_eq!(server.blobs(), 1);
    server
        .ask(&delete(&first), "{}")
        .await
        .refused(404, "unknown");
    assert_eq!(server.ask(&delete(&second), "{}").await.status, 200);
    server
        .ask(&format!("GET /openapi/packages/{id}"), "")
        .await
        .refused(404, "unknown");
    assert_eq!(server.blobs(), 1, "the other department's package needs it");
    let told = server
        .ask(&format!("DELETE /openapi/packages/{}", shared.0), "{}")
        .await;
    assert_eq!((told.status, server.blobs()), (200, 0));
    server.stop().await;
}
