//! One file of the in-memory disk: what was written, and what would be left of it.
//!
//! Owns: the versions of every 512-byte sector since the last sync. Must never: know names, faults or limits.
//!
//! ```text
//! write ──▶ dirty ──sync ok──▶ durable
//!             └───sync failed──▶ limbo: still readable, later syncs pass over it, a crash may lose it
//! ```

use std::collections::BTreeMap;

use super::SECTOR_BYTES;
use super::random::Random;

type Versions = BTreeMap<u64, Vec<Vec<u8>>>;

/// The contents of one file.
#[derive(Debug, Clone, Default)]
pub(super) struct Sectors {
    current: Vec<u8>,
    durable: Vec<u8>,
    dirty: Versions,
    limbo: Versions,
}

impl Sectors {
    /// A file whose bytes are all durable.
    pub(super) fn durable(bytes: Vec<u8>) -> Self {
        Self {
            durable: bytes.clone(),
            current: bytes,
            ..Self::default()
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.current
    }

    pub(super) fn write(&mut self, bytes: &[u8], offset: u64) {
        if bytes.is_empty() {
            return;
        }
        let start = offset as usize;
        let end = start + bytes.len();
        if self.current.len() < end {
            self.current.resize(end, 0);
        }
        self.current[start..end].copy_from_slice(bytes);
        let last = (end as u64 - 1) / SECTOR_BYTES;
        for sector in offset / SECTOR_BYTES..=last {
            let version = self.sector(sector).to_vec();
            self.limbo.remove(&sector);
            self.dirty.entry(sector).or_default().push(version);
        }
    }

    pub(super) fn set_length(&mut self, length: u64) {
        self.current.resize(length as usize, 0);
    }

    pub(super) fn sync(&mut self) {
        self.durable.resize(self.current.len(), 0);
        let dirty = std::mem::take(&mut self.dirty);
        for sector in dirty.into_keys() {
            let start = (sector * SECTOR_BYTES) as usize;
            let version = self.sector(sector).to_vec();
            if let Some(target) = self.durable.get_mut(start..start + version.len()) {
                target.copy_from_slice(&version);
            }
        }
    }

    /// What Linux does when writing back fails: the pages count as clean from then on.
    pub(super) fn fail_sync(&mut self) {
        for (sector, versions) in std::mem::take(&mut self.dirty) {
            self.limbo.entry(sector).or_default().extend(versions);
        }
    }

    /// What the disk holds after a crash: of every unsynced sector the old contents or any that were written.
    pub(super) fn after_crash(&self, random: &mut Random) -> Self {
        let mut bytes = self.durable.clone();
        if self.current.len() != bytes.len() && random.one_in(2) {
            bytes.resize(self.current.len(), 0);
        }
        for (sector, versions) in self.dirty.iter().chain(&self.limbo) {
            let choice = random.below(versions.len() as u64 + 1) as usize;
            let Some(version) = versions.get(choice) else {
                continue;
            };
            let start = (sector * SECTOR_BYTES) as usize;
            if start < bytes.len() {
                let end = (start + version.len()).min(bytes.len());
                bytes[start..end].copy_from_slice(&version[..end - start]);
            }
        }
        Self::durable(bytes)
    }

    fn sector(&self, sector: u64) -> &[u8] {
        let start = ((sector * SECTOR_BYTES) as usize).min(self.current.len());
        let end = (start + SECTOR_BYTES as usize).min(self.current.len());
        &self.current[start..end]
    }
}
