//! A disk in memory that misbehaves on demand, for tests.
//!
//! Owns: names, contents, and the faults to come. Must never be more forgiving than a real disk: at a crash it
//! loses any subset of the unsynced sectors and any subset of the unsynced changes of names.
//! Directories themselves are durable at once.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;

use super::random::Random;
use super::sectors::Sectors;
use super::{Disk, DiskFile, DiskLock};

/// What goes wrong at a chosen call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The call fails once with an I/O error and does nothing.
    Error,
    /// The first write from that call on writes only half of its bytes and says so.
    ShortWrite,
    /// The first sync from that call on fails; what it should have synced stays readable and is never synced
    /// by later calls.
    FailedSync,
    /// The machine stops: this call and all later ones fail. [`MemoryDisk::crash`] shows what is left.
    Crash,
}

/// A disk in memory. Clones share it.
#[derive(Clone, Default)]
pub struct MemoryDisk {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    names: BTreeMap<String, u64>,
    durable_names: BTreeMap<String, u64>,
    changes: Vec<NameChange>,
    files: BTreeMap<u64, Sectors>,
    next_file: u64,
    directories: BTreeSet<String>,
    locked: Arc<Mutex<bool>>,
    calls: u64,
    fault: Option<(u64, Fault)>,
    limit_bytes: Option<u64>,
    dead: bool,
}

enum NameChange {
    Link(String, u64),
    Move(String, String, u64),
    Unlink(String),
}

impl NameChange {
    fn directory(&self) -> &str {
        match self {
            NameChange::Link(name, _) | NameChange::Move(_, name, _) | NameChange::Unlink(name) => {
                directory_of(name)
            }
        }
    }

    fn apply(&self, names: &mut BTreeMap<String, u64>) {
        match self {
            NameChange::Link(name, file) => {
                names.insert(name.clone(), *file);
            }
            NameChange::Move(from, to, file) => {
                if names.get(from) == Some(file) {
                    names.remove(from);
                }
                names.insert(to.clone(), *file);
            }
            NameChange::Unlink(name) => {
                names.remove(name);
            }
        }
    }
}

fn directory_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

impl MemoryDisk {
    /// An empty disk.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets `fault` happen at the `call`-th call from the beginning of the disk's life (counted from 1).
    pub fn fail_at(&self, call: u64, fault: Fault) {
        self.state.lock().fault = Some((call, fault));
    }

    /// How many calls were made.
    pub fn calls(&self) -> u64 {
        self.state.lock().calls
    }

    /// Bounds the bytes of all files together; writes past it fail as on a full disk. `None` lifts the bound.
    pub fn limit(&self, bytes: Option<u64>) {
        self.state.lock().limit_bytes = bytes;
    }

    /// The bytes of all files together.
    pub fn used(&self) -> u64 {
        self.state.lock().used()
    }

    /// The machine stops, and this is the disk that the next start finds; what was not synced is kept or lost
    /// as the seed says. This disk answers nothing but errors from then on.
    pub fn crash(&self, seed: u64) -> MemoryDisk {
        let mut random = Random::new(seed);
        let mut state = self.state.lock();
        state.dead = true;
        let mut names = state.durable_names.clone();
        for change in &state.changes {
            if random.one_in(2) {
                change.apply(&mut names);
            }
        }
        let files = state
            .files
            .iter()
            .map(|(file, sectors)| (*file, sectors.after_crash(&mut random)))
            .collect();
        Self::with(names, files, &state)
    }

    /// An independent disk with the same contents, all durable, and no lock.
    pub fn duplicate(&self) -> MemoryDisk {
        let state = self.state.lock();
        let files = state
            .files
            .iter()
            .map(|(file, sectors)| (*file, Sectors::durable(sectors.bytes().to_vec())))
            .collect();
        Self::with(state.names.clone(), files, &state)
    }

    fn with(names: BTreeMap<String, u64>, files: BTreeMap<u64, Sectors>, of: &State) -> Self {
        let state = State {
            durable_names: names.clone(),
            names,
            files,
            next_file: of.next_file,
            directories: of.directories.clone(),
            limit_bytes: of.limit_bytes,
            ..State::default()
        };
        Self {
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Every file's path.
    pub fn paths(&self) -> Vec<String> {
        self.state.lock().names.keys().cloned().collect()
    }

    /// A file's contents, or `None` when it is not there.
    pub fn contents(&self, path: &str) -> Option<Vec<u8>> {
        let state = self.state.lock();
        let file = state.names.get(path)?;
        Some(state.files.get(file)?.bytes().to_vec())
    }

    /// Puts a file there, durable, whatever was there before.
    pub fn put(&self, path: &str, bytes: Vec<u8>) {
        let mut state = self.state.lock();
        let file = state.next_file;
        state.next_file += 1;
        state.files.insert(file, Sectors::durable(bytes));
        state.names.insert(path.to_owned(), file);
        state.durable_names.insert(path.to_owned(), file);
        state.directories.insert(directory_of(path).to_owned());
    }

    fn open_file(&self, path: &str) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.state.lock();
        state.call()?;
        let file = *state.names.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(self.file(file))
    }

    fn file(&self, file: u64) -> Box<dyn DiskFile> {
        Box::new(MemoryFile {
            state: Arc::clone(&self.state),
            file,
        })
    }
}

impl State {
    /// Counts a call and fails it when its time has come.
    fn call(&mut self) -> io::Result<()> {
        self.calls += 1;
        if self.dead {
            return Err(io::Error::other("the machine has stopped"));
        }
        match self.fault {
            Some((at, Fault::Error)) if self.calls >= at => {
                self.fault = None;
                Err(io::Error::other("an injected I/O error"))
            }
            Some((at, Fault::Crash)) if self.calls >= at => {
                self.fault = None;
                self.dead = true;
                Err(io::Error::other("the machine has stopped"))
            }
            Some((_, Fault::Error | Fault::Crash | Fault::ShortWrite | Fault::FailedSync))
            | None => Ok(()),
        }
    }

