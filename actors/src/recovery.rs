//! Recovery: from the newest whole snapshot and the journal behind it to the state before the crash.
//!
//! Owns: that each entity gets the records after its own, and that what was deleted does not return.
//! Never: replays an effect; what is open is derived from the state afterwards.
//!
//! ```text
//!  snapshot ─▶ entities at rest ─▶ journal records, each to its entity ─▶ rest ─▶ views, timers, archive queue
//! ```
//!
//! Instances are read on threads of their own, everything else where the journal is read.

mod instances;
mod shares;

pub use instances::{Finished, Instances, RecoveredBody, RecoveredInstance};

use crate::{
    definitions::{self, Event as DefinitionsEvent, State as Definitions},
    entity, executions,
    message::Remembered,
    queues,
    record::{self, kind},
};
use bpmn::Instance;
use codec::{DecodeError, DefinitionId, Tenant};
use rpa::Guid;
use shares::Shares;
use snapshots::{EntityRef, StoredRef};
use std::collections::BTreeSet;

/// What recovery collects.
#[derive(Default)]
pub struct Recovered {
    /// Every instance, in shares; there once all was read.
    pub instances: Vec<Instances>,
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
    /// Remembered answers, each behind its record's sequence (0 in a snapshot); in order once all was read.
    pub remembered: Vec<(u64, Remembered)>,
    /// Definitions whose instances and history are deleted.
    pub forgotten: BTreeSet<DefinitionId>,
    /// Tasks that the replayed records finished, in order; there once all was read.
    pub finished: Vec<Finished>,
    /// The damaged snapshots that were passed over, under the names that keep them.
    pub set_aside: Vec<String>,
    apply: Apply,
    shares: Option<Shares>,
    failure: Option<Failure>,
}

/// How an event changes an instance.
#[derive(Clone, Copy)]
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

impl Failure {
    /// Keeps the first.
    fn note(
        first: &mut Option<Failure>,
        (sequence, kind): (u64, u16),
        result: Result<(), DecodeError>,
    ) {
        if let (Err(error), None) = (result, &first) {
            *first = Some(Failure {
                sequence,
                kind,
                error,
            });
        }
    }
}

impl Recovered {
    /// A snapshot begins: whatever came from another is forgotten.
    pub fn begin(&mut self) {
        *self = Recovered {
            apply: self.apply,
            ..Recovered::default()
        };
    }

    /// An entity of the snapshot.
    pub fn entity(&mut self, entity: EntityRef<'_>) {
        let result = entity::guarded(|| self.read_entity(entity));
        Failure::note(&mut self.failure, (0, entity.kind), result);
    }

    fn read_entity(&mut self, entity: EntityRef<'_>) -> Result<(), DecodeError> {
        match entity.kind {
            kind::INSTANCE | kind::SET_ASIDE => self.shares().map(|shares| shares.entity(entity)),
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
                codec::decode(1, entity.bytes).map(|answer| self.remembered.push((0, answer)))
            }
            other => Err(unknown(other)),
        }
    }

    /// A record of the journal.
    pub fn record(&mut self, stored: StoredRef<'_>) {
        let result = entity::guarded(|| self.read_record(stored));
        Failure::note(&mut self.failure, (stored.sequence, stored.kind), result);
    }

    fn read_record(&mut self, stored: StoredRef<'_>) -> Result<(), DecodeError> {
        match stored.kind {
            kind::INSTANCE => self.shares().map(|shares| shares.record(stored)),
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
                let remembered = parts.remembered.map(|answer| (stored.sequence, answer));
                self.remembered.extend(remembered);
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
                let answer = codec::decode(1, stored.payload);
                answer.map(|answer| self.remembered.push((stored.sequence, answer)))
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

    /// The threads that read instances: nobody needs them who asks for something else.
    fn shares(&mut self) -> Result<&mut Shares, DecodeError> {
        let started = match self.shares.take() {
            Some(shares) => shares,
            None => Shares::start(self.apply).map_err(|error| {
                DecodeError::Malformed(format!("no thread could be started for it: {error}"))
            })?,
        };
        Ok(self.shares.insert(started))
    }

    /// Whether all could be read; asked once, at the end.
    pub fn check(&mut self) -> Result<(), Failure> {
        self.instances = self.shares.take().map_or_else(Vec::new, Shares::finish);
        for share in &mut self.instances {
            self.remembered.append(&mut share.remembered);
            self.finished.append(&mut share.finished);
        }
        // Each share has its own in order.
        self.remembered.sort_by_key(|(sequence, _)| *sequence);
        self.finished.sort_by_key(|finished| finished.sequence);
        let failures = self.instances.iter_mut().map(|share| share.failure.take());
        let first = failures
            .chain([self.failure.take()])
            .flatten()
            .min_by_key(|failure| failure.sequence);
        first.map_or(Ok(()), Err)
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
