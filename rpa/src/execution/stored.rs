//! The bytes of an execution: events, rows and the whole state, each behind a version byte; golden bytes guard them.
//! Never: files, checksums or sequences; who stores the bytes adds them.

use super::{Event, Execution, rows::Rows};
use codec::DecodeError;

/// Version of encoded events.
pub const EVENTS_VERSION: u8 = 1;
/// Version of encoded rows.
pub const ROWS_VERSION: u8 = 1;
/// Version of an encoded execution.
pub const EXECUTION_VERSION: u8 = 1;

/// The events of one command, as one record.
pub fn encode_events(events: &[Event]) -> Vec<u8> {
    codec::encode(EVENTS_VERSION, &events)
}

/// Reads what [`encode_events`] wrote.
pub fn decode_events(bytes: &[u8]) -> Result<Vec<Event>, DecodeError> {
    codec::decode(EVENTS_VERSION, bytes)
}

/// The summary of an execution at rest.
pub fn encode_rows(rows: &Rows) -> Vec<u8> {
    codec::encode(ROWS_VERSION, rows)
}

/// Reads what [`encode_rows`] wrote.
pub fn decode_rows(bytes: &[u8]) -> Result<Rows, DecodeError> {
    codec::decode(ROWS_VERSION, bytes)
}

/// The whole execution: at rest, in a snapshot, in the archive.
pub fn encode_execution(execution: &Execution) -> Vec<u8> {
    codec::encode(EXECUTION_VERSION, execution)
}

/// Reads what [`encode_execution`] wrote.
pub fn decode_execution(bytes: &[u8]) -> Result<Execution, DecodeError> {
    codec::decode(EXECUTION_VERSION, bytes)
}

#[cfg(test)]
mod tests;
