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
    /// What is left says the same: an older snapshot and the journal behind it, or all of the journal from its first record.
    /// Nothing is lost; `loomwork verify --repair SEQUENCE` sets the file aside, and so does a start.
    SetAside {
        /// The first sequence that is not in the snapshot.
        sequence: u64,
    },
    /// No other whole snapshot reaches back to where the journal begins. Only a backup helps.
    NothingElse {
        /// The first sequence in the journal.
        begins: u64,
    },
    /// Not decided yet: the rest has to be read for that.
    Undecided,
    /// Only a backup helps.
    Restore,
}

impl Damage {
    pub(crate) fn with(self, remedy: Remedy) -> Self {
        Self { remedy, ..self }
    }
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
            Remedy::SetAside { sequence } => write!(
                formatter,
                "What is left says the same, nothing is lost. A start sets the file aside as *.torn, as does: \
                 loomwork verify --repair {sequence}"
            ),
            Remedy::NothingElse { begins } => write!(
                formatter,
                "No other whole snapshot is left and the journal begins only at sequence {begins}: what was written \
                 before is nowhere else. Restore a backup: loomwork restore"
            ),
            Remedy::Undecided => write!(
                formatter,
                "Whether what is left says the same: loomwork verify"
            ),
            Remedy::Restore => write!(formatter, "Restore a backup: loomwork restore"),
        }
    }
}

impl std::error::Error for Damage {}
