//! What is said about bytes that were durable and are no longer what was written.
//!
//! Owns: the words, with file, offset, sequence, proof and the command to repair. Must never: decide whether
//! something is damage; `recovery` does.

use std::fmt;

/// One place where stored bytes are not what was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The file, as a person would type it.
    pub file: String,
    /// Where in the file, in bytes.
    pub offset: u64,
    /// The first sequence that cannot be read.
    pub sequence: u64,
    /// What is wrong there.
    pub what: String,
    /// Why it must have been durable.
    pub proof: String,
    /// What can be done.
    pub remedy: Remedy,
}

/// What can be done about damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// `loomwork verify --repair SEQUENCE`: go on without the records from there on, keeping them as `*.torn`.
    Repair {
        /// The first sequence to do without.
        sequence: u64,
    },
    /// An older snapshot and the journal behind it say the same; nothing is lost.
    OlderSnapshot,
    /// Only a backup helps.
    Restore,
}

impl fmt::Display for Damage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Damage {
            file,
            offset,
            sequence,
            what,
            proof,
            remedy,
        } = self;
        write!(
            formatter,
            "{file}: damaged at offset {offset}, sequence {sequence}: {what}; it had been durable: {proof}. "
        )?;
        match remedy {
            Remedy::Repair { sequence } => write!(
                formatter,
                "Restore a backup, or go on without the damaged part, which is kept as *.torn: \
                 loomwork verify --repair {sequence}"
            ),
            Remedy::OlderSnapshot => write!(
                formatter,
                "An older snapshot and the journal take its place"
            ),
            Remedy::Restore => write!(formatter, "Restore a backup: loomwork restore"),
        }
    }
}

impl std::error::Error for Damage {}
