//! Reading everything again, to know that it is what was written.
//!
//! Owns: the report. Must never: change anything, or need the lock; a running server can be verified.

use std::io;

use crate::damage::Damage;
use crate::disk::Disk;
use crate::journal::Positions;
use crate::recovery::{OpenError, check_chain, thorough_survey};

/// What was read and what is wrong with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Segments read.
    pub segments: u64,
    /// Records read.
    pub records: u64,
    /// Marks read.
    pub marks: u64,
    /// Bytes of frames read.
    pub journal_bytes: u64,
    /// The oldest sequence there is.
    pub first_sequence: u64,
    /// The sequence after the last one.
    pub next_sequence: u64,
    /// Snapshots read to their ends.
    pub snapshots: u64,
    /// Entities in them.
    pub entities: u64,
    /// Bytes of snapshots read.
    pub snapshot_bytes: u64,
    /// `*.torn` files that earlier starts and repairs kept.
    pub torn_files: Vec<String>,
    /// Files that are none of ours.
    pub foreign: Vec<String>,
    /// Everything that was durable and cannot be read.
    pub damages: Vec<Damage>,
}

impl VerifyReport {
    /// Whether everything is what was written.
    pub fn is_whole(&self) -> bool {
        self.damages.is_empty()
    }
}

/// A running server trims and appends while it is read, which can look like damage once but not twice.
const ATTEMPTS: usize = 5;

/// Reads every frame and every snapshot. An unproven end of the journal is no damage: it is being written, or
/// the next start cuts it off.
pub fn verify(disk: &dyn Disk) -> Result<VerifyReport, OpenError> {
    let mut last = verify_once(disk);
    for _ in 1..ATTEMPTS {
        let again = match &last {
            Ok(report) if report.is_whole() => break,
            Ok(_) => verify_once(disk),
            Err(OpenError::Disk(error)) if error.kind() == io::ErrorKind::NotFound => {
                verify_once(disk)
            }
            Err(_) => break,
        };
        let same =
            matches!((&last, &again), (Ok(last), Ok(again)) if last.damages == again.damages);
        last = again;
        if same {
            break;
        }
    }
    last
}

fn verify_once(disk: &dyn Disk) -> Result<VerifyReport, OpenError> {
    let survey = thorough_survey(disk)?;
    let chain = check_chain(disk, &survey, &mut Positions::default())?;
    let links = &chain.links;
    let mut damages = survey.dispensable_snapshots();
    if let Some(first) = chain.damages.first() {
        // They are not dispensable: what is said of the journal is said of them.
        damages.retain(|damage| damage.file != first.file);
        damages
            .iter_mut()
            .for_each(|damage| damage.remedy = first.remedy);
    }
    damages.splice(..0, chain.damages.iter().cloned());
    Ok(VerifyReport {
        segments: links.len() as u64,
        records: links.iter().map(|link| link.records).sum(),
        marks: links.iter().map(|link| link.marks).sum(),
        journal_bytes: links.iter().map(|link| link.position).sum(),
        first_sequence: links.first().map_or(1, |link| link.first_sequence()),
        next_sequence: links.last().map_or(1, |link| link.expected),
        snapshots: survey.snapshots.len() as u64,
        entities: survey.snapshots.iter().map(|info| info.entities).sum(),
        snapshot_bytes: survey.snapshots.iter().map(|info| info.bytes).sum(),
        torn_files: survey.torn,
        foreign: survey.foreign,
        damages,
    })
}
