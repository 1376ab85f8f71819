//! Opening a journal: from whatever a crash left to a state in which one can write.
//!
//! Owns: the decision between torn (cut it off and go on) and corrupt (refuse). Must never: cut off a record that was proven
//! durable, write into a segment of a former process, or change anything before the decision.
//!
//! ```text
//! lock ─▶ survey: which files ─▶ check: every frame ─▶ damage? refuse
//!                                                        │ no
//!     records  1 … P-1          P … E-1                  E …
//!              proven durable   readable, unproven       bad, unproven
//!              stay             written anew, synced     kept as *.torn
//! ```

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use parking_lot::Mutex;

mod check;
mod report;
mod room;
mod survey;

pub use report::{RecoveryReport, Torn};

use room::{is_full, release_tail};

pub(crate) use check::{Checked, check_chain};
pub(crate) use survey::{ChainLink, Survey, survey, thorough_survey};

use crate::damage::{Damage, Remedy};
use crate::disk::{Disk, copy_range};
use crate::journal::{
    Admission, Builder, FileJournal, Flaw, JOURNAL_DIRECTORY, JournalError, JournalOptions, Link,
    MAX_RECORD_BYTES, Opened, Pool, Positions, Published, Segment, SegmentHeader, SegmentName,
    Shared, visit_links,
};
use crate::snapshot::{SNAPSHOT_DIRECTORY, SnapshotError};

/// Segments hold at least this much.
const SEGMENT_BYTES_MIN: u64 = 1024;
/// What the header of a segment, that of a frame and the gaps take from the largest record.
const SEGMENT_OVERHEAD_BYTES: u64 = 256;
/// When nothing readable stands behind a bad header, this much of it is kept.
const TORN_BYTES: u64 = 4096;

/// Why a journal cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has these data open.
    #[error("{directory} is in use by another process: it holds the lock on it")]
    Locked {
        /// The data directory.
        directory: String,
    },
    /// Something that was durable cannot be read.
    #[error(transparent)]
    Corrupt(Box<Damage>),
    /// The data are of a later version of this program.
    #[error("{file}: format {found} is unknown, this program knows up to {known}")]
    UnknownFormat {
        /// The file.
        file: String,
        /// Its format.
        found: u16,
        /// The latest known one.
        known: u16,
    },
    /// The disk failed.
    #[error("opening the journal: {0}")]
    Disk(#[from] io::Error),
    /// An option that cannot be.
    #[error("journal options: {0}")]
    Options(&'static str),
}

impl From<SnapshotError> for OpenError {
    fn from(error: SnapshotError) -> Self {
        match error {
            SnapshotError::Damaged(damage) => OpenError::Corrupt(damage),
            SnapshotError::UnknownFormat { file, found, known } => {
                OpenError::UnknownFormat { file, found, known }
            }
            SnapshotError::Disk(error) => OpenError::Disk(error),
            error @ (SnapshotError::NotDurable { .. }
            | SnapshotError::TooLarge { .. }
            | SnapshotError::Closed) => OpenError::Disk(io::Error::other(error)),
        }
    }
}

impl From<JournalError> for OpenError {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Corrupt(damage) => OpenError::Corrupt(damage),
            JournalError::Read(error) | JournalError::Trim(error) => OpenError::Disk(error),
            error @ (JournalError::Failed(_)
            | JournalError::TooLarge { .. }
            | JournalError::ReservedKind
            | JournalError::Trimmed { .. }) => OpenError::Disk(io::Error::other(error)),
        }
    }
}

impl FileJournal {
    /// Locks the data, recovers and goes on after the last record.
    pub fn open(
        disk: Arc<dyn Disk>,
        options: JournalOptions,
    ) -> Result<(Self, RecoveryReport), OpenError> {
        let options = sensible(options)?;
        let lock = disk.lock()?.ok_or_else(|| OpenError::Locked {
            directory: disk.label(""),
        })?;
        disk.create_directory(JOURNAL_DIRECTORY)?;
        disk.create_directory(SNAPSHOT_DIRECTORY)?;
        disk.sync_directory("")?;

        let survey = survey(disk.as_ref())?;
        let mut positions = Positions::default();
        let checked = check_chain(disk.as_ref(), &survey, &mut positions)?;
        if let Some(damage) = checked.damages.into_iter().next() {
            return Err(OpenError::Corrupt(Box::new(damage)));
        }

        let mut report = describe(&survey, &checked.links);
        // A spare is written again: its former name must not come back.
        disk.sync_directory(JOURNAL_DIRECTORY)?;
        let pool = Pool::new(Arc::clone(&disk), &options, &survey.spares)?;
        let mut recovery = Recovery {
            disk: disk.as_ref(),
            pool: &pool,
            options: &options,
            survey: &survey,
            report: &mut report,
        };
        let (closed, active) = recovery.run(checked.links)?;
        let shared = Arc::new(Shared {
            disk,
            pool,
            durable: AtomicU64::new(0),
            held_bytes: AtomicU64::new(0),
            held_limit_bytes: options.held_limit_bytes,
            pins: Mutex::default(),
        });
        let journal = FileJournal::resume(Opened {
            shared,
            options,
            closed,
            active,
            positions,
            lock,
        })?;
        Ok((journal, report))
    }
}

