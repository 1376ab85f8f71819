//! What a subscription lets pass: which filters a topic has, and how they meet an item's facts.
//!
//! Owns: that a filter is AND, its list OR, and that what is not known is refused. Never: looks into an item's JSON.

use super::message::Refused;
use crate::server::State;
use actors::live::{Shown, Topic};
use codec::{Id, Tenant};
use serde_json::{Map, Value};

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
        Topic::Groups => &const { [fixed("id")] },
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

/// The filter that names parts of a topic that can be followed alone.
fn part(topic: Topic) -> Option<&'static str> {
    match topic {
        Topic::Instances | Topic::Jobs | Topic::Robots | Topic::Groups => Some("id"),
        Topic::Activities | Topic::Tasks | Topic::Incidents => Some("instanceId"),
        Topic::Runs => Some("jobId"),
        Topic::Logs => Some("runInstanceId"),
        Topic::Definitions | Topic::Figures => None,
    }
}

/// What a subscription lets pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    topic: Topic,
    conditions: Vec<(&'static str, Vec<String>)>,
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
            let values = meant(state, tenant, topic, field.name, values, id)?;
            filter.loose |= field.changes;
            filter.conditions.push((field.name, values));
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
            filter.conditions.push(("state", running));
        }
        Ok(filter)
    }

    /// The values of a filter.
    pub fn values(&self, name: &str) -> Option<&[String]> {
        let mut conditions = self.conditions.iter();
        let found = conditions.find(|(known, _)| *known == name);
        found.map(|(_, values)| values.as_slice())
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

    /// The parts of the topic that are followed; none: all of it.
    pub fn scopes(&self) -> Option<Vec<u128>> {
        let name = part(self.topic)?;
        let mut scopes: Vec<u128> = match self.topic {
            Topic::Instances | Topic::Activities | Topic::Tasks | Topic::Incidents => {
                let mut named = name;
                if self.values(name).is_none() && self.topic == Topic::Instances {
                    named = "superInstanceId";
                }
                self.values(named)?;
                self.ids(named).into_iter().map(|id| id.root.0).collect()
            }
            Topic::Jobs | Topic::Runs | Topic::Robots | Topic::Groups | Topic::Logs => {
                self.values(name)?;
                self.guids(name).into_iter().map(|id| id.0).collect()
            }
            Topic::Definitions | Topic::Figures => return None,
        };
        scopes.sort_unstable();
        scopes.dedup();
        Some(scopes)
    }

    /// Whether an item passes.
    pub fn passes(&self, shown: &Shown) -> bool {
        self.all(shown, |_| true)
    }

    /// Whether it passes as far as it cannot change.
    pub fn may_have_passed(&self, shown: &Shown) -> bool {
        let fields = fields(self.topic);
        let is_fixed = |name: &str| fields.iter().any(|f| f.name == name && !f.changes);
        self.all(shown, is_fixed)
    }

    fn all(&self, shown: &Shown, concerns: impl Fn(&str) -> bool) -> bool {
        let asked = self.conditions.iter().filter(|(name, _)| concerns(name));
        let mut asked = asked;
        asked.all(|(name, values)| {
            let mut facts = shown.facts.iter();
            facts.any(|(fact, value)| fact == name && values.iter().any(|v| **v == **value))
        })
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

/// Values as facts name them: ids in their one spelling, states spelled out, users with their groups.
fn meant(
    state: &State,
    tenant: Tenant,
    topic: Topic,
    name: &'static str,
    values: Vec<String>,
    id: &str,
) -> Result<Vec<String>, Refused> {
    let is_guid = match topic {
        Topic::Jobs | Topic::Runs | Topic::Robots | Topic::Groups | Topic::Logs => name != "state",
        _ => false,
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
        (Topic::Tasks, "candidateUser") => Ok(state.engine.organisation.look(|organisation| {
            let mut meant = Vec::new();
            for user in values {
                let groups = organisation.groups_of_user(tenant, &user);
                meant.extend(groups.map(|group| format!("group {}", group.id)));
                meant.push(format!("user {user}"));
            }
            meant
        })),
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
