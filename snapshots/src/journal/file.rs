//! The journal in segment files.
//!
//! Owns: the active segment, the closed ones, and the order write, sync, tell. Must never: go on after a failed
//! write or sync, or write into a segment that a former process wrote.
//!
//! ```text
//! closed … closed ─ active ─▶ full: take a spare, header, sync, rename, sync the directory
//!    └─ trimmed: renamed to a spare
//! ```

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::disk::{Disk, DiskFile, DiskLock};

use super::encoder::{Builder, Encoder, Published};
use super::handle::{Handle, Shared};
use super::read::{Link, Records, visit_links};
use super::segment::{SegmentHeader, SegmentName};
use super::{
    Admission, Durability, JOURNAL_DIRECTORY, Journal, JournalError, JournalOptions, MARK_KIND,
    Positions, Record, StoredIterator, StoredRef,
};

/// A journal in files of one [`Disk`](crate::Disk). Opened by `FileJournal::open`.
pub struct FileJournal {
    shared: Arc<Shared>,
    options: JournalOptions,
    closed: Vec<Segment>,
    active: Active,
    positions: Positions,
    synced_before: u64,
    marked_before: u64,
    failure: Option<String>,
    _lock: DiskLock,
}

/// A segment that is read only.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Segment {
    pub(crate) link: Link,
    /// The length of its file in bytes.
    pub(crate) length: u64,
}

struct Active {
    file: Box<dyn DiskFile>,
    header: SegmentHeader,
    encoder: Encoder,
}

impl Active {
    /// Goes on in a segment that has its name. Where each write is synced nothing is gained by the cache.
    fn new(published: Published, disk: &dyn Disk, durability: Durability) -> io::Result<Self> {
        let Published {
            file,
            header,
            encoder,
        } = published;
        let file = match durability {
            Durability::Sync => disk.open_appending(&header.name.path(), encoder.position())?,
            Durability::Async => file,
        };
        Ok(Self {
            file,
            header,
            encoder,
        })
    }
}

/// What recovery hands over.
pub(crate) struct Opened {
    pub(crate) shared: Arc<Shared>,
    pub(crate) options: JournalOptions,
    pub(crate) closed: Vec<Segment>,
    pub(crate) active: Published,
    pub(crate) positions: Positions,
    pub(crate) lock: DiskLock,
}

impl FileJournal {
    /// Goes on after recovery: everything before the active segment's end is durable.
    pub(crate) fn resume(opened: Opened) -> io::Result<Self> {
        let disk = opened.shared.disk.as_ref();
        let active = Active::new(opened.active, disk, opened.options.durability)?;
        let next = active.encoder.next_sequence();
        let journal = Self {
            shared: opened.shared,
            options: opened.options,
            closed: opened.closed,
            active,
            positions: opened.positions,
            synced_before: next,
            marked_before: next,
            failure: None,
            _lock: opened.lock,
        };
        journal.shared.durable.store(next - 1, Ordering::Release);
        journal.count_held();
        Ok(journal)
    }

    /// For other threads.
    pub fn handle(&self) -> Handle {
        Handle {
            shared: Arc::clone(&self.shared),
        }
    }

    fn alive(&self) -> Result<(), JournalError> {
        match &self.failure {
            Some(failure) => Err(JournalError::Failed(failure.clone())),
            None => Ok(()),
        }
    }

    /// After the first failure nobody can say what is on the disk, so that every later call fails too.
    fn fatal<T>(&mut self, result: io::Result<T>) -> Result<T, JournalError> {
        result.map_err(|error| {
            let failure = error.to_string();
            self.failure = Some(failure.clone());
            JournalError::Failed(failure)
        })
    }

    fn check(&self, batch: &[Record]) -> Result<(), JournalError> {
        let limit_bytes = self.options.record_limit_bytes;
        for record in batch {
            if record.kind == MARK_KIND {
                return Err(JournalError::ReservedKind);
            }
            let bytes = record.payload.len();
            if bytes > limit_bytes {
                return Err(JournalError::TooLarge { bytes, limit_bytes });
            }
        }
        Ok(())
    }

    /// Puts as many records into the buffer as the active segment takes, and says how many.
    fn encode(&mut self, batch: &[Record]) -> usize {
        let encoder = &mut self.active.encoder;
        for (count, record) in batch.iter().enumerate() {
            let end = encoder.end_with(record.payload.len());
            if end > self.active.header.size {
                return count;
            }
            self.positions
                .add(encoder.next_sequence(), end - encoder.position());
            encoder.record(
                record.kind,
                record.version,
                record.entity,
                &record.payload,
                self.synced_before,
            );
        }
        batch.len()
    }

    fn write(&mut self) -> Result<(), JournalError> {
        let written = self.active.encoder.flush(self.active.file.as_ref());
        self.fatal(written)
    }

    fn sync_written(&mut self) -> Result<(), JournalError> {
        let synced = self.active.file.sync_data();
        self.fatal(synced)?;
        self.synced_before = self.active.encoder.next_sequence();
        self.shared
            .durable
            .store(self.synced_before - 1, Ordering::Release);
        Ok(())
    }

    /// Closes the active segment and goes on in an empty one.
    fn roll(&mut self) -> Result<(), JournalError> {
        if self.synced_before < self.next_sequence() {
            self.sync_written()?;
        }
        let rolled = self.open_segment();
        let next = self.fatal(rolled)?;
        let old = std::mem::replace(&mut self.active, next);
        self.closed.push(Segment {
            link: Link {
                header: old.header,
                until: self.next_sequence(),
            },
            length: old.header.size,
        });
        self.marked_before = self.next_sequence();
        self.count_held();
        Ok(())
    }

