//! Snapshots: the state of every entity, each as of its own last record.
//!
//! Owns: what a caller may ask of a store of snapshots ([`SnapshotStore`]) and how it is refused. Must never: know what
//! an entity is, or let a snapshot be found that the journal is not durable for.
//!
//! ```text
//! begin(replay_from) ─▶ put, put, put … ─▶ finish(durable) ─▶ renamed into place ─▶ prune ─▶ the journal may be trimmed ─▶ sweep
//!       │                                    └── highest > durable: not yet, ask again later
//!       └ every record before replay_from is in what is put; recovery applies to each entity the records after its own
//! ```

use std::io;

pub(crate) mod format;
mod read;
mod store;
mod write;

pub use read::SnapshotReader;
pub use store::{FileSnapshots, Loaded, Loading};

pub(crate) use read::open_snapshot;
pub(crate) use store::{SnapshotSurvey, read_snapshots, set_aside, survey_snapshots};

use crate::damage::Damage;

/// The directory of the snapshots on their disk.
pub const SNAPSHOT_DIRECTORY: &str = "snapshots";

/// An entity read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    /// Its id.
    pub entity: u128,
    /// What the bytes are.
    pub kind: u16,
    /// The format version of the bytes.
    pub version: u16,
    /// The last record that the bytes contain, 0 when there is none.
    pub sequence: u64,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// An entity lent for the time of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntityRef<'a> {
    /// Its id.
    pub entity: u128,
    /// What the bytes are.
    pub kind: u16,
    /// The format version of the bytes.
    pub version: u16,
    /// The last record that the bytes contain, 0 when there is none.
    pub sequence: u64,
    /// The bytes.
    pub bytes: &'a [u8],
}

impl EntityRef<'_> {
    /// A copy that outlives the call.
    pub fn to_entity(&self) -> Entity {
        Entity {
            entity: self.entity,
            kind: self.kind,
            version: self.version,
            sequence: self.sequence,
            bytes: self.bytes.to_vec(),
        }
    }
}

/// What is known about a snapshot without reading its entities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotInfo {
    /// Counted up from 1; a later snapshot has a higher one.
    pub number: u64,
    /// Every record before this one is in it; the journal is needed from here on.
    pub replay_from: u64,
    /// The highest sequence of a record that is in it, 0 when there is none.
    pub highest_sequence: u64,
    /// How many entities it has.
    pub entities: u64,
    /// The size of the file in bytes.
    pub bytes: u64,
}

/// Why a store of snapshots did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The disk failed; the snapshot in work is lost, those that stand are unharmed. Try again later.
    #[error("snapshots: {0}")]
    Disk(#[from] io::Error),
    /// The journal is not yet durable up to what the snapshot contains; ask again when it is.
    #[error("the snapshot contains sequence {highest}, the journal is durable up to {durable}")]
    NotDurable {
        /// The highest sequence in the snapshot.
        highest: u64,
        /// What the journal is durable up to.
        durable: u64,
    },
    /// A snapshot is not what was written.
    #[error(transparent)]
    Damaged(Box<Damage>),
    /// A snapshot of a later version of this program.
    #[error("{file}: format {found} is unknown, this program knows up to {known}")]
    UnknownFormat {
        /// The file.
        file: String,
        /// Its format.
        found: u16,
        /// The latest known one.
        known: u16,
    },
    /// An entity larger than a snapshot's entry can be.
    #[error("an entity of {bytes} bytes does not fit into a snapshot")]
    TooLarge {
        /// Its size in bytes.
        bytes: usize,
    },
    /// The snapshot was finished, or failed before.
    #[error("the snapshot takes nothing more")]
    Closed,
}

/// A place for snapshots.
pub trait SnapshotStore: Send + Sync {
    /// Begins a snapshot. Whatever is put into it must contain every record before `replay_from`.
    fn begin(&self, replay_from: u64) -> Result<Box<dyn SnapshotWriter>, SnapshotError>;

    /// The newest snapshot whose beginning and end are whole, to be read entity by entity.
    fn latest(&self) -> Result<Option<SnapshotReader>, SnapshotError>;

    /// The snapshot with this number.
    fn open(&self, number: u64) -> Result<SnapshotReader, SnapshotError>;

    /// All snapshots whose beginning and end are whole, the oldest first.
    fn list(&self) -> Result<Vec<SnapshotInfo>, SnapshotError>;

    /// Leaves only the newest `keep`. Returns the sequence before which the journal is no longer needed, or `None`
    /// while there are fewer than `keep`: then all of it is.
    fn prune(&self, keep: usize) -> Result<Option<u64>, SnapshotError>;

    /// Gives back, gently, the space of what was pruned. What fails is tried again the next time.
    fn sweep(&self) -> Result<(), SnapshotError>;
}

/// A snapshot in work. Dropped unfinished, it leaves nothing.
pub trait SnapshotWriter: Send {
    /// Adds an entity.
    fn put(&mut self, entity: EntityRef<'_>) -> Result<(), SnapshotError>;

    /// The highest sequence put so far; the journal must be durable up to it before `finish`.
    fn highest_sequence(&self) -> u64;

    /// The bytes written so far.
    fn bytes(&self) -> u64;

    /// Syncs and renames into place, when the journal is durable up to `durable_sequence` and that is enough;
    /// otherwise [`SnapshotError::NotDurable`], and it can be called again.
    fn finish(&mut self, durable_sequence: u64) -> Result<SnapshotInfo, SnapshotError>;
}
