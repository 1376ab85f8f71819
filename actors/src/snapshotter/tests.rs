//! Snapshots that fail, and what happens while one is taken.

use super::*;
use crate::{Engine, Options, definitions::deploy::File};
use bpmn::instance::Start;
use codec::{RootId, Tenant};
use snapshots::{FileSnapshots, RealDisk, SnapshotInfo, SnapshotReader};
use std::path::Path;

const MODEL: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t">
  <process id="one"><startEvent id="s"/><sequenceFlow id="a" sourceRef="s" targetRef="t"/><userTask id="t"/></process>
  </definitions>"#;

/// What is done when a snapshot has begun.
type Meanwhile = Box<dyn FnMut() + Send>;

/// Snapshots on the disk; the first one meets something.
struct Store {
    files: FileSnapshots,
    meanwhile: Mutex<Option<Meanwhile>>,
}

impl SnapshotStore for Store {
    fn begin(&self, replay_from: u64) -> Result<Box<dyn SnapshotWriter>, SnapshotError> {
        let begun = self.files.begin(replay_from);
        let meanwhile = self.meanwhile.lock().take();
        if let Some(mut meanwhile) = meanwhile {
            meanwhile();
        }
        begun
    }

    fn latest(&self) -> Result<Option<SnapshotReader>, SnapshotError> {
        self.files.latest()
    }

    fn open(&self, number: u64) -> Result<SnapshotReader, SnapshotError> {
        self.files.open(number)
    }

    fn list(&self) -> Result<Vec<SnapshotInfo>, SnapshotError> {
        self.files.list()
    }

    fn prune(&self, keep: usize) -> Result<Option<u64>, SnapshotError> {
        self.files.prune(keep)
    }

    fn sweep(&self) -> Result<(), SnapshotError> {
        self.files.sweep()
    }
}

async fn open(data: &Path) -> Engine {
    crate::open(Options::new(data)).await.expect("opened")
}

async fn deploy(engine: &Engine) {
    let file = File {
        name: "one.bpmn".to_owned(),
        bytes: MODEL.as_bytes().into(),
    };
    let deployed = engine.deploy(Tenant(0), String::new(), vec![file], false);
    assert!(deployed.await.is_ok());
}

async fn start(engine: &Engine) -> RootId {
    let published = engine.catalog.latest(Tenant(0), "one").expect("deployed");
    let start = Start::new(published.definition.clone());
    engine.start(start, |root, _| root).await.expect("started")
}

/// A second snapshotter beside the engine's.
fn beside(engine: &Engine, data: &Path, meanwhile: Meanwhile) -> Arc<Control> {
    let disk = Arc::new(RealDisk::new(data).expect("a disk"));
    let store = Store {
        files: FileSnapshots::new(disk, None),
        meanwhile: Mutex::new(Some(meanwhile)),
    };
    let (core, journal) = (Arc::clone(engine.core()), engine.journal().clone());
    let (control, _) =
        Snapshotter::start(core, Box::new(store), journal, Vec::new()).expect("a thread");
    control
}

async fn take(control: &Arc<Control>) -> Result<(), String> {
    let control = Arc::clone(control);
    let taken = tokio::task::spawn_blocking(move || control.take_now());
    taken.await.expect("not panicked")
}

async fn close(engine: Engine) {
    let stopped = tokio::task::spawn_blocking(move || engine.stop());
    assert!(stopped.await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_panics_is_a_failure_that_is_shown_and_tried_again() {
    let data = tempfile::tempdir().expect("a directory");
    let engine = open(data.path()).await;
    deploy(&engine).await;
    let control = beside(&engine, data.path(), Box::new(|| panic!("on purpose")));
    let panicked = Err("taking it panicked".to_owned());
    assert_eq!(take(&control).await, panicked);
    assert_eq!(control.failure(), panicked.err());
    assert_eq!(take(&control).await, Ok(()));
    assert_eq!(control.failure(), None);
    control.stop();
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_removed_while_a_snapshot_is_taken_does_not_return_after_a_crash() {
    let data = tempfile::tempdir().expect("a directory");
    let engine = open(data.path()).await;
    deploy(&engine).await;
    let before = start(&engine).await;
    let (remover, runtime) = (engine.clone(), tokio::runtime::Handle::current());
    let removed = Arc::new(Mutex::new(Vec::new()));
    let roots = Arc::clone(&removed);
    let removing = move || {
        let (engine, roots) = (remover.clone(), Arc::clone(&roots));
        runtime.block_on(async move {
            let meanwhile = start(&engine).await;
            roots.lock().push(meanwhile);
            assert!(engine.undeploy(Tenant(0), 1, true).await.is_ok());
        });
    };
    let control = beside(&engine, data.path(), Box::new(removing));
    assert_eq!(take(&control).await, Ok(()));
    control.stop();
    let copy = tempfile::tempdir().expect("a directory");
    for directory in ["journal", "snapshots"] {
        let to = copy.path().join(directory);
        std::fs::create_dir_all(&to).expect("a directory");
        for entry in std::fs::read_dir(data.path().join(directory)).expect("readable") {
            let entry = entry.expect("an entry");
            // A segment that is being prepared gets its name meanwhile; nothing stands in it yet.
            drop(std::fs::copy(entry.path(), to.join(entry.file_name())));
        }
    }
    let history = copy.path().join("history.db");
    assert!(engine.archiver.archive.copy_to(&history).is_ok());
    close(engine).await;

    let survivor = open(copy.path()).await;
    let flushing = Arc::clone(&survivor.archiver);
    let flushed = tokio::task::spawn_blocking(move || flushing.flush());
    assert!(flushed.await.is_ok());
    let mut roots = removed.lock().clone();
    roots.push(before);
    assert_eq!(roots.len(), 2);
    for root in roots {
        let found = survivor.archiver.archive.get(root.instance());
        assert!(found.expect("the archive is read").is_none(), "{root}");
        assert!(survivor.directory.get(root).is_none());
    }
    close(survivor).await;
}
