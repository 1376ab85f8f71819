//! Open tasks: one by id, and lists.
//! Never: completed tasks; the archive has them.

use super::Views;
use super::filter::{Cursor, Page, SortKey, TaskFilter, Window};
use super::order::{Dated, Stamp, sortable, time_of};
use super::page::{Plan, Query, Slots, Walk, cheapest, walk_due};
use super::record::{Item, TaskRecord};
use super::shown::Task;
use super::sorted::SortedSet;
use super::task_filter::Wanted;
use codec::{Id, Tenant};

/// Collecting rows of more instances than this costs more than it saves. Few in tests, so that both ways are taken.
pub(super) const COLLECTED: usize = if cfg!(test) { 8 } else { 10_000 };

impl Views {
    /// An open task.
    pub fn task(&self, tenant: Tenant, id: Id) -> Option<Task<'_>> {
        match self.find(tenant, id)? {
            Item::Task(slot) => Some(Task { views: self, slot }),
            Item::Instance(_) | Item::Timer(_) | Item::Incident(_) => None,
        }
    }

    /// Every open task of every tenant, in no order.
    pub fn every_task(&self) -> impl Iterator<Item = Id> + '_ {
        self.roots.iter().flat_map(move |root| {
            root.items.iter().filter_map(move |item| match item {
                Item::Task(slot) => Some(Task { views: self, slot }.id()),
                Item::Instance(_) | Item::Timer(_) | Item::Incident(_) => None,
            })
        })
    }

    /// The open tasks of one instance in the order of creation, at most `limit`.
    pub fn tasks_of(&self, tenant: Tenant, instance: Id, limit: usize) -> Vec<Task<'_>> {
        let Some(root) = self.roots.find(instance.root) else {
            return Vec::new();
        };
        let root = &self.roots[root];
        let Some(Item::Instance(owner)) = root.items.find(instance.number) else {
            return Vec::new();
        };
        if root.tenant != tenant {
            return Vec::new();
        }
        let tasks = root.items.iter().filter_map(|item| match item {
            Item::Task(slot) if self.tasks[slot].instance == owner => {
                Some(Task { views: self, slot })
            }
            Item::Instance(_) | Item::Task(_) | Item::Timer(_) | Item::Incident(_) => None,
        });
        tasks.take(limit).collect()
    }

    /// A page of open tasks.
    pub fn tasks(&self, filter: &TaskFilter, window: &Window) -> Page<Task<'_>> {
        let wanted = Wanted::of(self, filter);
        let plan = self.plan_tasks(filter, &wanted);
        let passes = |slot: u32| self.task_passes(filter, &wanted, slot);
        let query = Query {
            plan: &plan,
            conditions: wanted.conditions,
            passes: &passes,
        };
        let found = self.sorted_tasks(filter, &query, window);
        Page {
            items: found
                .slots
                .into_iter()
                .map(|slot| Task { views: self, slot })
                .collect(),
            next: found.next,
            total: found.total,
        }
    }

    fn sorted_tasks(&self, filter: &TaskFilter, query: &Query<'_>, window: &Window) -> Slots {
        let descending = window.sort.descending;
        match window.sort.key {
            SortKey::Order => query.walk(query.plan.walk(descending, window.after), window),
            SortKey::CreatedAt if self.clock.tells_time() => {
                query.walk(query.plan.walk(descending, window.after), window)
            }
            SortKey::CreatedAt => {
                let task = |slot| Task { views: self, slot };
                query.sort(&|slot| sortable(task(slot).created_ms()), window)
            }
            SortKey::DueAt if query.plan.answers == 0 && query.plan.cost() > COLLECTED => query
                .walk(
                    self.walk_due_tasks(filter.tenant, query.plan, window),
                    window,
                ),
            SortKey::DueAt => {
                let never = never_due(descending);
                let due = |slot| due_of(&self.tasks[slot]).map_or(never, sortable);
                query.sort(&due, window)
            }
            SortKey::Priority => {
                let priority = |slot| sortable(self.tasks[slot].priority.into());
                query.sort(&priority, window)
            }
        }
    }

    /// Tasks with a due time by it, then those without.
    fn walk_due_tasks<'w>(
        &'w self,
        tenant: Tenant,
        plan: &'w Plan<'_>,
        window: &Window,
    ) -> Walk<'w> {
        let descending = window.sort.descending;
        let never = never_due(descending);
        let rest = move |after: Option<Cursor>| {
            let rest = plan.walk(descending, after.map(|after| Cursor { key: 0, ..after }));
            rest.filter(|row| due_of(&self.tasks[row.slot]).is_none())
                .map(move |row| Cursor { key: never, ..row })
        };
        let Some(indexes) = self.tenants.get(&tenant) else {
            return Box::new(std::iter::empty());
        };
        match window.after {
            Some(after) if after.key == never => Box::new(rest(window.after)),
            after => {
                let due = walk_due(&indexes.due_tasks, descending, after);
                Box::new(due.chain(rest(None)))
            }
        }
    }

    fn plan_tasks<'v>(&'v self, filter: &TaskFilter, wanted: &Wanted) -> Plan<'v> {
        let mut plans = Vec::new();
        if let Some(instances) = &wanted.instances {
            let roots = instances.iter().map(|slot| self.instances[*slot].root);
            plans.extend(self.collect_tasks(roots.collect()));
        }
        if let Some(roots) = &wanted.roots {
            plans.extend(self.collect_tasks(roots.clone()));
        }
        if !filter.business_keys.is_empty() {
            plans.extend(self.plan_business_keys(filter));
        }
        let users = |users: &[u32], tasks: fn(&'v Views, u32) -> Option<&'v SortedSet<Stamp>>| {
            users
                .iter()
                .filter_map(|user| tasks(self, *user))
                .collect::<Vec<_>>()
        };
        if let Some(assignees) = &wanted.assignees {
            plans.push(Plan::disjoint(users(assignees, assigned)));
        }
        if let Some(owners) = &wanted.owners {
            plans.push(Plan::disjoint(users(owners, owned)));
        }
        if let Some(involved) = &wanted.involved {
            let mut sets = users(involved, assigned);
            sets.extend(users(involved, owned));
            sets.extend(users(involved, linked));
            plans.push(Plan::overlapping(sets));
        }
        plans.extend(self.plan_candidates(filter));
        if let Some(definitions) = &wanted.definitions {
            let sets = definitions.iter().map(|d| &self.definitions.get(*d).tasks);
            let answers =
                usize::from(!filter.keys.is_empty()) + usize::from(!filter.definitions.is_empty());
            plans.push(Plan {
                answers,
                ..Plan::disjoint(sets.collect())
            });
        }
        let indexes = self.tenants.get(&filter.tenant);
        if let (true, Some(indexes)) = (filter.unassigned, indexes) {
            plans.push(Plan::disjoint(vec![&indexes.unassigned]));
        }
        if let (Some(due_ms), Some(indexes)) = (filter.due_before, indexes) {
            plans.extend(plan_due(&indexes.due_tasks, due_ms));
        }
        cheapest(
            plans,
            Plan::everything(indexes.map(|indexes| &indexes.tasks)),
        )
    }

    /// All tasks of these roots, unless they are many.
    fn collect_tasks(&self, mut roots: Vec<u32>) -> Option<Plan<'_>> {
        roots.sort_unstable();
        roots.dedup();
        let items = |root: &u32| &self.roots[*root].items;
        let count: usize = roots.iter().map(|root| items(root).len()).sum();
        if roots.len() > COLLECTED && count > COLLECTED {
            return None;
        }
        let tasks = roots.iter().flat_map(|root| items(root).iter());
        let stamps = tasks.filter_map(|item| match item {
            Item::Task(slot) => Some(Stamp::new(self.tasks[slot].order, slot)),
            Item::Instance(_) | Item::Timer(_) | Item::Incident(_) => None,
        });
        Some(Plan::own(stamps))
    }

    fn plan_business_keys(&self, filter: &TaskFilter) -> Option<Plan<'_>> {
        let sets = self.business_key_sets(filter.tenant, &filter.business_keys);
        let count: usize = sets.iter().map(|set| set.len()).sum();
        if count > COLLECTED {
            return None;
        }
        let instances = sets.iter().flat_map(|set| set.ascending(None));
        let roots = instances.map(|stamp| self.instances[stamp.slot()].root);
        self.collect_tasks(roots.collect())
    }

    pub(super) fn business_key_sets(
        &self,
        tenant: Tenant,
        keys: &[String],
    ) -> Vec<&SortedSet<Stamp>> {
        let hashes = keys.iter().map(|key| self.business_key_hash(tenant, key));
        hashes
            .filter_map(|hash| self.business_keys.of(hash).get(&hash))
            .collect()
    }

    fn plan_candidates(&self, filter: &TaskFilter) -> Vec<Plan<'_>> {
        let group = |name: &String| self.people.candidate_group(filter.tenant, name);
        let mut plans = Vec::new();
        if !filter.candidate_groups.is_empty() {
            let sets = filter.candidate_groups.iter().filter_map(group);
            plans.push(Plan::overlapping(sets.collect()));
        }
        if !filter.candidate_users.is_empty() {
            let mut sets = Vec::new();
            for candidate in &filter.candidate_users {
                let user = self.people.find_user(filter.tenant, &candidate.user);
                sets.extend(user.and_then(|user| claimable(self, user)));
                sets.extend(candidate.groups.iter().filter_map(group));
            }
            plans.push(Plan::overlapping(sets));
        }
        plans
    }
}

