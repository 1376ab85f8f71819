//! The robot's directory: what it has promised and not yet delivered, safe from a crash at any instruction.
//! Never: sends anything.
//!
//! ```text
//!  DIR/lock                     held while a robot runs on it
//!  DIR/packages/<sha256>.zip
//!  DIR/runs/<run>.<fence>/offer.json     written before the accept
//!                         started        before the process
//!                         process        before the process may do anything
//!                         logs, safe     lines, and up to where the server has them
//!                         result.json    before the result is sent; gone once acknowledged
//!                         work/, arguments.json, out.json     the package's
//! ```
//! A folder comes and goes by one rename, so what is found is never half of one.

use super::{
    Error, failed, left_over,
    logs::Logs,
    messages::{Offer, Run},
};
use serde_json::Value;
use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// Characters of a run's id.
const ID_CHARS: usize = 100;

/// The directory.
#[derive(Debug)]
pub struct Store {
    dir: PathBuf,
    _lock: File,
}

/// The folder of one run.
#[derive(Clone, Debug)]
pub struct Home {
    path: PathBuf,
}

/// A run that was found.
#[derive(Debug)]
pub struct Found {
    /// What was offered.
    pub offer: Offer,
    /// Its folder.
    pub home: Home,
    /// How far it was.
    pub state: State,
}

/// How far a run was when the robot ended.
#[derive(Debug)]
pub enum State {
    /// Accepted and not started.
    Accepted,
    /// Started and not ended: it is lost, its process is killed.
    LeftOver,
    /// Ended with this.
    Finished(Value),
}

