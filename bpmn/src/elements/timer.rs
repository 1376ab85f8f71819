//! Timers of events: when they fire, and how they repeat.
//! Never: waits; whoever holds the clock fires them by the command `FireTimer`.

use crate::instance::run::{Run, Step};
use crate::instance::scope::ExecutionScope;
use crate::instance::{Event, Refusal};
use crate::model::{ElementIndex, TimerDefinition, TimerSchedule};
use crate::rows::{Repeat, TimerRow};
use crate::schedule::{BusinessCalendar, Cycle, ScheduleError};
use crate::uel::{Scope, Template};
use codec::Value;
use jiff::tz::TimeZone;

/// How often a timer's work is tried.
pub(crate) const RETRIES: u32 = 3;

/// When a timer fires first, and what comes then.
pub(crate) struct Due {
    pub due_ms: i64,
    pub repeat: Option<Repeat>,
    pub end_ms: Option<i64>,
}

/// Reads a definition; none when its expression gives null.
pub(crate) fn due(
    definition: &TimerDefinition,
    scope: &mut dyn Scope,
    now_ms: i64,
    zone: &TimeZone,
) -> Result<Option<Due>, Refusal> {
    let (default, template, cycle) = match &definition.schedule {
        TimerSchedule::Date(template) => (BusinessCalendar::DueDate, template, false),
        TimerSchedule::Duration(template) => (BusinessCalendar::Duration, template, false),
        TimerSchedule::Cycle(template) => (BusinessCalendar::Cycle, template, true),
    };
    let calendar = match &definition.business_calendar {
        None => default,
        Some(name) => {
            let name = name.evaluate_text(scope)?.unwrap_or_default();
            BusinessCalendar::named(&name).map_err(refused)?
        }
    };
    let (due_ms, text) = match template.evaluate(scope)? {
        Value::Date(ms) => (ms, None),
        Value::String(text) => {
            let due_ms = calendar.resolve(&text, now_ms, zone).map_err(refused)?;
            (due_ms, Some(text))
        }
        Value::Null => return Ok(None),
        other => return Err(invalid(template, &other)),
    };
    let end_ms = match &definition.end_date {
        Some(template) => end_date(template, scope, now_ms, zone)?,
        None => None,
    };
    let repeat = text.filter(|_| cycle).map(|text| Repeat {
        text,
        begun_ms: now_ms,
        fired: 0,
    });
    Ok(Some(Due {
        due_ms,
        repeat,
        end_ms,
    }))
}

fn end_date(
    template: &Template,
    scope: &mut dyn Scope,
    now_ms: i64,
    zone: &TimeZone,
) -> Result<Option<i64>, Refusal> {
    match template.evaluate(scope)? {
        Value::Null => Ok(None),
        Value::Date(ms) => Ok(Some(ms)),
        Value::String(text) => BusinessCalendar::DueDate
            .resolve(&text, now_ms, zone)
            .map(Some)
            .map_err(refused),
        other => Err(invalid(template, &other)),
    }
}

/// The next firing of a cycle that fired once more; none when it is over.
pub(crate) fn next(
    repeat: Option<&Repeat>,
    end_ms: Option<i64>,
    now_ms: i64,
    zone: &TimeZone,
) -> Result<Option<(i64, Repeat)>, Refusal> {
    let Some(repeat) = repeat else {
        return Ok(None);
    };
    let repeat = Repeat {
        fired: repeat.fired + 1,
        ..repeat.clone()
    };
    let cycle = Cycle::parse(&repeat.text, zone).map_err(refused)?;
    Ok(cycle
        .next(repeat.begun_ms, repeat.fired, now_ms, zone)
        .filter(|due_ms| end_ms.is_none_or(|end_ms| *due_ms <= end_ms))
        .map(|due_ms| (due_ms, repeat)))
}

/// Schedules the timer of the event where an execution stands.
pub(super) fn schedule(
    run: &mut Run<'_>,
    at: ElementIndex,
    definition: &TimerDefinition,
    execution: u32,
    repeats: bool,
) -> Step {
    let now_ms = run.work.now_ms;
    let mut scope = ExecutionScope {
        work: &mut run.work,
        execution,
        task: None,
    };
    let due = due(definition, &mut scope, now_ms, run.host.time_zone())?;
    match due {
        Some(mut due) => {
            due.repeat = due.repeat.filter(|_| repeats);
            emit(run, at, execution, due)
        }
        None => Ok(()),
    }
}

fn emit(run: &mut Run<'_>, at: ElementIndex, execution: u32, due: Due) -> Step {
    let instance = run
        .work
        .execution(execution)
        .map(|e| e.instance)
        .ok_or_else(|| run.work.lost(execution))?;
    let definition = run.definition(instance)?.id;
    let number = run.work.next_number();
    let suspended = run.work.is_suspended(instance);
    run.work.emit(Event::TimerScheduled(Box::new(TimerRow {
        number,
        instance,
        execution,
        definition,
        element: at,
        due_ms: due.due_ms,
        retries_left: RETRIES,
        repeat: due.repeat,
        end_ms: due.end_ms,
        last_error: None,
        suspended,
    })));
    Ok(())
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

/// Whether its time, or that of its cycle, is over before it falls due.
pub(crate) fn is_over(
    due_ms: i64,
    end_ms: Option<i64>,
    repeat: Option<&Repeat>,
    zone: &TimeZone,
) -> Result<bool, Refusal> {
    let of_cycle = match repeat {
        Some(repeat) => Cycle::parse(&repeat.text, zone).map_err(refused)?.end_ms(),
        None => None,
    };
    let mut ends = [end_ms, of_cycle].into_iter().flatten();
    Ok(ends.any(|end_ms| due_ms > end_ms))
}

/// Takes a timer out because it fires, and schedules its next firing if it repeats.
pub(crate) fn take(run: &mut Run<'_>, timer: &TimerRow) -> Step {
    run.work.emit(Event::TimerRemoved {
        timer: timer.number,
    });
    let now_ms = run.work.now_ms;
    let zone = run.host.time_zone();
    let next = next(timer.repeat.as_ref(), timer.end_ms, now_ms, zone)?;
    match next {
        Some((due_ms, repeat)) => emit(
            run,
            timer.element,
            timer.execution,
            Due {
                due_ms,
                repeat: Some(repeat),
                end_ms: timer.end_ms,
            },
        ),
        None => Ok(()),
    }
}
