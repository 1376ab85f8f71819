//! What a command leads to, or why it is refused. Never: changes the queue.

use super::{
    AT_ONCE, BINDINGS, BODY_BYTES, Change, Command, DEFAULT_DELIVERIES, Event, MESSAGES, Message,
    MessageState, NewMessage, NewQueue, Queue, RemoveWhen, Run, Settings, advance::advance,
};
use crate::{
    Guid, limits,
    registry::{self, LabelSettings},
    terms::{Label, Meta, Stamp, etag_of, is_stale},
};
use codec::Value;

/// What a command leads to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    /// Facts to apply; none: everything is so already.
    pub events: Vec<Event>,
    /// The messages that it is about: put (one with a known key is the first one), or received.
    pub messages: Vec<Guid>,
}

/// Why a command is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It was never made, or is deleted.
    #[error("there is no such task queue")]
    UnknownQueue,
    /// No such message.
    #[error("there is no such message in the task queue")]
    UnknownMessage,
    /// No such binding.
    #[error("there is no such binding of the task queue")]
    UnknownBinding,
    /// The lock is over, or somebody else has it.
    #[error("the receipt does not count: the lock is over")]
    LockLost,
    /// A field is wrong.
    #[error("{field}: {why}")]
    Improper {
        /// The field, as the API calls it.
        field: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// It was made before.
    #[error("there is such a task queue")]
    Exists,
    /// Somebody else was faster.
    #[error("it was changed by somebody else; read it again")]
    Changed,
    /// There is no room.
    #[error("the task queue holds {MESSAGES} messages, and takes no more")]
    Full,
}

type Decided = Result<Decision, Refusal>;

/// What follows from `command` at an instant, milliseconds since 1970.
pub fn decide(queue: &Queue, command: Command, now_ms: i64) -> Decided {
    if let Command::Create(new) = command {
        return create(queue, *new);
    }
    let settings = queue.settings().ok_or(Refusal::UnknownQueue)?;
    let max_deliveries = settings.max_deliveries;
    match command {
        // Done above.
        Command::Create(_) => Ok(Decision::default()),
        Command::Change(change) => self::change(settings, *change),
        Command::Delete => Ok(vec![Event::Deleted].into()),
        Command::Put { messages, by } => put(queue, messages, &by, settings.ttl_ms, now_ms),
        Command::Receive { receipts, lock_ms } => Ok(receive(queue, &receipts, lock_ms, now_ms)),
        Command::Complete { message, receipt } => {
            let message = locked(queue, message, receipt, now_ms)?.number;
            Ok(vec![Event::Removed { message }].into())
        }
        Command::Release { message, receipt } => {
            let message = locked(queue, message, receipt, now_ms)?;
            Ok(vec![back(message, max_deliveries, "it was given back", now_ms)].into())
        }
        Command::DeadLetter {
            message,
            receipt,
            why,
        } => {
            let message = locked(queue, message, receipt, now_ms)?;
            Ok(vec![dead(message, why, now_ms)].into())
        }
        Command::Remove { message } => {
            let message = queue.message(message).ok_or(Refusal::UnknownMessage)?;
            let message = message.number;
            Ok(vec![Event::Removed { message }].into())
        }
        Command::SaveBinding { binding, etag } => {
            let old = queue.binding(binding.id);
            if old.is_some_and(|old| is_stale(&etag_of(old), etag.as_deref())) {
                return Err(Refusal::Changed);
            }
            let more = old.is_none() && queue.bindings().len() >= BINDINGS;
            if more || binding.mapping.len() > limits::ARGUMENTS {
                return Err(improper("mapping", "there are too many"));
            }
            if let Some((_, pointer)) = binding.mapping.iter().find(|(_, p)| !is_pointer(p)) {
                return Err(improper(
                    "mapping",
                    &format!("'{pointer}' is no JSON pointer"),
                ));
            }
            Ok(vec![Event::BindingSaved(binding)].into())
        }
        Command::RemoveBinding { binding } => {
            queue.binding(binding).ok_or(Refusal::UnknownBinding)?;
            Ok(vec![Event::BindingRemoved { binding }].into())
        }
        Command::Advance { stalled } => Ok(advance(queue, max_deliveries, &stalled, now_ms).into()),
        Command::Started { execution } => Ok(started(queue, execution).into()),
        Command::StartRefused { execution } => Ok(start_refused(queue, execution).into()),
        Command::Ended { execution, failure } => {
            Ok(ended(queue, execution, failure, max_deliveries, now_ms).into())
        }
    }
}

