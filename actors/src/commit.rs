//! The path of a commit: records in the order they were decided, one fdatasync for many, then publication in that order.
//!
//! Owns: the sequence, the writer thread (the only one that touches the journal), what is durable and what is published. Never: decides anything, releases an answer or an effect before its record is durable,
//! or goes on after a failed write.
//!
//! ```text
//!  hosts ──push──▶ [queue: records | publications] ──swap──▶ writer: append + fdatasync ─▶ publish: views, effects, answers
//!                       ▲ piles up while the writer writes and publishes, so batches grow with the load
//!  a publication without a record (a refusal, a read) waits in its place: what it was decided on is durable when it leaves
//! ```

use crate::publisher::Publication;
use parking_lot::{Condvar, Mutex};
use snapshots::{Admission, Journal, Record};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// A writer idle for this long marks what is durable (DESIGN 6).
const IDLE: Duration = Duration::from_millis(100);
/// After a batch of `MANY` records the writer lets the next one gather for so long: with 64 clients this halves the syncs and
/// costs none of them time, as what they wait for is a processor. A lone client never meets it.
const GATHER: Duration = Duration::from_micros(100);
const MANY: usize = 4;
/// With `durability = "async"` a sync follows a write after so long: with the idle wait at most 100 ms are lost.
const SYNC_AFTER: Duration = Duration::from_millis(50);

/// The queue before the journal. Sequences are given here, so that they follow the order of decisions.
pub struct CommitQueue {
    waiting: Mutex<Waiting>,
    wake: Condvar,
    ended: Condvar,
    durable: AtomicU64,
    published: AtomicU64,
    journal_bytes: AtomicU64,
    space: AtomicU8,
}

/// Whether the journal has room for what may be decided next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Space {
    /// It has.
    Open,
    /// Its next segment is being made.
    Short,
    /// Its next segment could not be made, or it holds more than it may.
    Full,
}

struct Waiting {
    next_sequence: u64,
    records: Vec<Record>,
    publications: Vec<Publication>,
    trim_before: Option<u64>,
    idle: bool,
    closed: bool,
}

/// What the publisher takes over: publications in order, all of them durable.
pub struct Batch {
    /// In the order of decisions.
    pub publications: Vec<Publication>,
    /// Everything up to here is durable.
    pub durable: u64,
}

impl CommitQueue {
    /// A queue that goes on behind what the journal holds.
    pub fn new(next_sequence: u64) -> Self {
        let last = next_sequence.saturating_sub(1);
        CommitQueue {
            waiting: Mutex::new(Waiting {
                next_sequence,
                records: Vec::with_capacity(256),
                publications: Vec::with_capacity(256),
                trim_before: None,
                idle: false,
                closed: false,
            }),
            wake: Condvar::new(),
            ended: Condvar::new(),
            durable: AtomicU64::new(last),
            published: AtomicU64::new(last),
            journal_bytes: AtomicU64::new(0),
            space: AtomicU8::new(Space::Open as u8),
        }
    }

    /// Hands over a record and what follows from it; the publication is built with the record's sequence.
    pub fn push(&self, record: Record, publication: impl FnOnce(u64) -> Publication) -> u64 {
        let mut waiting = self.waiting.lock();
        let sequence = waiting.next_sequence;
        waiting.next_sequence += 1;
        waiting.records.push(record);
        waiting.publications.push(publication(sequence));
        self.notify(waiting);
        sequence
    }

    /// Hands over what must wait until everything before it is durable and published.
    pub fn push_barrier(&self, publication: Publication) {
        let mut waiting = self.waiting.lock();
        waiting.publications.push(publication);
        self.notify(waiting);
    }

    fn notify(&self, mut waiting: parking_lot::MutexGuard<'_, Waiting>) {
        let idle = std::mem::take(&mut waiting.idle);
        drop(waiting);
        if idle {
            self.wake.notify_one();
        }
    }

    /// The journal needs nothing before this sequence any more.
    pub fn trim(&self, before: u64) {
        let mut waiting = self.waiting.lock();
        waiting.trim_before = Some(before);
        self.notify(waiting);
    }

    /// No more records will come: the writer drains and ends.
    pub fn close(&self) {
        let mut waiting = self.waiting.lock();
        waiting.closed = true;
        drop(waiting);
        self.wake.notify_all();
        self.ended.notify_all();
    }

    /// Whether no more records will come.
    pub fn is_closed(&self) -> bool {
        self.waiting.lock().closed
    }

    /// Waits until the queue is closed, or so long.
    pub fn wait_closed(&self, at_most: Duration) {
        let mut waiting = self.waiting.lock();
        if !waiting.closed {
            self.ended.wait_for(&mut waiting, at_most);
        }
    }

    /// Everything up to this sequence is durable.
    pub fn durable(&self) -> u64 {
        self.durable.load(Ordering::Acquire)
    }

