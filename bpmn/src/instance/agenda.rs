//! The operations of the agenda: going on at an element, leaving it, taking a flow.
//!
//! ```text
//!  Continue ─▶ the element acts ─▶ waits
//!                              └─▶ TakeOutgoing ─▶ TakeFlow ─▶ Continue …
//!                                              └─▶ EndExecution (no flow leads on)
//! ```
//!
//! Owns: these operations, as Activiti orders them.
//! Never: what an element does (`elements`) or how executions end (`ending`).

use super::ending;
use super::event::Event;
use super::refusal::Refusal;
use super::run::{Run, Step};
use super::state::Execution;
use crate::elements;
use crate::model::{Element, ElementIndex, ExecutionEvent, FlowIndex, Kind, Process};

/// Work on one execution, planned for later in the same command.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    /// Goes on at the element where the execution stands.
    Continue(u32),
    /// Goes on as one instance of a multi-instance activity.
    ContinueMultiInstance(u32),
    /// Passes on to `TakeFlow` (an exclusive gateway takes one step more).
    PassFlow(u32, FlowIndex),
    /// Arrives by a flow that is taken.
    TakeFlow(u32, FlowIndex),
    /// Leaves the element, by the flows whose conditions hold or by all.
    TakeOutgoing { execution: u32, conditions: bool },
    /// Ends the execution.
    EndExecution(u32),
    /// Ends a scope with all that is in it.
    DestroyScope {
        execution: u32,
        reason: Option<String>,
    },
    /// Continues what waits.
    Trigger(u32),
}

impl Operation {
    /// The execution that it works on.
    pub fn execution(&self) -> u32 {
        match self {
            Operation::Continue(execution)
            | Operation::ContinueMultiInstance(execution)
            | Operation::PassFlow(execution, _)
            | Operation::TakeFlow(execution, _)
            | Operation::TakeOutgoing { execution, .. }
            | Operation::EndExecution(execution)
            | Operation::DestroyScope { execution, .. }
            | Operation::Trigger(execution) => *execution,
        }
    }
}

pub(super) fn run(run: &mut Run<'_>, operation: Operation) -> Step {
    match operation {
        Operation::Continue(execution) => continue_process(run, execution),
        Operation::ContinueMultiInstance(execution) => continue_multi_instance(run, execution),
        Operation::PassFlow(execution, flow) => {
            run.plan(Operation::TakeFlow(execution, flow));
            Ok(())
        }
        Operation::TakeFlow(execution, flow) => take_flow(run, execution, flow),
        Operation::TakeOutgoing {
            execution,
            conditions,
        } => take_outgoing(run, execution, conditions),
        Operation::EndExecution(execution) => ending::end_execution(run, execution),
        Operation::DestroyScope { execution, reason } => {
            ending::delete_execution(run, execution, reason.as_deref())
        }
        Operation::Trigger(execution) => trigger(run, execution),
    }
}

/// Plans the default way out.
pub(crate) fn leave_by_conditions(run: &mut Run<'_>, execution: u32) {
    run.plan(Operation::TakeOutgoing {
        execution,
        conditions: true,
    });
}

fn continue_process(run: &mut Run<'_>, execution: u32) -> Step {
    let (process, at) = run.position(execution)?;
    let element = process.element(at);
    if element.incoming.is_empty()
        && element.parent.is_none()
        && let Some(parent) = run.work.execution(execution).and_then(|e| e.parent)
    {
        run.notify_all(&process.listeners, ExecutionEvent::Start, parent)?;
    }
    let execution = if matches!(element.kind, Kind::SubProcess(_)) {
        enter_sub_process(run, execution, at)?
    } else {
        execution
    };
    if element.multi_instance.is_some() {
        run.notify(element, ExecutionEvent::Start, execution)?;
        wait_for_boundary_events(run, &process, element, execution)?;
        return elements::execute(run, &process, at, execution);
    }
    run.work.start_activity(execution);
    run.notify(element, ExecutionEvent::Start, execution)?;
    wait_for_boundary_events(run, &process, element, execution)?;
    elements::execute(run, &process, at, execution)
}

/// A sub-process runs on an execution of its own below the surrounding scope; the one that arrived goes.
fn enter_sub_process(run: &mut Run<'_>, arrived: u32, at: ElementIndex) -> Result<u32, Refusal> {
    let parent = run
        .work
        .parent_scope(arrived)
        .ok_or_else(|| run.work.lost(arrived))?;
    let execution = run.create_child(parent, at, true)?;
    ending::delete_execution(run, arrived, None)?;
    Ok(execution)
}

