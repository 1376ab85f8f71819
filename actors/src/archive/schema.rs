//! The schema of `history.db`, its versions, and how connections are set up.
//! Never: changes a step that was published; a new shape is a new step at the end.

use super::{Error, Result};
use rusqlite::{Connection, TransactionBehavior, functions::FunctionFlags};
use std::time::Duration;

/// Step N brings schema N to schema N + 1; `user_version` says how many have run.
///
/// Orders are unsigned and kept with the sign bit flipped, so that SQLite sorts them right. `rowid` breaks ties.
const STEPS: &[&str] = &["
CREATE TABLE instances (
  root          BLOB    NOT NULL,
  number        INTEGER NOT NULL,
  tenant        INTEGER NOT NULL,
  place         INTEGER NOT NULL,
  definition    INTEGER NOT NULL,
  key           TEXT    NOT NULL,
  version       INTEGER NOT NULL,
  business_key  TEXT,
  name          TEXT,
  started_ms    INTEGER NOT NULL,
  ended_ms      INTEGER NOT NULL,
  state         INTEGER NOT NULL,
  start_user    TEXT,
  super         INTEGER,
  end_activity  TEXT,
  delete_reason TEXT,
  detail        BLOB    NOT NULL
) STRICT;
CREATE UNIQUE INDEX instances_id ON instances (root, number);
CREATE INDEX instances_place ON instances (tenant, place);
CREATE INDEX instances_key ON instances (tenant, key, place);
CREATE INDEX instances_business_key ON instances (tenant, business_key, place) WHERE business_key IS NOT NULL;
CREATE INDEX instances_ended ON instances (ended_ms) WHERE number = 0;

CREATE TABLE tasks (
  root          BLOB    NOT NULL,
  number        INTEGER NOT NULL,
  instance      INTEGER NOT NULL,
  tenant        INTEGER NOT NULL,
  place         INTEGER NOT NULL,
  definition    INTEGER NOT NULL,
  key           TEXT    NOT NULL,
  activity_id   TEXT    NOT NULL,
  execution     INTEGER NOT NULL,
  name          TEXT,
  description   TEXT,
  assignee      TEXT,
  owner         TEXT,
  delegation    INTEGER,
  priority      INTEGER NOT NULL,
  due_ms        INTEGER,
  category      TEXT,
  form_key      TEXT,
  parent_task   INTEGER,
  business_key  TEXT,
  created_ms    INTEGER NOT NULL,
  claimed_ms    INTEGER,
  ended_ms      INTEGER NOT NULL,
  delete_reason TEXT
) STRICT;
CREATE UNIQUE INDEX tasks_id ON tasks (root, number);
CREATE INDEX tasks_place ON tasks (tenant, place);
CREATE INDEX tasks_assignee ON tasks (tenant, assignee, place) WHERE assignee IS NOT NULL;
CREATE INDEX tasks_business_key ON tasks (tenant, business_key, place) WHERE business_key IS NOT NULL;
", "
CREATE TABLE executions (
  id          BLOB    NOT NULL PRIMARY KEY,
  tenant      INTEGER NOT NULL,
  owner       BLOB    NOT NULL,
  created_ms  INTEGER NOT NULL,
  finished_ms INTEGER,
  detail      BLOB    NOT NULL
) STRICT;
CREATE INDEX executions_owner ON executions (owner, created_ms);
CREATE INDEX executions_finished ON executions (finished_ms);

CREATE TABLE jobs (
  id           BLOB    NOT NULL PRIMARY KEY,
  execution    BLOB    NOT NULL,
  number       INTEGER NOT NULL,
  tenant       INTEGER NOT NULL,
  department   BLOB    NOT NULL,
  workflow     BLOB    NOT NULL,
  queue        BLOB    NOT NULL,
  robot        BLOB,
  state        INTEGER NOT NULL,
  startup      INTEGER NOT NULL,
  startup_id   TEXT,
  priority     INTEGER NOT NULL,
  created_ms   INTEGER NOT NULL,
  started_ms   INTEGER,
  finished_ms  INTEGER,
  name         TEXT    NOT NULL,
  package_name TEXT    NOT NULL,
  search       TEXT    NOT NULL,
  row          BLOB    NOT NULL
) STRICT;
CREATE INDEX jobs_execution ON jobs (execution);
CREATE INDEX jobs_created ON jobs (tenant, created_ms);
CREATE INDEX jobs_workflow ON jobs (workflow, created_ms);

CREATE TABLE runs (
  id        BLOB NOT NULL PRIMARY KEY,
  execution BLOB NOT NULL
) STRICT;
CREATE INDEX runs_execution ON runs (execution);

CREATE TABLE logs (
  run     BLOB    NOT NULL,
  seq     INTEGER NOT NULL,
  at_ms   INTEGER NOT NULL,
  level   TEXT    NOT NULL,
  kind    TEXT    NOT NULL,
  robot   BLOB    NOT NULL,
  message TEXT    NOT NULL,
  PRIMARY KEY (run, seq)
) STRICT, WITHOUT ROWID;
", "
CREATE TABLE progress (
  revision INTEGER NOT NULL
) STRICT;
INSERT INTO progress (revision) VALUES (0);
", "
CREATE TABLE audit (
  id            BLOB    NOT NULL,
  at_ms         INTEGER NOT NULL,
  tenant        INTEGER NOT NULL,
  actor         TEXT    NOT NULL,
  actor_name    TEXT    NOT NULL,
  action        TEXT    NOT NULL,
  resource_type TEXT    NOT NULL,
  resource_id   TEXT,
  company       TEXT,
  department    TEXT,
  origin        TEXT    NOT NULL,
  detail        TEXT
) STRICT;
CREATE UNIQUE INDEX audit_id ON audit (id);
CREATE INDEX audit_at ON audit (tenant, at_ms);
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is only added to'); END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is only added to'); END;

