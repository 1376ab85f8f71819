//! The in-memory read side: rows of everything that is open, and the indexes that lists are answered from.
//!
//! Owns: rows as they were last published, their order, and the choice of the index that answers a list.
//! Never: decides, persists, wakes an entity, or shows what is not durable: its one writer applies what the journal made
//! durable, in the journal's order.
//!
//! ```text
//!  roots ──▶ instances ─ tasks ─ timers ─ incidents      records in numbered slots, names and definitions as numbers
//!              ▲           ▲        ▲         ▲
//!  indexes ────┴───────────┴────────┴─────────┘          sorted sets of (order, slot), one per tenant, definition, user, group
//! ```
//!
//! The order of creation is the time of creation with a counter below it, never less than what was given before:
//! so while it runs it is the journal's order, and after recovery, which loads whole entities, it is nearly the same again.
//! Everything is per tenant: a query names one and sees nothing else.

mod alike;
mod apply;
mod changed;
mod definitions;
mod filter;
mod incidents;
mod instances;
mod intern;
mod order;
mod page;
mod parts;
mod people;
mod record;
mod roots;
mod shown;
mod slab;
mod sorted;
mod task_filter;
mod tasks;
mod timers;
mod wanted;

#[cfg(test)]
mod tests;

pub use alike::TaskAtHand;
pub use apply::QUARANTINE;
pub use definitions::Counts;
pub use filter::{
    CandidateUser, Count, Cursor, IncidentFilter, InstanceFilter, InstanceState, Page,
    ParseCursorError, Sort, SortKey, TaskFilter, TimerFilter, Window,
};
pub use order::order_at;
pub use shown::{Due, Incident, Instance, State, Task, Timer};

use codec::{Id, RootId, Tenant};
use definitions::Definitions;
use hashbrown::{DefaultHashBuilder, HashMap};
use order::{Dated, Stamp};
use parts::Parts;
use people::People;
use record::{IncidentRecord, InstanceRecord, Item, TaskRecord, TimerRecord};
use roots::Roots;
use slab::Slab;
use sorted::SortedSet;
use std::hash::BuildHasher;

/// All rows and indexes. The caller guards it: one writer, many readers.
#[derive(Default)]
pub struct Views {
    sequence: u64,
    clock: order::Clock,
    hasher: DefaultHashBuilder,
    roots: Roots,
    instances: Slab<InstanceRecord>,
    tasks: Slab<TaskRecord>,
    timers: Slab<TimerRecord>,
    incidents: Slab<IncidentRecord>,
    definitions: Definitions,
    people: People,
    tenants: HashMap<Tenant, TenantIndexes>,
    /// By the hash of tenant and key: business keys are as many as instances, so they are not interned.
    business_keys: Parts<HashMap<u64, SortedSet<Stamp>>>,
    /// Timers that may fire, of all tenants.
    firing: SortedSet<Dated>,
}

/// What belongs to one tenant and no narrower index.
#[derive(Default)]
struct TenantIndexes {
    running: SortedSet<Stamp>,
    ended: SortedSet<Stamp>,
    suspended: usize,
    tasks: SortedSet<Stamp>,
    unassigned: SortedSet<Stamp>,
    due_tasks: SortedSet<Dated>,
    timers: SortedSet<Dated>,
    incidents: SortedSet<Stamp>,
}

impl Views {
    /// Empty views.
    pub fn new() -> Self {
        Views::default()
    }

    /// The highest sequence that was applied or loaded.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// What has this id, if this tenant has it.
    fn find(&self, tenant: Tenant, id: Id) -> Option<Item> {
        let root = &self.roots[self.roots.find(id.root)?];
        (root.tenant == tenant)
            .then(|| root.items.find(id.number))
            .flatten()
    }

    #[inline]
    fn root_of(&self, slot: u32) -> RootId {
        self.roots[slot].id()
    }

    fn tenant_of(&self, root_slot: u32) -> Tenant {
        self.roots[root_slot].tenant
    }

    fn business_key_hash(&self, tenant: Tenant, key: &str) -> u64 {
        self.hasher.hash_one((tenant, key))
    }
}
