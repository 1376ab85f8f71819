//! Variables of executions and tasks.
//! Never: looks for the scope that has one; events name it.

use super::super::Instance;
use super::super::state::Variable;
use crate::history::Entry;
use codec::Value;

pub(super) fn set(instance: &mut Instance, scope: u32, name: &str, value: &Value) {
    let range = instance.core.variable_range(scope);
    let end = range.end;
    let variables = &mut instance.core.variables;
    match variables[range].iter_mut().find(|v| v.name == name) {
        Some(variable) => variable.value = value.clone(),
        None => variables.insert(
            end,
            Variable {
                scope,
                name: name.to_owned(),
                value: value.clone(),
            },
        ),
    }
}

pub(super) fn remove(instance: &mut Instance, scope: u32, name: &str) {
    let range = instance.core.variable_range(scope);
    let start = range.start;
    let mut own = instance.core.variables[range].iter();
    if let Some(offset) = own.position(|v| v.name == name) {
        instance.core.variables.remove(start + offset);
    }
}

/// The variables of a scope that goes leave their last values in history.
pub(super) fn drop_all(instance: &mut Instance, of: u32, scope: u32, of_task: bool) {
    let range = instance.core.variable_range(scope);
    for gone in instance.core.variables.drain(range) {
        instance.history.push(Entry::VariableGone {
            instance: of,
            scope,
            of_task,
            name: gone.name,
            value: gone.value,
        });
    }
}
