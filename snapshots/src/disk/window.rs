//! Reading a file front to back, or in leaps, through one buffer.
//!
//! Owns: which part of the file is in memory. Must never: interpret a byte, or hold more than one chunk or
//! the largest single piece asked for.
//!
//! ```text
//! file   ....................................................
//! buffer            [ start ........ start + buffer.len() )
//! get(offset, n)         |-- n bytes --|      no new read: a slice of the buffer
//! ```

use std::io;

use super::{DiskFile, read_fully};

/// Large enough that a read costs little beside checking what was read.
const CHUNK_BYTES: usize = 1 << 20;

/// A file seen through a moving buffer.
pub(crate) struct Window {
    file: Box<dyn DiskFile>,
    length: u64,
    buffer: Vec<u8>,
    start: u64,
}

impl Window {
    /// Looks at a file; its length is taken now.
    pub(crate) fn new(file: Box<dyn DiskFile>) -> io::Result<Self> {
        let length = file.length()?;
        Ok(Self {
            file,
            length,
            buffer: Vec::new(),
            start: 0,
        })
    }

    /// The file's length in bytes when the window was opened.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// The file itself.
    pub(crate) fn file(&self) -> &dyn DiskFile {
        self.file.as_ref()
    }

    /// `bytes` bytes from `offset`, or `None` when the file ends before.
    #[inline]
    pub(crate) fn get(&mut self, offset: u64, bytes: usize) -> io::Result<Option<&[u8]>> {
        let end = self.start + self.buffer.len() as u64;
        if offset < self.start || offset + bytes as u64 > end {
            if offset.saturating_add(bytes as u64) > self.length {
                return Ok(None);
            }
            self.fill(offset, bytes)?;
            if self.buffer.len() < bytes {
                return Ok(None);
            }
        }
        let from = (offset - self.start) as usize;
        Ok(Some(&self.buffer[from..from + bytes]))
    }

    /// As much as is at hand from `offset` on, at least one byte unless the file ends there.
    pub(crate) fn rest(&mut self, offset: u64) -> io::Result<&[u8]> {
        let end = self.start + self.buffer.len() as u64;
        if offset < self.start || offset >= end {
            self.fill(offset, 1)?;
        }
        Ok(&self.buffer[(offset - self.start) as usize..])
    }

    fn fill(&mut self, offset: u64, bytes: usize) -> io::Result<()> {
        let left = self.length.saturating_sub(offset);
        let wanted = CHUNK_BYTES.max(bytes).min(left as usize);
        self.start = offset;
        self.buffer.resize(wanted, 0);
        match read_fully(self.file.as_ref(), &mut self.buffer, offset) {
            Ok(read) => {
                self.buffer.truncate(read);
                Ok(())
            }
            Err(error) => {
                self.buffer.clear();
                Err(error)
            }
        }
    }
}
