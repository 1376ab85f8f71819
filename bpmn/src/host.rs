//! What the engine asks of the outside: the time, definitions, and the evaluation of scripts.
//!
//! Owns: the traits, and the definition as instances see it.
//! Never: an implementation; the caller brings clock, store and script engine.

use crate::model::{Process, Script};
use crate::uel::{EvaluationError, Object};
use codec::{DefinitionId, Tenant, Value};
use std::sync::Arc;

/// Everything that decisions take from outside of the instance.
pub trait Host {
    /// The engine's clock, milliseconds since 1970. Constant while one command is decided.
    fn now_ms(&self) -> i64;
    /// The zone of times that name none.
    fn time_zone(&self) -> &jiff::tz::TimeZone;
    /// A deployed definition.
    fn definition(&self, id: DefinitionId) -> Option<Arc<Definition>>;
    /// The highest version of a key.
    fn latest_definition(&self, tenant: Tenant, key: &str) -> Option<Arc<Definition>>;
    /// Runs a script in JavaScript; `juel` is evaluated inside.
    fn run_script(
        &mut self,
        script: &Script,
        scope: &mut dyn ScriptScope,
    ) -> Result<Value, ScriptFailure>;
}

/// A deployed process definition.
#[derive(Clone, Debug)]
pub struct Definition {
    /// Its id.
    pub id: DefinitionId,
    /// The company that it belongs to.
    pub tenant: Tenant,
    /// Its version, counted from 1 for each key.
    pub version: u32,
    /// Suspended definitions start no instance.
    pub suspended: bool,
    /// The graph.
    pub process: Arc<Process>,
}

impl Definition {
    /// The id as text: key, version, number.
    pub fn text_id(&self) -> String {
        format!("{}:{}:{}", self.process.key, self.version, self.id.0)
    }
}

/// What a script can see and change.
pub trait ScriptScope {
    /// A visible variable: `Some(Null)` when it is null, `None` when there is none.
    fn variable(&mut self, name: &str) -> Option<Value>;
    /// Sets a variable where it exists, else as high as possible.
    fn set_variable(&mut self, name: &str, value: Value) -> Result<(), String>;
    /// The names of all visible variables, sorted.
    fn names(&mut self) -> Vec<String>;
    /// Whether `execution` or `task` is known here.
    fn has_object(&self, object: Object) -> bool;
    /// A property of it, as in expressions.
    fn object_property(&mut self, object: Object, name: &str) -> Result<Value, EvaluationError>;
    /// A call on it, as in expressions.
    fn object_call(
        &mut self,
        object: Object,
        method: &str,
        arguments: &[Value],
    ) -> Result<Value, EvaluationError>;
}

/// Why a script gave no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScriptFailure {
    /// It threw a BPMN error.
    #[error("BPMN error '{code}': {message}")]
    BpmnError {
        /// The error's code.
        code: String,
        /// Its message.
        message: String,
    },
    /// It threw anything else, or does not parse.
    #[error("{0}")]
    Failed(String),
    /// It used up its time or memory.
    #[error("{0}")]
    LimitExceeded(String),
}
