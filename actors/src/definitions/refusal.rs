//! Why the definitions say no. A closed list: front ends translate each.

use bpmn::diagnostic::Diagnostic;

/// A refusal of the definitions.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Refusal {
    /// The model is not valid; all complaints at once.
    #[error("the model is not valid: {}", summary(.0))]
    InvalidModel(Vec<Complaint>),
    /// Nothing to deploy.
    #[error("a deployment needs at least one file")]
    Empty,
    /// Two processes of one deployment have the same key.
    #[error("two processes of one deployment have the key '{0}'")]
    DuplicateKey(String),
    /// There is no such definition.
    #[error("there is no process definition with the {what} '{text}'")]
    UnknownDefinition {
        /// `key` or `id`.
        what: &'static str,
        /// What was asked for.
        text: String,
    },
    /// There is no such deployment.
    #[error("there is no deployment with the id '{0}'")]
    UnknownDeployment(String),
    /// Instances of it run, and `cascade` was not asked for.
    #[error("the deployment has running instances")]
    HasInstances,
    /// It is in this state already.
    #[error("the process definition is already in state '{0}'")]
    AlreadyInState(&'static str),
    /// The definition is suspended.
    #[error("Cannot execute operation because process definition '{name}' (id={id}) is suspended")]
    Suspended {
        /// Its name or key.
        name: String,
        /// Its id.
        id: String,
    },
    /// There is no such timer.
    #[error("there is no timer with the id '{0}'")]
    UnknownTimer(String),
    /// A start timer's time cannot be read or its calendar is unknown.
    #[error("a start timer of process '{process}' cannot be scheduled: {reason}")]
    Timer {
        /// The process's key.
        process: String,
        /// Why.
        reason: String,
    },
}

/// A complaint about a file.
#[derive(Debug, Clone)]
pub struct Complaint {
    /// The file's name.
    pub resource: String,
    /// What, where.
    pub diagnostic: Diagnostic,
}

fn summary(complaints: &[Complaint]) -> String {
    let mut text = String::new();
    for (n, complaint) in complaints.iter().enumerate() {
        if n > 0 {
            text.push_str("; ");
        }
        let at = &complaint.diagnostic;
        text.push_str(&format!(
            "{}:{}:{}: {}",
            complaint.resource, at.line, at.column, at.message
        ));
    }
    text
}

impl Refusal {
    /// The stable name of the refusal, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::InvalidModel(_) => "invalid-model",
            Refusal::Empty => "empty-deployment",
            Refusal::DuplicateKey(_) => "duplicate-key",
            Refusal::UnknownDefinition { .. } => "unknown-definition",
            Refusal::UnknownDeployment(_) => "deployment-not-found",
            Refusal::HasInstances => "has-running-instances",
            Refusal::AlreadyInState("suspended") => "already-suspended",
            Refusal::AlreadyInState(_) => "already-active",
            Refusal::Suspended { .. } => "definition-suspended",
            Refusal::UnknownTimer(_) => "timer-not-found",
            Refusal::Timer { .. } => "timer-not-scheduled",
        }
    }
}
