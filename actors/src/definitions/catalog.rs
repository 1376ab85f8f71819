//! The catalog: the published definitions, as everyone who reads or starts sees them.
//!
//! Owns: parsed models by number, the latest version of a key, deployments. Changed only by the publisher, in journal order.
//! Never: parses on a read.

use super::{
    event::{Event, Resource},
    state::{Deployment, State, Stored},
};
use bpmn::{Definition, diagram::Diagram, model::Process};
use codec::{DefinitionId, Tenant};
use parking_lot::RwLock;
use std::{collections::HashMap, sync::Arc};

/// A published definition with all that is known of it.
#[derive(Clone)]
pub struct Published {
    /// What instances run.
    pub definition: Arc<Definition>,
    /// For drawing.
    pub diagram: Arc<Diagram>,
    /// The deployment it came with.
    pub deployment: u64,
    /// The file it came in.
    pub resource: String,
    /// When, milliseconds since 1970.
    pub deployed_ms: i64,
    /// Its deployment is being removed: nothing new starts.
    pub leaving: bool,
    /// `key:version:number`.
    pub id: Arc<str>,
}

/// A parsed model of a deployment.
#[derive(Clone)]
pub struct Model {
    /// The definition's number.
    pub number: u64,
    /// The graph.
    pub process: Arc<Process>,
    /// Its drawing.
    pub diagram: Arc<Diagram>,
}

/// What the publisher applies.
pub struct CatalogChange {
    /// The events of one record.
    pub events: Vec<Event>,
    /// The models of the definitions that they deploy.
    pub models: Vec<Model>,
}

/// The published definitions.
#[derive(Default)]
pub struct Catalog {
    inner: RwLock<Inner>,
}

#[derive(Default)]
struct Inner {
    state: State,
    by_number: HashMap<u64, Arc<Published>>,
    latest: HashMap<Tenant, HashMap<String, Arc<Published>>>,
}

impl Catalog {
    /// What recovery found.
    pub fn load(&self, state: State, models: Vec<Model>) {
        let mut inner = self.inner.write();
        inner.state = state;
        inner.add(models);
        inner.refresh();
    }

    /// Applies what a record did; gives the definitions that are gone.
    pub fn publish(&self, change: CatalogChange) -> Vec<Arc<Published>> {
        let mut inner = self.inner.write();
        for event in &change.events {
            inner.state.apply(event);
        }
        inner.add(change.models);
        let Inner {
            state, by_number, ..
        } = &*inner;
        let gone = by_number
            .values()
            .filter(|published| !state.definitions.contains_key(&published.definition.id.0))
            .cloned()
            .collect();
        inner.refresh();
        gone
    }

    /// A definition by number.
    pub fn get(&self, number: DefinitionId) -> Option<Arc<Published>> {
        self.inner.read().by_number.get(&number.0).cloned()
    }

    /// The latest version of a key.
    pub fn latest(&self, tenant: Tenant, key: &str) -> Option<Arc<Published>> {
        self.inner.read().latest.get(&tenant)?.get(key).cloned()
    }

    /// A definition by its text id `key:version:number`.
    pub fn find(&self, tenant: Tenant, id: &str) -> Option<Arc<Published>> {
        let (_, number) = id.rsplit_once(':')?;
        let found = self.get(DefinitionId(number.parse().ok()?))?;
        (*found.id == *id && found.definition.tenant == tenant).then_some(found)
    }

    /// All definitions of a company, oldest first.
    pub fn definitions(&self, tenant: Tenant) -> Vec<Arc<Published>> {
        let inner = self.inner.read();
        let mut all: Vec<_> = inner
            .by_number
            .values()
            .filter(|published| published.definition.tenant == tenant && !published.leaving)
            .cloned()
            .collect();
        all.sort_by_key(|published| published.definition.id);
        all
    }

    /// The versions of a key, oldest first.
    pub fn versions(&self, tenant: Tenant, key: &str) -> Vec<Arc<Published>> {
        let mut all = self.definitions(tenant);
        all.retain(|published| published.definition.process.key == key);
        all
    }

