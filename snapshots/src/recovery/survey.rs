//! Which files there are and how they belong together.
//!
//! Owns: the chain of segments, and what the snapshots prove and need. Must never: read a frame, or change anything.
//!
//! ```text
//! number  5        6        8          each segment ends where the next one begins; what a lower number holds
//!         |-100…   |-200…   |-150…     beyond that is superseded: here all of 6, and 5 ends before 150
//! ```

use std::io;

use crate::damage::Damage;
use crate::disk::Disk;
use crate::journal::{
    HeaderFlaw, JOURNAL_DIRECTORY, SegmentHeader, SegmentName, is_spare, read_segment_header,
};
use crate::snapshot::format::SnapshotName;
use crate::snapshot::{
    SNAPSHOT_DIRECTORY, SnapshotInfo, SnapshotSurvey, read_snapshots, survey_snapshots,
};

use super::OpenError;

/// One segment of the chain.
#[derive(Debug, Clone)]
pub(crate) struct ChainLink {
    pub(crate) name: SegmentName,
    pub(crate) header: Result<SegmentHeader, &'static str>,
    /// The first sequence of the next segment; `None` for the last one.
    pub(crate) limit: Option<u64>,
    /// False when the segment that comes before is not the one that should.
    pub(crate) joined: bool,
}

/// What lies on the disk.
#[derive(Debug)]
pub(crate) struct Survey {
    pub(crate) chain: Vec<ChainLink>,
    /// Whole segments whose records all stand in later ones.
    pub(crate) superseded: Vec<SegmentName>,
    /// Segments before a gap that was left by trimming.
    pub(crate) trimmed: Vec<SegmentName>,
    pub(crate) spares: Vec<String>,
    /// Paths of unfinished files.
    pub(crate) temporary: Vec<String>,
    /// Paths of what was cut.
    pub(crate) torn: Vec<String>,
    /// Paths of what is none of ours.
    pub(crate) foreign: Vec<String>,
    pub(crate) highest_number: u32,
    pub(crate) snapshots: Vec<SnapshotInfo>,
    pub(crate) damaged_snapshots: Vec<Damage>,
    /// Their names.
    pub(crate) damaged_names: Vec<SnapshotName>,
    /// Everything before this was durable, because a snapshot contains it, also one that is damaged.
    pub(crate) proven_before: u64,
    /// The journal is needed from here on.
    pub(crate) needed_from: u64,
}

/// Looks at names, at the headers of segments, and at both ends of snapshots.
pub(crate) fn survey(disk: &dyn Disk) -> Result<Survey, OpenError> {
    survey_beside(disk, survey_snapshots(disk)?)
}

/// The same, with every snapshot read to its end.
pub(crate) fn thorough_survey(disk: &dyn Disk) -> Result<Survey, OpenError> {
    survey_beside(disk, read_snapshots(disk)?)
}

fn survey_beside(disk: &dyn Disk, snapshots: SnapshotSurvey) -> Result<Survey, OpenError> {
    let mut survey = Survey {
        chain: Vec::new(),
        superseded: Vec::new(),
        trimmed: Vec::new(),
        spares: Vec::new(),
        temporary: Vec::new(),
        torn: Vec::new(),
        foreign: Vec::new(),
        highest_number: 0,
        proven_before: snapshots.proven_before,
        needed_from: snapshots.whole.last().map_or(1, |info| info.replay_from),
        snapshots: snapshots.whole,
        damaged_snapshots: snapshots.damaged,
        damaged_names: snapshots.damaged_names,
    };
    let names = sort_files(disk, &mut survey)?;
    build_chain(disk, names, &mut survey)?;
    Ok(survey)
}

fn sort_files(disk: &dyn Disk, survey: &mut Survey) -> io::Result<Vec<SegmentName>> {
    let mut names = Vec::new();
    for file_name in disk.list(JOURNAL_DIRECTORY)? {
        let path = format!("{JOURNAL_DIRECTORY}/{file_name}");
        if let Some(name) = SegmentName::parse(&file_name) {
            survey.highest_number = survey.highest_number.max(name.number);
            names.push(name);
        } else if is_spare(&file_name) {
            survey.spares.push(file_name);
        } else {
            survey.sort_other(path);
        }
    }
    for file_name in disk.list(SNAPSHOT_DIRECTORY)? {
        if SnapshotName::parse(&file_name).is_none() {
            survey.sort_other(format!("{SNAPSHOT_DIRECTORY}/{file_name}"));
        }
    }
    names.sort();
    Ok(names)
}

impl Survey {
    fn sort_other(&mut self, path: String) {
        if path.ends_with(".tmp") {
            self.temporary.push(path);
        } else if path.ends_with(".torn") {
            self.torn.push(path);
        } else {
            self.foreign.push(path);
        }
    }

    /// Whether there was a journal once: spares come after the first segment.
    pub(crate) fn had_journal(&self) -> bool {
        let snapshots = self.snapshots.len() + self.damaged_snapshots.len();
        snapshots > 0 || !self.spares.is_empty() || !self.torn.is_empty()
    }
}

/// Goes from the newest segment to the oldest one that is needed.
fn build_chain(
    disk: &dyn Disk,
    names: Vec<SegmentName>,
    survey: &mut Survey,
) -> Result<(), OpenError> {
    let mut limit: Option<u64> = None;
    let mut ended = false;
    for name in names.into_iter().rev() {
        if limit.is_some_and(|limit| name.first_sequence >= limit) {
            survey.superseded.push(name);
            continue;
        }
        if let Some(after) = survey.chain.last_mut().filter(|_| !ended) {
            after.joined = match after.header {
                Ok(header) => header.preceded_by == name.number,
                // Its own damage is told first.
                Err(_) => true,
            };
            ended = !after.joined && after.name.first_sequence <= survey.needed_from;
        }
        if ended {
            survey.trimmed.push(name);
            continue;
        }
        let header = match read_segment_header(disk, name)? {
            Ok(header) => Ok(header),
            Err(HeaderFlaw::Damaged(what)) => Err(what),
            Err(HeaderFlaw::Format(found)) => {
                return Err(OpenError::UnknownFormat {
                    file: disk.label(&name.path()),
                    found,
                    known: crate::journal::FORMAT,
                });
            }
        };
        survey.chain.push(ChainLink {
            name,
            header,
            limit,
            joined: true,
        });
        limit = Some(name.first_sequence);
    }
    survey.chain.reverse();
    if ended && let Some(first) = survey.chain.first_mut() {
        first.joined = true;
    }
    Ok(())
}