fn improper(field: &'static str, why: &str) -> Refusal {
    Refusal::Improper {
        field,
        why: why.to_owned(),
    }
}

fn is_pointer(text: &str) -> bool {
    text.is_empty() || text.starts_with('/')
}

fn create(queue: &Queue, new: NewQueue) -> Decided {
    if queue.settings.is_some() {
        return Err(Refusal::Exists);
    }
    saved(Settings {
        meta: Meta::new(queue.tenant, new.department, new.by),
        label: label(&Label::default(), new.label)?,
        max_deliveries: new.max_deliveries.unwrap_or(DEFAULT_DELIVERIES),
        ttl_ms: new.ttl_ms,
    })
}

fn change(old: &Settings, change: Change) -> Decided {
    if registry::is_stale(&old.meta, change.etag.as_deref()) {
        return Err(Refusal::Changed);
    }
    saved(Settings {
        meta: old.meta.clone().touched(change.by),
        label: label(&old.label, change.label)?,
        max_deliveries: change.max_deliveries.unwrap_or(old.max_deliveries),
        ttl_ms: change.ttl_ms.unwrap_or(old.ttl_ms),
    })
}

fn label(old: &Label, settings: LabelSettings) -> Result<Label, Refusal> {
    registry::label(old, settings).map_err(|refusal| match refusal {
        registry::Refusal::Improper { field, why } => Refusal::Improper { field, why },
        other => improper("name", &other.to_string()),
    })
}

fn saved(settings: Settings) -> Decided {
    if !(1..=1_000).contains(&settings.max_deliveries) {
        return Err(improper("maxDeliveries", "it lies between 1 and 1000"));
    }
    if settings.ttl_ms.is_some_and(|ttl_ms| ttl_ms <= 0) {
        return Err(improper("ttl", "it is longer than nothing"));
    }
    Ok(vec![Event::Saved(Box::new(settings))].into())
}

fn put(
    queue: &Queue,
    messages: Vec<NewMessage>,
    by: &Stamp,
    ttl_ms: Option<i64>,
    now_ms: i64,
) -> Decided {
    if messages.is_empty() || messages.len() > AT_ONCE {
        return Err(improper("messages", "1 to 1000 messages at once"));
    }
    if queue.messages.len() + messages.len() > MESSAGES {
        return Err(Refusal::Full);
    }
    let mut decision = Decision::default();
    let mut new_keys: Vec<(String, Guid)> = Vec::new();
    let mut number = queue.last_number;
    for new in messages {
        if let Some(key) = &new.dedup_key {
            let known = queue.keys.iter().chain(&new_keys);
            if let Some((_, id)) = known.rev().find(|(known, _)| known == key) {
                decision.messages.push(*id);
                continue;
            }
            new_keys.push((key.clone(), new.id));
        }
        let message = message(queue, new, number + 1, by, ttl_ms, now_ms)?;
        number = message.number;
        decision.messages.push(message.id);
        decision.events.push(Event::Put(Box::new(message)));
    }
    Ok(decision)
}

fn message(
    queue: &Queue,
    new: NewMessage,
    number: u64,
    by: &Stamp,
    ttl_ms: Option<i64>,
    now_ms: i64,
) -> Result<Message, Refusal> {
    if new.priority > limits::PRIORITY {
        return Err(improper("priority", "it lies between 0 and 5000"));
    }
    let long = |key: &String| key.chars().count() > limits::NAME_CHARS;
    if new.dedup_key.as_ref().is_some_and(long) {
        return Err(improper("dedupKey", "it is too long"));
    }
    if bytes(&new.body) > BODY_BYTES {
        return Err(improper("body", "it is too large"));
    }
    if new.ttl_ms.is_some_and(|ttl_ms| ttl_ms <= 0) {
        return Err(improper("ttl", "it is longer than nothing"));
    }
    if queue.message(new.id).is_some() {
        return Err(improper("id", "there is such a message"));
    }
    let ttl_ms = new.ttl_ms.or(ttl_ms);
    Ok(Message {
        number,
        id: new.id,
        body: new.body,
        priority: new.priority,
        created: by.clone(),
        expires_ms: ttl_ms.map(|ttl_ms| now_ms.saturating_add(ttl_ms)),
        dedup_key: new.dedup_key,
        deliveries: 0,
        state: MessageState::Ready,
    })
}

