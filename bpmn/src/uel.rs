//! The unified expression language, as Activiti 6 reads it (JUEL 2.2.7): text with `${…}` or `#{…}` in it.
//!
//! Owns: parsing (once, at deployment), evaluation with JUEL's coercions, and the fixed table of methods.
//! Never: reflects, calls anything that is not in the table, or runs without a bound on depth, steps and sizes.
//!
//! ```text
//!  text ── scan ──▶ parts ── one part that is an expression ──▶ Single:    its value as it is
//!                      ├──── text only                       ──▶ Literal:   the text
//!                      └──── anything else                   ──▶ Composite: the parts as text, joined
//! ```

use codec::Value;
use evaluate::Evaluation;
use jiff::tz::TimeZone;
use tree::Node;

mod coerce;
mod dates;
mod error;
mod evaluate;
mod lexer;
mod methods;
mod operators;
mod parser;
#[cfg(test)]
mod tests;
mod tree;

pub(crate) use coerce::{parse_decimal, text as text_of};
pub(crate) use dates::spelled;
pub use error::{EvaluationError, SyntaxError};
pub use tree::{MAX_DEPTH, MAX_NODES, MAX_TEXT_BYTES};

/// What an expression can see.
pub trait Scope {
    /// A variable: `Some(Null)` when it is null, `None` when there is none of this name.
    /// Also answers `authenticatedUserId`, where someone is authenticated.
    fn variable(&mut self, name: &str) -> Option<Value>;
    /// Assigns a variable that exists.
    fn assign_variable(&mut self, name: &str, value: Value) -> Result<(), EvaluationError>;
    /// Whether an object is known here.
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
    /// The zone in which dates become text.
    fn time_zone(&self) -> TimeZone;
}

/// The objects that an expression reaches by name. They shadow variables of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Object {
    /// `execution`.
    Execution,
    /// `task`, in task listeners and task expressions.
    Task,
    /// `execution.currentFlowElement`: where the execution stands. It has no name of its own.
    FlowElement,
}

impl Object {
    /// The object of this name.
    pub fn named(name: &str) -> Option<Object> {
        match name {
            "execution" => Some(Object::Execution),
            "task" => Some(Object::Task),
            _ => None,
        }
    }

    /// The object that a property of this one is.
    fn behind(self, property: &str) -> Option<Object> {
        match (self, property) {
            (Object::Task, "execution") => Some(Object::Execution),
            (Object::Execution, "currentFlowElement") => Some(Object::FlowElement),
            _ => None,
        }
    }

    /// The object that a method of this one gives.
    fn given_by(self, method: &str) -> Option<Object> {
        match (self, method) {
            (Object::Task, "getExecution") => Some(Object::Execution),
            (Object::Execution, "getCurrentFlowElement") => Some(Object::FlowElement),
            _ => None,
        }
    }

    /// The name by which an expression reaches it.
    pub fn name(self) -> &'static str {
        match self {
            Object::Execution => "execution",
            Object::Task => "task",
            Object::FlowElement => "currentFlowElement",
        }
    }
}

/// Text that may hold expressions, parsed once.
#[derive(Clone, Debug)]
pub struct Template {
    text: Box<str>,
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    Literal(Box<str>),
    Single(Box<Node>),
    Composite(Vec<Part>),
}

#[derive(Clone, Debug)]
enum Part {
    Text(String),
    Expression(Node),
}

impl Template {
    /// Parses a text; blanks and line breaks around it do not count, and `\${` stands for `${`.
    pub fn parse(text: &str) -> Result<Template, SyntaxError> {
        Ok(Template {
            text: text.into(),
            form: parser::parse(text)?,
        })
    }

    /// Parses a text that is a script: the blanks and line breaks around it are part of its value.
    pub fn parse_script(text: &str) -> Result<Template, SyntaxError> {
        Ok(Template {
            text: text.into(),
            form: parser::parse_whole(text)?,
        })
    }

    /// A text that is taken as it is, blanks, `${` and all.
    pub fn literal(text: &str) -> Template {
        Template {
            text: text.into(),
            form: Form::Literal(text.into()),
        }
    }

    /// The source.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it holds no expression.
    pub fn is_literal(&self) -> bool {
        match self.form {
            Form::Literal(_) => true,
            Form::Single(_) | Form::Composite(_) => false,
        }
    }

    /// The value: of the expression, or of the whole as text.
    pub fn evaluate(&self, scope: &mut dyn Scope) -> Result<Value, EvaluationError> {
        let result = match &self.form {
            Form::Literal(text) => return Ok(Value::String(text.to_string())),
            Form::Single(node) => Evaluation::new(scope).result(node),
            Form::Composite(parts) => composite(parts, scope),
        };
        result.map_err(|error| error.within(&self.text))
    }

    /// The value as text; null is none.
    pub fn evaluate_text(&self, scope: &mut dyn Scope) -> Result<Option<String>, EvaluationError> {
        Ok(match self.evaluate(scope)? {
            Value::Null => None,
            Value::String(text) => Some(text),
            other => Some(spelled(other, &scope.time_zone()).to_java_string()),
        })
    }

    /// The value as a condition: null, text and everything but a boolean is an error.
    pub fn evaluate_condition(&self, scope: &mut dyn Scope) -> Result<bool, EvaluationError> {
        match self.evaluate(scope)? {
            Value::Bool(truth) => Ok(truth),
            Value::Null => Err(EvaluationError::ConditionNull {
                expression: error::shortened(&self.text),
            }),
            other => Err(EvaluationError::ConditionNotBoolean {
                expression: error::shortened(&self.text),
                value: error::shortened(&other.to_java_string()),
                value_type: other.type_name(),
            }),
        }
    }

    /// Assigns to what the expression names: a variable that exists, an entry below one, a property of an object.
    pub fn assign(&self, scope: &mut dyn Scope, value: Value) -> Result<(), EvaluationError> {
        let result = match &self.form {
            Form::Single(node) => Evaluation::new(scope).assign(node, value),
            Form::Literal(_) | Form::Composite(_) => {
                Err(EvaluationError::failed("text is not assignable"))
            }
        };
        result.map_err(|error| error.within(&self.text))
    }
}

fn composite(parts: &[Part], scope: &mut dyn Scope) -> Result<Value, EvaluationError> {
    let mut evaluation = Evaluation::new(scope);
    let mut out = String::new();
    for part in parts {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Expression(node) => {
                // Text may hold what no value does: Infinity.
                let value = evaluation.value(node)?;
                let value = evaluation.spelled(value);
                out.push_str(&coerce::text(&value));
            }
        }
        evaluation.check_text(out.len())?;
    }
    Ok(Value::String(out))
}
