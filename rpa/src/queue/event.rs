//! What has happened in a queue. Disk type: variants are only added at the end, and none of them ever changes.

use super::{Binding, Message, Run, Settings};
use crate::Guid;
use serde::{Deserialize, Serialize};

/// A fact, in the past tense. Messages by their numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// It was made or changed.
    Saved(Box<Settings>),
    /// It was deleted.
    Deleted,
    /// A message came.
    Put(Box<Message>),
    /// A consumer has a message.
    Locked {
        /// The message.
        message: u64,
        /// What the consumer was given.
        receipt: Guid,
        /// Until when, milliseconds since 1970.
        until_ms: i64,
    },
    /// A message waits again.
    Released {
        /// The message.
        message: u64,
    },
    /// Nobody gets a message any more.
    DeadLettered {
        /// The message.
        message: u64,
        /// Why.
        why: String,
        /// When, milliseconds since 1970.
        at_ms: i64,
    },
    /// A message is gone.
    Removed {
        /// The message.
        message: u64,
    },
    /// A binding was made or changed.
    BindingSaved(Box<Binding>),
    /// A binding is gone.
    BindingRemoved {
        /// Which.
        binding: Guid,
    },
    /// A message starts an execution.
    Dispatched {
        /// The message.
        message: u64,
        /// The execution.
        run: Box<Run>,
    },
    /// An execution has started.
    RunStarted {
        /// Which.
        execution: Guid,
    },
    /// An execution is over.
    RunEnded {
        /// Which.
        execution: Guid,
    },
    /// An execution could not be started, whatever its message says: that waits again, and was not delivered.
    StartRefused {
        /// Which.
        execution: Guid,
    },
}
