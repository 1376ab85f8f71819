//! Ended executions, their jobs and run instances, and the logs of runs.
//!
//! Owns: their tables, and joining a page of what is in memory to a page of what has ended.
//! Never: knows who is in memory; that is handed in.

use super::{Archive, AuditRow, Error, Result, audit, sql_offset};
use crate::executions::{JobFilter, JobOrder, JobPage};
use rpa::{
    Guid,
    execution::{
        Execution, Owner,
        rows::{self, JobRow, Rows},
        stored,
    },
};
use rusqlite::{Connection, OptionalExtension, params, params_from_iter, types::Value};
use std::collections::BTreeSet;

/// A line of a run's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// The run.
    pub run: Guid,
    /// Its number in the run, from 1, as the robot gives it.
    pub seq: u64,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// `Debug`, `Info` or `Error`.
    pub level: String,
    /// `System` or `Business`.
    pub kind: String,
    /// The robot.
    pub robot: Guid,
    /// The text.
    pub message: String,
}

/// Which lines of a run's log.
#[derive(Clone, Debug, Default)]
pub struct LogFilter {
    /// Only lines before this number.
    pub before: Option<u64>,
    /// Of this level.
    pub level: Option<String>,
    /// With this text in it, in any case.
    pub search: Option<String>,
    /// At most so many.
    pub limit: usize,
}

impl Archive {
    /// Puts executions that are over, lines of logs and rows of the audit trail, all or none. The same execution replaces its
    /// rows; a line or a row of the trail that is there stays as it is.
    pub fn keep(
        &self,
        executions: &[Execution],
        lines: &[LogEntry],
        trail: &[AuditRow],
    ) -> Result<()> {
        self.write(|connection| {
            for execution in executions {
                put_execution(connection, execution)?;
            }
            for line in lines {
                put_line(connection, line)?;
            }
            for row in trail {
                audit::put(connection, row)?;
            }
            Ok(())
        })
    }

    /// An execution that is over.
    pub fn execution(&self, id: Guid) -> Result<Option<Execution>> {
        self.read(|connection| {
            let sql = "SELECT detail FROM executions WHERE id = ?1";
            let detail: Option<Vec<u8>> = connection
                .prepare_cached(sql)?
                .query_row([bytes(id)], |row| row.get(0))
                .optional()?;
            let read = |detail: Vec<u8>| {
                stored::decode_execution(&detail).map_err(|error| Error::Damaged(error.to_string()))
            };
            detail.map(read).transpose()
        })
    }

    /// The execution that a job is of.
    pub fn execution_of_job(&self, job: Guid) -> Result<Option<Guid>> {
        self.owner("SELECT execution FROM jobs WHERE id = ?1", job)
    }

    /// The execution that a run instance is of.
    pub fn execution_of_run(&self, run: Guid) -> Result<Option<Guid>> {
        self.owner("SELECT execution FROM runs WHERE id = ?1", run)
    }

