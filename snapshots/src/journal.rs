//! The journal: records in order, durable before anyone is told.
//!
//! Owns: what a caller may ask of a journal ([`Journal`]) and how it is refused. Must never: know what a record
//! means; it sees kind, version, entity and bytes.
//!
//! ```text
//! append(batch) ─▶ frames in one buffer ─▶ one write ─▶ one fdatasync ─▶ the last sequence
//!                                                  failed? the journal is dead; the process ends
//! ```

use std::io;
use std::ops::ControlFlow;

mod encoder;
mod file;
mod frame;
mod handle;
mod pool;
mod positions;
mod read;
mod scan;
mod segment;

pub use file::FileJournal;
pub use frame::{MARK_KIND, MAX_RECORD_BYTES};
pub use handle::{Handle, Pin};
pub use scan::Flaw;

pub(crate) use encoder::{Builder, Published};
pub(crate) use file::{Opened, Segment};
pub(crate) use handle::Shared;
pub(crate) use pool::{Pool, is_spare};
pub(crate) use positions::Positions;
pub(crate) use read::{Link, visit_links};
pub(crate) use scan::{Evidence, FrameScan, Step};
pub(crate) use segment::{FORMAT, HeaderFlaw, SegmentHeader, SegmentName, read_segment_header};

use crate::damage::Damage;

/// The directory of the journal on its disk.
pub const JOURNAL_DIRECTORY: &str = "journal";

/// What one command did: written whole or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What the payload is; any number but [`MARK_KIND`].
    pub kind: u16,
    /// The format version of the payload.
    pub version: u16,
    /// Whose record it is.
    pub entity: u128,
    /// The bytes; at most [`MAX_RECORD_BYTES`].
    pub payload: Vec<u8>,
}

/// A record read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its place in the journal, counted from 1 without gaps.
    pub sequence: u64,
    /// What the payload is.
    pub kind: u16,
    /// The format version of the payload.
    pub version: u16,
    /// Whose record it is.
    pub entity: u128,
    /// The bytes.
    pub payload: Vec<u8>,
}

/// A record lent for the time of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredRef<'a> {
    /// Its place in the journal, counted from 1 without gaps.
    pub sequence: u64,
    /// What the payload is.
    pub kind: u16,
    /// The format version of the payload.
    pub version: u16,
    /// Whose record it is.
    pub entity: u128,
    /// The bytes.
    pub payload: &'a [u8],
}

impl StoredRef<'_> {
    /// A copy that outlives the call.
    pub fn to_stored(&self) -> Stored {
        Stored {
            sequence: self.sequence,
            kind: self.kind,
            version: self.version,
            entity: self.entity,
            payload: self.payload.to_vec(),
        }
    }
}

/// When an append returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// After fdatasync.
    #[default]
    Sync,
    /// After the write; [`Journal::sync`] makes it durable, the caller says when.
    Async,
}

/// How a journal on a disk is kept.
#[derive(Debug, Clone)]
pub struct JournalOptions {
    /// When an append returns.
    pub durability: Durability,
    /// The size of a segment file in bytes, a multiple of 512.
    pub segment_bytes: u64,
    /// The largest payload in bytes; at most [`MAX_RECORD_BYTES`] and what fits into one segment.
    pub record_limit_bytes: usize,
    /// The journal may hold this much that no snapshot has made needless; past it admission says full.
    /// `None`: no limit.
    pub held_limit_bytes: Option<u64>,
    /// How many empty segments stand ready: one to be used next, the others a reserve for what was
    /// decided before the disk was found full.
    pub spare_segments: usize,
    /// How many segments that are not needed any more are kept to be written again; the others are given back to the
    /// disk, one after the other.
    pub kept_segments: usize,
    /// Mixed into every checksum, so that no payload can pass for a frame, and no frame of a former start whose
    /// last renames were lost for one of this start. Random by default; never the same twice for the same data.
    pub salt: u64,
}

impl Default for JournalOptions {
    fn default() -> Self {
        Self {
            durability: Durability::Sync,
            segment_bytes: 64 << 20,
            record_limit_bytes: MAX_RECORD_BYTES,
            held_limit_bytes: None,
            spare_segments: 2,
            kept_segments: 8,
            salt: random_salt(),
        }
    }
}

