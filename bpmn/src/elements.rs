//! What each element does: one file for each, one line for each here.
//!
//! ```text
//!  execute ─▶ the element acts: waits, or plans to be left
//!  trigger ─▶ what it waited for came
//!  leave   ─▶ an activity is done: a multi-instance counts it, else its flows are taken
//! ```
//!
//! Never: a rule that holds for all elements; those are the agenda's.

use crate::instance::run::{Run, Step};
use crate::instance::{Refusal, agenda};
use crate::model::{Element, ElementIndex, Kind, Process};

pub(crate) mod boundary_event;
pub(crate) mod call_activity;
pub(crate) mod end_event;
pub(crate) mod error;
pub(crate) mod exclusive_gateway;
pub(crate) mod inclusive_gateway;
pub(crate) mod intermediate_catch;
pub(crate) mod intermediate_throw;
pub(crate) mod multi_instance;
pub(crate) mod parallel_gateway;
pub(crate) mod pass_through;
pub(crate) mod queue_task;
pub(crate) mod receive_task;
pub(crate) mod robot_task;
pub(crate) mod script_task;
pub(crate) mod service_task;
pub(crate) mod start_event;
pub(crate) mod sub_process;
pub(crate) mod terminate;
pub(crate) mod timer;
pub(crate) mod user_task;

/// The element acts for an execution that arrived.
pub(crate) fn execute(
    run: &mut Run<'_>,
    process: &Process,
    at: ElementIndex,
    execution: u32,
) -> Step {
    let element = process.element(at);
    if let Some(characteristics) = &element.multi_instance
        && !multi_instance::is_inner(run, characteristics, execution)
    {
        return multi_instance::execute(run, characteristics, execution);
    }
    match &element.kind {
        Kind::StartEvent(_) => start_event::execute(run, execution),
        Kind::EndEvent(event) => end_event::execute(run, element, event, execution),
        Kind::IntermediateCatchEvent(event) => {
            intermediate_catch::execute(run, at, event, execution)
        }
        Kind::IntermediateThrowEvent => intermediate_throw::execute(run, execution),
        Kind::BoundaryEvent(event) => boundary_event::execute(run, at, event, execution),
        Kind::UserTask(task) => user_task::execute(run, element, at, task, execution),
        Kind::ManualTask | Kind::Task => pass_through::execute(run, execution),
        Kind::ReceiveTask => receive_task::execute(),
        Kind::ServiceTask(task) => service_task::execute(run, element, task, execution),
        Kind::RobotTask(task) => robot_task::execute(run, element, at, task, execution),
        Kind::QueueTask(task) => queue_task::execute(run, element, at, task, execution),
        Kind::ScriptTask(task) => script_task::execute(run, task, execution),
        Kind::ExclusiveGateway => exclusive_gateway::execute(run, process, element, execution),
        Kind::ParallelGateway => parallel_gateway::execute(run, process, at, execution),
        Kind::InclusiveGateway => inclusive_gateway::execute(run, at, execution),
        Kind::SubProcess(sub_process) => {
            sub_process::execute(run, process, element, sub_process, execution)
        }
        Kind::CallActivity(call) => call_activity::execute(run, call, execution),
    }
}

/// What an element waited for came.
pub(crate) fn trigger(
    run: &mut Run<'_>,
    process: &Process,
    at: ElementIndex,
    execution: u32,
) -> Step {
    let element = process.element(at);
    match &element.kind {
        Kind::UserTask(_) => user_task::trigger(run, execution),
        Kind::ReceiveTask => receive_task::trigger(run, execution),
        Kind::RobotTask(_) => robot_task::trigger(run, execution),
        Kind::QueueTask(_) => queue_task::trigger(run, execution),
        Kind::IntermediateCatchEvent(_) => intermediate_catch::trigger(run, execution),
        Kind::BoundaryEvent(event) => boundary_event::trigger(run, element, event, execution),
        Kind::StartEvent(_)
        | Kind::EndEvent(_)
        | Kind::IntermediateThrowEvent
        | Kind::ManualTask
        | Kind::Task
        | Kind::ServiceTask(_)
        | Kind::ScriptTask(_)
        | Kind::ExclusiveGateway
        | Kind::ParallelGateway
        | Kind::InclusiveGateway
        | Kind::SubProcess(_)
        | Kind::CallActivity(_) => Err(not_waiting(element)),
    }
}

fn not_waiting(element: &Element) -> Refusal {
    Refusal::NotWaiting(element.id.clone())
}

/// An activity is done.
pub(crate) fn leave(run: &mut Run<'_>, execution: u32) -> Step {
    let (process, at) = run.position(execution)?;
    if process.element(at).multi_instance.is_some() {
        return multi_instance::leave(run, execution);
    }
    agenda::leave_by_conditions(run, execution);
    Ok(())
}
