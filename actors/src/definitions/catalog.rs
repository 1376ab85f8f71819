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

/// What a change brought and took.
#[derive(Default)]
pub struct Shown {
    /// Definitions that are new.
    pub new: Vec<Arc<Published>>,
    /// Definitions that are gone.
    pub gone: Vec<Arc<Published>>,
    /// All that the change is about, by number.
    pub touched: Vec<u64>,
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
        for published in inner.add(models) {
            inner.refresh(published.definition.id.0);
        }
    }

    /// Applies what a record did, and touches no definition but those that it names.
    pub fn publish(&self, change: CatalogChange) -> Shown {
        let mut inner = self.inner.write();
        let mut touched = Vec::new();
        for event in &change.events {
            touched.extend(inner.state.definitions_of(event));
            inner.state.apply(event);
        }
        let new = inner.add(change.models);
        let gone = touched.iter().filter_map(|number| inner.refresh(*number));
        Shown {
            gone: gone.collect(),
            new,
            touched,
        }
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
    fn add(&mut self, models: Vec<Model>) -> Vec<Arc<Published>> {
        let mut new = Vec::with_capacity(models.len());
        for model in models {
            let Some(stored) = self.state.definitions.get(&model.number) else {
                continue;
            };
            if let Some(published) = published(&self.state, stored, model.process, model.diagram) {
                let published = Arc::new(published);
                self.by_number.insert(model.number, Arc::clone(&published));
                new.push(published);
            }
        }
        new
    }

    /// Brings what is derived from a definition in line with the state; gives it when it is gone.
    fn refresh(&mut self, number: u64) -> Option<Arc<Published>> {
        let state = &self.state;
        let Some(stored) = state.definitions.get(&number) else {
            let gone = self.by_number.remove(&number)?;
            let (tenant, key) = (gone.definition.tenant, &gone.definition.process.key);
            self.refresh_latest(tenant, key);
            return Some(gone);
        };
        let entry = self.by_number.get_mut(&number)?;
        let leaving = state.is_leaving(stored.deployment);
        if entry.definition.suspended != stored.suspended || entry.leaving != leaving {
            let process = Arc::clone(&entry.definition.process);
            if let Some(new) = published(state, stored, process, Arc::clone(&entry.diagram)) {
                *entry = Arc::new(new);
            }
        }
        let keys = self.latest.entry(stored.tenant).or_default();
        let known = keys.get(&stored.key).map(|known| known.definition.version);
        if !leaving && known.is_none_or(|known| known <= stored.version) {
            keys.insert(stored.key.clone(), Arc::clone(entry));
        } else if known == Some(stored.version) {
            let (tenant, key) = (stored.tenant, stored.key.clone());
            self.refresh_latest(tenant, &key);
        }
        None
    }

    /// Looks for the latest version of a key among all definitions: only when one goes.
    fn refresh_latest(&mut self, tenant: Tenant, key: &str) {
        let latest = self.state.latest(tenant, key);
        let latest = latest.and_then(|stored| self.by_number.get(&stored.number));
        let keys = self.latest.entry(tenant).or_default();
        match latest {
            Some(latest) => {
                keys.insert(key.to_owned(), Arc::clone(latest));
            }
            None => {
                keys.remove(key);
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

#[cfg(test)]
mod tests;
