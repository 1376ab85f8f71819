//! Instances while they are recovered: bytes at rest, and the records behind them.
//!
//! Owns: how many live at a time. Never: refuses the start for one that cannot be rebuilt; it is set aside.
//!
//! ```text
//!  AtRest ──record──▶ Live ──others──▶ AtRest, or Ended
//!                      └──a record that cannot be applied──▶ SetAside
//! ```

use super::{Apply, Failure, of_company};
use crate::{
    entity::{self, Live},
    message::Remembered,
    record::{self, kind},
    set_aside::Remains,
};
use bpmn::{Instance, history::FinishedTask};
use codec::{DecodeError, RootId, Tenant};
use snapshots::{Entity, Stored};
use std::collections::{BTreeMap, VecDeque, btree_map::Entry};

/// Live entities while replaying; older ones rest, so that a long journal fits into memory, and those that are worked on
/// into the processor's cache.
const LIVE_WHILE_REPLAYING: usize = if cfg!(test) { 8 } else { 2_000 };

/// All instances, or a share of them.
#[derive(Default)]
pub struct Instances {
    /// By root.
    pub by_root: BTreeMap<u128, RecoveredInstance>,
    /// Answers that records remember, each behind its record's sequence.
    pub remembered: Vec<(u64, Remembered)>,
    /// Tasks that the replayed records finished.
    pub finished: Vec<Finished>,
    /// Records of instances that are in the archive already.
    pub skipped: u64,
    /// The first that could not be read.
    pub failure: Option<Failure>,
    apply: Apply,
    live: VecDeque<u128>,
}

/// A task that a replayed record finished: the archive may not hold it yet.
pub struct Finished {
    /// The record's sequence.
    pub sequence: u64,
    /// Its root instance.
    pub root: RootId,
    /// The company.
    pub tenant: Tenant,
    /// What the history says of it.
    pub task: FinishedTask,
}

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

impl Instances {
    /// Before the first.
    pub(super) fn new(apply: Apply) -> Self {
        Instances {
            apply,
            ..Instances::default()
        }
    }

    /// An entity of the snapshot.
    pub(super) fn entity(&mut self, entity: &Entity) {
        let result = entity::guarded(|| match entity.kind {
            kind::SET_ASIDE => self.set_aside_entity(entity),
            _ => self.instance_entity(entity),
        });
        Failure::note(&mut self.failure, (0, entity.kind), result);
    }

    fn instance_entity(&mut self, entity: &Entity) -> Result<(), DecodeError> {
        let (tenant, bytes) = of_company(&entity.bytes)?;
        self.put(entity, tenant, RecoveredBody::AtRest(bytes.to_vec()));
        Ok(())
    }

    /// What could not be rebuilt is tried again: another build may be able to.
    fn set_aside_entity(&mut self, entity: &Entity) -> Result<(), DecodeError> {
        let (tenant, bytes) = of_company(&entity.bytes)?;
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

    fn put(&mut self, entity: &Entity, tenant: Tenant, body: RecoveredBody) {
        let instance = RecoveredInstance {
            tenant,
            body,
            sequence: entity.sequence,
        };
        self.by_root.insert(entity.entity, instance);
    }

    /// A record of the journal.
    pub(super) fn record(&mut self, stored: &Stored) {
        let result = entity::guarded(|| self.read_record(stored));
        Failure::note(&mut self.failure, (stored.sequence, stored.kind), result);
    }

    fn read_record(&mut self, stored: &Stored) -> Result<(), DecodeError> {
        let parts = record::decode(&stored.payload)?;
        if let Some(remembered) = parts.remembered {
            self.remembered.push((stored.sequence, remembered));
        }
        let root = RootId(stored.entity);
        let known = self.by_root.get(&stored.entity);
        if known.is_some_and(|known| stored.sequence <= known.sequence) {
            return Ok(());
        }
        // Bytes that another build wrote are no trouble of one instance: the server does not start on them.
        let events = bpmn::stored::decode_events(&parts.events)?;
        let instance = match self.by_root.entry(stored.entity) {
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
        let (sequence, tenant) = (stored.sequence, instance.tenant);
        let finished = instance.replay(&events, parts.events, sequence, self.apply.0);
        let finished = finished.into_iter().map(|task| Finished {
            sequence,
            root,
            tenant,
            task,
        });
        self.finished.extend(finished);
        self.rest_some();
        Ok(())
    }

    fn rest_some(&mut self) {
        while self.live.len() > LIVE_WHILE_REPLAYING {
            let Some(instance) = self
                .live
                .pop_front()
                .and_then(|id| self.by_root.get_mut(&id))
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
            Err(error) => {
                RecoveredBody::SetAside(Box::new(Remains::of_bytes(base, self.sequence, &error)))
            }
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
