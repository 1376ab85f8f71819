//! Snapshots as files of one disk.
//!
//! Owns: which snapshots there are, which to load, which to remove. Must never: remove the last whole ones, pass over
//! a damaged one in silence, or give a number twice: what was set aside keeps its name.

use std::io;
use std::sync::Arc;

use crate::damage::{Damage, Remedy};
use crate::disk::Disk;

use super::format::SnapshotName;
use super::read::{open_snapshot, proven_before};
use super::write::FileWriter;
use super::{
    EntityRef, SNAPSHOT_DIRECTORY, SnapshotError, SnapshotInfo, SnapshotReader, SnapshotStore,
    SnapshotWriter,
};

/// Ends the name of what was set aside.
const TORN: &str = ".torn";
/// Ends the name of what was pruned and still takes space; the next start removes it, too.
const PRUNED: &str = ".pruned.tmp";

/// Snapshots in files of one [`Disk`].
#[derive(Clone)]
pub struct FileSnapshots {
    disk: Arc<dyn Disk>,
    write_bytes_per_second: Option<u64>,
}

/// What loading shows.
#[derive(Debug)]
pub enum Loading<'a> {
    /// A snapshot begins, or without one the journal from its first record; whatever came before is to be forgotten.
    Begin(Option<&'a SnapshotInfo>),
    /// One of its entities.
    Entity(EntityRef<'a>),
}

/// What was loaded.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The snapshot, or `None` when there is none: then the journal has everything.
    pub snapshot: Option<SnapshotInfo>,
    /// The newer ones that were passed over because they are damaged.
    pub damaged: Vec<Damage>,
}

/// The snapshot files there are.
#[derive(Debug, Default)]
pub(crate) struct SnapshotSurvey {
    /// Whole as far as they were read, the oldest first.
    pub(crate) whole: Vec<SnapshotInfo>,
    pub(crate) damaged: Vec<Damage>,
    /// The names of those that are damaged.
    pub(crate) damaged_names: Vec<SnapshotName>,
    /// Every record before this was durable: one of them says so, whole or not.
    pub(crate) proven_before: u64,
}

/// Reads the beginning and the end of every snapshot file.
pub(crate) fn survey_snapshots(disk: &dyn Disk) -> Result<SnapshotSurvey, SnapshotError> {
    survey_with(disk, &|name| Ok(open_snapshot(disk, name)?.info().clone()))
}

/// Reads every snapshot file to its end.
pub(crate) fn read_snapshots(disk: &dyn Disk) -> Result<SnapshotSurvey, SnapshotError> {
    survey_with(disk, &|name| load_one(disk, name, &mut |_| {}))
}

