//! What is in a package: what a run begins with, and a fresh copy of all of it.
//! Owns: the rules of the entry. Never: writes outside the folder it is given, or more than a run may take.

use rpa::package::dgs;
use serde::Deserialize;
use std::{
    fs, io,
    io::{Read, Seek},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};
use zip::ZipArchive;

/// Bytes of all unpacked entries.
const UNPACKED_BYTES: u64 = 8 * 1024 * 1024 * 1024;
/// Bytes of `loomwork.toml`.
const SETTINGS_BYTES: u64 = 64 * 1024;
/// Words of a command.
const WORDS: usize = 256;
/// What is looked for when nothing is said.
const MAINS: [&str; 3] = ["main.py", "main.sh", "main.js"];

/// Why a package cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum ContentsError {
    /// It is no sound package.
    #[error("{0}")]
    Package(String),
    /// What it says of itself cannot be followed by any robot, now or later.
    #[error("{0}")]
    Malformed(String),
    /// There is nothing in it that this robot runs.
    #[error("this robot runs no {0}")]
    Unsupported(String),
    /// This machine lacks something.
    #[error("{0} is not installed on this robot's machine")]
    Lacks(&'static str),
}

/// What runs files of one kind.
struct Interpreter {
    capability: &'static str,
    extension: &'static str,
    programs: &'static [&'static str],
}

const INTERPRETERS: [Interpreter; 3] = [
    Interpreter {
        capability: "python",
        extension: ".py",
        programs: &["python3", "python"],
    },
    Interpreter {
        capability: "sh",
        extension: ".sh",
        programs: &["sh"],
    },
    Interpreter {
        capability: "node",
        extension: ".js",
        programs: &["node"],
    },
];

#[derive(Deserialize)]
struct Settings {
    command: Option<Vec<String>>,
}

impl Interpreter {
    fn program(&self) -> Option<&'static str> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let is_there = |program: &str| {
            std::env::split_paths(&path).any(|folder| {
                let found = fs::metadata(folder.join(program));
                found.is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
            })
        };
        self.programs
            .iter()
            .copied()
            .find(|program| is_there(program))
    }
}

/// What this machine can run.
pub fn capabilities() -> Vec<&'static str> {
    let found = INTERPRETERS
        .iter()
        .filter(|interpreter| interpreter.program().is_some());
    let found = found.map(|interpreter| interpreter.capability);
    found.chain(["command"]).collect()
}

/// The command that a package begins with, to be run in its folder. Also checks that the package is sound.
pub fn command(file: &Path) -> Result<Vec<String>, ContentsError> {
    let bad = |error: &dyn std::fmt::Display| ContentsError::Package(error.to_string());
    let reader = || fs::File::open(file).map(io::BufReader::new);
    let metadata = dgs::read_from(reader().map_err(|error| bad(&error))?);
    let declared = match metadata {
        Ok(metadata) => metadata.entry,
        // A package of scripts alone is one too.
        Err(dgs::Error::NoProject) => None,
        Err(error) => return Err(bad(&error)),
    };
    let mut archive =
        ZipArchive::new(reader().map_err(|error| bad(&error))?).map_err(|error| bad(&error))?;
    if let Some(command) = settings(&mut archive)? {
        return Ok(command);
    }
    let mut missing = "package without an entry".to_owned();
    if let Some(entry) = declared.map(|entry| entry.replace('\\', "/")) {
        let lower = entry.to_ascii_lowercase();
        let is_ours = INTERPRETERS
            .iter()
            .any(|interpreter| lower.ends_with(interpreter.extension));
        if is_ours && archive.index_for_name(&entry).is_none() {
            let cause = format!("its entry '{entry}' is not in it");
            return Err(ContentsError::Malformed(cause));
        }
        if is_ours {
            return with_interpreter(&entry);
        }
        missing = format!("entry like '{entry}'");
    }
    let main = MAINS
        .iter()
        .find(|name| archive.index_for_name(name).is_some());
    main.map_or(Err(ContentsError::Unsupported(missing)), |main| {
        with_interpreter(main)
    })
}

fn with_interpreter(entry: &str) -> Result<Vec<String>, ContentsError> {
    let lower = entry.to_ascii_lowercase();
    let found = INTERPRETERS
        .iter()
        .find(|interpreter| lower.ends_with(interpreter.extension));
    let interpreter = found.ok_or_else(|| ContentsError::Unsupported(entry.to_owned()))?;
    let program = interpreter.program();
    let program = program.ok_or(ContentsError::Lacks(interpreter.programs[0]))?;
    // A name that begins with a dash would be an option.
    Ok(vec![program.to_owned(), format!("./{entry}")])
}

fn settings<R: Read + Seek>(
    archive: &mut ZipArchive<R>,
) -> Result<Option<Vec<String>>, ContentsError> {
    let bad = |cause: &dyn std::fmt::Display| {
        ContentsError::Malformed(format!("the package's loomwork.toml is malformed: {cause}"))
    };
    let Some(index) = archive.index_for_name("loomwork.toml") else {
        return Ok(None);
    };
    let entry = archive.by_index(index).map_err(|error| bad(&error))?;
    let mut text = String::new();
    let read = entry.take(SETTINGS_BYTES + 1).read_to_string(&mut text);
    read.map_err(|error| bad(&error))?;
    if text.len() as u64 > SETTINGS_BYTES {
        return Err(bad(&"it is longer than 64 KiB"));
    }
    let settings: Settings = toml::from_str(&text).map_err(|error| bad(&error.message()))?;
    let Some(command) = settings.command else {
        return Ok(None);
    };
    let is_proper = command.first().is_some_and(|program| !program.is_empty())
        && command.len() <= WORDS
        && !command.iter().any(|word| word.contains('\0'));
    if is_proper {
        Ok(Some(command))
    } else {
        Err(bad(&"its command must be words, at least one"))
    }
}

/// Unpacks all of a package into a new folder.
pub fn unpack(file: &Path, into: &Path) -> io::Result<()> {
    let mut archive = ZipArchive::new(io::BufReader::new(fs::File::open(file)?))?;
    fs::create_dir(into)?;
    let mut left = UNPACKED_BYTES;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index)?;
        // None for a name that leads out of the folder.
        let name: PathBuf = entry
            .enclosed_name()
            .ok_or_else(|| io::Error::other("an entry leads out of the package"))?;
        let path = into.join(name);
        if entry.is_dir() {
            fs::create_dir_all(path)?;
            continue;
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mode = entry.unix_mode().unwrap_or(0o600);
        // New files only: nothing in a package may lie upon something else of it.
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode & 0o700 | 0o600)
            .open(path)?;
        let written = io::copy(&mut (&mut entry).take(left + 1), &mut file)?;
        left = left
            .checked_sub(written)
            .ok_or_else(|| io::Error::other("the package has more than 8 GiB unpacked"))?;
    }
    Ok(())
}
