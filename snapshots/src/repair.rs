//! Going on without what is damaged: `loomwork verify --repair SEQUENCE`.
//!
//! Owns: what is set aside. Must never: delete, or touch what is whole; all that is set aside is renamed or copied to
//! `*.torn`. Must never be called without a person's decision.
//!
//! ```text
//! only snapshots are damaged, and the rest has what is in them: set those aside; nothing is lost
//! the journal is damaged:
//!   the newest whole snapshot has those records   it does not
//!     set aside the journal before it               set aside the journal from SEQUENCE on, and the snapshots
//!     nothing is lost                               that contain anything of it: those records are lost
//!   and the damaged snapshots, too
//! ```

use std::io;

use crate::damage::Remedy;
use crate::disk::{Disk, Window, copy_range};
use crate::journal::{
    Builder, FrameScan, JOURNAL_DIRECTORY, Positions, SegmentHeader, SegmentName, Step,
};
use crate::recovery::{ChainLink, OpenError, Survey, check_chain, thorough_survey};
use crate::snapshot::format::SnapshotName;
use crate::snapshot::{SnapshotInfo, set_aside};

/// What a repair did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RepairReport {
    /// The sequence that the next record gets, or the first one needed when nothing was lost.
    pub sequence: u64,
    /// Whether records were lost.
    pub lost: bool,
    /// What was set aside, under its new names.
    pub set_aside: Vec<String>,
}

/// Why a repair was not done; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
    /// The data cannot even be looked at.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// There is no damage.
    #[error("nothing is damaged: there is nothing to repair")]
    Whole,
    /// The journal cannot be read up to there.
    #[error("the journal can be read only up to sequence {sequence}: repair there first")]
    Earlier {
        /// Where reading ends.
        sequence: u64,
    },
    /// There is no such sequence.
    #[error("the journal has no sequence {sequence}")]
    NotThere {
        /// The sequence asked for.
        sequence: u64,
    },
    /// Without the damaged part nothing complete would be left.
    #[error(
        "no snapshot would be left from which to go on to sequence {sequence}: restore a backup"
    )]
    NothingLeft {
        /// The sequence asked for.
        sequence: u64,
    },
    /// The disk failed; a second attempt goes on where this one ended.
    #[error("repairing: {0}")]
    Disk(#[from] io::Error),
}

/// Sets aside what stands in the way of going on, beginning with the record `sequence`.
pub fn repair(disk: &dyn Disk, sequence: u64) -> Result<RepairReport, RepairError> {
    let _lock = disk.lock()?.ok_or_else(|| OpenError::Locked {
        directory: disk.label(""),
    })?;
    let survey = thorough_survey(disk)?;
    let checked = check_chain(disk, &survey, &mut Positions::default())?;
    let mut repair = Repair {
        disk,
        survey: &survey,
        report: RepairReport::default(),
    };
    let newest = survey.snapshots.last();
    match (checked.damages.into_iter().next(), newest) {
        (None, _) if survey.damaged_names.is_empty() => return Err(RepairError::Whole),
        (None, _) => repair.report.sequence = survey.needed_from,
        (Some(damage), _) if matches!(damage.remedy, Remedy::NothingElse { .. }) => {
            return Err(OpenError::Corrupt(Box::new(damage)).into());
        }
        (Some(_), Some(newest)) if newest.replay_from > sequence => repair.begin_later(newest)?,
        (Some(_), Some(_) | None) => repair.end_earlier(sequence)?,
    }
    for name in &survey.damaged_names {
        repair.set_aside_snapshot(*name)?;
    }
    Ok(repair.report)
}

struct Repair<'a> {
    disk: &'a dyn Disk,
    survey: &'a Survey,
    report: RepairReport,
}

