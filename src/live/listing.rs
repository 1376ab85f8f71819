//! What is there when somebody begins to look: the keys of a topic's entities, page by page.
//!
//! Owns: that what a row or an index tells is asked of it, so that only what may pass is rendered.
//! Never: holds views or jobs for longer than a part of them takes.

use super::{filter::Filter, job_rows};
use crate::server::State;
use actors::{
    jobs::JobPlace,
    live::{Key, Topic},
    views::{self, CandidateUser, Count, Cursor, InstanceState, Sort, Window},
};
use bpmn::rows::IncidentKind;
use codec::{DefinitionId, Id, Tenant};

/// Items of a page at most.
pub const PAGE: usize = 500;

/// What is there of a topic.
pub struct Listing {
    topic: Topic,
    tenant: Tenant,
    rest: Rest,
}

enum Rest {
    /// Behind this place of the views.
    Views(Option<Cursor>),
    /// Jobs behind this place.
    Jobs(Option<JobPlace>),
    /// Runs: these, the last one first, and those of the jobs behind this place.
    Runs(Vec<Key>, Option<JobPlace>),
    /// These, the last one first.
    Keys(Vec<Key>),
    /// Nothing.
    End,
}

impl Rest {
    fn keys(mut keys: Vec<Key>) -> Self {
        keys.reverse();
        Rest::Keys(keys)
    }
}

impl Listing {
    /// All that may pass the filter.
    pub fn of(state: &State, topic: Topic, tenant: Tenant, filter: &Filter) -> Self {
        let rest = match topic {
            Topic::Instances | Topic::Tasks | Topic::Incidents => Rest::Views(None),
            Topic::Definitions => Rest::keys(definitions(state, tenant, filter)),
            Topic::Jobs => match job_rows::named_jobs(state, tenant, filter) {
                Some(keys) => Rest::keys(keys),
                None => Rest::Jobs(None),
            },
            Topic::Runs => match job_rows::named_runs(state, tenant, filter) {
                Some(keys) => Rest::keys(keys),
                None => Rest::Runs(Vec::new(), None),
            },
            Topic::Robots | Topic::Groups => Rest::keys(registered(state, topic, tenant, filter)),
            Topic::TaskQueues => Rest::keys(task_queues(state, tenant, filter)),
            Topic::Activities | Topic::Logs | Topic::Figures => Rest::End,
        };
        Listing {
            topic,
            tenant,
            rest,
        }
    }

    /// The next page, and whether another follows.
    pub fn page(&mut self, state: &State, filter: &Filter) -> (Vec<Key>, bool) {
        let (page, rest) = match std::mem::replace(&mut self.rest, Rest::End) {
            Rest::End => (Vec::new(), Rest::End),
            Rest::Keys(mut keys) => {
                let page = last_page(&mut keys);
                let rest = if keys.is_empty() {
                    Rest::End
                } else {
                    Rest::Keys(keys)
                };
                (page, rest)
            }
            Rest::Views(after) => {
                let (page, next) = self.of_views(state, filter, after);
                (page, next.map_or(Rest::End, |next| Rest::Views(Some(next))))
            }
            Rest::Jobs(after) => {
                let (page, next) = job_rows::jobs(state, self.tenant, filter, after);
                (page, next.map_or(Rest::End, |next| Rest::Jobs(Some(next))))
            }
            Rest::Runs(mut keys, after) => {
                let next = job_rows::runs(state, self.tenant, &mut keys, after);
                let page = last_page(&mut keys);
                let rest = match next {
                    None if keys.is_empty() => Rest::End,
                    None => Rest::Keys(keys),
                    Some(_) => Rest::Runs(keys, next),
                };
                (page, rest)
            }
        };
        self.rest = rest;
        let more = !matches!(self.rest, Rest::End);
        (page, more)
    }

    fn of_views(
        &self,
        state: &State,
        filter: &Filter,
        after: Option<Cursor>,
    ) -> (Vec<Key>, Option<Cursor>) {
        let window = Window {
            after,
            limit: PAGE,
            count: Count::No,
            sort: Sort::OLDEST_FIRST,
        };
        let key = |id: Id| Key::of_id(self.topic, self.tenant, id);
        match self.topic {
            Topic::Instances => {
                let filter = instance_filter(state, self.tenant, filter);
                let views = state.engine.views.read();
                let found = views.instances(&filter, &window);
                let keys = found.items.iter().map(|found| key(found.id()));
                (keys.collect(), found.next)
            }
            Topic::Tasks => {
                let filter = task_filter(state, self.tenant, filter);
                let views = state.engine.views.read();
                let found = views.tasks(&filter, &window);
                let keys = found.items.iter().map(|found| key(found.id()));
                (keys.collect(), found.next)
            }
            _ => {
                let Some(filter) = incident_filter(self.tenant, filter) else {
                    return (Vec::new(), None);
                };
                let views = state.engine.views.read();
                let found = views.incidents(&filter, &window);
                let keys = found.items.iter().map(|found| key(found.id()));
                (keys.collect(), found.next)
            }
        }
    }
}

/// A page from the end, turned round.
fn last_page(keys: &mut Vec<Key>) -> Vec<Key> {
    let at = keys.len().saturating_sub(PAGE);
    keys.drain(at..).rev().collect()
}

fn texts(filter: &Filter, name: &str) -> Vec<String> {
    filter.values(name).unwrap_or_default().to_vec()
}

