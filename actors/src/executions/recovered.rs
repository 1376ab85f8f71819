//! Executions while they are recovered: from the snapshot's bytes and the records behind them.
//!
//! Owns: that each gets the records after its own; one that cannot be read is set aside, its bytes and records kept.
//! Never: replays an effect.

use super::{Cell, Live, live::UNKNOWN_ORDER, trail};
use crate::{core::Core, recovery::of_company, set_aside::Remains};
use codec::{DecodeError, Tenant};
use rpa::{
    Guid,
    execution::{Event, rows, stored},
    terms::Sha256,
};
use snapshots::EntityRef;
use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    sync::Arc,
};

/// What recovery collects of executions.
#[derive(Default)]
pub struct Recovered {
    found: BTreeMap<Guid, (Tenant, Body)>,
    /// Those whose beginning the journal tells: the trail may not know of them. A snapshot waits for it.
    begun: BTreeSet<Guid>,
}

enum Body {
    Live(Box<Live>),
    /// It cannot be rebuilt.
    SetAside(Box<Remains>),
}

impl Recovered {
    /// The package files that jobs which have not ended need.
    pub fn digests(&self) -> impl Iterator<Item = Sha256> + '_ {
        let live = self.found.values().filter_map(|(_, body)| match body {
            Body::Live(live) => Some(live),
            Body::SetAside(_) => None,
        });
        let jobs = live.flat_map(|live| live.execution.jobs());
        let open = jobs.filter(|job| job.outcome().is_none());
        open.map(|job| job.spec.package.sha256)
    }

    /// An execution of an older snapshot.
    pub fn entity(&mut self, entity: EntityRef<'_>) -> Result<(), DecodeError> {
        let (tenant, bytes) = of_company(entity.bytes)?;
        self.wake(entity, tenant, UNKNOWN_ORDER, bytes);
        Ok(())
    }

    /// An execution of the snapshot, behind its place.
    pub fn placed_entity(&mut self, entity: EntityRef<'_>) -> Result<(), DecodeError> {
        let (tenant, bytes) = of_company(entity.bytes)?;
        let (order, bytes) = bytes.split_first_chunk().ok_or(DecodeError::Empty)?;
        self.wake(entity, tenant, u64::from_le_bytes(*order), bytes);
        Ok(())
    }

    fn wake(&mut self, entity: EntityRef<'_>, tenant: Tenant, order: u64, bytes: &[u8]) {
        let body = match Live::wake(bytes.to_vec(), entity.sequence, order) {
            Ok(live) => Body::Live(Box::new(live)),
            Err(error) => Body::SetAside(Box::new(Remains {
                reason: error.to_string(),
                base: bytes.to_vec(),
                base_sequence: entity.sequence,
                sequence: entity.sequence,
                ..Remains::default()
            })),
        };
        self.found.insert(Guid(entity.entity), (tenant, body));
    }

    /// One of the snapshot that could not be rebuilt; another build may be able to.
    pub fn set_aside_entity(&mut self, entity: EntityRef<'_>) -> Result<(), DecodeError> {
        let (tenant, bytes) = of_company(entity.bytes)?;
        let remains = Remains::decode(bytes)?;
        let id = Guid(entity.entity);
        let body = match Live::restore(id, tenant, &remains) {
            Ok(live) => {
                tracing::info!(execution = %id, "an execution that had been quarantined can be rebuilt");
                Body::Live(Box::new(live))
            }
            Err(_) => Body::SetAside(Box::new(remains)),
        };
        self.found.insert(id, (tenant, body));
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
                self.begun.insert(id);
                place.insert((tenant, Body::Live(Box::new(Live::new(id, tenant)))))
            }
        };
        match body {
            Body::Live(live) if sequence > live.sequence() => {
                if let Err(error) = live.replay(events.clone(), sequence) {
                    let mut remains = live.remains(error.to_string(), 0);
                    add(&mut remains, events, sequence);
                    *body = Body::SetAside(Box::new(remains));
                }
            }
            Body::SetAside(remains) if sequence > remains.sequence => {
                add(remains, events, sequence);
            }
            Body::Live(_) | Body::SetAside(_) => {}
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
                    if self.begun.contains(&id) {
                        core.keeper.note_audit(trail::rows(core, &live.execution));
                    }
                    let order = live.order().unwrap_or(UNKNOWN_ORDER);
                    jobs.apply(rows::of(&live.execution), order);
                    let over = live.execution.is_finished();
                    let cell = Arc::new(Cell::recovered(id, tenant, *live));
                    if over {
                        finished.push(Arc::clone(&cell));
                    }
                    cell
                }
                Body::SetAside(mut remains) => {
                    let reason = &remains.reason;
                    tracing::error!(execution = %id, reason, "an execution cannot be read: it is quarantined");
                    if remains.since_ms == 0 {
                        remains.since_ms = core.clock.real_ms();
                    }
                    if let Some(shown) = Live::shown(id, tenant, &remains) {
                        jobs.apply(rows::of(&shown), UNKNOWN_ORDER);
                        jobs.stand_still(id);
                    }
                    Arc::new(Cell::quarantined(id, tenant, *remains))
                }
            };
            core.executions.insert(cell);
        }
        finished
    }
}

fn add(remains: &mut Remains, record: Vec<u8>, sequence: u64) {
    remains.records.push(record);
    remains.sequence = sequence;
}

#[cfg(test)]
mod tests;
