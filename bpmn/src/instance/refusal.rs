//! Refusals: why a command was not decided. Values, not errors of the machine; nothing changed.

use crate::uel::EvaluationError;

/// Why a command is refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// No open task of this number.
    #[error("Cannot find task with number {0}")]
    TaskNotFound(u32),
    /// No instance of this number.
    #[error("Cannot find process instance with number {0}")]
    InstanceNotFound(u32),
    /// The instance has ended.
    #[error("Process instance has ended")]
    InstanceEnded,
    /// The instance is suspended.
    #[error("Cannot execute operation because process instance is suspended")]
    InstanceSuspended,
    /// The task is suspended with its instance.
    #[error("Cannot execute operation: task is suspended")]
    TaskSuspended,
    /// The root was started before.
    #[error("Process instance was started before")]
    AlreadyStarted,
    /// The definition starts no instance now.
    #[error("Cannot start process instance. Process definition {name} (id = {id}) is suspended")]
    DefinitionSuspended {
        /// The definition's name.
        name: String,
        /// Its id.
        id: String,
    },
    /// No definition of this key or id.
    #[error("no processes deployed with key '{0}'")]
    UnknownDefinition(String),
    /// The process cannot be started this way.
    #[error("No start element found for process definition {0}")]
    NoStartEvent(String),
    /// A delegated task is completed.
    #[error("A delegated task cannot be completed, but should be resolved instead.")]
    DelegationPending,
    /// Someone else has the task.
    #[error("Task '{0}' is already claimed by someone else.")]
    AlreadyClaimed(String),
    /// The task is neither assigned to the user nor owned by them.
    #[error("Task '{0}' belongs to someone else.")]
    NotTheirs(String),
    /// Nothing waits there for a trigger.
    #[error("nothing waits at {0}")]
    NotWaiting(String),
    /// An expression failed.
    #[error("{0}")]
    ExpressionFailed(String),
    /// A script failed.
    #[error("{0}")]
    ScriptFailed(String),
    /// No flow could be taken.
    #[error("{0}")]
    NoFlowSelected(String),
    /// A BPMN error that nothing catches.
    #[error(
        "No catching boundary event found for error with errorCode '{code}', neither in same process nor in parent process"
    )]
    UncaughtError {
        /// The error's code; empty when it has none.
        code: String,
    },
    /// A bound on steps, depth or size was passed.
    #[error("{0}")]
    LimitExceeded(String),
    /// A form's values are not acceptable.
    #[error("{0}")]
    FormInvalid(String),
    /// No timer of this number.
    #[error("Cannot find timer with number {0}")]
    TimerNotFound(u32),
    /// No incident of this number.
    #[error("Cannot find incident with number {0}")]
    IncidentNotFound(u32),
    /// No open work of this number.
    #[error("Cannot find work with number {0}")]
    WorkNotFound(u32),
    /// It is suspended already.
    #[error("Cannot set suspension state 'suspended': already in state 'suspended'.")]
    AlreadySuspended,
    /// It is active already.
    #[error("Cannot set suspension state 'active': already in state 'active'.")]
    AlreadyActive,
    /// What the model says cannot be done with the values at hand.
    #[error("{0}")]
    InvalidValue(String),
}

impl Refusal {
    /// A stable name, as the API shows it.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::TaskNotFound(_) => "task-not-found",
            Refusal::InstanceNotFound(_) => "instance-not-found",
            Refusal::InstanceEnded => "instance-ended",
            Refusal::InstanceSuspended | Refusal::TaskSuspended => "instance-suspended",
            Refusal::AlreadyStarted => "already-started",
            Refusal::DefinitionSuspended { .. } => "definition-suspended",
            Refusal::UnknownDefinition(_) => "unknown-definition",
            Refusal::NoStartEvent(_) => "no-start-event",
            Refusal::DelegationPending => "delegation-pending",
            Refusal::AlreadyClaimed(_) => "already-claimed",
            Refusal::NotTheirs(_) => "not-theirs",
            Refusal::NotWaiting(_) => "not-waiting",
            Refusal::ExpressionFailed(_) | Refusal::InvalidValue(_) => "expression-failed",
            Refusal::ScriptFailed(_) => "script-failed",
            Refusal::NoFlowSelected(_) => "no-flow-selected",
            Refusal::UncaughtError { .. } => "uncaught-error",
            Refusal::LimitExceeded(_) => "limit-exceeded",
            Refusal::FormInvalid(_) => "form-invalid",
            Refusal::TimerNotFound(_) => "timer-not-found",
            Refusal::IncidentNotFound(_) => "incident-not-found",
            Refusal::WorkNotFound(_) => "work-not-found",
            Refusal::AlreadySuspended => "already-suspended",
            Refusal::AlreadyActive => "already-active",
        }
    }

    /// Whether the command failed while it ran (content), rather than being refused by the state.
    pub fn is_failure(&self) -> bool {
        match self {
            Refusal::ExpressionFailed(_)
            | Refusal::InvalidValue(_)
            | Refusal::ScriptFailed(_)
            | Refusal::NoFlowSelected(_)
            | Refusal::UncaughtError { .. }
            | Refusal::LimitExceeded(_)
            | Refusal::FormInvalid(_)
            | Refusal::UnknownDefinition(_)
            | Refusal::NoStartEvent(_) => true,
            Refusal::TaskNotFound(_)
            | Refusal::InstanceNotFound(_)
            | Refusal::InstanceEnded
            | Refusal::InstanceSuspended
            | Refusal::TaskSuspended
            | Refusal::AlreadyStarted
            | Refusal::DefinitionSuspended { .. }
            | Refusal::DelegationPending
            | Refusal::AlreadyClaimed(_)
            | Refusal::NotTheirs(_)
            | Refusal::NotWaiting(_)
            | Refusal::TimerNotFound(_)
            | Refusal::IncidentNotFound(_)
            | Refusal::WorkNotFound(_)
            | Refusal::AlreadySuspended
            | Refusal::AlreadyActive => false,
        }
    }
}

impl From<EvaluationError> for Refusal {
    fn from(error: EvaluationError) -> Self {
        match error {
            EvaluationError::BpmnError { code, .. } => Refusal::UncaughtError { code },
            EvaluationError::LimitExceeded { .. } => Refusal::LimitExceeded(error.to_string()),
            EvaluationError::UnknownProperty { .. }
            | EvaluationError::UnknownMethod { .. }
            | EvaluationError::Failed { .. }
            | EvaluationError::ConditionNull { .. }
            | EvaluationError::ConditionNotBoolean { .. } => {
                Refusal::ExpressionFailed(error.to_string())
            }
        }
    }
}
