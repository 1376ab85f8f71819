//! Going on after damage, and copying data.
//!
//! Owns: the stories of verify, repair, backup and restore.

mod support;

use std::sync::Arc;

use snapshots::{
    BackupError, Disk, EntityRef, FileJournal, FileSnapshots, Journal, MemoryDisk, OpenError,
    RealDisk, Remedy, RepairError, SnapshotStore, backup, repair, restore, verify,
};
use support::{check_prefix, open, records, segments, try_open};

const SEGMENT: u64 = 1024;

/// Twenty records, one in each segment, snapshots before 8 and before 15, and a mark.
fn twenty(disk: &MemoryDisk) -> Vec<snapshots::Record> {
    let written = records(1, &[500; 20]);
    let (mut journal, _) = open(disk, SEGMENT);
    journal.append(&written).expect("append");
    journal.mark().expect("mark");
    snapshot(disk, 8, 8);
    snapshot(disk, 15, 16);
    written
}

fn snapshot(disk: &MemoryDisk, replay_from: u64, highest: u64) {
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let store = FileSnapshots::new(shared, None);
    let mut writer = store.begin(replay_from).expect("begin");
    let entity = EntityRef {
        entity: 4,
        kind: 1,
        version: 1,
        sequence: highest,
        bytes: b"state",
    };
    writer.put(entity).expect("put");
    writer.finish(20).expect("finish");
}

fn damage_record(disk: &MemoryDisk, sequence: u64) {
    flip(disk, &segments(disk)[sequence as usize - 1], 200);
}

fn flip(disk: &MemoryDisk, path: &str, at: usize) {
    let mut bytes = disk.contents(path).expect("contents");
    bytes[at] ^= 4;
    disk.put(path, bytes);
}

#[test]
fn repair_loses_nothing_before_the_newest_snapshot_and_goes_back_to_one_that_fits_after_it() {
    // damaged record, first sequence afterwards, next sequence, snapshots left, lost
    let rows: [(u64, u64, u64, usize, bool); 6] = [
        (3, 15, 21, 2, false),
        (12, 15, 21, 2, false),
        (14, 15, 21, 2, false),
        (15, 1, 15, 1, true),
        (16, 1, 16, 1, true),
        (19, 1, 19, 2, true),
    ];
    for (damaged, first, next, left, lost) in rows {
        let disk = MemoryDisk::new();
        let written = twenty(&disk);
        damage_record(&disk, damaged);
        let Err(OpenError::Corrupt(damage)) = try_open(&disk, SEGMENT) else {
            panic!("record {damaged}: not refused");
        };
        assert_eq!(damage.sequence, damaged);
        assert_eq!(verify(&disk).expect("verify").damages, [*damage]);
        let report = repair(&disk, damaged).expect("repair");
        assert_eq!(report.lost, lost, "record {damaged}");
        assert!(report.set_aside.iter().all(|path| path.ends_with(".torn")));
        assert!(
            report
                .set_aside
                .iter()
                .all(|path| disk.contents(path).is_some())
        );
        assert!(verify(&disk).expect("verify").is_whole());
        let (journal, _) = open(&disk, SEGMENT);
        assert_eq!(
            (journal.first_sequence(), journal.next_sequence()),
            (first, next)
        );
        check_prefix(&journal, &written, next as usize - 1);
        let snapshots = disk.paths();
        let snapshots = snapshots.iter().filter(|path| path.ends_with(".snapshot"));
        assert_eq!(snapshots.count(), left, "record {damaged}");
    }
}

