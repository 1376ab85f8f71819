//! Timers of start events: when a deployed definition starts instances by itself.
//!
//! Owns: the first due time of each, and the next one after a firing.
//! Never: waits, or starts anything; the keeper of definitions does, with the command `Start`.

use crate::elements::timer;
use crate::instance::Refusal;
use crate::model::{ElementIndex, Kind, Process, StartTrigger};
use crate::rows::Repeat;
use crate::uel::{EvaluationError, Object, Scope};
use codec::Value;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// A start event's timer. The disk type and the core type are the same here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartTimer {
    /// The start event.
    pub element: ElementIndex,
    /// When it fires, milliseconds since 1970.
    pub due_ms: i64,
    /// Its cycle, if it repeats.
    pub repeat: Option<Repeat>,
    /// No repetition after this instant, milliseconds since 1970.
    pub end_ms: Option<i64>,
}

/// The timers that a definition gets when it is deployed at `now_ms`. Their expressions see no variable.
/// A cycle that ends before its first firing never starts anything, so it gets none.
pub fn start_timers(
    process: &Process,
    now_ms: i64,
    zone: &TimeZone,
) -> Result<Vec<StartTimer>, Refusal> {
    let mut timers = Vec::new();
    let mut nothing = NoVariables(zone.clone());
    for element in &process.root.start_events {
        if let Kind::StartEvent(event) = &process.element(*element).kind
            && let StartTrigger::Timer(definition) = &event.trigger
            && let Some(due) = timer::due(definition, &mut nothing, now_ms, zone)?
            && !timer::is_over(due.due_ms, due.end_ms, due.repeat.as_ref(), zone)?
        {
            timers.push(StartTimer {
                element: *element,
                due_ms: due.due_ms,
                repeat: due.repeat,
                end_ms: due.end_ms,
            });
        }
    }
    Ok(timers)
}

impl StartTimer {
    /// The same timer after it fired; none when it is over.
    pub fn next(&self, now_ms: i64, zone: &TimeZone) -> Result<Option<StartTimer>, Refusal> {
        let next = timer::next(self.repeat.as_ref(), self.end_ms, now_ms, zone)?;
        Ok(next.map(|(due_ms, repeat)| StartTimer {
            element: self.element,
            due_ms,
            repeat: Some(repeat),
            end_ms: self.end_ms,
        }))
    }
}

/// Where no instance exists, in a zone.
struct NoVariables(TimeZone);

impl Scope for NoVariables {
    fn variable(&mut self, _name: &str) -> Option<Value> {
        None
    }

    fn assign_variable(&mut self, name: &str, _value: Value) -> Result<(), EvaluationError> {
        Err(EvaluationError::failed(format!(
            "Cannot find property {name}"
        )))
    }

    fn has_object(&self, _object: Object) -> bool {
        false
    }

    fn object_property(&mut self, object: Object, name: &str) -> Result<Value, EvaluationError> {
        Err(EvaluationError::failed(format!(
            "Cannot find property {name} of {}",
            object.name()
        )))
    }

    fn object_call(
        &mut self,
        object: Object,
        method: &str,
        _arguments: &[Value],
    ) -> Result<Value, EvaluationError> {
        Err(EvaluationError::unknown_method(object.name(), method))
    }

    fn time_zone(&self) -> TimeZone {
        self.0.clone()
    }
}