fn continue_multi_instance(run: &mut Run<'_>, execution: u32) -> Step {
    let (process, at) = run.position(execution)?;
    run.notify(process.element(at), ExecutionEvent::Start, execution)?;
    run.work.start_activity(execution);
    elements::execute(run, &process, at, execution)
}

/// Each boundary event waits on a child of the activity's execution.
fn wait_for_boundary_events(
    run: &mut Run<'_>,
    process: &Process,
    element: &Element,
    execution: u32,
) -> Step {
    for boundary in &element.boundary_events {
        let child = run.create_child(execution, *boundary, false)?;
        elements::execute(run, process, *boundary, child)?;
    }
    Ok(())
}

fn take_flow(run: &mut Run<'_>, execution: u32, flow: FlowIndex) -> Step {
    let process = run.process(execution)?;
    let listeners = &process.flow(flow).listeners;
    for event in [
        ExecutionEvent::Start,
        ExecutionEvent::Take,
        ExecutionEvent::End,
    ] {
        run.notify_all(listeners, event, execution)?;
    }
    run.plan(Operation::Continue(execution));
    Ok(())
}

/// Puts an execution onto a flow; it stands at the target at once, and acts there when its turn comes.
pub(crate) fn step_onto(run: &mut Run<'_>, process: &Process, execution: u32, flow: FlowIndex) {
    let target = process.flow(flow).target;
    run.work.emit(Event::FlowTaken {
        execution,
        flow,
        target,
    });
}

fn take_outgoing(run: &mut Run<'_>, execution: u32, conditions: bool) -> Step {
    let (process, at) = run.position(execution)?;
    let element = process.element(at);
    clean_up(run, element, execution)?;
    if run
        .work
        .execution(execution)
        .is_some_and(|e| !e.is_instance())
    {
        run.notify(element, ExecutionEvent::End, execution)?;
        run.work.end_activity(execution, None);
    }
    let flows = select_flows(run, &process, element, execution, conditions)?;
    let Some((first, others)) = flows.split_first() else {
        if element.outgoing.is_empty() {
            run.plan(Operation::EndExecution(execution));
            return Ok(());
        }
        return Err(Refusal::NoFlowSelected(format!(
            "No outgoing sequence flow of element '{}' could be selected for continuing the process",
            element.id
        )));
    };
    let parent = run
        .work
        .execution(execution)
        .map(|e| e.parent.unwrap_or(execution))
        .ok_or_else(|| run.work.lost(execution))?;
    let mut leaving = vec![(execution, *first)];
    step_onto(run, &process, execution, *first);
    for flow in others {
        let child = run.create_child(parent, process.flow(*flow).target, false)?;
        step_onto(run, &process, child, *flow);
        leaving.push((child, *flow));
    }
    for (execution, flow) in leaving {
        run.plan(Operation::TakeFlow(execution, flow));
    }
    Ok(())
}

/// What hangs on the activity that is left goes: boundary events, or the rest of a scope.
fn clean_up(run: &mut Run<'_>, element: &Element, execution: u32) -> Step {
    let Some(state) = run.work.execution(execution) else {
        return Ok(());
    };
    let leaves_scope = !state.is_instance() && state.is_scope();
    if leaves_scope || !element.boundary_events.is_empty() {
        ending::delete_children(run, execution, None)?;
    }
    if leaves_scope {
        run.work.flag(execution, Execution::SCOPE, false);
    }
    Ok(())
}

fn select_flows(
    run: &mut Run<'_>,
    process: &Process,
    element: &Element,
    execution: u32,
    conditions: bool,
) -> Result<Vec<FlowIndex>, Refusal> {
    let mut selected = Vec::with_capacity(element.outgoing.len());
    for index in &element.outgoing {
        let flow = process.flow(*index);
        let take = match run.skips(flow.skip_expression.as_ref(), execution)? {
            Some(skip) => element.outgoing.len() == 1 || skip,
            None if !conditions => true,
            None => holds(run, process, *index, execution)? && element.default_flow != Some(*index),
        };
        if take {
            selected.push(*index);
        }
    }
    if selected.is_empty() && conditions {
        selected.extend(element.default_flow);
    }
    Ok(selected)
}

/// Whether a flow's condition holds; without one it does.
pub(crate) fn holds(
    run: &mut Run<'_>,
    process: &Process,
    flow: FlowIndex,
    execution: u32,
) -> Result<bool, Refusal> {
    match &process.flow(flow).condition {
        None => Ok(true),
        Some(condition) => run.evaluate_condition(condition, execution),
    }
}

fn trigger(run: &mut Run<'_>, execution: u32) -> Step {
    let (process, at) = run.position(execution)?;
    elements::trigger(run, &process, at, execution)
}
