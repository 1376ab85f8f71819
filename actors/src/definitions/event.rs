//! Events of the definitions. Persisted: the enum only grows at the end, a struct never changes.

use codec::Tenant;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Version of the encoding of events and state.
pub const VERSION: u8 = 1;

/// What happened to the definitions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// Files were deployed, all of them or none.
    Deployed {
        /// The deployment's number.
        number: u64,
        /// The company.
        tenant: Tenant,
        /// Its name, empty for none.
        name: String,
        /// Milliseconds since 1970 by the engine's clock.
        deployed_ms: i64,
        /// Every file.
        resources: Vec<Resource>,
        /// The definitions in them.
        definitions: Vec<DeployedDefinition>,
    },
    /// A definition was suspended or activated.
    StateChanged {
        /// The definition's number.
        number: u64,
        /// No new instance starts.
        suspended: bool,
    },
    /// An operation over many instances began; it is resumed after a crash.
    OperationBegun(Operation),
    /// It is done.
    OperationEnded(Operation),
    /// A deployment and its definitions are gone.
    Undeployed {
        /// Its number.
        deployment: u64,
        /// Its instances and their history went with it.
        cascade: bool,
    },
    /// A start timer waits.
    TimerScheduled(StartTimer),
    /// The start timers of a definition are gone (a newer version took over).
    TimersRemoved {
        /// The definition's number.
        definition: u64,
    },
    /// A start timer fired: an instance is being started.
    TimerFired {
        /// The definition's number.
        definition: u64,
        /// Index of the start event.
        element: u32,
        /// The root id of the new instance.
        root: u128,
        /// The next firing of a cycle.
        next: Option<StartTimer>,
    },
    /// The start of that instance is durable, or was refused for good.
    StartAcknowledged {
        /// Its root id.
        root: u128,
    },
    /// Instances of these definitions and their history are deleted, those too that a snapshot without them may not know
    /// to be gone: recovery drops what it finds of them.
    DefinitionsForgotten {
        /// Numbers of definitions.
        definitions: Vec<u64>,
    },
}

/// A file of a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub bytes: Arc<[u8]>,
}

/// A definition in a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeployedDefinition {
    /// Its number.
    pub number: u64,
    /// The process id of the model.
    pub key: String,
    /// Counted from 1 for each key.
    pub version: u32,
    /// Index into the resources.
    pub resource: u32,
}

/// A timer that starts instances.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartTimer {
    /// A number of its own, for its id.
    pub number: u64,
    /// The definition's number.
    pub definition: u64,
    /// How often it has fired.
    pub fired: u32,
    /// The start event, when it is due, and its cycle.
    pub timer: bpmn::start_timer::StartTimer,
}

/// An operation over many instances.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operation {
    /// The instances of a definition are suspended or activated with it.
    SetInstances {
        /// The definition's number.
        definition: u64,
        /// Suspend, or activate.
        suspended: bool,
    },
    /// A deployment goes with all its instances and their history.
    Undeploy {
        /// Its number.
        deployment: u64,
    },
}

#[cfg(test)]
mod tests;