    fn owner(&self, sql: &str, id: Guid) -> Result<Option<Guid>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let found = statement.query_row([bytes(id)], |row| guid(row, 0));
            Ok(found.optional()?)
        })
    }

    /// A page of jobs: those of `memory` that pass the filter, and those that have ended. `is_open` says of a job of
    /// memory whether it is there still and has not ended.
    pub fn jobs(
        &self,
        filter: &JobFilter,
        order: JobOrder,
        page: JobPage,
        (mut memory, is_open): (Vec<JobRow>, &dyn Fn(Guid) -> bool),
    ) -> Result<(u64, Vec<JobRow>)> {
        self.read(|connection| {
            let (condition, values) = condition(filter);
            let count: i64 = connection
                .prepare_cached(&format!("SELECT count(*) FROM jobs WHERE {condition}"))?
                .query_row(params_from_iter(values.iter()), |row| row.get(0))?;
            // What has ended may stand on both sides for a moment, also what had not when memory was read: then it
            // counts here. What has not ended even now is not in what this transaction sees.
            let mut known = connection.prepare_cached("SELECT 1 FROM jobs WHERE id = ?1")?;
            let mut here = BTreeSet::new();
            for row in memory.iter().filter(|row| !is_open(row.id)) {
                if known.exists([bytes(row.id)])? {
                    here.insert(row.id);
                }
            }
            memory.retain(|row| !here.contains(&row.id));
            order.sort(&mut memory);
            let total = count.unsigned_abs() + memory.len() as u64;
            // A row of the page stands behind at most all of memory's.
            let skipped = page.offset.saturating_sub(memory.len());
            let wanted = page.offset - skipped + page.limit;
            let offset = sql_offset(skipped);
            let sql = format!(
                "SELECT row FROM jobs WHERE {condition} ORDER BY {} LIMIT {wanted} OFFSET {offset}",
                order.sql()
            );
            let mut ended = Vec::new();
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map(params_from_iter(values.iter()), |row| {
                row.get::<_, Vec<u8>>(0)
            })?;
            for row in rows {
                let decoded = stored::decode_rows(&row?);
                let decoded = decoded.map_err(|error| Error::Damaged(error.to_string()))?;
                ended.extend(decoded.jobs);
            }
            memory.extend(ended);
            order.sort(&mut memory);
            let rows = memory.into_iter().skip(page.offset - skipped);
            Ok((total, rows.take(page.limit).collect()))
        })
    }

    /// Lines of a run's log, the newest first.
    pub fn logs(&self, run: Guid, filter: &LogFilter) -> Result<Vec<LogEntry>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT seq, at_ms, level, kind, robot, message FROM logs WHERE run = ?1 AND seq < ?2
                 AND (?3 IS NULL OR level = ?3 COLLATE NOCASE) AND (?4 IS NULL OR instr(folded(message), folded(?4)) > 0)
                 ORDER BY seq DESC LIMIT ?5",
            )?;
            let before = filter.before.map_or(i64::MAX, |before| {
                i64::try_from(before).unwrap_or(i64::MAX)
            });
            let limit = i64::try_from(filter.limit).unwrap_or(i64::MAX);
            let rows = statement.query_map(
                params![bytes(run), before, filter.level, filter.search, limit],
                |row| log_entry(run, row),
            )?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Lines of a run's log after a number, the oldest first.
    pub fn logs_after(&self, run: Guid, seq: u64, limit: usize) -> Result<Vec<LogEntry>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT seq, at_ms, level, kind, robot, message FROM logs WHERE run = ?1 AND seq > ?2
                 ORDER BY seq LIMIT ?3",
            )?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let after = i64::try_from(seq).unwrap_or(i64::MAX);
            let rows =
                statement.query_map(params![bytes(run), after, limit], |row| log_entry(run, row))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }
}

fn put_line(connection: &Connection, line: &LogEntry) -> Result<()> {
    let sql = "INSERT OR IGNORE INTO logs (run, seq, at_ms, level, kind, robot, message) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    connection.prepare_cached(sql)?.execute(params![
        bytes(line.run),
        line.seq.cast_signed(),
        line.at_ms,
        line.level,
        line.kind,
        bytes(line.robot),
        line.message,
    ])?;
    Ok(())
}

fn put_execution(connection: &Connection, execution: &Execution) -> Result<()> {
    let Rows { group, jobs, runs } = rows::of(execution);
    let Some(group) = group else { return Ok(()) };
    let (Owner::Workflow(owner) | Owner::Layout(owner)) = group.owner;
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO executions (id, tenant, owner, created_ms, finished_ms, detail, name, started_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            bytes(group.id),
            group.tenant.0,
            bytes(owner),
            group.created_ms,
            group.finished_ms,
            stored::encode_execution(execution),
            group.name.to_lowercase(),
            group.started_ms,
        ])?;
    let mut statement =
        connection.prepare_cached("INSERT OR REPLACE INTO runs (id, execution) VALUES (?1, ?2)")?;
    for run in runs {
        statement.execute(params![bytes(run.id), bytes(group.id)])?;
    }
    for job in jobs {
        put_job(connection, job)?;
    }
    Ok(())
}

/// Deletes an execution with its jobs and runs; the lines of its runs stay.
pub(super) fn delete_execution(connection: &Connection, id: &[u8; 16]) -> Result<()> {
    for sql in [
        "DELETE FROM runs WHERE execution = ?1",
        "DELETE FROM jobs WHERE execution = ?1",
        "DELETE FROM executions WHERE id = ?1",
    ] {
        connection.prepare_cached(sql)?.execute([id])?;
    }
    Ok(())
}

