//! Recovery: from the newest whole snapshot and the journal behind it to the state before the crash.
//!
//! Owns: that each entity gets the records after its own, and that what was deleted does not return.
//! Never: replays an effect; what is open is derived from the state afterwards.
//!
//! ```text
//!  snapshot ─▶ entities at rest ─▶ journal records, each to its entity ─▶ rest ─▶ views, timers, archive queue
//! ```

mod instances;

pub use instances::{RecoveredBody, RecoveredInstance};

use crate::{
    definitions::{self, Event as DefinitionsEvent, State as Definitions},
    entity, executions,
    message::Remembered,
    queues,
    record::{self, kind},
};
use bpmn::{Instance, history::FinishedTask};
use codec::{DecodeError, DefinitionId, RootId, Tenant};
use rpa::Guid;
use snapshots::{EntityRef, StoredRef};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

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

/// An entity's company, and the rest of its bytes.
pub(crate) fn of_company(bytes: &[u8]) -> Result<(Tenant, &[u8]), DecodeError> {
    let (tenant, rest) = bytes.split_first_chunk::<4>().ok_or(DecodeError::Empty)?;
    Ok((Tenant(u32::from_le_bytes(*tenant)), rest))
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
