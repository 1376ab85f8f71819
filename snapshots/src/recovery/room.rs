//! Opening on a full disk: what can be given back so that a start needs next to no room.
//!
//! Must never: cut off anything that may be a frame.

use std::io;

use crate::disk::{Disk, SECTOR_BYTES, write_fully};
use crate::journal::SegmentHeader;

use super::Checked;

pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

/// Gives back what lies empty behind the frames of the last segment. Its header says the new length first: a segment
/// shorter than its header says is a damaged one.
pub(super) fn release_tail(disk: &dyn Disk, last: &Checked) -> io::Result<()> {
    let used = last.position.max(last.evidence.end);
    let end = used.next_multiple_of(SECTOR_BYTES);
    if end >= last.length.min(last.header.size) {
        return Ok(());
    }
    let file = disk.open_writable(&last.header.name.path())?;
    let header = SegmentHeader {
        size: end,
        ..last.header
    };
    write_fully(file.as_ref(), &header.encode(), 0)?;
    file.sync_all()?;
    file.set_length(end)?;
    file.sync_all()
}
