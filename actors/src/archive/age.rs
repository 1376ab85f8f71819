//! How long it is kept: instances with their tasks, job groups with their jobs, runs and log lines.
//!
//! Owns: deleting by age, a bounded number at a time.
//! Never: touches the audit trail, which is only added to.

use super::{Archive, Result, jobs::delete_execution, write::delete};
use rusqlite::{Connection, params};

impl Archive {
    /// Deletes at most `limit` roots that ended before this instant (milliseconds since 1970), oldest end first.
    /// Gives how many; call it again until it gives 0, so that no transaction grows without bound.
    pub fn delete_before(&self, ms: i64, limit: usize) -> Result<usize> {
        self.write(|connection| {
            let sql = "SELECT root FROM instances WHERE number = 0 AND ended_ms < ?1 ORDER BY ended_ms LIMIT ?2";
            let roots = ids(connection, sql, ms, limit)?;
            for root in &roots {
                delete(connection, root)?;
            }
            Ok(roots.len())
        })
    }

    /// The same for job groups, by the end of their last job.
    pub fn delete_executions_before(&self, ms: i64, limit: usize) -> Result<usize> {
        self.write(|connection| {
            let sql =
                "SELECT id FROM executions WHERE finished_ms < ?1 ORDER BY finished_ms LIMIT ?2";
            let groups = ids(connection, sql, ms, limit)?;
            for group in &groups {
                let sql =
                    "DELETE FROM logs WHERE run IN (SELECT id FROM runs WHERE execution = ?1)";
                connection.prepare_cached(sql)?.execute([group])?;
                delete_execution(connection, group)?;
            }
            Ok(groups.len())
        })
    }
}

fn ids(connection: &Connection, sql: &str, ms: i64, limit: usize) -> Result<Vec<[u8; 16]>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_map(params![ms, limit], |row| row.get(0))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}
