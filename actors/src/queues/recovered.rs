//! Task queues while they are recovered: from the snapshot's bytes and the records behind them.
//! Owns: that each gets the records after its own; one that cannot be read is set aside, its bytes kept.

use super::Cell;
use crate::{core::Core, recovery::of_company};
use codec::{DecodeError, Tenant};
use rpa::{
    Guid,
    queue::{Queue, stored},
};
use snapshots::EntityRef;
use std::{collections::BTreeMap, sync::Arc};

/// What recovery collects of task queues.
#[derive(Default)]
pub struct Recovered {
    found: BTreeMap<Guid, Found>,
}

enum Found {
    Live(Box<Queue>, u64),
    Unreadable {
        tenant: Tenant,
        reason: String,
        bytes: Vec<u8>,
        sequence: u64,
    },
}

impl Recovered {
    /// A queue of the snapshot.
    pub fn entity(&mut self, entity: EntityRef<'_>) -> Result<(), DecodeError> {
        let (tenant, bytes) = of_company(entity.bytes)?;
        let found = match stored::decode_queue(bytes) {
            Ok(queue) => Found::Live(Box::new(queue), entity.sequence),
            Err(error) => Found::Unreadable {
                tenant,
                reason: error.to_string(),
                bytes: bytes.to_vec(),
                sequence: entity.sequence,
            },
        };
        self.found.insert(Guid(entity.entity), found);
        Ok(())
    }

    /// A record of a queue.
    pub fn record(
        &mut self,
        id: Guid,
        sequence: u64,
        tenant: Tenant,
        events: &[u8],
    ) -> Result<(), DecodeError> {
        let events = stored::decode_events(events)?;
        let found = self.found.entry(id);
        let found = found.or_insert_with(|| Found::Live(Box::new(Queue::new(id, tenant)), 0));
        if let Found::Live(queue, last) = found
            && sequence > *last
        {
            for event in &events {
                queue.apply(event);
            }
            *last = sequence;
        }
        Ok(())
    }

    /// Puts every queue into memory; those that are deleted are gone.
    pub fn load(self, core: &Core) {
        for (id, found) in self.found {
            let cell = match found {
                Found::Live(queue, _) if queue.settings().is_none() => continue,
                Found::Live(queue, sequence) => Cell::recovered(*queue, sequence),
                Found::Unreadable {
                    tenant,
                    reason,
                    bytes,
                    sequence,
                } => {
                    tracing::error!(queue = %id, %reason, "a task queue cannot be read: it is quarantined");
                    Cell::quarantined(id, tenant, reason, bytes, sequence)
                }
            };
            core.queues.insert(Arc::new(cell));
        }
    }
}
