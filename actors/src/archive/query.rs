//! Reading: one by id, and pages of what passes a filter, newest first.
//! Never: reads without a tenant, except one instance by its id.
//!
//! Filters combine with AND; several values of one filter with OR; an empty filter lets everything pass.

use super::rows::{
    INSTANCE_COLUMNS, TASK_COLUMNS, id_of, instance_row, order_of, place_of, task_row,
};
use super::{Archive, EndState, InstanceRow, Result, TaskRow};
use codec::{DefinitionId, Id, RootId, Tenant};
use rusqlite::{OptionalExtension, Row, params, params_from_iter, types::Value};
use std::{collections::HashSet, fmt, str::FromStr};

/// Which ended instances.
#[derive(Clone, Debug, Default)]
pub struct InstanceFilter {
    /// Whose.
    pub tenant: Tenant,
    /// Of these root instances and what they called.
    pub roots: Vec<RootId>,
    /// Keys of definitions.
    pub keys: Vec<String>,
    /// Definitions.
    pub definitions: Vec<DefinitionId>,
    /// Business keys.
    pub business_keys: Vec<String>,
    /// Called by this instance.
    pub super_instance: Option<Id>,
    /// Ended so.
    pub state: Option<EndState>,
    /// Started before, in milliseconds since 1970.
    pub started_before: Option<i64>,
    /// Started after, in milliseconds since 1970.
    pub started_after: Option<i64>,
}

/// Which finished user tasks.
#[derive(Clone, Debug, Default)]
pub struct TaskFilter {
    /// Whose.
    pub tenant: Tenant,
    /// Of these instances.
    pub instances: Vec<Id>,
    /// Of these root instances and what they called.
    pub roots: Vec<RootId>,
    /// Keys of definitions.
    pub keys: Vec<String>,
    /// Element ids in the model.
    pub activity_ids: Vec<String>,
    /// Names.
    pub names: Vec<String>,
    /// Last assignees.
    pub assignees: Vec<String>,
    /// Owners.
    pub owners: Vec<String>,
    /// Last assignees or owners.
    pub involved: Vec<String>,
    /// Business keys of their instances.
    pub business_keys: Vec<String>,
    /// Without an assignee.
    pub unassigned: bool,
    /// Due before, in milliseconds since 1970.
    pub due_before: Option<i64>,
    /// Ended after, in milliseconds since 1970.
    pub ended_after: Option<i64>,
    /// Completed, not deleted.
    pub completed_only: bool,
}

/// The place of a row, the same in memory and in the archive: opaque text for clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// Its place in the order of creation.
    pub order: u64,
    /// Its id, which tells apart what has one order.
    pub id: Id,
}

/// One page.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The rows, newest first.
    pub items: Vec<T>,
    /// The last row, if there is another page behind it.
    pub next: Option<Cursor>,
}

/// The text is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor")]
pub struct ParseCursorError;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cursor { order, id } = self;
        write!(f, "a{order:x}.{:x}.{:x}", id.root.0, id.number)
    }
}

impl FromStr for Cursor {
    type Err = ParseCursorError;

    fn from_str(text: &str) -> std::result::Result<Self, ParseCursorError> {
        let mut parts = text.strip_prefix('a').ok_or(ParseCursorError)?.split('.');
        let mut part = || {
            let digits = parts.next().ok_or(ParseCursorError)?;
            u128::from_str_radix(digits, 16).map_err(|_| ParseCursorError)
        };
        let (order, root, number) = (part()?, part()?, part()?);
        if parts.next().is_some() {
            return Err(ParseCursorError);
        }
        let number = u32::try_from(number).map_err(|_| ParseCursorError)?;
        Ok(Cursor {
            order: u64::try_from(order).map_err(|_| ParseCursorError)?,
            id: RootId(root).child(number),
        })
    }
}

