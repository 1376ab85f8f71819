//! An entity that cannot be rebuilt: everything that was known of it, kept so that a build that can read it finds it.
//!
//! Owns: its bytes in a snapshot, and trying again when they are read back.
//! Never: lets a record of it be lost with the journal; the base alone would bring an older state back to life.
//!
//! ```text
//!  in a snapshot:  [ tenant: u32 ][ encoded Remains ]     of a kind of its own, under the sequence of its last record
//! ```

use crate::{entity, entity::Live};
use bpmn::{Instance, rows::Rows, stored};
use codec::{DecodeError, RootId, Tenant};
use serde::{Deserialize, Serialize};

/// Version of the encoding of what remains.
const VERSION: u8 = 1;

/// What remains of an entity. Persisted: it never changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remains {
    /// Why it cannot be rebuilt.
    pub reason: String,
    /// When that was found out, milliseconds since 1970; 0: recovery found it, which has no clock.
    pub since_ms: i64,
    /// Bytes at rest of the state that the records follow; empty before the first.
    pub base: Vec<u8>,
    /// The last record in them.
    pub base_sequence: u64,
    /// Encoded events since, one command each.
    pub records: Vec<Vec<u8>>,
    /// The last record of all.
    pub sequence: u64,
}

impl Remains {
    /// Of bytes at rest, as of their last record, that cannot be read.
    pub fn of_bytes(base: Vec<u8>, sequence: u64, error: &DecodeError) -> Self {
        Remains {
            reason: error.to_string(),
            base,
            base_sequence: sequence,
            sequence,
            ..Remains::default()
        }
    }

    /// Its bytes in a snapshot, behind the company's.
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(VERSION, self)
    }

    /// Reads those bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        codec::decode(VERSION, bytes)
    }

    /// The entity, if this build can rebuild it.
    pub fn restore(&self, root: RootId, tenant: Tenant) -> Result<Live, DecodeError> {
        let mut live = Live::wake(root, tenant, self.base.clone(), self.base_sequence)?;
        for record in &self.records {
            let events = stored::decode_events(record)?;
            live.replay(&events, record.clone(), self.sequence, Instance::apply)?;
        }
        Ok(live)
    }

    /// The rows of the last state that can be shown; none when there is none.
    pub fn rows(&self, root: RootId, tenant: Tenant) -> Rows {
        let Ok(mut live) = Live::wake(root, tenant, self.base.clone(), self.base_sequence) else {
            return entity::rows(&self.base).unwrap_or_default();
        };
        let mut rows = live.instance.rows();
        for record in &self.records {
            let replayed = stored::decode_events(record).and_then(|events| {
                live.replay(&events, record.clone(), self.sequence, Instance::apply)
            });
            if replayed.is_err() {
                break;
            }
            rows = live.instance.rows();
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_remains_has_its_golden_bytes() {
        let remains = Remains {
            reason: "r".to_owned(),
            since_ms: 3,
            base: vec![7],
            base_sequence: 1,
            records: vec![vec![8, 9]],
            sequence: 2,
        };
        codec::golden::check(VERSION, &remains, "010172060107010102080902");
    }
}
