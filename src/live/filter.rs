//! What a subscription lets pass: which filters a topic has, and how they meet an item's facts.
//!
//! Owns: that a filter is AND, its list OR, and that what is not known is refused. Never: looks into an item's JSON.

use super::message::Refused;
use crate::server::State;
use actors::live::{Shown, Topic};
use codec::{Id, Tenant};
use serde_json::{Map, Value};
use std::collections::HashSet;

/// Values of one filter at most.
const VALUES: usize = 1_000;

/// One filter of a topic.
struct Field {
    name: &'static str,
    /// Whether what it looks at may change while the entity lives.
    changes: bool,
}

const fn fixed(name: &'static str) -> Field {
    Field {
        name,
        changes: false,
    }
}

const fn loose(name: &'static str) -> Field {
    Field {
        name,
        changes: true,
    }
}

fn fields(topic: Topic) -> &'static [Field] {
    match topic {
        Topic::Instances => {
            &const {
                [
                    fixed("id"),
                    fixed("definitionKey"),
                    fixed("definitionId"),
                    fixed("businessKey"),
                    loose("state"),
                    fixed("superInstanceId"),
                ]
            }
        }
        Topic::Activities => &const { [fixed("instanceId")] },
        Topic::Tasks => {
            &const {
                [
                    fixed("instanceId"),
                    fixed("processDefinitionKey"),
                    loose("assignee"),
                    loose("candidateUser"),
                    loose("candidateGroup"),
                ]
            }
        }
        Topic::Incidents => &const { [fixed("instanceId"), fixed("definitionKey"), fixed("type")] },
        Topic::Definitions => &const { [fixed("key")] },
        Topic::Jobs => {
            &const {
                [
                    fixed("id"),
                    fixed("workflowId"),
                    fixed("jobGroupId"),
                    loose("robotId"),
                    fixed("queueId"),
                    loose("state"),
                ]
            }
        }
        Topic::Runs => &const { [fixed("jobId")] },
        Topic::Robots => &const { [fixed("id"), loose("queueId")] },
        Topic::Groups | Topic::TaskQueues => &const { [fixed("id"), fixed("queueId")] },
        Topic::Logs => &const { [fixed("runInstanceId")] },
        Topic::Figures => &[],
    }
}

/// The filter without which a topic is not shown.
fn needed(topic: Topic) -> Option<&'static str> {
    match topic {
        Topic::Activities => Some("instanceId"),
        Topic::Logs => Some("runInstanceId"),
        _ => None,
    }
}

/// The filters that name parts of a topic which can be followed alone, the narrowest first.
fn parts(topic: Topic) -> &'static [&'static str] {
    match topic {
        Topic::Instances => &["id", "superInstanceId"],
        Topic::Jobs | Topic::Robots => &["id"],
        Topic::Groups | Topic::TaskQueues => &["id", "queueId"],
        Topic::Activities | Topic::Tasks | Topic::Incidents => &["instanceId"],
        Topic::Runs => &["jobId"],
        Topic::Logs => &["runInstanceId"],
        Topic::Definitions | Topic::Figures => &[],
    }
}

/// One condition: any of its values does.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Condition {
    name: &'static str,
    /// Whether what it looks at may change while the entity lives.
    changes: bool,
    /// As facts name them; of candidates as they were said: whom a user stands for may change.
    values: Vec<String>,
    /// What a fact has to be among.
    meant: HashSet<Box<str>>,
}

impl Condition {
    fn new(name: &'static str, changes: bool, values: Vec<String>) -> Self {
        let meant = values.iter().map(|value| value.as_str().into());
        Condition {
            name,
            changes,
            meant: meant.collect(),
            values,
        }
    }

    fn holds(&self, shown: &Shown) -> bool {
        let mut facts = shown.facts.iter();
        facts.any(|(fact, value)| *fact == self.name && self.meant.contains(value))
    }
}

/// What a subscription lets pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    topic: Topic,
    conditions: Vec<Condition>,
    /// Something that passes may pass no more later, without having ended.
    pub loose: bool,
}

impl Filter {
    /// Reads it.
    pub fn read(
        state: &State,
        tenant: Tenant,
        topic: Topic,
        id: &str,
        given: &Map<String, Value>,
    ) -> Result<Self, Refused> {
        let fields = fields(topic);
        let mut filter = Filter {
            topic,
            conditions: Vec::new(),
            loose: false,
        };
        for (name, value) in given {
            let field = fields.iter().find(|field| field.name == name);
            let Some(field) = field else {
                let title = format!("the topic '{}' has no filter '{name}'", topic.name());
                return Err(Refused::new(Some(id), "unknown-filter", title));
            };
            let values = values(value).ok_or_else(|| {
                let title = format!("'{name}' must be a text or a list of 1 to {VALUES} texts");
                Refused::new(Some(id), "malformed-filter", title)
            })?;
            let values = meant(topic, field.name, values, id)?;
            filter.loose |= field.changes;
            let condition = Condition::new(field.name, field.changes, values);
            filter.conditions.push(condition);
        }
        if let Some(name) = needed(topic)
            && filter.values(name).is_none()
        {
            let title = format!("the topic '{}' needs the filter '{name}'", topic.name());
            return Err(Refused::new(Some(id), "filter-needed", title));
        }
        if topic == Topic::Instances && filter.values("state").is_none() {
            // As the lists of the API: what runs. It leaves by ending, so nothing has to be kept in mind.
            let running = ["active", "suspended"].map(str::to_owned).to_vec();
            filter
                .conditions
                .push(Condition::new("state", true, running));
        }
        filter.look_up(state, tenant);
        Ok(filter)
    }

