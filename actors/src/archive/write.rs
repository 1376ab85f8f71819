//! Writing: batches of what ended, and deletions. Each call is one transaction, or none of it.
//! Never: waits for readers, tries again by itself.

use super::rows::{INSTANCE_COLUMNS, TASK_COLUMNS, delegation_code, place_of};
use super::{Archive, ArchivedInstance, FinishedTask, InstanceRow, Result};
use codec::{DefinitionId, RootId};
use rusqlite::{CachedStatement, Connection, params};
use std::sync::LazyLock;

static PUT_INSTANCE: LazyLock<String> =
    LazyLock::new(|| put("instances", &format!("{INSTANCE_COLUMNS}, detail")));
static PUT_TASK: LazyLock<String> = LazyLock::new(|| put("tasks", TASK_COLUMNS));

/// Inserts the row, or overwrites the row of the same id in its place.
fn put(table: &str, columns: &str) -> String {
    let names: Vec<&str> = columns.split(',').map(str::trim).collect();
    let values: Vec<String> = (1..=names.len()).map(|n| format!("?{n}")).collect();
    let updates: Vec<String> = names[2..]
        .iter()
        .map(|name| format!("{name} = excluded.{name}"))
        .collect();
    format!(
        "INSERT INTO {table} ({columns}) VALUES ({}) ON CONFLICT (root, number) DO UPDATE SET {}",
        values.join(", "),
        updates.join(", ")
    )
}

impl Archive {
    /// Puts finished tasks, also of instances that still run, and ended instances, all or none. The same id replaces the
    /// same row. When it returns, they survive a power cut.
    pub fn put(
        &self,
        tasks: &[FinishedTask],
        instances: impl IntoIterator<Item = ArchivedInstance>,
    ) -> Result<()> {
        self.write(|connection| {
            let mut instance_statement = connection.prepare_cached(&PUT_INSTANCE)?;
            let mut task_statement = connection.prepare_cached(&PUT_TASK)?;
            for task in tasks {
                put_task(&mut task_statement, task)?;
            }
            for instance in instances {
                put_instance(&mut instance_statement, &instance.row, &instance.detail)?;
            }
            Ok(())
        })
    }

    /// Deletes everything of one root.
    pub fn delete_root(&self, root: RootId) -> Result<()> {
        self.delete_roots(&[root])
    }

    /// Deletes everything of these roots, all or none. Unknown ones are skipped.
    pub fn delete_roots(&self, roots: &[RootId]) -> Result<()> {
        self.write(|connection| {
            for root in roots {
                delete(connection, &root.0.to_be_bytes())?;
            }
            Ok(())
        })
    }

    /// Deletes everything that ran under these definitions, all or none.
    pub fn delete_definitions(&self, definitions: &[DefinitionId]) -> Result<()> {
        self.write(|connection| {
            for definition in definitions {
                for sql in [
                    "DELETE FROM instances WHERE definition = ?1",
                    "DELETE FROM tasks WHERE definition = ?1",
                ] {
                    let mut statement = connection.prepare_cached(sql)?;
                    statement.execute([definition.0.cast_signed()])?;
                }
            }
            Ok(())
        })
    }

    pub(super) fn write<T>(&self, change: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let mut writer = self.writer.lock();
        let transaction = writer.transaction()?;
        let answer = change(&transaction)?;
        transaction
            .prepare_cached("UPDATE progress SET revision = revision + 1")?
            .execute([])?;
        transaction.commit()?;
        Ok(answer)
    }
}

pub(super) fn delete(connection: &Connection, root: &[u8; 16]) -> Result<()> {
    for sql in [
        "DELETE FROM instances WHERE root = ?1",
        "DELETE FROM tasks WHERE root = ?1",
    ] {
        connection.prepare_cached(sql)?.execute([root])?;
    }
    Ok(())
}

fn put_instance(
    statement: &mut CachedStatement<'_>,
    row: &InstanceRow,
    detail: &[u8],
) -> Result<()> {
    statement.execute(params![
        row.id.root.0.to_be_bytes(),
        row.id.number,
        row.tenant.0,
        place_of(row.order),
        row.definition.0.cast_signed(),
        row.key,
        row.version,
        row.business_key,
        row.name,
        row.started_ms,
        row.ended_ms,
        row.state.code(),
        row.start_user,
        row.super_instance,
        row.end_activity,
        row.delete_reason,
        detail,
    ])?;
    Ok(())
}

fn put_task(statement: &mut CachedStatement<'_>, task: &FinishedTask) -> Result<()> {
    statement.execute(params![
        task.id.root.0.to_be_bytes(),
        task.id.number,
        task.instance,
        task.tenant.0,
        place_of(task.order),
        task.definition.0.cast_signed(),
        task.key,
        task.activity_id,
        task.execution,
        task.name,
        task.description,
        task.assignee,
        task.owner,
        task.delegation.map(delegation_code),
        task.priority,
        task.due_ms,
        task.category,
        task.form_key,
        task.parent_task,
        task.business_key,
        task.created_ms,
        task.claimed_ms,
        task.ended_ms,
        task.delete_reason,
    ])?;
    Ok(())
}
