//! The activities of an instance, as a diagram paints them: what is new or otherwise than it was shown last.
//! Never: looks at an instance of which nothing has changed.

use super::filter::Filter;
use crate::{api::activities, server::State};
use actors::live::Kind;
use codec::{Id, Tenant};
use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

/// What has been shown of instances.
#[derive(Default)]
pub struct Painted {
    instances: Vec<Id>,
    /// By instance and number, what was shown.
    seen: HashMap<(Id, u32), u64>,
}

impl Painted {
    /// Of the instances that a filter names; nothing is shown yet.
    pub fn of(filter: &Filter) -> Self {
        Painted {
            instances: filter.ids("instanceId"),
            seen: HashMap::new(),
        }
    }

    /// What is otherwise than it was shown, in order of its start.
    pub async fn look(&mut self, state: &Arc<State>, tenant: Tenant) -> Vec<(Kind, String)> {
        let mut changed = Vec::new();
        for instance in &self.instances {
            // One that is gone, or was never there, has none.
            let found = activities::rendered(state, tenant, *instance).await;
            for (number, json, ended) in found.unwrap_or_default() {
                let mut hasher = DefaultHasher::new();
                json.hash(&mut hasher);
                let hash = hasher.finish();
                let before = self.seen.insert((*instance, number), hash);
                let kind = match before {
                    Some(before) if before == hash => continue,
                    _ if ended => Kind::Ended,
                    Some(_) => Kind::Changed,
                    None => Kind::Created,
                };
                changed.push((kind, json));
            }
        }
        changed
    }
}
