//! Incidents: one by id, and lists, newest first.
//! Never: retries.

use super::Views;
use super::filter::{IncidentFilter, Page, Window};
use super::order::Stamp;
use super::page::{Plan, Query};
use super::record::Item;
use super::shown::Incident;
use codec::{Id, Tenant};

impl Views {
    /// An open incident.
    pub fn incident(&self, tenant: Tenant, id: Id) -> Option<Incident<'_>> {
        match self.find(tenant, id)? {
            Item::Incident(slot) => Some(Incident { views: self, slot }),
            Item::Instance(_) | Item::Task(_) | Item::Timer(_) => None,
        }
    }

    /// A page of open incidents in the order of their occurrence, newest first unless the window's sort ascends.
    pub fn incidents(&self, filter: &IncidentFilter, window: &Window) -> Page<Incident<'_>> {
        let incident = |slot| Incident { views: self, slot };
        let definitions = self.wanted_definitions(filter.tenant, &filter.definitions, &filter.keys);
        let instances = self.wanted_instances(filter.tenant, &filter.instances);
        let roots = self.wanted_roots(filter.tenant, &filter.roots);
        let passes = |slot: u32| {
            let record = &self.incidents[slot];
            let one_of = |list: &Option<Vec<u32>>, value: u32| {
                list.as_ref().is_none_or(|list| list.contains(&value))
            };
            one_of(&instances, record.instance)
                && one_of(&roots, record.root)
                && one_of(&definitions, self.instances[record.instance].definition)
                && (filter.kinds.is_empty() || filter.kinds.contains(&record.kind))
        };
        let plan = self.plan_incidents(filter, instances.as_deref(), roots.as_deref());
        let conditions = [
            instances.is_some(),
            roots.is_some(),
            !filter.definitions.is_empty(),
            !filter.keys.is_empty(),
            !filter.kinds.is_empty(),
        ];
        let query = Query {
            plan: &plan,
            conditions: conditions.into_iter().filter(|set| *set).count(),
            passes: &passes,
        };
        let found = query.walk(plan.walk(window.sort.descending, window.after), window);
        Page {
            items: found.slots.into_iter().map(incident).collect(),
            next: found.next,
            total: found.total,
        }
    }

    fn plan_incidents(
        &self,
        filter: &IncidentFilter,
        instances: Option<&[u32]>,
        roots: Option<&[u32]>,
    ) -> Plan<'_> {
        let roots = match (roots, instances) {
            (Some(roots), _) => roots.to_vec(),
            (None, Some(slots)) => slots
                .iter()
                .map(|slot| self.instances[*slot].root)
                .collect(),
            (None, None) => {
                let indexes = self.tenants.get(&filter.tenant);
                return Plan::everything(indexes.map(|all| &all.incidents));
            }
        };
        let items = roots.iter().flat_map(|root| self.roots[*root].items.iter());
        Plan::own(items.filter_map(|item| match item {
            Item::Incident(slot) => Some(Stamp::new(self.incidents[slot].order, slot)),
            Item::Instance(_) | Item::Task(_) | Item::Timer(_) => None,
        }))
    }
}