#[test]
fn what_follows_damage_in_the_same_segment_is_rescued_when_a_snapshot_has_the_damaged_part() {
    for replay_from in [4, 6, 9] {
        let disk = MemoryDisk::new();
        let (mut journal, _) = open(&disk, 4096);
        let written = records(1, &[100; 40]);
        for batch in written.chunks(2) {
            journal.append(batch).expect("append");
        }
        drop(journal);
        snapshot(&disk, replay_from, 9);
        let path = segments(&disk).remove(0);
        let mut bytes = disk.contents(&path).expect("contents");
        bytes[64 + 168 + 80] ^= 1;
        disk.put(&path, bytes);
        let report = repair(&disk, 2).expect("repair");
        assert!(!report.lost);
        let (journal, _) = open(&disk, 4096);
        assert_eq!(
            (journal.first_sequence(), journal.next_sequence()),
            (replay_from, 41)
        );
        check_prefix(&journal, &written, 40);
    }
}

#[test]
fn repair_changes_nothing_when_it_cannot_help() {
    let disk = MemoryDisk::new();
    let (mut journal, _) = open(&disk, SEGMENT);
    journal.append(&records(1, &[500; 20])).expect("append");
    snapshot(&disk, 8, 16);
    snapshot(&disk, 15, 16);
    journal.trim(8).expect("trim");
    journal.mark().expect("mark");
    drop(journal);
    let path = format!("journal/{:010}-{:020}.journal", 15, 15);
    let mut bytes = disk.contents(&path).expect("contents");
    bytes[200] ^= 4;
    disk.put(&path, bytes);
    let paths = disk.paths();
    let refused = repair(&disk, 15);
    assert!(
        matches!(refused, Err(RepairError::NothingLeft { sequence: 15 })),
        "{refused:?}"
    );
    assert_eq!(disk.paths(), paths);
}

#[test]
fn repair_says_when_the_journal_cannot_be_read_up_to_the_cut() {
    let disk = MemoryDisk::new();
    let (mut journal, _) = open(&disk, 4096);
    journal.append(&records(1, &[100; 10])).expect("append");
    journal.mark().expect("mark");
    drop(journal);
    damage_record(&disk, 1);
    let paths = disk.paths();
    let refused = repair(&disk, 5);
    assert!(
        matches!(refused, Err(RepairError::Earlier { sequence: 1 })),
        "{refused:?}"
    );
    assert_eq!(disk.paths(), paths);
}

#[test]
fn repair_is_refused_while_a_server_runs_and_beyond_what_there_is() {
    let disk = MemoryDisk::new();
    let (mut journal, _) = open(&disk, SEGMENT);
    journal.append(&records(1, &[10; 3])).expect("append");
    let locked = repair(&disk, 2);
    assert!(matches!(
        locked,
        Err(RepairError::Open(OpenError::Locked { .. }))
    ));
    drop(journal);
    let paths = disk.paths();
    assert!(matches!(repair(&disk, 2), Err(RepairError::Whole)));
    assert_eq!(disk.paths(), paths);
    let (mut journal, _) = open(&disk, SEGMENT);
    journal.mark().expect("mark");
    drop(journal);
    flip(&disk, &segments(&disk)[0], 64 + 66);
    let paths = disk.paths();
    assert!(matches!(
        repair(&disk, 9),
        Err(RepairError::Earlier { sequence: 1 })
    ));
    assert!(matches!(
        repair(&disk, 0),
        Err(RepairError::NotThere { sequence: 0 })
    ));
    assert_eq!(disk.paths(), paths);
}

#[test]
fn a_backup_of_a_running_journal_restores_to_the_same_records() {
    let disk = MemoryDisk::new();
    let written = twenty(&disk);
    let (mut journal, _) = open(&disk, SEGMENT);
    let target = MemoryDisk::new();
    let report = backup(&journal.handle(), &target).expect("backup");
    assert_eq!(
        (report.first_sequence, report.last_sequence, report.records),
        (15, 20, 6)
    );
    journal
        .append(&records(21, &[10]))
        .expect("the journal goes on");
    journal.trim(15).expect("no pin is left");
    assert_eq!(journal.first_sequence(), 15);

    let restored = MemoryDisk::new();
    let read = restore(&target, &restored).expect("restore");
    assert_eq!((read.records, read.snapshots), (6, 1));
    let (journal, opened) = open(&restored, SEGMENT);
    assert_eq!(
        (journal.first_sequence(), journal.next_sequence()),
        (15, 21)
    );
    assert_eq!(opened.rewritten, 0, "the copy ends with a mark");
    check_prefix(&journal, &written, 20);
    let again = restore(&target, &restored);
    assert!(matches!(again, Err(BackupError::NotEmpty { .. })));
}

