//! A consistent copy of the data of a running server, and the way back.
//!
//! Owns: which snapshot and which part of the journal belong together. Must never: copy a byte that it did not
//! check, stop the writer, or write over existing data.
//!
//! ```text
//! pin ─▶ newest whole snapshot ─▶ durable sequence D ─▶ records replay_from … D, as one segment with a mark
//! ```

use std::io;
use std::ops::ControlFlow;

use crate::damage::{Damage, Remedy};
use crate::disk::{Disk, copy_range};
use crate::journal::{
    Builder, Handle, JOURNAL_DIRECTORY, JournalError, Link, SegmentHeader, SegmentName, visit_links,
};
use crate::recovery::{OpenError, survey};
use crate::snapshot::format::SnapshotName;
use crate::snapshot::{SNAPSHOT_DIRECTORY, SnapshotError, SnapshotInfo, open_snapshot};
use crate::verify::{VerifyReport, verify};

/// What a backup contains.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BackupReport {
    /// The snapshot in it, if there was one.
    pub snapshot: Option<SnapshotInfo>,
    /// The first record in it.
    pub first_sequence: u64,
    /// The last record in it: the state is that after this one.
    pub last_sequence: u64,
    /// How many records.
    pub records: u64,
    /// Newer snapshots that were passed over because they are damaged.
    pub damaged_snapshots: Vec<Damage>,
}

