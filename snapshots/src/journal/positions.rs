//! How many bytes of journal lie behind a sequence.
//!
//! Owns: a sparse list of (sequence, bytes written before it). Must never: grow with the number of records.

use std::collections::VecDeque;

/// One entry per this many bytes: 16,384 entries for a GiB.
const STEP_BYTES: u64 = 64 << 10;

/// A sparse map from sequences to the count of bytes written before them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Positions {
    entries: VecDeque<(u64, u64)>,
    total: u64,
}

impl Positions {
    /// A record takes `bytes` bytes.
    #[inline]
    pub(crate) fn add(&mut self, sequence: u64, bytes: u64) {
        let due = match self.entries.back() {
            Some((_, before)) => self.total - before >= STEP_BYTES,
            None => true,
        };
        if due {
            self.entries.push_back((sequence, self.total));
        }
        self.total += bytes;
    }

    /// Forgets what lies before `sequence`.
    pub(crate) fn trim(&mut self, sequence: u64) {
        while self
            .entries
            .get(1)
            .is_some_and(|(second, _)| *second <= sequence)
        {
            self.entries.pop_front();
        }
    }

    /// The bytes from `sequence` on, rounded up to where the list has an entry.
    pub(crate) fn since(&self, sequence: u64, next_sequence: u64) -> u64 {
        if sequence >= next_sequence {
            return 0;
        }
        let after = self
            .entries
            .partition_point(|(first, _)| *first <= sequence);
        let before = match after.checked_sub(1).and_then(|at| self.entries.get(at)) {
            Some((_, before)) => *before,
            None => self
                .entries
                .front()
                .map_or(self.total, |(_, before)| *before),
        };
        self.total - before
    }
}
