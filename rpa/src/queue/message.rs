//! What a queue is made of: settings, messages, bindings, runs.
//! Core types and disk types are the same here: they never change, a new shape is a new version.

use crate::{
    Guid,
    terms::{Label, Meta, Stamp},
};
use codec::Value;
use serde::{Deserialize, Serialize};

/// What a queue is called and how it works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Its place and its history.
    pub meta: Meta,
    /// What people call it.
    pub label: Label,
    /// After so many deliveries a message that comes back is a dead letter.
    pub max_deliveries: u32,
    /// How long a message lives that does not say, in milliseconds; none: for ever.
    pub ttl_ms: Option<i64>,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Its number in the queue: age.
    pub number: u64,
    /// Its id.
    pub id: Guid,
    /// What it says.
    pub body: Value,
    /// Larger comes earlier.
    pub priority: u32,
    /// Who put it there, and when.
    pub created: Stamp,
    /// When it is too old, milliseconds since 1970.
    pub expires_ms: Option<i64>,
    /// Another one with this key is not taken.
    pub dedup_key: Option<String>,
    /// How often it was given away.
    pub deliveries: u32,
    /// Where it is.
    pub state: MessageState,
}

/// Where a message is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MessageState {
    /// It waits.
    Ready,
    /// A consumer has it.
    Locked {
        /// What the consumer shows to say so.
        receipt: Guid,
        /// Until when, milliseconds since 1970.
        until_ms: i64,
    },
    /// An execution has it.
    Running {
        /// Which.
        execution: Guid,
    },
    /// Nobody gets it any more.
    Dead {
        /// Why.
        why: String,
        /// Since when, milliseconds since 1970.
        at_ms: i64,
    },
}

/// What messages start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// Its id.
    pub id: Guid,
    /// What is started.
    pub workflow: Guid,
    /// Arguments and where in the body their values are: JSON pointers.
    pub mapping: Vec<(String, String)>,
    /// What happens while another one runs.
    pub concurrency: Concurrency,
    /// When the message goes.
    pub remove_when: RemoveWhen,
    /// Whether it starts anything.
    pub enabled: bool,
    /// Its making.
    pub created: Stamp,
}

/// What happens while an execution of the binding runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Concurrency {
    /// The next one starts at once.
    Parallel,
    /// The next one waits.
    Serial,
    /// The message is dropped.
    SkipWhileRunning,
}

/// When a message that started something goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RemoveWhen {
    /// When its execution has started.
    Started,
    /// When its execution has succeeded; else it comes back.
    Succeeded,
}

/// An execution that a message starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its id: follows from the message's and its deliveries.
    pub execution: Guid,
    /// What started it.
    pub binding: Guid,
    /// The message.
    pub message: Guid,
    /// The workflow, whatever becomes of the binding.
    pub workflow: Guid,
    /// Its arguments and where in the body their values are.
    pub mapping: Vec<(String, String)>,
    /// When the message goes.
    pub remove_when: RemoveWhen,
    /// Whether it has started.
    pub started: bool,
}

impl Concurrency {
    /// As the API writes it.
    pub fn name(self) -> &'static str {
        match self {
            Concurrency::Parallel => "Parallel",
            Concurrency::Serial => "Serial",
            Concurrency::SkipWhileRunning => "SkipWhileRunning",
        }
    }
}

impl RemoveWhen {
    /// As the API writes it.
    pub fn name(self) -> &'static str {
        match self {
            RemoveWhen::Started => "Started",
            RemoveWhen::Succeeded => "Succeeded",
        }
    }
}

impl MessageState {
    /// As the API writes it.
    pub fn name(&self) -> &'static str {
        match self {
            MessageState::Ready => "Ready",
            MessageState::Locked { .. } => "Locked",
            MessageState::Running { .. } => "Running",
            MessageState::Dead { .. } => "Dead",
        }
    }
}
