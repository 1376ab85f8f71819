//! What recovery found of instances: into the directory, the views and what waits for the archive.
//! Never: lets one that cannot be read keep the others from being loaded.

use crate::{
    core::Core,
    entity::{self, Live},
    publisher,
    recovery::{Recovered, RecoveredBody, RecoveredInstance},
    set_aside::Remains,
    slot::{Body, Ended, Slot},
    views::Views,
};
use codec::{DecodeError, RootId, Tenant};
use std::sync::Arc;

/// Puts every instance into the directory and its rows into the views, oldest first.
pub(super) fn load_instances(core: &Arc<Core>, found: &mut Recovered) {
    let mut ended = Vec::new();
    let mut views = core.views.write();
    publisher::define(&mut views, core.catalog.all());
    for (id, instance) in std::mem::take(&mut found.instances) {
        let root = RootId(id);
        let slot = slot_of(core, root, instance, &mut views);
        let gone = slot.ended(|live| {
            let row = live.instance.rows_ref().instances.first();
            row.is_some_and(|row| found.forgotten.contains(&row.definition))
        });
        match gone {
            Ended::Yes(true) => views.remove(root),
            Ended::Yes(false) => {
                ended.push(Arc::clone(&slot));
                core.directory.insert(slot);
            }
            Ended::Lent | Ended::No => {
                core.directory.insert(slot);
            }
        }
    }
    for (root, tenant, task) in std::mem::take(&mut found.finished) {
        // What finished under a definition that was removed is archived already, or deleted with it.
        if core.catalog.get(task.task.definition).is_some() {
            core.archiver
                .note_finished(core, &views, (root, tenant), &task);
        }
    }
    drop(views);
    if !ended.is_empty() {
        core.archiver.put(ended);
    }
}

fn slot_of(core: &Core, root: RootId, instance: RecoveredInstance, views: &mut Views) -> Arc<Slot> {
    let RecoveredInstance {
        tenant,
        body,
        sequence,
    } = instance;
    let slot = |body| Arc::new(Slot::new(root, tenant, body, sequence));
    let bytes = match body {
        RecoveredBody::Live(live) if live.instance.is_ended() => {
            views.load(root, tenant, sequence, live.instance.rows_ref());
            return slot(Body::Ended(live));
        }
        RecoveredBody::Live(live) => live.rest(),
        RecoveredBody::AtRest(bytes) => bytes.into_boxed_slice(),
        RecoveredBody::SetAside(remains) => {
            return slot(set_aside(core, root, tenant, *remains, views));
        }
    };
    let unreadable = |bytes: Box<[u8]>, error: &DecodeError| Remains {
        reason: error.to_string(),
        base: bytes.into_vec(),
        base_sequence: sequence,
        sequence,
        ..Remains::default()
    };
    let rows = match entity::rows(&bytes) {
        Ok(rows) => rows,
        Err(error) => {
            let remains = unreadable(bytes, &error);
            return slot(set_aside(core, root, tenant, remains, views));
        }
    };
    views.load(root, tenant, sequence, &rows);
    core.bridge.put(root, tenant, &rows.works);
    if rows.instances.first().is_some_and(|row| !row.is_open()) {
        return match Live::wake(root, tenant, bytes.to_vec(), sequence) {
            Ok(live) => slot(Body::Ended(Box::new(live))),
            Err(error) => {
                let remains = unreadable(bytes, &error);
                slot(set_aside(core, root, tenant, remains, views))
            }
        };
    }
    let slot = slot(Body::AtRest(bytes));
    let scripts = rows.instances.iter().any(|row| {
        core.catalog
            .get(row.definition)
            .is_some_and(|p| crate::engine::may_run_scripts(&p.definition.process))
    });
    if scripts {
        slot.set_scripts();
    }
    slot
}

/// An instance that cannot be rebuilt shows the last state that could be, and an incident.
fn set_aside(
    core: &Core,
    root: RootId,
    tenant: Tenant,
    mut remains: Remains,
    views: &mut Views,
) -> Body {
    tracing::error!(%root, reason = remains.reason, "an instance cannot be read: it is quarantined");
    if remains.since_ms == 0 {
        remains.since_ms = core.clock.now_ms();
    }
    let rows = remains.rows(root, tenant);
    views.load(root, tenant, remains.sequence, &rows);
    views.quarantine(root, &remains.reason, remains.since_ms);
    Body::Quarantined(Box::new(remains))
}
