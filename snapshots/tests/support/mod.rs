//! What the tests of this crate share: small journals with known contents, and what must hold after opening one.
//!
//! Owns: no expectation about a particular test.
#![allow(dead_code)]

pub mod workload;

use std::ops::ControlFlow;
use std::sync::Arc;

use snapshots::{
    Disk, FileJournal, Journal, JournalOptions, MemoryDisk, OpenError, Random, Record,
    RecoveryReport, Stored,
};

/// Every run writes the same bytes.
pub const SALT: u64 = 0x0123_4567_89ab_cdef;

pub fn options(segment_bytes: u64) -> JournalOptions {
    JournalOptions {
        segment_bytes,
        spare_segments: 1,
        kept_segments: 1,
        salt: SALT,
        ..JournalOptions::default()
    }
}

pub fn open(disk: &MemoryDisk, segment_bytes: u64) -> (FileJournal, RecoveryReport) {
    try_open(disk, segment_bytes).unwrap_or_else(|error| panic!("opening: {error}"))
}

pub fn try_open(
    disk: &MemoryDisk,
    segment_bytes: u64,
) -> Result<(FileJournal, RecoveryReport), OpenError> {
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    FileJournal::open(disk, options(segment_bytes))
}

/// The record that stands at this sequence in the tests: its contents follow from the sequence and a size.
pub fn record(sequence: u64, bytes: usize) -> Record {
    let mut random = Random::new(sequence);
    Record {
        kind: (sequence % 7) as u16,
        version: 1,
        entity: u128::from(sequence) << 64 | 5,
        payload: (0..bytes).map(|_| random.next_number() as u8).collect(),
    }
}

pub fn records(from: u64, sizes: &[usize]) -> Vec<Record> {
    let sequences = from..;
    sequences
        .zip(sizes)
        .map(|(sequence, bytes)| record(sequence, *bytes))
        .collect()
}

/// All records there are, as a replay lends them.
pub fn all(journal: &FileJournal) -> Vec<Stored> {
    let mut found = Vec::new();
    let end = journal.replay(journal.first_sequence(), &mut |record| {
        found.push(record.to_stored());
        ControlFlow::Continue(())
    });
    match end {
        Ok(next) => assert_eq!(next, journal.next_sequence()),
        Err(error) => panic!("replay: {error}"),
    }
    found
}

/// The journal holds exactly the first of these records, at least `acked` of them; returns how many.
pub fn check_prefix(journal: &FileJournal, written: &[Record], acked: usize) -> usize {
    let found = all(journal);
    let first = journal.first_sequence();
    let end = journal.next_sequence() as usize - 1;
    assert!(end >= acked, "{acked} were answered, {end} are there");
    assert!(
        end <= written.len(),
        "{end} are there, {} were written",
        written.len()
    );
    for (at, stored) in found.iter().enumerate() {
        let sequence = first + at as u64;
        assert_eq!(stored.sequence, sequence);
        let expected = &written[sequence as usize - 1];
        assert_eq!(stored.kind, expected.kind, "sequence {sequence}");
        assert_eq!(stored.entity, expected.entity, "sequence {sequence}");
        assert_eq!(stored.payload, expected.payload, "sequence {sequence}");
    }
    end
}

/// The segment files there are, in order.
pub fn segments(disk: &MemoryDisk) -> Vec<String> {
    let names = disk.paths();
    names
        .into_iter()
        .filter(|name| name.ends_with(".journal"))
        .collect()
}

/// Where a frame begins when what is before ends at `end`: as FORMAT.md says, written down a second time.
pub fn frame_start(end: usize) -> usize {
    let aligned = end.div_ceil(8) * 8;
    if 512 - aligned % 512 < 64 {
        aligned.div_ceil(512) * 512
    } else {
        aligned
    }
}

/// Where the frames begin in a segment with records of these sizes, and where the one after them would.
pub fn frame_starts(sizes: &[usize]) -> Vec<usize> {
    let mut starts = vec![frame_start(64)];
    for bytes in sizes {
        let start = starts.last().copied().unwrap_or_default();
        starts.push(frame_start(start + 64 + bytes));
    }
    starts
}

/// The number of random cases: more when `LOOMWORK_CASES` says so.
pub fn cases(usual: u64) -> u64 {
    let more = std::env::var("LOOMWORK_CASES");
    more.ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(usual)
}
