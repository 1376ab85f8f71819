//! The naive views: all rows in lists, each query a scan.

use super::super::filter::{
    IncidentFilter, InstanceFilter, InstanceState, Sort, SortKey, TaskFilter, TimerFilter,
};
use bpmn::rows::{Identity, IncidentRow, InstanceRow, Rows, TaskRow, TimerRow};
use codec::{DefinitionId, Id, RootId, Tenant};
use std::collections::BTreeMap;

/// A root with its rows; `born` says when each number came, over all roots.
pub struct Root {
    pub id: RootId,
    pub tenant: Tenant,
    pub rows: Rows,
    pub born: BTreeMap<u32, usize>,
}

#[derive(Default)]
pub struct Model {
    pub roots: Vec<Root>,
    pub keys: BTreeMap<DefinitionId, String>,
}

fn passes<T: PartialEq>(list: &[T], value: &T) -> bool {
    list.is_empty() || list.contains(value)
}

fn text(list: &[String], value: &Option<String>) -> bool {
    list.is_empty() || value.as_ref().is_some_and(|value| list.contains(value))
}

/// Ids by their keys in the direction asked for.
fn sorted<K: Ord>(mut found: Vec<(K, Id)>, descending: bool) -> Vec<Id> {
    found.sort();
    if descending {
        found.reverse();
    }
    found.into_iter().map(|(_, id)| id).collect()
}

impl Model {
    fn key(&self, definition: DefinitionId) -> String {
        self.keys.get(&definition).cloned().unwrap_or_default()
    }

    fn of(&self, tenant: Tenant) -> impl Iterator<Item = &Root> {
        self.roots.iter().filter(move |root| root.tenant == tenant)
    }

    pub fn tasks(&self, filter: &TaskFilter, sort: Sort) -> Vec<Id> {
        let mut found = Vec::new();
        for root in self.of(filter.tenant) {
            for task in &root.rows.tasks {
                if !self.task_passes(filter, root, task) {
                    continue;
                }
                let never = i64::MAX;
                let key = match sort.key {
                    SortKey::Order => (false, 0),
                    SortKey::CreatedAt => (false, task.created_ms),
                    // What is never due is last in both directions.
                    SortKey::DueAt => (
                        task.due_ms.is_none() != sort.descending,
                        task.due_ms.unwrap_or(never),
                    ),
                    SortKey::Priority => (false, i64::from(task.priority)),
                };
                let born = root.born[&task.number];
                found.push(((key, born), root.id.child(task.number)));
            }
        }
        sorted(found, sort.descending)
    }

    fn task_passes(&self, filter: &TaskFilter, root: &Root, task: &TaskRow) -> bool {
        let instance = instance_of(root, task.instance);
        let candidates: Vec<&Identity> = task
            .links
            .iter()
            .filter(|link| link.link_type == "candidate" && task.assignee.is_none())
            .map(|link| &link.who)
            .collect();
        let users = |user: &String| candidates.contains(&&Identity::User(user.clone()));
        let groups = |group: &String| candidates.contains(&&Identity::Group(group.clone()));
        let involved = |user: &String| {
            task.assignee.as_ref() == Some(user)
                || task.owner.as_ref() == Some(user)
                || task
                    .links
                    .iter()
                    .any(|link| link.who == Identity::User(user.clone()))
        };
        let activity = if task.element == super::task_row(1, 0, "check", 0).element {
            "check"
        } else {
            "approve"
        };
        passes(&filter.instances, &root.id.child(task.instance))
            && passes(&filter.roots, &root.id)
            && passes(&filter.definitions, &instance.definition)
            && passes(&filter.keys, &self.key(instance.definition))
            && passes(&filter.activity_ids, &activity.to_owned())
            && text(&filter.names, &task.name)
            && text(&filter.assignees, &task.assignee)
            && text(&filter.owners, &task.owner)
            && (filter.candidate_users.is_empty()
                || filter
                    .candidate_users
                    .iter()
                    .any(|who| users(&who.user) || who.groups.iter().any(groups)))
            && (filter.candidate_groups.is_empty() || filter.candidate_groups.iter().any(groups))
            && (filter.involved_users.is_empty() || filter.involved_users.iter().any(involved))
            && (!filter.unassigned || task.assignee.is_none())
            && text(&filter.business_keys, &instance.business_key)
            && filter
                .due_before
                .is_none_or(|limit| task.due_ms.is_some_and(|due| due < limit))
            && filter
                .suspended
                .is_none_or(|suspended| task.suspended == suspended)
    }

