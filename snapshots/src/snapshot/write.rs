//! Writing a snapshot.
//!
//! Owns: the buffer, the pace, and the way into place: new file, sync, rename, sync the directory.
//! Must never: give the file its name before the journal is durable up to what is in it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::disk::{Disk, DiskFile, write_fully};

use super::format::{self, Footer, SnapshotName};
use super::{EntityRef, SNAPSHOT_DIRECTORY, SnapshotError, SnapshotInfo, SnapshotWriter};

/// One write and one sync per this much: one sync at the end would stall the journal's behind it, and beside one per 4 MiB
/// one sync in a thousand of those took 2.5 ms instead of 1.1.
const CHUNK_BYTES: usize = 1 << 20;

/// A snapshot file in work.
pub(super) struct FileWriter {
    disk: Arc<dyn Disk>,
    path: String,
    file: Box<dyn DiskFile>,
    name: SnapshotName,
    header_crc: u32,
    pace: Option<Pace>,
    buffer: Vec<u8>,
    written: u64,
    entities: u64,
    highest: u64,
    digest: u32,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// Renamed into place.
    Finished,
    /// A write failed.
    Failed,
}

impl FileWriter {
    pub(super) fn create(
        disk: Arc<dyn Disk>,
        name: SnapshotName,
        bytes_per_second: Option<u64>,
    ) -> Result<Self, SnapshotError> {
        let path = format!("{}.tmp", name.path());
        let file = disk.create(&path)?;
        let header = format::encode_header(name);
        let header_crc = u32::from_le_bytes([header[60], header[61], header[62], header[63]]);
        Ok(Self {
            disk,
            path,
            file,
            name,
            header_crc,
            pace: bytes_per_second.map(Pace::new),
            buffer: header.to_vec(),
            written: 0,
            entities: 0,
            highest: 0,
            digest: 0,
            state: State::Open,
        })
    }

    fn write(&mut self) -> Result<(), SnapshotError> {
        write_fully(self.file.as_ref(), &self.buffer, self.written)?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    fn flush(&mut self) -> Result<(), SnapshotError> {
        self.write()?;
        self.file.sync_data()?;
        self.keep_pace();
        Ok(())
    }

    fn keep_pace(&self) {
        if let Some(pace) = &self.pace {
            pace.keep(self.written);
        }
    }

    fn complete(&mut self) -> Result<SnapshotInfo, SnapshotError> {
        let footer = Footer {
            entities: self.entities,
            highest_sequence: self.highest,
            offset: self.bytes(),
            digest: self.digest,
            header_crc: self.header_crc,
        };
        self.buffer.extend_from_slice(&footer.encode());
        self.write()?;
        self.file.sync_all()?;
        self.keep_pace();
        self.disk.rename(&self.path, &self.name.path())?;
        self.disk.sync_directory(SNAPSHOT_DIRECTORY)?;
        Ok(SnapshotInfo {
            number: self.name.number,
            replay_from: self.name.replay_from,
            highest_sequence: self.highest,
            entities: self.entities,
            bytes: self.written,
        })
    }

    fn fail<T>(&mut self, result: Result<T, SnapshotError>) -> Result<T, SnapshotError> {
        if result.is_err() {
            self.state = State::Failed;
        }
        result
    }

    fn check_open(&self) -> Result<(), SnapshotError> {
        match self.state {
            State::Open => Ok(()),
            State::Finished | State::Failed => Err(SnapshotError::Closed),
        }
    }
}

impl SnapshotWriter for FileWriter {
    fn put(&mut self, entity: EntityRef<'_>) -> Result<(), SnapshotError> {
        self.check_open()?;
        let bytes = entity.bytes.len();
        let length = u32::try_from(bytes).map_err(|_| SnapshotError::TooLarge { bytes })?;
        let crc = format::encode_entry(&mut self.buffer, &entity, length);
        self.digest = format::digest_with(self.digest, crc);
        self.entities += 1;
        self.highest = self.highest.max(entity.sequence);
        if self.buffer.len() >= CHUNK_BYTES {
            let flushed = self.flush();
            self.fail(flushed)?;
        }
        Ok(())
    }

    fn highest_sequence(&self) -> u64 {
        self.highest
    }

    fn bytes(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    fn finish(&mut self, durable_sequence: u64) -> Result<SnapshotInfo, SnapshotError> {
        self.check_open()?;
        // A snapshot proves that the records before `replay_from` were durable, too.
        let highest = self.highest.max(self.name.replay_from.saturating_sub(1));
        if highest > durable_sequence {
            return Err(SnapshotError::NotDurable {
                highest,
                durable: durable_sequence,
            });
        }
        let completed = self.complete();
        let info = self.fail(completed)?;
        self.state = State::Finished;
        Ok(info)
    }
}

impl Drop for FileWriter {
    fn drop(&mut self) {
        if self.state != State::Finished {
            // Nobody is told: the next start removes what is left.
            let _ = self.disk.release(&self.path);
        }
    }
}

/// Keeps a rate on average.
struct Pace {
    began: Instant,
    bytes_per_second: u64,
}

impl Pace {
    fn new(bytes_per_second: u64) -> Self {
        Self {
            began: Instant::now(),
            bytes_per_second: bytes_per_second.max(1),
        }
    }

    fn keep(&self, written: u64) {
        let due = Duration::from_secs_f64(written as f64 / self.bytes_per_second as f64);
        let ahead = due.saturating_sub(self.began.elapsed());
        if !ahead.is_zero() {
            std::thread::sleep(ahead);
        }
    }
}
