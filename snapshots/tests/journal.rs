//! The journal as its writer sees it: append, read, roll, mark, trim, reopen, run full.
//!
//! Owns: the stories without faults; those with faults are in `faults.rs` and `crash.rs`.

mod support;

use std::ops::ControlFlow;
use std::sync::Arc;

use snapshots::{
    Admission, Disk, Durability, FileJournal, FullReason, Journal, JournalError, JournalOptions,
    MARK_KIND, MemoryDisk, OpenError, RealDisk, Record,
};
use support::{all, check_prefix, open, options, record, records, segments, try_open};

#[test]
fn what_was_appended_is_read_back_in_order_after_any_number_of_reopens() {
    let disk = MemoryDisk::new();
    let mut written: Vec<Record> = Vec::new();
    for round in 0..6u64 {
        let (mut journal, report) = open(&disk, 2048);
        assert_eq!(report.next_sequence, written.len() as u64 + 1);
        assert_eq!(report.torn, None);
        let next = journal.next_sequence();
        let batch = records(next, &[10, 0, 300, 77 + round as usize, 1]);
        let last = journal.append(&batch).expect("append");
        assert_eq!(last, next + 4);
        assert_eq!(journal.durable_sequence(), last);
        written.extend(batch);
        check_prefix(&journal, &written, written.len());
    }
    println!(
        "{} records in {} segments",
        written.len(),
        segments(&disk).len()
    );
}

#[test]
fn a_batch_larger_than_a_segment_is_spread_over_several() {
    let disk = MemoryDisk::new();
    let (mut journal, _) = open(&disk, 1024);
    let batch = records(1, &[500; 9]);
    assert_eq!(journal.append(&batch).expect("append"), 9);
    assert_eq!(segments(&disk).len(), 9);
    check_prefix(&journal, &batch, 9);
    drop(journal);
    let (journal, _) = open(&disk, 1024);
    check_prefix(&journal, &batch, 9);
}

