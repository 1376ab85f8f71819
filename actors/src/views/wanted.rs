//! Ids and keys of filters as slots and numbers, of one tenant only.
//! Never: gives what another tenant has.

use super::Views;
use super::record::Item;
use codec::{DefinitionId, Id, RootId, Tenant};

impl Views {
    /// Slots of the instances that the tenant has; none when the filter is empty.
    pub(super) fn wanted_instances(&self, tenant: Tenant, ids: &[Id]) -> Option<Vec<u32>> {
        (!ids.is_empty()).then(|| {
            let found = ids.iter().filter_map(|id| match self.find(tenant, *id)? {
                Item::Instance(slot) => Some(slot),
                Item::Task(_) | Item::Timer(_) | Item::Incident(_) => None,
            });
            found.collect()
        })
    }

    /// Slots of the roots that the tenant has; none when the filter is empty.
    pub(super) fn wanted_roots(&self, tenant: Tenant, roots: &[RootId]) -> Option<Vec<u32>> {
        (!roots.is_empty()).then(|| {
            let found = roots.iter().filter_map(|root| self.roots.find(*root));
            found
                .filter(|slot| self.tenant_of(*slot) == tenant)
                .collect()
        })
    }

    /// Numbers of the definitions that pass both filters; none when both are empty.
    pub(super) fn wanted_definitions(
        &self,
        tenant: Tenant,
        ids: &[DefinitionId],
        keys: &[String],
    ) -> Option<Vec<u32>> {
        let mut by_key: Vec<u32> = keys
            .iter()
            .flat_map(|key| self.definitions.of_key(tenant, key).iter().copied())
            .collect();
        by_key.sort_unstable();
        by_key.dedup();
        if ids.is_empty() {
            return (!keys.is_empty()).then_some(by_key);
        }
        let mut by_id: Vec<u32> = ids
            .iter()
            .filter_map(|id| self.definitions.find(tenant, *id))
            .filter(|number| keys.is_empty() || by_key.contains(number))
            .collect();
        by_id.sort_unstable();
        by_id.dedup();
        Some(by_id)
    }
}
