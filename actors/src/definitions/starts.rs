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
    model::{ElementIndex, Kind, Process, StartTrigger, TimerDefinition, TimerSchedule},
    schedule::{self, BusinessCalendar, Cycle},
    uel::{EvaluationError, Object, Scope, Template},
};
use codec::{DefinitionId, RootId, Value};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The start timers of a definition that is being deployed; numbers follow `last_number`.
pub fn schedule(
    core: &Core,
    definition: u64,
    process: &Process,
    last_number: &mut u64,
) -> Result<Vec<StartTimer>, Refusal> {
    let mut timers = Vec::new();
    for index in &process.root.start_events {
        let element = process.element(*index);
        let Kind::StartEvent(start) = &element.kind else {
            continue;
        };
        let StartTrigger::Timer(timer) = &start.trigger else {
            continue;
        };
        let refuse = |reason: String| Refusal::Timer {
            element: element.id.clone(),
            reason,
        };
        *last_number += 1;
        let first = first(core, definition, *index, timer, *last_number).map_err(refuse)?;
        timers.extend(first);
    }
    Ok(timers)
}

fn first(
    core: &Core,
    definition: u64,
    element: ElementIndex,
    timer: &TimerDefinition,
    number: u64,
) -> Result<Option<StartTimer>, String> {
    let (now_ms, zone) = (core.clock.now_ms(), &core.options.time_zone);
    let (template, natural) = match &timer.schedule {
        TimerSchedule::Date(text) => (text, BusinessCalendar::DueDate),
        TimerSchedule::Duration(text) => (text, BusinessCalendar::Duration),
        TimerSchedule::Cycle(text) => (text, BusinessCalendar::Cycle),
    };
    let calendar = match &timer.business_calendar {
        Some(name) => BusinessCalendar::named(&text(name)?).map_err(|error| error.to_string())?,
        None => natural,
    };
    let text_now = text(template)?;
    let due_ms = calendar
        .resolve(&text_now, now_ms, zone)
        .map_err(|error| error.to_string())?;
    let end_ms = match &timer.end_date {
        Some(end) => {
            Some(schedule::due_date(&text(end)?, now_ms, zone).map_err(|error| error.to_string())?)
        }
        None => None,
    };
    let cycle = matches!(timer.schedule, TimerSchedule::Cycle(_)).then_some(text_now);
    Ok(Some(StartTimer {
        definition,
        element: element.0,
        due_ms,
        fired: 0,
        begun_ms: now_ms,
        cycle,
        end_ms,
        number,
    }))
}

fn text(template: &Template) -> Result<String, String> {
    match template.evaluate_text(&mut Nothing) {
        Ok(Some(text)) => Ok(text),
        Ok(None) => Err("it is null".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// At deployment there are no variables.
struct Nothing;

impl Scope for Nothing {
    fn variable(&mut self, _name: &str) -> Option<Value> {
        None
    }

    fn assign_variable(&mut self, name: &str, _value: Value) -> Result<(), EvaluationError> {
        Err(unknown(name))
    }

    fn has_object(&self, _object: Object) -> bool {
        false
    }

    fn object_property(&mut self, _object: Object, name: &str) -> Result<Value, EvaluationError> {
        Err(unknown(name))
    }

    fn object_call(
        &mut self,
        _object: Object,
        method: &str,
        _arguments: &[Value],
    ) -> Result<Value, EvaluationError> {
        Err(unknown(method))
    }
}

fn unknown(name: &str) -> EvaluationError {
    EvaluationError::UnknownProperty {
        name: name.to_owned(),
        expression: String::new(),
    }
}

/// The id of the instance that a firing starts: the same for the same firing.
fn root_of(timer: &StartTimer) -> RootId {
    let mut hash = Sha256::new();
    hash.update(b"loomwork start timer");
    hash.update(timer.definition.to_le_bytes());
    hash.update(timer.element.to_le_bytes());
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
            element: timer.element,
            root: root.0,
            next: next(core, &timer),
        };
        let (core_then, runtime) = (Arc::clone(core), core.runtime.clone());
        let (definition, element) = (DefinitionId(timer.definition), ElementIndex(timer.element));
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

fn next(core: &Core, timer: &StartTimer) -> Option<StartTimer> {
    let zone = &core.options.time_zone;
    let cycle = Cycle::parse(timer.cycle.as_deref()?, zone).ok()?;
    let fired = timer.fired + 1;
    let due_ms = cycle.next(timer.begun_ms, fired, core.clock.now_ms(), zone)?;
    if timer.end_ms.is_some_and(|end| due_ms > end) {
        return None;
    }
    Some(StartTimer {
        due_ms,
        fired,
        ..timer.clone()
    })
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
    let started = core
        .command_slot(&slot, Command::Start(Box::new(start)), None, |_| ())
        .await;
    if started.is_err() {
        core.directory.remove(root);
    }
    started
}
