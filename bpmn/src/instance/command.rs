//! Commands: what can be asked of a root instance.
//! Never persisted; what they lead to are events.

use crate::host::Definition;
use crate::model::ElementIndex;
use crate::rows::IdentityLink;
use codec::Value;
use std::sync::Arc;

/// Named values in the order in which they are set.
pub type Variables = Vec<(String, Value)>;

/// A command. Numbers are those inside the root; 0 is the root instance.
#[derive(Clone, Debug)]
pub enum Command {
    /// Starts the root instance.
    Start(Box<Start>),
    /// Completes a task.
    CompleteTask {
        /// The task.
        task: u32,
        /// Who completes it.
        user: Option<String>,
        /// Set from the task's execution upwards.
        variables: Variables,
        /// Visible during this command only.
        transient: Variables,
        /// Set on the task itself; gone with it, kept in history.
        local: Variables,
    },
    /// Completes a task only if this user is its assignee or owner.
    CompleteOwnTask {
        /// The task.
        task: u32,
        /// Whose it must be.
        owner: String,
        /// Set from the task's execution upwards.
        variables: Variables,
        /// Visible during this command only.
        transient: Variables,
    },
    /// Claims a task; without a user, gives it back.
    ClaimTask {
        /// The task.
        task: u32,
        /// Who claims it.
        user: Option<String>,
    },
    /// Sets the assignee, whoever has it now.
    AssignTask {
        /// The task.
        task: u32,
        /// The new assignee, or none.
        user: Option<String>,
    },
    /// Delegates a task.
    DelegateTask {
        /// The task.
        task: u32,
        /// The delegate.
        user: String,
    },
    /// Gives a delegated task back to its owner.
    ResolveTask {
        /// The task.
        task: u32,
        /// Set from the task upwards.
        variables: Variables,
        /// Visible during this command only.
        transient: Variables,
    },
    /// Changes fields of a task.
    UpdateTask {
        /// The task.
        task: u32,
        /// What changes.
        patch: Box<TaskPatch>,
    },
    /// Adds an identity link; one that is there stays.
    AddLink {
        /// The task.
        task: u32,
        /// The link.
        link: IdentityLink,
    },
    /// Removes an identity link; one that is not there changes nothing.
    RemoveLink {
        /// The task.
        task: u32,
        /// The link.
        link: IdentityLink,
    },
    /// Sets and removes variables.
    SetVariables {
        /// Where.
        target: VariableTarget,
        /// Only there, not where the name exists further up.
        local: bool,
        /// Set in this order.
        set: Variables,
        /// Removed afterwards.
        remove: Vec<String>,
    },
    /// Submits a task's form.
    SubmitForm {
        /// The task.
        task: u32,
        /// Property id and what was submitted for it: text, or another scalar.
        properties: Variables,
        /// Completes the task too; else only saves.
        complete: bool,
    },
    /// Continues a receive task.
    Trigger {
        /// The instance.
        instance: u32,
        /// The receive task's id in the model.
        activity: String,
        /// Set from its execution upwards.
        variables: Variables,
        /// Visible during this command only.
        transient: Variables,
    },
    /// Runs a timer, due or not.
    FireTimer {
        /// The timer.
        timer: u32,
    },
    /// Sets when a timer fires.
    MoveTimer {
        /// The timer.
        timer: u32,
        /// Milliseconds since 1970.
        due_ms: i64,
    },
    /// Records that firing a timer failed: a retry less, due again later, at last an incident.
    FailTimer {
        /// The timer.
        timer: u32,
        /// Why it failed.
        message: String,
    },
    /// Suspends an instance.
    Suspend {
        /// The instance.
        instance: u32,
        /// And those that it called.
        include_called: bool,
    },
    /// Ends the suspension of an instance.
    Activate {
        /// The instance.
        instance: u32,
        /// And of those that it called.
        include_called: bool,
    },
    /// Cancels an instance and all that it called.
    Delete {
        /// The instance.
        instance: u32,
        /// Why; "process instance deleted" by default.
        reason: Option<String>,
    },
    /// Work that was asked for is done.
    CompleteWork {
        /// The work.
        work: u32,
        /// What it gave, by name; of one name the last counts.
        results: Variables,
    },
    /// Work that was asked for was not done: a BPMN error when something catches it, else an incident.
    FailWork {
        /// The work.
        work: u32,
        /// The error's code.
        code: String,
        /// Why.
        message: String,
    },
    /// The result of work could not be taken: it waits, with an incident, until that is tried again.
    HoldWork {
        /// The work.
        work: u32,
        /// Why.
        message: String,
    },
    /// Lets what failed be tried again.
    RetryIncident {
        /// The incident.
        incident: u32,
    },
}

/// How the root instance starts.
#[derive(Clone, Debug)]
pub struct Start {
    /// What is started.
    pub definition: Arc<Definition>,
    /// The start event that fired; else the none start event.
    pub start_event: Option<ElementIndex>,
    /// Free text.
    pub business_key: Option<String>,
    /// The instance's name.
    pub name: Option<String>,
    /// Its first variables.
    pub variables: Variables,
    /// Visible while it starts only.
    pub transient: Variables,
    /// Who starts it.
    pub start_user: Option<String>,
    /// What was submitted with the start form: property id and text, or another scalar.
    pub form: Option<Variables>,
}

impl Start {
    /// Starts a definition with nothing but itself.
    pub fn new(definition: Arc<Definition>) -> Self {
        Start {
            definition,
            start_event: None,
            business_key: None,
            name: None,
            variables: Vec::new(),
            transient: Vec::new(),
            start_user: None,
            form: None,
        }
    }
}

/// Fields of a task that change; none leaves a field as it is, an inner none clears it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskPatch {
    /// The name.
    pub name: Option<Option<String>>,
    /// The description.
    pub description: Option<Option<String>>,
    /// The priority.
    pub priority: Option<i32>,
    /// When it should be done, milliseconds since 1970.
    pub due_ms: Option<Option<i64>>,
    /// The owner.
    pub owner: Option<Option<String>>,
    /// The category.
    pub category: Option<Option<String>>,
}

/// Whose variables are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VariableTarget {
    /// An instance's.
    Instance(u32),
    /// A task's, and through it its execution's.
    Task(u32),
}

/// What a command led to, beside its events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The root instance started (and may have ended already).
    Started,
    /// Done.
    Done,
}