fn sensible(mut options: JournalOptions) -> Result<JournalOptions, OpenError> {
    if options.segment_bytes < SEGMENT_BYTES_MIN || !options.segment_bytes.is_multiple_of(512) {
        return Err(OpenError::Options(
            "a segment has at least 1024 bytes and a multiple of 512",
        ));
    }
    if options.spare_segments == 0 {
        return Err(OpenError::Options("at least one spare segment is needed"));
    }
    let fits = usize::try_from(options.segment_bytes - SEGMENT_OVERHEAD_BYTES);
    options.record_limit_bytes = options
        .record_limit_bytes
        .min(MAX_RECORD_BYTES)
        .min(fits.unwrap_or(MAX_RECORD_BYTES));
    Ok(options)
}

fn describe(survey: &Survey, links: &[Checked]) -> RecoveryReport {
    let first = links.first().map_or(1, |link| link.first_sequence());
    RecoveryReport {
        segments: links.len() as u64,
        records: links.iter().map(|link| link.records).sum(),
        marks: links.iter().map(|link| link.marks).sum(),
        bytes: links.iter().map(|link| link.position).sum(),
        first_sequence: first,
        next_sequence: links.last().map_or(1, |link| link.expected),
        torn_files: survey.torn.len() as u64,
        foreign: survey.foreign.clone(),
        damaged_snapshots: survey.dispensable_snapshots(),
        ..RecoveryReport::default()
    }
}

impl Survey {
    /// The damaged snapshots, when the journal was found whole without them.
    pub(crate) fn dispensable_snapshots(&self) -> Vec<Damage> {
        let damaged = self.damaged_snapshots.iter().cloned();
        let set_aside = |damage: Damage| {
            let sequence = damage.sequence;
            damage.with(Remedy::SetAside { sequence })
        };
        damaged.map(set_aside).collect()
    }
}

/// The changing half of recovery: begins when it is decided that nothing is corrupt.
struct Recovery<'a> {
    disk: &'a dyn Disk,
    pool: &'a Pool,
    options: &'a JournalOptions,
    survey: &'a Survey,
    report: &'a mut RecoveryReport,
}

