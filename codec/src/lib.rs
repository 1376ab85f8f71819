//! The one place that names bincode, and the few types that every persisted form shares.
//!
//! Owns: bounded encoding and decoding behind a version byte, the variable value type with its JSON form,
//! ids that carry their owner, instants as text, cron expressions, and the helper for golden bytes.
//! Never: knows BPMN, robots, files or clocks.
//!
//! ```text
//!  a persisted value  =  [ version: u8 | bincode body, standard configuration ]
//! ```

mod bytes;
pub mod cron;
pub mod golden;
pub mod id;
pub mod instant;
pub mod json;
mod value;

pub use bytes::{DecodeError, MAX_ENCODED_BYTES, decode, encode, encode_into};
pub use id::{DefinitionId, Id, ParseIdError, RootId, Tenant};
pub use value::Value;
