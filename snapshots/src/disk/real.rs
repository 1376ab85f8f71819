//! A directory of the machine's file system as a [`Disk`].
//!
//! Owns: the translation to system calls, and the `flock` on the root and on files that are read. Must never: buffer, map
//! files into memory, or swallow an error.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Disk, DiskFile, DiskLock, direct::DirectFile};

/// Files hold people's data: nobody but the owner reads them.
const FILE_MODE: u32 = 0o600;
/// The same for directories.
const DIRECTORY_MODE: u32 = 0o700;

/// A large file is cut by this much at a time. Where a file system discards what is freed, a sync beside the removal of
/// 300 MB took 40 ms, beside cuts of 8 MB 3 ms.
const RELEASE_BYTES: u64 = 8 << 20;
/// And then others have their turn.
const RELEASE_PAUSE: Duration = Duration::from_millis(10);

/// A directory on a real file system.
#[derive(Debug, Clone)]
pub struct RealDisk {
    root: PathBuf,
}

impl RealDisk {
    /// Uses `root`, creating it (and what is above it) when it is missing.
    pub fn new(root: impl Into<PathBuf>) -> io::Result<Self> {
        let root = root.into();
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(DIRECTORY_MODE)
            .create(&root)?;
        Ok(Self { root })
    }

    /// The directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn path(&self, path: &str) -> PathBuf {
        if path.is_empty() {
            self.root.clone()
        } else {
            self.root.join(path)
        }
    }
}

impl Disk for RealDisk {
    fn open(&self, path: &str) -> io::Result<Box<dyn DiskFile>> {
        let file = File::open(self.path(path))?;
        // Shared, so that nobody cuts it meanwhile. Without locks in the file system nobody cuts anything.
        let is_released = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
        if is_released || file.metadata()?.nlink() == 0 {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(Box::new(RealFile(file)))
    }

    fn open_writable(&self, path: &str) -> io::Result<Box<dyn DiskFile>> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(self.path(path))?;
        Ok(Box::new(RealFile(file)))
    }

    fn open_appending(&self, path: &str, position: u64) -> io::Result<Box<dyn DiskFile>> {
        match DirectFile::open(&self.path(path), position)? {
            Some(direct) => Ok(Box::new(direct)),
            None => self.open_writable(path),
        }
    }

    fn create(&self, path: &str) -> io::Result<Box<dyn DiskFile>> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .mode(FILE_MODE)
            .open(self.path(path))?;
        Ok(Box::new(RealFile(file)))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        std::fs::rename(self.path(from), self.path(to))
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        std::fs::remove_file(self.path(path))
    }

    fn release(&self, path: &str) -> io::Result<()> {
        // Without cutting it is removed all the same, only less gently.
        let file = OpenOptions::new().write(true).open(self.path(path)).ok();
        if let Some(file) = &file {
            let _ = cut(file);
        }
        // A lock on it is given back after this.
        self.remove(path)
    }

    fn list(&self, directory: &str) -> io::Result<Vec<String>> {
        let entries = match std::fs::read_dir(self.path(directory)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        names.sort();
        Ok(names)
    }

    fn create_directory(&self, directory: &str) -> io::Result<()> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(DIRECTORY_MODE)
            .create(self.path(directory))
    }

    fn sync_directory(&self, directory: &str) -> io::Result<()> {
        File::open(self.path(directory))?.sync_all()
    }

    fn lock(&self) -> io::Result<Option<DiskLock>> {
        let root = File::open(&self.root)?;
        match root.try_lock() {
            Ok(()) => Ok(Some(DiskLock::new(root))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn label(&self, path: &str) -> String {
        self.path(path).display().to_string()
    }
}

/// Cuts a file piece by piece, unless somebody reads it; locked then.
fn cut(file: &File) -> io::Result<()> {
    if file.try_lock().is_err() {
        return Ok(());
    }
    let mut length = file.metadata()?.len();
    while length > RELEASE_BYTES {
        length -= RELEASE_BYTES;
        file.set_len(length)?;
        std::thread::sleep(RELEASE_PAUSE);
    }
    Ok(())
}

pub(super) struct RealFile(pub(super) File);

impl DiskFile for RealFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        self.0.write_at(bytes, offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn sync_all(&self) -> io::Result<()> {
        self.0.sync_all()
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: u64 = 3 * RELEASE_BYTES + 5;

    fn disk_with_a_large_file() -> (tempfile::TempDir, RealDisk) {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = RealDisk::new(folder.path()).expect("a disk");
        let file = disk.create("large").expect("a file");
        file.set_length(LENGTH).expect("long");
        file.write_at(b"end", LENGTH - 3).expect("written");
        (folder, disk)
    }

    #[test]
    fn a_large_file_is_released_from_its_end_and_gone_then() {
        let (_folder, disk) = disk_with_a_large_file();
        // Who writes has no lock, and sees what is done to it.
        let seen = disk.open_writable("large").expect("open");
        disk.release("large").expect("released");
        assert!(seen.length().expect("a length") <= RELEASE_BYTES);
        assert_eq!(disk.list("").expect("a list"), Vec::<String>::new());
    }

    #[test]
    fn who_reads_a_file_that_is_released_reads_all_of_it() {
        let (_folder, disk) = disk_with_a_large_file();
        let reader = disk.open("large").expect("open");
        disk.release("large").expect("released");
        assert_eq!(disk.list("").expect("a list"), Vec::<String>::new());
        let mut end = [0; 3];
        assert_eq!(reader.length().expect("a length"), LENGTH);
        assert_eq!(reader.read_at(&mut end, LENGTH - 3).expect("read"), 3);
        assert_eq!(&end, b"end");
    }

    #[test]
    fn a_file_that_is_being_released_cannot_be_opened() {
        let (folder, disk) = disk_with_a_large_file();
        let releasing = File::open(folder.path().join("large")).expect("open");
        releasing.try_lock().expect("locked");
        let refused = disk.open("large").err().map(|error| error.kind());
        assert_eq!(refused, Some(io::ErrorKind::NotFound));
        drop(releasing);
        assert!(disk.open("large").is_ok());
    }
}
