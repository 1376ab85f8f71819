//! What a virtual actor is told, and how it answers.
//! Never: carries a reference to another actor; a cause travels as a guard.

use crate::{cause::Cause, failure::Failure};
use bpmn::{Command, Decision, Instance};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// An answer that may leave once what it was decided on is durable.
pub type Answer = Box<dyn FnOnce() + Send>;

/// Makes the answer while the state is at hand.
pub type Responder = Box<dyn FnOnce(Result<Applied<'_>, Failure>) -> Ready + Send>;

/// Looks at the state.
pub type Look = Box<dyn FnOnce(Result<Seen<'_>, Failure>) -> Answer + Send>;

/// An answer, and its text when it has to be given again.
pub struct Ready {
    /// Sends it.
    pub send: Answer,
    /// What a repetition of the request gets; none for refusals, requests without a key, and an answer that its record has
    /// no room for: `send` then refuses the command, which must be undone.
    pub rendered: Option<Arc<Rendered>>,
}

/// An HTTP answer as it was first given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rendered {
    /// HTTP status.
    pub status: u16,
    /// The `Location` header, empty for none.
    pub location: String,
    /// The body.
    pub body: Vec<u8>,
}

/// What a command did.
pub struct Applied<'a> {
    /// The state after it.
    pub instance: &'a Instance,
    /// Its events and outcome.
    pub decision: &'a Decision,
    /// Bytes that its record has left for an answer that is remembered.
    pub room_bytes: usize,
}

/// The state as a reader sees it.
pub struct Seen<'a> {
    /// The state.
    pub instance: &'a Instance,
    /// History chunks up to its base (`entity::chunk_list`).
    pub chunks: &'a [u8],
}

/// A message to an instance.
pub enum Message {
    /// Decide this.
    Command(Box<Order>),
    /// Read this.
    Read(Look),
    /// Hand over the bytes and the last sequence for a snapshot.
    Save(std::sync::mpsc::Sender<crate::slot::Saved>),
}

/// A command on its way.
pub struct Order {
    /// What to do.
    pub command: Command,
    /// Who wants to know.
    pub responder: Responder,
    /// What set it off.
    pub cause: Option<Cause>,
    /// Kept with the record, so that a repetition gets the first answer (engine API, Idempotency-Key).
    pub remember: Option<Remember>,
}

/// An idempotent request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remember {
    /// Hash of principal, path and key.
    pub key: u128,
    /// Hash of the body.
    pub body: u128,
}

/// A remembered request with its answer, as the record keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    /// Which request.
    pub request: Remember,
    /// When, milliseconds since 1970 of the real clock.
    pub at_ms: i64,
    /// What it was answered.
    pub answer: Arc<Rendered>,
}