    pub fn instances(&self, filter: &InstanceFilter, sort: Sort) -> Vec<Id> {
        let mut found = Vec::new();
        for root in self.of(filter.tenant) {
            for row in &root.rows.instances {
                let caller = row.super_instance.map(|number| root.id.child(number));
                let state = match filter.state {
                    InstanceState::Any => true,
                    InstanceState::Running => row.ended.is_none(),
                    InstanceState::Active => row.ended.is_none() && !row.suspended,
                    InstanceState::Suspended => row.ended.is_none() && row.suspended,
                    InstanceState::Ended => row.ended.is_some(),
                    InstanceState::Completed => {
                        row.ended.as_ref().is_some_and(|end| !end.cancelled)
                    }
                    InstanceState::Cancelled => row.ended.as_ref().is_some_and(|end| end.cancelled),
                };
                let keep = state
                    && passes(&filter.definitions, &row.definition)
                    && passes(&filter.keys, &self.key(row.definition))
                    && passes(&filter.roots, &root.id)
                    && text(&filter.business_keys, &row.business_key)
                    && (filter.super_instance.is_none() || filter.super_instance == caller)
                    && filter
                        .started_before
                        .is_none_or(|limit| row.started_ms < limit)
                    && filter
                        .started_after
                        .is_none_or(|limit| row.started_ms > limit);
                if keep {
                    let by_time = sort.key == SortKey::CreatedAt;
                    let key = if by_time { row.started_ms } else { 0 };
                    let born = root.born[&row.number];
                    found.push(((key, born), root.id.child(row.number)));
                }
            }
        }
        sorted(found, sort.descending)
    }

    pub fn timers(&self, filter: &TimerFilter) -> Vec<Id> {
        let keep = |root: &Root, row: &TimerRow| {
            let definition = instance_of(root, row.instance).definition;
            passes(&filter.instances, &root.id.child(row.instance))
                && passes(&filter.roots, &root.id)
                && passes(&filter.definitions, &definition)
                && passes(&filter.keys, &self.key(definition))
                && filter.due_before.is_none_or(|limit| row.due_ms < limit)
        };
        let mut found = Vec::new();
        for root in self.of(filter.tenant) {
            let rows = root.rows.timers.iter().filter(|row| keep(root, row));
            found.extend(rows.map(|row| (timer_key(root, row), root.id.child(row.number))));
        }
        sorted(found, false)
    }

    pub fn next_due(&self, limit_ms: i64) -> Vec<Id> {
        let mut found = Vec::new();
        for root in &self.roots {
            let rows = root.rows.timers.iter();
            let rows =
                rows.filter(|row| row.due_ms <= limit_ms && !row.suspended && row.retries_left > 0);
            found.extend(rows.map(|row| (timer_key(root, row), root.id.child(row.number))));
        }
        sorted(found, false)
    }

    pub fn incidents(&self, filter: &IncidentFilter) -> Vec<Id> {
        let keep = |root: &Root, row: &IncidentRow| {
            let definition = instance_of(root, row.instance).definition;
            passes(&filter.instances, &root.id.child(row.instance))
                && passes(&filter.roots, &root.id)
                && passes(&filter.definitions, &definition)
                && passes(&filter.keys, &self.key(definition))
                && passes(&filter.kinds, &row.kind)
        };
        let mut found = Vec::new();
        for root in self.of(filter.tenant) {
            let rows = root.rows.incidents.iter().filter(|row| keep(root, row));
            found.extend(rows.map(|row| (root.born[&row.number], root.id.child(row.number))));
        }
        sorted(found, true)
    }
}

/// Due, then by the instance's birth, then by number.
fn timer_key(root: &Root, row: &TimerRow) -> (i64, usize, u32) {
    (row.due_ms, root.born[&row.instance], row.number)
}

pub fn instance_of(root: &Root, number: u32) -> &InstanceRow {
    let found = root.rows.instances.iter().find(|row| row.number == number);
    found.expect("an instance")
}