/// Ids of a filter; what is no id matches nothing.
fn known_ids(filter: &Filter, name: &str) -> Vec<Id> {
    let nobody = codec::RootId(0).instance();
    let values = filter.values(name).unwrap_or_default().iter();
    values.map(|text| text.parse().unwrap_or(nobody)).collect()
}

fn instance_filter(state: &State, tenant: Tenant, filter: &Filter) -> views::InstanceFilter {
    let definition = |text: &String| {
        let found = state.engine.catalog.find(tenant, text);
        found.map_or(DefinitionId(u64::MAX), |published| published.definition.id)
    };
    let definitions = filter.values("definitionId").unwrap_or_default().iter();
    let supers = known_ids(filter, "superInstanceId");
    let mut roots: Vec<_> = known_ids(filter, "id")
        .into_iter()
        .map(|id| id.root)
        .collect();
    if roots.is_empty() {
        roots = supers.iter().map(|id| id.root).collect();
    }
    views::InstanceFilter {
        tenant,
        definitions: definitions.map(definition).collect(),
        keys: texts(filter, "definitionKey"),
        roots,
        business_keys: texts(filter, "businessKey"),
        state: instance_state(filter),
        super_instance: supers.first().copied().filter(|_| supers.len() == 1),
        ..views::InstanceFilter::default()
    }
}

/// The narrowest state of the views that has all that are asked for.
fn instance_state(filter: &Filter) -> InstanceState {
    let states = filter.values("state").unwrap_or_default();
    let has = |name: &str| states.iter().any(|state| state == name);
    let ended = has("completed") || has("cancelled");
    match (has("active"), has("suspended"), ended) {
        (true, false, false) => InstanceState::Active,
        (false, true, false) => InstanceState::Suspended,
        (false, false, true) => InstanceState::Ended,
        (_, _, false) => InstanceState::Running,
        (_, _, true) => InstanceState::Any,
    }
}

fn task_filter(state: &State, tenant: Tenant, filter: &Filter) -> views::TaskFilter {
    let users = filter.values("candidateUser").unwrap_or_default();
    let candidates = state.engine.organisation.look(|organisation| {
        let with_groups = users.iter().map(|user| CandidateUser {
            user: user.clone(),
            groups: organisation
                .group_ids_of_user(tenant, user)
                .map(str::to_owned)
                .collect(),
        });
        with_groups.collect()
    });
    views::TaskFilter {
        tenant,
        instances: known_ids(filter, "instanceId"),
        keys: texts(filter, "processDefinitionKey"),
        assignees: texts(filter, "assignee"),
        candidate_users: candidates,
        candidate_groups: texts(filter, "candidateGroup"),
        ..views::TaskFilter::default()
    }
}

/// None: nothing is of a type that is asked for.
fn incident_filter(tenant: Tenant, filter: &Filter) -> Option<views::IncidentFilter> {
    let mut kinds = Vec::new();
    if let Some(names) = filter.values("type") {
        let is_asked = |kind: &IncidentKind| names.iter().any(|name| name == kind.name());
        kinds.extend(IncidentKind::ALL.into_iter().filter(is_asked));
        if kinds.is_empty() {
            return None;
        }
    }
    Some(views::IncidentFilter {
        tenant,
        instances: known_ids(filter, "instanceId"),
        keys: texts(filter, "definitionKey"),
        kinds,
        ..views::IncidentFilter::default()
    })
}

fn definitions(state: &State, tenant: Tenant, filter: &Filter) -> Vec<Key> {
    let wanted = filter.values("key");
    let all = state.engine.catalog.definitions(tenant);
    let passing = all.iter().filter(|one| {
        let key = &one.definition.process.key;
        wanted.is_none_or(|wanted| wanted.contains(key))
    });
    let keys = passing.map(|one| Key::of_definition(tenant, one.definition.id));
    keys.collect()
}

fn registered(state: &State, topic: Topic, tenant: Tenant, filter: &Filter) -> Vec<Key> {
    let key = |id| Key::of_guid(topic, tenant, id);
    if let Some(ids) = filter.part_ids() {
        return ids.into_iter().map(key).collect();
    }
    state.engine.registry.look(|registry| match topic {
        Topic::Robots => match filter.values("queueId") {
            Some(_) => {
                let groups = filter.guids("queueId").into_iter();
                let groups = groups.filter_map(|id| registry.group(tenant, id));
                let mut robots: Vec<_> = groups.flat_map(|group| group.robots.clone()).collect();
                robots.sort_unstable();
                robots.dedup();
                robots.into_iter().map(key).collect()
            }
            None => registry.robots(tenant).map(|robot| key(robot.id)).collect(),
        },
        _ => {
            let groups = registry.groups(tenant);
            groups.map(|group| key(group.id)).collect()
        }
    })
}

fn task_queues(state: &State, tenant: Tenant, filter: &Filter) -> Vec<Key> {
    let key = |id| Key::of_guid(Topic::TaskQueues, tenant, id);
    if let Some(ids) = filter.part_ids() {
        return ids.into_iter().map(key).collect();
    }
    let cells = state.engine.queues.all().into_iter();
    let own = cells.filter(|cell| cell.tenant == tenant);
    let mut ids: Vec<_> = own.map(|cell| cell.id).collect();
    ids.sort_unstable();
    ids.into_iter().map(key).collect()
}
