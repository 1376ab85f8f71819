//! Executions, and the activities that they carry out.
//! Never: follows a flow; it is told where an execution stands.

use super::super::Instance;
use super::super::event::Event;
use super::super::state::{Execution, OpenActivity};
use super::{insert_by, remove_by, took_number, variables};
use crate::history::Entry;

pub(super) fn created(instance: &mut Instance, event: &Event) {
    let Event::ExecutionCreated {
        execution: number,
        parent,
        at,
        scope,
    } = event
    else {
        return;
    };
    took_number(instance, *number);
    let Some(of) = instance.core.execution(*parent).map(|e| e.instance) else {
        return;
    };
    let scope = if *scope { Execution::SCOPE } else { 0 };
    let created = Execution {
        number: *number,
        parent: Some(*parent),
        instance: of,
        at: Some(*at),
        flags: Execution::ACTIVE | scope,
    };
    insert_by(&mut instance.core.executions, created, |e| e.number);
}

pub(super) fn change(instance: &mut Instance, number: u32, change: impl FnOnce(&mut Execution)) {
    if let Some(execution) = instance.core.execution_mut(number) {
        change(execution);
    }
}

pub(super) fn remove(instance: &mut Instance, number: u32) {
    let executions = &mut instance.core.executions;
    if let Some(gone) = remove_by(executions, number, |e| e.number) {
        variables::drop_all(instance, gone.instance, number, false);
    }
}

pub(super) fn flow_taken(instance: &mut Instance, event: &Event) {
    let Event::FlowTaken {
        execution,
        flow,
        target,
    } = event
    else {
        return;
    };
    if let Some(execution) = instance.core.execution_mut(*execution) {
        execution.at = Some(*target);
        execution.flags |= Execution::ACTIVE;
        let of = execution.instance;
        instance.history.push(Entry::FlowTaken {
            instance: of,
            flow: *flow,
        });
    }
}

pub(super) fn activity_started(instance: &mut Instance, event: &Event) {
    let Event::ActivityStarted {
        activity,
        execution,
        element,
        at_ms,
    } = event
    else {
        return;
    };
    took_number(instance, *activity);
    let Some(execution) = instance.core.execution(*execution).copied() else {
        return;
    };
    instance.history.push(Entry::ActivityStarted {
        activity: *activity,
        instance: execution.instance,
        execution: execution.number,
        parent_execution: execution.parent,
        element: *element,
        at_ms: *at_ms,
    });
    let open = OpenActivity {
        number: *activity,
        execution: execution.number,
        element: *element,
    };
    insert_by(&mut instance.core.activities, open, |a| a.number);
}

pub(super) fn activity_ended(instance: &mut Instance, event: &Event) {
    let Event::ActivityEnded {
        activity,
        at_ms,
        reason,
    } = event
    else {
        return;
    };
    if remove_by(&mut instance.core.activities, *activity, |a| a.number).is_some() {
        instance.history.push(Entry::ActivityEnded {
            activity: *activity,
            at_ms: *at_ms,
            reason: reason.clone(),
        });
    }
}
