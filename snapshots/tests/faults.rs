//! Files cut at every byte and with every bit flipped, and a disk that fails at every call.
//!
//! Owns: the promise that damage to what was durable is told with file, offset, sequence and repair command, and that
//! nothing else is ever called damage.

mod support;

use std::sync::Arc;

use snapshots::{
    Damage, Disk, Durability, EntityRef, Fault, FileSnapshots, Journal, MemoryDisk, OpenError,
    Random, Record, Remedy, SnapshotStore, repair, verify,
};
use support::workload::{End, Workload};
use support::{check_prefix, frame_starts, open, records, segments, try_open};

const SEGMENT: u64 = 1024;
/// Two segments and a bit: see `small_journal`.
const SIZES: [&[usize]; 3] = [&[40, 300, 0, 150], &[500, 200], &[100, 30, 65]];

/// A journal whose frames are all proven by a mark when `marked`, without its spare files. The last segment has
/// two batches, so that without the mark only the second of them is unproven.
fn small_journal(marked: bool) -> (MemoryDisk, Vec<Record>) {
    let disk = MemoryDisk::new();
    let (mut journal, _) = open(&disk, SEGMENT);
    let sizes: Vec<usize> = SIZES.concat();
    let written = records(1, &sizes);
    let (first, second) = written.split_at(7);
    journal.append(first).expect("append");
    journal.append(second).expect("append");
    if marked {
        journal.mark().expect("mark");
    }
    drop(journal);
    let clean = MemoryDisk::new();
    for path in segments(&disk) {
        clean.put(&path, disk.contents(&path).expect("contents"));
    }
    assert_eq!(segments(&clean).len(), SIZES.len());
    (clean, written)
}

/// The sequence whose frame lies at this offset of the segment, or `None` behind them all.
fn sequence_at(segment: usize, offset: usize) -> Option<u64> {
    let before: usize = SIZES[..segment].iter().map(|sizes| sizes.len()).sum();
    let first = before as u64 + 1;
    let starts = frame_starts(SIZES[segment]);
    let behind = starts.iter().skip(1).position(|end| offset < *end);
    behind.map(|at| first + at as u64)
}

fn corrupt(disk: &MemoryDisk) -> Damage {
    match try_open(disk, SEGMENT) {
        Err(OpenError::Corrupt(damage)) => *damage,
        Err(error) => panic!("{error}"),
        Ok((journal, _)) => panic!("opened with {} records", journal.next_sequence() - 1),
    }
}

#[test]
fn every_flipped_bit_in_a_proven_frame_is_told_with_its_place_and_repair() {
    let (whole, written) = small_journal(true);
    let (mut told, mut harmless, mut repaired) = (0, 0, 0);
    for (at, path) in segments(&whole).iter().enumerate() {
        let bytes = whole.contents(path).expect("contents");
        for offset in 0..bytes.len() {
            for bit in 0..8 {
                let disk = whole.duplicate();
                let mut flipped = bytes.clone();
                flipped[offset] ^= 1 << bit;
                disk.put(path, flipped);
                let Some(sequence) = sequence_at(at, offset) else {
                    let (journal, _) = open(&disk, SEGMENT);
                    check_prefix(&journal, &written, written.len());
                    harmless += 1;
                    continue;
                };
                let damage = corrupt(&disk);
                assert_eq!(&damage.file, path);
                assert_eq!(
                    damage.sequence, sequence,
                    "offset {offset}, bit {bit}: {damage}"
                );
                assert!(damage.offset <= offset as u64);
                assert_eq!(damage.remedy, Remedy::Repair { sequence });
                let command = format!("loomwork verify --repair {sequence}");
                assert!(damage.to_string().contains(&command), "{damage}");
                told += 1;
                if bit == offset % 8 {
                    repair(&disk, sequence).expect("repair");
                    let (journal, _) = open(&disk, SEGMENT);
                    assert_eq!(journal.next_sequence(), sequence);
                    check_prefix(&journal, &written, 0);
                    repaired += 1;
                }
            }
        }
    }
    println!("{told} bits told, {harmless} outside of frames, {repaired} repaired");
    assert!(told > 10_000 && harmless > 0 && repaired > 1_000);
}

