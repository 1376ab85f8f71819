//! Start timers: instances that the clock starts.
//!
//! Owns: when a definition's timer start events are due, and the exactly-once start of an instance for each firing:
//! its root id is made from the definition and the firing, so a start that is sent again meets the first.
//! Never: starts an instance before the firing is recorded.

use super::{Event, Holder, Message, Refusal, Reply, StartTimer};
use crate::{core::Core, failure::Failure};
use bpmn::{
    Command,
    instance::Start,
    model::{ElementIndex, Process},
    start_timer::start_timers,
};
use codec::{DefinitionId, RootId};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The start timers of a definition that is being deployed; numbers follow `last_number`.
pub fn schedule(
    core: &Core,
    definition: u64,
    process: &Process,
    last_number: &mut u64,
) -> Result<Vec<StartTimer>, Refusal> {
    let (now_ms, zone) = (core.clock.now_ms(), &core.options.time_zone);
    let timers = start_timers(process, now_ms, zone).map_err(|refusal| Refusal::Timer {
        process: process.key.clone(),
        reason: refusal.to_string(),
    })?;
    let numbered = timers.into_iter().map(|timer| {
        *last_number += 1;
        StartTimer {
            number: *last_number,
            definition,
            fired: 0,
            timer,
        }
    });
    Ok(numbered.collect())
}

/// The id of the instance that a firing starts: the same for the same firing.
fn root_of(timer: &StartTimer) -> RootId {
    let mut hash = Sha256::new();
    hash.update(b"loomwork start timer");
    hash.update(timer.definition.to_le_bytes());
    hash.update(timer.timer.element.0.to_le_bytes());
    hash.update(timer.number.to_le_bytes());
    hash.update(timer.fired.to_le_bytes());
    let digest = hash.finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    // A UUID of version 8: made by us, no time in it.
    RootId(
        uuid::Builder::from_custom_bytes(bytes)
            .into_uuid()
            .as_u128(),
    )
}

impl Holder {
    pub(super) fn fire_start(&mut self, core: &Arc<Core>, number: u64, reply: Reply<()>) {
        let found = self.state.timers.iter().find(|t| t.number == number);
        let Some(timer) = found.cloned() else {
            let refusal = Refusal::UnknownTimer(number.to_string());
            return super::answer_behind(core, move || reply(Err(refusal.into())));
        };
        let root = root_of(&timer);
        let fired = Event::TimerFired {
            definition: timer.definition,
            element: timer.timer.element.0,
            root: root.0,
            next: next(core, &timer),
        };
        let (core_then, runtime) = (Arc::clone(core), core.runtime.clone());
        let (definition, element) = (DefinitionId(timer.definition), timer.timer.element);
        let start = Box::new(move || {
            runtime.spawn(async move {
                reply(start(&core_then, definition, element, root).await);
            });
        });
        self.commit(core, vec![fired], Vec::new(), Some(start));
    }

    /// The starts that a crash interrupted.
    pub fn starting(&self) -> Vec<(DefinitionId, ElementIndex, RootId)> {
        let open = self.state.starting.iter();
        open.map(|s| {
            (
                DefinitionId(s.definition),
                ElementIndex(s.element),
                RootId(s.root),
            )
        })
        .collect()
    }
}

/// The next firing; a cycle that cannot go on ends, and the log says why.
fn next(core: &Core, timer: &StartTimer) -> Option<StartTimer> {
    let following = timer
        .timer
        .next(core.clock.now_ms(), &core.options.time_zone);
    match following {
        Ok(following) => following.map(|following| StartTimer {
            fired: timer.fired + 1,
            timer: following,
            ..timer.clone()
        }),
        Err(refusal) => {
            tracing::error!(definition = timer.definition, %refusal, "a start timer's cycle cannot go on");
            None
        }
    }
}

/// Starts the instance of a firing; whoever comes second finds it started.
pub async fn start(
    core: &Arc<Core>,
    definition: DefinitionId,
    element: ElementIndex,
    root: RootId,
) -> Result<(), Failure> {
    let started = start_once(core, definition, element, root).await;
    if let Err(failure) = &started {
        tracing::warn!(%root, %failure, "a start timer's instance could not be started");
    }
    if let Some(actor) = core.definitions.get() {
        // The actor lives as long as the server.
        let _ = actor.cast(Message::AcknowledgeStart(root.0));
    }
    started
}

async fn start_once(
    core: &Arc<Core>,
    definition: DefinitionId,
    element: ElementIndex,
    root: RootId,
) -> Result<(), Failure> {
    let Some(published) = core.catalog.get(definition) else {
        return Err(Failure::Definitions(Refusal::UnknownDefinition {
            what: "number",
            text: definition.0.to_string(),
        }));
    };
    let archived = core.archiver.archive.get(root.instance());
    if archived.is_ok_and(|found| found.is_some()) {
        return Ok(());
    }
    let tenant = published.definition.tenant;
    let scripts = crate::engine::may_run_scripts(&published.definition.process);
    let Some(slot) = core.create(root, tenant, scripts) else {
        return Ok(());
    };
    let start = Start {
        start_event: Some(element),
        ..Start::new(Arc::clone(&published.definition))
    };
    let receiver = core.send_command(&slot, Command::Start(Box::new(start)), None, |_| ());
    core.answered(receiver).await
}
