//! Schedules: what one executes when it is due.
//!
//! Owns: that a firing begins its execution once, whatever happens in between, and what becomes of one that was missed.
//! Never: looks at the clock by itself; the timers say what is due.
//!
//! ```text
//!  due ─▶ registry's lock: still due? ─▶ execution, its id made of schedule and due time ─▶ record ┐
//!                                        the firing, the next one, the count of triggers ─▶ record ┴▶ … durable
//!  a crash between the two ─▶ still due, the execution is there ─▶ only the firing is recorded
//! ```

use crate::{core::Core, executions, failure::Failure};
use rpa::{
    Guid,
    registry::{self, Action, Event, Firing, FiringOutcome, Schedule, State, plan},
    schedule::execution_of,
    terms::{Misfire, Stamp},
};
use std::sync::Arc;

/// Fires a schedule that is due at this instant (milliseconds since 1970); nothing follows when it is not.
///
/// Fails when it could not be decided now: then it stays due.
pub async fn fire(core: &Arc<Core>, id: Guid, due_ms: i64) -> Result<(), Failure> {
    let _admitted = core.admit()?;
    let execution = execution_of(id, due_ms);
    // In this order: what leaves memory is in the archive before.
    let began = core.executions.get(execution).is_some() || is_archived(core, execution).await?;
    core.registry
        .settle(core, |state| {
            let found = state.schedule_due(id, due_ms);
            let Some(schedule) = found else {
                return Ok((Vec::new(), ()));
            };
            let events = decide(core, state, schedule, due_ms, execution, began)?;
            Ok((events, ()))
        })
        .await
}

async fn is_archived(core: &Core, execution: Guid) -> Result<bool, Failure> {
    let archiver = Arc::clone(&core.archiver);
    let read = tokio::task::spawn_blocking(move || archiver.archive.execution(execution));
    let found = read.await.map_err(|_| Failure::Panicked)??;
    Ok(found.is_some())
}

fn decide(
    core: &Arc<Core>,
    state: &State,
    schedule: &Schedule,
    due_ms: i64,
    execution: Guid,
    began: bool,
) -> Result<Vec<Event>, Failure> {
    let at_ms = core.clock.now_ms();
    let missed = due_ms < core.timers.began_ms();
    let (mut events, outcome) = if began {
        (Vec::new(), FiringOutcome::Executed(execution))
    } else if missed && schedule.misfire == Misfire::Skip {
        (Vec::new(), FiringOutcome::Skipped)
    } else {
        execute(core, state, schedule, execution, at_ms)?
    };
    let command = registry::Command {
        tenant: schedule.meta.tenant,
        by: stamp(schedule, at_ms),
        action: Action::RecordFiring {
            id: schedule.id,
            firing: Firing {
                due_ms,
                at_ms,
                outcome,
            },
        },
    };
    events.extend(registry::decide(state, command)?.events);
    Ok(events)
}

/// Begins the execution; a refusal is what has become of the firing.
fn execute(
    core: &Arc<Core>,
    state: &State,
    schedule: &Schedule,
    execution: Guid,
    at_ms: i64,
) -> Result<(Vec<Event>, FiringOutcome), Failure> {
    let execute = plan::firing(schedule, execution, stamp(schedule, at_ms));
    match executions::start(core, state, &execute, schedule.target, None) {
        Ok((events, _)) => Ok((events, FiringOutcome::Executed(execution))),
        Err(failure @ (Failure::Registry(_) | Failure::Execution(_))) => {
            Ok((Vec::new(), FiringOutcome::Refused(failure.to_string())))
        }
        Err(failure) => Err(failure),
    }
}

/// It acts for who changed it last.
fn stamp(schedule: &Schedule, at_ms: i64) -> Stamp {
    let meta = &schedule.meta;
    let by = meta.modified.as_ref().unwrap_or(&meta.created);
    Stamp {
        at_ms,
        by: by.by,
        by_name: by.by_name.clone(),
    }
}
