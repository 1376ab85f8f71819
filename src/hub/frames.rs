//! What is wrong with a message, and the codes with which a connection ends.
//! Never: shows what a message carried.

use actors::robots::message::Close;

/// Why a message ends the connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// It is no JSON object with a `type`.
    #[error("a message is a JSON object with a type")]
    NoObject,
    /// A field is not what it should be.
    #[error("{kind}: {why}")]
    Field {
        /// The message's type.
        kind: String,
        /// What is wrong.
        why: String,
    },
    /// The first message is no hello.
    #[error("hello comes first")]
    NoHello,
    /// A hello later on.
    #[error("hello comes once")]
    Again,
    /// The robot speaks another version.
    #[error("this server speaks protocol 1")]
    Version,
    /// It is longer than a message may be.
    #[error("a message has at most 1 MiB")]
    TooLarge,
    /// It is no text.
    #[error("messages are text")]
    Binary,
}

impl Malformed {
    /// The close code.
    pub fn code(&self) -> u16 {
        match self {
            Malformed::Version => 4426,
            Malformed::NoObject
            | Malformed::Field { .. }
            | Malformed::NoHello
            | Malformed::Again
            | Malformed::TooLarge
            | Malformed::Binary => 4400,
        }
    }

    /// The stable name that `problem` carries.
    pub fn name(&self) -> &'static str {
        match self {
            Malformed::Version => "version",
            Malformed::NoHello => "hello-first",
            Malformed::Again => "hello-once",
            Malformed::TooLarge => "too-large",
            Malformed::NoObject | Malformed::Field { .. } | Malformed::Binary => "malformed",
        }
    }
}

/// The close code and the reason of an end that the robot's actor wants.
pub fn close(close: Close) -> (u16, &'static str) {
    match close {
        Close::Secret => (4401, "the token or secret has ended"),
        Close::Silent => (4408, "silent for too long"),
        Close::Newer => (4409, "the robot has a newer connection"),
        Close::Full => (1013, "nothing can be kept now, try again later"),
        Close::Slow => (1008, "messages are not read"),
        Close::Leaving => (1001, "leaving"),
    }
}
