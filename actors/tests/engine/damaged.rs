//! Damaged snapshots under the whole engine: all that was answered is there, or the start is refused.

use crate::support::{archived, close, complete, deploy, open_tasks, start};
use actors::{Engine, OpenError, Options};
use snapshots::MemoryDisk;
use std::{path::Path, sync::Arc};
use tempfile::TempDir;

/// In the header: the survey sees it.
const HEADER: usize = 20;
/// In the first entity: only reading sees it.
const ENTITY: usize = 110;

async fn open_on(disk: &MemoryDisk, data: &Path) -> Result<Engine, OpenError> {
    let options = Options {
        segment_bytes: 16 << 10,
        ..Options::new(data)
    };
    actors::open_on(Arc::new(disk.clone()), options).await
}

async fn opened(disk: &MemoryDisk, data: &Path) -> Engine {
    match open_on(disk, data).await {
        Ok(engine) => engine,
        Err(error) => panic!("the data do not open: {error}"),
    }
}

fn files(disk: &MemoryDisk, ending: &str) -> Vec<String> {
    let mut paths = disk.paths();
    paths.retain(|path| path.starts_with("snapshots/") && path.ends_with(ending));
    paths
}

/// Damages the newest so many snapshots.
fn damage(disk: &MemoryDisk, count: usize, at: usize) {
    for path in files(disk, ".snapshot").iter().rev().take(count) {
        let mut bytes = disk.contents(path).expect("contents");
        bytes[at] ^= 4;
        disk.put(path, bytes);
    }
}

/// Data that were opened and closed so often: each time five instances began, one ended, and a snapshot was taken.
async fn lived(times: usize) -> (MemoryDisk, TempDir) {
    let (disk, data) = (MemoryDisk::new(), tempfile::tempdir().expect("a directory"));
    for time in 0..times {
        let engine = opened(&disk, data.path()).await;
        if time == 0 {
            deploy(&engine).await;
        }
        let first = start(&engine).await;
        for _ in 0..4 {
            start(&engine).await;
        }
        let tasks = open_tasks(&engine).into_iter();
        let task = tasks.rev().find(|task| task.root == first);
        let done = engine.order(first, complete(task.expect("a task")), |_| ());
        done.await.expect("completed");
        archived(&engine).await;
        close(engine).await;
    }
    (disk, data)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_goes_on_past_damaged_snapshots_as_far_as_the_journal_reaches_back() {
    // how often it lived, how many are damaged, where
    let rows = [
        (1, 1, HEADER),
        (1, 1, ENTITY),
        (2, 1, HEADER),
        (4, 1, HEADER),
        (4, 1, ENTITY),
    ];
    for (times, count, at) in rows {
        let what = format!("{count} of {times} damaged at {at}");
        let (disk, data) = lived(times).await;
        damage(&disk, count, at);
        let engine = opened(&disk, data.path()).await;
        assert_eq!(open_tasks(&engine).len(), 4 * times, "{what}");
        assert_eq!(files(&disk, ".torn").len(), count, "{what}: kept");
        start(&engine).await;
        close(engine).await;
        let engine = opened(&disk, data.path()).await;
        assert_eq!(open_tasks(&engine).len(), 4 * times + 1, "{what}");
        close(engine).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_without_a_whole_snapshot_is_refused_where_the_journal_begins_later() {
    for at in [HEADER, ENTITY] {
        let (disk, data) = lived(4).await;
        damage(&disk, 2, at);
        let before = files(&disk, "");
        let Err(refused) = open_on(&disk, data.path()).await else {
            panic!("damaged at {at}: opened");
        };
        let said = refused.to_string();
        for word in ["offset", "sequence", "nowhere else", "loomwork restore"] {
            assert!(said.contains(word), "damaged at {at}: {said}");
        }
        assert_eq!(files(&disk, ""), before, "nothing was set aside");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_snapshot_still_says_that_there_was_a_history() {
    for at in [HEADER, ENTITY] {
        let (disk, data) = lived(1).await;
        damage(&disk, 1, at);
        let elsewhere = tempfile::tempdir().expect("a directory");
        let refused = open_on(&disk, elsewhere.path()).await.err();
        assert!(
            matches!(refused, Some(OpenError::ArchiveMissing { .. })),
            "damaged at {at}: {refused:?}"
        );
        close(opened(&disk, data.path()).await).await;
    }
}