impl Repair<'_> {
    /// Sets aside everything before the newest snapshot, which contains it.
    fn begin_later(&mut self, newest: &SnapshotInfo) -> Result<(), RepairError> {
        let needed = newest.replay_from;
        self.report.sequence = needed;
        let links = &self.survey.chain;
        let Some(at) = links
            .iter()
            .rposition(|link| link.name.first_sequence <= needed)
        else {
            return Err(RepairError::NothingLeft { sequence: needed });
        };
        let link = &links[at];
        let readable = link.name.first_sequence == needed || self.reaches(link, needed)?;
        if !readable || link.header.is_err() {
            self.rescue(link, &links[at + 1..], newest)?;
            self.set_aside(link.name)?;
        }
        for earlier in links.iter().take(at).rev() {
            self.set_aside(earlier.name)?;
        }
        Ok(())
    }

    fn reaches(&self, link: &ChainLink, sequence: u64) -> io::Result<bool> {
        let Ok(header) = link.header else {
            return Ok(false);
        };
        let mut scan = self.scan(header)?;
        while scan.expected() < sequence {
            match scan.step()? {
                Step::Record(..) | Step::Mark(_) => {}
                Step::Bad(_) => return Ok(false),
            }
        }
        Ok(true)
    }

    fn scan(&self, header: SegmentHeader) -> io::Result<FrameScan> {
        let window = Window::new(self.disk.open(&header.name.path())?)?;
        Ok(FrameScan::new(window, &header))
    }

    /// Copies all records from the snapshot on, beginning behind the damage in `damaged`, into one segment that
    /// supersedes the others: their checksums depend on what is damaged, those of copies do not.
    fn rescue(
        &self,
        damaged: &ChainLink,
        later: &[ChainLink],
        newest: &SnapshotInfo,
    ) -> Result<(), RepairError> {
        let needed = newest.replay_from;
        let number = self.survey.highest_number + 1;
        let header = SegmentHeader {
            name: SegmentName {
                number,
                first_sequence: needed,
            },
            chain: 0,
            preceded_by: 0,
            salt: damaged
                .header
                .map_or(u64::from(number), |header| header.salt),
            size: 0,
        };
        let mut builder = Builder::create(self.disk, header)?;
        let mut reached = needed;
        if let Ok(header) = damaged.header {
            let mut scan = self.scan(header)?;
            self.run_out(&mut scan)?;
            if scan.seek(needed)? {
                reached = self.copy(&mut scan, damaged.limit, &mut builder)?;
            }
        }
        for link in later {
            let header = link
                .header
                .ok()
                .filter(|_| link.name.first_sequence == reached);
            let Some(header) = header else {
                return Err(RepairError::NothingLeft { sequence: reached });
            };
            reached = self.copy(&mut self.scan(header)?, link.limit, &mut builder)?;
        }
        let limit = later.last().map_or(damaged.limit, |link| link.limit);
        if reached < limit.unwrap_or(newest.highest_sequence + 1) {
            return Err(RepairError::NothingLeft { sequence: reached });
        }
        builder.publish(self.disk)?;
        Ok(())
    }

    /// Copies records up to `limit`, or to the first frame that is not good; returns the sequence after the last.
    fn copy(
        &self,
        scan: &mut FrameScan,
        limit: Option<u64>,
        builder: &mut Builder,
    ) -> io::Result<u64> {
        while limit.is_none_or(|limit| scan.expected() < limit) {
            match scan.step()? {
                Step::Record(record, _) => builder.copy(&record)?,
                Step::Mark(_) => {}
                Step::Bad(_) => break,
            }
        }
        Ok(scan.expected())
    }

    fn run_out(&self, scan: &mut FrameScan) -> io::Result<()> {
        loop {
            match scan.step()? {
                Step::Record(..) | Step::Mark(_) => {}
                Step::Bad(_) => return Ok(()),
            }
        }
    }

    /// Sets aside everything from `cut` on.
    fn end_earlier(&mut self, cut: u64) -> Result<(), RepairError> {
        let links = &self.survey.chain;
        let at = links
            .iter()
            .rposition(|link| link.name.first_sequence <= cut)
            .ok_or(RepairError::NotThere { sequence: cut })?;
        let contains = |info: &SnapshotInfo| info.replay_from > cut || info.highest_sequence >= cut;
        let left = self.survey.snapshots.iter().rfind(|info| !contains(info));
        let begins = links.first().map_or(cut, |link| link.name.first_sequence);
        if begins > left.map_or(1, |info| info.replay_from) {
            return Err(RepairError::NothingLeft { sequence: cut });
        }
        self.report.sequence = cut;
        self.report.lost = true;

        let link = &links[at];
        let keep = self.publish_end(link, cut, at)?;
        for info in self.survey.snapshots.iter().filter(|info| contains(info)) {
            let name = SnapshotName {
                number: info.number,
                replay_from: info.replay_from,
            };
            self.set_aside_snapshot(name)?;
        }
        for later in links.iter().skip(at + usize::from(keep)).rev() {
            self.set_aside(later.name)?;
        }
        Ok(())
    }

    /// Publishes an empty segment that begins at the cut, and keeps what stands behind the cut of the segment
    /// that is cut. Says whether anything of that segment stays.
    fn publish_end(&mut self, link: &ChainLink, cut: u64, at: usize) -> Result<bool, RepairError> {
        let number = self.survey.highest_number + 1;
        let name = SegmentName {
            number,
            first_sequence: cut,
        };
        let found = link.header.ok();
        let mut header = SegmentHeader {
            name,
            chain: found.map_or(0, |header| header.chain),
            preceded_by: found.map_or(0, |header| header.preceded_by),
            salt: found.map_or(u64::from(number), |header| header.salt),
            size: 0,
        };
        if link.name.first_sequence == cut {
            if found.is_none() && at > 0 {
                (header.preceded_by, header.chain) =
                    self.end_of(&self.survey.chain[at - 1], cut)?;
            }
            Builder::create(self.disk, header)?.publish(self.disk)?;
            return Ok(false);
        }
        let Some(found) = found else {
            return Err(RepairError::Earlier {
                sequence: link.name.first_sequence,
            });
        };
        let (position, chain) = self.walk(found, cut)?;
        header.chain = chain;
        header.preceded_by = found.name.number;
        let path = link.name.path();
        let kept_as = format!("{path}.{position}.torn");
        let file = self.disk.open(&path)?;
        let behind = file.length()?.saturating_sub(position);
        copy_range(
            file.as_ref(),
            position,
            behind,
            self.disk,
            JOURNAL_DIRECTORY,
            &kept_as,
        )?;
        self.report.set_aside.push(self.disk.label(&kept_as));
        Builder::create(self.disk, header)?.publish(self.disk)?;
        Ok(true)
    }

    fn end_of(&self, link: &ChainLink, cut: u64) -> Result<(u32, u32), RepairError> {
        let Ok(header) = link.header else {
            return Err(RepairError::Earlier {
                sequence: link.name.first_sequence,
            });
        };
        let (_, chain) = self.walk(header, cut)?;
        Ok((header.name.number, chain))
    }

    /// Reads a segment up to `cut` and says where that is and the checksum of the record before.
    fn walk(&self, header: SegmentHeader, cut: u64) -> Result<(u64, u32), RepairError> {
        let mut scan = self.scan(header)?;
        while scan.expected() < cut {
            let sequence = scan.expected();
            match scan.step()? {
                Step::Record(..) | Step::Mark(_) => {}
                Step::Bad(_) => return Err(RepairError::Earlier { sequence }),
            }
        }
        Ok((scan.position(), scan.chain()))
    }

    fn set_aside_snapshot(&mut self, name: SnapshotName) -> io::Result<()> {
        let kept_as = set_aside(self.disk, name)?;
        self.report.set_aside.push(self.disk.label(&kept_as));
        Ok(())
    }

    fn set_aside(&mut self, name: SegmentName) -> io::Result<()> {
        let path = name.path();
        let kept_as = format!("{path}.torn");
        self.disk.rename(&path, &kept_as)?;
        self.disk.sync_directory(JOURNAL_DIRECTORY)?;
        self.report.set_aside.push(self.disk.label(&kept_as));
        Ok(())
    }
}
