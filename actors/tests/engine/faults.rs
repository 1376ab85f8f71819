//! What goes wrong beside others: hosts that die, readers in the archiver's way, work that does not stop coming.

use crate::support::{
    archived, close, complete, copy_directory, deploy, open, open_tasks, start, start_of,
};
use actors::{Engine, Failure};
use codec::{Id, RootId, Tenant};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::Duration,
};
use tokio::sync::oneshot;

/// So many pairs of start and completion at a time.
const CLIENTS: usize = 16;

async fn finish(engine: &Engine, root: RootId) {
    let task = task_of(engine, root);
    let done = engine.order(root, complete(task), |_| ()).await;
    assert!(done.is_ok(), "{done:?}");
}

fn task_of(engine: &Engine, root: RootId) -> Id {
    let found = open_tasks(engine)
        .into_iter()
        .find(|task| task.root == root);
    found.expect("an open task")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_dies_over_a_command_leaves_the_instance_as_it_was() {
    let data = tempfile::tempdir().expect("a directory");
    let engine = open(data.path()).await;
    deploy(&engine).await;
    let root = start(&engine).await;
    let task = task_of(&engine, root);
    let before = engine.look(root, |seen| seen.instance.text()).await;
    // More deaths than there are hosts, each after the command's events were applied.
    for _ in 0..5 {
        let died = engine
            .order(root, complete(task), |_| -> () { panic!("on purpose") })
            .await;
        assert!(matches!(died, Err(Failure::Panicked)), "{died:?}");
    }
    let after = engine.look(root, |seen| seen.instance.text()).await;
    assert_eq!(before.expect("seen"), after.expect("seen"));
    assert_eq!(open_tasks(&engine), [task]);
    let done = engine
        .order(root, complete(task), |applied| applied.instance.is_ended())
        .await;
    assert!(matches!(done, Ok(true)), "{done:?}");
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_does_not_happen_leaves_nothing_behind() {
    let data = tempfile::tempdir().expect("a directory");
    let engine = open(data.path()).await;
    deploy(&engine).await;
    let died = engine
        .start(start_of(&engine), |_, _| -> () { panic!("on purpose") })
        .await;
    assert!(matches!(died, Err(Failure::Panicked)), "{died:?}");
    // The answer is on its way while the dead host's supervisor clears up.
    let cleared = async {
        while !engine.directory.is_empty() {
            engine.barrier().await;
        }
    };
    let cleared = tokio::time::timeout(Duration::from_secs(10), cleared).await;
    assert!(cleared.is_ok());
    start(&engine).await;
    assert_eq!(engine.directory.len(), 1);
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_instance_that_is_read_while_it_is_archived_is_archived() {
    let data = tempfile::tempdir().expect("a directory");
    let engine = open(data.path()).await;
    deploy(&engine).await;
    let root = start(&engine).await;
    let (release, held) = mpsc::channel();
    let (holding, holds) = oneshot::channel();
    let reader = engine.clone();
    finish(&engine, root).await;
    let looking = tokio::spawn(async move {
        let look = move |_: &actors::message::Seen<'_>| {
            holding.send(()).expect("awaited");
            held.recv().expect("released");
        };
        reader.look(root, look).await
    });
    holds.await.expect("the reader has it");
    // One that ends later is archived, so the archiver has been here.
    let later = start(&engine).await;
    finish(&engine, later).await;
    while engine.directory.get(later).is_some() {
        engine.barrier().await;
    }
    assert!(engine.directory.get(root).is_some());
    release.send(()).expect("held");
    assert!(matches!(looking.await, Ok(Ok(()))));
    archived(&engine).await;
    assert!(engine.directory.get(root).is_none());
    let found = engine.archiver.archive.get(root.instance());
    assert!(found.expect("the archive is read").is_some());
    close(engine).await;
}

/// Starts an instance and completes its task; how many ended. Past the archive's bound nobody is let in.
async fn pair(engine: &Engine) -> u64 {
    let started = engine
        .start(start_of(engine), |root, applied| {
            let tasks = &applied.instance.rows_ref().tasks;
            root.child(tasks.front().expect("a task").number)
        })
        .await;
    let task = match started {
        Ok(task) => task,
        Err(Failure::Overloaded { .. }) => {
            tokio::task::yield_now().await;
            return 0;
        }
        Err(failure) => panic!("not started: {failure}"),
    };
    loop {
        match engine.order(task.root, complete(task), |_| ()).await {
            Ok(()) => return 1,
            Err(Failure::Overloaded { .. }) => tokio::task::yield_now().await,
            Err(failure) => panic!("not completed: {failure}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flush_of_the_archive_and_a_snapshot_end_while_more_is_ending() {
    let data = tempfile::tempdir().expect("a directory");
    let engine = open(data.path()).await;
    deploy(&engine).await;
    let stop = Arc::new(AtomicBool::new(false));
    let mut busy = tokio::task::JoinSet::new();
    for _ in 0..CLIENTS {
        let (engine, stop) = (engine.clone(), Arc::clone(&stop));
        busy.spawn(async move {
            let mut ended = 0;
            while !stop.load(Ordering::Acquire) {
                ended += pair(&engine).await;
            }
            ended
        });
    }
    for _ in 0..5 {
        let taking = engine.clone();
        let taken = tokio::task::spawn_blocking(move || taking.snapshots().take_now());
        let taken = tokio::time::timeout(Duration::from_secs(30), taken).await;
        assert!(matches!(taken, Ok(Ok(Ok(())))), "{taken:?}");
    }
    // A crash in the middle: whatever the snapshots and the journal hold gives every instance once.
    stop.store(true, Ordering::Release);
    let mut ended = 0;
    while let Some(count) = busy.join_next().await {
        ended += count.expect("not panicked");
    }
    archived(&engine).await;
    let copy = tempfile::tempdir().expect("a directory");
    for directory in ["journal", "snapshots"] {
        copy_directory(&data.path().join(directory), &copy.path().join(directory));
    }
    let history = copy.path().join("history.db");
    assert!(engine.archiver.archive.copy_to(&history).is_ok());
    close(engine).await;
    let survivor = open(copy.path()).await;
    archived(&survivor).await;
    assert!(open_tasks(&survivor).is_empty());
    assert!(survivor.directory.is_empty());
    let all = actors::archive::InstanceFilter::default();
    let rows = survivor.archiver.archive.count_instances(&all, u64::MAX);
    assert_eq!(rows.expect("the archive is read"), ended);
    close(survivor).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn history_keeps_its_key_when_its_definition_goes_and_the_server_crashes() {
    let data = tempfile::tempdir().expect("a directory");
    let engine = open(data.path()).await;
    deploy(&engine).await;
    let root = start(&engine).await;
    finish(&engine, root).await;
    let undeployed = engine.undeploy(Tenant(0), 1, false).await;
    assert!(undeployed.is_ok(), "{undeployed:?}");
    archived(&engine).await;
    let copy = tempfile::tempdir().expect("a directory");
    copy_directory(&data.path().join("journal"), &copy.path().join("journal"));
    let history = copy.path().join("history.db");
    assert!(engine.archiver.archive.copy_to(&history).is_ok());
    close(engine).await;
    let survivor = open(copy.path()).await;
    archived(&survivor).await;
    let found = survivor.archiver.archive.get(root.instance());
    let (row, _) = found.expect("the archive is read").expect("archived");
    assert_eq!((row.key.as_str(), row.version), ("one", 1));
    close(survivor).await;
}