impl Archive {
    /// An ended instance and its blob.
    pub fn get(&self, id: Id) -> Result<Option<(InstanceRow, Vec<u8>)>> {
        self.read(|connection| {
            let sql = format!(
                "SELECT {INSTANCE_COLUMNS}, detail FROM instances WHERE root = ?1 AND number = ?2"
            );
            let found = connection
                .prepare_cached(&sql)?
                .query_row(params![id.root.0.to_be_bytes(), id.number], |row| {
                    Ok((instance_row(row)?, row.get(16)?))
                })
                .optional()?;
            Ok(found)
        })
    }

    /// A page of ended instances, newest first.
    pub fn instances(
        &self,
        filter: &InstanceFilter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<InstanceRow>> {
        let query = Conditions::of_instances(filter);
        self.page(
            "instances",
            INSTANCE_COLUMNS,
            query,
            after,
            limit,
            instance_row,
        )
    }

    /// A page of finished tasks, newest first.
    pub fn finished_tasks(
        &self,
        filter: &TaskFilter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<TaskRow>> {
        let query = Conditions::of_tasks(filter);
        self.page("tasks", TASK_COLUMNS, query, after, limit, task_row)
    }

    /// How many ended instances pass, counted up to `limit`.
    pub fn count_instances(&self, filter: &InstanceFilter, limit: u64) -> Result<u64> {
        self.count("instances", Conditions::of_instances(filter), limit)
    }

    /// How many finished tasks pass, counted up to `limit`.
    pub fn count_tasks(&self, filter: &TaskFilter, limit: u64) -> Result<u64> {
        self.count("tasks", Conditions::of_tasks(filter), limit)
    }

    /// Those of these instances that it holds.
    pub fn instances_among(&self, ids: &[Id]) -> Result<HashSet<Id>> {
        self.among("instances", ids)
    }

    /// Those of these tasks that it holds.
    pub fn tasks_among(&self, ids: &[Id]) -> Result<HashSet<Id>> {
        self.among("tasks", ids)
    }

    fn among(&self, table: &str, ids: &[Id]) -> Result<HashSet<Id>> {
        self.read(|connection| {
            let sql = format!("SELECT 1 FROM {table} WHERE root = ?1 AND number = ?2");
            let mut statement = connection.prepare_cached(&sql)?;
            let mut held = HashSet::new();
            for id in ids {
                if statement.exists(params![id.root.0.to_be_bytes(), id.number])? {
                    held.insert(*id);
                }
            }
            Ok(held)
        })
    }

    fn page<T>(
        &self,
        table: &str,
        columns: &str,
        mut query: Conditions,
        after: Option<Cursor>,
        limit: usize,
        read_row: fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Page<T>> {
        if let Some(Cursor { order, id }) = after {
            let values = [
                place_of(order).into(),
                root_value(&id.root),
                i64::from(id.number).into(),
            ];
            query.and("(place, root, number) < (?, ?, ?)", values);
        }
        // One row more than asked for tells whether a next page exists.
        let fetched = i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX);
        query.values.push(fetched.into());
        let sql = format!(
            "SELECT {columns}, place FROM {table} WHERE {} ORDER BY place DESC, root DESC, number DESC LIMIT ?",
            query.text
        );
        let place_column = columns.split(',').count();
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            let mut rows = statement.query(params_from_iter(query.values))?;
            let mut items = Vec::new();
            let mut last = None;
            while let Some(row) = rows.next()? {
                if items.len() == limit {
                    return Ok(Page { items, next: last });
                }
                items.push(read_row(row)?);
                last = Some(Cursor {
                    order: order_of(row.get(place_column)?),
                    id: id_of(row, 0, 1)?,
                });
            }
            Ok(Page { items, next: None })
        })
    }

