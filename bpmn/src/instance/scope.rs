//! What expressions and scripts see: variables from an execution or a task upwards, `execution` and `task`.
//! Never: runs anything itself.

use super::objects;
use super::work::Work;
use crate::host::ScriptScope;
use crate::uel::{self, EvaluationError, Object};
use codec::Value;
use jiff::tz::TimeZone;

/// The scope of an execution; with a task, that of the task.
pub(crate) struct ExecutionScope<'a, 'b> {
    pub work: &'a mut Work<'b>,
    pub execution: u32,
    pub task: Option<u32>,
}

impl ExecutionScope<'_, '_> {
    /// The number whose variables come first.
    fn innermost(&self) -> u32 {
        self.task.unwrap_or(self.execution)
    }
}

impl uel::Scope for ExecutionScope<'_, '_> {
    fn variable(&mut self, name: &str) -> Option<Value> {
        if let Some(value) = self.work.variable(self.innermost(), name) {
            return Some(value.clone());
        }
        (name == "authenticatedUserId").then(|| match &self.work.user {
            Some(user) => Value::String(user.clone()),
            None => Value::Null,
        })
    }

    fn assign_variable(&mut self, name: &str, value: Value) -> Result<(), EvaluationError> {
        let scope = self.innermost();
        if self.work.variable(scope, name).is_none() {
            return Err(EvaluationError::failed(format!(
                "Cannot find property {name}"
            )));
        }
        self.work.set_variable(scope, name, value);
        Ok(())
    }

    fn has_object(&self, object: Object) -> bool {
        match object {
            Object::Execution => true,
            Object::Task => self.task.is_some(),
            Object::FlowElement => {
                let execution = self.work.execution(self.execution);
                execution.is_some_and(|execution| execution.at.is_some())
            }
        }
    }

    fn object_property(&mut self, object: Object, name: &str) -> Result<Value, EvaluationError> {
        objects::property(self, object, name)
    }

    fn object_call(
        &mut self,
        object: Object,
        method: &str,
        arguments: &[Value],
    ) -> Result<Value, EvaluationError> {
        objects::call(self, object, method, arguments)
    }

    fn time_zone(&self) -> TimeZone {
        self.work.zone.clone()
    }
}

impl ScriptScope for ExecutionScope<'_, '_> {
    fn variable(&mut self, name: &str) -> Option<Value> {
        self.work.variable(self.innermost(), name).cloned()
    }

    fn set_variable(&mut self, name: &str, value: Value) -> Result<(), String> {
        let scope = self.innermost();
        self.work.set_variable(scope, name, value);
        Ok(())
    }

    fn names(&mut self) -> Vec<String> {
        let visible = self.work.visible_variables(self.innermost());
        visible.into_iter().map(|(name, _)| name).collect()
    }

    fn has_object(&self, object: Object) -> bool {
        uel::Scope::has_object(self, object)
    }

    fn object_property(&mut self, object: Object, name: &str) -> Result<Value, EvaluationError> {
        objects::property(self, object, name)
    }

    fn object_call(
        &mut self,
        object: Object,
        method: &str,
        arguments: &[Value],
    ) -> Result<Value, EvaluationError> {
        objects::call(self, object, method, arguments)
    }
}