/// Fills in what rows of an earlier schema do not have.
pub(super) fn name_executions(connection: &Connection) -> Result<()> {
    let mut all = connection.prepare("SELECT id, detail FROM executions")?;
    let mut change =
        connection.prepare("UPDATE executions SET name = ?2, started_ms = ?3 WHERE id = ?1")?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        let (id, detail): ([u8; 16], Vec<u8>) = (row.get(0)?, row.get(1)?);
        let decoded = stored::decode_execution(&detail);
        let execution = decoded.map_err(|error| Error::Damaged(error.to_string()))?;
        let name = execution.start().map(|start| start.name.to_lowercase());
        change.execute(params![
            id,
            name.unwrap_or_default(),
            execution.started_ms()
        ])?;
    }
    Ok(())
}

fn put_job(connection: &Connection, job: JobRow) -> Result<()> {
    let row = stored::encode_rows(&Rows {
        jobs: vec![job.clone()],
        ..Rows::default()
    });
    let search = format!("{}\n{}", job.name, job.package_name).to_lowercase();
    let mut statement = connection.prepare_cached(
        "INSERT OR REPLACE INTO jobs (id, execution, number, tenant, department, workflow, queue, robot, state, startup,
         startup_id, priority, created_ms, started_ms, finished_ms, name, package_name, search, row)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
    )?;
    statement.execute(params![
        bytes(job.id),
        bytes(job.execution),
        job.number,
        job.tenant.0,
        bytes(job.department),
        bytes(job.workflow),
        bytes(job.queue),
        job.robot.map(bytes),
        job.state.number(),
        job.startup.number(),
        job.startup_id,
        job.priority,
        job.created_ms,
        job.started_ms,
        job.finished_ms,
        job.name.to_lowercase(),
        job.package_name.to_lowercase(),
        search,
        row,
    ])?;
    Ok(())
}

fn log_entry(run: Guid, row: &rusqlite::Row<'_>) -> rusqlite::Result<LogEntry> {
    Ok(LogEntry {
        run,
        seq: row.get::<_, i64>(0)?.unsigned_abs(),
        at_ms: row.get(1)?,
        level: row.get(2)?,
        kind: row.get(3)?,
        robot: guid(row, 4)?,
        message: row.get(5)?,
    })
}

pub(super) fn bytes(id: Guid) -> [u8; 16] {
    id.0.to_be_bytes()
}

pub(super) fn guid(row: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<Guid> {
    Ok(Guid(u128::from_be_bytes(row.get(at)?)))
}

/// The filter in SQL; the same as [`JobFilter::passes`].
fn condition(filter: &JobFilter) -> (String, Vec<Value>) {
    let mut parts = vec!["tenant = ?".to_owned()];
    let mut values = vec![Value::Integer(filter.tenant.0.into())];
    let blob = |id: &Guid| Value::Blob(bytes(*id).to_vec());
    let mut among = |column: &str, wanted: Vec<Value>| {
        let marks = vec!["?"; wanted.len()].join(", ");
        parts.push(format!("{column} IN ({marks})"));
        values.extend(wanted);
    };
    if let Some(departments) = &filter.departments {
        among("department", departments.iter().map(blob).collect());
    }
    if !filter.ids.is_empty() {
        among("id", filter.ids.iter().map(blob).collect());
    }
    if !filter.states.is_empty() {
        let states = filter.states.iter();
        among(
            "state",
            states.map(|s| Value::Integer(s.number())).collect(),
        );
    }
    for (column, wanted) in [
        ("workflow", filter.workflow),
        ("robot", filter.robot),
        ("queue", filter.queue),
        ("execution", filter.execution),
    ] {
        if let Some(id) = wanted {
            among(column, vec![blob(&id)]);
        }
    }
    if let Some(startup) = filter.startup {
        among("startup", vec![Value::Integer(startup.number())]);
    }
    if let Some(id) = &filter.startup_id {
        among("startup_id", vec![Value::Text(id.clone())]);
    }
    for (column, wanted) in [
        ("search", &filter.search),
        ("name", &filter.name),
        ("package_name", &filter.package_name),
    ] {
        if let Some(text) = wanted {
            parts.push(format!("instr({column}, ?) > 0"));
            values.push(Value::Text(text.to_lowercase()));
        }
    }
    for (column, range) in [
        ("created_ms", filter.created),
        ("started_ms", filter.started),
        ("finished_ms", filter.finished),
    ] {
        for (sign, bound) in [(">=", range.from_ms), ("<=", range.to_ms)] {
            if let Some(ms) = bound {
                parts.push(format!("{column} {sign} ?"));
                values.push(Value::Integer(ms));
            }
        }
    }
    (parts.join(" AND "), values)
}
