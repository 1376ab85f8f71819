//! What is there when somebody begins to look: the keys of a topic's entities, page by page.
//! Never: holds the views for longer than one page takes.

use super::filter::Filter;
use crate::server::State;
use actors::{
    live::{Key, Topic},
    views::{self, Count, Cursor, InstanceState, Sort, Window},
};
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
    /// These, the last one first.
    Keys(Vec<Key>),
    /// Nothing.
    End,
}

impl Listing {
    /// All that may pass the filter.
    pub fn of(state: &State, topic: Topic, tenant: Tenant, filter: &Filter) -> Self {
        let rest = match topic {
            Topic::Instances | Topic::Tasks | Topic::Incidents => Rest::Views(None),
            Topic::Definitions => Rest::Keys(definitions(state, tenant)),
            Topic::Jobs | Topic::Runs => Rest::Keys(jobs(state, topic, tenant, filter)),
            Topic::Robots | Topic::Groups => Rest::Keys(registered(state, topic, tenant)),
            Topic::Activities | Topic::Logs | Topic::Figures => Rest::End,
        };
        let rest = match rest {
            Rest::Keys(mut keys) => {
                keys.reverse();
                Rest::Keys(keys)
            }
            other => other,
        };
        Listing {
            topic,
            tenant,
            rest,
        }
    }

    /// The next page, and whether another follows.
    pub fn page(&mut self, state: &State, filter: &Filter) -> (Vec<Key>, bool) {
        match std::mem::replace(&mut self.rest, Rest::End) {
            Rest::End => (Vec::new(), false),
            Rest::Keys(mut keys) => {
                let at = keys.len().saturating_sub(PAGE);
                let page = keys.drain(at..).rev().collect();
                let more = !keys.is_empty();
                if more {
                    self.rest = Rest::Keys(keys);
                }
                (page, more)
            }
            Rest::Views(after) => {
                let (page, next) = self.of_views(state, filter, after);
                let more = next.is_some();
                if more {
                    self.rest = Rest::Views(next);
                }
                (page, more)
            }
        }
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
        let views = state.engine.views.read();
        match self.topic {
            Topic::Instances => {
                let filter = instance_filter(state, self.tenant, filter);
                let found = views.instances(&filter, &window);
                let keys = found.items.iter().map(|found| key(found.id()));
                (keys.collect(), found.next)
            }
            Topic::Tasks => {
                let filter = task_filter(self.tenant, filter);
                let found = views.tasks(&filter, &window);
                let keys = found.items.iter().map(|found| key(found.id()));
                (keys.collect(), found.next)
            }
            _ => {
                let filter = views::IncidentFilter {
                    tenant: self.tenant,
                    instances: known_ids(filter, "instanceId"),
                    keys: texts(filter, "definitionKey"),
                    ..views::IncidentFilter::default()
                };
                let found = views.incidents(&filter, &window);
                let keys = found.items.iter().map(|found| key(found.id()));
                (keys.collect(), found.next)
            }
        }
    }
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
    let ended = |state: &String| state == "completed" || state == "cancelled";
    let any = filter
        .values("state")
        .is_some_and(|states| states.iter().any(ended));
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
        state: if any {
            InstanceState::Any
        } else {
            InstanceState::Running
        },
        ..views::InstanceFilter::default()
    }
}

fn task_filter(tenant: Tenant, filter: &Filter) -> views::TaskFilter {
    views::TaskFilter {
        tenant,
        instances: known_ids(filter, "instanceId"),
        keys: texts(filter, "processDefinitionKey"),
        assignees: texts(filter, "assignee"),
        candidate_groups: texts(filter, "candidateGroup"),
        ..views::TaskFilter::default()
    }
}

fn definitions(state: &State, tenant: Tenant) -> Vec<Key> {
    let all = state.engine.catalog.definitions(tenant);
    let keys = all
        .iter()
        .map(|one| Key::of_definition(tenant, one.definition.id));
    keys.collect()
}

fn jobs(state: &State, topic: Topic, tenant: Tenant, filter: &Filter) -> Vec<Key> {
    let jobs = state.engine.jobs.read();
    if topic == Topic::Jobs {
        let keys = jobs
            .jobs(tenant)
            .map(|job| Key::of_guid(topic, tenant, job.id));
        return keys.collect();
    }
    let named = filter.values("jobId").map(|_| filter.guids("jobId"));
    let runs = jobs.runs(tenant).filter(|run| {
        let named = named.as_ref();
        named.is_none_or(|named| named.contains(&run.job))
    });
    let mut runs: Vec<_> = runs.collect();
    runs.sort_unstable_by_key(|run| (run.job, run.attempt));
    let keys = runs.iter().map(|run| Key::of_run(tenant, run.job, run.id));
    keys.collect()
}

fn registered(state: &State, topic: Topic, tenant: Tenant) -> Vec<Key> {
    state.engine.registry.look(|registry| match topic {
        Topic::Robots => {
            let robots = registry.robots(tenant);
            let keys = robots.map(|robot| Key::of_guid(topic, tenant, robot.id));
            keys.collect()
        }
        _ => {
            let groups = registry.groups(tenant);
            let keys = groups.map(|group| Key::of_guid(topic, tenant, group.id));
            keys.collect()
        }
    })
}
