//! The engine as a story: started, stopped, opened again, nothing lost, nothing done twice.

use actors::{
    Engine, Failure, Options, admission::Bounds, definitions::deploy::File, message::Remember,
    message::Rendered, scripts::ScriptLimits, views::TaskFilter, views::Window,
};
use bpmn::{Command, instance::Start};
use codec::{RootId, Tenant, Value};
use snapshots::Durability;
use std::{path::Path, time::Duration};

const MODEL: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:activiti="http://activiti.org/bpmn" targetNamespace="t">
  <process id="one"><startEvent id="s"/><sequenceFlow id="a" sourceRef="s" targetRef="t"/>
  <userTask id="t" name="Do it" activiti:assignee="kim"/><sequenceFlow id="b" sourceRef="t" targetRef="e"/>
  <endEvent id="e"/></process></definitions>"#;

fn options(data: &Path) -> Options {
    Options {
        data: data.to_owned(),
        durability: Durability::Sync,
        manual_clock: false,
        time_zone: jiff::tz::TimeZone::UTC,
        tenant: Tenant(0),
        hosts: 2,
        script_threads: 1,
        script_limits: ScriptLimits::default(),
        script_budget_ms: 1000,
        live_bytes: 1 << 20,
        bounds: Bounds {
            commands: 1000,
            archive_backlog: 1000,
        },
        segment_bytes: 32 << 20,
        journal_limit_bytes: 1 << 30,
        snapshot_journal_bytes: 1 << 30,
        snapshot_every: Duration::from_secs(3600),
        snapshot_bytes_per_second: None,
        idempotency_keys: 1000,
        idempotency_keep: Duration::from_secs(3600),
        retention: None,
    }
}

async fn open(data: &Path) -> Engine {
    match actors::open(options(data)).await {
        Ok(engine) => engine,
        Err(error) => panic!("the data do not open: {error}"),
    }
}

async fn deploy(engine: &Engine) {
    let file = File {
        name: "one.bpmn".to_owned(),
        bytes: MODEL.as_bytes().into(),
    };
    let deployed = engine
        .deploy(Tenant(0), String::new(), vec![file], false)
        .await;
    assert!(deployed.is_ok(), "{deployed:?}");
}

fn start_of(engine: &Engine) -> Start {
    let published = engine.catalog.latest(Tenant(0), "one").expect("deployed");
    Start {
        variables: vec![("amount".to_owned(), Value::Int(7))],
        ..Start::new(published.definition.clone())
    }
}

async fn start(engine: &Engine) -> RootId {
    match engine.start(start_of(engine), |root, _| root).await {
        Ok(root) => root,
        Err(failure) => panic!("not started: {failure}"),
    }
}

fn open_tasks(engine: &Engine) -> Vec<codec::Id> {
    let views = engine.views.read();
    let page = views.tasks(&TaskFilter::default(), &Window::default());
    page.items.iter().map(|task| task.id()).collect()
}

