//! Names as numbers: users and groups, each name once per tenant.
//! Never: forgets a name; how many there are is bounded by the people and groups that work was ever given to.

use codec::Tenant;
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;

/// Names of one kind.
#[derive(Default)]
pub(super) struct Interner {
    names: Vec<(Tenant, Box<str>)>,
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Interner {
    /// The number of a name, new or known; numbers count from 0 without gaps.
    pub fn intern(&mut self, tenant: Tenant, name: &str) -> u32 {
        if let Some(number) = self.find(tenant, name) {
            return number;
        }
        let number = self.names.len() as u32;
        self.names.push((tenant, name.into()));
        let hash = self.hasher.hash_one((tenant, name));
        let Interner {
            names,
            table,
            hasher,
        } = self;
        table.insert_unique(hash, number, |other| {
            let (tenant, name) = &names[*other as usize];
            hasher.hash_one((*tenant, &**name))
        });
        number
    }

    /// The number of a known name.
    pub fn find(&self, tenant: Tenant, name: &str) -> Option<u32> {
        let hash = self.hasher.hash_one((tenant, name));
        self.table
            .find(hash, |number| {
                let (other, text) = &self.names[*number as usize];
                *other == tenant && &**text == name
            })
            .copied()
    }

    /// The name of a number.
    pub fn name(&self, number: u32) -> &str {
        &self.names[number as usize].1
    }
}
