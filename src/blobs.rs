//! Files of packages: each lies once in `<data>/blobs`, under its SHA-256.
//!
//! Owns: that a blob is whole and synced before anybody names it, and that one which nobody names goes.
//! Never: knows who names one; who calls says that. Never trusts what a client says of length or digest.
//!
//! ```text
//!  body ─▶ blobs/.incoming-… ─▶ fsync ─▶ blobs/<sha256> ─▶ fsync of the directory ─▶ Held ─▶ a record names it
//!              │ broken off, refused                                                   │
//!              └─▶ removed                          sweep: neither named nor held ─────┴─▶ removed
//! ```

#[cfg(test)]
mod tests;

use crate::http::{BodyStream, Fault, HeaderValue, Response, StatusCode, header};
use bytes::Bytes;
use parking_lot::Mutex;
use rpa::terms::Sha256;
use sha2::Digest as _;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, DirBuilder, File},
    io::{self, Read as _},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::io::{AsyncWriteExt as _, BufWriter};

/// The directory, in that of the data.
const DIRECTORY: &str = "blobs";
/// What the names of files begin with that are not whole yet.
const INCOMING: &str = ".incoming-";
/// Bytes that are gathered before they are written.
const BUFFER_BYTES: usize = 256 * 1024;
/// Bytes of the disk that are left to the journal: a body that would take them is refused.
const ROOM_BYTES: u64 = 64 * 1024 * 1024;
/// Bytes of a body between two looks at the room.
const LOOK_BYTES: u64 = 16 * 1024 * 1024;

/// Why a body did not become a blob.
#[derive(Debug, thiserror::Error)]
pub enum Unreceived {
    /// The client did not send it all, or too much.
    #[error("{0}")]
    Body(Fault),
    /// The disk.
    #[error("a blob could not be written: {0}")]
    Disk(#[from] io::Error),
}

/// The blobs of a data directory.
#[derive(Debug)]
pub struct Blobs {
    directory: PathBuf,
    /// How often each is held; locked while anything is removed.
    held: Mutex<BTreeMap<Sha256, usize>>,
    /// Held while nothing may be removed.
    still: Mutex<()>,
    next: AtomicU64,
}

/// A body that is on the disk, whole and synced, but no blob yet. Dropped: it goes.
#[derive(Debug)]
pub struct Arrived {
    /// The digest of its bytes.
    pub sha256: Sha256,
    /// The number of its bytes.
    pub size: u64,
    temporary: Temporary,
}

impl Arrived {
    /// Opens it.
    pub fn open(&self) -> io::Result<File> {
        File::open(&self.temporary.0)
    }
}

/// A file that goes when it is dropped.
#[derive(Debug)]
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // It may have been renamed; what stays behind goes at the next start.
        let _ = fs::remove_file(&self.0);
    }
}

/// A blob that no sweep removes: whoever holds it is about to name it.
#[derive(Debug)]
pub struct Held {
    blobs: Arc<Blobs>,
    sha256: Sha256,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut held = self.blobs.held.lock();
        if let Some(count) = held.get_mut(&self.sha256) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.sha256);
            }
        }
    }
}

/// Pieces of a file that are read ahead of the client.
const PIECES: usize = 4;
/// Bytes of one of them.
const PIECE_BYTES: usize = 64 * 1024;

/// The bytes of a file as an answer. A read that fails ends the body before its length: the client sees that it is not
/// whole.
pub fn stream(mut file: File, size: u64) -> Response {
    let octets = HeaderValue::from_static("application/octet-stream");
    let (response, sender) = Response::new(StatusCode::OK)
        .header(header::CONTENT_TYPE, octets)
        .header(header::CONTENT_LENGTH, HeaderValue::from(size))
        .channel(PIECES);
    tokio::task::spawn_blocking(move || {
        loop {
            let mut piece = vec![0; PIECE_BYTES];
            match file.read(&mut piece) {
                Ok(0) => break,
                Ok(length) => {
                    piece.truncate(length);
                    if sender.blocking_send(Bytes::from(piece)).is_err() {
                        break;
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "a blob could not be read");
                    break;
                }
            }
        }
    });
    response
}

