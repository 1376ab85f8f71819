//! Snapshots as files of one disk.
//!
//! Owns: which snapshots there are, which to load, which to remove. Must never: remove the last whole ones, or pass over
//! a damaged one in silence.

use std::io;
use std::sync::Arc;

use crate::damage::Damage;
use crate::disk::Disk;

use super::format::SnapshotName;
use super::read::open_snapshot;
use super::write::FileWriter;
use super::{
    EntityRef, SNAPSHOT_DIRECTORY, SnapshotError, SnapshotInfo, SnapshotReader, SnapshotStore,
    SnapshotWriter,
};

/// Snapshots in files of one [`Disk`].
#[derive(Clone)]
pub struct FileSnapshots {
    disk: Arc<dyn Disk>,
    write_bytes_per_second: Option<u64>,
}

/// What loading shows.
#[derive(Debug)]
pub enum Loading<'a> {
    /// A snapshot begins; whatever came before from another one is to be forgotten.
    Begin(&'a SnapshotInfo),
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
    /// Whole at both ends, the oldest first.
    pub(crate) whole: Vec<SnapshotInfo>,
    pub(crate) damaged: Vec<Damage>,
}

/// Reads the beginning and the end of every snapshot file.
pub(crate) fn survey_snapshots(disk: &dyn Disk) -> Result<SnapshotSurvey, SnapshotError> {
    let mut survey = SnapshotSurvey::default();
    for name in names(disk)? {
        match open_snapshot(disk, name) {
            Ok(reader) => survey.whole.push(reader.info().clone()),
            Err(SnapshotError::Damaged(damage)) => survey.damaged.push(*damage),
            // Pruned in the meantime.
            Err(SnapshotError::Disk(error)) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(survey)
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

    /// Shows the entities of the newest snapshot. When damage is met it begins again with the next older one, so that
    /// `visit` must be ready for a second [`Loading::Begin`]. Fails when all are damaged.
    pub fn load(&self, visit: &mut dyn FnMut(Loading<'_>)) -> Result<Loaded, SnapshotError> {
        self.load_older(u64::MAX, visit)
    }

    /// The same among the snapshots with a number below `than`.
    pub fn load_older(
        &self,
        than: u64,
        visit: &mut dyn FnMut(Loading<'_>),
    ) -> Result<Loaded, SnapshotError> {
        let mut loaded = Loaded::default();
        let mut names = names(self.disk.as_ref())?;
        names.retain(|name| name.number < than);
        for name in names.into_iter().rev() {
            match load_one(self.disk.as_ref(), name, visit) {
                Ok(info) => {
                    loaded.snapshot = Some(info);
                    return Ok(loaded);
                }
                Err(SnapshotError::Damaged(damage)) => loaded.damaged.push(*damage),
                Err(error) => return Err(error),
            }
        }
        match loaded.damaged.pop() {
            Some(damage) => Err(SnapshotError::Damaged(Box::new(damage))),
            None => Ok(loaded),
        }
    }
}

fn load_one(
    disk: &dyn Disk,
    name: SnapshotName,
    visit: &mut dyn FnMut(Loading<'_>),
) -> Result<SnapshotInfo, SnapshotError> {
    let mut reader = open_snapshot(disk, name)?;
    let info = reader.info().clone();
    visit(Loading::Begin(&info));
    while let Some(entity) = reader.next_entity()? {
        visit(Loading::Entity(entity));
    }
    Ok(info)
}

impl SnapshotStore for FileSnapshots {
    fn begin(&self, replay_from: u64) -> Result<Box<dyn SnapshotWriter>, SnapshotError> {
        self.disk.create_directory(SNAPSHOT_DIRECTORY)?;
        self.disk.sync_directory("")?;
        let last = names(self.disk.as_ref())?.pop();
        let name = SnapshotName {
            number: last.map_or(0, |last| last.number) + 1,
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
        let mut removed = false;
        for name in names(self.disk.as_ref())? {
            if name.number < oldest.number {
                self.disk.remove(&name.path())?;
                removed = true;
            }
        }
        if removed {
            self.disk.sync_directory(SNAPSHOT_DIRECTORY)?;
        }
        Ok(Some(oldest.replay_from))
    }
}
