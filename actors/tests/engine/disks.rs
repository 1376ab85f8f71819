//! Disks that are full or fail, under the whole engine: what is refused, what is told, what goes on by itself.

use crate::support::{
    archived, close, complete, copy_archive, deploy, open, open_tasks, start, start_of,
};
use actors::{Engine, Failure, Options, definitions::deploy::File};
use bpmn::instance::Start;
use codec::Tenant;
use snapshots::{Fault, MemoryDisk};
use std::{path::Path, sync::Arc, time::Duration};

/// Set for the process that is to end.
const CHILD: &str = "LOOMWORK_TEST_FAILED_SYNC";
/// How a process ends that could not write its journal.
const EXIT: i32 = 74;
/// Whatever is awaited comes earlier.
const AT_MOST: Duration = Duration::from_secs(30);

const WAITS: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t">
  <process id="waits"><startEvent id="s"/><sequenceFlow id="a" sourceRef="s" targetRef="c"/>
  <intermediateCatchEvent id="c"><timerEventDefinition><timeDuration>PT1S</timeDuration></timerEventDefinition>
  </intermediateCatchEvent><sequenceFlow id="b" sourceRef="c" targetRef="e"/><endEvent id="e"/></process></definitions>"#;

fn options(data: &Path) -> Options {
    Options {
        segment_bytes: 16 << 10,
        ..Options::new(data)
    }
}

async fn open_on(disk: &MemoryDisk, data: &Path) -> Engine {
    match actors::open_on(Arc::new(disk.clone()), options(data)).await {
        Ok(engine) => engine,
        Err(error) => panic!("the data do not open: {error}"),
    }
}

/// The empty segments that stand ready.
fn spares(disk: &MemoryDisk) -> Vec<String> {
    let mut paths = disk.paths();
    paths.retain(|path| path.contains("spare") && !path.ends_with(".tmp"));
    paths
}

/// Waits until it is so; the engine goes on meanwhile.
async fn until(engine: &Engine, what: &str, so: impl Fn(&Engine) -> bool) {
    let waiting = async {
        while !so(engine) {
            engine.barrier().await;
            tokio::task::yield_now().await;
        }
    };
    let done = tokio::time::timeout(AT_MOST, waiting).await;
    assert!(done.is_ok(), "not within {AT_MOST:?}: {what}");
}

