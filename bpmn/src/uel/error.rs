//! Why a text is no expression, and why an expression gave no value.
//! Never: decides what a failure does to the command; callers do.

use thiserror::Error;

/// A text that does not parse; found at deployment.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("Error parsing expression '{text}': {message} at position {offset}")]
pub struct SyntaxError {
    /// The text that was parsed, shortened.
    pub text: String,
    /// Where it went wrong, bytes from the beginning of the text.
    pub offset: usize,
    /// What was wrong there.
    pub message: String,
}

/// An evaluation that gave no value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EvaluationError {
    /// A name or property that nothing answers to.
    #[error("Unknown property used in expression: {expression}")]
    UnknownProperty {
        /// The whole text.
        expression: String,
        /// The name that is unknown.
        name: String,
    },
    /// A method that the table does not have.
    #[error("Unknown method used in expression: {expression} ({method} of {receiver})")]
    UnknownMethod {
        /// The whole text.
        expression: String,
        /// The method's name.
        method: String,
        /// The type of what it was called on.
        receiver: String,
    },
    /// Any other failure: a coercion, a refusal of the engine.
    #[error("Error while evaluating expression: {expression}: {cause}")]
    Failed {
        /// The whole text.
        expression: String,
        /// What went wrong.
        cause: String,
    },
    /// A condition that gave null.
    #[error("condition expression returns null: {expression}")]
    ConditionNull {
        /// The whole text.
        expression: String,
    },
    /// A condition that gave something else than a boolean.
    #[error("condition expression returns non-Boolean: {value} ({value_type}): {expression}")]
    ConditionNotBoolean {
        /// The whole text.
        expression: String,
        /// The value as text, shortened.
        value: String,
        /// Its type.
        value_type: &'static str,
    },
    /// More steps, or a larger value, than an expression may have.
    #[error("limit exceeded in expression {expression}: {limit}")]
    LimitExceeded {
        /// The whole text.
        expression: String,
        /// Which limit.
        limit: &'static str,
    },
    /// A BPMN error thrown by what the expression called.
    #[error("BPMN error {code}: {message}")]
    BpmnError {
        /// The error code.
        code: String,
        /// Its message.
        message: String,
    },
}

impl EvaluationError {
    /// A failure of the scope; the expression's text is filled in on the way out.
    pub fn failed(cause: impl Into<String>) -> Self {
        EvaluationError::Failed {
            expression: String::new(),
            cause: cause.into(),
        }
    }

    pub(super) fn unknown_property(name: &str) -> Self {
        EvaluationError::UnknownProperty {
            expression: String::new(),
            name: name.to_owned(),
        }
    }

    /// A method that a scope's object does not have.
    pub fn unknown_method(receiver: &str, method: &str) -> Self {
        EvaluationError::UnknownMethod {
            expression: String::new(),
            method: method.to_owned(),
            receiver: receiver.to_owned(),
        }
    }

    pub(super) fn limit(limit: &'static str) -> Self {
        EvaluationError::LimitExceeded {
            expression: String::new(),
            limit,
        }
    }

    /// Fills in the text of the expression where it is not known yet.
    pub(super) fn within(mut self, text: &str) -> Self {
        match &mut self {
            EvaluationError::UnknownProperty { expression, .. }
            | EvaluationError::UnknownMethod { expression, .. }
            | EvaluationError::Failed { expression, .. }
            | EvaluationError::ConditionNull { expression }
            | EvaluationError::ConditionNotBoolean { expression, .. }
            | EvaluationError::LimitExceeded { expression, .. } => {
                if expression.is_empty() {
                    *expression = shortened(text);
                }
            }
            EvaluationError::BpmnError { .. } => {}
        }
        self
    }
}

/// At most 200 characters of a text, for messages.
pub(super) fn shortened(text: &str) -> String {
    const MAX_CHARACTERS: usize = 200;
    match text.char_indices().nth(MAX_CHARACTERS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