impl Recovery<'_> {
    fn run(&mut self, mut links: Vec<Checked>) -> Result<(Vec<Segment>, Published), OpenError> {
        self.remove_unfinished()?;
        let last = links.pop();
        let mut closed: Vec<Segment> = links.iter().map(Checked::segment).collect();
        let active = match last {
            None => self.begin()?,
            Some(last) => self.follow(&last, &mut closed)?,
        };
        self.retire()?;
        if self.pool.admission() != Admission::Ok {
            // A failure is remembered by the pool and answered by admission.
            let _ = self.pool.prepare_next();
        }
        Ok((closed, active))
    }

    fn remove_unfinished(&mut self) -> io::Result<()> {
        for path in &self.survey.temporary {
            self.disk.remove(path)?;
            self.report.leftovers.push(path.clone());
        }
        Ok(())
    }

    fn begin(&mut self) -> Result<Published, OpenError> {
        self.report.proven_before = 1;
        let header = self.header(1, 0, 0);
        let builder = match self.create(header) {
            Err(error) if is_full(&error) => Builder::create(self.disk, header)?,
            made => made?,
        };
        Ok(builder.publish(self.disk)?)
    }

    /// Opens the segment that follows the last one there is.
    fn follow(
        &mut self,
        last: &Checked,
        closed: &mut Vec<Segment>,
    ) -> Result<Published, OpenError> {
        let first = last.first_sequence();
        let proven = last
            .proven
            .max(self.survey.proven_before)
            .clamp(first, last.expected);
        self.report.proven_before = proven;
        self.report.rewritten = last.expected - proven;
        match self.keep_torn(last) {
            Err(OpenError::Disk(error)) if is_full(&error) => {
                release_tail(self.disk, last)?;
                self.keep_torn(last)?;
            }
            kept => kept?,
        }

        let cut = last.place_of(self.disk, proven)?;
        let header = if proven == first {
            self.header(first, last.header.chain, last.header.preceded_by)
        } else {
            self.header(proven, cut.chain, last.header.name.number)
        };
        let mut builder = match self.pool.take() {
            Some(path) => {
                let file = self.disk.open_writable(&path)?;
                Builder::new(path, file, header, Vec::new())
            }
            None => match self.create(header) {
                // One without room for more: the journal can be read, and takes nothing until a whole one can be made.
                Err(error) if is_full(&error) => {
                    release_tail(self.disk, last)?;
                    Builder::create(self.disk, header)?
                }
                made => made?,
            },
        };
        self.copy(last, proven, &mut builder)?;
        let active = builder.publish(self.disk)?;

        let path = last.header.name.path();
        if proven == first {
            self.retire_one(last.header.name)?;
        } else {
            // What follows the cut is superseded by the new segment; the space is better free.
            self.disk
                .open_writable(&path)?
                .set_length(cut.position.min(last.length))?;
            closed.push(Segment {
                link: Link {
                    header: last.header,
                    until: proven,
                },
                length: cut.position.min(last.length),
            });
        }
        Ok(active)
    }

    fn copy(&self, last: &Checked, from: u64, builder: &mut Builder) -> Result<(), OpenError> {
        let link = Link {
            header: last.header,
            until: last.expected,
        };
        let mut failure = None;
        visit_links(
            self.disk,
            &[link],
            from,
            &mut |record| match builder.copy(&record) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failure = Some(error);
                    ControlFlow::Break(())
                }
            },
        )?;
        match failure {
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
    }

    fn header(&self, first_sequence: u64, chain: u32, preceded_by: u32) -> SegmentHeader {
        SegmentHeader {
            name: SegmentName {
                number: self.survey.highest_number + 1,
                first_sequence,
            },
            chain,
            preceded_by,
            salt: self.options.salt,
            size: 0,
        }
    }

    /// Not by way of a spare: when there are spares there was a segment before.
    fn create(&self, header: SegmentHeader) -> io::Result<Builder> {
        let path = format!("{}.tmp", header.name.path());
        let file = self.disk.create(&path)?;
        if let Err(error) = file.preallocate(self.options.segment_bytes) {
            // What was written of it takes the space that a smaller one needs.
            let _ = self.disk.remove(&path);
            return Err(error);
        }
        Ok(Builder::new(path, file, header, Vec::new()))
    }

    fn keep_torn(&mut self, last: &Checked) -> Result<(), OpenError> {
        let ours = match last.flaw {
            Some(Flaw::Header | Flaw::Frame | Flaw::Sequence { .. } | Flaw::Chain) => true,
            Some(Flaw::Nothing | Flaw::EndOfFile) | None => last.evidence.end > last.position,
        };
        let Some(flaw) = last.flaw.filter(|_| ours) else {
            return Ok(());
        };
        let path = last.header.name.path();
        let end = last.evidence.end.max(last.position + TORN_BYTES);
        let bytes = end.min(last.length) - last.position;
        let kept_as = format!("{path}.{}.torn", last.position);
        let file = self.disk.open(&path)?;
        copy_range(
            file.as_ref(),
            last.position,
            bytes,
            self.disk,
            JOURNAL_DIRECTORY,
            &kept_as,
        )?;
        if !self.survey.torn.contains(&kept_as) {
            self.report.torn_files += 1;
        }
        self.report.torn = Some(Torn {
            file: self.disk.label(&path),
            offset: last.position,
            sequence: last.expected,
            bytes,
            kept_as: self.disk.label(&kept_as),
            flaw,
        });
        Ok(())
    }

    fn retire(&mut self) -> io::Result<()> {
        for name in self.survey.superseded.iter().chain(&self.survey.trimmed) {
            self.retire_one(*name)?;
        }
        Ok(())
    }

    fn retire_one(&mut self, name: SegmentName) -> io::Result<()> {
        let path = name.path();
        let length = self.disk.open(&path)?.length()?;
        let spare = self.pool.retire(&path, length)?;
        self.disk.sync_directory(JOURNAL_DIRECTORY)?;
        self.pool.add(spare.into_iter().collect());
        self.report.leftovers.push(path);
        Ok(())
    }
}