fn survey_with(
    disk: &dyn Disk,
    read: &dyn Fn(SnapshotName) -> Result<SnapshotInfo, SnapshotError>,
) -> Result<SnapshotSurvey, SnapshotError> {
    let mut survey = SnapshotSurvey {
        proven_before: 1,
        ..SnapshotSurvey::default()
    };
    for name in names(disk)? {
        let proven = match read(name) {
            Ok(info) => {
                let proven = info.replay_from.max(info.highest_sequence + 1);
                survey.whole.push(info);
                Ok(proven)
            }
            Err(SnapshotError::Damaged(damage)) => {
                survey.damaged.push(*damage);
                survey.damaged_names.push(name);
                proven_before(disk, name).map_err(SnapshotError::Disk)
            }
            Err(error) => Err(error),
        };
        match proven {
            Ok(proven) => survey.proven_before = survey.proven_before.max(proven),
            // Pruned in the meantime.
            Err(SnapshotError::Disk(error)) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(survey)
}

/// Renames a snapshot so that it is read no more; its new path.
pub(crate) fn set_aside(disk: &dyn Disk, name: SnapshotName) -> io::Result<String> {
    let path = name.path();
    let kept_as = format!("{path}{TORN}");
    disk.rename(&path, &kept_as)?;
    disk.sync_directory(SNAPSHOT_DIRECTORY)?;
    Ok(kept_as)
}

fn names(disk: &dyn Disk) -> io::Result<Vec<SnapshotName>> {
    let files = disk.list(SNAPSHOT_DIRECTORY)?;
    let mut names: Vec<SnapshotName> = files
        .iter()
        .filter_map(|file_name| SnapshotName::parse(file_name))
        .collect();
    names.sort();
    Ok(names)
}

impl FileSnapshots {
    /// Snapshots on `disk`, written at no more than `write_bytes_per_second` (`None`: as fast as it goes).
    pub fn new(disk: Arc<dyn Disk>, write_bytes_per_second: Option<u64>) -> Self {
        Self {
            disk,
            write_bytes_per_second,
        }
    }

    /// Shows the entities of the newest snapshot. When damage is met it begins again with the next older one, or, when the
    /// journal begins at the first record, with none at all; so `visit` must be ready for another [`Loading::Begin`].
    /// `first_sequence` is where the journal begins. Fails when the journal does not reach back to what is whole.
    pub fn load(
        &self,
        first_sequence: u64,
        visit: &mut dyn FnMut(Loading<'_>),
    ) -> Result<Loaded, SnapshotError> {
        self.load_older(u64::MAX, first_sequence, visit)
    }

    /// The same among the snapshots with a number below `than`.
    pub fn load_older(
        &self,
        than: u64,
        first_sequence: u64,
        visit: &mut dyn FnMut(Loading<'_>),
    ) -> Result<Loaded, SnapshotError> {
        let mut loaded = Loaded::default();
        let mut names = names(self.disk.as_ref())?;
        names.retain(|name| name.number < than && name.replay_from >= first_sequence);
        for name in names.into_iter().rev() {
            let damage = match load_one(self.disk.as_ref(), name, visit) {
                Ok(info) => {
                    loaded.snapshot = Some(info);
                    return Ok(loaded);
                }
                Err(SnapshotError::Damaged(damage)) => damage,
                Err(error) => return Err(error),
            };
            let sequence = name.replay_from;
            loaded
                .damaged
                .push(damage.with(Remedy::SetAside { sequence }));
        }
        if loaded.damaged.is_empty() {
            return Ok(loaded);
        }
        if first_sequence > 1 {
            let begins = first_sequence;
            let newest = loaded.damaged.swap_remove(0);
            let damage = newest.with(Remedy::NothingElse { begins });
            return Err(SnapshotError::Damaged(Box::new(damage)));
        }
        visit(Loading::Begin(None));
        Ok(loaded)
    }

    /// Sets the snapshot aside that `damage` tells of, and says where it is kept; none when it is no longer there. To be
    /// called only when what is left was read to its end, by whoever holds the lock on the data.
    pub fn set_aside(&self, damage: &Damage) -> io::Result<Option<String>> {
        let disk = self.disk.as_ref();
        let mut names = names(disk)?.into_iter();
        let name = names.find(|name| disk.label(&name.path()) == damage.file);
        let kept_as = name.map(|name| set_aside(disk, name)).transpose()?;
        Ok(kept_as.map(|path| disk.label(&path)))
    }
}

fn load_one(
    disk: &dyn Disk,
    name: SnapshotName,
    visit: &mut dyn FnMut(Loading<'_>),
) -> Result<SnapshotInfo, SnapshotError> {
    let mut reader = open_snapshot(disk, name)?;
    let info = reader.info().clone();
    visit(Loading::Begin(Some(&info)));
    while let Some(entity) = reader.next_entity()? {
        visit(Loading::Entity(entity));
    }
    Ok(info)
}

impl SnapshotStore for FileSnapshots {
    fn begin(&self, replay_from: u64) -> Result<Box<dyn SnapshotWriter>, SnapshotError> {
        self.disk.create_directory(SNAPSHOT_DIRECTORY)?;
        self.disk.sync_directory("")?;
        let files = self.disk.list(SNAPSHOT_DIRECTORY)?;
        let used = files.iter().filter_map(|file_name| {
            let name = file_name.strip_suffix(TORN).unwrap_or(file_name);
            SnapshotName::parse(name)
        });
        let name = SnapshotName {
            number: used.map(|name| name.number).max().unwrap_or(0) + 1,
            replay_from,
        };
        let disk = Arc::clone(&self.disk);
        let writer = FileWriter::create(disk, name, self.write_bytes_per_second)?;
        Ok(Box::new(writer))
    }

    fn latest(&self) -> Result<Option<SnapshotReader>, SnapshotError> {
        match self.list()?.last() {
            Some(info) => self.open(info.number).map(Some),
            None => Ok(None),
        }
    }

    fn open(&self, number: u64) -> Result<SnapshotReader, SnapshotError> {
        let disk = self.disk.as_ref();
        let name = names(disk)?.into_iter().find(|name| name.number == number);
        let name = name.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        open_snapshot(disk, name)
    }

    fn list(&self) -> Result<Vec<SnapshotInfo>, SnapshotError> {
        Ok(survey_snapshots(self.disk.as_ref())?.whole)
    }

    fn prune(&self, keep: usize) -> Result<Option<u64>, SnapshotError> {
        let whole = self.list()?;
        let Some(oldest) = whole
            .len()
            .checked_sub(keep.max(1))
            .and_then(|at| whole.get(at))
        else {
            return Ok(None);
        };
        let mut renamed = false;
        for name in names(self.disk.as_ref())? {
            if name.number < oldest.number {
                // Whether it is cut already or not, it is no snapshot any more.
                let path = name.path();
                self.disk.rename(&path, &format!("{path}{PRUNED}"))?;
                renamed = true;
            }
        }
        if renamed {
            self.disk.sync_directory(SNAPSHOT_DIRECTORY)?;
        }
        Ok(Some(oldest.replay_from))
    }

    fn sweep(&self) -> Result<(), SnapshotError> {
        for file_name in self.disk.list(SNAPSHOT_DIRECTORY)? {
            if file_name.ends_with(PRUNED) {
                let path = format!("{SNAPSHOT_DIRECTORY}/{file_name}");
                self.disk.release(&path)?;
            }
        }
        Ok(())
    }
}