/// Starts instances until the disk is full.
async fn fill(engine: &Engine, disk: &MemoryDisk) {
    disk.limit(Some(disk.used() + 4096));
    let mut started = 0;
    let filling = async {
        loop {
            match engine.start(start_of(engine), |_, _| ()).await {
                Ok(()) => started += 1,
                Err(Failure::DiskFull) => return,
                Err(Failure::Overloaded { .. }) => tokio::task::yield_now().await,
                Err(failure) => panic!("{failure}"),
            }
        }
    };
    let full = tokio::time::timeout(AT_MOST, filling).await;
    assert!(full.is_ok(), "{started} were started");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timer_that_is_due_on_a_full_disk_fires_when_there_is_room() {
    let data = tempfile::tempdir().expect("a directory");
    let disk = MemoryDisk::new();
    let engine = open_on(&disk, data.path()).await;
    deploy(&engine).await;
    let file = File {
        name: "waits.bpmn".to_owned(),
        bytes: WAITS.as_bytes().into(),
    };
    let deployed = engine.deploy(Tenant(0), String::new(), vec![file], false);
    assert!(deployed.await.is_ok());
    let published = engine.catalog.latest(Tenant(0), "waits").expect("deployed");
    let waiting = engine
        .start(Start::new(published.definition.clone()), |root, _| root)
        .await
        .expect("started");
    let due_ms = engine.clock.now_ms() + 1500;
    fill(&engine, &disk).await;
    until(&engine, "the timer is due", |engine| {
        engine.clock.now_ms() > due_ms
    })
    .await;
    assert!(engine.queue.is_full());
    assert_eq!(engine.views.read().counts(Tenant(0)).timers, 1);
    assert!(engine.look(waiting, |_| ()).await.is_ok(), "reads go on");
    disk.limit(None);
    until(&engine, "it fires", |engine| {
        engine.views.read().counts(Tenant(0)).timers == 0
    })
    .await;
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_on_a_full_disk_reads_refuses_writes_and_takes_them_when_there_is_room() {
    let data = tempfile::tempdir().expect("a directory");
    let disk = MemoryDisk::new();
    let engine = open_on(&disk, data.path()).await;
    deploy(&engine).await;
    fill(&engine, &disk).await;
    disk.limit(None);
    until(&engine, "there is room", |engine| !engine.queue.is_full()).await;
    // The segment that was begun last holds something: what it gives back is no room for a whole one.
    for _ in 0..20 {
        start(&engine).await;
    }
    let tasks = |engine: &Engine| engine.views.read().counts(Tenant(0)).tasks;
    let started = tasks(&engine);
    let mut left = disk.duplicate();
    for path in spares(&left) {
        snapshots::Disk::remove(&left, &path).expect("removed");
    }
    let copy = tempfile::tempdir().expect("a directory");
    copy_archive(&engine, copy.path()).await;
    for _ in 0..3 {
        left.limit(Some(left.used() + 512));
        let survivor = open_on(&left, copy.path()).await;
        assert_eq!(tasks(&survivor), started);
        let refused = survivor.start(start_of(&survivor), |_, _| ()).await;
        assert!(matches!(refused, Err(Failure::DiskFull)), "{refused:?}");
        // A crash in this state, for the next one.
        let next = left.duplicate();
        left.limit(None);
        until(&survivor, "writes are taken", |engine| {
            !engine.queue.is_full()
        })
        .await;
        start(&survivor).await;
        assert_eq!(tasks(&survivor), started + 1);
        left = next;
    }
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_cannot_be_written_is_told_and_tried_again() {
    let data = tempfile::tempdir().expect("a directory");
    let disk = MemoryDisk::new();
    let eager = Options {
        snapshot_journal_bytes: 1,
        ..Options::new(data.path())
    };
    let engine = actors::open_on(Arc::new(disk.clone()), eager).await;
    let engine = engine.unwrap_or_else(|error| panic!("{error}"));
    // Two segments stand ready: only the snapshot needs more room.
    until(&engine, "two spares", |_| spares(&disk).len() == 2).await;
    disk.limit(Some(disk.used()));
    deploy(&engine).await;
    until(&engine, "the failure is shown", |engine| {
        engine.snapshots().failure().is_some()
    })
    .await;
    start(&engine).await;
    disk.limit(None);
    until(&engine, "it is tried again", |engine| {
        engine.snapshots().failure().is_none()
    })
    .await;
    assert!(disk.paths().iter().any(|p| p.ends_with(".snapshot")));
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_cannot_be_written_is_told_and_nothing_leaves_memory_before_it_can() {
    let data = tempfile::tempdir().expect("a directory");
    let engine = open(data.path()).await;
    deploy(&engine).await;
    let root = start(&engine).await;
    let other = rusqlite::Connection::open(data.path().join("history.db")).expect("opened");
    let rename = |from: &str, to: &str| {
        let renamed = other.execute_batch(&format!("ALTER TABLE {from} RENAME TO {to}"));
        assert!(renamed.is_ok(), "{renamed:?}");
    };
    rename("instances", "away");
    let task = open_tasks(&engine).remove(0);
    let done = engine.order(root, complete(task), |_| ()).await;
    assert!(done.is_ok(), "{done:?}");
    until(&engine, "the failure is shown", |engine| {
        engine.archiver.failure().is_some()
    })
    .await;
    assert!(engine.archiver.backlog() > 0);
    assert!(engine.directory.get(root).is_some());
    let taking = engine.clone();
    let taken = tokio::task::spawn_blocking(move || taking.snapshots().take_now()).await;
    assert!(
        matches!(taken, Ok(Err(_))),
        "no snapshot lets go of the journal"
    );
    rename("away", "instances");
    until(&engine, "it is archived", |engine| {
        engine.directory.get(root).is_none()
    })
    .await;
    archived(&engine).await;
    assert!(engine.archiver.failure().is_none());
    assert_eq!(engine.archiver.backlog(), 0);
    let found = engine.archiver.archive.get(root.instance());
    assert!(found.expect("the archive is read").is_some());
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_sync_of_the_journal_ends_the_process() {
    if std::env::var_os(CHILD).is_some() {
        let data = tempfile::tempdir().expect("a directory");
        let disk = MemoryDisk::new();
        let engine = open_on(&disk, data.path()).await;
        deploy(&engine).await;
        disk.fail_at(disk.calls() + 1, Fault::FailedSync);
        let started = engine.start(start_of(&engine), |_, _| ()).await;
        panic!("it was answered: {started:?}");
    }
    let program = std::env::current_exe().expect("a program");
    let name = "disks::a_failed_sync_of_the_journal_ends_the_process";
    let ended = tokio::task::spawn_blocking(move || {
        std::process::Command::new(program)
            .args(["--exact", name])
            .env(CHILD, "1")
            .output()
    });
    let output = ended.await.expect("waited").expect("started");
    assert_eq!(output.status.code(), Some(EXIT), "{output:?}");
}
