//! The scripts of the conformance models: statements that are expressions too, so no script engine is needed here.
//! Never: accepts what it does not understand.

use bpmn::uel::{EvaluationError, Object, Scope, Template};
use bpmn::{ScriptFailure, ScriptScope};
use codec::Value;

/// Runs statement after statement.
pub fn run(source: &str, scope: &mut dyn ScriptScope) -> Result<Value, ScriptFailure> {
    let mut last = Value::Null;
    for statement in source.split(';').map(str::trim) {
        if statement.is_empty() || statement.starts_with("System.out.println") {
            continue;
        }
        let template = Template::parse(&format!("${{{statement}}}"))
            .map_err(|error| ScriptFailure::Failed(error.to_string()))?;
        last = template
            .evaluate(&mut AsScope(scope))
            .map_err(|error| ScriptFailure::Failed(error.to_string()))?;
    }
    Ok(last)
}

struct AsScope<'a>(&'a mut dyn ScriptScope);

impl Scope for AsScope<'_> {
    fn variable(&mut self, name: &str) -> Option<Value> {
        self.0.variable(name)
    }

    fn assign_variable(&mut self, name: &str, value: Value) -> Result<(), EvaluationError> {
        self.0
            .set_variable(name, value)
            .map_err(EvaluationError::failed)
    }

    fn has_object(&self, object: Object) -> bool {
        self.0.has_object(object)
    }

    fn object_property(&mut self, object: Object, name: &str) -> Result<Value, EvaluationError> {
        self.0.object_property(object, name)
    }

    fn object_call(
        &mut self,
        object: Object,
        method: &str,
        arguments: &[Value],
    ) -> Result<Value, EvaluationError> {
        self.0.object_call(object, method, arguments)
    }
}