    /// How many values it has, and their bytes.
    pub fn weight(&self) -> (usize, usize) {
        let values = self.conditions.iter().flat_map(|one| &one.values);
        values.fold((0, 0), |(count, bytes), value| {
            (count + 1, bytes + size_of::<String>() + value.len())
        })
    }

    /// The values of a filter.
    pub fn values(&self, name: &str) -> Option<&[String]> {
        let mut conditions = self.conditions.iter();
        let found = conditions.find(|condition| condition.name == name);
        found.map(|condition| condition.values.as_slice())
    }

    /// Whether it asks whom users stand for: then what passes changes with the groups that they are in.
    pub fn asks_who(&self) -> bool {
        self.values("candidateUser").is_some()
    }

    /// Looks up whom the users that are asked for stand for; true: it is otherwise than it was.
    pub fn look_up(&mut self, state: &State, tenant: Tenant) -> bool {
        let mut conditions = self.conditions.iter_mut();
        let Some(users) = conditions.find(|condition| condition.name == "candidateUser") else {
            return false;
        };
        let meant = state.engine.organisation.look(|organisation| {
            let mut meant = HashSet::new();
            for user in &users.values {
                let groups = organisation.group_ids_of_user(tenant, user);
                meant.extend(groups.map(|group| format!("group {group}").into()));
                meant.insert(format!("user {user}").into());
            }
            meant
        });
        let changed = users.meant != meant;
        users.meant = meant;
        changed
    }

    /// Ids inside root instances.
    pub fn ids(&self, name: &str) -> Vec<Id> {
        let values = self.values(name).unwrap_or_default().iter();
        values.filter_map(|text| text.parse().ok()).collect()
    }

    /// Ids of their own.
    pub fn guids(&self, name: &str) -> Vec<rpa::Guid> {
        let values = self.values(name).unwrap_or_default().iter();
        values.filter_map(|text| text.parse().ok()).collect()
    }

    /// The entities that are named, each once, where the topic's have ids of their own; none: none is.
    pub fn part_ids(&self) -> Option<Vec<rpa::Guid>> {
        let mut parts = parts(self.topic).iter();
        let name = parts.find(|name| self.values(name).is_some())?;
        let mut ids = self.guids(name);
        ids.sort_unstable();
        ids.dedup();
        Some(ids)
    }

    /// The parts of the topic that are followed; none: all of it.
    pub fn scopes(&self) -> Option<Vec<u128>> {
        let mut parts = parts(self.topic).iter();
        let name = parts.find(|name| self.values(name).is_some())?;
        let mut scopes: Vec<u128> = match self.topic {
            Topic::Instances | Topic::Activities | Topic::Tasks | Topic::Incidents => {
                self.ids(name).into_iter().map(|id| id.root.0).collect()
            }
            Topic::Jobs
            | Topic::Runs
            | Topic::Robots
            | Topic::Groups
            | Topic::TaskQueues
            | Topic::Logs => self.guids(name).into_iter().map(|id| id.0).collect(),
            Topic::Definitions | Topic::Figures => return None,
        };
        scopes.sort_unstable();
        scopes.dedup();
        Some(scopes)
    }

    /// Whether an item passes.
    pub fn passes(&self, shown: &Shown) -> bool {
        self.conditions.iter().all(|one| one.holds(shown))
    }

    /// Whether it passes as far as it cannot change.
    pub fn may_have_passed(&self, shown: &Shown) -> bool {
        let mut conditions = self.conditions.iter();
        conditions.all(|one| one.changes || one.holds(shown))
    }
}

fn values(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(list) if (1..=VALUES).contains(&list.len()) => list
            .iter()
            .map(|value| value.as_str().map(str::to_owned))
            .collect(),
        _ => None,
    }
}

/// Values as facts name them: ids in their one spelling, states spelled out.
fn meant(
    topic: Topic,
    name: &'static str,
    values: Vec<String>,
    id: &str,
) -> Result<Vec<String>, Refused> {
    let is_guid = match topic {
        Topic::Jobs
        | Topic::Runs
        | Topic::Robots
        | Topic::Groups
        | Topic::TaskQueues
        | Topic::Logs => name != "state",
        Topic::Instances
        | Topic::Activities
        | Topic::Tasks
        | Topic::Incidents
        | Topic::Definitions
        | Topic::Figures => false,
    };
    if is_guid {
        let one = |text: String| match text.parse::<rpa::Guid>() {
            Ok(guid) => guid.to_string(),
            Err(_) => text,
        };
        return Ok(values.into_iter().map(one).collect());
    }
    let unknown = |value: &str| {
        let title = format!("'{value}' is no {name}");
        Refused::new(Some(id), "malformed-filter", title)
    };
    match (topic, name) {
        (Topic::Instances, "state") => {
            let mut meant = Vec::new();
            for value in &values {
                let states = instance_states(value).ok_or_else(|| unknown(value))?;
                meant.extend(states.iter().map(|state| (*state).to_owned()));
            }
            Ok(meant)
        }
        (Topic::Jobs, "state") => values
            .into_iter()
            .map(|value| match rpa::terms::JobState::read(&value) {
                Some(state) => Ok(state.name().to_owned()),
                None => Err(unknown(&value)),
            })
            .collect(),
        _ => Ok(values),
    }
}

fn instance_states(name: &str) -> Option<&'static [&'static str]> {
    Some(match name {
        "active" => &["active"],
        "suspended" => &["suspended"],
        "completed" => &["completed"],
        "cancelled" => &["cancelled"],
        "running" => &["active", "suspended"],
        "ended" => &["completed", "cancelled"],
        "any" => &["active", "suspended", "completed", "cancelled"],
        _ => return None,
    })
}
