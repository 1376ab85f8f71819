//! Somebody who follows something, as the log knows them.
//! Never: holds more than a bounded number of changes; who takes none of so many begins anew.

use super::{Key, entry::Entry};
use codec::Tenant;
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::sync::Notify;

/// Entries that may wait for a follower of a part.
const WAITING: usize = 10_000;

/// Somebody who follows something.
pub(super) struct Interest {
    /// No other one has it; they grow.
    pub number: u64,
    /// Whose changes.
    pub tenant: Tenant,
    /// The parts that are followed, in order; none: all.
    pub scopes: Option<Vec<u128>>,
    dirty: AtomicBool,
    wake: Arc<Notify>,
    waiting: Mutex<Waiting>,
}

/// What waits for a follower of a part.
#[derive(Default)]
struct Waiting {
    entries: HashMap<Key, Arc<Entry>>,
    lost: bool,
}

impl Interest {
    pub fn new(number: u64, tenant: Tenant, scopes: Option<Vec<u128>>, wake: Arc<Notify>) -> Self {
        Interest {
            number,
            tenant,
            scopes,
            dirty: AtomicBool::new(false),
            wake,
            waiting: Mutex::default(),
        }
    }

    pub fn mark(&self) {
        if !self.dirty.swap(true, Ordering::SeqCst) {
            self.wake.notify_one();
        }
    }

    pub fn hand(&self, entry: &Arc<Entry>) {
        let mut waiting = self.waiting.lock();
        if waiting.entries.len() >= WAITING && !waiting.entries.contains_key(&entry.key) {
            waiting.entries = HashMap::new();
            waiting.lost = true;
        }
        if !waiting.lost {
            waiting.entries.insert(entry.key, Arc::clone(entry));
        }
        drop(waiting);
        self.mark();
    }

    pub fn lose(&self) {
        let mut waiting = self.waiting.lock();
        waiting.entries = HashMap::new();
        waiting.lost = true;
        drop(waiting);
        self.mark();
    }

    /// Whether something has come since this was asked last.
    pub fn take_dirty(&self) -> bool {
        self.dirty.swap(false, Ordering::SeqCst)
    }

    /// What waits, in order; none: something was lost.
    pub fn waiting(&self) -> Option<Vec<Arc<Entry>>> {
        let waiting = self.waiting.lock();
        if waiting.lost {
            return None;
        }
        let mut entries: Vec<_> = waiting.entries.values().map(Arc::clone).collect();
        entries.sort_unstable_by_key(|entry| entry.seq);
        Some(entries)
    }

    /// Takes the oldest of what waits; none: something was lost.
    pub fn take_waiting(&self, limit: usize) -> Option<Vec<Arc<Entry>>> {
        let mut entries = self.waiting()?;
        entries.truncate(limit);
        let mut waiting = self.waiting.lock();
        for entry in &entries {
            // A newer one may have taken its place meanwhile.
            let is_it = |other: &Arc<Entry>| other.seq == entry.seq;
            if waiting.entries.get(&entry.key).is_some_and(is_it) {
                waiting.entries.remove(&entry.key);
            }
        }
        if waiting.entries.is_empty() {
            // Most followers of a part hear something seldom.
            waiting.entries = HashMap::new();
        }
        Some(entries)
    }

    /// Whether it is of parts only.
    pub fn is_narrow(&self) -> bool {
        self.scopes.is_some()
    }
}
