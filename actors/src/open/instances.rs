//! What recovery found of instances: into the directory, the views and what waits for the archive.
//!
//! Owns: that what the archive has is not in memory again. Never: lets one that cannot be read keep the others from being
//! loaded.

use crate::{
    archive,
    core::Core,
    entity::{self, Live},
    publisher,
    recovery::{Recovered, RecoveredBody, RecoveredInstance},
    set_aside::Remains,
    slot::{Body, Ended, Slot},
    views::Views,
};
use bpmn::history::FinishedTask;
use codec::{DecodeError, DefinitionId, Id, RootId, Tenant};
use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

/// Puts every instance into the directory and its rows into the views, oldest first; last those that have ended and that
/// the archive does not have.
pub(super) fn load_instances(core: &Arc<Core>, found: &mut Recovered) -> archive::Result<()> {
    let mut ended = Vec::new();
    let mut views = core.views.write();
    publisher::define(&mut views, core.catalog.all());
    for (id, instance) in std::mem::take(&mut found.instances) {
        let slot = slot_of(core, RootId(id), instance, &mut views);
        match slot.ended(|_| ()) {
            Ended::Yes(()) => ended.push(slot),
            Ended::Lent | Ended::No => {
                core.directory.insert(slot);
            }
        }
    }
    let ids: Vec<Id> = ended.iter().map(|slot| slot.root.instance()).collect();
    let archived = core.archiver.archive.instances_among(&ids)?;
    ended.retain(|slot| {
        !archived.contains(&slot.root.instance()) && !is_forgotten(slot, &found.forgotten)
    });
    for slot in &ended {
        let sequence = slot.sequence();
        slot.ended(|bytes| match entity::rows(bytes) {
            Ok(rows) => views.load(slot.root, slot.tenant, sequence, &rows),
            Err(error) => {
                tracing::error!(root = %slot.root, %error, "an ended instance is not shown");
            }
        });
        core.directory.insert(Arc::clone(slot));
    }
    let finished = std::mem::take(&mut found.finished);
    note_finished(core, &views, finished, &archived)?;
    drop(views);
    if !ended.is_empty() {
        core.archiver.put(ended);
    }
    Ok(())
}

/// Whether its history was deleted with its definition.
fn is_forgotten(slot: &Slot, forgotten: &BTreeSet<DefinitionId>) -> bool {
    let gone = slot.ended(|bytes| {
        let rows = entity::rows(bytes).unwrap_or_default();
        let row = rows.instances.first();
        row.is_some_and(|row| forgotten.contains(&row.definition))
    });
    matches!(gone, Ended::Yes(true))
}

/// What finished and is not in the archive waits for it again.
fn note_finished(
    core: &Core,
    views: &Views,
    mut finished: Vec<(RootId, Tenant, FinishedTask)>,
    archived: &HashSet<Id>,
) -> archive::Result<()> {
    finished.retain(|(root, _, task)| {
        // What finished under a definition that was removed is archived already, or deleted with it.
        !archived.contains(&root.instance()) && core.catalog.get(task.task.definition).is_some()
    });
    let id_of = |(root, _, task): &(RootId, Tenant, FinishedTask)| root.child(task.task.number);
    let ids: Vec<Id> = finished.iter().map(id_of).collect();
    let held = core.archiver.archive.tasks_among(&ids)?;
    finished.retain(|task| !held.contains(&id_of(task)));
    for (root, tenant, task) in finished {
        core.archiver
            .note_finished(core, views, (root, tenant), task);
    }
    Ok(())
}

/// Its slot; of one that runs or cannot be rebuilt the rows are in the views then.
fn slot_of(core: &Core, root: RootId, instance: RecoveredInstance, views: &mut Views) -> Arc<Slot> {
    let RecoveredInstance {
        tenant,
        body,
        sequence,
    } = instance;
    let slot = |body| Arc::new(Slot::new(root, tenant, body, sequence));
    let bytes = match body {
        RecoveredBody::Live(live) if live.instance.is_ended() => {
            return slot(Body::Ended(live.rest()));
        }
        RecoveredBody::Live(live) => live.rest(),
        RecoveredBody::Ended(bytes) => return slot(Body::Ended(bytes.into_boxed_slice())),
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
    if rows.instances.first().is_some_and(|row| !row.is_open()) {
        return match Live::wake(root, tenant, bytes.to_vec(), sequence) {
            Ok(_) => slot(Body::Ended(bytes)),
            Err(error) => {
                let remains = unreadable(bytes, &error);
                slot(set_aside(core, root, tenant, remains, views))
            }
        };
    }
    views.load(root, tenant, sequence, &rows);
    core.bridge.put(root, tenant, &rows.works);
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