impl Store {
    /// Opens or makes the directory.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        for folder in [dir.to_owned(), dir.join("packages"), dir.join("runs")] {
            let made = DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&folder);
            made.map_err(failed(folder.display()))?;
        }
        let path = dir.join("lock");
        let lock = File::create(&path).map_err(failed(path.display()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                return Err(Error::InUse(dir.display().to_string()));
            }
            Err(fs::TryLockError::Error(error)) => return Err(failed(path.display())(error)),
        }
        let store = Self {
            dir: dir.to_owned(),
            _lock: lock,
        };
        store.tidy().map_err(failed(dir.display()))?;
        Ok(store)
    }

    /// Where packages are.
    pub fn packages(&self) -> PathBuf {
        self.dir.join("packages")
    }

    fn runs(&self) -> PathBuf {
        self.dir.join("runs")
    }

    /// Takes away what an end in the middle has left.
    fn tidy(&self) -> io::Result<()> {
        for entry in fs::read_dir(self.runs())? {
            let entry = entry?;
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                remove_tree(&entry.path());
            }
        }
        for entry in fs::read_dir(self.packages())? {
            let path = entry?.path();
            if path.extension().is_some_and(|found| found == "part") {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    /// All runs on the disk. What was left running is killed before this returns.
    pub fn found(&self) -> io::Result<Vec<Found>> {
        let mut all = Vec::new();
        for entry in fs::read_dir(self.runs())? {
            let home = Home {
                path: entry?.path(),
            };
            if home.is_gone() {
                continue;
            }
            let offer = fs::read(home.path.join("offer.json"))?;
            let offer: Offer = serde_json::from_slice(&offer)?;
            let state = match fs::read(home.path.join("result.json")) {
                Ok(result) => State::Finished(serde_json::from_slice(&result)?),
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Err(_) if home.path.join("started").exists() => State::LeftOver,
                Err(_) => State::Accepted,
            };
            // Also beside a result: its group may have outlived it.
            left_over::kill(&home.process(), &offer.run_instance_id)?;
            home.clear();
            all.push(Found { offer, home, state });
        }
        all.sort_by_key(|found| found.offer.run());
        Ok(all)
    }

    /// Whether this can be the name of a folder here.
    pub fn is_proper(run: &Run) -> bool {
        let id = &run.run_instance_id;
        let is_plain = |char: char| char.is_ascii_alphanumeric() || "-_".contains(char);
        !id.is_empty() && id.len() <= ID_CHARS && id.chars().all(is_plain)
    }

    /// Keeps a run that is about to be accepted.
    pub fn accept(&self, offer: &Offer) -> io::Result<Home> {
        let name = format!("{}.{}", offer.run_instance_id, offer.fence);
        let (new, path) = (
            self.runs().join(format!(".{name}.new")),
            self.runs().join(name),
        );
        DirBuilder::new().mode(0o700).create(&new)?;
        let offer = Offer {
            // Passwords may be in them, and a start brings them.
            assets: None,
            ..offer.clone()
        };
        write(&new.join("offer.json"), &serde_json::to_vec(&offer)?)?;
        fs::rename(&new, &path)?;
        sync(&self.runs())?;
        Ok(Home { path })
    }
}

impl Home {
    /// The run may have begun from here on.
    pub fn start(&self) -> io::Result<()> {
        write(&self.path.join("started"), b"")
    }

    /// Keeps a result.
    pub fn finish(&self, result: &Value) -> io::Result<()> {
        // What ran may have deleted it.
        fs::create_dir_all(&self.path)?;
        write(&self.path.join("result.json"), &serde_json::to_vec(result)?)
    }

    /// The result is safe.
    pub fn forget_result(&self) -> io::Result<()> {
        match fs::remove_file(self.path.join("result.json")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => sync(&self.path),
        }
    }

    /// All of it goes.
    pub fn remove(&self) -> io::Result<()> {
        let (Some(folder), Some(name)) = (self.path.parent(), self.path.file_name()) else {
            return Ok(());
        };
        let gone = folder.join(format!(".{}.gone", name.to_string_lossy()));
        match fs::rename(&self.path, &gone) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => sync(folder)?,
        }
        remove_tree(&gone);
        Ok(())
    }

    /// Whether it is one that is on its way out.
    fn is_gone(&self) -> bool {
        let name = self.path.file_name().unwrap_or_default();
        name.as_encoded_bytes().starts_with(b".")
    }

    /// Takes away what was the package's; secrets may be in it.
    pub fn clear(&self) {
        for gone in [self.arguments(), self.out()] {
            fs::remove_file(gone).unwrap_or_default();
        }
        remove_tree(&self.work());
    }

    /// Writes the arguments, for the package only.
    pub fn write_arguments(&self, bytes: &[u8]) -> io::Result<()> {
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(self.arguments())?;
        file.write_all(bytes)
    }

    /// Keeps which process it is.
    pub fn write_process(&self, identity: &Value) -> io::Result<()> {
        write(&self.process(), &serde_json::to_vec(identity)?)
    }

    /// Its logs.
    pub fn logs(&self) -> io::Result<Logs> {
        Logs::open(self.path.join("logs"), self.path.join("safe"))
    }

    /// The package's working directory.
    pub fn work(&self) -> PathBuf {
        self.path.join("work")
    }

    /// The arguments' file.
    pub fn arguments(&self) -> PathBuf {
        self.path.join("arguments.json")
    }

    /// The file that the package may write.
    pub fn out(&self) -> PathBuf {
        self.path.join("out.json")
    }

    fn process(&self) -> PathBuf {
        self.path.join("process")
    }
}

/// Writes a file that is there whole or not at all, and durable on return.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    path.parent().map_or(Ok(()), sync)
}

/// Removes a folder with all in it. What a package has put under another user stays, and no robot fails of it.
fn remove_tree(path: &Path) {
    if !path.exists() || fs::remove_dir_all(path).is_ok() {
        return;
    }
    // Folders that their owner may not write.
    open_up(path);
    if let Err(error) = fs::remove_dir_all(path) {
        tracing::warn!(path = %path.display(), %error, "a folder cannot be removed");
    }
}

fn open_up(folder: &Path) {
    fs::set_permissions(folder, Permissions::from_mode(0o700)).unwrap_or_default();
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        // Not what a link leads to.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_up(&entry.path());
        }
    }
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
