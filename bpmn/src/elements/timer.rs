//! Timers of events: when they fire, and how they repeat.
//! Never: waits; whoever holds the clock fires them by the command `FireTimer`.

use crate::instance::run::{Run, Step};
use crate::instance::{Event, Refusal};
use crate::model::{ElementIndex, TimerDefinition, TimerSchedule};
use crate::rows::{Repeat, TimerRow};
use crate::schedule::{BusinessCalendar, Cycle, ScheduleError};
use crate::uel::Template;
use codec::Value;

/// How often a timer's work is tried.
pub(crate) const RETRIES: u32 = 3;

/// Schedules the timer of the event where an execution stands.
pub(super) fn schedule(
    run: &mut Run<'_>,
    at: ElementIndex,
    definition: &TimerDefinition,
    execution: u32,
    repeats: bool,
) -> Step {
    let (default, template, cycle) = match &definition.schedule {
        TimerSchedule::Date(template) => (BusinessCalendar::DueDate, template, false),
        TimerSchedule::Duration(template) => (BusinessCalendar::Duration, template, false),
        TimerSchedule::Cycle(template) => (BusinessCalendar::Cycle, template, true),
    };
    let calendar = match &definition.business_calendar {
        None => default,
        Some(name) => {
            let name = run.evaluate_text(name, execution)?.unwrap_or_default();
            BusinessCalendar::named(&name).map_err(refused)?
        }
    };
    let now_ms = run.work.now_ms;
    let (due_ms, text) = match run.evaluate(template, execution)? {
        Value::Date(ms) => (ms, None),
        Value::String(text) => {
            let zone = run.host.time_zone();
            let due_ms = calendar.resolve(&text, now_ms, zone).map_err(refused)?;
            (due_ms, Some(text))
        }
        Value::Null => return Ok(()),
        other => return Err(invalid(template, &other)),
    };
    let end_ms = match &definition.end_date {
        Some(template) => end_date(run, template, execution)?,
        None => None,
    };
    let repeat = text.filter(|_| cycle && repeats).map(|text| Repeat {
        text,
        begun_ms: now_ms,
        fired: 0,
    });
    emit(run, at, execution, due_ms, repeat, end_ms)
}

fn emit(
    run: &mut Run<'_>,
    at: ElementIndex,
    execution: u32,
    due_ms: i64,
    repeat: Option<Repeat>,
    end_ms: Option<i64>,
) -> Step {
    let instance = run
        .work
        .execution(execution)
        .map(|e| e.instance)
        .ok_or_else(|| run.work.lost(execution))?;
    let definition = run.definition(instance)?.id;
    let number = run.work.next_number();
    run.work.emit(Event::TimerScheduled(Box::new(TimerRow {
        number,
        instance,
        execution,
        definition,
        element: at,
        due_ms,
        retries_left: RETRIES,
        repeat,
        end_ms,
        last_error: None,
        suspended: false,
    })));
    Ok(())
}

fn end_date(
    run: &mut Run<'_>,
    template: &Template,
    execution: u32,
) -> Result<Option<i64>, Refusal> {
    let now_ms = run.work.now_ms;
    match run.evaluate(template, execution)? {
        Value::Null => Ok(None),
        Value::Date(ms) => Ok(Some(ms)),
        Value::String(text) => {
            let zone = run.host.time_zone();
            let end_ms = BusinessCalendar::DueDate.resolve(&text, now_ms, zone);
            end_ms.map(Some).map_err(refused)
        }
        other => Err(invalid(template, &other)),
    }
}

fn invalid(template: &Template, value: &Value) -> Refusal {
    Refusal::InvalidValue(format!(
        "Timer '{}' was not configured with a valid duration/time, but with {}",
        template.text(),
        value.to_java_string()
    ))
}

fn refused(error: ScheduleError) -> Refusal {
    Refusal::InvalidValue(error.to_string())
}

/// Takes a timer out because it fires, and schedules its next firing if it repeats.
pub(crate) fn take(run: &mut Run<'_>, timer: &TimerRow) -> Step {
    run.work.emit(Event::TimerRemoved {
        timer: timer.number,
    });
    let Some(repeat) = &timer.repeat else {
        return Ok(());
    };
    let repeat = Repeat {
        fired: repeat.fired + 1,
        ..repeat.clone()
    };
    let now_ms = run.work.now_ms;
    let zone = run.host.time_zone();
    let next_ms = Cycle::parse(&repeat.text, zone).map_err(refused)?.next(
        repeat.begun_ms,
        repeat.fired,
        now_ms,
        zone,
    );
    match next_ms {
        Some(due_ms) if timer.end_ms.is_none_or(|end_ms| due_ms <= end_ms) => emit(
            run,
            timer.element,
            timer.execution,
            due_ms,
            Some(repeat),
            timer.end_ms,
        ),
        Some(_) | None => Ok(()),
    }
}
