//! One process instance in memory: its base, the records since, and the live state that both give.
//!
//! Owns: `rebuild(base, records)`, which wakes, recovers and undoes alike; the layout of bytes at rest.
//! Never: writes anything, sends anything.
//!
//! ```text
//!  at rest:  [ u32 length | rows ][ u32 length | core ][ history chunk: u32 length | bytes ]*
//!             summary: readable      decoded to wake     appended when resting, joined by reads
//!             without waking
//! ```

use crate::{
    failure::Failure,
    message::{Answer, Look, Seen},
    set_aside::Remains,
    slot::Slot,
};
use bpmn::{
    Event, Instance,
    history::{Entry, FinishedTask},
    rows::Rows,
    stored,
};
use codec::{DecodeError, RootId, Tenant};
use std::cell::RefCell;

thread_local! {
    /// Where a base is written before its size is known.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// What a thread keeps of it, in bytes.
const SCRATCH_BYTES: usize = 64 * 1024;
/// An entity up to this size is encoded as soon as it has changed: then it lies in the processor's cache, and when it rests
/// it no longer does.
const PREPARED_BYTES: usize = 1024;
/// After so many records the base is taken anew.
const RECORDS_BEFORE_REBASE: usize = 32;

/// An instance whose state is in memory.
pub struct Live {
    /// The state: base and records applied.
    pub instance: Instance,
    /// Bytes at rest of the state that the records follow; empty before the first record.
    base: Vec<u8>,
    /// The last record that the base contains.
    base_sequence: u64,
    /// The last record of all.
    sequence: u64,
    /// Encoded events since the base, one command each.
    records: Vec<Vec<u8>>,
    record_bytes: usize,
    /// Bytes at rest of the state now, if they were made already.
    prepared: Option<Vec<u8>>,
}

/// The parts of bytes at rest.
pub struct AtRest<'a> {
    /// The encoded rows: all that views show.
    pub rows: &'a [u8],
    /// The encoded state.
    pub core: &'a [u8],
    /// The history chunks, each behind its length.
    pub chunks: &'a [u8],
}

impl Live {
    /// An instance before its first command.
    pub fn new(root: RootId, tenant: Tenant) -> Self {
        Live {
            instance: Instance::new(root, tenant),
            base: Vec::new(),
            base_sequence: 0,
            sequence: 0,
            records: Vec::new(),
            record_bytes: 0,
            prepared: None,
        }
    }

    /// Wakes an instance.
    pub fn wake(
        root: RootId,
        tenant: Tenant,
        base: Vec<u8>,
        sequence: u64,
    ) -> Result<Self, DecodeError> {
        let instance = guarded(|| instance_of(root, tenant, &base))?;
        Ok(Live {
            instance,
            base,
            base_sequence: sequence,
            sequence,
            records: Vec::new(),
            record_bytes: 0,
            prepared: None,
        })
    }

    /// A command's events were applied: they are part of what a rebuild gives.
    pub fn keep(&mut self, record: Vec<u8>, sequence: u64) {
        self.sequence = sequence;
        self.prepared = None;
        self.record_bytes += record.len();
        self.records.push(record);
        if self.records.len() > RECORDS_BEFORE_REBASE
            || self.record_bytes > self.base.len().max(4096)
        {
            self.rebase();
        }
    }

    /// Throws away what a failed command did: decodes the base and applies the records again.
    pub fn rebuild(&mut self, root: RootId, tenant: Tenant) -> Result<(), DecodeError> {
        self.instance = guarded(|| {
            let mut instance = instance_of(root, tenant, &self.base)?;
            for record in &self.records {
                for event in &stored::decode_events(record)? {
                    instance.apply(event);
                }
            }
            Ok(instance)
        })?;
        Ok(())
    }

    /// Applies a record read back from the journal; gives the tasks that it finished. After a failure the record is
    /// kept among what remains, and nothing else of the state counts.
    pub fn replay(
        &mut self,
        events: &[Event],
        record: Vec<u8>,
        sequence: u64,
        apply: fn(&mut Instance, &Event),
    ) -> Result<Vec<FinishedTask>, DecodeError> {
        let before = self.instance.history().len();
        let applied = guarded(|| {
            for event in events {
                apply(&mut self.instance, event);
            }
            Ok(())
        });
        if let Err(error) = applied {
            self.records.push(record);
            self.sequence = sequence;
            return Err(error);
        }
        let finished = finished_since(&self.instance, before);
        self.keep(record, sequence);
        Ok(finished)
    }