async fn close(engine: Engine) {
    let stopped = tokio::task::spawn_blocking(move || engine.stop()).await;
    assert!(stopped.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_is_there_after_a_stop_and_after_a_crash() {
    let data = tempfile::tempdir().expect("a directory");
    let engine = open(data.path()).await;
    deploy(&engine).await;
    let first = start(&engine).await;
    let second = start(&engine).await;
    assert_eq!(open_tasks(&engine).len(), 2);
    close(engine).await;

    // From the snapshot.
    let engine = open(data.path()).await;
    assert_eq!(open_tasks(&engine).len(), 2);
    let third = start(&engine).await;
    let task = open_tasks(&engine)
        .into_iter()
        .find(|task| task.root == first)
        .expect("the first instance's task");
    let completed = engine
        .order(
            first,
            Command::CompleteTask {
                task: task.number,
                user: None,
                variables: Vec::new(),
                transient: Vec::new(),
                local: Vec::new(),
            },
            |applied| applied.instance.is_ended(),
        )
        .await;
    assert!(matches!(completed, Ok(true)), "{completed:?}");
    // A crash: copy what is on the disk, without any stop, and open the copy.
    let copy = tempfile::tempdir().expect("a directory");
    for directory in ["journal", "snapshots"] {
        copy_directory(&data.path().join(directory), &copy.path().join(directory));
    }
    copy_archive(&engine, copy.path()).await;
    let survivor = open(copy.path()).await;
    let mut roots: Vec<_> = open_tasks(&survivor).iter().map(|id| id.root).collect();
    roots.sort();
    let mut expected = vec![second, third];
    expected.sort();
    assert_eq!(roots, expected);
    let amount = survivor
        .look(second, |seen| seen.instance.text().contains("amount"))
        .await;
    assert!(matches!(amount, Ok(true)));
    close(survivor).await;
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_too_long_to_be_remembered_refuses_its_command_and_the_server_goes_on() {
    let data = tempfile::tempdir().expect("a directory");
    let engine = open(data.path()).await;
    deploy(&engine).await;
    let root = start(&engine).await;
    let set = |value: i64| Command::SetVariables {
        target: bpmn::instance::VariableTarget::Instance(0),
        local: false,
        set: vec![("amount".to_owned(), Value::Int(value))],
        remove: Vec::new(),
    };
    let answer = |bytes: usize| {
        move |_: &actors::message::Applied<'_>| Rendered {
            status: 200,
            location: String::new(),
            body: vec![b'x'; bytes],
        }
    };
    let request = Remember { key: 1, body: 1 };
    let long = engine.order_once(root, set(8), request, answer(17 << 20));
    let refused = long.await.err().map(|failure| failure.to_string());
    assert!(refused.is_some_and(|text| text.contains("too long to be remembered")));
    let amount = |expected: &'static str| {
        engine.look(root, move |seen| {
            let text = seen.instance.text();
            assert!(text.contains(expected), "{text}");
        })
    };
    assert!(amount("7").await.is_ok());
    let short = engine.order_once(root, set(9), request, answer(15 << 20));
    assert!(short.await.is_ok());
    assert!(amount("9").await.is_ok());
    close(engine).await;
}

async fn copy_archive(engine: &Engine, to: &Path) {
    let (archiver, to) = (engine.archiver.clone(), to.join("history.db"));
    let copied = tokio::task::spawn_blocking(move || archiver.archive.copy_to(&to)).await;
    assert!(matches!(copied, Ok(Ok(()))), "{copied:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_is_missing_beside_a_snapshot_is_said_and_not_made_anew() {
    let data = tempfile::tempdir().expect("a directory");
    let history = data.path().join("history.db");
    close(open(data.path()).await).await;
    std::fs::remove_file(&history).expect("removed");
    let opened = actors::open(options(data.path())).await;
    let refused = opened.err().map(|error| error.to_string());
    assert!(refused.is_some_and(|text| text.contains("history.db is missing")));
    assert!(!history.exists());
    std::fs::write(&history, "").expect("written");
    close(open(data.path()).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_is_past_its_limit_at_the_start_is_trimmed_and_written_again() {
    let data = tempfile::tempdir().expect("a directory");
    let small = |data: &Path| Options {
        segment_bytes: 1 << 20,
        journal_limit_bytes: 1 << 20,
        ..options(data)
    };
    let engine = actors::open(small(data.path())).await.expect("opened");
    deploy(&engine).await;
    start(&engine).await;
    let copy = tempfile::tempdir().expect("a directory");
    copy_directory(&data.path().join("journal"), &copy.path().join("journal"));
    close(engine).await;

    // What was read back and the segment after it are more than the limit: no write can lead to a snapshot.
    let survivor = actors::open(small(copy.path())).await.expect("opened");
    let mut refused = 0;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    loop {
        match survivor.start(start_of(&survivor), |root, _| root).await {
            Ok(_) if refused > 0 => break,
            Ok(_) => {}
            Err(Failure::DiskFull) => refused += 1,
            Err(failure) => panic!("{failure}"),
        }
        assert!(tokio::time::Instant::now() < deadline, "still refused");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(survivor.journal().held_bytes() <= 1 << 20);
    close(survivor).await;
}

fn copy_directory(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory");
    for entry in std::fs::read_dir(from).expect("readable") {
        let entry = entry.expect("an entry");
        // Segments that are being prepared come and go beside this.
        if entry.file_name().to_string_lossy().starts_with("spare") {
            continue;
        }
        std::fs::copy(entry.path(), to.join(entry.file_name())).expect("copied");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_instance_is_found_in_the_archive_and_nowhere_else() {
    let data = tempfile::tempdir().expect("a directory");
    let engine = open(data.path()).await;
    deploy(&engine).await;
    let root = start(&engine).await;
    let deleted = engine
        .order(
            root,
            Command::Delete {
                instance: 0,
                reason: Some("enough".to_owned()),
            },
            |_| (),
        )
        .await;
    assert!(deleted.is_ok());
    let archiver = engine.archiver.clone();
    let flushed = tokio::task::spawn_blocking(move || archiver.flush()).await;
    assert!(flushed.is_ok());
    engine.barrier().await;
    assert!(engine.directory.get(root).is_none());
    let found = engine.archiver.archive.get(root.instance());
    let (row, _) = found.expect("the archive is read").expect("archived");
    assert_eq!(row.delete_reason.as_deref(), Some("enough"));
    assert_eq!(row.key, "one");
    assert!(matches!(
        engine.look(root, |_| ()).await,
        Err(Failure::NotFound)
    ));
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_gets_its_first_answer_also_after_a_crash() {
    let data = tempfile::tempdir().expect("a directory");
    let engine = open(data.path()).await;
    deploy(&engine).await;
    let request = Remember { key: 1, body: 1 };
    let render = |root: RootId, _: &actors::message::Applied<'_>| Rendered {
        status: 201,
        location: String::new(),
        body: root.to_string().into_bytes(),
    };
    let first = engine
        .start_once(start_of(&engine), request, render)
        .await
        .expect("started");
    let again = engine
        .start_once(start_of(&engine), request, render)
        .await
        .expect("answered again");
    assert_eq!(first.body, again.body);
    let other = Remember { key: 1, body: 2 };
    let conflict = engine.start_once(start_of(&engine), other, render).await;
    assert!(matches!(conflict, Err(Failure::IdempotencyConflict)));
    assert_eq!(open_tasks(&engine).len(), 1);
    let copy = tempfile::tempdir().expect("a directory");
    copy_directory(&data.path().join("journal"), &copy.path().join("journal"));
    let survivor = open(copy.path()).await;
    let later = survivor
        .start_once(start_of(&survivor), request, render)
        .await
        .expect("answered again");
    assert_eq!(first.body, later.body);
    assert_eq!(open_tasks(&survivor).len(), 1);
    close(survivor).await;
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn undeploying_with_cascade_takes_instances_and_history_along() {
    let data = tempfile::tempdir().expect("a directory");
    let engine = open(data.path()).await;
    deploy(&engine).await;
    let root = start(&engine).await;
    assert!(matches!(
        engine.undeploy(Tenant(0), 1, false).await,
        Err(Failure::Definitions(
            actors::definitions::Refusal::HasInstances
        ))
    ));
    assert!(engine.undeploy(Tenant(0), 1, true).await.is_ok());
    assert!(open_tasks(&engine).is_empty());
    assert!(engine.catalog.latest(Tenant(0), "one").is_none());
    let found = engine.archiver.archive.get(root.instance());
    assert!(found.expect("the archive is read").is_none());
    let copy = tempfile::tempdir().expect("a directory");
    copy_directory(&data.path().join("journal"), &copy.path().join("journal"));
    let survivor = open(copy.path()).await;
    assert!(open_tasks(&survivor).is_empty());
    let found = survivor.archiver.archive.get(root.instance());
    assert!(found.expect("the archive is read").is_none());
    close(survivor).await;
    close(engine).await;
}