    fn due(&mut self, fault: Fault) -> bool {
        let due = matches!(self.fault, Some((at, planned)) if planned == fault && self.calls >= at);
        if due {
            self.fault = None;
        }
        due
    }

    fn used(&self) -> u64 {
        let held: BTreeSet<u64> = self.names.values().copied().collect();
        held.iter()
            .filter_map(|file| self.files.get(file))
            .map(|sectors| sectors.bytes().len() as u64)
            .sum()
    }

    fn sectors(&mut self, file: u64) -> io::Result<&mut Sectors> {
        self.files
            .get_mut(&file)
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Disk for MemoryDisk {
    fn open(&self, path: &str) -> io::Result<Box<dyn DiskFile>> {
        self.open_file(path)
    }

    fn open_writable(&self, path: &str) -> io::Result<Box<dyn DiskFile>> {
        self.open_file(path)
    }

    fn create(&self, path: &str) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.state.lock();
        state.call()?;
        if !state.directories.contains(directory_of(path)) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let file = state.next_file;
        state.next_file += 1;
        state.files.insert(file, Sectors::default());
        state.names.insert(path.to_owned(), file);
        state.changes.push(NameChange::Link(path.to_owned(), file));
        Ok(self.file(file))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state.lock();
        state.call()?;
        let file = state.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        state.names.insert(to.to_owned(), file);
        let change = NameChange::Move(from.to_owned(), to.to_owned(), file);
        state.changes.push(change);
        Ok(())
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        let mut state = self.state.lock();
        state.call()?;
        state.names.remove(path).ok_or(io::ErrorKind::NotFound)?;
        state.changes.push(NameChange::Unlink(path.to_owned()));
        Ok(())
    }

    fn release(&self, path: &str) -> io::Result<()> {
        // In three steps, so that a fault can come between them.
        let file = self.open_writable(path)?;
        if let Ok(length) = file.length() {
            let _ = file.set_length(length / 3 * 2);
            let _ = file.set_length(length / 3);
        }
        self.remove(path)
    }

    fn list(&self, directory: &str) -> io::Result<Vec<String>> {
        let mut state = self.state.lock();
        state.call()?;
        let inside = state
            .names
            .keys()
            .filter(|name| directory_of(name) == directory);
        Ok(inside
            .map(|name| name.rsplit('/').next().unwrap_or(name).to_owned())
            .collect())
    }

    fn create_directory(&self, directory: &str) -> io::Result<()> {
        let mut state = self.state.lock();
        state.call()?;
        state.directories.insert(directory.to_owned());
        Ok(())
    }

    fn sync_directory(&self, directory: &str) -> io::Result<()> {
        let mut state = self.state.lock();
        state.call()?;
        if state.due(Fault::FailedSync) {
            return Err(io::Error::other("an injected failure of a sync"));
        }
        let changes = std::mem::take(&mut state.changes);
        for change in changes {
            if change.directory() == directory {
                change.apply(&mut state.durable_names);
            } else {
                state.changes.push(change);
            }
        }
        Ok(())
    }

    fn lock(&self) -> io::Result<Option<DiskLock>> {
        let mut state = self.state.lock();
        state.call()?;
        let mut locked = state.locked.lock();
        if *locked {
            return Ok(None);
        }
        *locked = true;
        Ok(Some(DiskLock::new(Unlock(Arc::clone(&state.locked)))))
    }

    fn label(&self, path: &str) -> String {
        path.to_owned()
    }
}

struct Unlock(Arc<Mutex<bool>>);

impl Drop for Unlock {
    fn drop(&mut self) {
        *self.0.lock() = false;
    }
}

struct MemoryFile {
    state: Arc<Mutex<State>>,
    file: u64,
}

impl DiskFile for MemoryFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut state = self.state.lock();
        state.call()?;
        let bytes = state.sectors(self.file)?.bytes();
        let start = (offset as usize).min(bytes.len());
        let count = buffer.len().min(bytes.len() - start);
        buffer[..count].copy_from_slice(&bytes[start..start + count]);
        Ok(count)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let mut state = self.state.lock();
        state.call()?;
        let mut count = bytes.len();
        if count > 1 && state.due(Fault::ShortWrite) {
            count /= 2;
        }
        if let Some(limit) = state.limit_bytes {
            let length = state.sectors(self.file)?.bytes().len() as u64;
            let free = limit.saturating_sub(state.used());
            let fits = (length.saturating_sub(offset) + free) as usize;
            if fits == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            count = count.min(fits);
        }
        state.sectors(self.file)?.write(&bytes[..count], offset);
        Ok(count)
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.state.lock();
        state.call()?;
        if state.due(Fault::FailedSync) {
            state.sectors(self.file)?.fail_sync();
            return Err(io::Error::other("an injected failure of a sync"));
        }
        state.sectors(self.file)?.sync();
        Ok(())
    }

    fn sync_all(&self) -> io::Result<()> {
        self.sync_data()
    }

    fn length(&self) -> io::Result<u64> {
        let mut state = self.state.lock();
        state.call()?;
        Ok(state.sectors(self.file)?.bytes().len() as u64)
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        let mut state = self.state.lock();
        state.call()?;
        state.sectors(self.file)?.set_length(length);
        Ok(())
    }
}