#[test]
fn a_flipped_bit_in_an_unproven_frame_cuts_there_and_keeps_what_is_cut() {
    let (whole, written) = small_journal(false);
    let path = segments(&whole).pop().expect("a segment");
    let bytes = whole.contents(&path).expect("contents");
    let starts = frame_starts(SIZES[2]);
    let mut cut = 0;
    // The first frame of this segment belongs to the batch before and is proven.
    for offset in starts[1]..starts[3] {
        for bit in 0..8 {
            let disk = whole.duplicate();
            let mut flipped = bytes.clone();
            flipped[offset] ^= 1 << bit;
            disk.put(&path, flipped);
            let sequence = sequence_at(2, offset).expect("a frame");
            let (journal, report) = open(&disk, SEGMENT);
            assert_eq!(journal.next_sequence(), sequence);
            check_prefix(&journal, &written, 7);
            let torn = report.torn.expect("reported");
            assert_eq!((torn.sequence, report.torn_files), (sequence, 1));
            let kept = disk.contents(&torn.kept_as).expect("kept");
            assert!(kept.len() >= starts[3] - torn.offset as usize);
            cut += 1;
        }
    }
    println!("{cut} bits cut");
    assert!(cut > 1000);
}

#[test]
fn a_journal_cut_at_any_byte_is_told() {
    let (whole, written) = small_journal(true);
    let paths = segments(&whole);
    let (mut told, mut harmless) = (0, 0);
    for (at, path) in paths.iter().enumerate() {
        let bytes = whole.contents(path).expect("contents");
        for length in 0..bytes.len() {
            let disk = whole.duplicate();
            disk.put(path, bytes[..length].to_vec());
            let last = at + 1 == paths.len();
            if !last && sequence_at(at, length).is_none() {
                let (journal, _) = open(&disk, SEGMENT);
                check_prefix(&journal, &written, written.len());
                harmless += 1;
                continue;
            }
            let damage = corrupt(&disk);
            assert_eq!(&damage.file, path);
            let expected = sequence_at(at, length).unwrap_or(written.len() as u64 + 1);
            assert_eq!(damage.sequence, expected, "length {length}: {damage}");
            told += 1;
        }
        let disk = whole.duplicate();
        disk.remove(path).expect("remove");
        if !last_of(&paths, path) {
            corrupt(&disk);
            told += 1;
        }
    }
    println!("{told} lengths told, {harmless} harmless");
    assert!(told > 2000);
}

fn last_of(paths: &[String], path: &String) -> bool {
    paths.last() == Some(path)
}

#[test]
fn a_good_frame_of_another_history_is_told_by_the_one_that_follows() {
    let other = |payload: u8| {
        let disk = MemoryDisk::new();
        let (mut journal, _) = open(&disk, SEGMENT);
        let mut batch = records(1, &[100, 100, 100, 500, 500]);
        batch[1].payload = vec![payload; 100];
        batch[3].payload = vec![payload; 500];
        journal.append(&batch).expect("append");
        journal.mark().expect("mark");
        drop(journal);
        disk
    };
    let (one, two) = (other(1), other(2));
    let paths = segments(&one);
    let contents = |disk: &MemoryDisk, path: &str| disk.contents(path).expect("contents");

    let starts = frame_starts(&[100, 100, 100]);
    let frame = starts[1]..starts[2];
    let mut bytes = contents(&one, &paths[0]);
    bytes[frame.clone()].copy_from_slice(&contents(&two, &paths[0])[frame]);
    let mixed = one.duplicate();
    mixed.put(&paths[0], bytes);
    assert_eq!(
        corrupt(&mixed).sequence,
        3,
        "the frame after names the one before it"
    );

    let mixed = one.duplicate();
    mixed.put(&paths[1], contents(&two, &paths[1]));
    assert_eq!(
        corrupt(&mixed).sequence,
        4,
        "the segment names the record before it"
    );
}

#[test]
fn a_missing_newest_segment_is_told_when_a_snapshot_knows_more() {
    let (disk, _) = small_journal(true);
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let store = FileSnapshots::new(shared, None);
    let mut writer = store.begin(5).expect("begin");
    let newest = EntityRef {
        entity: 1,
        kind: 1,
        version: 1,
        sequence: 9,
        bytes: b"state",
    };
    writer.put(newest).expect("put");
    writer.finish(9).expect("finish");
    let path = segments(&disk).pop().expect("a segment");
    disk.remove(&path).expect("remove");
    let damage = corrupt(&disk);
    assert_eq!(damage.sequence, 7);
    assert!(damage.proof.contains("snapshot"), "{damage}");
    for path in segments(&disk) {
        disk.remove(&path).expect("remove");
    }
    assert_eq!(corrupt(&disk).remedy, Remedy::Restore);
}