    fn open_segment(&mut self) -> io::Result<Active> {
        let path = match self.shared.pool.take() {
            Some(path) => path,
            None => self.shared.pool.make_now()?,
        };
        let encoder = &mut self.active.encoder;
        let header = SegmentHeader {
            name: SegmentName {
                number: self.active.header.name.number + 1,
                first_sequence: encoder.next_sequence(),
            },
            chain: encoder.chain(),
            preceded_by: self.active.header.name.number,
            salt: self.active.header.salt,
            size: 0,
        };
        let buffer = encoder.take_buffer();
        let file = self.shared.disk.open_writable(&path)?;
        let builder = Builder::new(path, file, header, buffer);
        let disk = self.shared.disk.as_ref();
        Active::new(builder.publish(disk)?, disk, self.options.durability)
    }

    fn count_held(&self) {
        let closed: u64 = self.closed.iter().map(|segment| segment.length).sum();
        let held = closed + self.active.header.size;
        self.shared.held_bytes.store(held, Ordering::Relaxed);
    }

    fn links(&self, from: u64) -> Result<Vec<Link>, JournalError> {
        let first = self.first_sequence();
        if from < first {
            return Err(JournalError::Trimmed {
                wanted: from,
                first,
            });
        }
        let active = Link {
            header: self.active.header,
            until: self.next_sequence(),
        };
        let closed = self.closed.iter().map(|segment| segment.link);
        Ok(closed.chain([active]).collect())
    }

    fn retire(&mut self, before: u64) -> io::Result<()> {
        let mut spares = Vec::new();
        let retired = self.rename_until(before, &mut spares);
        // What was renamed before a failure is not lost by it.
        self.shared.disk.sync_directory(JOURNAL_DIRECTORY)?;
        self.shared.pool.add(spares);
        retired
    }

    fn rename_until(&mut self, before: u64, spares: &mut Vec<String>) -> io::Result<()> {
        while let Some(segment) = self.closed.first() {
            if segment.link.until > before {
                break;
            }
            let path = segment.link.header.name.path();
            let retired = self.shared.pool.retire(&path, segment.length)?;
            spares.extend(retired);
            self.closed.remove(0);
        }
        Ok(())
    }
}

impl Journal for FileJournal {
    fn append(&mut self, batch: &[Record]) -> Result<u64, JournalError> {
        self.alive()?;
        self.check(batch)?;
        let mut rest = batch;
        while !rest.is_empty() {
            let count = self.encode(rest);
            rest = &rest[count..];
            if count > 0 {
                self.write()?;
                if self.options.durability == Durability::Sync {
                    self.sync_written()?;
                }
            }
            if !rest.is_empty() {
                self.roll()?;
            }
        }
        Ok(self.next_sequence() - 1)
    }

    fn sync(&mut self) -> Result<u64, JournalError> {
        self.alive()?;
        if self.synced_before < self.next_sequence() {
            self.sync_written()?;
        }
        Ok(self.next_sequence() - 1)
    }

    fn mark(&mut self) -> Result<(), JournalError> {
        self.sync()?;
        if self.marked_before == self.synced_before {
            return Ok(());
        }
        if self.active.encoder.end_with(0) > self.active.header.size {
            // The header of the next segment says the same.
            return self.roll();
        }
        self.active.encoder.mark();
        self.write()?;
        self.sync_written()?;
        self.marked_before = self.synced_before;
        Ok(())
    }

    fn read_from(&self, sequence: u64) -> Result<StoredIterator<'_>, JournalError> {
        let links = self.links(sequence)?;
        let disk = Arc::clone(&self.shared.disk);
        Ok(Box::new(Records::new(disk, links, sequence)))
    }

    fn replay(
        &self,
        sequence: u64,
        visit: &mut dyn FnMut(StoredRef<'_>) -> ControlFlow<()>,
    ) -> Result<u64, JournalError> {
        let links = self.links(sequence)?;
        visit_links(self.shared.disk.as_ref(), &links, sequence, visit)
    }

    fn trim(&mut self, before: u64) -> Result<(), JournalError> {
        self.alive()?;
        let shared = Arc::clone(&self.shared);
        let pins = shared.pins.lock();
        let allowed = pins.keys().next().map_or(before, |pin| before.min(*pin));
        let nothing = self
            .closed
            .first()
            .is_none_or(|segment| segment.link.until > allowed);
        if nothing {
            return Ok(());
        }
        let retired = self.retire(allowed);
        self.positions.trim(self.first_sequence());
        self.count_held();
        retired.map_err(JournalError::Trim)
    }

    fn next_sequence(&self) -> u64 {
        self.active.encoder.next_sequence()
    }

    fn durable_sequence(&self) -> u64 {
        self.synced_before - 1
    }

    fn first_sequence(&self) -> u64 {
        self.closed
            .first()
            .map_or(self.active.header.name.first_sequence, |segment| {
                segment.link.header.name.first_sequence
            })
    }

    fn bytes_since(&self, sequence: u64) -> u64 {
        self.positions.since(sequence, self.next_sequence())
    }

    fn admission(&mut self) -> Admission {
        self.shared.admission()
    }
}