#[test]
fn a_backup_passes_over_a_damaged_snapshot_and_a_damaged_backup_is_not_restored() {
    let disk = MemoryDisk::new();
    let written = twenty(&disk);
    let newest = disk.paths().pop().expect("a snapshot");
    let mut bytes = disk.contents(&newest).expect("contents");
    bytes[110] ^= 1;
    disk.put(&newest, bytes);
    let (journal, _) = open(&disk, SEGMENT);
    let target = MemoryDisk::new();
    let report = backup(&journal.handle(), &target).expect("backup");
    assert_eq!(
        (report.first_sequence, report.damaged_snapshots.len()),
        (8, 1)
    );
    let set_aside = Remedy::SetAside { sequence: 15 };
    assert_eq!(report.damaged_snapshots[0].remedy, set_aside);

    let whole = MemoryDisk::new();
    restore(&target, &whole).expect("restore");
    check_prefix(&open(&whole, SEGMENT).0, &written, 20);
    for path in target.paths() {
        let damaged = target.duplicate();
        let mut bytes = damaged.contents(&path).expect("contents");
        bytes[90] ^= 1;
        damaged.put(&path, bytes);
        let refused = restore(&damaged, &MemoryDisk::new());
        assert!(
            matches!(refused, Err(BackupError::Damaged(_))),
            "{path}: {refused:?}"
        );
    }
}

#[test]
fn a_backup_and_a_verification_succeed_while_the_journal_is_written_and_recycled() {
    let directory = tempfile::tempdir().expect("a directory");
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::new(directory.path()).expect("a disk"));
    let options = support::options(16 << 10);
    let (mut journal, _) = FileJournal::open(Arc::clone(&disk), options).expect("open");
    let handle = journal.handle();
    let store = FileSnapshots::new(Arc::clone(&disk), None);
    let (progress, rounds) = std::sync::mpsc::sync_channel(0);
    let copied = std::thread::scope(|scope| {
        scope.spawn(move || {
            // Ends when nobody waits for its progress any more.
            while progress.send(()).is_ok() {
                let next = journal.next_sequence();
                let mut writer = store.begin(next).expect("begin");
                for _ in 0..10 {
                    let batch = records(journal.next_sequence(), &[200; 20]);
                    journal.append(&batch).expect("append");
                }
                let entity = EntityRef {
                    entity: 1,
                    kind: 1,
                    version: 1,
                    sequence: next + 3,
                    bytes: &[8; 300],
                };
                writer.put(entity).expect("put");
                writer.finish(journal.durable_sequence()).expect("finish");
                if let Some(before) = store.prune(2).expect("prune") {
                    journal.trim(before).expect("trim");
                }
            }
        });
        let mut copied = Vec::new();
        for _ in 0..20 {
            for _ in 0..3 {
                rounds.recv().expect("the writer lives");
            }
            let target = MemoryDisk::new();
            let report = backup(&handle, &target).expect("backup");
            assert_eq!(
                report.records,
                report.last_sequence + 1 - report.first_sequence
            );
            let read = verify(&target).expect("verify");
            assert!(read.is_whole());
            assert_eq!(read.records, report.records);
            let live = verify(disk.as_ref()).expect("verify");
            assert!(live.is_whole(), "{:?}", live.damages);
            copied.push((report.first_sequence, report.last_sequence));
        }
        drop(rounds);
        copied
    });
    println!("records in the backups: {copied:?}");
    assert!(copied.last().is_some_and(|(first, _)| *first > 1));
}