/// Why a copy was not made. What stands at the target is incomplete and to be thrown away.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There are data already.
    #[error("{directory} holds data already")]
    NotEmpty {
        /// The directory.
        directory: String,
    },
    /// The source cannot be read.
    #[error(transparent)]
    Source(#[from] OpenError),
    /// A disk failed.
    #[error("copying: {0}")]
    Disk(#[from] io::Error),
    /// The backup, or what was to be copied, is damaged.
    #[error(transparent)]
    Damaged(Box<Damage>),
}

impl From<SnapshotError> for BackupError {
    fn from(error: SnapshotError) -> Self {
        BackupError::Source(error.into())
    }
}

impl From<JournalError> for BackupError {
    fn from(error: JournalError) -> Self {
        BackupError::Source(error.into())
    }
}

/// Copies the newest snapshot and the journal behind it to an empty disk. The journal may be written meanwhile.
pub fn backup(journal: &Handle, target: &dyn Disk) -> Result<BackupReport, BackupError> {
    let source = journal.disk();
    refuse_data(target)?;
    prepare(target)?;
    let _pin = journal.pin(0);
    let mut report = BackupReport::default();
    copy_snapshot(source, target, &mut report)?;
    report.last_sequence = journal.durable_sequence();
    copy_journal(source, target, &mut report)?;
    Ok(report)
}

/// Copies a backup, after reading all of it, to an empty disk.
pub fn restore(backup: &dyn Disk, target: &dyn Disk) -> Result<VerifyReport, BackupError> {
    refuse_data(target)?;
    let report = verify(backup)?;
    if let Some(damage) = report.damages.first() {
        return Err(BackupError::Damaged(Box::new(damage.clone())));
    }
    prepare(target)?;
    for directory in [SNAPSHOT_DIRECTORY, JOURNAL_DIRECTORY] {
        for file_name in backup.list(directory)? {
            if !file_name.ends_with(".journal") && !file_name.ends_with(".snapshot") {
                continue;
            }
            let path = format!("{directory}/{file_name}");
            let file = backup.open(&path)?;
            let length = file.length()?;
            copy_range(file.as_ref(), 0, length, target, directory, &path)?;
        }
    }
    Ok(report)
}

fn refuse_data(target: &dyn Disk) -> Result<(), BackupError> {
    for directory in [SNAPSHOT_DIRECTORY, JOURNAL_DIRECTORY] {
        if !target.list(directory)?.is_empty() {
            return Err(BackupError::NotEmpty {
                directory: target.label(directory),
            });
        }
    }
    Ok(())
}

fn prepare(target: &dyn Disk) -> io::Result<()> {
    target.create_directory(JOURNAL_DIRECTORY)?;
    target.create_directory(SNAPSHOT_DIRECTORY)?;
    target.sync_directory("")
}

/// Snapshots are pruned while this looks for one; a newer one is there then.
const ATTEMPTS: usize = 5;

fn copy_snapshot(
    source: &dyn Disk,
    target: &dyn Disk,
    report: &mut BackupReport,
) -> Result<(), BackupError> {
    for _ in 1..ATTEMPTS {
        match try_copy_snapshot(source, target, report) {
            Err(BackupError::Disk(error)) if error.kind() == io::ErrorKind::NotFound => {}
            copied => return copied,
        }
    }
    try_copy_snapshot(source, target, report)
}

fn try_copy_snapshot(
    source: &dyn Disk,
    target: &dyn Disk,
    report: &mut BackupReport,
) -> Result<(), BackupError> {
    let survey = survey(source)?;
    report.first_sequence = survey
        .chain
        .first()
        .map_or(1, |link| link.name.first_sequence);
    report.damaged_snapshots = survey.dispensable_snapshots();
    for info in survey.snapshots.into_iter().rev() {
        let name = SnapshotName {
            number: info.number,
            replay_from: info.replay_from,
        };
        // Held open from here on, so that pruning does not take it away.
        let read = open_snapshot(source, name).and_then(|mut reader| {
            while reader.next_entity()?.is_some() {}
            Ok(reader)
        });
        match read {
            Ok(reader) => {
                let path = name.path();
                copy_range(
                    reader.file(),
                    0,
                    info.bytes,
                    target,
                    SNAPSHOT_DIRECTORY,
                    &path,
                )?;
                report.first_sequence = info.replay_from;
                report.snapshot = Some(info);
                return Ok(());
            }
            Err(SnapshotError::Damaged(damage)) => {
                report.damaged_snapshots.push(damage.with(Remedy::SetAside {
                    sequence: info.replay_from,
                }))
            }
            Err(SnapshotError::Disk(error)) => return Err(BackupError::Disk(error)),
            Err(error) => return Err(error.into()),
        }
    }
    let begins = report.first_sequence;
    match report.damaged_snapshots.pop() {
        // Without any snapshot all of the journal is needed.
        Some(damage) if begins > 1 => {
            let damage = damage.with(Remedy::NothingElse { begins });
            Err(BackupError::Damaged(Box::new(damage)))
        }
        damaged => {
            report.damaged_snapshots.extend(damaged);
            Ok(())
        }
    }
}

fn copy_journal(
    source: &dyn Disk,
    target: &dyn Disk,
    report: &mut BackupReport,
) -> Result<(), BackupError> {
    let until = report.last_sequence + 1;
    let mut links = Vec::new();
    let mut salt = 0;
    for link in survey(source)?.chain {
        let header = link.header.map_err(|what| {
            let file = source.label(&link.name.path());
            io::Error::other(format!("{file}: {what}"))
        })?;
        salt = header.salt;
        links.push(Link {
            header,
            until: link.limit.unwrap_or(until).min(until),
        });
    }
    let header = SegmentHeader {
        name: SegmentName {
            number: 1,
            first_sequence: report.first_sequence,
        },
        chain: 0,
        preceded_by: 0,
        salt,
        size: 0,
    };
    let mut builder = Builder::create(target, header)?;
    let mut failure = None;
    let mut records = 0;
    visit_links(
        source,
        &links,
        report.first_sequence,
        &mut |record| match builder.copy(&record) {
            Ok(()) => {
                records += 1;
                ControlFlow::Continue(())
            }
            Err(error) => {
                failure = Some(error);
                ControlFlow::Break(())
            }
        },
    )?;
    if let Some(error) = failure {
        return Err(error.into());
    }
    report.records = records;
    builder.publish(target)?;
    Ok(())
}