/// Bytes of a value, roughly.
fn bytes(value: &Value) -> usize {
    const SCALAR: usize = 9;
    match value {
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Double(_) | Value::Date(_) => SCALAR,
        Value::BigInt(text) | Value::String(text) => SCALAR + text.len(),
        Value::Bytes(raw) => SCALAR + raw.len(),
        Value::List(items) => SCALAR + items.iter().map(bytes).sum::<usize>(),
        Value::Map(entries) => {
            let entries = entries.iter();
            SCALAR
                + entries
                    .map(|(key, value)| key.len() + bytes(value))
                    .sum::<usize>()
        }
    }
}

fn receive(queue: &Queue, receipts: &[Guid], lock_ms: i64, now_ms: i64) -> Decision {
    let mut decision = Decision::default();
    let fresh = queue
        .ready
        .iter()
        .filter_map(|(_, number)| queue.messages.get(number));
    let fresh = fresh.filter(|message| !is_expired(message, now_ms));
    for (message, receipt) in fresh.zip(receipts.iter().take(AT_ONCE)) {
        decision.messages.push(message.id);
        decision.events.push(Event::Locked {
            message: message.number,
            receipt: *receipt,
            until_ms: now_ms.saturating_add(lock_ms.max(1)),
        });
    }
    decision
}

pub(super) fn is_expired(message: &Message, now_ms: i64) -> bool {
    message.expires_ms.is_some_and(|at_ms| at_ms <= now_ms)
}

/// The message, if it is locked by this receipt.
fn locked(queue: &Queue, id: Guid, receipt: Guid, now_ms: i64) -> Result<&Message, Refusal> {
    let message = queue.message(id).ok_or(Refusal::UnknownMessage)?;
    match message.state {
        MessageState::Locked {
            receipt: given,
            until_ms,
        } if given == receipt && until_ms > now_ms => Ok(message),
        MessageState::Ready
        | MessageState::Locked { .. }
        | MessageState::Running { .. }
        | MessageState::Dead { .. } => Err(Refusal::LockLost),
    }
}

pub(super) fn dead(message: &Message, why: String, at_ms: i64) -> Event {
    Event::DeadLettered {
        message: message.number,
        why,
        at_ms,
    }
}

/// A message that was given away comes back: it waits again, or was given away too often.
pub(super) fn back(message: &Message, max_deliveries: u32, why: &str, now_ms: i64) -> Event {
    if message.deliveries < max_deliveries {
        return Event::Released {
            message: message.number,
        };
    }
    let why = format!(
        "delivered {} times; the last time {why}",
        message.deliveries
    );
    dead(message, why, now_ms)
}

fn start_refused(queue: &Queue, execution: Guid) -> Vec<Event> {
    let run = queue.run(execution).filter(|run| !run.started);
    run.map(|_| Event::StartRefused { execution })
        .into_iter()
        .collect()
}

fn started(queue: &Queue, execution: Guid) -> Vec<Event> {
    let Some(run) = queue.run(execution).filter(|run| !run.started) else {
        return Vec::new();
    };
    let mut events = vec![Event::RunStarted { execution }];
    if run.remove_when == RemoveWhen::Started
        && let Some(message) = held_by(queue, run)
    {
        events.push(Event::Removed {
            message: message.number,
        });
    }
    events
}

fn ended(
    queue: &Queue,
    execution: Guid,
    failure: Option<String>,
    max_deliveries: u32,
    now_ms: i64,
) -> Vec<Event> {
    let Some(run) = queue.run(execution) else {
        return Vec::new();
    };
    let mut events = vec![Event::RunEnded { execution }];
    if let Some(message) = held_by(queue, run) {
        events.push(match failure {
            None => Event::Removed {
                message: message.number,
            },
            Some(why) => back(message, max_deliveries, &why, now_ms),
        });
    }
    events
}

/// The message of a run, while the run has it.
fn held_by<'a>(queue: &'a Queue, run: &Run) -> Option<&'a Message> {
    let holds = MessageState::Running {
        execution: run.execution,
    };
    queue
        .message(run.message)
        .filter(|message| message.state == holds)
}

impl From<Vec<Event>> for Decision {
    fn from(events: Vec<Event>) -> Self {
        Decision {
            events,
            messages: Vec::new(),
        }
    }
}
