//! BPMN errors: thrown by end events, scripts and expressions, caught by the nearest error boundary event that
//! matches, in the own instance or in one that called it. Called instances that the error leaves are ended.

use crate::instance::Refusal;
use crate::instance::agenda::Operation;
use crate::instance::ending;
use crate::instance::run::{Run, Step};
use crate::model::{BoundaryTrigger, Element, ElementIndex, Kind, Process};

/// Throws an error where an execution stands.
pub(crate) fn throw(run: &mut Run<'_>, execution: u32, code: Option<&str>) -> Step {
    let mut current = execution;
    let mut left: Option<u32> = None;
    loop {
        let process = run.process(current)?;
        if let Some(catcher) = find_catcher(run, &process, current, code) {
            if let Some(instance) = left {
                let (process, at) = run.position(execution)?;
                let reason = format!("ERROR_EVENT {}", code.unwrap_or_default());
                let thrower = process.element(at).id.clone();
                ending::end_instance(run, instance, Some(&thrower), Some(&reason))?;
            }
            run.plan(Operation::Trigger(catcher));
            return Ok(());
        }
        let instance = run.work.execution(current).map(|e| e.instance);
        let row = instance.and_then(|number| run.work.rows().instance(number));
        let Some(caller) = row.and_then(|row| row.super_execution) else {
            return Err(Refusal::UncaughtError {
                code: code.unwrap_or_default().to_owned(),
            });
        };
        left = instance;
        current = caller;
    }
}

/// The execution of the boundary event that catches, looking from the thrower outwards.
fn find_catcher(run: &Run<'_>, process: &Process, thrower: u32, code: Option<&str>) -> Option<u32> {
    let mut current = Some(thrower);
    while let Some(number) = current {
        let execution = run.work.execution(number)?;
        if let Some(at) = execution.at
            && let Some(boundary) = matching_boundary(process, process.element(at), code)
            && let Some(catcher) = run
                .work
                .core()
                .children(number)
                .find(|child| child.at == Some(boundary))
        {
            return Some(catcher.number);
        }
        current = execution.parent;
    }
    None
}

/// The first error boundary event that takes this code; one without a code takes every error.
fn matching_boundary(
    process: &Process,
    activity: &Element,
    code: Option<&str>,
) -> Option<ElementIndex> {
    let mut events = activity.boundary_events.iter().copied();
    events.find(|at| {
        let Kind::BoundaryEvent(event) = &process.element(*at).kind else {
            return false;
        };
        match &event.trigger {
            BoundaryTrigger::Error(reference) => match (&reference.code, code) {
                (Some(caught), Some(thrown)) => caught == thrown,
                (None, _) | (_, None) => true,
            },
            BoundaryTrigger::Timer(_) => false,
        }
    })
}
