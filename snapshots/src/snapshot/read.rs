//! Reading a snapshot, checking every byte on the way.
//!
//! Owns: what makes a snapshot whole. Must never: lend an entity whose checksum does not fit, or end quietly before
//! the last one.

use std::io;

use crate::damage::{Damage, Remedy};
use crate::disk::{Disk, DiskFile, Window, read_fully};

use super::format::{
    self, ENTRY_BYTES, FOOTER_BYTES, Footer, HEADER_BYTES, HeaderFlaw, SnapshotName,
};
use super::{Entity, EntityRef, SnapshotError, SnapshotInfo};

/// A snapshot being read. As an iterator it gives copies and ends after the first error.
pub struct SnapshotReader {
    window: Window,
    info: SnapshotInfo,
    label: String,
    footer: Footer,
    position: u64,
    read: u64,
    digest: u32,
    ended: bool,
}

/// Opens a snapshot whose header and footer are whole.
pub(crate) fn open_snapshot(
    disk: &dyn Disk,
    name: SnapshotName,
) -> Result<SnapshotReader, SnapshotError> {
    let label = disk.label(&name.path());
    let file = disk.open(&name.path())?;
    let damaged = |offset: u64, what: &str| damage(&label, offset, name, what);

    let mut head = [0u8; HEADER_BYTES];
    let read = read_fully(file.as_ref(), &mut head, 0)?;
    let header_crc = match format::decode_header(&head[..read], name) {
        Ok(crc) => crc,
        Err(HeaderFlaw::Damaged) => return Err(damaged(0, "the header does not fit")),
        Err(HeaderFlaw::Format(found)) => {
            return Err(SnapshotError::UnknownFormat {
                file: label,
                found,
                known: format::FORMAT,
            });
        }
    };
    let window = Window::new(file)?;
    let length = window.length();
    let offset = length.saturating_sub(FOOTER_BYTES as u64);
    let footer = read_footer(window.file(), offset)?
        .filter(|footer| footer.offset == offset && footer.header_crc == header_crc)
        .ok_or_else(|| damaged(offset, "the footer does not fit"))?;
    Ok(SnapshotReader {
        window,
        info: SnapshotInfo {
            number: name.number,
            replay_from: name.replay_from,
            highest_sequence: footer.highest_sequence,
            entities: footer.entities,
            bytes: length,
        },
        label,
        footer,
        position: HEADER_BYTES as u64,
        read: 0,
        digest: 0,
        ended: false,
    })
}

/// What a snapshot proves by its name, and by its footer where that can be read: every record before this was durable.
pub(crate) fn proven_before(disk: &dyn Disk, name: SnapshotName) -> io::Result<u64> {
    let file = disk.open(&name.path())?;
    let offset = file.length()?.saturating_sub(FOOTER_BYTES as u64);
    let footer = read_footer(file.as_ref(), offset)?;
    let highest = footer.map_or(0, |footer| footer.highest_sequence);
    Ok(name.replay_from.max(highest.saturating_add(1)))
}

fn read_footer(file: &dyn DiskFile, offset: u64) -> io::Result<Option<Footer>> {
    let mut tail = [0u8; FOOTER_BYTES];
    let read = read_fully(file, &mut tail, offset)?;
    Ok(Footer::decode(&tail[..read]))
}

fn damage(label: &str, offset: u64, name: SnapshotName, what: &str) -> SnapshotError {
    SnapshotError::Damaged(Box::new(Damage {
        file: label.to_owned(),
        offset,
        sequence: name.replay_from,
        what: what.to_owned(),
        proof: "a snapshot has its name only after it is whole".to_owned(),
        remedy: Remedy::Undecided,
    }))
}

impl SnapshotReader {
    /// What is known about it.
    pub fn info(&self) -> &SnapshotInfo {
        &self.info
    }

    pub(crate) fn file(&self) -> &dyn DiskFile {
        self.window.file()
    }

    pub(crate) fn name(&self) -> SnapshotName {
        SnapshotName {
            number: self.info.number,
            replay_from: self.info.replay_from,
        }
    }

    /// Lends the next entity; `None` after the last one, when all of them were there.
    pub fn next_entity(&mut self) -> Result<Option<EntityRef<'_>>, SnapshotError> {
        let offset = self.position;
        let name = self.name();
        let damaged = |what: &str| damage(&self.label, offset, name, what);
        if offset == self.footer.offset {
            if self.read != self.footer.entities || self.digest != self.footer.digest {
                return Err(damaged("the entities are not those that were written"));
            }
            return Ok(None);
        }
        if offset + ENTRY_BYTES as u64 > self.footer.offset {
            return Err(damaged("an entity runs into the footer"));
        }
        let head = self.window.get(offset, ENTRY_BYTES)?;
        let Some(length) = head.and_then(format::entry_length) else {
            return Err(damaged("there is no entity"));
        };
        let span = format::entry_span(length);
        if offset + span as u64 > self.footer.offset {
            return Err(damaged("an entity runs into the footer"));
        }
        let entry = self.window.get(offset, span)?;
        let decoded = entry.and_then(|entry| format::decode_entry(entry, length));
        let Some((entity, crc)) = decoded else {
            return Err(damaged("an entity does not fit its checksum"));
        };
        self.position = offset + span as u64;
        self.digest = format::digest_with(self.digest, crc);
        self.read += 1;
        Ok(Some(entity))
    }
}

impl Iterator for SnapshotReader {
    type Item = Result<Entity, SnapshotError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self
            .next_entity()
            .map(|entity| entity.map(|entity| entity.to_entity()));
        self.ended = !matches!(next, Ok(Some(_)));
        next.transpose()
    }
}
