//! What can be followed, and what names one thing of it.

use codec::{DefinitionId, Id, RootId, Tenant};
use rpa::Guid;

/// What can be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Topic {
    /// Process instances.
    Instances,
    /// What an instance did and does.
    Activities,
    /// Open user tasks.
    Tasks,
    /// Open incidents.
    Incidents,
    /// Definitions with their counts.
    Definitions,
    /// Jobs.
    Jobs,
    /// Run instances.
    Runs,
    /// Robots.
    Robots,
    /// Groups of robots.
    Groups,
    /// Task queues.
    TaskQueues,
    /// Lines of the log of a run.
    Logs,
    /// Rates and counts, once a second.
    Figures,
}

impl Topic {
    /// All of them.
    pub const ALL: [Topic; 12] = [
        Topic::Instances,
        Topic::Activities,
        Topic::Tasks,
        Topic::Incidents,
        Topic::Definitions,
        Topic::Jobs,
        Topic::Runs,
        Topic::Robots,
        Topic::Groups,
        Topic::TaskQueues,
        Topic::Logs,
        Topic::Figures,
    ];

    /// Its name in the protocol.
    pub fn name(self) -> &'static str {
        match self {
            Topic::Instances => "instances",
            Topic::Activities => "activities",
            Topic::Tasks => "tasks",
            Topic::Incidents => "incidents",
            Topic::Definitions => "definitions",
            Topic::Jobs => "jobs",
            Topic::Runs => "runs",
            Topic::Robots => "robots",
            Topic::Groups => "groups",
            Topic::TaskQueues => "taskqueues",
            Topic::Logs => "logs",
            Topic::Figures => "figures",
        }
    }

    pub(super) fn index(self) -> usize {
        self as usize
    }

    pub(super) fn bit(self) -> u32 {
        1 << self.index()
    }

    /// Whether the log keeps the newest change of each entity. Of the others a change only says: look again.
    pub fn is_kept(self) -> bool {
        match self {
            Topic::Instances
            | Topic::Tasks
            | Topic::Incidents
            | Topic::Definitions
            | Topic::Jobs
            | Topic::Runs
            | Topic::Robots
            | Topic::Groups
            | Topic::TaskQueues => true,
            Topic::Activities | Topic::Logs | Topic::Figures => false,
        }
    }
}

/// What names one entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// Of which topic.
    pub topic: Topic,
    /// Whose.
    pub tenant: Tenant,
    /// What followers of a part name: the root instance, the job, the run, or the entity itself.
    pub scope: u128,
    /// The entity: a number inside the scope, or an id.
    pub id: u128,
}

impl Key {
    /// Something inside a root instance.
    pub fn of_id(topic: Topic, tenant: Tenant, id: Id) -> Self {
        Key {
            topic,
            tenant,
            scope: id.root.0,
            id: u128::from(id.number),
        }
    }

    /// A definition.
    pub fn of_definition(tenant: Tenant, id: DefinitionId) -> Self {
        Key {
            topic: Topic::Definitions,
            tenant,
            scope: u128::from(id.0),
            id: u128::from(id.0),
        }
    }

    /// Something with an id of its own.
    pub fn of_guid(topic: Topic, tenant: Tenant, id: Guid) -> Self {
        Key {
            topic,
            tenant,
            scope: id.0,
            id: id.0,
        }
    }

    /// A run instance of a job.
    pub fn of_run(tenant: Tenant, job: Guid, run: Guid) -> Self {
        Key {
            topic: Topic::Runs,
            tenant,
            scope: job.0,
            id: run.0,
        }
    }

    /// The id inside a root instance.
    pub fn instance_id(&self) -> Id {
        RootId(self.scope).child(u32::try_from(self.id).unwrap_or(u32::MAX))
    }

    /// The definition.
    pub fn definition_id(&self) -> DefinitionId {
        DefinitionId(u64::try_from(self.id).unwrap_or(u64::MAX))
    }

    /// The id of its own.
    pub fn guid(&self) -> Guid {
        Guid(self.id)
    }
}
