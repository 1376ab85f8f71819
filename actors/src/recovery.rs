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
    entity::Live,
    executions,
    message::Remembered,
    record::{self, kind},
};
use bpmn::history::FinishedTask;
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
    /// Where the manual clock stood.
    pub clock_ms: Option<i64>,
    /// Remembered answers in order.
    pub remembered: Vec<Remembered>,
    /// Definitions whose instances and history are deleted.
    pub forgotten: BTreeSet<DefinitionId>,
    /// Tasks that the replayed records finished: the archive may not hold them yet.
    pub finished: Vec<(RootId, Tenant, FinishedTask)>,
    /// Records of instances that are in the archive already.
    pub skipped: u64,
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
        *self = Recovered::default();
    }

    /// An entity of the snapshot.
    pub fn entity(&mut self, entity: EntityRef<'_>) {
        let result = match entity.kind {
            kind::INSTANCE => self.instance_entity(entity),
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
            kind::CLOCK => clock(entity.bytes).map(|ms| self.clock_ms = Some(ms)),
            kind::REMEMBERED => {
                codec::decode(1, entity.bytes).map(|remembered| self.remembered.push(remembered))
            }
            other => Err(unknown(other)),
        };
        self.note(0, entity.kind, result);
    }

    fn instance_entity(&mut self, entity: EntityRef<'_>) -> Result<(), DecodeError> {
        let Some((tenant, bytes)) = entity.bytes.split_first_chunk::<4>() else {
            return Err(DecodeError::Empty);
        };
        let instance = RecoveredInstance {
            tenant: Tenant(u32::from_le_bytes(*tenant)),
            body: RecoveredBody::AtRest(bytes.to_vec()),
            sequence: entity.sequence,
        };
        self.instances.insert(entity.entity, instance);
        Ok(())
    }

    /// A record of the journal.
    pub fn record(&mut self, stored: StoredRef<'_>) {
        let result = match stored.kind {
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
            kind::CLOCK => clock(stored.payload).map(|ms| self.clock_ms = Some(ms)),
            kind::REMEMBERED => {
                codec::decode(1, stored.payload).map(|remembered| self.remembered.push(remembered))
            }
            other => Err(unknown(other)),
        };
        self.note(stored.sequence, stored.kind, result);
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
        let instance = match self.instances.entry(stored.entity) {
            std::collections::btree_map::Entry::Occupied(found) => found.into_mut(),
            std::collections::btree_map::Entry::Vacant(place) => {
                // The first record of an instance starts it; another one means that the instance ended
                // and was archived while the snapshot was taken.
                if !starts(&parts.events)? {
                    self.skipped += 1;
                    return Ok(());
                }
                place.insert(RecoveredInstance {
                    tenant: parts.tenant,
                    body: RecoveredBody::Live(Box::new(Live::new(root, parts.tenant))),
                    sequence: 0,
                })
            }
        };
        if stored.sequence <= instance.sequence {
            return Ok(());
        }
        let fresh = instance.sequence == 0;
        if let RecoveredBody::AtRest(bytes) = &mut instance.body {
            let bytes = std::mem::take(bytes);
            let live = Live::wake(root, instance.tenant, bytes, instance.sequence)?;
            instance.body = RecoveredBody::Live(Box::new(live));
            self.live.push_back(stored.entity);
        } else if fresh {
            self.live.push_back(stored.entity);
        }
        if let RecoveredBody::Live(live) = &mut instance.body {
            let finished = live.replay(parts.events, stored.sequence)?;
            let tenant = instance.tenant;
            let rows = finished.into_iter().map(|task| (root, tenant, task));
            self.finished.extend(rows);
        }
        instance.sequence = stored.sequence;
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

fn starts(events: &[u8]) -> Result<bool, DecodeError> {
    let events = bpmn::stored::decode_events(events)?;
    Ok(matches!(
        events.first(),
        Some(bpmn::Event::InstanceStarted { instance: 0, .. })
    ))
}

fn clock(bytes: &[u8]) -> Result<i64, DecodeError> {
    let bytes = bytes
        .try_into()
        .map_err(|_| DecodeError::Malformed("a clock record has 8 bytes".to_owned()))?;
    Ok(i64::from_le_bytes(bytes))
}

fn unknown(kind: u16) -> DecodeError {
    DecodeError::Malformed(format!("record kind {kind} is unknown to this build"))
}

#[cfg(test)]
mod tests;
