//! What is due in a queue, and which messages start something now. Never: changes the queue.

use super::{
    AT_ONCE, Concurrency, Event, MessageState, Queue, Run, STARTS,
    decide::{back, dead, is_expired},
};
use crate::Guid;
use std::collections::{BTreeMap, BTreeSet};

/// What follows at an instant, milliseconds since 1970. `stalled`: bindings whose starts were refused, and whether one
/// message may try again.
pub(super) fn advance(
    queue: &Queue,
    max_deliveries: u32,
    stalled: &BTreeMap<Guid, bool>,
    now_ms: i64,
) -> Vec<Event> {
    let mut events = due(queue, max_deliveries, now_ms);
    dispatch(queue, stalled, now_ms, &mut events);
    events
}

/// Locks that are over, messages that are too old.
fn due(queue: &Queue, max_deliveries: u32, now_ms: i64) -> Vec<Event> {
    let mut events = Vec::new();
    let due = queue.due.iter().take_while(|(due_ms, _)| *due_ms <= now_ms);
    // What is left follows in the next step.
    let due = due.take(AT_ONCE);
    for message in due.filter_map(|(_, number)| queue.messages.get(number)) {
        events.push(match message.state {
            MessageState::Locked { .. } => {
                back(message, max_deliveries, "its lock was over", now_ms)
            }
            MessageState::Ready | MessageState::Running { .. } | MessageState::Dead { .. } => {
                dead(message, "it is too old".to_owned(), now_ms)
            }
        });
    }
    events
}

/// What messages start, those that wait first.
fn dispatch(queue: &Queue, stalled: &BTreeMap<Guid, bool>, now_ms: i64, events: &mut Vec<Event>) {
    let mut busy: BTreeSet<Guid> = queue.runs.iter().map(|run| run.binding).collect();
    let begun = queue.runs.iter().filter(|run| !run.started);
    let mut begun: BTreeSet<Guid> = begun.map(|run| run.binding).collect();
    let mut starts = 0;
    for (_, number) in &queue.ready {
        let Some(message) = queue
            .messages
            .get(number)
            .filter(|it| !is_expired(it, now_ms))
        else {
            continue;
        };
        if starts == STARTS || events.len() >= 2 * AT_ONCE {
            break;
        }
        let mut bindings = queue.bindings.iter().filter(|binding| binding.enabled);
        let takes = bindings.find(|binding| {
            let may = stalled.get(&binding.id);
            // One that was refused tries with one message.
            may.is_none_or(|may_try| *may_try && !begun.contains(&binding.id))
                && (binding.concurrency != Concurrency::Serial || !busy.contains(&binding.id))
        });
        // Bindings take every message, so none that comes later is taken either.
        let Some(binding) = takes else { break };
        if binding.concurrency == Concurrency::SkipWhileRunning && busy.contains(&binding.id) {
            events.push(Event::Removed { message: *number });
            continue;
        }
        starts += 1;
        busy.insert(binding.id);
        begun.insert(binding.id);
        let execution = message.id.derive(u64::from(message.deliveries));
        events.push(Event::Dispatched {
            message: *number,
            run: Box::new(Run {
                execution,
                binding: binding.id,
                message: message.id,
                workflow: binding.workflow,
                mapping: binding.mapping.clone(),
                remove_when: binding.remove_when,
                started: false,
            }),
        });
    }
}
