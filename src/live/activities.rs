//! The activities of an instance, as a diagram paints them: what is new or otherwise than it was shown last.
//! Never: looks at an instance of which nothing has changed, or renders one change of it for each who looks.

use super::filter::Filter;
use crate::{api::activities, server::State};
use actors::live::{Kind, Step};
use codec::{Id, Tenant};
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};
use tokio::sync::OnceCell;

/// Instances whose last rendering is kept for those who have not looked yet.
const KEPT: usize = 64;
/// A rendering that is longer is shared only by those who look at the same time.
const KEPT_BYTES: usize = 256 * 1024;

/// An activity as it is shown.
struct Activity {
    number: u32,
    json: Box<str>,
    hash: u64,
    ended: bool,
}

type Rendered = Arc<[Activity]>;
type Cell = Arc<OnceCell<Rendered>>;

/// Renderings that all who look share, by the change after which they were made.
#[derive(Default)]
pub struct Shared(Mutex<HashMap<(Tenant, Id), (u64, Cell)>>);

impl Shared {
    async fn rendered(
        &self,
        state: &Arc<State>,
        tenant: Tenant,
        instance: Id,
        change: u64,
    ) -> Rendered {
        let key = (tenant, instance);
        let cell = {
            let mut shared = self.0.lock();
            match shared.get(&key) {
                // One that was made after a later change shows this one, too.
                Some((known, cell)) if *known >= change => Arc::clone(cell),
                Some(_) | None => {
                    if shared.len() >= KEPT {
                        shared.clear();
                    }
                    let cell = Cell::default();
                    shared.insert(key, (change, Arc::clone(&cell)));
                    cell
                }
            }
        };
        let render = || render(state, tenant, instance);
        let rendered = cell.get_or_init(render).await;
        let bytes: usize = rendered.iter().map(|one| one.json.len()).sum();
        if bytes > KEPT_BYTES {
            self.0.lock().remove(&key);
        }
        Arc::clone(rendered)
    }
}

async fn render(state: &Arc<State>, tenant: Tenant, instance: Id) -> Rendered {
    // One that is gone, or was never there, has none.
    let found = activities::rendered(state, tenant, instance).await;
    let activity = |(number, json, ended): (u32, String, bool)| {
        let mut hasher = DefaultHasher::new();
        json.hash(&mut hasher);
        Activity {
            number,
            json: json.into(),
            hash: hasher.finish(),
            ended,
        }
    };
    found
        .unwrap_or_default()
        .into_iter()
        .map(activity)
        .collect()
}

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

    /// What is there, in order of its start.
    pub async fn all(&mut self, state: &Arc<State>, tenant: Tenant) -> Vec<Box<str>> {
        let mut all = Vec::new();
        for at in 0..self.instances.len() {
            let rendered = render(state, tenant, self.instances[at]).await;
            let new = self.otherwise(self.instances[at], &rendered);
            all.extend(new.into_iter().map(|(_, json)| json));
        }
        all
    }

    /// What is otherwise than it was shown, of what has changed.
    pub async fn look(
        &mut self,
        state: &Arc<State>,
        tenant: Tenant,
        step: Step,
    ) -> Vec<(Kind, Box<str>)> {
        let mut changed = Vec::new();
        for at in 0..self.instances.len() {
            let instance = self.instances[at];
            let rendered = match &step {
                Step::Lost => render(state, tenant, instance).await,
                Step::Changes(entries) => {
                    let mut entries = entries.iter().rev();
                    let Some(entry) = entries.find(|entry| entry.key.scope == instance.root.0)
                    else {
                        continue;
                    };
                    let shared = &state.live.activities;
                    shared.rendered(state, tenant, instance, entry.seq).await
                }
            };
            changed.extend(self.otherwise(instance, &rendered));
        }
        changed
    }

    fn otherwise(&mut self, instance: Id, rendered: &[Activity]) -> Vec<(Kind, Box<str>)> {
        let mut changed = Vec::new();
        for activity in rendered {
            let before = self.seen.insert((instance, activity.number), activity.hash);
            let kind = match before {
                Some(before) if before == activity.hash => continue,
                _ if activity.ended => Kind::Ended,
                Some(_) => Kind::Changed,
                None => Kind::Created,
            };
            changed.push((kind, activity.json.clone()));
        }
        changed
    }
}
