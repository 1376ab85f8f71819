//! Recovery: from the newest whole snapshot and the journal behind it to the state before the crash.
//!
//! Owns: that each entity gets the records after its own, and that what was deleted does not return.
//! Never: replays an effect; what is open is derived from the state afterwards.
//!
//! ```text
//!  snapshot ─▶ entities at rest ─▶ journal records, each to its entity ─▶ rest ─▶ views, timers, archive queue
//! ```

use crate::{
    definitions::{self, Event as DefinitionsEvent, State as Definitions},
    entity::{self, Live},
    executions,
    message::Remembered,
    queues,
    record::{self, kind},
    set_aside::Remains,
};
use bpmn::{Instance, history::FinishedTask};
use codec::{DecodeError, DefinitionId, RootId, Tenant};
use rpa::Guid;
use snapshots::{EntityRef, StoredRef};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Live entities while replaying; older ones rest, so that a long journal fits into memory.
const LIVE_WHILE_REPLAYING: usize = 20_000;

/// What recovery collects.
#[derive(Default)]
pub struct Recovered {
    /// Every instance.
    pub instances: BTreeMap<u128, RecoveredInstance>,
    /// The definitions.
    pub definitions: Definitions,
    /// Their last record.
    pub definitions_sequence: u64,
    /// Identities and tokens.
    pub organisation: org::State,
    /// Their last record.
    pub organisation_sequence: u64,
    /// What is configured for robots.
    pub registry: rpa::registry::State,
    /// Its last record.
    pub registry_sequence: u64,
    /// Every execution.
    pub executions: executions::Recovered,
    /// Every task queue.
    pub queues: queues::Recovered,
    /// Where the manual clock stood.
    pub clock_ms: Option<i64>,
    /// The revision that the archive had when the snapshot was taken.
    pub archive_revision: u64,
    /// Remembered answers in order.
    pub remembered: Vec<Remembered>,
    /// Definitions whose instances and history are deleted.
    pub forgotten: BTreeSet<DefinitionId>,
    /// Tasks that the replayed records finished: the archive may not hold them yet.
    pub finished: Vec<(RootId, Tenant, FinishedTask)>,
    /// The damaged snapshots that were passed over, under the names that keep them.
    pub set_aside: Vec<String>,
    /// Records of instances that are in the archive already.
    pub skipped: u64,
    apply: Apply,
    live: VecDeque<u128>,
    failure: Option<Failure>,
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
    /// Records are being applied.
    Live(Box<Live>),
    /// It cannot be rebuilt.
    SetAside(Box<Remains>),
}

/// How an event changes an instance.
struct Apply(fn(&mut Instance, &bpmn::Event));

impl Default for Apply {
    fn default() -> Self {
        Apply(Instance::apply)
    }
}

/// Bytes that passed their checksum and cannot be read: another build's, or a bug.
#[derive(Debug, thiserror::Error)]
#[error("record {sequence} of kind {kind} cannot be read: {error}")]
pub struct Failure {
    /// Its sequence; 0 for an entity of the snapshot.
    pub sequence: u64,
    /// Its kind.
    pub kind: u16,
    /// Why.
    pub error: DecodeError,
}

impl Recovered {
    /// A snapshot begins: whatever came from another is forgotten.
    pub fn begin(&mut self) {
        *self = Recovered {
            apply: std::mem::take(&mut self.apply),
            ..Recovered::default()
        };
    }

    /// An entity of the snapshot.
    pub fn entity(&mut self, entity: EntityRef<'_>) {
        let result = entity::guarded(|| self.read_entity(entity));
        self.note(0, entity.kind, result);
    }