/// The standard library seeds its hasher from the system's randomness; that is enough to be unguessable
/// for someone who only chooses payloads.
fn random_salt() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::collections::hash_map::RandomState::new()
        .build_hasher()
        .finish()
}

/// Whether new work may be decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// Yes.
    Ok,
    /// Not at the moment: the journal is written faster than segments are prepared, and the next one is being made.
    Later,
    /// No, until the reason is gone; what is already decided can still be appended.
    Full {
        /// Why.
        reason: FullReason,
    },
}

/// Why the journal takes no new work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FullReason {
    /// The disk gave no space for the next segment.
    #[error("the next journal segment could not be prepared: {error}")]
    Preparation {
        /// What the disk said.
        error: String,
    },
    /// The journal holds more than it may because no snapshot has made the older part needless.
    #[error("the journal holds {held_bytes} bytes, more than its limit of {limit_bytes}")]
    HeldBack {
        /// What it holds, in bytes.
        held_bytes: u64,
        /// The limit, in bytes.
        limit_bytes: u64,
    },
}

/// Why the journal did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// A write or a sync failed; nothing can be known about what followed. The process must end.
    #[error("the journal failed and takes nothing more: {0}")]
    Failed(String),
    /// Reading failed.
    #[error("reading the journal: {0}")]
    Read(#[source] io::Error),
    /// A directory change failed; the journal itself is unharmed.
    #[error("trimming the journal: {0}")]
    Trim(#[source] io::Error),
    /// A record that was durable cannot be read.
    #[error(transparent)]
    Corrupt(Box<Damage>),
    /// Refused before anything was written.
    #[error("a record of {bytes} bytes is over the limit of {limit_bytes}")]
    TooLarge {
        /// The size of the payload in bytes.
        bytes: usize,
        /// The limit in bytes.
        limit_bytes: usize,
    },
    /// Refused before anything was written: this kind belongs to the journal itself.
    #[error("the record kind {MARK_KIND} is reserved")]
    ReservedKind,
    /// The records asked for are no longer there.
    #[error("the journal begins at sequence {first}, {wanted} is gone")]
    Trimmed {
        /// The sequence asked for.
        wanted: u64,
        /// The oldest one there is.
        first: u64,
    },
}

/// Records read one after the other.
pub type StoredIterator<'a> = Box<dyn Iterator<Item = Result<Stored, JournalError>> + 'a>;

/// A journal, wherever it lies. One writer owns it.
pub trait Journal: Send {
    /// Writes the records in order and returns the sequence of the last one: durable, or with
    /// [`Durability::Async`] written. An empty batch returns the last sequence there is.
    fn append(&mut self, batch: &[Record]) -> Result<u64, JournalError>;

    /// Makes everything written durable and returns the sequence of the last record.
    fn sync(&mut self) -> Result<u64, JournalError>;

    /// Writes down, durably, that everything so far is durable. For the idle writer, after 100 ms.
    fn mark(&mut self) -> Result<(), JournalError>;

    /// The records from `sequence` on, in order, in bounded memory.
    fn read_from(&self, sequence: u64) -> Result<StoredIterator<'_>, JournalError>;

    /// Lends the records from `sequence` on to `visit`, in order, until it breaks off. Returns the sequence
    /// after the last one lent. The fast way to read.
    fn replay(
        &self,
        sequence: u64,
        visit: &mut dyn FnMut(StoredRef<'_>) -> ControlFlow<()>,
    ) -> Result<u64, JournalError>;

    /// Gives up records before `before` as far as whole segments allow and no [`Pin`] holds them.
    fn trim(&mut self, before: u64) -> Result<(), JournalError>;

    /// The sequence that the next record gets.
    fn next_sequence(&self) -> u64;

    /// The sequence of the last durable record, 0 when there is none.
    fn durable_sequence(&self) -> u64;

    /// The oldest sequence that can be read; [`Journal::next_sequence`] when there is none.
    fn first_sequence(&self) -> u64;

    /// How many bytes the journal took from the record `sequence` on, to the nearest 64 KiB upwards.
    fn bytes_since(&self, sequence: u64) -> u64;

    /// Whether new work may be decided.
    fn admission(&mut self) -> Admission;
}
