//! The bytes of instances: events, rows, core, history chunks, ended instances.
//!
//! Owns: the version byte of each form.
//! Never: files, checksums or sequences; who stores the bytes adds them.

use crate::archive::{Ended, EndedInstance};
use crate::history::Entry;
use crate::instance::{Event, Instance, state::Core};
use crate::rows::{Rows, WorkRow};
use codec::{DecodeError, RootId, Tenant};

/// Version of encoded events.
pub const EVENTS_VERSION: u8 = 1;
/// Version of encoded rows.
pub const ROWS_VERSION: u8 = 1;
/// Version of encoded rows with work that someone else does.
pub const ROWS_WITH_WORK_VERSION: u8 = 2;
/// Version of an encoded core.
pub const CORE_VERSION: u8 = 1;
/// Version of an encoded chunk of history.
pub const HISTORY_VERSION: u8 = 1;
/// Version of an encoded ended instance.
pub const ENDED_VERSION: u8 = 1;

/// The events of one command, as one record.
pub fn encode_events(events: &[Event]) -> Vec<u8> {
    // Most commands' events fit: growing costs more than what is not used.
    let mut out = Vec::with_capacity(512);
    codec::encode_into(EVENTS_VERSION, &events, &mut out);
    out
}

/// Reads `encode_events`.
pub fn decode_events(bytes: &[u8]) -> Result<Vec<Event>, DecodeError> {
    codec::decode(EVENTS_VERSION, bytes)
}

/// The summary of an entity at rest, appended to `out`. Work that someone else does stands behind the rest, when there is any.
pub fn encode_rows_into(rows: &Rows, out: &mut Vec<u8>) {
    match rows.works.is_empty() {
        true => codec::encode_into(ROWS_VERSION, rows, out),
        false => codec::encode_into(ROWS_WITH_WORK_VERSION, &(rows, &rows.works), out),
    }
}

/// `encode_rows_into`, alone.
pub fn encode_rows(rows: &Rows) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    encode_rows_into(rows, &mut out);
    out
}

/// Reads `encode_rows`.
pub fn decode_rows(bytes: &[u8]) -> Result<Rows, DecodeError> {
    if bytes.first() == Some(&ROWS_WITH_WORK_VERSION) {
        let (mut rows, works): (Rows, Vec<WorkRow>) = codec::decode(ROWS_WITH_WORK_VERSION, bytes)?;
        rows.works = works;
        return Ok(rows);
    }
    codec::decode(ROWS_VERSION, bytes)
}

/// What waking needs beside the rows, appended to `out`.
pub fn encode_core_into(instance: &Instance, out: &mut Vec<u8>) {
    codec::encode_into(CORE_VERSION, instance.core(), out);
}

/// `encode_core_into`, alone.
pub fn encode_core(instance: &Instance) -> Vec<u8> {
    codec::encode(CORE_VERSION, instance.core())
}

/// Wakes an instance from its rows and `encode_core`.
pub fn decode_core(
    root: RootId,
    tenant: Tenant,
    rows: Rows,
    core: &[u8],
) -> Result<Instance, DecodeError> {
    let core: Core = codec::decode(CORE_VERSION, core)?;
    Ok(Instance::from_parts(root, tenant, rows, core))
}

/// A chunk of history, appended to `out`; `Instance::take_history` gives what is new since waking.
pub fn encode_history_into(entries: &[Entry], out: &mut Vec<u8>) {
    codec::encode_into(HISTORY_VERSION, &entries, out);
}

/// Takes what is new in an instance's history since waking, as a chunk; none when nothing is new.
pub fn take_history_chunk(instance: &mut Instance) -> Option<Vec<u8>> {
    let entries = instance.take_history();
    (!entries.is_empty()).then(|| codec::encode(HISTORY_VERSION, &entries))
}

/// Reads a chunk of history.
pub fn decode_history(chunk: &[u8]) -> Result<Vec<Entry>, DecodeError> {
    codec::decode(HISTORY_VERSION, chunk)
}

/// An ended instance for the archive.
pub fn encode_ended(ended: &Ended<'_>) -> Vec<u8> {
    codec::encode(ENDED_VERSION, ended)
}

/// Reads `encode_ended`.
pub fn decode_ended(bytes: &[u8]) -> Result<EndedInstance, DecodeError> {
    codec::decode(ENDED_VERSION, bytes)
}
