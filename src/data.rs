//! Work on a data directory: verify, repair, backup, restore.
//! Never: changes data that it only reads, or writes into a directory that holds some.

use crate::{
    blobs,
    cli::{BackupArgs, RestoreArgs, VerifyArgs},
    control::{self, Answer, BackedUp, Reached, Request},
    server::{Failed, State},
};
use actors::archive::Archive;
use rpa::terms::Sha256;
use snapshots::{Disk, FileJournal, Journal, JournalOptions, RealDisk, VerifyReport};
use std::{
    io::Write,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The archive's file in a data directory.
const ARCHIVE: &str = "history.db";

/// `loomwork verify`: reads everything again.
pub fn verify(arguments: &VerifyArgs) -> Result<(), Failed> {
    let config = arguments.data.config()?;
    must_exist(&config.data)?;
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::new(&config.data)?);
    if arguments.accept_history {
        let Some(_lock) = disk.lock()? else {
            return Err(format!("{} is in use by another process", config.data.display()).into());
        };
        let lost = actors::accept_history(&config.data, disk)?;
        println!("history.db goes on with what is left of it; {lost} commits are given up");
        return Ok(());
    }
    if let Some(sequence) = arguments.repair {
        let report = snapshots::repair(disk.as_ref(), sequence)?;
        let sequence = report.sequence;
        if report.lost {
            println!("repaired: what was written from sequence {sequence} on is given up");
        } else {
            println!(
                "repaired: nothing is lost; the journal is needed from sequence {sequence} on"
            );
        }
        for kept_as in &report.set_aside {
            println!("set aside: {kept_as}");
        }
        return Ok(());
    }
    let report = snapshots::verify(disk.as_ref())?;
    println!(
        "{} segments, {} records, {} marks read",
        report.segments, report.records, report.marks
    );
    for kept in &report.torn_files {
        println!("set aside by an earlier start or repair, not read: {kept}");
    }
    for damage in &report.damages {
        println!("damage: {damage}");
    }
    let mut damages = report.damages.len();
    match actors::verify_history(&config.data, Arc::clone(&disk)) {
        Ok(()) => println!("history.db read"),
        Err(error) => {
            println!("damage: {error}");
            damages += 1;
        }
    }
    let (count, damaged) = blobs::verify(&config.data)?;
    println!("{count} package files read");
    for name in &damaged {
        println!("damage: the package file {name} is not what its name says");
    }
    damages += damaged.len();
    // What the state names can be read only of a journal that is whole.
    if report.is_whole() {
        let missing = missing_package_files(&config.data, &disk)?;
        for sha256 in &missing {
            println!("damage: the package file {sha256} is missing");
        }
        damages += missing.len();
    }
    if damages == 0 {
        println!("whole");
        Ok(())
    } else {
        Err(format!("{damages} damages found").into())
    }
}

/// A running server trims its journal and removes files while they are compared, which can look like a loss, but not so often.
const ATTEMPTS: usize = 5;

/// The package files that the state names and that are not there.
fn missing_package_files(data: &Path, disk: &Arc<dyn Disk>) -> Result<Vec<Sha256>, Failed> {
    let look = || {
        let named = actors::named_package_files(Arc::clone(disk))?;
        let missing = named.into_iter();
        let missing = missing.filter(|sha256| !blobs::path(data, *sha256).is_file());
        Ok::<Vec<Sha256>, actors::OpenError>(missing.collect())
    };
    let mut last = look();
    for _ in 1..ATTEMPTS {
        if last.as_ref().is_ok_and(Vec::is_empty) {
            break;
        }
        last = look();
    }
    Ok(last?)
}

/// `loomwork backup`: by the running server, or of the data at rest.
pub fn backup(arguments: &BackupArgs) -> Result<(), Failed> {
    let config = arguments.data.config()?;
    must_exist(&config.data)?;
    let into = std::path::absolute(&arguments.into)?;
    let request = Request::Backup { into: into.clone() };
    let done = match control::call(&control::socket_path(&config.data), &request)? {
        Reached::Server(Answer::BackedUp(done)) => done,
        Reached::Server(Answer::Refused(reason)) => return Err(reason.into()),
        Reached::Server(
            Answer::TokenCreated(_) | Answer::Tokens(_) | Answer::TokenRevoked | Answer::Done,
        ) => return Err("the server answered something else".into()),
        Reached::Nobody => {
            let disk: Arc<dyn Disk> = Arc::new(RealDisk::new(&config.data)?);
            let options = JournalOptions {
                segment_bytes: config.journal.segment_bytes,
                ..JournalOptions::default()
            };
            let (journal, _) = FileJournal::open(disk, options)?;
            // A copy without what had ended must not pass for a backup.
            let archive = actors::open_history(&config.data, journal.next_sequence() > 1)?;
            copy(&journal.handle(), &archive, &config.data, &into)?
        }
    };
    println!(
        "backed up {} files, {} bytes, up to sequence {}; the keys are not in it",
        done.files, done.bytes, done.sequence
    );
    Ok(())
}

/// A backup of the data under a running server.
pub async fn backup_running(state: &Arc<State>, into: PathBuf) -> Result<BackedUp, String> {
    let state = Arc::clone(state);
    let copied = tokio::task::spawn_blocking(move || {
        let engine = &state.engine;
        engine.snapshots().take_now()?;
        let (journal, archive) = (engine.journal(), &engine.archiver.archive);
        // What the copied journal names must be there to be copied after it.
        let copied = state
            .blobs
            .keeping_still(|| copy(journal, archive, &state.config.data, &into));
        copied.map_err(|error| error.to_string())
    });
    copied.await.map_err(|error| error.to_string())?
}