    fn read_entity(&mut self, entity: EntityRef<'_>) -> Result<(), DecodeError> {
        match entity.kind {
            kind::INSTANCE => self.instance_entity(entity),
            kind::SET_ASIDE => self.set_aside_entity(entity),
            kind::DEFINITIONS => {
                codec::decode(definitions::event::VERSION, entity.bytes).map(|state| {
                    self.definitions = state;
                    self.definitions_sequence = entity.sequence;
                })
            }
            kind::ORGANISATION => org::stored::decode_state(entity.bytes).map(|state| {
                self.organisation = state;
                self.organisation_sequence = entity.sequence;
            }),
            kind::REGISTRY => rpa::registry::stored::decode_state(entity.bytes).map(|state| {
                self.registry = state;
                self.registry_sequence = entity.sequence;
            }),
            kind::EXECUTION => self.executions.entity(entity),
            kind::PLACED_EXECUTION => self.executions.placed_entity(entity),
            kind::EXECUTION_SET_ASIDE => self.executions.set_aside_entity(entity),
            kind::TASK_QUEUE => self.queues.entity(entity),
            kind::CLOCK => clock(entity.bytes).map(|ms| self.clock_ms = Some(ms)),
            kind::ARCHIVE => revision(entity.bytes).map(|revision| {
                self.archive_revision = revision;
            }),
            kind::REMEMBERED => {
                codec::decode(1, entity.bytes).map(|remembered| self.remembered.push(remembered))
            }
            other => Err(unknown(other)),
        }
    }

    fn instance_entity(&mut self, entity: EntityRef<'_>) -> Result<(), DecodeError> {
        let (tenant, bytes) = of_company(entity.bytes)?;
        self.put(entity, tenant, RecoveredBody::AtRest(bytes.to_vec()));
        Ok(())
    }

    /// What could not be rebuilt is tried again: another build may be able to.
    fn set_aside_entity(&mut self, entity: EntityRef<'_>) -> Result<(), DecodeError> {
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

    /// A record of the journal.
    pub fn record(&mut self, stored: StoredRef<'_>) {
        let result = entity::guarded(|| self.read_record(stored));
        self.note(stored.sequence, stored.kind, result);
    }

    fn read_record(&mut self, stored: StoredRef<'_>) -> Result<(), DecodeError> {
        match stored.kind {
            kind::INSTANCE => self.instance_record(stored),
            kind::DEFINITIONS => self.definitions_record(stored),
            kind::ORGANISATION if stored.sequence > self.organisation_sequence => {
                org::stored::decode_events(stored.payload).map(|events| {
                    for event in &events {
                        self.organisation.apply(event);
                    }
                    self.organisation_sequence = stored.sequence;
                })
            }
            kind::REGISTRY if stored.sequence > self.registry_sequence => {
                rpa::registry::stored::decode_events(stored.payload).map(|events| {
                    for event in &events {
                        self.registry.apply(event);
                    }
                    self.registry_sequence = stored.sequence;
                })
            }
            kind::ORGANISATION | kind::REGISTRY => Ok(()),
            kind::EXECUTION => record::decode(stored.payload).and_then(|parts| {
                self.remembered.extend(parts.remembered);
                self.executions.record(
                    Guid(stored.entity),
                    stored.sequence,
                    parts.tenant,
                    parts.events,
                )
            }),
            kind::TASK_QUEUE => record::decode(stored.payload).and_then(|parts| {
                let queue = Guid(stored.entity);
                self.queues
                    .record(queue, stored.sequence, parts.tenant, &parts.events)
            }),
            kind::CLOCK => clock(stored.payload).map(|ms| self.clock_ms = Some(ms)),
            kind::REMEMBERED => {
                codec::decode(1, stored.payload).map(|remembered| self.remembered.push(remembered))
            }
            other => Err(unknown(other)),
        }
    }

    fn definitions_record(&mut self, stored: StoredRef<'_>) -> Result<(), DecodeError> {
        let events: Vec<DefinitionsEvent> =
            codec::decode(definitions::event::VERSION, stored.payload)?;
        for event in &events {
            self.forgotten.extend(self.gone_by(event));
        }
        // The snapshot's definitions may be younger than its beginning; what they no longer know is forgotten above.
        if stored.sequence > self.definitions_sequence {
            for event in &events {
                self.definitions.apply(event);
            }
            self.definitions_sequence = stored.sequence;
        }
        Ok(())
    }

    /// The definitions whose instances and history an event deletes.
    fn gone_by(&self, event: &DefinitionsEvent) -> Vec<DefinitionId> {
        let numbers = match event {
            DefinitionsEvent::DefinitionsForgotten { definitions } => definitions.clone(),
            // Older records name the deployment alone.
            DefinitionsEvent::Undeployed { cascade: true, .. } => {
                self.definitions.definitions_of(event)
            }
            DefinitionsEvent::Undeployed { cascade: false, .. }
            | DefinitionsEvent::Deployed { .. }
            | DefinitionsEvent::StateChanged { .. }
            | DefinitionsEvent::OperationBegun(_)
            | DefinitionsEvent::OperationEnded(_)
            | DefinitionsEvent::TimerScheduled(_)
            | DefinitionsEvent::TimersRemoved { .. }
            | DefinitionsEvent::TimerFired { .. }
            | DefinitionsEvent::StartAcknowledged { .. } => Vec::new(),
        };
        numbers.into_iter().map(DefinitionId).collect()
    }

    fn instance_record(&mut self, stored: StoredRef<'_>) -> Result<(), DecodeError> {
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
            std::collections::btree_map::Entry::Occupied(found) => found.into_mut(),
            std::collections::btree_map::Entry::Vacant(place) => {
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
                RecoveredBody::Live(live) if !live.instance.is_ended() => {
                    RecoveredBody::AtRest(live.rest().into_vec())
                }
                other => other,
            };
        }
    }

