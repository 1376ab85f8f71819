//! Reading back: the journal, a snapshot and the archive, and that they fit together.
//!
//! Owns: from which snapshot it is gone on, and that damaged ones are kept aside. Never: goes on, without a word, past a
//! damaged snapshot, or with an archive that has lost what a snapshot counts on.
//!
//! ```text
//!  a damaged snapshot ─▶ the next older one, or the whole journal, when the journal reaches back to there; else refused
//!
//!  the archive's revision   ≥ that in the newest snapshot ─▶ the records behind that one
//!                           < … ─▶ an older snapshot that it reaches: what ended since is archived again
//!                           < every one whose journal is still there ─▶ refused
//!                           none at all, where a snapshot counts on some ─▶ refused: it is lost, or another one
//!  no archive, or an empty one, where the journal has had a record or there is a snapshot ─▶ refused: it is lost
//!  (a first start makes the archive before the first record)
//! ```

use super::OpenError;
use crate::{
    archive::{self, Archive},
    options::Options,
    record::kind,
    recovery::{self, Recovered},
};
use rpa::terms::Sha256;
use snapshots::{
    Damage, Disk, FileJournal, FileSnapshots, Journal, JournalOptions, Loading, RecoveryReport,
    SnapshotError, SnapshotReader, SnapshotStore,
};
use std::{collections::BTreeSet, ops::ControlFlow, path::Path, sync::Arc};

/// The archive's file in the data directory.
const ARCHIVE: &str = "history.db";
/// Journal segments that are kept to be written again take at most so much of the disk.
const KEPT_BYTES: u64 = 256 << 20;

/// What was read back.
pub(super) struct Read {
    pub(super) found: Recovered,
    pub(super) journal: FileJournal,
    pub(super) store: FileSnapshots,
    pub(super) archive: Archive,
    /// The revision that the archive has once all that was found is archived.
    pub(super) owed_revision: u64,
}

pub(super) fn read_all(disk: Arc<dyn Disk>, options: &Options) -> Result<Read, OpenError> {
    let journal_options = JournalOptions {
        durability: options.durability,
        segment_bytes: options.segment_bytes,
        kept_segments: kept_segments(options),
        held_limit_bytes: Some(options.journal_limit_bytes),
        ..JournalOptions::default()
    };
    let (journal, report) = FileJournal::open(Arc::clone(&disk), journal_options)?;
    say(&report);
    let store = FileSnapshots::new(disk, options.snapshot_bytes_per_second);
    let snapshots = store.list().map_err(snapshots::OpenError::from)?;
    let had_snapshots = !snapshots.is_empty() || !report.damaged_snapshots.is_empty();
    let recorded = journal.next_sequence() > 1;
    let history = History::open(&options.data, recorded || had_snapshots)?;
    let mut chosen = choose(&store, &history, journal.first_sequence())?;
    let found = &mut chosen.found;
    journal
        .replay(chosen.replay_from, &mut |stored| {
            found.record(stored);
            ControlFlow::Continue(())
        })
        .map_err(snapshots::OpenError::from)?;
    found.check()?;
    let forgotten: Vec<_> = found.forgotten.iter().copied().collect();
    if !forgotten.is_empty() {
        history.archive.delete_definitions(&forgotten)?;
    }
    let damaged = report.damaged_snapshots.iter().chain(&chosen.damaged);
    chosen.found.set_aside = damaged.filter_map(|it| keep_aside(&store, it)).collect();
    Ok(Read {
        found: chosen.found,
        journal,
        store,
        archive: history.archive,
        owed_revision: chosen.owed_revision,
    })
}

/// What a small snapshot makes needless is written again.
fn kept_segments(options: &Options) -> usize {
    let kept_bytes = options.snapshot_journal_bytes.min(KEPT_BYTES);
    usize::try_from(kept_bytes / options.segment_bytes.max(1)).unwrap_or(usize::MAX)
}

fn say(report: &RecoveryReport) {
    if let Some(torn) = &report.torn {
        tracing::warn!(file = %torn.file, offset = torn.offset, sequence = torn.sequence, kept_as = %torn.kept_as,
            "the journal's end was torn by a crash; nothing of it had been answered");
    }
}