    /// What is kept of an instance that cannot be rebuilt.
    pub fn into_remains(self, error: &DecodeError, since_ms: i64) -> Remains {
        Remains {
            reason: error.to_string(),
            since_ms,
            base: self.base,
            base_sequence: self.base_sequence,
            records: self.records,
            sequence: self.sequence,
        }
    }

    /// Makes the bytes at rest of a small entity that will probably rest in this state.
    pub fn prepare(&mut self) {
        let small = self.base.len() + self.record_bytes <= PREPARED_BYTES;
        if small && !self.records.is_empty() {
            self.prepared = Some(self.encoded());
        }
    }

    /// Encodes the state now and makes it the base.
    pub fn rebase(&mut self) -> &[u8] {
        self.base = self.take_encoded();
        self.instance.take_history();
        self.base_sequence = self.sequence;
        self.records.clear();
        self.record_bytes = 0;
        &self.base
    }

    /// Ends the life in memory: only the bytes at rest stay.
    pub fn rest(mut self) -> Box<[u8]> {
        if !self.records.is_empty() || self.base.is_empty() {
            return self.take_encoded().into_boxed_slice();
        }
        self.base.into_boxed_slice()
    }

    fn take_encoded(&mut self) -> Vec<u8> {
        self.prepared.take().unwrap_or_else(|| self.encoded())
    }

    /// The bytes at rest of the state now. One allocation of the right size instead of many that grow.
    fn encoded(&self) -> Vec<u8> {
        let instance = &self.instance;
        SCRATCH.with_borrow_mut(|out| {
            out.clear();
            push_part(out, |out| {
                stored::encode_rows_into(instance.rows_ref(), out)
            });
            push_part(out, |out| stored::encode_core_into(instance, out));
            out.extend_from_slice(self.chunks());
            if !instance.history().is_empty() {
                push_part(out, |out| {
                    stored::encode_history_into(instance.history(), out)
                });
            }
            let encoded = out.as_slice().to_vec();
            out.shrink_to(SCRATCH_BYTES);
            encoded
        })
    }

    /// The history chunks up to the base; what is newer is in the instance.
    pub fn chunks(&self) -> &[u8] {
        split(&self.base).map_or(&[], |parts| parts.chunks)
    }

    /// Rough size in memory, in bytes, for the bound on live instances: decoded, an instance takes several times its bytes.
    pub fn weight(&self) -> usize {
        4096 + 8 * self.base.len() + 8 * self.record_bytes
    }
}

/// A panic while rebuilding is one instance's trouble: whoever rebuilds holds its bytes, and may be a supervisor.
pub fn guarded<T>(rebuild: impl FnOnce() -> Result<T, DecodeError>) -> Result<T, DecodeError> {
    let rebuilt = std::panic::catch_unwind(std::panic::AssertUnwindSafe(rebuild));
    rebuilt.unwrap_or_else(|_| Err(DecodeError::Malformed("rebuilding it panicked".to_owned())))
}

fn instance_of(root: RootId, tenant: Tenant, base: &[u8]) -> Result<Instance, DecodeError> {
    if base.is_empty() {
        return Ok(Instance::new(root, tenant));
    }
    let parts = split(base)?;
    stored::decode_core(root, tenant, stored::decode_rows(parts.rows)?, parts.core)
}

/// The tasks that were finished since the instance's new history had this length.
pub fn finished_since(instance: &Instance, history_before: usize) -> Vec<FinishedTask> {
    let new = instance.history().get(history_before..).unwrap_or_default();
    let finished = new.iter().filter_map(|entry| match entry {
        Entry::TaskFinished(task) => Some((**task).clone()),
        _ => None,
    });
    finished.collect()
}

/// The history in chunks and what is new since waking.
pub fn history(chunks: &[u8], instance: &Instance) -> Result<Vec<Entry>, DecodeError> {
    let mut entries = entries(chunks)?;
    entries.extend_from_slice(instance.history());
    Ok(entries)
}

/// The history in chunks.
pub fn entries(chunks: &[u8]) -> Result<Vec<Entry>, DecodeError> {
    let mut entries = Vec::new();
    for chunk in chunk_list(chunks)? {
        entries.extend(stored::decode_history(chunk)?);
    }
    Ok(entries)
}

/// The instance that bytes at rest hold.
pub fn decode(root: RootId, tenant: Tenant, bytes: &[u8]) -> Result<Instance, DecodeError> {
    instance_of(root, tenant, bytes)
}

/// Shows the state in bytes at rest to a reader, without waking it.
pub fn look(slot: &Slot, bytes: &[u8], look: Look) -> Answer {
    if bytes.is_empty() {
        return look(Err(Failure::NotFound));
    }
    let read =
        decode(slot.root, slot.tenant, bytes).and_then(|instance| Ok((instance, split(bytes)?)));
    match read {
        Ok((instance, parts)) => look(Ok(Seen {
            instance: &instance,
            chunks: parts.chunks,
        })),
        Err(error) => look(Err(Failure::Quarantined(error.to_string()))),
    }
}

