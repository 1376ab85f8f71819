//! The audit trail: who did what, from where.
//!
//! Owns: two tables to which rows are only added: what somebody set out to do, and what became of it. Never: changes a
//! row, deletes one, or holds what was sent.
//!
//! ```text
//!  audit           before the change: so no change is without a row, whatever happens
//!  audit_outcomes  after it; without one the server ended in between, and nobody was answered
//! ```

use super::{Archive, Result, sql_offset};
use codec::Tenant;
use rpa::Guid;
use rusqlite::{Connection, Row, params, params_from_iter, types::Value};

/// Something that somebody set out to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its id.
    pub id: Guid,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// The company's number.
    pub tenant: Tenant,
    /// Whose doing: an account's or a key's id, or a token's name.
    pub actor: String,
    /// What they are called.
    pub actor_name: String,
    /// What was done, such as `create` or `enable`.
    pub action: String,
    /// With what kind of thing.
    pub resource_type: String,
    /// With which one.
    pub resource_id: Option<String>,
    /// The company's id.
    pub company: Option<String>,
    /// The department's id.
    pub department: Option<String>,
    /// The address from which it came.
    pub from: String,
    /// What else there is to say.
    pub detail: Option<String>,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditOutcome {
    /// The id of what somebody set out to do.
    pub id: Guid,
    /// The status that was answered.
    pub status: u16,
    /// What was made.
    pub resource_id: Option<String>,
    /// Where that is.
    pub department: Option<String>,
}

/// An addition to the trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditRow {
    /// Somebody set out to do something.
    Begun(AuditEntry),
    /// It has ended.
    Ended(AuditOutcome),
}

/// Which rows of the trail.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// The company's number.
    pub tenant: Tenant,
    /// Only of these departments.
    pub departments: Option<Vec<String>>,
    /// The actor's id, or a part of their name.
    pub actor: Option<String>,
    /// A kind of thing, or one thing's id.
    pub resource: Option<String>,
    /// What was done.
    pub action: Option<String>,
    /// Not before, milliseconds since 1970.
    pub start_ms: Option<i64>,
    /// Not after, milliseconds since 1970.
    pub end_ms: Option<i64>,
    /// Whether the oldest comes first.
    pub ascending: bool,
    /// Rows before the page.
    pub offset: usize,
    /// Rows of the page.
    pub limit: usize,
}

/// A row of the trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audited {
    /// What was done.
    pub entry: AuditEntry,
    /// Whether it was answered; else the server ended in between.
    pub is_answered: bool,
}

const FROM: &str = "audit a LEFT JOIN audit_outcomes o ON o.id = a.id";
const COLUMNS: &str = "a.id, a.at_ms, a.tenant, a.actor, a.actor_name, a.action, a.resource_type, \
     coalesce(a.resource_id, o.resource_id), a.company, coalesce(o.department, a.department), a.origin, a.detail, o.status";

impl Archive {
    /// How many rows there are, and a page of them. What was refused is not among them.
    pub fn audit(&self, filter: &AuditFilter) -> Result<(u64, Vec<Audited>)> {
        self.read(|connection| {
            let (condition, values) = condition(filter);
            let count: i64 = connection
                .prepare_cached(&format!("SELECT count(*) FROM {FROM} WHERE {condition}"))?
                .query_row(params_from_iter(values.iter()), |row| row.get(0))?;
            let order = if filter.ascending { "ASC" } else { "DESC" };
            let (limit, offset) = (filter.limit, sql_offset(filter.offset));
            let sql = format!(
                "SELECT {COLUMNS} FROM {FROM} WHERE {condition} \
                 ORDER BY a.at_ms {order}, a.rowid {order} LIMIT {limit} OFFSET {offset}"
            );
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map(params_from_iter(values.iter()), audited)?;
            let page = rows.collect::<rusqlite::Result<Vec<_>>>()?;
            Ok((count.unsigned_abs(), page))
        })
    }
}

/// Adds a row; one that is there stays as it is.
pub(super) fn put(connection: &Connection, row: &AuditRow) -> Result<()> {
    match row {
        AuditRow::Begun(entry) => put_entry(connection, entry),
        AuditRow::Ended(outcome) => put_outcome(connection, outcome),
    }
}

fn put_entry(connection: &Connection, entry: &AuditEntry) -> Result<()> {
    let sql = "INSERT OR IGNORE INTO audit (id, at_ms, tenant, actor, actor_name, action, resource_type, resource_id, \
               company, department, origin, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    connection.prepare_cached(sql)?.execute(params![
        entry.id.0.to_be_bytes(),
        entry.at_ms,
        entry.tenant.0,
        entry.actor,
        entry.actor_name,
        entry.action,
        entry.resource_type,
        entry.resource_id,
        entry.company,
        entry.department,
        entry.from,
        entry.detail,
    ])?;
    Ok(())
}

fn put_outcome(connection: &Connection, outcome: &AuditOutcome) -> Result<()> {
    let sql = "INSERT OR IGNORE INTO audit_outcomes (id, status, resource_id, department) VALUES (?1, ?2, ?3, ?4)";
    connection.prepare_cached(sql)?.execute(params![
        outcome.id.0.to_be_bytes(),
        outcome.status,
        outcome.resource_id,
        outcome.department,
    ])?;
    Ok(())
}

fn condition(filter: &AuditFilter) -> (String, Vec<Value>) {
    let mut parts = vec![
        "a.tenant = ?1".to_owned(),
        "coalesce(o.status, 0) < 400".to_owned(),
    ];
    let mut values = vec![Value::Integer(filter.tenant.0.into())];
    let mut add = |part: &str, value: Value| {
        values.push(value);
        parts.push(part.replace('#', &format!("?{}", values.len())));
    };
    if let Some(actor) = &filter.actor {
        let part = "(folded(a.actor) = folded(#) OR instr(folded(a.actor_name), folded(#)) > 0)";
        add(part, Value::Text(actor.clone()));
    }
    if let Some(resource) = &filter.resource {
        let part = "(folded(a.resource_type) = folded(#) OR folded(coalesce(a.resource_id, o.resource_id)) = folded(#))";
        add(part, Value::Text(resource.clone()));
    }
    if let Some(action) = &filter.action {
        add("folded(a.action) = folded(#)", Value::Text(action.clone()));
    }
    if let Some(start_ms) = filter.start_ms {
        add("a.at_ms >= #", Value::Integer(start_ms));
    }
    if let Some(end_ms) = filter.end_ms {
        add("a.at_ms <= #", Value::Integer(end_ms));
    }
    if let Some(departments) = &filter.departments {
        let mut places = Vec::new();
        for department in departments {
            values.push(Value::Text(department.clone()));
            places.push(format!("?{}", values.len()));
        }
        parts.push(format!(
            "coalesce(o.department, a.department) IN ({})",
            places.join(", ")
        ));
    }
    (parts.join(" AND "), values)
}

fn audited(row: &Row<'_>) -> rusqlite::Result<Audited> {
    Ok(Audited {
        entry: AuditEntry {
            id: Guid(u128::from_be_bytes(row.get(0)?)),
            at_ms: row.get(1)?,
            tenant: Tenant(row.get(2)?),
            actor: row.get(3)?,
            actor_name: row.get(4)?,
            action: row.get(5)?,
            resource_type: row.get(6)?,
            resource_id: row.get(7)?,
            company: row.get(8)?,
            department: row.get(9)?,
            from: row.get(10)?,
            detail: row.get(11)?,
        },
        is_answered: row.get::<_, Option<u16>>(12)?.is_some(),
    })
}