/// The archive is copied behind the journal: it has all that the snapshot counts on. What it has beyond the journal's copy
/// is taken back by the first start after a restore. The files of packages are copied last: each is there before the journal names it.
fn copy(
    journal: &snapshots::Handle,
    archive: &Archive,
    data: &Path,
    into: &Path,
) -> Result<BackedUp, Failed> {
    std::fs::create_dir_all(into)?;
    if std::fs::read_dir(into)?.next().is_some() {
        return Err(format!("{} is not empty", into.display()).into());
    }
    let target = RealDisk::new(into)?;
    let report = snapshots::backup(journal, &target)?;
    let copied = into.join(ARCHIVE);
    archive.copy_to(&copied)?;
    blobs::copy(data, into)?;
    let (files, bytes) = weigh(into)?;
    let done = BackedUp {
        files,
        bytes,
        sequence: report.last_sequence,
    };
    seal(into, &done)?;
    Ok(done)
}

/// Stands in a backup once all of it is there, and says how much that is.
const SEAL: &str = "backup.json";

fn seal(into: &Path, done: &BackedUp) -> Result<(), Failed> {
    let mut file = std::fs::File::create(into.join(SEAL))?;
    file.write_all(&serde_json::to_vec(done)?)?;
    file.sync_all()?;
    Ok(std::fs::File::open(into)?.sync_all()?)
}

/// Refuses what was cut off, has lost something since, or never was a backup.
fn check_seal(from: &Path) -> Result<(), Failed> {
    let path = from.join(SEAL);
    let text = std::fs::read(&path)
        .map_err(|error| format!("{} is no finished backup: {SEAL}: {error}", from.display()))?;
    let done: BackedUp =
        serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let (files, bytes) = weigh(from)?;
    let (files, bytes) = (files - 1, bytes - text.len() as u64);
    if (files, bytes) != (done.files, done.bytes) {
        let whole = format!("{} files with {} bytes", done.files, done.bytes);
        return Err(format!(
            "{} is not whole: it has {files} files with {bytes} bytes, the backup was of {whole}",
            from.display()
        )
        .into());
    }
    Ok(())
}

/// How many files a directory holds, and their bytes.
fn weigh(directory: &Path) -> std::io::Result<(u64, u64)> {
    let (mut files, mut bytes) = (0, 0);
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            let (inner_files, inner_bytes) = weigh(&entry.path())?;
            files += inner_files;
            bytes += inner_bytes;
        } else {
            files += 1;
            bytes += entry.metadata()?.len();
        }
    }
    Ok((files, bytes))
}

/// `loomwork restore`: a data directory out of a backup. It is made beside its place and renamed into it at the end: what
/// fails, or is cut off, leaves the place as it was.
pub fn restore(arguments: &RestoreArgs) -> Result<(), Failed> {
    let config = arguments.data.config()?;
    must_exist(&arguments.from)?;
    check_seal(&arguments.from)?;
    // Where a link leads to is what is made.
    let data = match std::fs::canonicalize(&config.data) {
        Ok(found) => found,
        Err(_) => std::path::absolute(&config.data)?,
    };
    let (Some(parent), Some(name)) = (data.parent(), data.file_name()) else {
        return Err(format!("{} cannot be made", data.display()).into());
    };
    std::fs::create_dir_all(parent)?;
    must_be_replaceable(&data, parent)?;
    let beside = parent.join(format!(".{}.restoring", name.to_string_lossy()));
    if beside.exists() {
        // Of a restore that was cut off.
        std::fs::remove_dir_all(&beside)?;
    }
    let made = restore_into(&arguments.from, &beside).and_then(|report| {
        std::fs::rename(&beside, &data)?;
        Ok(report)
    });
    let report = match made {
        Ok(report) => report,
        Err(error) if beside.exists() => {
            let left = match std::fs::remove_dir_all(&beside) {
                Ok(()) => String::new(),
                Err(left) => format!("; {} could not be removed: {left}", beside.display()),
            };
            return Err(format!("{error}{left}").into());
        }
        Err(error) => return Err(error),
    };
    std::fs::File::open(parent)?.sync_all()?;
    println!(
        "restored {} segments with {} records into {}; the keys are not in a backup: put them into {}",
        report.segments,
        report.records,
        config.data.display(),
        config.keys_dir().display()
    );
    Ok(())
}

/// Refuses what holds something, or cannot be renamed over, before anything is copied.
fn must_be_replaceable(data: &Path, parent: &Path) -> Result<(), Failed> {
    if !data.exists() {
        return Ok(());
    }
    if std::fs::read_dir(data)?.next().is_some() {
        return Err(format!("{} is not empty", data.display()).into());
    }
    if std::fs::metadata(data)?.dev() != std::fs::metadata(parent)?.dev() {
        return Err(format!(
            "{0} is a mount point: restore into a directory in it, such as {0}/data",
            data.display()
        )
        .into());
    }
    Ok(())
}

/// Copies all of a backup, checked and synced.
fn restore_into(from: &Path, target: &Path) -> Result<VerifyReport, Failed> {
    std::fs::create_dir(target)?;
    let report = snapshots::restore(&RealDisk::new(from)?, &RealDisk::new(target)?)?;
    let archive = from.join(ARCHIVE);
    if archive.exists() {
        let copied = target.join(ARCHIVE);
        // A copy of bytes: the backup may lie where nothing can be written.
        std::fs::copy(&archive, &copied)?;
        Archive::open(&copied)?.mark_restored()?;
        std::fs::File::open(&copied)?.sync_all()?;
    }
    blobs::copy(from, target)?;
    std::fs::File::open(target)?.sync_all()?;
    Ok(report)
}

fn must_exist(directory: &Path) -> Result<(), Failed> {
    if directory.is_dir() {
        Ok(())
    } else {
        Err(format!("{} is no directory", directory.display()).into())
    }
}