/// All of the state was read without it: what is there of it is kept, and never counted as a snapshot again. Gives the
/// name of the file that has it now.
fn keep_aside(store: &FileSnapshots, damage: &Damage) -> Option<String> {
    let file = match store.set_aside(damage) {
        Ok(Some(kept_as)) => {
            tracing::error!(%damage, %kept_as, "a damaged snapshot was set aside");
            kept_as
        }
        // Told already.
        Ok(None) => return None,
        Err(error) => {
            tracing::error!(%damage, %error, "a damaged snapshot could not be set aside");
            damage.file.clone()
        }
    };
    let name = Path::new(&file).file_name();
    name.map(|name| name.to_string_lossy().into_owned())
}

/// The archive as the start finds it.
struct History {
    file: String,
    archive: Archive,
}

impl History {
    /// `needed`: it had been there, so it is not made.
    fn open(data: &Path, needed: bool) -> Result<Self, OpenError> {
        let path = data.join(ARCHIVE);
        let file = path.display().to_string();
        let refused = |error| match error {
            archive::Error::Corrupt(_) | archive::Error::Damaged(_) => {
                let file = file.clone();
                OpenError::ArchiveDamaged { file, error }
            }
            archive::Error::Full(_)
            | archive::Error::Newer { .. }
            | archive::Error::Unavailable(_)
            | archive::Error::Export(_) => error.into(),
        };
        let is_new = !Archive::is_there(&path).map_err(refused)?;
        if is_new && needed {
            return Err(OpenError::ArchiveMissing { file });
        }
        let opened = Archive::open(&path).and_then(|archive| archive.check().map(|()| archive));
        let archive = opened.map_err(refused)?;
        if is_new {
            // It outlives a power cut from before the first record on.
            std::fs::File::open(data)?.sync_all()?;
        }
        Ok(History { file, archive })
    }

    fn behind(&self, has: u64, wanted: u64) -> OpenError {
        OpenError::ArchiveBehind {
            file: self.file.clone(),
            lost: wanted - has,
        }
    }
}

/// The snapshot that is gone on from.
struct Chosen {
    found: Recovered,
    replay_from: u64,
    owed_revision: u64,
    /// Those that were passed over.
    damaged: Vec<Damage>,
}

fn choose(
    store: &FileSnapshots,
    history: &History,
    first_sequence: u64,
) -> Result<Chosen, OpenError> {
    let has = history.archive.revision()?;
    let (mut below, mut owed_revision) = (u64::MAX, 0);
    let mut damaged = Vec::new();
    loop {
        let mut found = Recovered::default();
        let loaded = store.load_older(below, first_sequence, &mut |loading| match loading {
            Loading::Begin(_) => {
                // What a damaged one says before its damage is true.
                owed_revision = owed_revision.max(found.archive_revision);
                found.begin();
            }
            Loading::Entity(entity) => found.entity(entity),
        });
        let loaded = match loaded {
            Err(SnapshotError::Damaged(_)) if owed_revision > has => {
                return Err(history.behind(has, owed_revision));
            }
            other => other.map_err(snapshots::OpenError::from)?,
        };
        damaged.extend(loaded.damaged);
        let wanted = found.archive_revision;
        owed_revision = owed_revision.max(wanted);
        if owed_revision > 0 && has == 0 {
            // The journal may still tell of all that has ended, but never of logs and of who changed what.
            return Err(history.behind(has, owed_revision));
        }
        let replay_from = match loaded.snapshot {
            Some(snapshot) if wanted > has => {
                below = snapshot.number;
                continue;
            }
            Some(snapshot) => snapshot.replay_from,
            // Without a snapshot all of the journal is needed, from its very beginning.
            None if owed_revision > has && first_sequence > 1 => {
                return Err(history.behind(has, owed_revision));
            }
            None => first_sequence,
        };
        if owed_revision > has {
            tracing::error!(file = %history.file, lost = owed_revision - has,
                "the archive has lost its last commits; what had ended is archived again from the journal");
        }
        return Ok(Chosen {
            found,
            replay_from,
            owed_revision,
            damaged,
        });
    }
}

/// Opens the archive of data at rest; `recorded`: the journal has had a record, so it must be there.
pub fn open_history(data: &Path, recorded: bool) -> Result<Archive, OpenError> {
    History::open(data, recorded).map(|history| history.archive)
}