    fn count(&self, table: &str, mut query: Conditions, limit: u64) -> Result<u64> {
        let sql = format!(
            "SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {} LIMIT ?)",
            query.text
        );
        query
            .values
            .push(i64::try_from(limit).unwrap_or(i64::MAX).into());
        self.read(|connection| {
            let count: i64 = connection
                .prepare_cached(&sql)?
                .query_row(params_from_iter(query.values), |row| row.get(0))?;
            Ok(count.cast_unsigned())
        })
    }
}

/// The text after WHERE and the values of its question marks.
struct Conditions {
    text: String,
    values: Vec<Value>,
}

impl Conditions {
    fn new(tenant: Tenant) -> Self {
        Conditions {
            text: "tenant = ?".to_owned(),
            values: vec![i64::from(tenant.0).into()],
        }
    }

    fn of_instances(filter: &InstanceFilter) -> Self {
        let mut all = Conditions::new(filter.tenant);
        all.any_of("root", filter.roots.iter().map(root_value));
        all.any_of("key", filter.keys.iter().cloned().map(Value::from));
        all.any_of(
            "definition",
            filter
                .definitions
                .iter()
                .map(|id| Value::from(id.0.cast_signed())),
        );
        all.any_of(
            "business_key",
            filter.business_keys.iter().cloned().map(Value::from),
        );
        if let Some(id) = filter.super_instance {
            let values = [root_value(&id.root), i64::from(id.number).into()];
            all.and("(root = ? AND super = ?)", values);
        }
        if let Some(state) = filter.state {
            all.and("state = ?", [state.code().into()]);
        }
        all.limit("started_ms < ?", filter.started_before);
        all.limit("started_ms > ?", filter.started_after);
        all
    }

    fn of_tasks(filter: &TaskFilter) -> Self {
        let mut all = Conditions::new(filter.tenant);
        all.any_of("root", filter.roots.iter().map(root_value));
        if !filter.instances.is_empty() {
            let one = "(root = ? AND instance = ?)";
            let text = vec![one; filter.instances.len()].join(" OR ");
            let values = filter
                .instances
                .iter()
                .flat_map(|id| [root_value(&id.root), i64::from(id.number).into()]);
            all.and(&format!("({text})"), values);
        }
        let lists = [
            ("key", &filter.keys),
            ("activity_id", &filter.activity_ids),
            ("name", &filter.names),
            ("assignee", &filter.assignees),
            ("owner", &filter.owners),
            ("business_key", &filter.business_keys),
        ];
        for (column, list) in lists {
            all.any_of(column, list.iter().cloned().map(Value::from));
        }
        if !filter.involved.is_empty() {
            let marks = vec!["?"; filter.involved.len()].join(", ");
            let users = filter.involved.iter().chain(&filter.involved);
            all.and(
                &format!("(assignee IN ({marks}) OR owner IN ({marks}))"),
                users.cloned().map(Value::from),
            );
        }
        if filter.unassigned {
            all.and("assignee IS NULL", []);
        }
        if filter.completed_only {
            all.and("delete_reason IS NULL", []);
        }
        all.limit("due_ms < ?", filter.due_before);
        all.limit("ended_ms > ?", filter.ended_after);
        all
    }

    fn and(&mut self, condition: &str, values: impl IntoIterator<Item = Value>) {
        self.text.push_str(" AND ");
        self.text.push_str(condition);
        self.values.extend(values);
    }

    fn any_of(&mut self, column: &str, values: impl ExactSizeIterator<Item = Value>) {
        match values.len() {
            0 => {}
            // Equality, not a list of one: then the index also gives the order.
            1 => self.and(&format!("{column} = ?"), values),
            several => {
                let marks = vec!["?"; several].join(", ");
                self.and(&format!("{column} IN ({marks})"), values);
            }
        }
    }

    fn limit(&mut self, condition: &str, value: Option<i64>) {
        if let Some(value) = value {
            self.and(condition, [value.into()]);
        }
    }
}

fn root_value(root: &RootId) -> Value {
    Value::Blob(root.0.to_be_bytes().to_vec())
}
