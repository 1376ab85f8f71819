//! Root instances: in numbered slots, and found by their ids.
//! Never: knows what their items are.

use super::{parts::Parts, record::RootRecord, slab::Slab};
use codec::{RootId, Tenant};
use hashbrown::{DefaultHashBuilder, HashTable};
use std::{hash::BuildHasher, ops::Index};

/// All root instances.
#[derive(Default)]
pub(super) struct Roots {
    records: Slab<RootRecord>,
    by_id: Parts<HashTable<u32>>,
    hasher: DefaultHashBuilder,
}

impl Roots {
    /// The slot of a root.
    pub fn find(&self, root: RootId) -> Option<u32> {
        let hash = self.hasher.hash_one(root.0);
        let slots = self.by_id.of(hash);
        slots
            .find(hash, |slot| self.records[*slot].id() == root)
            .copied()
    }

    /// Puts in a root that is not there: its slot.
    pub fn insert(&mut self, root: RootId, tenant: Tenant) -> u32 {
        let slot = self.records.insert(RootRecord::new(root, tenant));
        let Roots {
            records,
            by_id,
            hasher,
        } = self;
        let hash = hasher.hash_one(root.0);
        by_id
            .of_mut(hash)
            .insert_unique(hash, slot, |other| hasher.hash_one(records[*other].id().0));
        slot
    }

    /// Takes a root out.
    pub fn remove(&mut self, slot: u32) {
        let Some(record) = self.records.remove(slot) else {
            return;
        };
        let hash = self.hasher.hash_one(record.id().0);
        let slots = self.by_id.of_mut(hash);
        if let Ok(entry) = slots.find_entry(hash, |other| *other == slot) {
            entry.remove();
        }
    }

    /// The record in a slot, to change.
    pub fn get_mut(&mut self, slot: u32) -> Option<&mut RootRecord> {
        self.records.get_mut(slot)
    }

    /// All of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &RootRecord> {
        let slots = self.by_id.iter().flat_map(|slots| slots.iter());
        slots.map(|slot| &self.records[*slot])
    }
}

impl Index<u32> for Roots {
    type Output = RootRecord;

    #[inline]
    fn index(&self, slot: u32) -> &RootRecord {
        &self.records[slot]
    }
}
