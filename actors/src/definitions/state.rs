//! The state of the definitions: deployments, versions, start timers, and operations over many instances that are under way.
//!
//! Owns: what the events of the definitions mean. Never: parses a model, reads a clock.

use super::event::{DeployedDefinition, Event, Operation, Resource, StartTimer};
use codec::Tenant;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// All deployments of all companies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The last number given to a deployment or a definition.
    pub last_number: u64,
    /// By number.
    pub deployments: BTreeMap<u64, Deployment>,
    /// By number.
    pub definitions: BTreeMap<u64, Stored>,
    /// Start timers that wait.
    pub timers: Vec<StartTimer>,
    /// Instances that a timer started and whose start is not yet known to be durable.
    pub starting: Vec<Starting>,
    /// Operations over many instances that are under way.
    pub operations: Vec<Operation>,
}

/// A deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// Its number.
    pub number: u64,
    /// The company.
    pub tenant: Tenant,
    /// Its name, empty for none.
    pub name: String,
    /// When, milliseconds since 1970 by the engine's clock.
    pub deployed_ms: i64,
    /// Its files.
    pub resources: Vec<Resource>,
    /// Numbers of its definitions.
    pub definitions: Vec<u64>,
    /// Its removal is under way: nothing of it starts any more.
    pub leaving: bool,
}

/// A process definition as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// Its number.
    pub number: u64,
    /// The company.
    pub tenant: Tenant,
    /// The process id of the model.
    pub key: String,
    /// Counted from 1 for each key.
    pub version: u32,
    /// The deployment it came with.
    pub deployment: u64,
    /// Which of its resources.
    pub resource: u32,
    /// No new instance starts.
    pub suspended: bool,
}

/// An instance that a start timer is starting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Starting {
    /// Number of the definition.
    pub definition: u64,
    /// Index of the start event.
    pub element: u32,
    /// The root id, made from the definition and the firing.
    pub root: u128,
}

impl State {
    /// Applies an event; total, and the only mutator.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Deployed {
                number,
                tenant,
                name,
                deployed_ms,
                resources,
                definitions,
            } => self.deploy(*number, *tenant, name, *deployed_ms, resources, definitions),
            Event::StateChanged { number, suspended } => {
                if let Some(definition) = self.definitions.get_mut(number) {
                    definition.suspended = *suspended;
                }
            }
            Event::OperationBegun(operation) => {
                if let Operation::Undeploy { deployment } = operation
                    && let Some(found) = self.deployments.get_mut(deployment)
                {
                    found.leaving = true;
                    let gone = &found.definitions;
                    self.timers
                        .retain(|timer| !gone.contains(&timer.definition));
                }
                self.operations.push(operation.clone());
            }
            Event::OperationEnded(operation) => self.operations.retain(|known| known != operation),
            Event::Undeployed { deployment, .. } => {
                if let Some(gone) = self.deployments.remove(deployment) {
                    for number in gone.definitions {
                        self.definitions.remove(&number);
                        self.timers.retain(|timer| timer.definition != number);
                    }
                }
            }
            Event::TimerScheduled(timer) => {
                self.last_number = self.last_number.max(timer.number);
                self.timers.push(timer.clone());
            }
            Event::TimersRemoved { definition } => {
                self.timers.retain(|timer| timer.definition != *definition);
            }
            Event::TimerFired {
                definition,
                element,
                root,
                next,
            } => {
                self.timers
                    .retain(|t| (t.definition, t.timer.element.0) != (*definition, *element));
                self.timers.extend(next.clone());
                self.starting.push(Starting {
                    definition: *definition,
                    element: *element,
                    root: *root,
                });
            }
            Event::StartAcknowledged { root } => self.starting.retain(|start| start.root != *root),
            // For recovery, which drops what it finds of them.
            Event::DefinitionsForgotten { .. } => {}
        }
    }

    fn deploy(
        &mut self,
        number: u64,
        tenant: Tenant,
        name: &str,
        deployed_ms: i64,
        resources: &[Resource],
        definitions: &[DeployedDefinition],
    ) {
        for definition in definitions {
            let stored = Stored {
                number: definition.number,
                tenant,
                key: definition.key.clone(),
                version: definition.version,
                deployment: number,
                resource: definition.resource,
                suspended: false,
            };
            self.definitions.insert(definition.number, stored);
            self.last_number = self.last_number.max(definition.number);
        }
        self.last_number = self.last_number.max(number);
        let deployment = Deployment {
            number,
            tenant,
            name: name.to_owned(),
            deployed_ms,
            resources: resources.to_vec(),
            definitions: definitions.iter().map(|d| d.number).collect(),
            leaving: false,
        };
        self.deployments.insert(number, deployment);
    }

    /// The definitions that an event touches; asked before it is applied, since what it removes is no longer known then.
    pub fn definitions_of(&self, event: &Event) -> Vec<u64> {
        let of_deployment = |number: &u64| {
            let found = self.deployments.get(number);
            found.map_or_else(Vec::new, |deployment| deployment.definitions.clone())
        };
        match event {
            Event::Deployed { definitions, .. } => definitions.iter().map(|d| d.number).collect(),
            Event::StateChanged { number, .. } => vec![*number],
            Event::OperationBegun(Operation::Undeploy { deployment })
            | Event::Undeployed { deployment, .. } => of_deployment(deployment),
            Event::OperationBegun(Operation::SetInstances { .. })
            | Event::OperationEnded(_)
            | Event::TimerScheduled(_)
            | Event::TimersRemoved { .. }
            | Event::TimerFired { .. }
            | Event::StartAcknowledged { .. }
            | Event::DefinitionsForgotten { .. } => Vec::new(),
        }
    }

    /// The latest version of a key that is not leaving.
    pub fn latest(&self, tenant: Tenant, key: &str) -> Option<&Stored> {
        self.definitions
            .values()
            .filter(|d| d.tenant == tenant && d.key == key && !self.is_leaving(d.deployment))
            .max_by_key(|d| d.version)
    }

    /// Whether a deployment's removal is under way.
    pub fn is_leaving(&self, deployment: u64) -> bool {
        self.deployments
            .get(&deployment)
            .is_none_or(|deployment| deployment.leaving)
    }

    /// The latest deployment of a name.
    pub fn latest_deployment(&self, tenant: Tenant, name: &str) -> Option<&Deployment> {
        self.deployments
            .values()
            .rev()
            .find(|d| d.tenant == tenant && d.name == name && !d.leaving)
    }
}
