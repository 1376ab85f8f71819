//! What other threads may do with a journal while its writer writes.
//!
//! Owns: the figures that the writer publishes, and the pins that hold back trimming. Must never: write frames.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::disk::Disk;

use super::{Admission, FullReason, Pool};

/// What the writer and the handles share.
pub(crate) struct Shared {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) pool: Pool,
    pub(crate) durable: AtomicU64,
    pub(crate) held_bytes: AtomicU64,
    pub(crate) held_limit_bytes: Option<u64>,
    pub(crate) pins: Mutex<BTreeMap<u64, usize>>,
}

impl Shared {
    pub(crate) fn admission(&self) -> Admission {
        let prepared = self.pool.admission();
        if let Admission::Full { .. } = prepared {
            return prepared;
        }
        let held_bytes = self.held_bytes.load(Ordering::Relaxed);
        match self.held_limit_bytes {
            Some(limit_bytes) if held_bytes > limit_bytes => Admission::Full {
                reason: FullReason::HeldBack {
                    held_bytes,
                    limit_bytes,
                },
            },
            Some(_) | None => prepared,
        }
    }
}

/// A journal as seen from other threads.
#[derive(Clone)]
pub struct Handle {
    pub(crate) shared: Arc<Shared>,
}

impl Handle {
    /// Prepares one empty segment when one is missing, and says whether it did. Called by a thread of the
    /// caller's after appends, and again every second or so while it fails: that is how a full disk ends.
    pub fn prepare_next(&self) -> io::Result<bool> {
        self.shared.pool.prepare_next()
    }

    /// Gives the disk back what empty segments take beyond those that stand ready.
    pub fn give_back(&self) {
        self.shared.pool.give_back();
    }

    pub(crate) fn disk(&self) -> &dyn Disk {
        self.shared.disk.as_ref()
    }

    /// The sequence of the last durable record, 0 when there is none.
    pub fn durable_sequence(&self) -> u64 {
        self.shared.durable.load(Ordering::Acquire)
    }

    /// Whether new work may be decided.
    pub fn admission(&self) -> Admission {
        self.shared.admission()
    }

    /// The size of all segments in use, in bytes.
    pub fn held_bytes(&self) -> u64 {
        self.shared.held_bytes.load(Ordering::Relaxed)
    }

    /// Keeps the records from `sequence` on until the pin is dropped.
    pub fn pin(&self, sequence: u64) -> Pin {
        *self.shared.pins.lock().entry(sequence).or_default() += 1;
        Pin {
            shared: Arc::clone(&self.shared),
            sequence,
        }
    }
}

/// Holds back trimming while it lives.
pub struct Pin {
    shared: Arc<Shared>,
    sequence: u64,
}

impl Drop for Pin {
    fn drop(&mut self) {
        let mut pins = self.shared.pins.lock();
        if let Some(count) = pins.get_mut(&self.sequence) {
            *count -= 1;
            if *count == 0 {
                pins.remove(&self.sequence);
            }
        }
    }
}
