//! An archive that is not what it was: rows lost with its write-ahead log, an older copy, a damaged file.

use crate::support::{
    archived, close, complete, copy_archive, copy_directory, deploy, open, open_tasks, start,
};
use actors::{Engine, OpenError, Options};
use codec::RootId;
use snapshots::{Disk, RealDisk};
use std::{path::Path, sync::Arc};

async fn ended(engine: &Engine) -> RootId {
    let root = start(engine).await;
    let task = open_tasks(engine).into_iter().find(|id| id.root == root);
    let done = engine
        .order(root, complete(task.expect("a task")), |_| ())
        .await;
    assert!(done.is_ok(), "{done:?}");
    archived(engine).await;
    root
}

async fn snapshot(engine: &Engine) {
    let taking = engine.clone();
    let taken = tokio::task::spawn_blocking(move || taking.snapshots().take_now()).await;
    assert!(matches!(taken, Ok(Ok(()))), "{taken:?}");
    // The journal is trimmed by its writer.
    engine.barrier().await;
}

fn copy_without_history(from: &Path, to: &Path) {
    for directory in ["journal", "snapshots"] {
        copy_directory(&from.join(directory), &to.join(directory));
    }
}

async fn refused(data: &Path) -> OpenError {
    match actors::open(Options::new(data)).await {
        Err(error) => error,
        Ok(_) => panic!("opened"),
    }
}

fn disk(data: &Path) -> Arc<dyn Disk> {
    Arc::new(RealDisk::new(data).expect("a directory"))
}

async fn is_archived(engine: &Engine, root: RootId) -> bool {
    archived(engine).await;
    let found = engine.archiver.archive.get(root.instance());
    found.expect("the archive is read").is_some()
}

/// Of the last commits, or of all where even the schema was in the write-ahead log.
fn tells_of_a_loss(error: &OpenError) -> bool {
    matches!(
        error,
        OpenError::ArchiveBehind { .. } | OpenError::ArchiveMissing { .. }
    )
}

fn zero_length(path: &Path) {
    std::fs::write(path, "").expect("written");
}

fn without_schema(path: &Path) {
    let emptied = rusqlite::Connection::open(path);
    let emptied = emptied.and_then(|it| it.execute_batch("CREATE TABLE t (a); DROP TABLE t"));
    assert!(emptied.is_ok(), "{emptied:?}");
}

/// Refused by name as often as it is tried: looking at it does not make it the archive.
async fn is_missing(data: &Path) {
    for _ in 0..2 {
        let error = refused(data).await;
        let text = error.to_string();
        assert!(matches!(error, OpenError::ArchiveMissing { .. }), "{text}");
        let file = data.join("history.db");
        for word in [&*file.to_string_lossy(), "backup", "--accept-history"] {
            assert!(text.contains(word), "it says {word}: {text}");
        }
        let verified = actors::verify_history(data, disk(data));
        assert!(matches!(verified, Err(OpenError::ArchiveMissing { .. })));
    }
}

