//! Reading records across segments.
//!
//! Owns: the walk from segment to segment, as a callback and as an iterator. Must never: read past the sequence
//! that it was told is the end; what lies there may be half written.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::damage::{Damage, Remedy};
use crate::disk::{Disk, Window};

use super::scan::{Flaw, FrameScan, Step};
use super::segment::SegmentHeader;
use super::{JournalError, Stored, StoredRef};

/// A segment and where its records end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link {
    pub(crate) header: SegmentHeader,
    /// The first sequence that is not to be read here.
    pub(crate) until: u64,
}

impl Link {
    fn scan(&self, disk: &dyn Disk) -> Result<FrameScan, JournalError> {
        let file = disk
            .open(&self.header.name.path())
            .map_err(JournalError::Read)?;
        let window = Window::new(file).map_err(JournalError::Read)?;
        Ok(FrameScan::new(window, &self.header))
    }

    fn damage(&self, disk: &dyn Disk, offset: u64, sequence: u64, flaw: Flaw) -> JournalError {
        JournalError::Corrupt(Box::new(Damage {
            file: disk.label(&self.header.name.path()),
            offset,
            sequence,
            what: flaw.to_string(),
            proof: format!("sequence {} was read or written since", self.until - 1),
            remedy: Remedy::Repair { sequence },
        }))
    }
}

/// Lends the records with `from <= sequence` of these segments, in order. Returns the sequence after the last.
pub(crate) fn visit_links(
    disk: &dyn Disk,
    links: &[Link],
    from: u64,
    visit: &mut dyn FnMut(StoredRef<'_>) -> ControlFlow<()>,
) -> Result<u64, JournalError> {
    let mut next = from;
    for link in links {
        if link.until <= from {
            continue;
        }
        let mut scan = link.scan(disk)?;
        while scan.expected() < link.until {
            let (offset, sequence) = (scan.position(), scan.expected());
            match scan.step().map_err(JournalError::Read)? {
                Step::Record(record, _) => {
                    if record.sequence < from {
                        continue;
                    }
                    next = record.sequence + 1;
                    if visit(record).is_break() {
                        return Ok(next);
                    }
                }
                Step::Mark(_) => {}
                Step::Bad(flaw) => return Err(link.damage(disk, offset, sequence, flaw)),
            }
        }
    }
    Ok(next)
}

/// The records of some segments, one after the other; ends after the first error.
pub(crate) struct Records {
    disk: Arc<dyn Disk>,
    links: std::vec::IntoIter<Link>,
    current: Option<(Link, FrameScan)>,
    from: u64,
}

impl Records {
    pub(crate) fn new(disk: Arc<dyn Disk>, links: Vec<Link>, from: u64) -> Self {
        let links: Vec<Link> = links.into_iter().filter(|link| link.until > from).collect();
        Self {
            disk,
            links: links.into_iter(),
            current: None,
            from,
        }
    }

    fn read(&mut self) -> Result<Option<Stored>, JournalError> {
        loop {
            let Some((link, scan)) = &mut self.current else {
                let Some(link) = self.links.next() else {
                    return Ok(None);
                };
                self.current = Some((link, link.scan(self.disk.as_ref())?));
                continue;
            };
            if scan.expected() >= link.until {
                self.current = None;
                continue;
            }
            let (offset, sequence) = (scan.position(), scan.expected());
            match scan.step().map_err(JournalError::Read)? {
                Step::Record(record, _) if record.sequence >= self.from => {
                    return Ok(Some(record.to_stored()));
                }
                Step::Record(..) | Step::Mark(_) => {}
                Step::Bad(flaw) => {
                    return Err(link.damage(self.disk.as_ref(), offset, sequence, flaw));
                }
            }
        }
    }
}

impl Iterator for Records {
    type Item = Result<Stored, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        let read = self.read();
        if read.is_err() {
            self.current = None;
            self.links = Vec::new().into_iter();
        }
        read.transpose()
    }
}
