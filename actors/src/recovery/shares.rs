//! Instances shared out to threads by their roots: reading is one thread's work, rebuilding that of all processors.
//!
//! Owns: that what belongs to one root reaches one thread, in the order in which it is read.
//! Never: knows what an instance is.
//!
//! ```text
//!  snapshot, journal ──▶ by root ──batches──▶ thread: a share of the instances ──finish──▶ all shares
//! ```

use super::{Apply, instances::Instances};
use snapshots::{EntityRef, StoredRef};
use std::{
    io, mem,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::{self, JoinHandle},
};

/// A batch is handed over when it has so many bytes.
const BATCH_BYTES: usize = 64 * 1024;
/// Batches that may wait for a thread: enough to keep it busy, few enough to stay in the cache.
const BATCHES: usize = 4;
/// More threads than this wait for the one that reads.
const THREADS: usize = 8;

/// The threads.
pub(super) struct Shares(Vec<Share>);

struct Share {
    batch: Batch,
    batches: SyncSender<Batch>,
    thread: JoinHandle<Instances>,
}

/// Entities and records, copied one behind the other.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    pieces: Vec<Piece>,
}

struct Piece {
    is_record: bool,
    entity: u128,
    kind: u16,
    version: u16,
    sequence: u64,
    /// Where its bytes end; they begin where those before end.
    end: usize,
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
        let piece = Piece {
            is_record: false,
            entity: entity.entity,
            kind: entity.kind,
            version: entity.version,
            sequence: entity.sequence,
            end: 0,
        };
        self.of(entity.entity).push(piece, entity.bytes);
    }

    /// A record of the journal.
    pub fn record(&mut self, stored: StoredRef<'_>) {
        let piece = Piece {
            is_record: true,
            entity: stored.entity,
            kind: stored.kind,
            version: stored.version,
            sequence: stored.sequence,
            end: 0,
        };
        self.of(stored.entity).push(piece, stored.payload);
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
            .spawn(move || rebuild(&received, Instances::new(apply)))?;
        Ok(Share {
            batch: Batch::default(),
            batches,
            thread,
        })
    }

    fn push(&mut self, piece: Piece, bytes: &[u8]) {
        self.batch.bytes.extend_from_slice(bytes);
        let end = self.batch.bytes.len();
        self.batch.pieces.push(Piece { end, ..piece });
        if end >= BATCH_BYTES {
            self.send();
        }
    }

    fn send(&mut self) {
        let room = Batch {
            bytes: Vec::with_capacity(BATCH_BYTES + BATCH_BYTES / 4),
            pieces: Vec::with_capacity(self.batch.pieces.len()),
        };
        // A thread that panicked takes nothing more; joining it says so.
        let _ = self.batches.send(mem::replace(&mut self.batch, room));
    }

    fn close(mut self) -> JoinHandle<Instances> {
        self.send();
        self.thread
    }
}

fn rebuild(batches: &Receiver<Batch>, mut instances: Instances) -> Instances {
    for batch in batches {
        let mut begin = 0;
        for piece in batch.pieces {
            let bytes = &batch.bytes[begin..piece.end];
            begin = piece.end;
            if piece.is_record {
                instances.record(StoredRef {
                    sequence: piece.sequence,
                    kind: piece.kind,
                    version: piece.version,
                    entity: piece.entity,
                    payload: bytes,
                });
            } else {
                instances.entity(EntityRef {
                    entity: piece.entity,
                    kind: piece.kind,
                    version: piece.version,
                    sequence: piece.sequence,
                    bytes,
                });
            }
        }
    }
    instances
}
