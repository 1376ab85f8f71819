//! Schedules: what one executes when it is due.
//!
//! Owns: that a firing begins its execution once, whatever happens in between, and what becomes of one that was missed.
//! Never: looks at the clock by itself; the timers say what is due.
//! The machine fires what is due; who fires one by hand is who began that execution.
//!
//! ```text
//!  due ─▶ registry's lock: still due? ─▶ execution, its id made of schedule and due time ─▶ record ┐
//!                                        the firing, the next one, the count of triggers ─▶ record ┴▶ … durable
//!  a crash between the two ─▶ still due, the execution is there ─▶ only the firing is recorded
//! ```

use crate::{
    bridge,
    core::Core,
    engine::Engine,
    executions::{self, RenderExecution},
    failure::Failure,
    message::{Remember, Rendered},
};
use codec::Tenant;
use rpa::{
    Guid,
    execution::Execution,
    registry::{self, Action, Event, Firing, FiringOutcome, Kind, Refusal, Schedule, State, plan},
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
        by: stamp(core, at_ms),
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
    let execute = plan::firing(schedule, execution, stamp(core, at_ms));
    match executions::start(core, state, &execute, schedule.target, None) {
        Ok((events, _)) => Ok((events, FiringOutcome::Executed(execution))),
        Err(failure @ (Failure::Registry(_) | Failure::Execution(_))) => {
            Ok((Vec::new(), FiringOutcome::Refused(failure.to_string())))
        }
        Err(failure) => Err(failure),
    }
}

/// Nobody was there: the machine acts.
fn stamp(core: &Core, at_ms: i64) -> Stamp {
    Stamp {
        at_ms,
        ..bridge::machine(core)
    }
}

/// A firing that somebody asks for.
pub struct ManualFiring {
    /// The company.
    pub tenant: Tenant,
    /// The schedule.
    pub schedule: Guid,
    /// The execution that it begins.
    pub execution: Guid,
    /// Who asks, and when.
    pub by: Stamp,
}

impl ManualFiring {
    /// The execution and the firing, decided together.
    fn decide(
        self,
        core: &Arc<Core>,
        state: &State,
        remember: Option<(Remember, RenderExecution)>,
    ) -> Result<(Vec<Event>, Option<Arc<Rendered>>), Failure> {
        let id = self.schedule;
        let schedule = state.schedule(self.tenant, id);
        let schedule = schedule.ok_or(Refusal::Unknown {
            kind: Kind::Schedule,
            id,
        })?;
        let at_ms = self.by.at_ms;
        let command = registry::Command {
            tenant: self.tenant,
            by: self.by.clone(),
            action: Action::RecordManualFiring {
                id,
                firing: Firing {
                    due_ms: at_ms,
                    at_ms,
                    outcome: FiringOutcome::Executed(self.execution),
                },
            },
        };
        let fired = registry::decide(state, command)?.events;
        let execute = plan::firing(schedule, self.execution, self.by);
        let (mut events, rendered) =
            executions::start(core, state, &execute, schedule.target, remember)?;
        events.extend(fired);
        Ok((events, rendered))
    }
}

impl Engine {
    /// Executes what a schedule executes, now; when it is due next stays as it is. `view` looks at the execution.
    pub async fn fire<T: Send + 'static>(
        &self,
        firing: ManualFiring,
        view: impl FnOnce(&Execution) -> T,
    ) -> Result<T, Failure> {
        let _admitted = self.admit()?;
        let (core, execution) = (self.core(), firing.execution);
        let settled = self.registry.settle(core, |state| {
            let (events, _) = firing.decide(core, state, None)?;
            Ok((events, executions::seen(core, execution, view)?))
        });
        settled.await
    }

    /// The same; a repetition of the request gets the first answer again.
    pub async fn fire_once(
        &self,
        firing: ManualFiring,
        request: Remember,
        render: impl FnOnce(&Execution) -> Rendered + Send + 'static,
    ) -> Result<Arc<Rendered>, Failure> {
        let core = self.core();
        let begin = |state: &State, remember| firing.decide(core, state, Some(remember));
        self.begin_once(request, Box::new(render), begin).await
    }
}
