//! Damaged snapshots: what is left takes their place, or it is said that nothing does.
//!
//! Owns: the stories of opening, verifying and repairing with them. Loading is in `snapshot.rs`.

mod support;

use std::sync::Arc;

use snapshots::{
    Disk, EntityRef, FileSnapshots, Journal, MemoryDisk, OpenError, Remedy, RepairError,
    SnapshotStore, backup, repair, verify,
};
use support::{check_prefix, open, records, segments, try_open};

const SEGMENT: u64 = 1024;
const HEADER: usize = 20;
const ENTITY: usize = 110;

/// Twenty records, one in each segment, and a snapshot before each of these; the journal from the first one that is asked for.
fn twenty(replay_from: &[u64], journal_from: u64) -> (MemoryDisk, Vec<snapshots::Record>) {
    let disk = MemoryDisk::new();
    let written = records(1, &[500; 20]);
    let (mut journal, _) = open(&disk, SEGMENT);
    journal.append(&written).expect("append");
    journal.mark().expect("mark");
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let store = FileSnapshots::new(shared, None);
    for before in replay_from {
        let mut writer = store.begin(*before).expect("begin");
        let entity = EntityRef {
            entity: 4,
            kind: 1,
            version: 1,
            sequence: before - 1,
            bytes: b"state",
        };
        writer.put(entity).expect("put");
        writer.finish(20).expect("finish");
    }
    journal.trim(journal_from).expect("trim");
    drop(journal);
    (disk, written)
}

fn snapshots_of(disk: &MemoryDisk) -> Vec<String> {
    let mut paths = disk.paths();
    paths.retain(|path| path.ends_with(".snapshot"));
    paths
}

fn flip(disk: &MemoryDisk, path: &str, at: usize) {
    let mut bytes = disk.contents(path).expect("contents");
    bytes[at] ^= 4;
    disk.put(path, bytes);
}

/// Damages the newest so many.
fn damage(disk: &MemoryDisk, count: usize, at: usize) {
    for path in snapshots_of(disk).iter().rev().take(count) {
        flip(disk, path, at);
    }
}

#[test]
fn repair_sets_damaged_snapshots_aside_and_leaves_a_whole_journal_as_it_is() {
    // snapshots, where the journal begins, how many are damaged
    let rows: [(&[u64], u64, usize); 5] = [
        (&[8], 1, 1),
        (&[8, 15], 1, 1),
        (&[8, 15], 1, 2),
        (&[8, 15], 8, 1),
        (&[4, 8, 15], 4, 2),
    ];
    for (replay_from, begins, count) in rows {
        for at in [HEADER, ENTITY] {
            let what = format!("{replay_from:?} from {begins}, {count} damaged at {at}");
            let (disk, written) = twenty(replay_from, begins);
            damage(&disk, count, at);
            let damages = verify(&disk).expect("verify").damages;
            assert_eq!(damages.len(), count, "{what}");
            let last = damages.last().expect("damage");
            let sequence = *replay_from.last().expect("a snapshot");
            assert_eq!(last.remedy, Remedy::SetAside { sequence }, "{what}");
            assert!(last.to_string().contains("nothing is lost"), "{last}");

            let journal = segments(&disk);
            let report = repair(&disk, sequence).expect("repair");
            assert!(!report.lost, "{what}");
            assert_eq!(report.set_aside.len(), count, "{what}");
            assert_eq!(segments(&disk), journal, "{what}");
            assert_eq!(snapshots_of(&disk).len(), replay_from.len() - count);
            assert!(verify(&disk).expect("verify").is_whole(), "{what}");
            let again = repair(&disk, sequence);
            assert!(matches!(again, Err(RepairError::Whole)), "{again:?}");
            assert_eq!(segments(&disk), journal, "{what}");
            check_prefix(&open(&disk, SEGMENT).0, &written, 20);
        }
    }
}

#[test]
fn a_snapshot_that_nothing_takes_the_place_of_is_named_and_nothing_is_changed() {
    // snapshots, where the journal begins
    let rows: [(&[u64], u64); 3] = [(&[8], 8), (&[8, 15], 15), (&[8, 15], 12)];
    for (replay_from, begins) in rows {
        for at in [HEADER, ENTITY] {
            let what = format!("{replay_from:?} from {begins} at {at}");
            let (disk, _) = twenty(replay_from, begins);
            damage(&disk, 1, at);
            let newest = snapshots_of(&disk).pop().expect("a snapshot");
            let before = disk.paths();
            let report = verify(&disk).expect("verify");
            let told = report.damages.first().expect("damage");
            assert_eq!(told.file, newest, "{what}");
            assert_eq!(told.remedy, Remedy::NothingElse { begins }, "{what}");
            assert!(told.to_string().contains("loomwork restore"), "{told}");
            let refused = repair(&disk, *replay_from.last().expect("a snapshot"));
            let Err(RepairError::Open(OpenError::Corrupt(same))) = refused else {
                panic!("{what}: {refused:?}");
            };
            assert_eq!(*same, *told, "{what}");
            assert_eq!(disk.paths(), before, "{what}");
            if at == HEADER {
                let Err(OpenError::Corrupt(same)) = try_open(&disk, SEGMENT) else {
                    panic!("{what}: opened");
                };
                assert_eq!(*same, *told, "{what}");
            }
            let shared: Arc<dyn Disk> = Arc::new(disk.clone());
            let loaded = FileSnapshots::new(shared, None).load(begins, &mut |_| {});
            assert!(loaded.is_err(), "{what}: {loaded:?}");
        }
    }
}

#[test]
fn a_damaged_snapshot_still_proves_what_was_durable() {
    for at in [HEADER, ENTITY] {
        let (disk, written) = twenty(&[8, 20], 1);
        damage(&disk, 1, at);
        let lost = segments(&disk).split_off(10);
        for path in lost {
            disk.remove(&path).expect("remove");
        }
        let Err(OpenError::Corrupt(told)) = try_open(&disk, SEGMENT) else {
            panic!("{at}: records are missing and nobody says so");
        };
        assert_eq!(told.sequence, 11, "{told}");
        assert!(told.proof.contains("snapshot"), "{told}");
        let report = repair(&disk, 11).expect("repair");
        assert!(report.lost, "it is said");
        assert_eq!(snapshots_of(&disk).len(), 1, "the damaged one is aside");
        assert!(verify(&disk).expect("verify").is_whole());
        assert_eq!(check_prefix(&open(&disk, SEGMENT).0, &written, 10), 10);
    }
}

#[test]
fn a_backup_is_refused_where_no_snapshot_is_whole_and_the_journal_begins_later() {
    for (begins, copied) in [(1, true), (8, false)] {
        let (disk, _) = twenty(&[8], begins);
        let (journal, _) = open(&disk, SEGMENT);
        damage(&disk, 1, ENTITY);
        let made = backup(&journal.handle(), &MemoryDisk::new());
        assert_eq!(made.is_ok(), copied, "from {begins}: {made:?}");
    }
}
