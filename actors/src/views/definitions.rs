//! Definitions as the views know them: their graph for names, and the indexes of what runs of each.
//! Never: which version is the latest, or whether one is suspended; the definitions' own actor says that.

use super::Views;
use super::order::Stamp;
use super::sorted::SortedSet;
use bpmn::model::{Element, ElementIndex, Process};
use codec::{DefinitionId, Tenant};
use hashbrown::HashMap;
use std::sync::Arc;

/// How many of a definition, or of a tenant, are open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Instances that have not ended, suspended ones too.
    pub running: usize,
    /// Of those, suspended ones.
    pub suspended: usize,
    /// Open tasks.
    pub tasks: usize,
    /// Timers that wait.
    pub timers: usize,
    /// Open incidents.
    pub incidents: usize,
}

/// A definition.
pub(super) struct DefinitionRecord {
    pub id: DefinitionId,
    pub version: u32,
    pub process: Option<Arc<Process>>,
    pub running: SortedSet<Stamp>,
    pub ended: SortedSet<Stamp>,
    pub tasks: SortedSet<Stamp>,
    pub suspended: usize,
    pub timers: usize,
    pub incidents: usize,
}

impl DefinitionRecord {
    /// The element at an index; none while the definition was not told, or when it is of another one.
    pub fn element(&self, index: ElementIndex) -> Option<&Element> {
        self.process.as_ref()?.elements.get(index.0 as usize)
    }
}

/// All definitions, each with a number.
#[derive(Default)]
pub(super) struct Definitions {
    records: Vec<DefinitionRecord>,
    by_id: HashMap<(Tenant, DefinitionId), u32>,
    by_key: HashMap<Tenant, HashMap<Box<str>, Vec<u32>>>,
}

impl Definitions {
    /// The number of a tenant's definition, new or known.
    pub fn number(&mut self, tenant: Tenant, id: DefinitionId) -> u32 {
        if let Some(number) = self.by_id.get(&(tenant, id)) {
            return *number;
        }
        let number = self.records.len() as u32;
        self.records.push(DefinitionRecord {
            id,
            version: 0,
            process: None,
            running: SortedSet::default(),
            ended: SortedSet::default(),
            tasks: SortedSet::default(),
            suspended: 0,
            timers: 0,
            incidents: 0,
        });
        self.by_id.insert((tenant, id), number);
        number
    }

    /// The number of a tenant's known definition.
    pub fn find(&self, tenant: Tenant, id: DefinitionId) -> Option<u32> {
        self.by_id.get(&(tenant, id)).copied()
    }

    /// The numbers of all versions of a key.
    pub fn of_key(&self, tenant: Tenant, key: &str) -> &[u32] {
        self.by_key
            .get(&tenant)
            .and_then(|keys| keys.get(key))
            .map_or(&[], Vec::as_slice)
    }

    /// The definition with a number.
    pub fn get(&self, number: u32) -> &DefinitionRecord {
        &self.records[number as usize]
    }

    /// The definition with a number, to change.
    pub fn get_mut(&mut self, number: u32) -> &mut DefinitionRecord {
        &mut self.records[number as usize]
    }
}

impl Views {
    /// Tells a definition, before the first row of it: names, keys and element ids come from its graph.
    pub fn define(
        &mut self,
        tenant: Tenant,
        id: DefinitionId,
        version: u32,
        process: Arc<Process>,
    ) {
        let number = self.definitions.number(tenant, id);
        let keys = self.definitions.by_key.entry(tenant).or_default();
        let versions = keys.entry(process.key.as_str().into()).or_default();
        if !versions.contains(&number) {
            versions.push(number);
        }
        let record = self.definitions.get_mut(number);
        record.version = version;
        record.process = Some(process);
    }

    /// Forgets a definition that was undeployed. Its rows must be gone; those that are not lose their names.
    pub fn undefine(&mut self, tenant: Tenant, id: DefinitionId) {
        let Some(number) = self.definitions.find(tenant, id) else {
            return;
        };
        let process = self.definitions.get_mut(number).process.take();
        let keys = self.definitions.by_key.get_mut(&tenant);
        let (Some(process), Some(keys)) = (process, keys) else {
            return;
        };
        if let Some(versions) = keys.get_mut(process.key.as_str()) {
            versions.retain(|other| *other != number);
            if versions.is_empty() {
                keys.remove(process.key.as_str());
            }
        }
    }

    /// What is open of a definition.
    pub fn definition_counts(&self, tenant: Tenant, id: DefinitionId) -> Counts {
        let Some(number) = self.definitions.find(tenant, id) else {
            return Counts::default();
        };
        let record = self.definitions.get(number);
        Counts {
            running: record.running.len(),
            suspended: record.suspended,
            tasks: record.tasks.len(),
            timers: record.timers,
            incidents: record.incidents,
        }
    }

    /// What is open of a tenant.
    pub fn counts(&self, tenant: Tenant) -> Counts {
        self.tenants
            .get(&tenant)
            .map_or(Counts::default(), |indexes| Counts {
                running: indexes.running.len(),
                suspended: indexes.suspended,
                tasks: indexes.tasks.len(),
                timers: indexes.timers.len(),
                incidents: indexes.incidents.len(),
            })
    }
}
