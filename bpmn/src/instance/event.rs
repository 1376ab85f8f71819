//! Events: what happened to a root instance. The journal holds them; `apply` needs nothing else.
//! The disk type and the core type are the same here: variants are only added at the end.
//! Never: text that a definition gives, or anything that replay would have to work out again.

use crate::model::{ElementIndex, FlowIndex};
use crate::rows::{Delegation, IdentityLink, IncidentRow, TaskRow, TimerRow, WorkRow};
use codec::{DefinitionId, Value};
use serde::{Deserialize, Serialize};

/// Something that happened. Numbers are those inside the root.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// An instance started; its number is also that of its outermost execution.
    InstanceStarted {
        /// The instance.
        instance: u32,
        /// What it is an instance of.
        definition: DefinitionId,
        /// Free text.
        business_key: Option<String>,
        /// Its name.
        name: Option<String>,
        /// Who started it.
        start_user: Option<String>,
        /// The execution that called it.
        super_execution: Option<u32>,
        /// When, milliseconds since 1970.
        at_ms: i64,
    },
    /// An instance ended, and with it all that was left of it.
    InstanceEnded {
        /// The instance.
        instance: u32,
        /// When, milliseconds since 1970.
        at_ms: i64,
        /// The element that was reached last.
        end_activity: Option<String>,
        /// Why, when it did not end by itself.
        delete_reason: Option<String>,
        /// Whether it was cancelled rather than completed.
        cancelled: bool,
    },
    /// An instance was suspended.
    InstanceSuspended {
        /// The instance.
        instance: u32,
    },
    /// An instance was activated.
    InstanceActivated {
        /// The instance.
        instance: u32,
    },
    /// An execution began, active.
    ExecutionCreated {
        /// The execution.
        execution: u32,
        /// Its parent.
        parent: u32,
        /// Where it stands.
        at: ElementIndex,
        /// Whether it is a scope.
        scope: bool,
    },
    /// An execution stands at another element without having taken a flow.
    ExecutionMoved {
        /// The execution.
        execution: u32,
        /// Where it stands now.
        at: ElementIndex,
    },
    /// An execution's flags changed.
    ExecutionFlagged {
        /// The execution.
        execution: u32,
        /// All its flags, as in `Execution::flags`.
        flags: u8,
    },
    /// An execution got another parent.
    ExecutionAdopted {
        /// The execution.
        execution: u32,
        /// Its new parent.
        parent: u32,
    },
    /// An execution ended; its variables are kept in history.
    ExecutionRemoved {
        /// The execution.
        execution: u32,
    },
    /// An execution took a flow and stands, active, at its target.
    FlowTaken {
        /// The execution.
        execution: u32,
        /// The flow.
        flow: FlowIndex,
        /// Its target.
        target: ElementIndex,
    },
    /// An activity began.
    ActivityStarted {
        /// The activity.
        activity: u32,
        /// Its execution.
        execution: u32,
        /// The element.
        element: ElementIndex,
        /// When, milliseconds since 1970.
        at_ms: i64,
    },
    /// An activity ended.
    ActivityEnded {
        /// The activity.
        activity: u32,
        /// When, milliseconds since 1970.
        at_ms: i64,
        /// Why, when it did not end by itself.
        reason: Option<String>,
    },
    /// A variable has a value.
    VariableSet {
        /// The execution or task that it belongs to.
        scope: u32,
        /// Its name.
        name: String,
        /// Its value.
        value: Value,
    },
    /// A variable was removed, from history too.
    VariableRemoved {
        /// The execution or task that it belonged to.
        scope: u32,
        /// Its name.
        name: String,
    },
    /// A task was created.
    TaskCreated(Box<TaskRow>),
    /// A field of a task changed.
    TaskChanged {
        /// The task.
        task: u32,
        /// The field and its value.
        change: TaskChange,
    },
    /// A task was completed or cancelled.
    TaskFinished {
        /// The task.
        task: u32,
        /// When, milliseconds since 1970.
        at_ms: i64,
        /// Why, when it was not completed.
        reason: Option<String>,
    },
    /// A timer waits.
    TimerScheduled(Box<TimerRow>),
    /// A timer's due time or state changed.
    TimerMoved {
        /// The timer.
        timer: u32,
        /// When it fires, milliseconds since 1970.
        due_ms: i64,
        /// How often it may still fail.
        retries_left: u32,
        /// Why it failed last.
        last_error: Option<String>,
    },
    /// A timer fired or was cancelled.
    TimerRemoved {
        /// The timer.
        timer: u32,
    },
    /// Something failed and waits for someone.
    IncidentOpened(Box<IncidentRow>),
    /// An incident is resolved, or what it was about is gone.
    IncidentClosed {
        /// The incident.
        incident: u32,
    },
    /// Work for someone else was asked for; its number is its activity's.
    WorkRequested(Box<WorkRow>),
    /// The result of work waits until someone has it taken again, or does so no longer.
    WorkHeld {
        /// The work.
        work: u32,
        /// Whether it waits.
        held: bool,
    },
    /// Work is done, failed, or no longer wanted.
    WorkRemoved {
        /// The work.
        work: u32,
    },
}

/// A field of a task and its new value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum TaskChange {
    /// The assignee.
    Assignee(Option<String>),
    /// The owner.
    Owner(Option<String>),
    /// The delegation.
    Delegation(Option<Delegation>),
    /// When it was claimed, milliseconds since 1970.
    ClaimedMs(Option<i64>),
    /// The name.
    Name(Option<String>),
    /// The description.
    Description(Option<String>),
    /// The priority.
    Priority(i32),
    /// When it should be done, milliseconds since 1970.
    DueMs(Option<i64>),
    /// The category.
    Category(Option<String>),
    /// The key of its form.
    FormKey(Option<String>),
    /// A link more.
    LinkAdded(IdentityLink),
    /// A link less.
    LinkRemoved(IdentityLink),
}
