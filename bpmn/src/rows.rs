//! Rows: what lists and indexes show of a root instance, one per instance, task, timer, incident and piece of work.
//! They are the summary of an entity at rest, so the core does not repeat what stands here.
//!
//! Owns: the rows' fields and the difference that a command makes to them.
//! Never: text that the definition gives (names of elements, ids of definitions); readers add it.
//! The disk type and the core type are the same here: a persisted struct never changes.

use crate::model::ElementIndex;
use codec::{DefinitionId, Value};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// All rows of a root instance.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rows {
    /// The root instance and all that it called, ended ones too, by number.
    pub instances: Vec<InstanceRow>,
    /// Open tasks by number. Many end at once oldest first, so that end is cheap too.
    pub tasks: VecDeque<TaskRow>,
    /// Timers by number.
    pub timers: Vec<TimerRow>,
    /// Open incidents by number.
    pub incidents: Vec<IncidentRow>,
    /// Work that someone else does, by number. Its bytes are those of a newer form of rows (see `stored`).
    #[serde(skip)]
    pub works: Vec<WorkRow>,
}

/// The rows that events touched, as they are now, and the numbers of those that are gone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RowChanges {
    /// Instances that are new or changed; instances never go before their root does.
    pub instances: Vec<InstanceRow>,
    /// Tasks that are new or changed.
    pub tasks: Vec<TaskRow>,
    /// Numbers of tasks that are completed or cancelled.
    pub gone_tasks: Vec<u32>,
    /// Timers that are new or changed.
    pub timers: Vec<TimerRow>,
    /// Numbers of timers that fired or were cancelled.
    pub gone_timers: Vec<u32>,
    /// Incidents that are new.
    pub incidents: Vec<IncidentRow>,
    /// Numbers of incidents that are resolved.
    pub gone_incidents: Vec<u32>,
    /// Work that is new or changed.
    pub works: Vec<WorkRow>,
    /// Numbers of work that is done, failed or no longer wanted.
    pub gone_works: Vec<u32>,
}

/// A process instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceRow {
    /// Its number inside the root; 0 is the root itself.
    pub number: u32,
    /// What it is an instance of.
    pub definition: DefinitionId,
    /// Free text of the caller.
    pub business_key: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Whether it is suspended.
    pub suspended: bool,
    /// When it started, milliseconds since 1970.
    pub started_ms: i64,
    /// Who started it.
    pub start_user: Option<String>,
    /// The instance that called it.
    pub super_instance: Option<u32>,
    /// The execution of the caller that waits for it.
    pub super_execution: Option<u32>,
    /// How it ended, if it has.
    pub ended: Option<Ended>,
}

/// The end of an instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    /// When, milliseconds since 1970.
    pub ended_ms: i64,
    /// The element that was reached last.
    pub end_activity: Option<String>,
    /// Why, when it did not end by itself.
    pub delete_reason: Option<String>,
    /// Whether it was cancelled rather than completed.
    pub cancelled: bool,
}

/// An open user task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskRow {
    /// Its number.
    pub number: u32,
    /// The instance that it belongs to.
    pub instance: u32,
    /// The execution that waits for it.
    pub execution: u32,
    /// The definition of its instance.
    pub definition: DefinitionId,
    /// The user task in the definition.
    pub element: ElementIndex,
    /// Its name.
    pub name: Option<String>,
    /// Its description.
    pub description: Option<String>,
    /// Who does it.
    pub assignee: Option<String>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Whether it is delegated.
    pub delegation: Option<Delegation>,
    /// Its priority, 50 by default.
    pub priority: i32,
    /// When it should be done, milliseconds since 1970.
    pub due_ms: Option<i64>,
    /// Its category.
    pub category: Option<String>,
    /// The key of its form.
    pub form_key: Option<String>,
    /// Whether its instance is suspended.
    pub suspended: bool,
    /// When it was created, milliseconds since 1970.
    pub created_ms: i64,
    /// When it was claimed, milliseconds since 1970.
    pub claimed_ms: Option<i64>,
    /// Candidates and other links, in order of addition.
    pub links: Vec<IdentityLink>,
    /// The task that it is part of.
    pub parent_task: Option<u32>,
}

/// The state of a delegated task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Delegation {
    /// The delegate works on it.
    Pending,
    /// The delegate gave it back.
    Resolved,
}

/// A user or a group that has to do with a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityLink {
    /// `candidate`, or a type of its own. Assignee and owner are no links here.
    pub link_type: String,
    /// Who.
    pub who: Identity,
}

