//! The seam between everything durable and the machine's disk.
//!
//! Owns: what this crate asks of a disk, as two traits, and the loops that turn partial reads and writes
//! into whole ones. Must never: know what is in a file, or try again after a failed write or sync.
//!
//! Paths are relative to the disk's root, with `/` between the parts: `journal/spare-0000000001`.

use std::any::Any;
use std::io;

mod direct;
mod memory;
mod random;
mod real;
mod sectors;
mod window;

pub use memory::{Fault, MemoryDisk};
pub use random::Random;
pub use real::RealDisk;
pub(crate) use window::Window;

/// The unit in which a disk keeps or loses what was not synced, in bytes.
pub const SECTOR_BYTES: u64 = 512;

/// Zeros are written in pieces of this size, so that preparing a file never holds much memory.
const ZERO_CHUNK_BYTES: usize = 1 << 20;
/// A sync after this much: one sync of a whole segment would stall the journal's own syncs behind it.
const ZERO_SYNC_BYTES: u64 = 4 << 20;

/// A directory tree that survives a crash as far as it was synced.
pub trait Disk: Send + Sync {
    /// Opens an existing file for reading.
    fn open(&self, path: &str) -> io::Result<Box<dyn DiskFile>>;
    /// Opens an existing file for reading and writing.
    fn open_writable(&self, path: &str) -> io::Result<Box<dyn DiskFile>>;
    /// Opens an existing file that holds its contents up to `position` and has space for more, to write behind them in
    /// order, each write followed by a sync.
    fn open_appending(&self, path: &str, position: u64) -> io::Result<Box<dyn DiskFile>> {
        let _anywhere = position;
        self.open_writable(path)
    }
    /// Creates an empty file, or empties the one that stands there.
    fn create(&self, path: &str) -> io::Result<Box<dyn DiskFile>>;
    /// Gives a file another name, replacing what had it. Durable after [`Disk::sync_directory`].
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file. Durable after [`Disk::sync_directory`].
    fn remove(&self, path: &str) -> io::Result<()>;
    /// Removes a large file, a piece at a time where freeing all its space at once would hold up the syncs of others; at
    /// once while somebody reads it, or where it cannot be cut. Durable after [`Disk::sync_directory`].
    fn release(&self, path: &str) -> io::Result<()> {
        self.remove(path)
    }
    /// The names of the files directly in a directory, sorted. A directory that is not there has none.
    fn list(&self, directory: &str) -> io::Result<Vec<String>>;
    /// Creates a directory; one that is there already is fine.
    fn create_directory(&self, directory: &str) -> io::Result<()>;
    /// Makes the names in a directory durable. The root is `""`.
    fn sync_directory(&self, directory: &str) -> io::Result<()>;
    /// Takes the one lock on the root, or `None` when someone holds it.
    fn lock(&self) -> io::Result<Option<DiskLock>>;
    /// The path as a person would type it, for messages.
    fn label(&self, path: &str) -> String;
}

/// An open file.
pub trait DiskFile: Send + Sync {
    /// Reads up to the buffer's size; 0 means the end of the file.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
    /// Writes some or all of the bytes and says how many.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize>;
    /// Makes the contents durable, and the length.
    fn sync_data(&self) -> io::Result<()>;
    /// Makes the contents and everything known about the file durable.
    fn sync_all(&self) -> io::Result<()>;
    /// The length in bytes.
    fn length(&self) -> io::Result<u64>;
    /// Cuts the file, or lengthens it with zeros that may occupy no space yet.
    fn set_length(&self, length: u64) -> io::Result<()>;

    /// Fills the file with zeros up to `length` bytes, really written and synced: later writes inside
    /// need no new space and no new metadata.
    fn preallocate(&self, length: u64) -> io::Result<()> {
        let zeros = vec![0u8; ZERO_CHUNK_BYTES.min(length as usize)];
        let mut written = 0u64;
        let mut unsynced = 0u64;
        while written < length {
            let part = zeros.len().min((length - written) as usize);
            write_fully(self, &zeros[..part], written)?;
            written += part as u64;
            unsynced += part as u64;
            if unsynced >= ZERO_SYNC_BYTES {
                self.sync_data()?;
                unsynced = 0;
            }
        }
        self.sync_all()
    }
}

/// The lock on a disk's root; given back when dropped.
pub struct DiskLock {
    _holder: Box<dyn Any + Send + Sync>,
}

impl DiskLock {
    /// Wraps what gives the lock back when it is dropped.
    pub fn new(holder: impl Any + Send + Sync) -> Self {
        Self {
            _holder: Box::new(holder),
        }
    }
}

/// Writes all the bytes at `offset`.
pub(crate) fn write_fully<F: DiskFile + ?Sized>(
    file: &F,
    mut bytes: &[u8],
    mut offset: u64,
) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write_at(bytes, offset) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                bytes = &bytes[written..];
                offset += written as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Fills the buffer from `offset` as far as the file goes and says how many bytes that were.
pub(crate) fn read_fully<F: DiskFile + ?Sized>(
    file: &F,
    buffer: &mut [u8],
    offset: u64,
) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Copies `length` bytes of one file, from `offset`, to the beginning of a new one and makes it durable under
/// `to` in `directory`. What stands at `to` afterwards is whole, whenever the machine stops.
pub(crate) fn copy_range(
    source: &dyn DiskFile,
    offset: u64,
    length: u64,
    target: &dyn Disk,
    directory: &str,
    to: &str,
) -> io::Result<()> {
    let temporary = format!("{to}.tmp");
    let file = target.create(&temporary)?;
    let mut buffer = vec![0u8; ZERO_CHUNK_BYTES.min(length as usize)];
    let mut copied = 0u64;
    while copied < length {
        let part = buffer.len().min((length - copied) as usize);
        let read = read_fully(source, &mut buffer[..part], offset + copied)?;
        if read == 0 {
            break;
        }
        write_fully(file.as_ref(), &buffer[..read], copied)?;
        copied += read as u64;
    }
    file.sync_all()?;
    target.rename(&temporary, to)?;
    target.sync_directory(directory)
}
