//! Bytes that survive: a journal, snapshots, and the recovery that makes one state of them.
//!
//! Owns: what is written where, when it is durable, and what is believed after a crash. Must never: know what a
//! record or an entity means; it sees kind, version, entity, sequence and bytes. FORMAT.md draws the bytes.
//!
//! ```text
//!  Journal ───────▶ segments ──┐                 ┌─▶ FileJournal::open: torn is cut, corrupt is refused
//!  SnapshotStore ─▶ snapshots ─┤── Disk ─────────┼─▶ verify, repair
//!                              └ real, in memory └─▶ backup, restore
//! ```

mod backup;
mod damage;
mod disk;
mod journal;
mod recovery;
mod repair;
mod reread;
mod snapshot;
mod verify;

pub use backup::{BackupError, BackupReport, backup, restore};
pub use damage::{Damage, Remedy};
pub use disk::{Disk, DiskFile, DiskLock, Fault, MemoryDisk, Random, RealDisk, SECTOR_BYTES};
pub use journal::{
    Admission, Durability, FileJournal, Flaw, FullReason, Handle, JOURNAL_DIRECTORY, Journal,
    JournalError, JournalOptions, MARK_KIND, MAX_RECORD_BYTES, Pin, Record, Stored, StoredIterator,
    StoredRef,
};
pub use recovery::{OpenError, RecoveryReport, Torn};
pub use repair::{RepairError, RepairReport, repair};
pub use reread::reread;
pub use snapshot::{
    Entity, EntityRef, FileSnapshots, Loaded, Loading, SNAPSHOT_DIRECTORY, SnapshotError,
    SnapshotInfo, SnapshotReader, SnapshotStore, SnapshotWriter,
};
pub use verify::{VerifyReport, verify};