/// The rows that bytes at rest begin with.
pub fn rows(bytes: &[u8]) -> Result<Rows, DecodeError> {
    stored::decode_rows(split(bytes)?.rows)
}

/// The parts of bytes at rest; empty bytes have empty parts.
pub fn split(bytes: &[u8]) -> Result<AtRest<'_>, DecodeError> {
    if bytes.is_empty() {
        return Ok(AtRest {
            rows: &[],
            core: &[],
            chunks: &[],
        });
    }
    let (rows, rest) = take_part(bytes)?;
    let (core, chunks) = take_part(rest)?;
    Ok(AtRest { rows, core, chunks })
}

/// The history chunks in order.
pub fn chunk_list(mut chunks: &[u8]) -> Result<Vec<&[u8]>, DecodeError> {
    let mut list = Vec::new();
    while !chunks.is_empty() {
        let (chunk, rest) = take_part(chunks)?;
        list.push(chunk);
        chunks = rest;
    }
    Ok(list)
}

fn take_part(bytes: &[u8]) -> Result<(&[u8], &[u8]), DecodeError> {
    let short = || DecodeError::Malformed("bytes at rest end early".to_owned());
    let (length, rest) = bytes.split_first_chunk::<4>().ok_or_else(short)?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
        .ok_or_else(short)
}

fn push_part(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let begin = out.len() + 4;
    out.extend_from_slice(&[0; 4]);
    write(out);
    let length = u32::try_from(out.len() - begin).unwrap_or(u32::MAX);
    out[begin - 4..begin].copy_from_slice(&length.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_while_rebuilding_is_an_error() {
        let rebuilt: Result<(), _> = guarded(|| panic!("an event that cannot be applied"));
        assert!(matches!(rebuilt, Err(DecodeError::Malformed(_))));
    }

    /// Its start, and whether it is suspended: one record each, every other one with the bytes prepared.
    fn changed(prepared: bool, suspended: &[bool]) -> Live {
        let mut live = Live::new(RootId(7), Tenant(0));
        let start = Event::InstanceStarted {
            instance: 0,
            definition: codec::DefinitionId(2),
            business_key: Some("order 1".to_owned()),
            name: None,
            start_user: None,
            super_execution: None,
            at_ms: 5,
        };
        let events = suspended.iter().map(|suspended| match suspended {
            true => Event::InstanceSuspended { instance: 0 },
            false => Event::InstanceActivated { instance: 0 },
        });
        for (n, event) in [start].into_iter().chain(events).enumerate() {
            live.instance.apply(&event);
            live.keep(stored::encode_events(&[event]), n as u64 + 1);
            if prepared && n % 2 == 0 {
                live.prepare();
            }
        }
        live
    }

    #[test]
    fn bytes_prepared_for_rest_are_those_of_the_state_in_which_it_rests() {
        let many = [true, false].repeat(RECORDS_BEFORE_REBASE);
        for states in [
            &[][..],
            &[true],
            &[true, false],
            &[true, false, true],
            &many,
        ] {
            let (mut plain, mut prepared) = (changed(false, states), changed(true, states));
            assert_eq!(changed(true, states).rest(), changed(false, states).rest());
            assert_eq!(prepared.rebase(), plain.rebase(), "{states:?}");
            prepared
                .rebuild(RootId(7), Tenant(0))
                .expect("rebuilt from its bytes");
            let shown = prepared.instance.rows_ref().instances[0].suspended;
            assert_eq!(shown, states.last().is_some_and(|suspended| *suspended));
            assert_eq!(prepared.rest(), plain.rest());
        }
    }

    #[test]
    fn bytes_at_rest_that_end_early_are_an_error_at_every_length() {
        let mut whole = Vec::new();
        for part in [&b"rows"[..], b"core", b"chunk"] {
            push_part(&mut whole, |out| out.extend_from_slice(part));
        }
        let parts = split(&whole).expect("whole");
        assert_eq!((parts.rows, parts.core), (&b"rows"[..], &b"core"[..]));
        assert_eq!(chunk_list(parts.chunks).expect("whole"), [b"chunk"]);
        for length in 1..whole.len() {
            let read = split(&whole[..length]).and_then(|parts| chunk_list(parts.chunks));
            // Two whole parts without a chunk are whole.
            assert_eq!(read.is_ok(), length == 16, "{length} bytes");
        }
    }
}
