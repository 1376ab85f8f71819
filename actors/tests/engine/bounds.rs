//! Bounds and absences: answers too long to keep, a missing archive, a journal past its limit.

use crate::support::{MODEL, close, copy_archive, copy_directory, deploy, open, start, start_of};
use actors::{
    Failure, Options,
    definitions::deploy::File,
    message::{Remember, Remembered, Rendered},
};
use bpmn::Command;
use codec::{Tenant, Value};
use std::{path::Path, sync::Arc, time::Duration};

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

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_is_missing_beside_a_snapshot_is_said_and_not_made_anew() {
    let data = tempfile::tempdir().expect("a directory");
    let history = data.path().join("history.db");
    close(open(data.path()).await).await;
    std::fs::remove_file(&history).expect("removed");
    let opened = actors::open(Options::new(data.path())).await;
    let refused = opened.err().map(|error| error.to_string());
    assert!(refused.is_some_and(|text| text.contains("history.db is missing")));
    assert!(!history.exists());
    let disk = Arc::new(snapshots::RealDisk::new(data.path()).expect("a disk"));
    let accepted = actors::accept_history(data.path(), disk);
    assert!(accepted.is_ok(), "{accepted:?}");
    close(open(data.path()).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_is_past_its_limit_at_the_start_is_trimmed_and_written_again() {
    let data = tempfile::tempdir().expect("a directory");
    let small = |data: &Path| Options {
        segment_bytes: 1 << 20,
        journal_limit_bytes: 1 << 20,
        ..Options::new(data)
    };
    let engine = actors::open(small(data.path())).await.expect("opened");
    deploy(&engine).await;
    start(&engine).await;
    let copy = tempfile::tempdir().expect("a directory");
    copy_directory(&data.path().join("journal"), &copy.path().join("journal"));
    copy_archive(&engine, copy.path()).await;
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
        tokio::task::yield_now().await;
    }
    assert!(survivor.journal().held_bytes() <= 1 << 20);
    close(survivor).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_remembered_command_that_changes_nothing_does_not_hold_up_its_repetition() {
    let data = tempfile::tempdir().expect("a directory");
    let engine = open(data.path()).await;
    deploy(&engine).await;
    let root = start(&engine).await;
    let nothing = || Command::SetVariables {
        target: bpmn::instance::VariableTarget::Instance(0),
        local: false,
        set: Vec::new(),
        remove: Vec::new(),
    };
    let answer = |_: &actors::message::Applied<'_>| Rendered {
        status: 200,
        location: String::new(),
        body: b"{}".to_vec(),
    };
    let request = Remember { key: 1, body: 1 };
    for _ in 0..2 {
        let done = engine.order_once(root, nothing(), request, answer);
        let done = tokio::time::timeout(Duration::from_secs(30), done).await;
        assert!(
            matches!(done, Ok(Ok(_))),
            "it waits for an answer that never comes"
        );
    }
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_the_journal_would_not_take_is_refused_before_anything_is_changed() {
    let data = tempfile::tempdir().expect("a directory");
    let small = Options {
        segment_bytes: 8 << 10,
        ..Options::new(data.path())
    };
    let engine = actors::open(small).await.expect("opened");
    let limit = |failure: Option<Failure>, what: &str| match failure {
        Some(Failure::Refused(refusal)) => assert_eq!(refusal.code(), "limit-exceeded", "{what}"),
        other => panic!("{what}: {other:?}"),
    };
    let model = |padding: usize| File {
        name: "one.bpmn".to_owned(),
        bytes: format!("{MODEL}<!--{}-->", "x".repeat(padding))
            .into_bytes()
            .into(),
    };
    let deployed = engine.deploy(Tenant(0), String::new(), vec![model(8 << 10)], false);
    limit(deployed.await.err(), "a deployment");
    assert!(engine.catalog.latest(Tenant(0), "one").is_none());

    let token = |number: u8| {
        org::Command::CreateToken(org::Token {
            tenant: Tenant(0),
            name: format!("{number}{}", "n".repeat(90)),
            principal: "robot".to_owned(),
            digest: org::Digest([number; 32]),
            created_ms: 1,
        })
    };
    let tokens = org::Command::All((1..=200).map(token).collect());
    let created = engine.organisation.command(engine.core(), tokens).await;
    limit(created.err(), "tokens");
    assert!(
        engine
            .organisation
            .look(|state| state.tokens(Tenant(0)).next().is_none())
    );
    let one = engine.organisation.command(engine.core(), token(1)).await;
    assert!(one.is_ok(), "{one:?}");

    let remembered = Remembered {
        request: Remember { key: 1, body: 1 },
        at_ms: engine.clock.real_ms(),
        answer: Arc::new(Rendered {
            status: 200,
            location: String::new(),
            body: vec![b'x'; 8 << 10],
        }),
    };
    limit(engine.remember(remembered).await.err(), "an answer");
    deploy(&engine).await;
    let root = start(&engine).await;
    let set = Command::SetVariables {
        target: bpmn::instance::VariableTarget::Instance(0),
        local: false,
        set: vec![("amount".to_owned(), Value::String("x".repeat(8 << 10)))],
        remove: Vec::new(),
    };
    limit(engine.order(root, set, |_| ()).await.err(), "variables");
    start(&engine).await;
    close(engine).await;
}