fn plan_due(due_tasks: &SortedSet<Dated>, due_ms: i64) -> Option<Plan<'static>> {
    let limit = Dated::first_at(due_ms);
    if due_tasks.rank(&limit) > COLLECTED {
        return None;
    }
    let due = due_tasks.descending(Some(&limit));
    let stamps = due.map(|dated| Stamp::new(dated.order, dated.slot));
    Some(Plan::own(stamps))
}

fn assigned(views: &Views, user: u32) -> Option<&SortedSet<Stamp>> {
    Some(&views.people.tasks(user).assigned)
}

fn owned(views: &Views, user: u32) -> Option<&SortedSet<Stamp>> {
    let linked = views.people.tasks(user).linked.as_ref()?;
    Some(&linked.owned)
}

fn linked(views: &Views, user: u32) -> Option<&SortedSet<Stamp>> {
    let linked = views.people.tasks(user).linked.as_ref()?;
    Some(&linked.any)
}

fn claimable(views: &Views, user: u32) -> Option<&SortedSet<Stamp>> {
    let linked = views.people.tasks(user).linked.as_ref()?;
    Some(&linked.candidate)
}

/// The key of a task that is never due: it comes last.
fn never_due(descending: bool) -> u64 {
    if descending { 0 } else { u64::MAX }
}

pub(super) fn due_of(task: &TaskRecord) -> Option<i64> {
    task.extra.as_ref()?.due_ms
}

pub(super) fn created_of(task: &TaskRecord) -> i64 {
    let skewed = task.extra.as_ref().and_then(|extra| extra.created_ms);
    skewed.unwrap_or_else(|| time_of(task.order))
}

pub(super) fn claimed_of(task: &TaskRecord) -> Option<i64> {
    task.extra.as_ref()?.claimed_ms
}
