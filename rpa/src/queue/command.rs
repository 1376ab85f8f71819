//! What can be asked of a queue. Never persisted.

use super::Binding;
use crate::{Guid, registry::LabelSettings, terms::Stamp};
use codec::Value;
use std::collections::BTreeMap;

/// A command.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Make it.
    Create(Box<NewQueue>),
    /// Change what it is called and how it works.
    Change(Box<Change>),
    /// Delete it with its messages. What runs goes on.
    Delete,
    /// Put messages into it.
    Put {
        /// Which.
        messages: Vec<NewMessage>,
        /// Who.
        by: Stamp,
    },
    /// Give away the next messages, as many as there are receipts.
    Receive {
        /// For each message one.
        receipts: Vec<Guid>,
        /// How long the receiver has them, in milliseconds.
        lock_ms: i64,
    },
    /// A receiver is done with a message.
    Complete {
        /// The message.
        message: Guid,
        /// What the receiver was given.
        receipt: Guid,
    },
    /// A receiver gives a message back.
    Release {
        /// The message.
        message: Guid,
        /// What the receiver was given.
        receipt: Guid,
    },
    /// A receiver cannot do anything with a message.
    DeadLetter {
        /// The message.
        message: Guid,
        /// What the receiver was given.
        receipt: Guid,
        /// Why.
        why: String,
    },
    /// Take a message away, wherever it is.
    Remove {
        /// The message.
        message: Guid,
    },
    /// Make or change a binding.
    SaveBinding {
        /// The binding.
        binding: Box<Binding>,
        /// What the caller has seen of the one before.
        etag: Option<String>,
    },
    /// Take a binding away. What runs goes on.
    RemoveBinding {
        /// Which.
        binding: Guid,
    },
    /// Do what is due, and begin what messages start.
    Advance {
        /// Bindings whose starts were refused, and whether one message may try again now.
        stalled: BTreeMap<Guid, bool>,
    },
    /// An execution has started.
    Started {
        /// Which.
        execution: Guid,
    },
    /// An execution could not be started for a reason that its message has no part in.
    StartRefused {
        /// Which.
        execution: Guid,
    },
    /// An execution has ended, or could not be started for what its message says.
    Ended {
        /// Which.
        execution: Guid,
        /// Why the message is not done with; none: it is.
        failure: Option<String>,
    },
}

/// A queue that is made.
#[derive(Clone, Debug, PartialEq)]
pub struct NewQueue {
    /// The department.
    pub department: Guid,
    /// What it is called.
    pub label: LabelSettings,
    /// After so many deliveries a message that comes back is a dead letter.
    pub max_deliveries: Option<u32>,
    /// How long a message lives that does not say, in milliseconds; none: for ever.
    pub ttl_ms: Option<i64>,
    /// Who makes it, and when.
    pub by: Stamp,
}

/// What changes of a queue; what is none stays.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// What the caller has seen.
    pub etag: Option<String>,
    /// What it is called.
    pub label: LabelSettings,
    /// After so many deliveries a message that comes back is a dead letter.
    pub max_deliveries: Option<u32>,
    /// How long a message lives that does not say, in milliseconds; an inner none: for ever.
    pub ttl_ms: Option<Option<i64>>,
    /// Who changes it, and when.
    pub by: Stamp,
}

/// A message that is put.
#[derive(Clone, Debug, PartialEq)]
pub struct NewMessage {
    /// Its id.
    pub id: Guid,
    /// What it says.
    pub body: Value,
    /// Larger comes earlier.
    pub priority: u32,
    /// How long it lives, in milliseconds; none: as the queue says.
    pub ttl_ms: Option<i64>,
    /// Another one with this key is not taken.
    pub dedup_key: Option<String>,
}