/// Reads all of the archive and compares it with the newest snapshot. Needs no lock, and makes none.
pub fn verify_history(data: &Path, disk: Arc<dyn Disk>) -> Result<(), OpenError> {
    let wanted = wanted_revision(Arc::clone(&disk))?;
    let is_there = Archive::is_there(&data.join(ARCHIVE));
    if wanted.is_none() && matches!(is_there, Ok(false)) && !has_recorded(disk.as_ref())? {
        return Ok(());
    }
    let history = History::open(data, true)?;
    if let Err(error) = history.archive.verify() {
        let file = history.file;
        return Err(OpenError::ArchiveDamaged { file, error });
    }
    let (has, wanted) = (history.archive.revision()?, wanted.unwrap_or(0));
    if wanted > has {
        return Err(history.behind(has, wanted));
    }
    Ok(())
}

/// Goes on with what is left of an archive that has lost rows, or is missing; gives how many of its commits are given up.
/// The caller holds the lock on the data.
pub fn accept_history(data: &Path, disk: Arc<dyn Disk>) -> Result<u64, OpenError> {
    let wanted = wanted_revision(disk)?.unwrap_or(0);
    let history = History::open(data, false)?;
    let has = history.archive.revision()?;
    history.archive.advance(wanted)?;
    Ok(wanted.saturating_sub(has))
}

/// The package files that the state names: versions, uploads, and jobs that have not ended. Needs no lock.
pub fn named_package_files(disk: Arc<dyn Disk>) -> Result<BTreeSet<Sha256>, OpenError> {
    let mut found = Recovered::default();
    let store = FileSnapshots::new(Arc::clone(&disk), None);
    let loaded = store
        .load(1, &mut |loading| match loading {
            Loading::Begin(_) => found.begin(),
            Loading::Entity(entity) if names_files(entity.kind) => found.entity(entity),
            Loading::Entity(_) => {}
        })
        .map_err(snapshots::OpenError::from)?;
    if let Some(damage) = loaded.damaged.into_iter().next() {
        return Err(snapshots::OpenError::Corrupt(Box::new(damage)).into());
    }
    let from = loaded.snapshot.map_or(0, |snapshot| snapshot.replay_from);
    snapshots::reread(disk.as_ref(), from, &mut |stored| {
        if names_files(stored.kind) {
            found.record(stored);
        }
    })?;
    found.check()?;
    let of_jobs = found.executions.digests();
    Ok(found.registry.digests().chain(of_jobs).collect())
}

fn names_files(entity_kind: u16) -> bool {
    [
        kind::REGISTRY,
        kind::EXECUTION,
        kind::PLACED_EXECUTION,
        kind::EXECUTION_SET_ASIDE,
    ]
    .contains(&entity_kind)
}

/// Whether the journal has a record.
fn has_recorded(disk: &dyn Disk) -> Result<bool, OpenError> {
    let mut found = false;
    snapshots::reread(disk, 0, &mut |_| found = true)?;
    Ok(found)
}

/// What the newest snapshot of which that can be read says of the archive; none without one.
fn wanted_revision(disk: Arc<dyn Disk>) -> Result<Option<u64>, OpenError> {
    let store = FileSnapshots::new(disk, None);
    let snapshots = store.list().map_err(snapshots::OpenError::from)?;
    for info in snapshots.iter().rev() {
        let reader = store.open(info.number);
        match reader.and_then(|mut reader| stated_revision(&mut reader)) {
            // What is wrong with it is told where snapshots are read.
            Err(SnapshotError::Damaged(_)) => {}
            Err(error) => return Err(snapshots::OpenError::from(error).into()),
            Ok(stated) => {
                let failed = |error| recovery::Failure {
                    sequence: 0,
                    kind: kind::ARCHIVE,
                    error,
                };
                let stated = stated.map(|bytes| recovery::revision(&bytes).map_err(failed));
                return Ok(Some(stated.transpose()?.unwrap_or(0)));
            }
        }
    }
    Ok(None)
}

/// It is the first of the entities; snapshots of former builds have none.
fn stated_revision(reader: &mut SnapshotReader) -> Result<Option<Vec<u8>>, SnapshotError> {
    while let Some(entity) = reader.next_entity()? {
        if entity.kind == kind::ARCHIVE {
            return Ok(Some(entity.bytes.to_vec()));
        }
    }
    Ok(None)
}
