//! What the archive gets: rows made from an ended root and from a finished task.
//! Never: writes them.

use crate::{
    archive::{self, ArchivedInstance, EndState},
    core::Core,
    entity,
    slot::Slot,
};
use bpmn::{archive::Ended, history, stored};
use codec::{DecodeError, RootId, Tenant};

/// The rows of a root and all that it called, from its bytes at rest.
pub fn of_root(
    core: &Core,
    slot: &Slot,
    bytes: &[u8],
) -> Result<Vec<ArchivedInstance>, DecodeError> {
    let rows = entity::rows(bytes)?;
    let entries = entity::split(bytes).and_then(|parts| entity::entries(parts.chunks)).unwrap_or_else(|error| {
        tracing::error!(root = %slot.root, %error, "history could not be read; the instance is archived without it");
        Vec::new()
    });
    let ended = bpmn::archive::ended_instances(&rows.instances, &entries);
    let rows = ended
        .iter()
        .filter_map(|ended| of_instance(core, slot, ended));
    Ok(rows.collect())
}

fn of_instance(core: &Core, slot: &Slot, ended: &Ended<'_>) -> Option<ArchivedInstance> {
    let row = ended.row;
    let end = row.ended.as_ref()?;
    let id = slot.root.child(row.number);
    let published = core.catalog.get(row.definition);
    let (key, version) = published.as_ref().map_or((String::new(), 0), |p| {
        (p.definition.process.key.clone(), p.definition.version)
    });
    Some(ArchivedInstance {
        row: archive::InstanceRow {
            id,
            tenant: slot.tenant,
            order: core
                .views
                .read()
                .instance(slot.tenant, id)
                .map_or(0, |instance| instance.order()),
            definition: row.definition,
            key,
            version,
            business_key: row.business_key.clone(),
            name: row.name.clone(),
            started_ms: row.started_ms,
            ended_ms: end.ended_ms,
            state: if end.cancelled {
                EndState::Cancelled
            } else {
                EndState::Completed
            },
            start_user: row.start_user.clone(),
            super_instance: row.super_instance,
            end_activity: end.end_activity.clone(),
            delete_reason: end.delete_reason.clone(),
        },
        detail: stored::encode_ended(ended),
    })
}

/// The row of a finished task.
pub fn of_task(
    core: &Core,
    (root, tenant): (RootId, Tenant),
    finished: history::FinishedTask,
    order: u64,
    business_key: Option<String>,
) -> archive::FinishedTask {
    let task = finished.task;
    let published = core.catalog.get(task.definition);
    let (key, activity_id) = published.map_or((String::new(), String::new()), |p| {
        let process = &p.definition.process;
        let element = process.elements.get(task.element.0 as usize);
        (
            process.key.clone(),
            element.map_or(String::new(), |e| e.id.clone()),
        )
    });
    archive::FinishedTask {
        id: root.child(task.number),
        instance: task.instance,
        tenant,
        order,
        definition: task.definition,
        key,
        activity_id,
        execution: task.execution,
        name: task.name,
        description: task.description,
        assignee: task.assignee,
        owner: task.owner,
        delegation: task.delegation,
        priority: task.priority,
        due_ms: task.due_ms,
        category: task.category,
        form_key: task.form_key,
        parent_task: task.parent_task,
        business_key,
        created_ms: task.created_ms,
        claimed_ms: task.claimed_ms,
        ended_ms: finished.ended_ms,
        delete_reason: finished.delete_reason,
    }
}
