//! A writer's life on a disk that may fail at any call: appends, marks, rolls, snapshots, trimming.
//!
//! Owns: what was written and what was answered. Holds no expectation but that after the first failure
//! of the journal nothing more is answered.

use std::sync::Arc;

use snapshots::{
    Disk, Durability, EntityRef, FileJournal, FileSnapshots, Journal, JournalError, JournalOptions,
    MemoryDisk, OpenError, Random, Record, SnapshotError, SnapshotStore,
};

use super::{options, record};

/// What a writer has done.
#[derive(Default)]
pub struct Workload {
    /// Every record that was ever handed to the journal, at its sequence.
    pub written: Vec<Record>,
    /// Every record up to here was answered.
    pub acked: usize,
}

/// Why a life ended.
#[derive(Debug)]
pub enum End {
    Finished,
    Open(OpenError),
    Journal(JournalError),
}

impl Workload {
    /// Opens the journal, checks what is there and does `steps` things.
    pub fn live(
        &mut self,
        disk: &MemoryDisk,
        segment_bytes: u64,
        durability: Durability,
        steps: usize,
        random: &mut Random,
    ) -> End {
        let shared: Arc<dyn Disk> = Arc::new(disk.clone());
        let options = JournalOptions {
            durability,
            salt: random.next_number(),
            kept_segments: 1 + random.below(4) as usize,
            ..options(segment_bytes)
        };
        let (mut journal, _) = match FileJournal::open(Arc::clone(&shared), options) {
            Ok(opened) => opened,
            Err(error) => return End::Open(error),
        };
        let snapshots = FileSnapshots::new(shared, None);
        // What was written but not answered may have been cut.
        self.written.truncate(journal.next_sequence() as usize - 1);
        for _ in 0..steps {
            if let Err(error) = self.step(&mut journal, &snapshots, segment_bytes, random) {
                if !matches!(error, JournalError::Trim(_)) {
                    let again = journal.append(&[record(1, 1)]);
                    assert!(
                        matches!(again, Err(JournalError::Failed(_))),
                        "{error}: {again:?}"
                    );
                }
                return End::Journal(error);
            }
        }
        End::Finished
    }

    fn step(
        &mut self,
        journal: &mut FileJournal,
        snapshots: &FileSnapshots,
        segment_bytes: u64,
        random: &mut Random,
    ) -> Result<(), JournalError> {
        match random.below(10) {
            0 => journal.mark()?,
            1 => {
                let saved = save(journal, snapshots, random);
                // A failed snapshot is tried again later; the journal goes on.
                if let Ok(Some(before)) = saved {
                    journal.trim(before)?;
                }
            }
            2 => {
                // A failure shows in admission.
                let _ = journal.handle().prepare_next();
            }
            3 => self.acked = journal.sync()? as usize,
            _ => {
                let count = 1 + random.below(6);
                let batch: Vec<Record> = (0..count)
                    .map(|at| {
                        let bytes = random.below(segment_bytes / 4) as usize;
                        record(self.written.len() as u64 + 1 + at, bytes)
                    })
                    .collect();
                self.written.extend_from_slice(&batch);
                journal.append(&batch)?;
                self.acked = self.acked.max(journal.durable_sequence() as usize);
            }
        }
        Ok(())
    }
}

fn save(
    journal: &mut FileJournal,
    snapshots: &FileSnapshots,
    random: &mut Random,
) -> Result<Option<u64>, SnapshotError> {
    let next = journal.next_sequence();
    let mut writer = snapshots.begin(next)?;
    for entity in 0..random.below(4) {
        writer.put(EntityRef {
            entity: entity.into(),
            kind: 1,
            version: 1,
            sequence: next.saturating_sub(entity + 1),
            bytes: &[7; 50],
        })?;
    }
    if journal.sync().is_err() {
        return Ok(None);
    }
    writer.finish(journal.durable_sequence())?;
    let before = snapshots.prune(2)?;
    // What fails is tried again the next time.
    let _ = snapshots.sweep();
    Ok(before)
}