#[test]
fn reading_begins_anywhere_and_breaks_off_when_told() {
    let disk = MemoryDisk::new();
    let (mut journal, _) = open(&disk, 1024);
    journal.append(&records(1, &[100; 30])).expect("append");
    for from in [1, 2, 7, 15, 30, 31] {
        let read: Vec<u64> = journal
            .read_from(from)
            .expect("read")
            .map(|stored| stored.expect("stored").sequence)
            .collect();
        assert_eq!(read, (from..31).collect::<Vec<u64>>());
    }
    let mut seen = 0;
    let next = journal.replay(3, &mut |_| {
        seen += 1;
        if seen == 4 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    assert_eq!((next.expect("replay"), seen), (7, 4));
}

#[test]
fn what_cannot_be_a_record_is_refused_and_nothing_of_its_batch_is_written() {
    let disk = MemoryDisk::new();
    let (mut journal, _) = open(&disk, 4096);
    let reserved = Record {
        kind: MARK_KIND,
        ..record(2, 3)
    };
    let refused = journal.append(&[record(1, 3), reserved]);
    assert!(matches!(refused, Err(JournalError::ReservedKind)));
    let refused = journal.append(&[record(1, 3), record(2, 4096 - 255)]);
    assert!(matches!(
        refused,
        Err(JournalError::TooLarge {
            bytes: 3841,
            limit_bytes: 3840
        })
    ));
    assert_eq!(journal.next_sequence(), 1);
    let largest = records(1, &[3840, 3840]);
    journal.append(&largest).expect("append");
    check_prefix(&journal, &largest, 2);
}

#[test]
fn trimming_frees_whole_segments_as_far_as_no_pin_holds_them() {
    let disk = MemoryDisk::new();
    let (mut journal, _) = open(&disk, 1024);
    journal.append(&records(1, &[500; 10])).expect("append");
    let handle = journal.handle();
    let pin = handle.pin(4);
    journal.trim(8).expect("trim");
    assert_eq!(journal.first_sequence(), 4);
    drop(pin);
    journal.trim(8).expect("trim");
    assert_eq!(journal.first_sequence(), 8);
    assert_eq!(all(&journal).len(), 3);
    let trimmed = journal.read_from(7).err();
    assert!(matches!(
        trimmed,
        Some(JournalError::Trimmed {
            wanted: 7,
            first: 8
        })
    ));
    journal.trim(100).expect("trim");
    assert_eq!(journal.first_sequence(), 10, "the active segment stays");
}

#[test]
fn bytes_since_counts_what_lies_behind_a_sequence() {
    let disk = MemoryDisk::new();
    let (mut journal, _) = open(&disk, 1 << 20);
    assert_eq!(journal.bytes_since(1), 0);
    for first in (1..4000u64).step_by(100) {
        journal
            .append(&records(first, &[448; 100]))
            .expect("append");
    }
    let whole = journal.bytes_since(1);
    assert_eq!(whole, 4000 * 512);
    for sequence in [2, 500, 1999, 3999, 4000] {
        let exact = (4001 - sequence) * 512;
        let said = journal.bytes_since(sequence);
        assert!(
            (exact..exact + 65 * 1024).contains(&said),
            "{sequence}: {said} for {exact}"
        );
    }
    assert_eq!(journal.bytes_since(4001), 0);
    drop(journal);
    let (journal, _) = open(&disk, 1 << 20);
    assert_eq!(journal.bytes_since(1), whole);
}

#[test]
fn an_async_append_is_durable_only_after_a_sync() {
    let disk = MemoryDisk::new();
    let relaxed = JournalOptions {
        durability: Durability::Async,
        ..options(4096)
    };
    let (mut journal, _) = FileJournal::open(Arc::new(disk.clone()), relaxed).expect("open");
    assert_eq!(journal.append(&records(1, &[20; 5])).expect("append"), 5);
    assert_eq!(journal.durable_sequence(), 0);
    assert_eq!(journal.sync().expect("sync"), 5);
    assert_eq!(journal.durable_sequence(), 5);
    assert_eq!(journal.handle().durable_sequence(), 5);
}

#[test]
fn a_mark_proves_the_last_batch_and_an_idle_journal_writes_no_second_one() {
    let disk = MemoryDisk::new();
    let (mut journal, _) = open(&disk, 4096);
    journal.append(&records(1, &[20; 5])).expect("append");
    journal.mark().expect("mark");
    let calls = disk.calls();
    journal.mark().expect("mark");
    assert_eq!(disk.calls(), calls);
    drop(journal);
    let (_, report) = open(&disk, 4096);
    assert_eq!(
        (report.marks, report.proven_before, report.rewritten),
        (1, 6, 0)
    );
}

#[test]
fn what_nothing_proved_is_written_anew_before_the_first_request() {
    let disk = MemoryDisk::new();
    let (mut journal, _) = open(&disk, 4096);
    let written = records(1, &[20; 5]);
    journal.append(&written[..2]).expect("append");
    journal.append(&written[2..]).expect("append");
    drop(journal);
    let (journal, report) = open(&disk, 4096);
    assert_eq!((report.proven_before, report.rewritten), (3, 3));
    drop(journal);
    let (journal, report) = open(&disk, 4096);
    assert_eq!((report.proven_before, report.rewritten), (6, 0));
    check_prefix(&journal, &written, 5);
}

#[test]
fn a_full_disk_stops_admission_first_and_ends_by_itself() {
    let disk = MemoryDisk::new();
    let (mut journal, _) = open(&disk, 1024);
    let handle = journal.handle();
    assert_eq!(journal.admission(), Admission::Ok);

    disk.limit(Some(disk.used()));
    let mut written = records(1, &[500; 2]);
    journal
        .append(&written)
        .expect("the spare segment takes what was decided");
    assert_eq!(
        journal.admission(),
        Admission::Later,
        "nobody has tried yet"
    );
    assert!(handle.prepare_next().is_err());
    let full = journal.admission();
    assert!(
        matches!(
            full,
            Admission::Full {
                reason: FullReason::Preparation { .. }
            }
        ),
        "{full:?}"
    );
    assert_eq!(all(&journal).len(), 2, "reads go on");

    disk.limit(None);
    assert!(handle.prepare_next().expect("prepare"));
    assert!(!handle.prepare_next().expect("nothing to prepare"));
    assert_eq!(journal.admission(), Admission::Ok);
    written.extend(records(3, &[500; 2]));
    journal.append(&written[2..]).expect("append");
    check_prefix(&journal, &written, 4);
}

#[test]
fn a_journal_held_back_past_its_limit_takes_no_new_work_until_it_is_trimmed() {
    let disk = MemoryDisk::new();
    let limited = JournalOptions {
        held_limit_bytes: Some(4096),
        ..options(1024)
    };
    let (mut journal, _) = FileJournal::open(Arc::new(disk.clone()), limited).expect("open");
    journal.append(&records(1, &[500; 5])).expect("append");
    journal.handle().prepare_next().expect("prepare");
    let full = journal.admission();
    let reason = FullReason::HeldBack {
        held_bytes: 5120,
        limit_bytes: 4096,
    };
    assert_eq!(full, Admission::Full { reason });
    journal.trim(4).expect("trim");
    assert_eq!(journal.admission(), Admission::Ok);
}

#[test]
fn trimmed_segments_are_written_again_and_only_the_surplus_is_given_back_one_at_a_time() {
    let disk = MemoryDisk::new();
    let keeping = JournalOptions {
        kept_segments: 3,
        ..options(1024)
    };
    let (mut journal, _) = FileJournal::open(Arc::new(disk.clone()), keeping).expect("open");
    let handle = journal.handle();
    let spares = || {
        let files = disk.list("journal").expect("list");
        files
            .iter()
            .filter(|name| name.starts_with("spare-"))
            .count()
    };
    // One record fills a segment.
    let mut next = journal.append(&records(1, &[700; 8])).expect("append") + 1;
    handle.prepare_next().expect("prepare");
    journal.trim(next).expect("trim");
    let most = spares();
    assert!(most > 6, "nothing is removed while it is trimmed: {most}");
    for left in (3..most).rev() {
        assert!(!handle.prepare_next().expect("given back"));
        assert_eq!(spares(), left);
    }
    assert!(!handle.prepare_next().expect("nothing to do"));
    assert_eq!(spares(), 3);
    for left in (0..3).rev() {
        next = journal.append(&records(next, &[700])).expect("append") + 1;
        assert_eq!(spares(), left, "one is written again");
    }
    assert_eq!(
        all(&journal).last().map(|last| last.sequence),
        Some(next - 1)
    );
}

#[test]
fn a_second_opener_is_refused_on_a_real_directory_and_in_memory() {
    let directory = tempfile::tempdir().expect("a directory");
    let real = RealDisk::new(directory.path()).expect("a disk");
    let memory = MemoryDisk::new();
    let disks: [Arc<dyn Disk>; 2] = [Arc::new(real), Arc::new(memory)];
    for disk in disks {
        let first = FileJournal::open(Arc::clone(&disk), options(4096)).expect("open");
        let second = FileJournal::open(Arc::clone(&disk), options(4096)).err();
        let Some(error @ OpenError::Locked { .. }) = second else {
            panic!("not refused");
        };
        assert!(
            error.to_string().contains("in use by another process"),
            "{error}"
        );
        drop(first);
        FileJournal::open(disk, options(4096)).expect("free again");
    }
}

#[test]
fn leftover_files_are_removed_and_foreign_ones_left_alone() {
    let disk = MemoryDisk::new();
    let (mut journal, _) = open(&disk, 1024);
    let written = records(1, &[10; 3]);
    journal.append(&written).expect("append");
    drop(journal);
    disk.put("journal/spare-0000000009.tmp", vec![1; 100]);
    disk.put("journal/spare-0000000008", vec![0; 100]);
    disk.put(
        "snapshots/0000000001-00000000000000000002.snapshot.tmp",
        vec![1; 5],
    );
    disk.put("journal/notes.txt", b"mine".to_vec());
    let (journal, report) = open(&disk, 1024);
    check_prefix(&journal, &written, 3);
    assert_eq!(report.foreign, ["journal/notes.txt"]);
    let paths = disk.paths();
    assert!(
        paths.iter().all(|path| !path.ends_with(".tmp")),
        "{paths:?}"
    );
    assert!(
        !paths.contains(&"journal/spare-0000000008".to_owned()),
        "{paths:?}"
    );
    assert!(paths.contains(&"journal/notes.txt".to_owned()));
}

#[test]
fn a_later_format_is_refused_by_name_and_not_called_damage() {
    let disk = MemoryDisk::new();
    let (journal, _) = open(&disk, 1024);
    drop(journal);
    let path = segments(&disk).pop().expect("a segment");
    let mut bytes = disk.contents(&path).expect("contents");
    bytes[8] = 2;
    let crc = crc32c::crc32c(&bytes[..60]);
    bytes[60..64].copy_from_slice(&crc.to_le_bytes());
    disk.put(&path, bytes);
    let refused = try_open(&disk, 1024).err();
    assert!(
        matches!(
            refused,
            Some(OpenError::UnknownFormat {
                found: 2,
                known: 1,
                ..
            })
        ),
        "{refused:?}"
    );
}

#[test]
fn a_payload_that_looks_like_a_frame_proves_nothing() {
    let disk = MemoryDisk::new();
    let (mut journal, _) = open(&disk, 4096);
    journal.append(&records(1, &[16])).expect("append");
    journal.append(&records(2, &[16])).expect("append");
    let path = segments(&disk).pop().expect("a segment");
    let bytes = disk.contents(&path).expect("contents");
    let other = MemoryDisk::new();
    let unguessed = JournalOptions {
        salt: 99,
        ..options(4096)
    };
    let (mut journal, _) = FileJournal::open(Arc::new(other.clone()), unguessed).expect("open");
    let copied = Record {
        payload: bytes[64..400].to_vec(),
        ..record(1, 0)
    };
    journal.append(&[copied]).expect("append");
    drop(journal);
    let path = segments(&other).pop().expect("a segment");
    let mut bytes = other.contents(&path).expect("contents");
    bytes[70] ^= 1;
    other.put(&path, bytes);
    let (journal, report) = open(&other, 4096);
    assert_eq!(journal.next_sequence(), 1);
    assert_eq!(report.torn_files, 1);
}

#[test]
fn segments_on_a_real_disk_are_recycled() {
    let directory = tempfile::tempdir().expect("a directory");
    let disk = RealDisk::new(directory.path()).expect("a disk");
    let (mut journal, _) =
        FileJournal::open(Arc::new(disk.clone()), options(64 << 10)).expect("open");
    let mut next = 1;
    for _ in 0..40 {
        let batch = records(next, &[1000; 50]);
        next = journal.append(&batch).expect("append") + 1;
        journal.trim(next).expect("trim");
        journal.handle().prepare_next().expect("prepare");
    }
    journal.mark().expect("mark");
    let files = disk.list("journal").expect("list");
    assert_eq!(files.len(), 2, "the active one and a spare: {files:?}");
    let first = journal.first_sequence();
    assert!(first > 1900, "{first}");
    let found = all(&journal);
    assert_eq!(found.len() as u64, next - first);
    drop(journal);
    println!("{} records went through two files", next - 1);
}
