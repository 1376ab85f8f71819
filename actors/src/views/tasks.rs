//! Open tasks: one by id, and lists.
//! Never: completed tasks; the archive has them.

use super::Views;
use super::filter::{Cursor, Page, SortKey, TaskFilter, Window};
use super::order::{Dated, Stamp, sortable};
use super::page::{Plan, Query, Slots, Walk, cheapest, walk_due};
use super::record::{Item, NOBODY, TaskRecord};
use super::shown::Task;
use super::sorted::SortedSet;
use bpmn::rows::{Identity, IdentityLink};
use codec::{DefinitionId, Id, RootId, Tenant};

/// Collecting rows of more instances than this costs more than it saves.
pub(super) const COLLECTED: usize = 10_000;

impl Views {
    /// An open task.
    pub fn task(&self, tenant: Tenant, id: Id) -> Option<Task<'_>> {
        match self.find(tenant, id)? {
            Item::Task(slot) => Some(Task { views: self, slot }),
            Item::Instance(_) | Item::Timer(_) | Item::Incident(_) => None,
        }
    }

    /// The open tasks of one instance in the order of creation, at most `limit`.
    pub fn tasks_of(&self, tenant: Tenant, instance: Id, limit: usize) -> Vec<Task<'_>> {
        let Some(root) = self.find_root(instance.root) else {
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
            .filter_map(|hash| self.business_keys.get(&hash))
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

    fn task_passes(&self, filter: &TaskFilter, wanted: &Wanted, slot: u32) -> bool {
        let record = &self.tasks[slot];
        let task = Task { views: self, slot };
        let one_of = |list: &Option<Vec<u32>>, value: u32| {
            list.as_ref().is_none_or(|list| list.contains(&value))
        };
        let text = |list: &[String], value: Option<&str>| {
            list.is_empty() || value.is_some_and(|value| list.iter().any(|other| other == value))
        };
        let owner = record.extra.as_ref().map_or(NOBODY, |extra| extra.owner);
        one_of(&wanted.assignees, record.assignee)
            && one_of(&wanted.owners, owner)
            && one_of(&wanted.roots, record.root)
            && one_of(&wanted.instances, record.instance)
            && (wanted.definitions.is_none()
                || one_of(
                    &wanted.definitions,
                    self.instances[record.instance].definition,
                ))
            && filter
                .suspended
                .is_none_or(|suspended| record.suspended == suspended)
            && (!filter.unassigned || record.assignee == NOBODY)
            && filter
                .due_before
                .is_none_or(|limit| due_of(record).is_some_and(|due| due < limit))
            && text(&filter.names, task.name())
            && (filter.activity_ids.is_empty()
                || text(&filter.activity_ids, Some(task.activity_id())))
            && (filter.business_keys.is_empty()
                || text(&filter.business_keys, task.instance().business_key()))
            && (filter.candidate_groups.is_empty()
                || candidate(task, &|_| false, &|group| {
                    filter.candidate_groups.iter().any(|g| g == group)
                }))
            && (filter.candidate_users.is_empty()
                || filter.candidate_users.iter().any(|who| {
                    candidate(task, &|user| who.user == user, &|group| {
                        who.groups.iter().any(|g| g == group)
                    })
                }))
            && (filter.involved_users.is_empty()
                || filter
                    .involved_users
                    .iter()
                    .any(|user| involved(task, user)))
    }
}

/// A filter with names as numbers.
struct Wanted {
    conditions: usize,
    instances: Option<Vec<u32>>,
    roots: Option<Vec<u32>>,
    definitions: Option<Vec<u32>>,
    assignees: Option<Vec<u32>>,
    owners: Option<Vec<u32>>,
    involved: Option<Vec<u32>>,
}

impl Wanted {
    fn of(views: &Views, filter: &TaskFilter) -> Self {
        let users = |names: &[String]| {
            (!names.is_empty()).then(|| {
                let found = names
                    .iter()
                    .filter_map(|name| views.people.find_user(filter.tenant, name));
                let mut found: Vec<u32> = found.collect();
                found.sort_unstable();
                found.dedup();
                found
            })
        };
        let conditions = [
            !filter.instances.is_empty(),
            !filter.roots.is_empty(),
            !filter.definitions.is_empty(),
            !filter.keys.is_empty(),
            !filter.activity_ids.is_empty(),
            !filter.names.is_empty(),
            !filter.assignees.is_empty(),
            !filter.owners.is_empty(),
            !filter.candidate_users.is_empty(),
            !filter.candidate_groups.is_empty(),
            !filter.involved_users.is_empty(),
            filter.unassigned,
            !filter.business_keys.is_empty(),
            filter.due_before.is_some(),
            filter.suspended.is_some(),
        ];
        Wanted {
            conditions: conditions.into_iter().filter(|set| *set).count(),
            instances: views.wanted_instances(filter.tenant, &filter.instances),
            roots: views.wanted_roots(filter.tenant, &filter.roots),
            definitions: views.wanted_definitions(filter.tenant, &filter.definitions, &filter.keys),
            assignees: users(&filter.assignees),
            owners: users(&filter.owners),
            involved: users(&filter.involved_users),
        }
    }
}

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
            let found = roots.iter().filter_map(|root| self.find_root(*root));
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

fn due_of(task: &TaskRecord) -> Option<i64> {
    task.extra.as_ref()?.due_ms
}

fn candidate(
    task: Task<'_>,
    is_user: &dyn Fn(&str) -> bool,
    is_group: &dyn Fn(&str) -> bool,
) -> bool {
    let candidates = task
        .links()
        .iter()
        .filter(|link| link.link_type == IdentityLink::CANDIDATE);
    let mut passing = candidates.filter(|link| match &link.who {
        Identity::User(user) => is_user(user),
        Identity::Group(group) => is_group(group),
    });
    task.assignee().is_none() && passing.next().is_some()
}

fn involved(task: Task<'_>, user: &str) -> bool {
    task.assignee() == Some(user)
        || task.owner() == Some(user)
        || task.links().iter().any(|link| match &link.who {
            Identity::User(other) => other == user,
            Identity::Group(_) => false,
        })
}
