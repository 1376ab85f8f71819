//! The gate of starts: whether instances of a definition may still begin, decided together with the record that begins one.
//!
//! Owns: which definitions are closed, and the last record that began an instance of each.
//! Never: opens again; a definition that goes does not come back, and its number is not given again.
//!
//! ```text
//!  host:     pass ─▶ record pushed ─▶ its sequence noted        under the read lock
//!  undeploy: last start published, none runs ─▶ closed          under the write lock: no start slips in between
//! ```

use codec::DefinitionId;
use parking_lot::{RwLock, RwLockReadGuard};
use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering},
};

/// The gate.
#[derive(Default)]
pub struct Gate {
    entries: RwLock<HashMap<DefinitionId, Entry>>,
}

#[derive(Default)]
struct Entry {
    closed: bool,
    /// Sequence of the last record that began an instance.
    last_start: AtomicU64,
}

/// Held from the decision to start until its record is pushed.
pub struct Pass<'a> {
    entries: RwLockReadGuard<'a, HashMap<DefinitionId, Entry>>,
    definitions: Vec<DefinitionId>,
}

impl Gate {
    /// Lets instances of these definitions begin, or says which of them is closed.
    pub fn pass(&self, definitions: Vec<DefinitionId>) -> Result<Pass<'_>, DefinitionId> {
        let mut entries = self.entries.read();
        if definitions.iter().any(|id| !entries.contains_key(id)) {
            drop(entries);
            let mut all = self.entries.write();
            for id in &definitions {
                all.entry(*id).or_default();
            }
            drop(all);
            entries = self.entries.read();
        }
        let is_closed = |id: &&DefinitionId| entries.get(id).is_some_and(|entry| entry.closed);
        if let Some(closed) = definitions.iter().find(is_closed) {
            return Err(*closed);
        }
        Ok(Pass {
            entries,
            definitions,
        })
    }

    /// Closes definitions if `may` says so; it is told the last record that began an instance of them, 0 for none.
    pub fn close(&self, definitions: &[DefinitionId], may: impl FnOnce(u64) -> bool) -> bool {
        let mut entries = self.entries.write();
        let started = definitions.iter().filter_map(|id| entries.get(id));
        let last = started.map(|entry| entry.last_start.load(Ordering::Relaxed));
        if !may(last.max().unwrap_or(0)) {
            return false;
        }
        for id in definitions {
            entries.entry(*id).or_default().closed = true;
        }
        true
    }
}

impl Pass<'_> {
    /// The record that begins them is pushed.
    pub fn started(&self, sequence: u64) {
        for id in &self.definitions {
            if let Some(entry) = self.entries.get(id) {
                entry.last_start.fetch_max(sequence, Ordering::Relaxed);
            }
        }
    }
}
