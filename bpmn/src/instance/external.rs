//! Work that someone else does while an execution waits: asked for, completed, failed, tried again.
//!
//! Owns: that a result fits one open piece of work, so that one which comes twice counts once.
//! Never: does the work, or knows who does.

use super::command::Variables;
use super::event::Event;
use super::refusal::Refusal;
use super::run::{Run, Step};
use crate::elements::{self, error};
use crate::model::{ElementIndex, Kind};
use crate::rows::{IncidentKind, IncidentRow, WorkRequest, WorkRow};

/// Why an activity ended whose work is done anew.
const RETRIED: &str = "retried";

/// Opens the work of the activity where an execution stands. Its number is the activity's: one activity, one try.
pub(crate) fn request(
    run: &mut Run<'_>,
    execution: u32,
    element: ElementIndex,
    request: WorkRequest,
) -> Step {
    let core = run.work.core();
    let activity = core.open_activity(execution, element).map(|a| a.number);
    let instance = core.execution(execution).map(|e| e.instance);
    let (Some(number), Some(instance)) = (activity, instance) else {
        return Err(run.work.lost(execution));
    };
    let definition = run.definition(instance)?.id;
    run.work.emit(Event::WorkRequested(Box::new(WorkRow {
        number,
        instance,
        execution,
        definition,
        element,
        request,
        suspended: run.work.is_suspended(instance),
        held: false,
        requested_ms: run.work.now_ms,
    })));
    Ok(())
}

/// Open work of an instance that is not suspended.
fn active(run: &mut Run<'_>, number: u32) -> Result<WorkRow, Refusal> {
    let row = run.work.rows().work(number).cloned();
    let row = row.ok_or(Refusal::WorkNotFound(number))?;
    if row.suspended {
        return Err(Refusal::InstanceSuspended);
    }
    run.definition(row.instance)?;
    Ok(row)
}

pub(super) fn complete(run: &mut Run<'_>, number: u32, results: Variables) -> Step {
    let row = active(run, number)?;
    let process = run.process(row.execution)?;
    close(run, &row);
    if let Kind::RobotTask(task) = &process.element(row.element).kind {
        for (argument, variable) in &task.outputs {
            // What comes later counts.
            let result = results.iter().rev().find(|(name, _)| name == argument);
            if let Some((_, value)) = result {
                run.work
                    .set_variable(row.execution, variable, value.clone());
            }
        }
    }
    run.plan(super::agenda::Operation::Trigger(row.execution));
    Ok(())
}

pub(super) fn fail(run: &mut Run<'_>, number: u32, code: &str, message: String) -> Step {
    let row = active(run, number)?;
    close(run, &row);
    match error::throw(run, row.execution, Some(code)) {
        // Nothing was changed in looking for who catches it.
        Err(Refusal::UncaughtError { .. }) => {
            open_incident(run, &row, IncidentKind::Rpa, message);
            Ok(())
        }
        thrown => thrown,
    }
}

/// The work is done, and its result could not be taken: it waits for someone to have it taken again.
pub(super) fn hold(run: &mut Run<'_>, number: u32, message: String) -> Step {
    let row = active(run, number)?;
    if !row.held {
        open_incident(run, &row, IncidentKind::Delivery, message);
        run.work.emit(Event::WorkHeld {
            work: number,
            held: true,
        });
    }
    Ok(())
}

/// Tries again what an incident is about: the work in a new activity, or taking its result.
pub(super) fn retry(run: &mut Run<'_>, incident: &IncidentRow) -> Step {
    if run.work.is_suspended(incident.instance) {
        return Err(Refusal::InstanceSuspended);
    }
    let held = run.work.rows().works.iter();
    let held = held
        .filter(|work| work.execution == incident.execution && work.held)
        .map(|work| work.number)
        .next();
    run.work.emit(Event::IncidentClosed {
        incident: incident.number,
    });
    if let Some(work) = held {
        run.work.emit(Event::WorkHeld { work, held: false });
        return Ok(());
    }
    let execution = incident.execution;
    let (process, at) = run.position(execution)?;
    run.work.end_activity(execution, Some(RETRIED));
    run.work.start_activity(execution);
    elements::execute(run, &process, at, execution)
}

fn close(run: &mut Run<'_>, row: &WorkRow) {
    let incidents = run.work.rows().incidents.iter();
    let about: Vec<u32> = incidents
        .filter(|i| i.execution == row.execution && i.kind == IncidentKind::Delivery)
        .map(|i| i.number)
        .collect();
    for incident in about {
        run.work.emit(Event::IncidentClosed { incident });
    }
    run.work.emit(Event::WorkRemoved { work: row.number });
}

fn open_incident(run: &mut Run<'_>, row: &WorkRow, kind: IncidentKind, message: String) {
    let number = run.work.next_number();
    run.work.emit(Event::IncidentOpened(Box::new(IncidentRow {
        number,
        kind,
        instance: row.instance,
        execution: row.execution,
        element: row.element,
        timer: None,
        message,
        occurred_ms: run.work.now_ms,
        retries: 0,
    })));
}
