//! The path of a commit without HTTP: starts and completions at 64 at a time, durable, with the time of a sync beside them.
//! `cargo bench -p actors --bench commit -- SECONDS`

use actors::{Engine, Options, admission::Bounds, definitions::deploy::File};
use bpmn::{Command, instance::Start};
use codec::{Tenant, Value};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const MODEL: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:activiti="http://activiti.org/bpmn" targetNamespace="t">
  <process id="one"><startEvent id="s"/><sequenceFlow id="a" sourceRef="s" targetRef="t"/>
  <userTask id="t" name="Do it" activiti:assignee="kim"/><sequenceFlow id="b" sourceRef="t" targetRef="e"/>
  <endEvent id="e"/></process></definitions>"#;
const AT_A_TIME: usize = 64;

fn options(data: &Path) -> Options {
    Options {
        live_bytes: 256 << 20,
        bounds: Bounds {
            commands: 100_000,
            archive_backlog: 100_000,
        },
        segment_bytes: 64 << 20,
        journal_limit_bytes: 16 << 30,
        snapshot_journal_bytes: 16 << 30,
        ..Options::new(data)
    }
}

async fn start(engine: &Engine) -> Option<codec::Id> {
    let published = engine.catalog.latest(Tenant(0), "one")?;
    let start = Start {
        variables: vec![
            ("amount".to_owned(), Value::Int(7)),
            ("approved".to_owned(), Value::Bool(true)),
            ("reason".to_owned(), Value::from("holiday")),
        ],
        ..Start::new(published.definition.clone())
    };
    let task = |root: codec::RootId, applied: &actors::message::Applied<'_>| {
        let task = applied.instance.rows_ref().tasks.front();
        task.map(|task| root.child(task.number))
    };
    engine.start(start, task).await.ok().flatten()
}

async fn window(engine: &Engine, seconds: u64, pairs: bool) -> u64 {
    let done = Arc::new(AtomicU64::new(0));
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut clients = Vec::new();
    for _ in 0..AT_A_TIME {
        let (engine, done) = (engine.clone(), Arc::clone(&done));
        clients.push(tokio::spawn(async move {
            while Instant::now() < end {
                let Some(task) = start(&engine).await else {
                    continue;
                };
                if pairs {
                    let command = Command::CompleteTask {
                        task: task.number,
                        user: None,
                        variables: Vec::new(),
                        transient: Vec::new(),
                        local: Vec::new(),
                    };
                    if engine.order(task.root, command, |_| ()).await.is_err() {
                        continue;
                    }
                }
                done.fetch_add(1, Ordering::Relaxed);
            }
        }));
    }
    for client in clients {
        assert!(client.await.is_ok());
    }
    done.load(Ordering::Relaxed) / seconds
}

fn main() {
    let seconds = std::env::args()
        .filter_map(|argument| argument.parse().ok())
        .next()
        .unwrap_or(5);
    let data = tempfile::tempdir().expect("a directory");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let engine = runtime.block_on(async {
        let engine = actors::open(options(data.path())).await.expect("opened");
        let file = File {
            name: "one.bpmn".to_owned(),
            bytes: MODEL.as_bytes().into(),
        };
        let deployed = engine.deploy(Tenant(0), String::new(), vec![file], false);
        deployed.await.expect("deployed");
        for round in 1..=3 {
            let starts = window(&engine, seconds, false).await;
            let pairs = window(&engine, seconds, true).await;
            println!(
                "round {round}: {starts} starts/s, {pairs} pairs/s, archive backlog {}",
                engine.archiver.backlog()
            );
        }
        engine
    });
    engine.stop();
}
