//! An archive that came out of a backup: it was copied behind the journal, so it may know an end that the journal does not.
//!
//! Owns: the mark that says so, and taking back such ends.
//! Never: touches log lines or the audit trail; what they tell has happened.

use super::{Archive, Result, jobs::delete_execution};
use codec::{Id, RootId};
use rpa::Guid;
use rusqlite::params;

/// The file's `application_id` until the first start after a restore.
const RESTORED: i32 = 0x4C57_5253;

impl Archive {
    /// The next start takes back what the journal does not know.
    pub fn mark_restored(&self) -> Result<()> {
        Ok(self
            .writer
            .lock()
            .pragma_update(None, "application_id", RESTORED)?)
    }

    /// Whether it has been marked.
    pub fn is_restored(&self) -> Result<bool> {
        self.read(|connection| {
            let id: i32 =
                connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
            Ok(id == RESTORED)
        })
    }

    /// Forgets that these have ended, all or none, and the mark. What has ended in truth is put again.
    pub fn take_back(&self, roots: &[RootId], tasks: &[Id], executions: &[Guid]) -> Result<()> {
        self.write(|connection| {
            let mut instance = connection.prepare("DELETE FROM instances WHERE root = ?1")?;
            for root in roots {
                instance.execute([root.0.to_be_bytes()])?;
            }
            let mut task =
                connection.prepare("DELETE FROM tasks WHERE root = ?1 AND number = ?2")?;
            for id in tasks {
                task.execute(params![id.root.0.to_be_bytes(), id.number])?;
            }
            for id in executions {
                delete_execution(connection, &id.0.to_be_bytes())?;
            }
            connection.pragma_update(None, "application_id", 0)?;
            Ok(())
        })
    }
}
