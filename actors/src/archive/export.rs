//! The archive as JSON lines, for other programs: one object per ended instance or finished task.
//! Never: opens a blob itself; the caller renders it.

use super::rows::{INSTANCE_COLUMNS, TASK_COLUMNS, instance_row, task_row};
use super::{Archive, InstanceRow, Result, TaskRow};
use codec::instant::to_rfc3339;
use serde_json::{Value, json};
use std::io::Write;

impl Archive {
    /// Writes every ended instance in the order of its end in the file, with `render` giving the member `detail` of each blob.
    /// What is put meanwhile is not in it.
    pub fn export_instances(
        &self,
        out: &mut dyn Write,
        render: &dyn Fn(&InstanceRow, &[u8]) -> Value,
    ) -> Result<()> {
        self.read(|connection| {
            let sql = format!("SELECT {INSTANCE_COLUMNS}, detail FROM instances ORDER BY rowid");
            let mut statement = connection.prepare(&sql)?;
            let mut rows = statement.query([])?;
            while let Some(found) = rows.next()? {
                let row = instance_row(found)?;
                let detail: Vec<u8> = found.get(16)?;
                let mut object = instance_object(&row);
                object["detail"] = render(&row, &detail);
                writeln!(out, "{object}")?;
            }
            Ok(())
        })
    }

    /// Writes every finished task.
    pub fn export_tasks(&self, out: &mut dyn Write) -> Result<()> {
        self.read(|connection| {
            let sql = format!("SELECT {TASK_COLUMNS} FROM tasks ORDER BY rowid");
            let mut statement = connection.prepare(&sql)?;
            let mut rows = statement.query([])?;
            while let Some(found) = rows.next()? {
                writeln!(out, "{}", task_object(&task_row(found)?))?;
            }
            Ok(())
        })
    }
}

fn instance_object(row: &InstanceRow) -> Value {
    json!({
        "id": row.id.to_string(),
        "tenant": row.tenant.0,
        "definition": row.definition.0,
        "definitionKey": row.key,
        "definitionVersion": row.version,
        "businessKey": row.business_key,
        "name": row.name,
        "startedAt": to_rfc3339(row.started_ms),
        "endedAt": to_rfc3339(row.ended_ms),
        "state": row.state,
        "startUserId": row.start_user,
        "superInstanceId": row.super_instance.map(|number| row.id.root.child(number).to_string()),
        "endActivityId": row.end_activity,
        "deleteReason": row.delete_reason,
    })
}

fn task_object(task: &TaskRow) -> Value {
    json!({
        "id": task.id.to_string(),
        "instanceId": task.id.root.child(task.instance).to_string(),
        "tenant": task.tenant.0,
        "definition": task.definition.0,
        "definitionKey": task.key,
        "activityId": task.activity_id,
        "name": task.name,
        "description": task.description,
        "assignee": task.assignee,
        "owner": task.owner,
        "priority": task.priority,
        "dueAt": task.due_ms.map(to_rfc3339),
        "category": task.category,
        "formKey": task.form_key,
        "businessKey": task.business_key,
        "createdAt": to_rfc3339(task.created_ms),
        "claimedAt": task.claimed_ms.map(to_rfc3339),
        "endedAt": to_rfc3339(task.ended_ms),
        "deleteReason": task.delete_reason,
    })
}