    fn note(&mut self, sequence: u64, kind: u16, result: Result<(), DecodeError>) {
        if let Err(error) = result
            && self.failure.is_none()
        {
            self.failure = Some(Failure {
                sequence,
                kind,
                error,
            });
        }
    }

    /// Whether all could be read; asked once, at the end.
    pub fn check(&mut self) -> Result<(), Failure> {
        self.failure.take().map_or(Ok(()), Err)
    }
}

impl RecoveredInstance {
    /// Wakes it when it rests; true: it lives now.
    fn wake(&mut self, root: RootId) -> bool {
        let RecoveredBody::AtRest(bytes) = &mut self.body else {
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
            RecoveredBody::AtRest(_) => return Vec::new(),
        };
        let body = std::mem::replace(&mut self.body, RecoveredBody::AtRest(Vec::new()));
        if let RecoveredBody::Live(live) = body {
            tracing::error!(sequence, %error, "a record cannot be applied: its instance is quarantined");
            self.body = RecoveredBody::SetAside(Box::new(live.into_remains(&error, 0)));
        }
        Vec::new()
    }
}

/// An entity's company, and the rest of its bytes.
pub(crate) fn of_company(bytes: &[u8]) -> Result<(Tenant, &[u8]), DecodeError> {
    let (tenant, rest) = bytes.split_first_chunk::<4>().ok_or(DecodeError::Empty)?;
    Ok((Tenant(u32::from_le_bytes(*tenant)), rest))
}

fn starts(events: &[bpmn::Event]) -> bool {
    matches!(
        events.first(),
        Some(bpmn::Event::InstanceStarted { instance: 0, .. })
    )
}

fn clock(bytes: &[u8]) -> Result<i64, DecodeError> {
    eight("a clock record", bytes).map(i64::from_le_bytes)
}

/// The archive's revision as a snapshot keeps it.
pub fn revision(bytes: &[u8]) -> Result<u64, DecodeError> {
    eight("the archive's revision", bytes).map(u64::from_le_bytes)
}

fn eight(what: &str, bytes: &[u8]) -> Result<[u8; 8], DecodeError> {
    let wrong = |_| DecodeError::Malformed(format!("{what} has 8 bytes"));
    bytes.try_into().map_err(wrong)
}

fn unknown(kind: u16) -> DecodeError {
    DecodeError::Malformed(format!("record kind {kind} is unknown to this build"))
}

#[cfg(test)]
mod archive_tests;
#[cfg(test)]
mod tests;