    /// A deployment.
    pub fn deployment(&self, tenant: Tenant, number: u64) -> Option<Deployment> {
        let inner = self.inner.read();
        let found = inner.state.deployments.get(&number)?;
        (found.tenant == tenant && !found.leaving).then(|| found.clone())
    }

    /// All deployments of a company, oldest first.
    pub fn deployments(&self, tenant: Tenant) -> Vec<Deployment> {
        let inner = self.inner.read();
        let all = inner.state.deployments.values();
        all.filter(|d| d.tenant == tenant && !d.leaving)
            .cloned()
            .collect()
    }

    /// A file of a deployment.
    pub fn resource(&self, deployment: u64, name: &str) -> Option<Resource> {
        let inner = self.inner.read();
        let found = inner.state.deployments.get(&deployment)?;
        found.resources.iter().find(|r| r.name == name).cloned()
    }

    /// Start timers that wait.
    pub fn start_timers(&self) -> Vec<super::event::StartTimer> {
        self.inner.read().state.timers.clone()
    }

    /// Start timers of active definitions that are due: when, and their numbers.
    pub fn due_starts(&self, now_ms: i64) -> Vec<(i64, u64)> {
        let inner = self.inner.read();
        let due = inner.state.timers.iter().filter(|timer| {
            let definition = inner.state.definitions.get(&timer.definition);
            timer.timer.due_ms <= now_ms && definition.is_some_and(|d| !d.suspended)
        });
        due.map(|timer| (timer.timer.due_ms, timer.number))
            .collect()
    }

    /// All definitions of all companies.
    pub fn all(&self) -> Vec<Arc<Published>> {
        self.inner.read().by_number.values().cloned().collect()
    }

    /// When the next start timer of an active definition is due.
    pub fn next_start_ms(&self) -> Option<i64> {
        let inner = self.inner.read();
        let active = |number: &u64| {
            inner
                .state
                .definitions
                .get(number)
                .is_some_and(|d| !d.suspended)
        };
        let due = inner.state.timers.iter().filter(|t| active(&t.definition));
        due.map(|timer| timer.timer.due_ms).min()
    }
}

impl Inner {
    fn add(&mut self, models: Vec<Model>) {
        for model in models {
            let Some(stored) = self.state.definitions.get(&model.number) else {
                continue;
            };
            if let Some(published) = published(&self.state, stored, model.process, model.diagram) {
                self.by_number.insert(model.number, Arc::new(published));
            }
        }
    }

    /// Brings what is derived in line with the state: removed definitions, suspension, the latest versions.
    fn refresh(&mut self) {
        let state = &self.state;
        self.by_number
            .retain(|number, _| state.definitions.contains_key(number));
        self.latest.clear();
        for (number, entry) in &mut self.by_number {
            let Some(stored) = state.definitions.get(number) else {
                continue;
            };
            let leaving = state.is_leaving(stored.deployment);
            if entry.definition.suspended != stored.suspended || entry.leaving != leaving {
                let process = Arc::clone(&entry.definition.process);
                if let Some(new) = published(state, stored, process, Arc::clone(&entry.diagram)) {
                    *entry = Arc::new(new);
                }
            }
            if leaving {
                continue;
            }
            let keys = self.latest.entry(stored.tenant).or_default();
            let newer = keys
                .get(&stored.key)
                .is_none_or(|known| known.definition.version < stored.version);
            if newer {
                keys.insert(stored.key.clone(), Arc::clone(entry));
            }
        }
    }
}

fn published(
    state: &State,
    stored: &Stored,
    process: Arc<Process>,
    diagram: Arc<Diagram>,
) -> Option<Published> {
    let deployment = state.deployments.get(&stored.deployment)?;
    let resource = deployment.resources.get(stored.resource as usize)?;
    Some(Published {
        definition: Arc::new(Definition {
            id: DefinitionId(stored.number),
            tenant: stored.tenant,
            version: stored.version,
            suspended: stored.suspended,
            process,
        }),
        diagram,
        deployment: stored.deployment,
        resource: resource.name.clone(),
        deployed_ms: deployment.deployed_ms,
        leaving: deployment.leaving,
        id: format!("{}:{}:{}", stored.key, stored.version, stored.number).into(),
    })
}
