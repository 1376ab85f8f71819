//! Random lives, each ended by a crash that keeps any subset of what was not synced.
//!
//! Owns: the promise that every answered record is there after any number of crashes, with nothing after a hole, and that
//! a crash alone is never called corruption.

mod support;

use snapshots::{Durability, Fault, Journal, MemoryDisk, OpenError, Random, verify};
use support::workload::{End, Workload};
use support::{cases, check_prefix, try_open};

struct Counts {
    crashes: u64,
    records: u64,
    torn: u64,
    rewritten: u64,
}

/// One chain of lives on one disk.
fn lives(seed: u64, durability: Durability, counts: &mut Counts) {
    let mut random = Random::new(seed);
    let segment_bytes = [1024, 2048, 8192][random.below(3) as usize];
    let mut disk = MemoryDisk::new();
    let mut workload = Workload::default();
    for _ in 0..1 + random.below(8) {
        if random.one_in(2) {
            let soon = disk.calls() + 1 + random.below(200);
            disk.fail_at(soon, Fault::Crash);
        }
        let steps = random.below(30) as usize;
        let end = workload.live(&disk, segment_bytes, durability, steps, &mut random);
        match end {
            End::Finished | End::Journal(_) | End::Open(OpenError::Disk(_)) => {}
            End::Open(error) => panic!("seed {seed}: {error}"),
        }
        disk = disk.crash(random.next_number());
        counts.crashes += 1;

        let report = verify(&disk).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert!(report.is_whole(), "seed {seed}: {:?}", report.damages);
        let copy = disk.duplicate();
        let (journal, report) =
            try_open(&copy, segment_bytes).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let end = check_prefix(&journal, &workload.written, workload.acked);
        counts.records += end as u64;
        counts.torn += u64::from(report.torn.is_some());
        counts.rewritten += report.rewritten;
        // What a start has shown stays, even if the machine stops at once.
        if random.one_in(2) {
            workload
                .written
                .truncate(journal.next_sequence() as usize - 1);
            workload.acked = end;
            disk = copy.crash(random.next_number());
        }
    }
}

fn run(durability: Durability) {
    let mut counts = Counts {
        crashes: 0,
        records: 0,
        torn: 0,
        rewritten: 0,
    };
    let seeds = cases(600);
    for seed in 0..seeds {
        lives(seed, durability, &mut counts);
    }
    let Counts {
        crashes,
        records,
        torn,
        rewritten,
    } = counts;
    println!(
        "{durability:?}: {seeds} seeds, {crashes} crashes, {records} records found, {torn} torn ends cut, {rewritten} records written anew"
    );
    assert!(torn > 0 && rewritten > 0);
}

#[test]
fn no_crash_loses_an_answered_record_or_is_called_corruption() {
    run(Durability::Sync);
}

#[test]
fn with_async_durability_no_crash_loses_what_was_synced() {
    run(Durability::Async);
}
