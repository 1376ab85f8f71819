//! The unified expression language, as Activiti 6 reads it (JUEL 2.2.7): text with `${…}` or `#{…}` in it.
//!
//! Owns: parsing (once, at deployment), evaluation with JUEL's coercions, and the fixed table of methods.
//! Never: reflects, calls anything that is not in the table, or runs without a bound on depth, steps and sizes.

use codec::Value;

mod error;

pub use error::{EvaluationError, SyntaxError};

/// What an expression can see.
pub trait Scope {
    /// A variable: `Some(Null)` when it is null, `None` when there is none of this name.
    fn variable(&mut self, name: &str) -> Option<Value>;
    /// Assigns a variable that exists.
    fn assign_variable(&mut self, name: &str, value: Value) -> Result<(), EvaluationError>;
    /// Whether `execution` or `task` is known here.
    fn has_object(&self, object: Object) -> bool;
    /// A property of it, as `execution.processInstanceId`.
    fn object_property(&mut self, object: Object, name: &str) -> Result<Value, EvaluationError>;
    /// A call on it, as `execution.setVariable("a", 1)`.
    fn object_call(
        &mut self,
        object: Object,
        method: &str,
        arguments: &[Value],
    ) -> Result<Value, EvaluationError>;
}

/// The objects that an expression reaches by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Object {
    /// `execution`.
    Execution,
    /// `task`, in task listeners and task expressions.
    Task,
}

/// Text that may hold expressions, parsed once.
#[derive(Clone, Debug)]
pub struct Template {
    text: Box<str>,
}

impl Template {
    /// Parses a text.
    pub fn parse(text: &str) -> Result<Template, SyntaxError> {
        Ok(Template { text: text.into() })
    }
    /// A text that is taken as it is.
    pub fn literal(text: &str) -> Template {
        Template { text: text.into() }
    }
    /// The source.
    pub fn text(&self) -> &str {
        &self.text
    }
    /// Whether it holds no expression.
    pub fn is_literal(&self) -> bool {
        unimplemented!()
    }
    /// The value.
    pub fn evaluate(&self, _scope: &mut dyn Scope) -> Result<Value, EvaluationError> {
        unimplemented!()
    }
    /// The value as text; null is none.
    pub fn evaluate_text(&self, _scope: &mut dyn Scope) -> Result<Option<String>, EvaluationError> {
        unimplemented!()
    }
    /// The value as a condition.
    pub fn evaluate_condition(&self, _scope: &mut dyn Scope) -> Result<bool, EvaluationError> {
        unimplemented!()
    }
    /// Assigns to what it names.
    pub fn assign(&self, _scope: &mut dyn Scope, _value: Value) -> Result<(), EvaluationError> {
        unimplemented!()
    }
}
