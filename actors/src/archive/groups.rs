//! Pages of job groups that have ended, joined to those in memory.
//! Never: knows who is in memory; that is handed in.

use super::{
    Archive, Result,
    jobs::{bytes, guid},
    sql_offset,
};
use crate::executions::{GroupFilter, GroupPlace, JobPage};
use rpa::{
    Guid,
    execution::{Execution, rows::GroupRow, stored},
};
use rusqlite::{OptionalExtension, params_from_iter, types::Value};

impl Archive {
    /// A page of job groups in their order: those of `memory`, which pass the filter, and those that have ended.
    /// `is_open` says of a group of memory whether it is there still and has not ended.
    pub fn groups(
        &self,
        filter: &GroupFilter,
        page: JobPage,
        (memory, is_open): (&[GroupRow], &dyn Fn(Guid) -> bool),
    ) -> Result<(u64, Vec<Guid>)> {
        self.read(|connection| {
            let (condition, values) = condition(filter);
            let count: i64 = connection
                .prepare_cached(&format!(
                    "SELECT count(*) FROM executions WHERE {condition}"
                ))?
                .query_row(params_from_iter(values.iter()), |row| row.get(0))?;
            // What has ended may stand on both sides for a moment, also what had not when memory was read: then it
            // counts here. What has not ended even now is not in what this transaction sees.
            let mut known = connection.prepare_cached("SELECT 1 FROM executions WHERE id = ?1")?;
            let mut found = Vec::new();
            for row in memory {
                if is_open(row.id) || !known.exists([bytes(row.id)])? {
                    found.push(filter.key.place(row));
                }
            }
            let total = count.unsigned_abs() + found.len() as u64;
            // A row of the page stands behind at most all of memory's.
            let skipped = page.offset.saturating_sub(found.len());
            let wanted = page.offset - skipped + page.limit;
            let offset = sql_offset(skipped);
            let direction = if filter.descending { "DESC" } else { "ASC" };
            let (instant, text) = filter.key.columns();
            let sql = format!(
                "SELECT {instant}, {text}, created_ms, id FROM executions WHERE {condition}
                 ORDER BY {instant} {direction}, {text} {direction}, created_ms {direction}, id {direction}
                 LIMIT {wanted} OFFSET {offset}"
            );
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map(params_from_iter(values.iter()), |row| {
                let place: GroupPlace = (row.get(0)?, row.get(1)?, row.get(2)?, guid(row, 3)?);
                Ok(place)
            })?;
            for row in rows {
                found.push(row?);
            }
            found.sort_unstable();
            if filter.descending {
                found.reverse();
            }
            let ids = found.into_iter().skip(page.offset - skipped);
            let ids = ids.take(page.limit).map(|(_, _, _, id)| id);
            Ok((total, ids.collect()))
        })
    }

    /// Executions that are over; those that are not here are left out.
    pub fn executions(&self, ids: &[Guid]) -> Result<Vec<Execution>> {
        self.read(|connection| {
            let sql = "SELECT detail FROM executions WHERE id = ?1";
            let mut statement = connection.prepare_cached(sql)?;
            let mut found = Vec::with_capacity(ids.len());
            for id in ids {
                let detail: Option<Vec<u8>> = statement
                    .query_row([bytes(*id)], |row| row.get(0))
                    .optional()?;
                if let Some(detail) = detail {
                    let decoded = stored::decode_execution(&detail);
                    found.push(decoded.map_err(|error| super::Error::Damaged(error.to_string()))?);
                }
            }
            Ok(found)
        })
    }
}

/// The filter in SQL; the same as [`GroupFilter::passes`].
fn condition(filter: &GroupFilter) -> (String, Vec<Value>) {
    let mut parts = vec!["tenant = ?".to_owned()];
    let mut values = vec![Value::Integer(filter.tenant.0.into())];
    let blob = |id: &Guid| Value::Blob(bytes(*id).to_vec());
    let marks = |ids: &[Guid]| vec!["?"; ids.len()].join(", ");
    if let Some(departments) = &filter.departments {
        // All jobs of an execution are of its department.
        parts.push(format!(
            "EXISTS (SELECT 1 FROM jobs WHERE jobs.execution = executions.id AND jobs.department IN ({}))",
            marks(departments)
        ));
        values.extend(departments.iter().map(blob));
    }
    if let Some(ids) = &filter.ids {
        parts.push(format!("id IN ({})", marks(ids)));
        values.extend(ids.iter().map(blob));
    }
    if let Some(owner) = &filter.owner {
        parts.push("owner = ?".to_owned());
        values.push(blob(owner));
    }
    for text in [&filter.name, &filter.search].into_iter().flatten() {
        parts.push("instr(name, ?) > 0".to_owned());
        values.push(Value::Text(text.to_lowercase()));
    }
    for (sign, bound) in [(">=", filter.created.from_ms), ("<=", filter.created.to_ms)] {
        if let Some(ms) = bound {
            parts.push(format!("created_ms {sign} ?"));
            values.push(Value::Integer(ms));
        }
    }
    (parts.join(" AND "), values)
}
