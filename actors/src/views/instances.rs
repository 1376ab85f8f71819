//! Instances: one by id, and lists of running ones and of those that ended and are not archived yet.
//! Never: archived instances.

use super::Views;
use super::filter::{InstanceFilter, InstanceState, Page, SortKey, Window};
use super::order::{Stamp, sortable};
use super::page::{Plan, Query, cheapest};
use super::record::Item;
use super::shown::{Instance, State};
use super::sorted::SortedSet;
use super::tasks::COLLECTED;
use codec::{Id, Tenant};

impl Views {
    /// An instance that runs, or ended and is not archived yet.
    pub fn instance(&self, tenant: Tenant, id: Id) -> Option<Instance<'_>> {
        match self.find(tenant, id)? {
            Item::Instance(slot) => Some(Instance { views: self, slot }),
            Item::Task(_) | Item::Timer(_) | Item::Incident(_) => None,
        }
    }

    /// A page of instances.
    pub fn instances(&self, filter: &InstanceFilter, window: &Window) -> Page<Instance<'_>> {
        let wanted = Wanted {
            definitions: self.wanted_definitions(filter.tenant, &filter.definitions, &filter.keys),
            roots: self.wanted_roots(filter.tenant, &filter.roots),
        };
        let plan = self.plan_instances(filter, &wanted);
        let instance = |slot| Instance { views: self, slot };
        let passes = |slot| self.instance_passes(filter, &wanted, instance(slot));
        let query = Query {
            plan: &plan,
            conditions: conditions(filter),
            passes: &passes,
        };
        let by_time = window.sort.key == SortKey::CreatedAt && !self.clock.tells_time();
        let found = if by_time {
            query.sort(&|slot| sortable(instance(slot).started_ms()), window)
        } else {
            query.walk(plan.walk(window.sort.descending, window.after), window)
        };
        Page {
            items: found.slots.into_iter().map(instance).collect(),
            next: found.next,
            total: found.total,
        }
    }

    fn plan_instances<'v>(&'v self, filter: &InstanceFilter, wanted: &Wanted) -> Plan<'v> {
        let mut plans = Vec::new();
        let caller = filter.super_instance.map(|id| id.root);
        if let Some(root) = caller {
            let slots = self.wanted_roots(filter.tenant, &[root]);
            plans.extend(self.collect_instances(&slots.unwrap_or_default()));
        }
        if let Some(roots) = &wanted.roots {
            plans.extend(self.collect_instances(roots));
        }
        if !filter.business_keys.is_empty() {
            // A set is found by the key's hash and has all states: it answers no condition for sure.
            plans.push(Plan {
                answers: 0,
                ..Plan::overlapping(self.business_key_sets(filter.tenant, &filter.business_keys))
            });
        }
        if let Some(definitions) = &wanted.definitions {
            let records = definitions.iter().map(|d| self.definitions.get(*d));
            let sets = records.flat_map(|d| sets_of(filter.state, &d.running, &d.ended));
            let answers =
                usize::from(!filter.keys.is_empty()) + usize::from(!filter.definitions.is_empty());
            plans.push(Plan {
                answers,
                ..Plan::disjoint(sets.collect())
            });
        }
        let sets = self.tenants.get(&filter.tenant).map_or(Vec::new(), |all| {
            sets_of(filter.state, &all.running, &all.ended)
        });
        let everything = Plan {
            answers: 0,
            ..Plan::disjoint(sets)
        };
        cheapest(plans, everything)
    }

    /// All instances of these roots, unless they are many.
    fn collect_instances(&self, roots: &[u32]) -> Option<Plan<'_>> {
        if roots.len() > COLLECTED {
            return None;
        }
        let items = roots.iter().flat_map(|root| self.roots[*root].items.iter());
        let stamps = items.filter_map(|item| match item {
            Item::Instance(slot) => Some(Stamp::new(self.instances[slot].order, slot)),
            Item::Task(_) | Item::Timer(_) | Item::Incident(_) => None,
        });
        Some(Plan::own(stamps))
    }

    fn instance_passes(
        &self,
        filter: &InstanceFilter,
        wanted: &Wanted,
        instance: Instance<'_>,
    ) -> bool {
        let record = &self.instances[instance.slot];
        let one_of = |list: &Option<Vec<u32>>, value: u32| {
            list.as_ref().is_none_or(|list| list.contains(&value))
        };
        let key = |keys: &[String]| {
            instance
                .business_key()
                .is_some_and(|key| keys.iter().any(|other| other == key))
        };
        let started = || instance.started_ms();
        in_state(filter.state, instance.state())
            && one_of(&wanted.definitions, record.definition)
            && one_of(&wanted.roots, record.root)
            && (filter.business_keys.is_empty() || key(&filter.business_keys))
            && filter
                .super_instance
                .is_none_or(|id| instance.super_instance() == Some(id))
            && filter.started_before.is_none_or(|limit| started() < limit)
            && filter.started_after.is_none_or(|limit| started() > limit)
    }
}

struct Wanted {
    definitions: Option<Vec<u32>>,
    roots: Option<Vec<u32>>,
}

/// How many conditions a filter has that the choice of the sets by state does not answer.
fn conditions(filter: &InstanceFilter) -> usize {
    let halved = match filter.state {
        InstanceState::Active
        | InstanceState::Suspended
        | InstanceState::Completed
        | InstanceState::Cancelled => true,
        InstanceState::Running | InstanceState::Ended | InstanceState::Any => false,
    };
    let conditions = [
        !filter.definitions.is_empty(),
        !filter.keys.is_empty(),
        !filter.roots.is_empty(),
        !filter.business_keys.is_empty(),
        filter.super_instance.is_some(),
        filter.started_before.is_some(),
        filter.started_after.is_some(),
        halved,
    ];
    conditions.into_iter().filter(|set| *set).count()
}

fn sets_of<'v>(
    state: InstanceState,
    running: &'v SortedSet<Stamp>,
    ended: &'v SortedSet<Stamp>,
) -> Vec<&'v SortedSet<Stamp>> {
    match state {
        InstanceState::Running | InstanceState::Active | InstanceState::Suspended => vec![running],
        InstanceState::Ended | InstanceState::Completed | InstanceState::Cancelled => vec![ended],
        InstanceState::Any => vec![running, ended],
    }
}

fn in_state(asked: InstanceState, state: State) -> bool {
    match asked {
        InstanceState::Any => true,
        InstanceState::Running => matches!(state, State::Active | State::Suspended),
        InstanceState::Active => state == State::Active,
        InstanceState::Suspended => state == State::Suspended,
        InstanceState::Completed => state == State::Completed,
        InstanceState::Cancelled => state == State::Cancelled,
        InstanceState::Ended => matches!(state, State::Completed | State::Cancelled),
    }
}