CREATE TABLE audit_outcomes (
  id          BLOB    NOT NULL PRIMARY KEY,
  status      INTEGER NOT NULL,
  resource_id TEXT,
  department  TEXT
) STRICT, WITHOUT ROWID;
CREATE TRIGGER audit_outcomes_are_not_changed BEFORE UPDATE ON audit_outcomes
  BEGIN SELECT RAISE(ABORT, 'the audit trail is only added to'); END;
CREATE TRIGGER audit_outcomes_are_not_deleted BEFORE DELETE ON audit_outcomes
  BEGIN SELECT RAISE(ABORT, 'the audit trail is only added to'); END;
", "
ALTER TABLE executions ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE executions ADD COLUMN started_ms INTEGER;
"];

/// The schema from which on executions have a name and a start of their own.
const NAMED_EXECUTIONS: usize = 5;

/// Page cache of the writer, in KiB: the hot ends of the indexes of a batch.
const WRITER_CACHE_KIB: i64 = 32 * 1024;
/// Page cache of one reader, in KiB.
const READER_CACHE_KIB: i64 = 4 * 1024;
/// Pages in the write-ahead log before it is moved into the file: 64 MiB, so that a page written by many batches moves once.
const CHECKPOINT_PAGES: i64 = 16_384;
/// The write-ahead log is cut back to this after a checkpoint, in bytes.
const LOG_LIMIT_BYTES: i64 = 128 * 1024 * 1024;
/// A backup or a checkpoint may hold the file for a moment.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Statements kept prepared by a connection; filters make several shapes.
const STATEMENTS: usize = 64;

pub(super) fn configure_writer(connection: &Connection) -> Result<()> {
    configure(connection, WRITER_CACHE_KIB)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "journal_size_limit", LOG_LIMIT_BYTES)?;
    Ok(())
}

pub(super) fn configure_reader(connection: &Connection) -> Result<()> {
    configure(connection, READER_CACHE_KIB)
}

fn configure(connection: &Connection, cache_kib: i64) -> Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "cache_size", -cache_kib)?;
    // SQLite's own knows the case of ASCII only.
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("folded", 1, flags, |arguments| {
        let text: Option<String> = arguments.get(0)?;
        Ok(text.map(|text| text.to_lowercase()))
    })?;
    Ok(())
}

/// How many steps have run; none where no schema was ever made.
pub(super) fn version(connection: &Connection) -> Result<i64> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

pub(super) fn migrate(connection: &mut Connection) -> Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = version(&transaction)?;
    let known = STEPS.len() as i64;
    let done = usize::try_from(found)
        .ok()
        .filter(|done| *done <= STEPS.len())
        .ok_or(Error::Newer { found, known })?;
    if done == STEPS.len() {
        // Nothing is written: a full disk opens too.
        return Ok(());
    }
    for step in &STEPS[done..] {
        transaction.execute_batch(step)?;
    }
    if done < NAMED_EXECUTIONS {
        super::jobs::name_executions(&transaction)?;
    }
    transaction.pragma_update(None, "user_version", known)?;
    transaction.commit()?;
    Ok(())
}
