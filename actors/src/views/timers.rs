//! Timers: one by id, lists in the order of their due times, and what the timer service fires next.
//! Never: fires.

use super::Views;
use super::filter::{Cursor, Page, TimerFilter, Window};
use super::order::sortable;
use super::page::{Plan, Query};
use super::record::Item;
use super::shown::{Due, Timer};
use codec::{Id, Tenant};

impl Views {
    /// A timer that waits.
    pub fn timer(&self, tenant: Tenant, id: Id) -> Option<Timer<'_>> {
        match self.find(tenant, id)? {
            Item::Timer(slot) => Some(Timer { views: self, slot }),
            Item::Instance(_) | Item::Task(_) | Item::Incident(_) => None,
        }
    }

    /// Timers of all tenants that are due at `limit_ms` or before, in the order of their due times.
    /// Suspended ones, and those without a retry left, are not among them.
    pub fn next_due(&self, limit_ms: i64) -> impl Iterator<Item = Due> {
        let limit = sortable(limit_ms);
        let due = self.firing.ascending(None);
        due.take_while(move |dated| dated.due <= limit)
            .map(|dated| {
                let timer = Timer {
                    views: self,
                    slot: dated.slot,
                };
                Due {
                    id: timer.id(),
                    tenant: timer.tenant(),
                    due_ms: timer.due_ms(),
                }
            })
    }

    /// A page of timers by due time; those of one time in the order of creation. The window's sort is not looked at.
    pub fn timers(&self, filter: &TimerFilter, window: &Window) -> Page<Timer<'_>> {
        let timer = |slot| Timer { views: self, slot };
        let definitions = self.wanted_definitions(filter.tenant, &filter.definitions, &filter.keys);
        let instances = self.wanted_instances(filter.tenant, &filter.instances);
        let roots = self.wanted_roots(filter.tenant, &filter.roots);
        let passes = |slot: u32| {
            let record = &self.timers[slot];
            let one_of = |list: &Option<Vec<u32>>, value: u32| {
                list.as_ref().is_none_or(|list| list.contains(&value))
            };
            one_of(&instances, record.instance)
                && one_of(&roots, record.root)
                && one_of(&definitions, self.instances[record.instance].definition)
                && filter.due_before.is_none_or(|limit| record.due_ms < limit)
        };
        let plan = self.plan_timers(filter, instances.as_deref(), roots.as_deref());
        let conditions = [
            instances.is_some(),
            roots.is_some(),
            !filter.definitions.is_empty(),
            !filter.keys.is_empty(),
            filter.due_before.is_some(),
        ];
        let query = Query {
            plan: &plan,
            conditions: conditions.into_iter().filter(|set| *set).count(),
            passes: &passes,
        };
        let found = query.walk(plan.walk(false, window.after), window);
        Page {
            items: found.slots.into_iter().map(timer).collect(),
            next: found.next,
            total: found.total,
        }
    }

    fn plan_timers(
        &self,
        filter: &TimerFilter,
        instances: Option<&[u32]>,
        roots: Option<&[u32]>,
    ) -> Plan<'_> {
        let of_instances = |slots: &[u32]| {
            let roots = slots.iter().map(|slot| self.instances[*slot].root);
            roots.collect::<Vec<u32>>()
        };
        let roots = match (roots, instances) {
            (Some(roots), _) => Some(roots.to_vec()),
            (None, Some(instances)) => Some(of_instances(instances)),
            (None, None) => None,
        };
        let Some(roots) = roots else {
            let none = || Plan::own(std::iter::empty::<Cursor>());
            let indexes = self.tenants.get(&filter.tenant);
            return indexes.map_or_else(none, |all| Plan::due(&all.timers, filter.due_before));
        };
        let items = roots.iter().flat_map(|root| self.roots[*root].items.iter());
        Plan::own(items.filter_map(|item| match item {
            Item::Timer(slot) => Some(self.timer_key(slot)),
            Item::Instance(_) | Item::Task(_) | Item::Incident(_) => None,
        }))
    }
}
