//! What opening a journal found and did, for the log and for tests. Must never: decide.

use crate::damage::Damage;
use crate::journal::Flaw;

/// What was cut off and where it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Torn {
    /// The segment file.
    pub file: String,
    /// Where the cut is, in bytes.
    pub offset: u64,
    /// The sequence that the first cut record would have had.
    pub sequence: u64,
    /// How many bytes were kept.
    pub bytes: u64,
    /// The file that keeps them.
    pub kept_as: String,
    /// What was wrong with the first cut frame.
    pub flaw: Flaw,
}

/// What opening found and did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecoveryReport {
    /// Segments read.
    pub segments: u64,
    /// Records read.
    pub records: u64,
    /// Marks read.
    pub marks: u64,
    /// Bytes of frames read.
    pub bytes: u64,
    /// The oldest sequence there is.
    pub first_sequence: u64,
    /// The sequence that the next record gets.
    pub next_sequence: u64,
    /// Everything before this was proven durable.
    pub proven_before: u64,
    /// Readable records that nothing proved durable: written anew and synced.
    pub rewritten: u64,
    /// What was cut off.
    pub torn: Option<Torn>,
    /// How many `*.torn` files there are now.
    pub torn_files: u64,
    /// Unfinished and superseded files that were removed or reused.
    pub leftovers: Vec<String>,
    /// Files that are none of ours; left alone.
    pub foreign: Vec<String>,
    /// Snapshots that are damaged at their beginning or end; what is left says the same.
    pub damaged_snapshots: Vec<Damage>,
}
