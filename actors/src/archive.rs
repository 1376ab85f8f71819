//! The history of what has ended: `history.db`, one SQLite file.
//!
//! Owns: its schema, the rows of ended instances and finished user tasks, writing them in idempotent batches,
//! deleting them, and reading them back in pages.
//! Never: decides what is archived or deleted (journal records do), or looks into a blob.
//!
//! ```text
//!  archiver ── put, delete_*      ──▶ one writing connection, WAL, synchronous = FULL
//!  readers  ── get, lists, counts  ──▶ a few read-only connections, each sees whole batches only
//! ```
//!
//! The same id put again replaces the same row: what is put twice is there once.
//! Every call blocks on the disk: call it from a thread, never from a worker of the runtime.

mod age;
mod audit;
mod check;
mod export;
mod groups;
mod jobs;
mod query;
mod restored;
mod rows;
mod schema;
mod write;

#[cfg(test)]
pub(crate) mod tests;

pub use audit::{AuditEntry, AuditFilter, AuditOutcome, AuditRow, Audited};
pub use jobs::{LogEntry, LogFilter};
pub use query::{Cursor, InstanceFilter, Page, TaskFilter};
pub use rows::{ArchivedInstance, EndState, FinishedTask, InstanceRow, TaskRow};

use parking_lot::Mutex;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::path::{Path, PathBuf};

/// Read-only connections that are kept open between reads; more are opened while more readers read.
const IDLE_READERS: usize = 4;

/// Why the archive could not do it. All but `Corrupt` and `Newer` may pass: the caller tries again with back-off.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No room on the disk.
    #[error("the archive's disk is full: {0}")]
    Full(rusqlite::Error),
    /// The file is damaged, or is no archive.
    #[error("the archive is corrupt: {0}")]
    Corrupt(rusqlite::Error),
    /// Reading all of it found something wrong.
    #[error("the archive is damaged: {0}")]
    Damaged(String),
    /// A later build wrote it.
    #[error("the archive has schema {found}, this build knows {known}")]
    Newer {
        /// The schema that was found.
        found: i64,
        /// The latest schema of this build.
        known: i64,
    },
    /// Anything else that the disk or SQLite said.
    #[error("the archive is unavailable: {0}")]
    Unavailable(rusqlite::Error),
    /// The receiver of an export failed.
    #[error("export: {0}")]
    Export(#[from] std::io::Error),
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Error::Full(error),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Error::Corrupt(error),
            Some(_) | None => Error::Unavailable(error),
        }
    }
}

/// What the archive answers.
pub type Result<T> = std::result::Result<T, Error>;

/// How many rows a page skips; past what SQLite can count there is nothing.
fn sql_offset(skipped: usize) -> i64 {
    i64::try_from(skipped).unwrap_or(i64::MAX)
}

/// The open archive. Shared by the archiver's thread and all readers.
pub struct Archive {
    path: PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
    damage: Mutex<Option<String>>,
}

impl Archive {
    /// Whether one was ever made there: a file that was emptied, or that has lost its write-ahead log before all, is none.
    pub fn is_there(path: &Path) -> Result<bool> {
        Ok(path.exists() && schema::version(&open_reader(path)?)? > 0)
    }

    /// Opens or creates the file and brings its schema up to date.
    pub fn open(path: &Path) -> Result<Self> {
        let mut writer = Connection::open(path)?;
        schema::configure_writer(&writer)?;
        schema::migrate(&mut writer)?;
        Ok(Archive {
            path: path.to_owned(),
            writer: Mutex::new(writer),
            readers: Mutex::new(Vec::new()),
            damage: Mutex::new(None),
        })
    }

    /// Runs `read` on a read-only connection, inside one transaction: what it sees doesn't change underneath it.
    fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let answer = self.read_once(read);
        if let Err(error @ (Error::Corrupt(_) | Error::Damaged(_))) = &answer {
            *self.damage.lock() = Some(error.to_string());
        }
        answer
    }

    fn read_once<T>(&self, read: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let idle = self.readers.lock().pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => open_reader(&self.path)?,
        };
        let transaction = connection.transaction()?;
        let answer = read(&transaction)?;
        transaction.finish()?;
        let mut readers = self.readers.lock();
        if readers.len() < IDLE_READERS {
            readers.push(connection);
        }
        Ok(answer)
    }

    /// Writes a consistent copy into a new file.
    pub fn copy_to(&self, path: &Path) -> Result<()> {
        let connection = open_reader(&self.path)?;
        let name = path.to_string_lossy();
        connection.execute("VACUUM INTO ?1", [name.as_ref()])?;
        Ok(())
    }
}

fn open_reader(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    schema::configure_reader(&connection)?;
    Ok(connection)
}