/// Accepts that the archive has lost commits: the server starts, and what had ended is gone.
async fn goes_on_without(data: &Path, root: RootId) {
    let lost = actors::accept_history(data, disk(data));
    assert!(matches!(lost, Ok(1..)), "{lost:?}");
    let survivor = open(data).await;
    assert!(!is_archived(&survivor, root).await);
    close(survivor).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_lost_with_the_write_ahead_log_are_told_and_given_up_only_by_name() {
    let data = tempfile::tempdir().expect("a directory");
    let options = Options {
        segment_bytes: 16 << 10,
        ..Options::new(data.path())
    };
    let engine = actors::open(options).await.expect("opened");
    deploy(&engine).await;
    let root = ended(&engine).await;
    // The journal is needed, and there, only from behind the end of the instance.
    for _ in 0..3 {
        for _ in 0..40 {
            start(&engine).await;
        }
        snapshot(&engine).await;
    }
    let log = std::fs::read(data.path().join("history.db-wal")).expect("a log");
    let (removed, zeros) = (None, Some(vec![0; log.len()]));
    let older = Some(log[..log.len() / 2].to_vec());
    for left in [removed, zeros, older] {
        let copy = tempfile::tempdir().expect("a directory");
        copy_without_history(data.path(), copy.path());
        let history = copy.path().join("history.db");
        std::fs::copy(data.path().join("history.db"), &history).expect("copied");
        if let Some(log) = &left {
            std::fs::write(copy.path().join("history.db-wal"), log).expect("written");
        }
        let error = refused(copy.path()).await;
        let text = error.to_string();
        assert!(tells_of_a_loss(&error), "{text}");
        for word in [&*history.to_string_lossy(), "-wal", "--accept-history"] {
            assert!(text.contains(word), "it says {word}: {text}");
        }
        let verified = actors::verify_history(copy.path(), disk(copy.path()));
        assert!(verified.is_err_and(|error| tells_of_a_loss(&error)));
        goes_on_without(copy.path(), root).await;
    }
    assert!(is_archived(&engine, root).await);
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_archive_where_something_had_ended_is_refused_until_it_is_accepted_by_name() {
    let data = tempfile::tempdir().expect("a directory");
    let engine = open(data.path()).await;
    deploy(&engine).await;
    let root = ended(&engine).await;
    snapshot(&engine).await;
    close(engine).await;
    let ways: [&dyn Fn(&Path); 2] = [&zero_length, &without_schema];
    for empty in ways {
        let copy = tempfile::tempdir().expect("a directory");
        copy_without_history(data.path(), copy.path());
        empty(&copy.path().join("history.db"));
        is_missing(copy.path()).await;
        goes_on_without(copy.path(), root).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_is_lost_before_the_first_snapshot_is_refused_until_it_is_accepted_by_name()
{
    let data = tempfile::tempdir().expect("a directory");
    let engine = open(data.path()).await;
    deploy(&engine).await;
    let root = ended(&engine).await;
    // With it go lines of logs and rows of the audit trail, which are nowhere else; what ended is in the journal.
    let gone = |_: &Path| {};
    let ways: [&dyn Fn(&Path); 3] = [&gone, &zero_length, &without_schema];
    for lose in ways {
        let copy = tempfile::tempdir().expect("a directory");
        copy_directory(&data.path().join("journal"), &copy.path().join("journal"));
        lose(&copy.path().join("history.db"));
        is_missing(copy.path()).await;
        let recorded = actors::open_history(copy.path(), true).err();
        assert!(matches!(recorded, Some(OpenError::ArchiveMissing { .. })));
        let lost = actors::accept_history(copy.path(), disk(copy.path()));
        assert!(matches!(lost, Ok(0)), "{lost:?}");
        for _ in 0..2 {
            let survivor = open(copy.path()).await;
            assert!(is_archived(&survivor, root).await);
            close(survivor).await;
        }
    }
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_that_was_killed_before_it_had_made_the_archive_is_done_again() {
    let gone = |_: &Path| {};
    let ways: [&dyn Fn(&Path); 3] = [&gone, &zero_length, &without_schema];
    for left in ways {
        let data = tempfile::tempdir().expect("a directory");
        let options = snapshots::JournalOptions::default();
        let journal = snapshots::FileJournal::open(disk(data.path()), options);
        drop(journal.expect("a journal"));
        let history = data.path().join("history.db");
        left(&history);
        let existed = history.exists();
        let verified = actors::verify_history(data.path(), disk(data.path()));
        assert!(verified.is_ok(), "{verified:?}");
        assert_eq!(history.exists(), existed, "it is only read");
        let engine = open(data.path()).await;
        deploy(&engine).await;
        start(&engine).await;
        close(engine).await;
        close(open(data.path()).await).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_older_archive_lacks_is_archived_again_while_the_journal_has_it() {
    let data = tempfile::tempdir().expect("a directory");
    let engine = open(data.path()).await;
    deploy(&engine).await;
    let first = ended(&engine).await;
    snapshot(&engine).await;
    let copy = tempfile::tempdir().expect("a directory");
    let history = copy.path().join("history.db");
    assert!(engine.archiver.archive.copy_to(&history).is_ok());
    let second = ended(&engine).await;
    snapshot(&engine).await;
    let third = ended(&engine).await;
    copy_without_history(data.path(), copy.path());
    close(engine).await;
    let verified = actors::verify_history(copy.path(), disk(copy.path()));
    assert!(matches!(verified, Err(OpenError::ArchiveBehind { .. })));
    for _ in 0..2 {
        let survivor = open(copy.path()).await;
        for root in [first, second, third] {
            assert!(is_archived(&survivor, root).await);
        }
        close(survivor).await;
        let verified = actors::verify_history(copy.path(), disk(copy.path()));
        assert!(verified.is_ok(), "{verified:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_with_a_damaged_page_is_refused_by_name() {
    let data = tempfile::tempdir().expect("a directory");
    let engine = open(data.path()).await;
    deploy(&engine).await;
    ended(&engine).await;
    snapshot(&engine).await;
    let copy = tempfile::tempdir().expect("a directory");
    copy_without_history(data.path(), copy.path());
    let history = copy.path().join("history.db");
    assert!(engine.archiver.archive.copy_to(&history).is_ok());
    close(engine).await;
    let whole = std::fs::read(&history).expect("read");
    for page in [0, 1, whole.len() / 4096 - 1] {
        let mut bytes = whole.clone();
        bytes[page * 4096..(page + 1) * 4096].fill(0x5a);
        std::fs::write(&history, bytes).expect("written");
        let error = refused(copy.path()).await;
        let text = error.to_string();
        assert!(matches!(error, OpenError::ArchiveDamaged { .. }), "{text}");
        assert!(text.contains(&*history.to_string_lossy()), "{text}");
        assert!(actors::verify_history(copy.path(), disk(copy.path())).is_err());
    }
    std::fs::write(&history, whole).expect("written");
    close(open(copy.path()).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_only_the_archive_of_a_backup_knows_is_taken_back() {
    let data = tempfile::tempdir().expect("a directory");
    let engine = open(data.path()).await;
    deploy(&engine).await;
    let (before, meanwhile) = (ended(&engine).await, start(&engine).await);
    let backup = tempfile::tempdir().expect("a directory");
    copy_without_history(data.path(), backup.path());
    // It ends between the copy of the journal and that of the archive.
    let task = open_tasks(&engine).into_iter().next().expect("a task");
    let done = engine.order(meanwhile, complete(task), |_| ()).await;
    assert!(done.is_ok(), "{done:?}");
    archived(&engine).await;
    copy_archive(&engine, backup.path()).await;
    close(engine).await;
    let archive = actors::archive::Archive::open(&backup.path().join("history.db"));
    let marked = archive.and_then(|archive| archive.mark_restored());
    assert!(marked.is_ok(), "{marked:?}");
    for _ in 0..2 {
        let engine = open(backup.path()).await;
        assert!(is_archived(&engine, before).await);
        assert!(!is_archived(&engine, meanwhile).await);
        assert_eq!(open_tasks(&engine), [task]);
        let filter = actors::archive::TaskFilter::default();
        let finished = engine.archiver.archive.count_tasks(&filter, 10);
        assert!(matches!(finished, Ok(1)), "that of the first: {finished:?}");
        close(engine).await;
    }
    let engine = open(backup.path()).await;
    let done = engine.order(meanwhile, complete(task), |_| ()).await;
    assert!(done.is_ok(), "{done:?}");
    assert!(is_archived(&engine, meanwhile).await);
    close(engine).await;
}
