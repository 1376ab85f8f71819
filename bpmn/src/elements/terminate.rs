//! Terminate end event: ends its scope (the instance, the sub-process, the called instance), the enclosing
//! multi-instance, or the root instance with all that it called.

use super::{call_activity, leave, multi_instance};
use crate::instance::agenda::{self, Operation};
use crate::instance::ending;
use crate::instance::run::{Run, Step};
use crate::model::{Element, Kind};

pub(super) fn execute(
    run: &mut Run<'_>,
    element: &Element,
    all: bool,
    multi_instance: bool,
    execution: u32,
) -> Step {
    let reason = format!("terminate end event ({})", element.id);
    if all {
        return ending::end_instance(run, 0, Some(&element.id), Some(&reason));
    }
    if multi_instance && let Some(body) = multi_instance_root(run, execution) {
        return terminate_multi_instance(run, body);
    }
    let Some(scope) = scope_of(run, execution) else {
        return Err(run.work.lost(execution));
    };
    let Some(state) = run.work.execution(scope) else {
        return Err(run.work.lost(scope));
    };
    match state.parent {
        None => terminate_instance(run, state.instance, &element.id, &reason),
        Some(parent) => terminate_sub_process(run, scope, parent, reason),
    }
}

/// The execution itself or its nearest ancestor that is a scope.
fn scope_of(run: &Run<'_>, execution: u32) -> Option<u32> {
    match run.work.execution(execution)?.is_scope() {
        true => Some(execution),
        false => run.work.parent_scope(execution),
    }
}

/// The nearest execution outwards, across calls, that holds a multi-instance.
fn multi_instance_root(run: &Run<'_>, execution: u32) -> Option<u32> {
    let mut current = Some(execution);
    while let Some(number) = current {
        let state = run.work.execution(number)?;
        if state.is_multi_instance_root() {
            return Some(number);
        }
        current = state.parent.or_else(|| {
            let row = run.work.rows().instance(state.instance)?;
            row.super_execution
        });
    }
    None
}

fn terminate_multi_instance(run: &mut Run<'_>, body: u32) -> Step {
    let (process, at) = run.position(body)?;
    let Some(parent) = run.work.execution(body).and_then(|e| e.parent) else {
        return Err(run.work.lost(body));
    };
    let outgoing = run.create_child(parent, at, false)?;
    let reason = format!("terminate end event ({})", process.element(at).id);
    ending::delete_execution(run, body, Some(&reason))?;
    agenda::leave_by_conditions(run, outgoing);
    Ok(())
}

fn terminate_instance(run: &mut Run<'_>, instance: u32, end: &str, reason: &str) -> Step {
    let row = run.work.rows().instance(instance);
    let caller = row.and_then(|row| row.super_execution);
    if let Some(caller) = caller {
        call_activity::completing(run, caller, instance)?;
    }
    ending::end_instance(run, instance, Some(end), Some(reason))?;
    match caller {
        Some(caller) => leave(run, caller),
        None => Ok(()),
    }
}

fn terminate_sub_process(run: &mut Run<'_>, scope: u32, parent: u32, reason: String) -> Step {
    let (process, at) = run.position(scope)?;
    let element = process.element(at);
    if !matches!(element.kind, Kind::SubProcess(_)) {
        return Err(run.work.lost(scope));
    }
    run.plan(Operation::DestroyScope {
        execution: scope,
        reason: Some(reason),
    });
    if element.multi_instance.is_some() {
        return multi_instance::leave(run, scope);
    }
    let outgoing = run.create_child(parent, at, false)?;
    agenda::leave_by_conditions(run, outgoing);
    Ok(())
}
