//! Instances while they are recovered: bytes at rest, and the records behind them.
//!
//! Owns: how many live at a time. Never: refuses the start for one that cannot be rebuilt; it is set aside.
//!
//! ```text
//!  AtRest ──record──▶ Live ──others──▶ AtRest, or Ended
//!                      └──a record that cannot be applied──▶ SetAside
//! ```

use super::{Recovered, of_company};
use crate::{entity::Live, record, set_aside::Remains};
use bpmn::{Instance, history::FinishedTask};
use codec::{DecodeError, RootId, Tenant};
use snapshots::{EntityRef, StoredRef};
use std::collections::btree_map::Entry;

/// Live entities while replaying; older ones rest, so that a long journal fits into memory, and those that are worked on
/// into the processor's cache.
const LIVE_WHILE_REPLAYING: usize = if cfg!(test) { 8 } else { 2_000 };

/// An instance while it is recovered.
pub struct RecoveredInstance {
    /// The company.
    pub tenant: Tenant,
    /// Its state.
    pub body: RecoveredBody,
    /// Its last record.
    pub sequence: u64,
}

/// Its state.
pub enum RecoveredBody {
    /// Bytes at rest.
    AtRest(Vec<u8>),
    /// The same of one that a record ended.
    Ended(Vec<u8>),
    /// Records are being applied.
    Live(Box<Live>),
    /// It cannot be rebuilt.
    SetAside(Box<Remains>),
}

impl Recovered {
    pub(super) fn instance_entity(&mut self, entity: EntityRef<'_>) -> Result<(), DecodeError> {
        let (tenant, bytes) = of_company(entity.bytes)?;
        self.put(entity, tenant, RecoveredBody::AtRest(bytes.to_vec()));
        Ok(())
    }

    /// What could not be rebuilt is tried again: another build may be able to.
    pub(super) fn set_aside_entity(&mut self, entity: EntityRef<'_>) -> Result<(), DecodeError> {
        let (tenant, bytes) = of_company(entity.bytes)?;
        let root = RootId(entity.entity);
        let remains = Remains::decode(bytes)?;
        let body = match remains.restore(root, tenant) {
            Ok(live) => {
                tracing::info!(%root, "an instance that had been quarantined can be rebuilt");
                self.live.push_back(entity.entity);
                RecoveredBody::Live(Box::new(live))
            }
            Err(_) => RecoveredBody::SetAside(Box::new(remains)),
        };
        self.put(entity, tenant, body);
        Ok(())
    }

    fn put(&mut self, entity: EntityRef<'_>, tenant: Tenant, body: RecoveredBody) {
        let instance = RecoveredInstance {
            tenant,
            body,
            sequence: entity.sequence,
        };
        self.instances.insert(entity.entity, instance);
    }

    pub(super) fn instance_record(&mut self, stored: StoredRef<'_>) -> Result<(), DecodeError> {
        let parts = record::decode(stored.payload)?;
        if let Some(remembered) = parts.remembered {
            self.remembered.push(remembered);
        }
        let root = RootId(stored.entity);
        let known = self.instances.get(&stored.entity);
        if known.is_some_and(|known| stored.sequence <= known.sequence) {
            return Ok(());
        }
        // Bytes that another build wrote are no trouble of one instance: the server does not start on them.
        let events = bpmn::stored::decode_events(&parts.events)?;
        let instance = match self.instances.entry(stored.entity) {
            Entry::Occupied(found) => found.into_mut(),
            Entry::Vacant(place) => {
                // The first record of an instance starts it; another one means that the instance ended
                // and was archived while the snapshot was taken.
                if !starts(&events) {
                    self.skipped += 1;
                    return Ok(());
                }
                self.live.push_back(stored.entity);
                place.insert(RecoveredInstance {
                    tenant: parts.tenant,
                    body: RecoveredBody::Live(Box::new(Live::new(root, parts.tenant))),
                    sequence: 0,
                })
            }
        };
        if instance.wake(root) {
            self.live.push_back(stored.entity);
        }
        let finished = instance.replay(&events, parts.events, stored.sequence, self.apply.0);
        let tenant = instance.tenant;
        let rows = finished.into_iter().map(|task| (root, tenant, task));
        self.finished.extend(rows);
        self.rest_some();
        Ok(())
    }

    fn rest_some(&mut self) {
        while self.live.len() > LIVE_WHILE_REPLAYING {
            let Some(instance) = self
                .live
                .pop_front()
                .and_then(|id| self.instances.get_mut(&id))
            else {
                return;
            };
            let body = std::mem::replace(&mut instance.body, RecoveredBody::AtRest(Vec::new()));
            instance.body = match body {
                RecoveredBody::Live(live) if live.instance.is_ended() => {
                    RecoveredBody::Ended(live.rest().into_vec())
                }
                RecoveredBody::Live(live) => RecoveredBody::AtRest(live.rest().into_vec()),
                other => other,
            };
        }
    }
}

impl RecoveredInstance {
    /// Wakes it when it rests; true: it lives now.
    fn wake(&mut self, root: RootId) -> bool {
        let (RecoveredBody::AtRest(bytes) | RecoveredBody::Ended(bytes)) = &mut self.body else {
            return false;
        };
        let base = std::mem::take(bytes);
        self.body = match Live::wake(root, self.tenant, base.clone(), self.sequence) {
            Ok(live) => RecoveredBody::Live(Box::new(live)),
            Err(error) => RecoveredBody::SetAside(Box::new(Remains {
                reason: error.to_string(),
                base,
                base_sequence: self.sequence,
                sequence: self.sequence,
                ..Remains::default()
            })),
        };
        matches!(self.body, RecoveredBody::Live(_))
    }

    /// Applies a record; gives the tasks that it finished. One that cannot be applied sets the instance aside, alone.
    fn replay(
        &mut self,
        events: &[bpmn::Event],
        record: Vec<u8>,
        sequence: u64,
        apply: fn(&mut Instance, &bpmn::Event),
    ) -> Vec<FinishedTask> {
        self.sequence = sequence;
        let error = match &mut self.body {
            RecoveredBody::Live(live) => match live.replay(events, record, sequence, apply) {
                Ok(finished) => return finished,
                Err(error) => error,
            },
            RecoveredBody::SetAside(remains) => {
                remains.records.push(record);
                remains.sequence = sequence;
                return Vec::new();
            }
            // It was woken.
            RecoveredBody::AtRest(_) | RecoveredBody::Ended(_) => return Vec::new(),
        };
        let body = std::mem::replace(&mut self.body, RecoveredBody::AtRest(Vec::new()));
        if let RecoveredBody::Live(live) = body {
            tracing::error!(sequence, %error, "a record cannot be applied: its instance is quarantined");
            self.body = RecoveredBody::SetAside(Box::new(live.into_remains(&error, 0)));
        }
        Vec::new()
    }
}

fn starts(events: &[bpmn::Event]) -> bool {
    matches!(
        events.first(),
        Some(bpmn::Event::InstanceStarted { instance: 0, .. })
    )
}
