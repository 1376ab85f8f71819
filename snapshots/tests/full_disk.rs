//! A start on a disk without room: everything can be read, nothing is taken, and it ends by itself.
//!
//! Owns: no expectation about what a running journal does on a full disk.

mod support;

use snapshots::{Admission, Disk, Fault, Journal, MemoryDisk, Record};
use support::{check_prefix, open, records, try_open};

/// A journal without a spare on a disk without room: its last segment has two records, one of them unproven.
fn full() -> (MemoryDisk, Vec<Record>) {
    let disk = MemoryDisk::new();
    let (mut journal, _) = open(&disk, 4096);
    let written = records(1, &[900; 6]);
    journal.append(&written[..5]).expect("append");
    journal.append(&written[5..]).expect("append");
    drop(journal);
    let spares = disk
        .paths()
        .into_iter()
        .filter(|path| path.contains("spare"));
    for spare in spares {
        disk.remove(&spare).expect("removed");
    }
    disk.sync_directory("journal").expect("synced");
    (disk, written)
}

#[test]
fn a_full_disk_is_opened_again_and_again_read_and_written_when_there_is_room() {
    let (disk, mut written) = full();
    for _ in 0..3 {
        // What the one before gave back is taken by others, but for one sector.
        disk.limit(Some(disk.used() + 512));
        let (mut journal, _) = open(&disk, 4096);
        assert!(matches!(journal.admission(), Admission::Full { .. }));
        check_prefix(&journal, &written, written.len());
        assert!(journal.handle().prepare_next().is_err());
    }
    disk.limit(None);
    let (mut journal, _) = open(&disk, 4096);
    assert_eq!(journal.admission(), Admission::Ok);
    drop(journal);
    disk.limit(Some(disk.used()));
    let (mut journal, _) = open(&disk, 4096);
    disk.limit(None);
    journal.handle().prepare_next().expect("prepare");
    assert_eq!(journal.admission(), Admission::Ok);
    written.extend(records(7, &[900; 5]));
    journal.append(&written[6..]).expect("append");
    drop(journal);
    let (journal, _) = open(&disk, 4096);
    check_prefix(&journal, &written, written.len());
}

#[test]
fn a_crash_while_a_full_disk_is_opened_loses_nothing_and_is_no_damage() {
    let (whole, written) = full();
    whole.limit(Some(whole.used()));
    let calls = {
        let disk = whole.duplicate();
        open(&disk, 4096);
        disk.calls()
    };
    let mut crashed = 0;
    for call in 1..=calls {
        for seed in 0..8 {
            let disk = whole.duplicate();
            disk.fail_at(call, Fault::Crash);
            crashed += u32::from(try_open(&disk, 4096).is_err());
            let after = disk.crash(seed);
            after.limit(None);
            let (journal, _) = open(&after, 4096);
            check_prefix(&journal, &written, written.len());
        }
    }
    assert!(crashed > 100, "{crashed}");
}
