//! Executions while they are recovered: from the snapshot's bytes and the records behind them.
//!
//! Owns: that each gets the records after its own; one that cannot be read is set aside, its bytes kept.
//! Never: replays an effect.

use super::{Cell, Live};
use crate::core::Core;
use codec::{DecodeError, Tenant};
use rpa::{
    Guid,
    execution::{Event, rows, stored},
};
use snapshots::EntityRef;
use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

/// What recovery collects of executions.
#[derive(Default)]
pub struct Recovered {
    found: BTreeMap<Guid, (Tenant, Body)>,
}

enum Body {
    Live(Box<Live>),
    Unreadable {
        reason: String,
        bytes: Vec<u8>,
        sequence: u64,
    },
}

impl Recovered {
    /// An execution of the snapshot.
    pub fn entity(&mut self, entity: EntityRef<'_>) -> Result<(), DecodeError> {
        let (tenant, bytes) = entity
            .bytes
            .split_first_chunk::<4>()
            .ok_or(DecodeError::Empty)?;
        let body = match Live::wake(bytes.to_vec(), entity.sequence) {
            Ok(live) => Body::Live(Box::new(live)),
            Err(error) => Body::Unreadable {
                reason: error.to_string(),
                bytes: bytes.to_vec(),
                sequence: entity.sequence,
            },
        };
        let tenant = Tenant(u32::from_le_bytes(*tenant));
        self.found.insert(Guid(entity.entity), (tenant, body));
        Ok(())
    }

    /// A record of an execution.
    pub fn record(
        &mut self,
        id: Guid,
        sequence: u64,
        tenant: Tenant,
        events: Vec<u8>,
    ) -> Result<(), DecodeError> {
        let (_, body) = match self.found.entry(id) {
            Entry::Occupied(found) => found.into_mut(),
            Entry::Vacant(place) => {
                let first = stored::decode_events(&events)?;
                if !matches!(first.first(), Some(Event::Started(_))) {
                    // It was over and archived while the snapshot was taken.
                    return Ok(());
                }
                place.insert((tenant, Body::Live(Box::new(Live::new(id, tenant)))))
            }
        };
        if let Body::Live(live) = body
            && sequence > live.sequence()
            && let Err(error) = live.replay(events, sequence)
        {
            let (bytes, sequence) = live.base();
            *body = Body::Unreadable {
                reason: error.to_string(),
                bytes: bytes.to_vec(),
                sequence,
            };
        }
        Ok(())
    }

    /// Puts every execution into memory and its rows into the views; gives those that only the archive waits for.
    pub fn load(self, core: &Core) -> Vec<Arc<Cell>> {
        let mut finished = Vec::new();
        let mut jobs = core.jobs.write();
        for (id, (tenant, body)) in self.found {
            let cell = match body {
                Body::Live(live) => {
                    jobs.apply(rows::of(&live.execution));
                    let over = live.execution.is_finished();
                    let cell = Arc::new(Cell::recovered(id, tenant, *live));
                    if over {
                        finished.push(Arc::clone(&cell));
                    }
                    cell
                }
                Body::Unreadable {
                    reason,
                    bytes,
                    sequence,
                } => {
                    tracing::error!(execution = %id, %reason, "an execution cannot be read: it is quarantined");
                    Arc::new(Cell::quarantined(id, tenant, reason, bytes, sequence))
                }
            };
            core.executions.insert(cell);
        }
        finished
    }
}
