//! Applying events: the only code that changes a queue. Total: what an event names and is not there is ignored.

use super::{Event, KEYS, Message, MessageState, Queue};
use std::cmp::Reverse;

impl Queue {
    /// Takes a fact over.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Saved(settings) => self.settings = Some(settings.clone()),
            Event::Deleted => {
                self.deleted = true;
                self.messages.clear();
                self.numbers.clear();
                self.ready.clear();
                self.due.clear();
                self.bindings.clear();
                self.runs.clear();
                self.keys.clear();
            }
            Event::Put(message) => self.put((**message).clone()),
            Event::Locked {
                message,
                receipt,
                until_ms,
            } => self.change(*message, |message| {
                message.deliveries = message.deliveries.saturating_add(1);
                message.state = MessageState::Locked {
                    receipt: *receipt,
                    until_ms: *until_ms,
                };
            }),
            Event::Released { message } => {
                self.change(*message, |message| message.state = MessageState::Ready);
            }
            Event::DeadLettered {
                message,
                why,
                at_ms,
            } => self.change(*message, |message| {
                message.state = MessageState::Dead {
                    why: why.clone(),
                    at_ms: *at_ms,
                };
            }),
            Event::Removed { message } => {
                if let Some(message) = self.take(*message) {
                    self.numbers.remove(&message.id);
                }
            }
            Event::BindingSaved(binding) => {
                match self.bindings.iter_mut().find(|it| it.id == binding.id) {
                    Some(known) => known.clone_from(binding),
                    None => self.bindings.push((**binding).clone()),
                }
            }
            Event::BindingRemoved { binding } => self.bindings.retain(|it| it.id != *binding),
            Event::Dispatched { message, run } => {
                self.change(*message, |message| {
                    message.deliveries = message.deliveries.saturating_add(1);
                    message.state = MessageState::Running {
                        execution: run.execution,
                    };
                });
                self.runs.push((**run).clone());
            }
            Event::RunStarted { execution } => {
                if let Some(run) = self.runs.iter_mut().find(|it| it.execution == *execution) {
                    run.started = true;
                }
            }
            Event::RunEnded { execution } => self.runs.retain(|it| it.execution != *execution),
            Event::StartRefused { execution } => self.take_back(*execution),
        }
    }

    /// A run that never began is forgotten, and so is the delivery of its message.
    fn take_back(&mut self, execution: crate::Guid) {
        let Some(at) = self.runs.iter().position(|it| it.execution == execution) else {
            return;
        };
        let run = self.runs.remove(at);
        let held = MessageState::Running { execution };
        if let Some(number) = self.numbers.get(&run.message).copied() {
            self.change(number, |message| {
                if message.state == held {
                    message.deliveries = message.deliveries.saturating_sub(1);
                    message.state = MessageState::Ready;
                }
            });
        }
    }

    fn put(&mut self, message: Message) {
        self.last_number = self.last_number.max(message.number);
        if let Some(key) = &message.dedup_key {
            self.remember(key.clone(), message.id);
        }
        self.insert(message);
    }

    /// A key counts for this message from now on.
    pub(super) fn remember(&mut self, key: String, message: crate::Guid) {
        self.keys.push_back((key, message));
        if self.keys.len() > KEYS {
            self.keys.pop_front();
        }
    }

    /// Puts a message in, with what is derived of it.
    pub(super) fn insert(&mut self, message: Message) {
        match message.state {
            MessageState::Ready => {
                self.ready
                    .insert((Reverse(message.priority), message.number));
            }
            MessageState::Locked { .. }
            | MessageState::Running { .. }
            | MessageState::Dead { .. } => {}
        }
        if let Some(due_ms) = due_ms(&message) {
            self.due.insert((due_ms, message.number));
        }
        self.numbers.insert(message.id, message.number);
        self.messages.insert(message.number, message);
    }

    fn take(&mut self, number: u64) -> Option<Message> {
        let message = self.messages.remove(&number)?;
        self.ready.remove(&(Reverse(message.priority), number));
        if let Some(due_ms) = due_ms(&message) {
            self.due.remove(&(due_ms, number));
        }
        Some(message)
    }

    fn change(&mut self, number: u64, change: impl FnOnce(&mut Message)) {
        if let Some(mut message) = self.take(number) {
            change(&mut message);
            self.insert(message);
        }
    }
}

/// When something is due with a message, milliseconds since 1970.
fn due_ms(message: &Message) -> Option<i64> {
    match message.state {
        MessageState::Ready => message.expires_ms,
        MessageState::Locked { until_ms, .. } => Some(until_ms),
        MessageState::Running { .. } | MessageState::Dead { .. } => None,
    }
}
