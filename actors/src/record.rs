//! The payload of an instance's record in the journal.
//! Never: changes; a new shape is a new version of the record's kind.
//!
//! ```text
//!  [ tenant: u32 ][ 0 ]                                   [ events ]
//!  [ tenant: u32 ][ 1 ][ length: u32 | remembered ]       [ events ]     a request with an Idempotency-Key
//! ```

use crate::{failure::Failure, message::Remembered, options::Options};
use bpmn::Refusal;
use codec::{DecodeError, Tenant};

/// Record kinds in the journal and in snapshots. Numbers are never used again.
pub mod kind {
    /// Events of a process instance; in snapshots its bytes at rest.
    pub const INSTANCE: u16 = 1;
    /// Events of the definitions.
    pub const DEFINITIONS: u16 = 2;
    /// Events of identities and tokens.
    pub const ORGANISATION: u16 = 3;
    /// The clock.
    pub const CLOCK: u16 = 4;
    /// Remembered answers of requests that are no command to an instance; in snapshots of all.
    pub const REMEMBERED: u16 = 5;
    /// Events of what is configured for robots.
    pub const REGISTRY: u16 = 6;
    /// Events of an execution; in older snapshots its bytes.
    pub const EXECUTION: u16 = 7;
    /// In snapshots: an instance that cannot be rebuilt.
    pub const SET_ASIDE: u16 = 8;
    /// Only in snapshots: the archive's revision, which has everything that ended before the journal behind them begins.
    pub const ARCHIVE: u16 = 9;
    /// Events of a task queue; in snapshots its bytes.
    pub const TASK_QUEUE: u16 = 10;
    /// Only in snapshots: an execution that cannot be rebuilt.
    pub const EXECUTION_SET_ASIDE: u16 = 11;
    /// Only in snapshots: an execution's place among all (u64) and its bytes.
    pub const PLACED_EXECUTION: u16 = 12;
}

/// What the head of an instance's or an execution's record takes of it, in bytes.
pub const HEAD_BYTES: usize = 4096;

/// Refuses a record that the journal would not take; asked before anything is changed.
pub fn fits(options: &Options, bytes: usize) -> Result<(), Failure> {
    let limit = options.record_limit_bytes();
    if bytes <= limit {
        return Ok(());
    }
    Err(Failure::Refused(Refusal::LimitExceeded(format!(
        "one command may write {limit} bytes, this one would write {bytes}"
    ))))
}

/// Version of the records that this build writes.
pub const VERSION: u16 = 1;

/// An instance's record, taken apart.
pub struct Parts {
    /// The company.
    pub tenant: Tenant,
    /// The request to remember.
    pub remembered: Option<Remembered>,
    /// The encoded events.
    pub events: Vec<u8>,
}

/// Puts a record together.
pub fn encode(tenant: Tenant, remembered: Option<&Remembered>, events: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(events.len() + 16);
    out.extend_from_slice(&tenant.0.to_le_bytes());
    match remembered {
        None => out.push(0),
        Some(remembered) => {
            out.push(1);
            let bytes = codec::encode(1, remembered);
            let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            out.extend_from_slice(&length.to_le_bytes());
            out.extend_from_slice(&bytes);
        }
    }
    out.extend_from_slice(events);
    out
}

/// Takes a record apart.
pub fn decode(payload: &[u8]) -> Result<Parts, DecodeError> {
    let short = || DecodeError::Malformed("a record ends early".to_owned());
    let (tenant, rest) = payload.split_first_chunk::<4>().ok_or_else(short)?;
    let (flag, rest) = rest.split_first().ok_or_else(short)?;
    let (remembered, events) = match flag {
        0 => (None, rest),
        1 => {
            let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(short)?;
            let (bytes, events) = rest
                .split_at_checked(u32::from_le_bytes(*length) as usize)
                .ok_or_else(short)?;
            (Some(codec::decode(1, bytes)?), events)
        }
        other => {
            return Err(DecodeError::Malformed(format!(
                "unknown record form {other}"
            )));
        }
    };
    Ok(Parts {
        tenant: Tenant(u32::from_le_bytes(*tenant)),
        remembered,
        events: events.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Remember, Rendered};
    use std::sync::Arc;

    #[test]
    fn a_record_comes_back_with_and_without_a_remembered_answer() {
        let remembered = Remembered {
            request: Remember { key: 1, body: 2 },
            at_ms: 3,
            answer: Arc::new(Rendered {
                status: 201,
                location: String::new(),
                body: b"{}".to_vec(),
            }),
        };
        let plain = encode(Tenant(7), None, b"events");
        assert_eq!(plain, b"\x07\0\0\0\0events");
        let with = encode(Tenant(7), Some(&remembered), b"events");
        assert_eq!(
            with,
            b"\x07\0\0\0\x01\x09\0\0\0\x01\x01\x02\x06\xc9\0\x02{}events"
        );
        for (bytes, expected) in [(plain, None), (with, Some(remembered))] {
            let parts = decode(&bytes).expect("a record");
            assert_eq!(parts.tenant, Tenant(7));
            assert_eq!(parts.remembered, expected);
            assert_eq!(parts.events, b"events");
            for end in 0..bytes.len() - 6 {
                assert!(decode(&bytes[..end]).is_err());
            }
        }
    }
}
