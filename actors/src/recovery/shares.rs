//! Instances shared out to threads by their roots: reading is one thread's work, rebuilding that of all processors.
//!
//! Owns: that what belongs to one root reaches one thread, in the order in which it is read.
//! Never: knows what an instance is.
//!
//! ```text
//!  snapshot, journal ──▶ by root ──batches──▶ thread: a share of the instances ──finish──▶ all shares
//! ```

use super::{Apply, instances::Instances};
use snapshots::{Entity, EntityRef, Stored, StoredRef};
use std::{
    io, mem,
    sync::mpsc::{SyncSender, sync_channel},
    thread::{self, JoinHandle},
};

/// Pieces that are handed over at once.
const BATCH: usize = 256;
/// Batches that may wait for a thread: enough to keep it busy, few enough to stay in the cache.
const BATCHES: usize = 4;
/// More threads than this wait for the one that reads.
const THREADS: usize = 8;

/// The threads.
pub(super) struct Shares(Vec<Share>);

struct Share {
    batch: Vec<Piece>,
    batches: SyncSender<Vec<Piece>>,
    thread: JoinHandle<Instances>,
}

/// What is read, copied for another thread.
enum Piece {
    Entity(Entity),
    Record(Stored),
}

impl Shares {
    /// A thread for each processor.
    pub fn start(apply: Apply) -> io::Result<Self> {
        let count = thread::available_parallelism().map_or(1, usize::from);
        let shares = (0..count.min(THREADS)).map(|_| Share::start(apply));
        Ok(Shares(shares.collect::<io::Result<_>>()?))
    }

    /// An entity of the snapshot.
    pub fn entity(&mut self, entity: EntityRef<'_>) {
        let piece = Piece::Entity(entity.to_entity());
        self.of(entity.entity).push(piece);
    }

    /// A record of the journal.
    pub fn record(&mut self, stored: StoredRef<'_>) {
        let piece = Piece::Record(stored.to_stored());
        self.of(stored.entity).push(piece);
    }

    /// Ids end in random bits.
    fn of(&mut self, root: u128) -> &mut Share {
        let index = (root % self.0.len() as u128) as usize;
        &mut self.0[index]
    }

    /// Waits until everything was read.
    pub fn finish(self) -> Vec<Instances> {
        // All get their last batch before the first is waited for.
        let threads: Vec<_> = self.0.into_iter().map(Share::close).collect();
        let joined = threads.into_iter().map(JoinHandle::join);
        joined
            .map(|instances| instances.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    }
}

impl Share {
    fn start(apply: Apply) -> io::Result<Self> {
        let (batches, received) = sync_channel(BATCHES);
        let thread = thread::Builder::new()
            .name("recovery".into())
            .spawn(move || rebuild(received.into_iter().flatten(), Instances::new(apply)))?;
        Ok(Share {
            batch: Vec::with_capacity(BATCH),
            batches,
            thread,
        })
    }

    fn push(&mut self, piece: Piece) {
        self.batch.push(piece);
        if self.batch.len() == BATCH {
            self.send();
        }
    }

    fn send(&mut self) {
        let batch = mem::replace(&mut self.batch, Vec::with_capacity(BATCH));
        // A thread that panicked takes nothing more; joining it says so.
        let _ = self.batches.send(batch);
    }

    fn close(mut self) -> JoinHandle<Instances> {
        self.send();
        self.thread
    }
}

fn rebuild(pieces: impl Iterator<Item = Piece>, mut instances: Instances) -> Instances {
    for piece in pieces {
        match piece {
            Piece::Entity(entity) => instances.entity(&entity),
            Piece::Record(stored) => instances.record(&stored),
        }
    }
    instances
}
