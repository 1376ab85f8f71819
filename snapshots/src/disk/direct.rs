//! A file that is written in order, past the machine's page cache.
//!
//! Owns: whole blocks in memory that is aligned as the device wants it, and the last block, which is written again
//! with what comes behind it. Must never: write anywhere but at its end, or try again after a failed write.
//!
//! ```text
//!            │ block  │ block  │ block  │
//! on disk    ████████████▓▓▓▓▓▓│0000000000        ▓ what was written last, zeros behind it to the end of its block
//! next write             ▓▓▓▓▓▓██████00│          the same bytes again, the new ones, zeros
//! ```
//!
//! The page cache writes a page again in the same way; without it a write and its sync take half the processor's time.
//! Readers of the same file go through the cache, which the system keeps in step.

use super::{DiskFile, real::RealFile};
use parking_lot::Mutex;
use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::Path,
};

/// A multiple of every device's block, in bytes.
const BLOCK_BYTES: usize = 4096;
/// Of `open`.
const PAST_THE_CACHE: i32 = rustix::fs::OFlags::DIRECT.bits() as i32;
/// Room that stays for the next writes, in bytes.
const KEEP_BYTES: usize = 1 << 20;

/// An open file whose writes go to the device at once.
pub(super) struct DirectFile {
    cached: RealFile,
    direct: File,
    length: u64,
    tail: Mutex<Tail>,
}

/// What the next write begins with.
struct Tail {
    /// Where the file's contents end; every write begins here.
    position: u64,
    /// From an aligned place on: the bytes of the last block up to `position`.
    room: Vec<u8>,
}

impl DirectFile {
    /// Opens a file that holds its contents up to `position` and has space for more; none where the file system cannot
    /// do without its cache.
    pub(super) fn open(path: &Path, position: u64) -> io::Result<Option<Self>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true);
        let cached = options.open(path)?;
        let Ok(direct) = options.custom_flags(PAST_THE_CACHE).open(path) else {
            return Ok(None);
        };
        let mut room = vec![0; 2 * BLOCK_BYTES];
        let block = aligned(&mut room, BLOCK_BYTES);
        // The first read shows whether the device takes these blocks; nothing was written yet.
        let begin = begin_of(position);
        match direct.read_at(block, begin) {
            Ok(read) if read as u64 >= position - begin => {}
            Ok(_) | Err(_) => return Ok(None),
        }
        Ok(Some(DirectFile {
            length: cached.metadata()?.len(),
            cached: RealFile(cached),
            direct,
            tail: Mutex::new(Tail { position, room }),
        }))
    }
}

fn begin_of(position: u64) -> u64 {
    position - position % BLOCK_BYTES as u64
}

/// The first `bytes` bytes of `room` from a place that a device can read and write.
fn aligned(room: &mut [u8], bytes: usize) -> &mut [u8] {
    let start = room.as_ptr().align_offset(BLOCK_BYTES);
    &mut room[start..start + bytes]
}

impl Tail {
    /// Makes room for blocks of so many bytes; the last block's bytes stay in front.
    fn grow(&mut self, bytes: usize) {
        if self.room.len() < bytes + BLOCK_BYTES {
            self.move_to(bytes);
        }
    }

    /// Other room for blocks of so many bytes, with the last block in front.
    fn move_to(&mut self, bytes: usize) {
        let mut other = vec![0; bytes + BLOCK_BYTES];
        let block = aligned(&mut self.room, BLOCK_BYTES);
        aligned(&mut other, BLOCK_BYTES).copy_from_slice(block);
        self.room = other;
    }

    /// The last block comes to the front: the next write begins with it.
    fn advance(&mut self, written: usize) {
        let begin = begin_of(self.position);
        self.position += written as u64;
        let skipped = (begin_of(self.position) - begin) as usize;
        let kept = (self.position - begin_of(self.position)) as usize;
        let blocks = aligned(&mut self.room, skipped + kept);
        blocks.copy_within(skipped.., 0);
        if self.room.len() > KEEP_BYTES {
            self.move_to(BLOCK_BYTES);
        }
    }
}

impl DiskFile for DirectFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.cached.read_at(buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let tail = &mut *self.tail.lock();
        if offset != tail.position {
            let message = format!("it is written in order: at {}, not {offset}", tail.position);
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let begin = begin_of(offset);
        let kept = (offset - begin) as usize;
        let blocks_bytes = (kept + bytes.len()).next_multiple_of(BLOCK_BYTES);
        tail.grow(blocks_bytes);
        let blocks = aligned(&mut tail.room, blocks_bytes);
        blocks[kept..kept + bytes.len()].copy_from_slice(bytes);
        blocks[kept + bytes.len()..].fill(0);
        if begin + blocks_bytes as u64 > self.length {
            // The file does not end with a block: whole ones would lengthen it.
            self.cached.0.write_all_at(bytes, offset)?;
        } else {
            self.direct.write_all_at(blocks, begin)?;
        }
        tail.advance(bytes.len());
        Ok(bytes.len())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.cached.sync_data()
    }

    fn sync_all(&self) -> io::Result<()> {
        self.cached.sync_all()
    }

    fn length(&self) -> io::Result<u64> {
        self.cached.length()
    }

    fn set_length(&self, _length: u64) -> io::Result<()> {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "a file that is written in order keeps its length",
        ))
    }
}

#[cfg(test)]
mod tests;
