//! Reading every frame of the chain and judging the bad ones.
//!
//! Owns: the rule that tells corrupt from torn. Must never: change anything, or judge without a proof.
//!
//! ```text
//! bad frame where sequence e should be       corrupt when                     else
//!   a segment follows                        always: its header proves it     -
//!   last segment                             a header behind says "durable    torn: cut at e
//!                                            before N", N > e; or a snapshot
//!                                            contains e; or the file is
//!                                            shorter than it was made
//! ```

use std::io;

use crate::damage::{Damage, Remedy};
use crate::disk::{Disk, Window};
use crate::journal::{Evidence, Flaw, FrameScan, Link, Positions, Segment, SegmentHeader, Step};

use super::survey::{ChainLink, Survey};

/// A segment whose frames were read.
#[derive(Debug, Clone)]
pub(crate) struct Checked {
    pub(crate) header: SegmentHeader,
    /// The length of the file in bytes.
    pub(crate) length: u64,
    pub(crate) records: u64,
    pub(crate) marks: u64,
    /// Where reading ended.
    pub(crate) position: u64,
    /// The sequence after the last one read.
    pub(crate) expected: u64,
    /// The checksum of the last record.
    pub(crate) chain: u32,
    /// The largest sequence before which a good frame said that everything was durable.
    pub(crate) proven: u64,
    /// What ended the reading; `None` when the next segment's beginning was reached.
    pub(crate) flaw: Option<Flaw>,
    /// What stands behind.
    pub(crate) evidence: Evidence,
}

/// A place between two records.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) position: u64,
    pub(crate) chain: u32,
}

/// All segments whose headers could be read, and all damage, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct CheckedChain {
    pub(crate) links: Vec<Checked>,
    pub(crate) damages: Vec<Damage>,
}

impl Checked {
    pub(crate) fn first_sequence(&self) -> u64 {
        self.header.name.first_sequence
    }

    pub(crate) fn segment(&self) -> Segment {
        Segment {
            link: Link {
                header: self.header,
                until: self.expected,
            },
            length: self.length,
        }
    }

    /// Where the record `sequence` begins; it must be one of those read, or the one after them.
    pub(crate) fn place_of(&self, disk: &dyn Disk, sequence: u64) -> io::Result<Place> {
        let window = Window::new(disk.open(&self.header.name.path())?)?;
        let mut scan = FrameScan::new(window, &self.header);
        while scan.expected() < sequence {
            match scan.step()? {
                Step::Record(..) | Step::Mark(_) => {}
                Step::Bad(flaw) => return Err(io::Error::other(flaw)),
            }
        }
        Ok(Place {
            position: scan.position(),
            chain: scan.chain(),
        })
    }
}

/// Reads the whole chain.
pub(crate) fn check_chain(
    disk: &dyn Disk,
    survey: &Survey,
    positions: &mut Positions,
) -> io::Result<CheckedChain> {
    let mut chain = CheckedChain::default();
    chain.damages.extend(check_beginning(disk, survey));
    let mut before: Option<Checked> = None;
    for (at, link) in survey.chain.iter().enumerate() {
        let header = match link.header {
            Ok(header) => header,
            Err(what) => {
                chain.damages.push(damaged_header(disk, link, what));
                before = None;
                continue;
            }
        };
        let checked = check_segment(disk, link, header, positions)?;
        if let Some(before) = before.as_ref().filter(|before| before.flaw.is_none()) {
            let joined = link.joined && before.chain == header.chain;
            if !joined {
                chain.damages.push(missing_before(disk, link, before));
            }
        }
        let next = survey.chain.get(at + 1);
        chain.damages.extend(judge(disk, survey, &checked, next));
        before = Some(checked.clone());
        chain.links.push(checked);
    }
    Ok(chain)
}

