//! Whether a task passes a filter.
//! Never: chooses an index.

use super::Views;
use super::filter::TaskFilter;
use super::record::NOBODY;
use super::shown::Task;
use super::tasks::due_of;
use bpmn::rows::{Identity, IdentityLink};

/// A filter with names as numbers.
pub(super) struct Wanted {
    /// How many conditions the filter has.
    pub conditions: usize,
    pub instances: Option<Vec<u32>>,
    pub roots: Option<Vec<u32>>,
    pub definitions: Option<Vec<u32>>,
    pub assignees: Option<Vec<u32>>,
    pub owners: Option<Vec<u32>>,
    pub involved: Option<Vec<u32>>,
}

impl Wanted {
    pub fn of(views: &Views, filter: &TaskFilter) -> Self {
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
    pub(super) fn task_passes(&self, filter: &TaskFilter, wanted: &Wanted, slot: u32) -> bool {
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
            && (filter.names.is_empty() || text(&filter.names, task.name()))
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