impl Blobs {
    /// Opens the directory, making it when it is not there; what an end of the server cut off goes.
    pub fn open(data: &Path) -> io::Result<Arc<Self>> {
        let directory = data.join(DIRECTORY);
        if !directory.is_dir() {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&directory)?;
            File::open(data)?.sync_all()?;
        }
        for entry in fs::read_dir(&directory)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(INCOMING) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(Arc::new(Blobs {
            directory,
            held: Mutex::default(),
            still: Mutex::default(),
            next: AtomicU64::new(0),
        }))
    }

    /// Where a blob lies.
    pub fn path(&self, sha256: Sha256) -> PathBuf {
        self.directory.join(sha256.to_string())
    }

    /// Writes a body as it comes, from the wire or as it is at hand.
    pub async fn receive(
        &self,
        stream: Option<BodyStream>,
        whole: Bytes,
    ) -> Result<Arrived, Unreceived> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let temporary = Temporary(self.directory.join(format!("{INCOMING}{number}")));
        let file = tokio::fs::File::create_new(&temporary.0).await?;
        let mut file = BufWriter::with_capacity(BUFFER_BYTES, file);
        let mut digest = sha2::Sha256::new();
        let (mut size, mut looked) = (0, 0);
        self.find_room()?;
        let mut stream = stream;
        let mut piece = Some(whole);
        while let Some(bytes) = piece {
            digest.update(&bytes);
            size += bytes.len() as u64;
            if size - looked >= LOOK_BYTES {
                looked = size;
                self.find_room()?;
            }
            file.write_all(&bytes).await?;
            piece = match &mut stream {
                Some(stream) => stream.chunk().await.map_err(Unreceived::Body)?,
                None => None,
            };
        }
        file.flush().await?;
        file.get_ref().sync_all().await?;
        Ok(Arrived {
            sha256: Sha256(digest.finalize().into()),
            size,
            temporary,
        })
    }

    fn find_room(&self) -> io::Result<()> {
        let disk = rustix::fs::statvfs(&self.directory)?;
        if disk.f_bavail.saturating_mul(disk.f_frsize) < ROOM_BYTES {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    /// Makes what has arrived a blob, durably.
    pub async fn keep(self: &Arc<Self>, arrived: Arrived) -> io::Result<Held> {
        let sha256 = arrived.sha256;
        // Held before it is there: no sweep comes between.
        let held = self.hold(sha256);
        let (directory, path) = (self.directory.clone(), self.path(sha256));
        let renamed = tokio::task::spawn_blocking(move || {
            fs::rename(&arrived.temporary.0, path)?;
            File::open(directory)?.sync_all()
        });
        renamed.await.map_err(io::Error::other)??;
        Ok(held)
    }

    /// Keeps sweeps away from a blob.
    pub fn hold(self: &Arc<Self>, sha256: Sha256) -> Held {
        *self.held.lock().entry(sha256).or_default() += 1;
        Held {
            blobs: Arc::clone(self),
            sha256,
        }
    }

    /// Does something, such as a backup, during which no blob goes.
    pub fn keeping_still<T>(&self, work: impl FnOnce() -> T) -> T {
        let _still = self.still.lock();
        work()
    }

    /// Removes those of the candidates (without any: of all blobs) that nobody holds or names; says how many.
    /// `named` is asked while nobody can begin to hold one. While all must be kept still, nothing is done.
    pub fn sweep(
        &self,
        candidates: Option<&[Sha256]>,
        named: impl FnOnce() -> BTreeSet<Sha256>,
    ) -> io::Result<usize> {
        let Some(_free) = self.still.try_lock() else {
            return Ok(0);
        };
        let held = self.held.lock();
        let named: BTreeSet<String> = named().iter().map(Sha256::to_string).collect();
        let held: BTreeSet<String> = held.keys().map(Sha256::to_string).collect();
        let names = match candidates {
            Some(candidates) => candidates.iter().map(Sha256::to_string).collect(),
            None => names(&self.directory)?,
        };
        let mut removed = 0;
        for name in names {
            if named.contains(&name) || held.contains(&name) {
                continue;
            }
            match fs::remove_file(self.directory.join(name)) {
                Ok(()) => removed += 1,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(removed)
    }
}

fn names(directory: &Path) -> io::Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(directory)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        // What does not look like ours is not ours.
        if name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            names.insert(name);
        }
    }
    Ok(names)
}

/// Where a blob of a data directory lies.
pub fn path(data: &Path, sha256: Sha256) -> PathBuf {
    data.join(DIRECTORY).join(sha256.to_string())
}

/// Copies all blobs of one data directory, or backup, into another one, synced. Without any, nothing is made.
pub fn copy(from: &Path, into: &Path) -> io::Result<()> {
    let (from, into) = (from.join(DIRECTORY), into.join(DIRECTORY));
    if !from.is_dir() {
        return Ok(());
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&into)?;
    for name in names(&from)? {
        let target = into.join(&name);
        fs::copy(from.join(&name), &target)?;
        File::open(&target)?.sync_all()?;
    }
    File::open(&into)?.sync_all()
}

/// The number of blobs in a data directory, and the names of those that are not what their names say.
pub fn verify(data: &Path) -> io::Result<(usize, Vec<String>)> {
    let directory = data.join(DIRECTORY);
    if !directory.is_dir() {
        return Ok((0, Vec::new()));
    }
    let names = names(&directory)?;
    let mut damaged = Vec::new();
    for name in &names {
        let mut digest = sha2::Sha256::new();
        let mut file = File::open(directory.join(name))?;
        let mut piece = vec![0; BUFFER_BYTES];
        loop {
            match file.read(&mut piece)? {
                0 => break,
                length => digest.update(&piece[..length]),
            }
        }
        if Sha256(digest.finalize().into()).to_string() != *name {
            damaged.push(name.clone());
        }
    }
    Ok((names.len(), damaged))
}