    /// Waits until everything pushed so far is durable; polls, for the snapshotter.
    pub fn wait_durable(&self) {
        let last = self.last_sequence();
        while self.durable() < last {
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Everything up to this sequence is visible to readers.
    pub fn published(&self) -> u64 {
        self.published.load(Ordering::Acquire)
    }

    /// The publisher says how far readers can see.
    pub fn set_published(&self, sequence: u64) {
        self.published.store(sequence, Ordering::Release);
    }

    /// The last sequence that was given.
    pub fn last_sequence(&self) -> u64 {
        self.waiting.lock().next_sequence - 1
    }

    /// Bytes of the journal since the server started, for the snapshotter.
    pub fn journal_bytes(&self) -> u64 {
        self.journal_bytes.load(Ordering::Relaxed)
    }

    /// Whether more may be decided.
    pub fn space(&self) -> Space {
        let space = self.space.load(Ordering::Relaxed);
        let known = [Space::Open, Space::Short, Space::Full];
        known
            .into_iter()
            .find(|known| *known as u8 == space)
            .unwrap_or(Space::Full)
    }

    /// The next segment could not be preallocated: writes are refused until it can.
    pub fn is_full(&self) -> bool {
        self.space() == Space::Full
    }

    /// A segment was made: the writer looks again.
    pub fn look_again(&self) {
        self.notify(self.waiting.lock());
    }

    /// What waits for the disk, for admission and figures.
    pub fn backlog(&self) -> usize {
        self.waiting.lock().publications.len()
    }

    /// Starts the writer thread; `publish` gets the batches in order, between two syncs. A thread of its own for publishing
    /// was measured: it made smaller batches, so more syncs and more switches.
    pub fn start_writer(
        self: &Arc<Self>,
        journal: Box<dyn Journal>,
        publish: impl FnMut(Batch) + Send + 'static,
    ) -> std::io::Result<thread::JoinHandle<()>> {
        let queue = Arc::clone(self);
        thread::Builder::new()
            .name("journal".into())
            .spawn(move || queue.write_until_closed(journal, publish))
    }

    fn write_until_closed(&self, mut journal: Box<dyn Journal>, mut publish: impl FnMut(Batch)) {
        let _ends_with_us = EndsWithWriter;
        let mut records = Vec::with_capacity(256);
        let mut synced = Instant::now();
        loop {
            self.see(journal.admission());
            let mut publications = Vec::with_capacity(records.capacity());
            let (trim_before, closed) = self.take(&mut records, &mut publications);
            if let Some(before) = trim_before
                && let Err(error) = journal.trim(before)
            {
                tracing::warn!(%error, "the journal could not be trimmed");
            }
            if !records.is_empty() {
                let bytes: usize = records.iter().map(|r| r.payload.len() + 72).sum();
                match journal.append(&records) {
                    Ok(last) => self.durable.store(last, Ordering::Release),
                    Err(error) => end_process(&error),
                }
                // After an append that was a sync itself this costs nothing.
                if synced.elapsed() >= SYNC_AFTER {
                    if let Err(error) = journal.sync() {
                        end_process(&error);
                    }
                    synced = Instant::now();
                }
                self.journal_bytes
                    .fetch_add(bytes as u64, Ordering::Relaxed);
            } else if publications.is_empty() && !closed && trim_before.is_none() {
                if let Err(error) = journal.mark() {
                    end_process(&error);
                }
                self.wait_for_work(journal.as_mut());
                continue;
            }
            let batch = Batch {
                publications,
                durable: self.durable(),
            };
            if !batch.publications.is_empty() {
                publish(batch);
            }
            if records.len() >= MANY && !closed {
                thread::sleep(GATHER);
            }
            records.clear();
            if closed && self.waiting.lock().publications.is_empty() {
                return;
            }
        }
    }

    /// Takes what has piled up; waits up to `IDLE` for something.
    fn take(
        &self,
        records: &mut Vec<Record>,
        publications: &mut Vec<Publication>,
    ) -> (Option<u64>, bool) {
        let mut waiting = self.waiting.lock();
        if waiting.publications.is_empty() && !waiting.closed && waiting.trim_before.is_none() {
            waiting.idle = true;
            self.wake.wait_for(&mut waiting, IDLE);
            waiting.idle = false;
        }
        std::mem::swap(&mut waiting.records, records);
        std::mem::swap(&mut waiting.publications, publications);
        (waiting.trim_before.take(), waiting.closed)
    }

    /// After the mark there is nothing to write; only a full disk is looked at again.
    fn wait_for_work(&self, journal: &mut dyn Journal) {
        loop {
            self.see(journal.admission());
            let mut waiting = self.waiting.lock();
            let nothing =
                waiting.publications.is_empty() && !waiting.closed && waiting.trim_before.is_none();
            if !nothing {
                return;
            }
            waiting.idle = true;
            self.wake.wait_for(&mut waiting, IDLE * 5);
            waiting.idle = false;
        }
    }

    /// What the journal says of its room.
    pub fn see(&self, admission: Admission) {
        let space = match admission {
            Admission::Ok => Space::Open,
            Admission::Later => Space::Short,
            Admission::Full { reason } => {
                if !self.is_full() {
                    tracing::error!(%reason, "the disk is full: writes are refused");
                }
                Space::Full
            }
        };
        if space != Space::Full && self.is_full() {
            tracing::info!("there is space again: writes are accepted");
        }
        self.space.store(space as u8, Ordering::Relaxed);
    }
}

/// Without its writer the server would wait for ever: a panic there ends the process.
struct EndsWithWriter;

impl Drop for EndsWithWriter {
    fn drop(&mut self) {
        if thread::panicking() {
            end_process(&"the writer panicked");
        }
    }
}

/// After a failed write or sync nothing is known about the disk: the process ends, recovery reads what is there.
fn end_process(error: &dyn std::fmt::Display) -> ! {
    tracing::error!(%error, "the journal could not be written: the process ends");
    eprintln!("loomwork: the journal could not be written: {error}");
    std::process::exit(74)
}

#[cfg(test)]
mod tests;
