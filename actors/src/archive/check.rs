//! Whether the archive is what was committed: a little of it at every start, all of it on demand, and how far it has come.
//! Never: repairs; what is wrong is told.

use super::{Archive, Error, Result};
use rusqlite::{Connection, Error as SqliteError};

/// A file up to this size is read as a whole at the start, in bytes: some tens of milliseconds.
const SMALL_BYTES: u64 = 16 << 20;
/// Of a larger one both ends of every tree are read, rows and all.
const ENDS: &[&str] = &[
    "SELECT * FROM instances ORDER BY rowid",
    "SELECT * FROM tasks ORDER BY rowid",
    "SELECT root FROM instances INDEXED BY instances_id ORDER BY root",
    "SELECT tenant FROM instances INDEXED BY instances_place ORDER BY tenant",
    "SELECT tenant FROM instances INDEXED BY instances_key ORDER BY tenant",
    "SELECT root FROM tasks INDEXED BY tasks_id ORDER BY root",
    "SELECT tenant FROM tasks INDEXED BY tasks_place ORDER BY tenant",
];

impl Archive {
    /// Reads a small file whole, and of a large one the schema and both ends of its trees.
    pub fn check(&self) -> Result<()> {
        // Without a length it is read whole.
        let bytes = std::fs::metadata(&self.path).map_or(0, |found| found.len());
        self.read(|connection| {
            if bytes <= SMALL_BYTES {
                return sound(connection, "PRAGMA quick_check(1)");
            }
            for tree in ENDS {
                for end in ["", " DESC"] {
                    let sql = format!("{tree}{end} LIMIT 1");
                    let mut statement = connection.prepare(&sql)?;
                    let columns = statement.column_count();
                    let mut rows = statement.query([])?;
                    while let Some(row) = rows.next()? {
                        for column in 0..columns {
                            row.get_ref(column)?;
                        }
                    }
                }
            }
            Ok(())
        })
    }

    /// Reads the whole file and says whether it is sound.
    pub fn verify(&self) -> Result<()> {
        self.read(|connection| sound(connection, "PRAGMA integrity_check(1)"))
    }

    /// Moves the write-ahead log into the file, so that the file alone is the archive.
    pub fn settle(&self) -> Result<()> {
        let writer = self.writer.lock();
        writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }

    /// What a reader found to be damaged since the start.
    pub fn damage(&self) -> Option<String> {
        self.damage.lock().clone()
    }

    /// How many transactions were committed: it only grows, so a file with fewer than somebody knows has lost some.
    pub fn revision(&self) -> Result<u64> {
        self.read(read_revision)
    }

    /// Raises the revision to this one, when it is lower, and gives what it is then: what had been lost is there again,
    /// or given up.
    pub fn advance(&self, at_least: u64) -> Result<u64> {
        let found = self.revision()?;
        if found >= at_least {
            return Ok(found);
        }
        let writer = self.writer.lock();
        writer.execute(
            "UPDATE progress SET revision = max(revision, ?1)",
            [at_least.cast_signed()],
        )?;
        read_revision(&writer)
    }
}

fn read_revision(connection: &Connection) -> Result<u64> {
    match connection.query_row("SELECT revision FROM progress", [], |row| {
        row.get::<_, i64>(0)
    }) {
        Ok(revision) => Ok(revision.cast_unsigned()),
        Err(SqliteError::QueryReturnedNoRows) => {
            Err(Error::Damaged("its revision is missing".to_owned()))
        }
        Err(error) => Err(error.into()),
    }
}

fn sound(connection: &Connection, pragma: &str) -> Result<()> {
    let answer: String = connection.query_row(pragma, [], |row| row.get(0))?;
    if answer == "ok" {
        Ok(())
    } else {
        Err(Error::Damaged(answer))
    }
}