fn check_beginning(disk: &dyn Disk, survey: &Survey) -> Option<Damage> {
    let first = survey.chain.first();
    let begins = first.map(|link| link.name.first_sequence);
    let what = match begins {
        Some(begins) if begins <= survey.needed_from => return None,
        Some(begins) if !survey.damaged_snapshots.is_empty() => {
            let newest = survey.damaged_snapshots.last().cloned();
            return newest.map(|damage| damage.with(Remedy::NothingElse { begins }));
        }
        Some(begins) => format!("the journal begins only at sequence {begins}"),
        None if !survey.had_journal() => return None,
        None => "all segments of the journal are missing".to_owned(),
    };
    let proof = match survey.snapshots.last() {
        Some(info) => format!(
            "snapshot {} needs the journal from sequence {}",
            info.number, info.replay_from
        ),
        None => {
            "there is no readable snapshot, so the journal is needed from sequence 1".to_owned()
        }
    };
    let path = first.map_or_else(
        || crate::journal::JOURNAL_DIRECTORY.to_owned(),
        |link| link.name.path(),
    );
    Some(Damage {
        file: disk.label(&path),
        offset: 0,
        sequence: survey.needed_from,
        what,
        proof,
        remedy: Remedy::Restore,
    })
}

fn damaged_header(disk: &dyn Disk, link: &ChainLink, what: &str) -> Damage {
    let sequence = link.name.first_sequence;
    Damage {
        file: disk.label(&link.name.path()),
        offset: 0,
        sequence,
        what: what.to_owned(),
        proof: "a segment has its name only after its header is synced".to_owned(),
        remedy: Remedy::Repair { sequence },
    }
}

fn missing_before(disk: &dyn Disk, link: &ChainLink, before: &Checked) -> Damage {
    let sequence = before.expected;
    Damage {
        file: disk.label(&before.header.name.path()),
        offset: before.position,
        sequence,
        what: "the segment that should follow is missing or another one".to_owned(),
        proof: format!("the header of {}", disk.label(&link.name.path())),
        remedy: Remedy::Repair { sequence },
    }
}

/// Reads a segment to the beginning of the next one, or to the first frame that is not good.
fn check_segment(
    disk: &dyn Disk,
    link: &ChainLink,
    header: SegmentHeader,
    positions: &mut Positions,
) -> io::Result<Checked> {
    let window = Window::new(disk.open(&link.name.path())?)?;
    let length = window.length();
    let mut scan = FrameScan::new(window, &header);
    let (mut records, mut marks, mut proven) = (0, 0, header.name.first_sequence);
    let mut flaw = None;
    while link.limit.is_none_or(|limit| scan.expected() < limit) {
        let start = scan.position();
        match scan.step()? {
            Step::Record(record, durable_before) => {
                let sequence = record.sequence;
                records += 1;
                proven = proven.max(durable_before);
                positions.add(sequence, scan.position() - start);
            }
            Step::Mark(durable_before) => {
                marks += 1;
                proven = proven.max(durable_before);
            }
            Step::Bad(bad) => {
                flaw = Some(bad);
                break;
            }
        }
    }
    let evidence = match flaw {
        Some(_) => scan.evidence()?,
        None => Evidence::default(),
    };
    Ok(Checked {
        header,
        length,
        records,
        marks,
        position: scan.position(),
        expected: scan.expected(),
        chain: scan.chain(),
        proven,
        flaw,
        evidence,
    })
}

/// The rule at the head of this file.
fn judge(
    disk: &dyn Disk,
    survey: &Survey,
    checked: &Checked,
    next: Option<&ChainLink>,
) -> Option<Damage> {
    let flaw = checked.flaw?;
    let sequence = checked.expected;
    let proof = if let Some(next) = next {
        format!(
            "{} begins with sequence {}",
            disk.label(&next.name.path()),
            next.name.first_sequence
        )
    } else if checked.evidence.durable_before > sequence {
        format!(
            "the frame at offset {} says that everything before {} was durable",
            checked.evidence.offset, checked.evidence.durable_before
        )
    } else if survey.proven_before > sequence {
        format!(
            "a snapshot contains everything before {}",
            survey.proven_before
        )
    } else if checked.length < checked.header.size {
        format!(
            "the file was made with {} bytes and has {}",
            checked.header.size, checked.length
        )
    } else {
        return None;
    };
    Some(Damage {
        file: disk.label(&checked.header.name.path()),
        offset: checked.position,
        sequence,
        what: flaw.to_string(),
        proof,
        remedy: Remedy::Repair { sequence },
    })
}
