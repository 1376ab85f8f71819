//! The bytes of a queue's events and of the whole queue, behind a version byte; golden bytes guard them.
//! Never: writes what can be derived.

use super::{Binding, Event, Message, Queue, Run, Settings};
use crate::Guid;
use codec::{DecodeError, Tenant};
use serde::{Deserialize, Serialize};

/// Version of encoded events.
pub const EVENTS_VERSION: u8 = 1;
/// Version of an encoded queue.
pub const QUEUE_VERSION: u8 = 1;

#[derive(Serialize, Deserialize)]
struct Stored {
    id: Guid,
    tenant: Tenant,
    settings: Option<Box<Settings>>,
    bindings: Vec<Binding>,
    runs: Vec<Run>,
    messages: Vec<Message>,
    last_number: u64,
    keys: Vec<(String, Guid)>,
    deleted: bool,
}

/// The payload of one journal record: all events of one command.
pub fn encode_events(events: &[Event]) -> Vec<u8> {
    codec::encode(EVENTS_VERSION, &events)
}

/// Reads what [`encode_events`] wrote.
pub fn decode_events(bytes: &[u8]) -> Result<Vec<Event>, DecodeError> {
    codec::decode(EVENTS_VERSION, bytes)
}

/// The bytes of a snapshot.
pub fn encode_queue(queue: &Queue) -> Vec<u8> {
    let stored = Stored {
        id: queue.id,
        tenant: queue.tenant,
        settings: queue.settings.clone(),
        bindings: queue.bindings.clone(),
        runs: queue.runs.clone(),
        messages: queue.messages.values().cloned().collect(),
        last_number: queue.last_number,
        keys: queue.keys.iter().cloned().collect(),
        deleted: queue.deleted,
    };
    codec::encode(QUEUE_VERSION, &stored)
}

/// Reads what [`encode_queue`] wrote.
pub fn decode_queue(bytes: &[u8]) -> Result<Queue, DecodeError> {
    let stored: Stored = codec::decode(QUEUE_VERSION, bytes)?;
    let mut queue = Queue::new(stored.id, stored.tenant);
    queue.settings = stored.settings;
    queue.bindings = stored.bindings;
    queue.runs = stored.runs;
    queue.last_number = stored.last_number;
    queue.keys = stored.keys.into();
    queue.deleted = stored.deleted;
    for message in stored.messages {
        queue.insert(message);
    }
    Ok(queue)
}

#[cfg(test)]
mod tests;
