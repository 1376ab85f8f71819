//! The directory: root id → slot. Every entity that is in memory stands here once.
//! Never: hands out a guard; a slot is cloned out.

use crate::slot::Slot;
use codec::RootId;
use dashmap::{DashMap, Entry};
use std::{
    hash::{BuildHasherDefault, Hasher},
    sync::Arc,
};

/// Ids end in 62 random bits (UUID version 7), so they are their own hash.
#[derive(Default)]
pub struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u128(&mut self, id: u128) {
        // The upper half of the hash picks the shard, the lower the bucket: both from random bits.
        let low = id as u64;
        self.0 = low ^ low.rotate_left(31);
    }
}

/// Parts that grow apart: a part of a million entities moves in a millisecond, and only who wants that part waits for it.
const SHARDS: usize = 256;

/// All entities in memory.
pub struct Directory {
    slots: DashMap<u128, Arc<Slot>, BuildHasherDefault<IdHasher>>,
}

impl Default for Directory {
    fn default() -> Self {
        Directory {
            slots: DashMap::with_hasher_and_shard_amount(BuildHasherDefault::default(), SHARDS),
        }
    }
}

impl Directory {
    /// The slot of a root.
    pub fn get(&self, root: RootId) -> Option<Arc<Slot>> {
        self.slots.get(&root.0).map(|slot| Arc::clone(&slot))
    }

    /// Puts a slot in; false: the id is taken.
    pub fn insert(&self, slot: Arc<Slot>) -> bool {
        match self.slots.entry(slot.root.0) {
            Entry::Occupied(_) => false,
            Entry::Vacant(place) => {
                place.insert(slot);
                true
            }
        }
    }

    /// Takes a slot out.
    pub fn remove(&self, root: RootId) {
        self.slots.remove(&root.0);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Every root that stood here when its shard was read.
    pub fn roots(&self) -> Vec<RootId> {
        // While a shard is looked through, whoever wants to put something in waits: the list has room, and the key is taken
        // from the table, for the slot would be a miss of the cache each time.
        let length = self.len();
        let mut roots = Vec::with_capacity(length + length / 16);
        roots.extend(self.slots.iter().map(|entry| RootId(*entry.key())));
        roots
    }
}