#[test]
fn every_flipped_bit_and_every_cut_of_a_snapshot_is_told() {
    let disk = MemoryDisk::new();
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let store = FileSnapshots::new(shared, None);
    let mut writer = store.begin(1).expect("begin");
    for entity in 0..5u64 {
        let bytes = vec![entity as u8; entity as usize * 13];
        writer
            .put(EntityRef {
                entity: entity.into(),
                kind: 3,
                version: 1,
                sequence: entity,
                bytes: &bytes,
            })
            .expect("put");
    }
    writer.finish(9).expect("finish");
    let path = disk.paths().pop().expect("a file");
    let whole = disk.contents(&path).expect("contents");
    let (mut flips, mut cuts) = (0, 0);
    let told = |bytes: Vec<u8>| {
        disk.put(&path, bytes);
        let loaded = store.load(1, &mut |_| {});
        let told = loaded.map(|loaded| (loaded.snapshot, loaded.damaged.len()));
        assert!(matches!(told, Ok((None, 1))), "{told:?}");
    };
    for offset in 0..whole.len() {
        for bit in 0..8 {
            let mut flipped = whole.clone();
            flipped[offset] ^= 1 << bit;
            told(flipped);
            flips += 1;
        }
        told(whole[..offset].to_vec());
        cuts += 1;
    }
    let mut longer = whole.clone();
    longer.push(0);
    told(longer);
    println!("{flips} flips and {cuts} cuts told");
    assert_eq!(flips, whole.len() * 8);
}

/// How a fault at the k-th call must look afterwards.
fn fail_at_every_call(fault: Fault) -> (u64, u64) {
    let steps = 60;
    let trial = MemoryDisk::new();
    let mut random = Random::new(4);
    let end = Workload::default().live(&trial, SEGMENT, Durability::Sync, steps, &mut random);
    assert!(matches!(end, End::Finished), "{end:?}");
    let mut ended = 0;
    for call in 1..=trial.calls() {
        let disk = MemoryDisk::new();
        disk.fail_at(call, fault);
        let mut workload = Workload::default();
        let mut random = Random::new(4);
        let end = workload.live(&disk, SEGMENT, Durability::Sync, steps, &mut random);
        ended += u64::from(!matches!(end, End::Finished));
        if let End::Open(OpenError::Corrupt(damage)) = &end {
            panic!("call {call}: {damage}");
        }
        for after in [disk.duplicate(), disk.crash(call)] {
            let report = verify(&after).unwrap_or_else(|error| panic!("call {call}: {error}"));
            assert!(report.is_whole(), "call {call}: {:?}", report.damages);
            let (journal, _) =
                try_open(&after, SEGMENT).unwrap_or_else(|error| panic!("call {call}: {error}"));
            check_prefix(&journal, &workload.written, workload.acked);
        }
    }
    (trial.calls(), ended)
}

#[test]
fn an_error_at_any_call_loses_nothing_that_was_answered() {
    let (calls, ended) = fail_at_every_call(Fault::Error);
    println!("{calls} calls, {ended} of the errors ended the process");
    assert!(calls > 300 && ended > 100);
}

#[test]
fn a_failed_sync_at_any_call_loses_nothing_that_was_answered() {
    let (calls, ended) = fail_at_every_call(Fault::FailedSync);
    println!("{calls} calls, {ended} of the failures ended the process");
    assert!(ended > 100);
}

#[test]
fn a_short_write_at_any_call_is_completed() {
    let (calls, ended) = fail_at_every_call(Fault::ShortWrite);
    println!("{calls} calls, none ended the process");
    assert_eq!(ended, 0);
}

#[test]
fn a_machine_that_stops_at_any_call_loses_nothing_that_was_answered() {
    let (calls, ended) = fail_at_every_call(Fault::Crash);
    println!("{calls} calls, {ended} of the stops were noticed");
    assert!(ended > 300);
}

#[test]
fn a_disk_that_runs_full_at_any_size_loses_nothing_that_was_answered() {
    let trial = MemoryDisk::new();
    let mut random = Random::new(4);
    Workload::default().live(&trial, SEGMENT, Durability::Sync, 60, &mut random);
    let mut failed = 0;
    for limit in (0..trial.used() + 2048).step_by(97) {
        let disk = MemoryDisk::new();
        disk.limit(Some(limit));
        let mut workload = Workload::default();
        let mut random = Random::new(4);
        let end = workload.live(&disk, SEGMENT, Durability::Sync, 60, &mut random);
        failed += u64::from(!matches!(end, End::Finished));
        let after = disk.crash(limit);
        after.limit(None);
        let (journal, _) = open(&after, SEGMENT);
        check_prefix(&journal, &workload.written, workload.acked);
    }
    println!("{failed} sizes were too small");
    assert!(failed > 10);
}
