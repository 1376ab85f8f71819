//! One execution in memory: its base, the records since, and the state that both give.
//! Owns: `rebuild(base, records)`, which wakes, recovers and undoes alike. Never: writes or sends.

use crate::{entity::guarded, set_aside::Remains};
use codec::{DecodeError, Tenant};
use rpa::{
    Guid,
    execution::{Execution, stored},
};

/// After so many records the base is taken anew.
const RECORDS_BEFORE_REBASE: usize = 32;
/// The place of those of which none is kept: before all others, by time.
pub const UNKNOWN_ORDER: u64 = 0;

/// An execution whose state is in memory.
pub struct Live {
    /// The state.
    pub execution: Execution,
    /// Its bytes when the records began; empty before the first record.
    base: Vec<u8>,
    /// The last record in the base.
    base_sequence: u64,
    records: Vec<Vec<u8>>,
    record_bytes: usize,
    /// The last record of all.
    sequence: u64,
    /// The first record of all: its place among all executions. None before it.
    order: Option<u64>,
}

impl Live {
    /// An execution before its first record.
    pub fn new(id: Guid, tenant: Tenant) -> Self {
        Live {
            execution: Execution::new(id, tenant),
            base: Vec::new(),
            base_sequence: 0,
            records: Vec::new(),
            record_bytes: 0,
            sequence: 0,
            order: None,
        }
    }

    /// Reads what a snapshot holds, of one with this place among all.
    pub fn wake(base: Vec<u8>, sequence: u64, order: u64) -> Result<Self, DecodeError> {
        let execution = guarded(|| stored::decode_execution(&base))?;
        Ok(Live {
            execution,
            base,
            base_sequence: sequence,
            records: Vec::new(),
            record_bytes: 0,
            sequence,
            order: Some(order),
        })
    }

    /// The last record.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Its place among all executions: the sequence of its first record, 0 where that is not known; none before it.
    pub fn order(&self) -> Option<u64> {
        self.order
    }

    /// The events of a record were applied: they are part of what a rebuild gives.
    pub fn keep(&mut self, record: Vec<u8>, sequence: u64) {
        self.sequence = sequence;
        self.order.get_or_insert(sequence);
        self.record_bytes += record.len();
        self.records.push(record);
        let outgrown = self.record_bytes > self.base.len().max(4096);
        if self.records.len() > RECORDS_BEFORE_REBASE || outgrown {
            self.rebase();
        }
    }

    /// Applies a record that was read back.
    pub fn replay(&mut self, record: Vec<u8>, sequence: u64) -> Result<(), DecodeError> {
        let execution = &mut self.execution;
        guarded(|| {
            for event in &stored::decode_events(&record)? {
                execution.apply(event);
            }
            Ok(())
        })?;
        self.keep(record, sequence);
        Ok(())
    }

    /// Throws away what a failed command did.
    pub fn rebuild(&mut self) -> Result<(), DecodeError> {
        let (id, tenant) = (self.execution.id(), self.execution.tenant());
        self.execution = guarded(|| {
            let mut execution = match self.base.is_empty() {
                true => Execution::new(id, tenant),
                false => stored::decode_execution(&self.base)?,
            };
            for record in &self.records {
                for event in &stored::decode_events(record)? {
                    execution.apply(event);
                }
            }
            Ok(execution)
        })?;
        Ok(())
    }

    /// The bytes now, with the last record in them.
    pub fn rebase(&mut self) -> (&[u8], u64) {
        if !self.records.is_empty() || self.base.is_empty() {
            self.base = stored::encode_execution(&self.execution);
            self.base_sequence = self.sequence;
            self.records.clear();
            self.record_bytes = 0;
        }
        (&self.base, self.base_sequence)
    }

    /// What is kept of one that cannot be rebuilt.
    pub fn remains(&self, reason: String, since_ms: i64) -> Remains {
        Remains {
            reason,
            since_ms,
            base: self.base.clone(),
            base_sequence: self.base_sequence,
            records: self.records.clone(),
            sequence: self.sequence,
        }
    }

    /// The execution of which this remains, if this build can rebuild it.
    pub fn restore(id: Guid, tenant: Tenant, remains: &Remains) -> Result<Self, DecodeError> {
        let mut live = Self::first(id, tenant, remains)?;
        for record in &remains.records {
            live.replay(record.clone(), remains.sequence)?;
        }
        Ok(live)
    }

    /// The last state of it that can be shown.
    pub fn shown(id: Guid, tenant: Tenant, remains: &Remains) -> Option<Execution> {
        let mut live = Self::first(id, tenant, remains).ok()?;
        let mut shown = live.execution.clone();
        for record in &remains.records {
            if live.replay(record.clone(), remains.sequence).is_err() {
                break;
            }
            shown = live.execution.clone();
        }
        Some(shown)
    }

    fn first(id: Guid, tenant: Tenant, remains: &Remains) -> Result<Self, DecodeError> {
        match remains.base.is_empty() {
            true => Ok(Live {
                order: Some(UNKNOWN_ORDER),
                ..Live::new(id, tenant)
            }),
            false => Live::wake(remains.base.clone(), remains.base_sequence, UNKNOWN_ORDER),
        }
    }
}
