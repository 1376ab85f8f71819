//! What expressions of a form see while it is submitted: what was submitted so far, over the scope below.
//! Never: writes a variable of the form to the scope below; the caller does.

use crate::uel::{EvaluationError, Object, Scope};
use codec::Value;
use jiff::tz::TimeZone;

pub(super) struct Overlay<'a> {
    below: &'a mut dyn Scope,
    variables: Vec<(String, Value)>,
}

impl<'a> Overlay<'a> {
    pub fn new(below: &'a mut dyn Scope) -> Self {
        Overlay {
            below,
            variables: Vec::new(),
        }
    }

    pub fn set(&mut self, name: &str, value: Value) {
        match self.variables.iter_mut().find(|(known, _)| known == name) {
            Some((_, slot)) => *slot = value,
            None => self.variables.push((name.to_owned(), value)),
        }
    }

    pub fn into_variables(self) -> Vec<(String, Value)> {
        self.variables
    }

    fn own(&self, name: &str) -> Option<&Value> {
        let known = self.variables.iter().find(|(known, _)| known == name);
        known.map(|(_, value)| value)
    }
}

impl Scope for Overlay<'_> {
    fn variable(&mut self, name: &str) -> Option<Value> {
        match self.own(name) {
            Some(value) => Some(value.clone()),
            None => self.below.variable(name),
        }
    }

    fn assign_variable(&mut self, name: &str, value: Value) -> Result<(), EvaluationError> {
        if self.own(name).is_some() {
            self.set(name, value);
            return Ok(());
        }
        self.below.assign_variable(name, value)
    }

    fn has_object(&self, object: Object) -> bool {
        self.below.has_object(object)
    }

    fn object_property(&mut self, object: Object, name: &str) -> Result<Value, EvaluationError> {
        self.below.object_property(object, name)
    }

    fn object_call(
        &mut self,
        object: Object,
        method: &str,
        arguments: &[Value],
    ) -> Result<Value, EvaluationError> {
        if let ("getVariable", [Value::String(name)]) = (method, arguments)
            && let Some(value) = self.own(name)
        {
            return Ok(value.clone());
        }
        self.below.object_call(object, method, arguments)
    }

    fn time_zone(&self) -> TimeZone {
        self.below.time_zone()
    }
}

/// The scope of a start form that is only read: there is nothing to see but the zone.
pub(super) struct Nothing(pub TimeZone);

impl Scope for Nothing {
    fn variable(&mut self, _name: &str) -> Option<Value> {
        None
    }

    fn assign_variable(&mut self, name: &str, _value: Value) -> Result<(), EvaluationError> {
        Err(EvaluationError::failed(format!("no variable '{name}'")))
    }

    fn has_object(&self, _object: Object) -> bool {
        false
    }

    fn object_property(&mut self, object: Object, _name: &str) -> Result<Value, EvaluationError> {
        Err(unknown(object))
    }

    fn object_call(
        &mut self,
        object: Object,
        _method: &str,
        _arguments: &[Value],
    ) -> Result<Value, EvaluationError> {
        Err(unknown(object))
    }

    fn time_zone(&self) -> TimeZone {
        self.0.clone()
    }
}

fn unknown(object: Object) -> EvaluationError {
    EvaluationError::failed(format!("no '{}' before the instance starts", object.name()))
}
