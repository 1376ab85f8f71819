//! The commands on timers and incidents.
//! Never: waits, or decides when a timer is due; whoever holds the clock does.

use super::agenda::Operation;
use super::event::Event;
use super::external;
use super::refusal::Refusal;
use super::run::{Run, Step};
use crate::elements::timer::{self, RETRIES};
use crate::rows::{IncidentKind, IncidentRow, TimerRow};

/// How long a failed timer waits before it is tried again.
const BACK_OFF_MS: i64 = 10_000;

fn find(run: &Run<'_>, number: u32) -> Result<TimerRow, Refusal> {
    let timer = run.work.rows().timer(number).cloned();
    timer.ok_or(Refusal::TimerNotFound(number))
}

pub(super) fn fire(run: &mut Run<'_>, number: u32) -> Step {
    let row = find(run, number)?;
    if row.suspended {
        return Err(Refusal::InstanceSuspended);
    }
    run.definition(row.instance)?;
    close_incidents(run, number);
    let zone = run.host.time_zone();
    if timer::is_over(row.due_ms, row.end_ms, row.repeat.as_ref(), zone)? {
        run.work.emit(Event::TimerRemoved { timer: number });
        return Ok(());
    }
    timer::take(run, &row)?;
    run.plan(Operation::Trigger(row.execution));
    Ok(())
}

pub(super) fn reschedule(run: &mut Run<'_>, number: u32, due_ms: i64) -> Step {
    let row = find(run, number)?;
    run.work.emit(Event::TimerMoved {
        timer: number,
        due_ms,
        retries_left: row.retries_left,
        last_error: row.last_error,
    });
    Ok(())
}

pub(super) fn fail(run: &mut Run<'_>, number: u32, message: String) -> Step {
    let row = find(run, number)?;
    let retries_left = row.retries_left.saturating_sub(1);
    let due_ms = match retries_left {
        0 => row.due_ms,
        _ => run.work.now_ms + BACK_OFF_MS,
    };
    run.work.emit(Event::TimerMoved {
        timer: number,
        due_ms,
        retries_left,
        last_error: Some(message.clone()),
    });
    if retries_left > 0 {
        return Ok(());
    }
    close_incidents(run, number);
    let incident = run.work.next_number();
    run.work.emit(Event::IncidentOpened(Box::new(IncidentRow {
        number: incident,
        kind: IncidentKind::Timer,
        instance: row.instance,
        execution: row.execution,
        element: row.element,
        timer: Some(number),
        message,
        occurred_ms: run.work.now_ms,
        retries: RETRIES,
    })));
    Ok(())
}

pub(super) fn retry(run: &mut Run<'_>, incident: u32) -> Step {
    let rows = run.work.rows();
    let row = rows.incidents.iter().find(|row| row.number == incident);
    let row = row.ok_or(Refusal::IncidentNotFound(incident))?;
    match row.kind {
        IncidentKind::Rpa | IncidentKind::Delivery => {
            let row = row.clone();
            return external::retry(run, &row);
        }
        IncidentKind::Timer
        | IncidentKind::Async
        | IncidentKind::External
        | IncidentKind::Quarantine => {}
    }
    let timer = row.timer;
    run.work.emit(Event::IncidentClosed { incident });
    if let Some(timer) = timer {
        let last_error = find(run, timer)?.last_error;
        run.work.emit(Event::TimerMoved {
            timer,
            due_ms: run.work.now_ms,
            retries_left: RETRIES,
            last_error,
        });
    }
    Ok(())
}

fn close_incidents(run: &mut Run<'_>, timer: u32) {
    let rows = run.work.rows();
    let about: Vec<u32> = rows
        .incidents
        .iter()
        .filter(|incident| incident.timer == Some(timer))
        .map(|incident| incident.number)
        .collect();
    for incident in about {
        run.work.emit(Event::IncidentClosed { incident });
    }
}