/// A user or a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Identity {
    /// A user's id.
    User(String),
    /// A group's id.
    Group(String),
}

/// A timer that waits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimerRow {
    /// Its number.
    pub number: u32,
    /// The instance that it belongs to.
    pub instance: u32,
    /// The execution that it continues.
    pub execution: u32,
    /// The definition of its instance.
    pub definition: DefinitionId,
    /// The event in the definition.
    pub element: ElementIndex,
    /// When it fires, milliseconds since 1970.
    pub due_ms: i64,
    /// How often it may still fail; at 0 only an incident's retry makes it fire again.
    pub retries_left: u32,
    /// Its cycle, if it repeats.
    pub repeat: Option<Repeat>,
    /// No repetition after this instant, milliseconds since 1970.
    pub end_ms: Option<i64>,
    /// Why it failed last.
    pub last_error: Option<String>,
    /// Whether its instance is suspended: then it does not fire.
    pub suspended: bool,
}

/// A timer's cycle and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeat {
    /// The cycle, as `schedule` reads it.
    pub text: String,
    /// When it began, milliseconds since 1970.
    pub begun_ms: i64,
    /// How often it has fired.
    pub fired: u32,
}

/// Work that someone else does while an execution waits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkRow {
    /// Its number: that of the activity that asked for it.
    pub number: u32,
    /// The instance that it belongs to.
    pub instance: u32,
    /// The execution that waits for it.
    pub execution: u32,
    /// The definition of its instance.
    pub definition: DefinitionId,
    /// The task in the definition.
    pub element: ElementIndex,
    /// What is asked for.
    pub request: WorkRequest,
    /// Whether its instance is suspended: then no result is taken.
    pub suspended: bool,
    /// Its result could not be taken, and waits for someone.
    pub held: bool,
    /// When it was asked for, milliseconds since 1970.
    pub requested_ms: i64,
}

/// What is asked for. Variants are only added at the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum WorkRequest {
    /// That a robot runs a workflow.
    Robot {
        /// The workflow's id or name.
        workflow: String,
        /// Arguments by name.
        inputs: Vec<(String, Value)>,
    },
    /// That a message is put into a task queue.
    Message {
        /// The queue's id or name.
        queue: String,
        /// What it says.
        body: Value,
    },
}

/// Work that failed and waits for someone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IncidentRow {
    /// Its number.
    pub number: u32,
    /// What failed.
    pub kind: IncidentKind,
    /// The instance that it belongs to.
    pub instance: u32,
    /// The execution that stands still.
    pub execution: u32,
    /// The element where it stands.
    pub element: ElementIndex,
    /// The timer that failed, if it was one.
    pub timer: Option<u32>,
    /// Why.
    pub message: String,
    /// When, milliseconds since 1970.
    pub occurred_ms: i64,
    /// How often it was tried.
    pub retries: u32,
}

/// What failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum IncidentKind {
    /// A timer's work.
    Timer,
    /// An asynchronous continuation.
    Async,
    /// External work.
    External,
    /// A robot's job.
    Rpa,
    /// The delivery of a signal or message.
    Delivery,
    /// The entity itself.
    Quarantine,
}

impl IncidentKind {
    /// All of them.
    pub const ALL: [IncidentKind; 6] = [
        IncidentKind::Timer,
        IncidentKind::Async,
        IncidentKind::External,
        IncidentKind::Rpa,
        IncidentKind::Delivery,
        IncidentKind::Quarantine,
    ];

    /// Its name in the API.
    pub fn name(self) -> &'static str {
        match self {
            IncidentKind::Timer => "timer",
            IncidentKind::Async => "async",
            IncidentKind::External => "external",
            IncidentKind::Rpa => "rpa",
            IncidentKind::Delivery => "delivery",
            IncidentKind::Quarantine => "quarantine",
        }
    }
}

impl InstanceRow {
    /// Whether it runs or is suspended.
    pub fn is_open(&self) -> bool {
        self.ended.is_none()
    }
}

impl IdentityLink {
    /// The type of candidates.
    pub const CANDIDATE: &'static str = "candidate";

    /// A candidate user.
    pub fn candidate_user(id: impl Into<String>) -> Self {
        IdentityLink {
            link_type: Self::CANDIDATE.to_owned(),
            who: Identity::User(id.into()),
        }
    }

    /// A candidate group.
    pub fn candidate_group(id: impl Into<String>) -> Self {
        IdentityLink {
            link_type: Self::CANDIDATE.to_owned(),
            who: Identity::Group(id.into()),
        }
    }
}
