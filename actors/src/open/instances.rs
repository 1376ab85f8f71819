//! What recovery found of instances: into the directory, the views and what waits for the archive.
//!
//! Owns: that what the archive has is not in memory again. Never: lets one that cannot be read keep the others from being
//! loaded.

use super::{
    OpenError,
    merge::{Sorted, merge},
};
use crate::{
    archive,
    core::Core,
    entity::{self, Live},
    publisher,
    recovery::{Finished, Instances, Recovered, RecoveredBody, RecoveredInstance},
    set_aside::Remains,
    slot::{Body, Ended, Slot},
    views::Views,
};
use bpmn::rows::Rows;
use codec::{DecodeError, DefinitionId, Id, RootId};
use std::{
    collections::{BTreeSet, HashSet},
    io,
    sync::Arc,
};

/// An instance made ready by a thread of its share.
enum Ready {
    /// It runs, or could not be rebuilt: what views show.
    Shown(Arc<Slot>, Box<Rows>, Option<SetAside>),
    /// It has ended.
    Ended(Arc<Slot>),
}

/// Why one could not be rebuilt, and since when.
struct SetAside {
    reason: String,
    since_ms: i64,
}

impl Sorted for Ready {
    fn place(&self) -> u128 {
        let (Ready::Shown(slot, ..) | Ready::Ended(slot)) = self;
        slot.root.0
    }
}

/// Puts every instance into the directory, and its rows into the views, these oldest first; last those that have ended and that
/// the archive does not have.
pub(super) fn load_instances(core: &Arc<Core>, found: &mut Recovered) -> Result<(), OpenError> {
    let mut views = core.views.write();
    publisher::define(&mut views, core.catalog.all());
    let shares = std::mem::take(&mut found.instances);
    let mut ended = load_shares(core, shares, &mut views)?;
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

/// Gives those that have ended.
fn load_shares(
    core: &Core,
    shares: Vec<Instances>,
    views: &mut Views,
) -> io::Result<Vec<Arc<Slot>>> {
    let make_ready = |share: Instances| {
        let instances = share.by_root.into_iter();
        instances.map(|(root, instance)| ready(core, RootId(root), instance))
    };
    let mut ended = Vec::new();
    merge(shares, make_ready, |ready| match ready {
        Ready::Ended(slot) => ended.push(slot),
        Ready::Shown(slot, rows, set_aside) => {
            views.load(slot.root, slot.tenant, slot.sequence(), &rows);
            match set_aside {
                None => core.bridge.put(slot.root, slot.tenant, &rows.works),
                Some(why) => views.quarantine(slot.root, &why.reason, why.since_ms),
            }
        }
    })?;
    Ok(ended)
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
    mut finished: Vec<Finished>,
    archived: &HashSet<Id>,
) -> archive::Result<()> {
    finished.retain(|Finished { root, task, .. }| {
        // What finished under a definition that was removed is archived already, or deleted with it.
        !archived.contains(&root.instance()) && core.catalog.get(task.task.definition).is_some()
    });
    let id_of = |Finished { root, task, .. }: &Finished| root.child(task.task.number);
    let ids: Vec<Id> = finished.iter().map(id_of).collect();
    let held = core.archiver.archive.tasks_among(&ids)?;
    finished.retain(|task| !held.contains(&id_of(task)));
    for of in finished {
        core.archiver
            .note_finished(core, views, (of.root, of.tenant), of.task);
    }
    Ok(())
}

/// Its slot, which is in the directory then if it runs or cannot be rebuilt.
fn ready(core: &Core, root: RootId, instance: RecoveredInstance) -> Ready {
    let (tenant, sequence) = (instance.tenant, instance.sequence);
    let slot = |body| Arc::new(Slot::new(root, tenant, body, sequence));
    match awake(root, instance) {
        State::Ended(bytes) => Ready::Ended(slot(Body::Ended(bytes))),
        State::Open(bytes, rows) => {
            let slot = slot(Body::AtRest(bytes));
            let scripts = rows.instances.iter().any(|row| {
                core.catalog
                    .get(row.definition)
                    .is_some_and(|p| crate::engine::may_run_scripts(&p.definition.process))
            });
            if scripts {
                slot.set_scripts();
            }
            core.directory.insert(Arc::clone(&slot));
            Ready::Shown(slot, rows, None)
        }
        State::SetAside(mut remains) => {
            tracing::error!(%root, reason = remains.reason, "an instance cannot be read: it is quarantined");
            if remains.since_ms == 0 {
                remains.since_ms = core.clock.now_ms();
            }
            // It shows the last state that could be rebuilt, and an incident.
            let rows = Box::new(remains.rows(root, tenant));
            let why = SetAside {
                reason: remains.reason.clone(),
                since_ms: remains.since_ms,
            };
            let slot = slot(Body::Quarantined(remains));
            core.directory.insert(Arc::clone(&slot));
            Ready::Shown(slot, rows, Some(why))
        }
    }
}

/// What an instance turns out to be.
enum State {
    Open(Box<[u8]>, Box<Rows>),
    Ended(Box<[u8]>),
    SetAside(Box<Remains>),
}

fn awake(root: RootId, instance: RecoveredInstance) -> State {
    let RecoveredInstance {
        tenant,
        body,
        sequence,
    } = instance;
    let bytes = match body {
        RecoveredBody::Live(live) if live.instance.is_ended() => return State::Ended(live.rest()),
        RecoveredBody::Live(live) => live.rest(),
        RecoveredBody::Ended(bytes) => return State::Ended(bytes.into_boxed_slice()),
        RecoveredBody::AtRest(bytes) => bytes.into_boxed_slice(),
        RecoveredBody::SetAside(remains) => return State::SetAside(remains),
    };
    let unreadable = |bytes: Box<[u8]>, error: &DecodeError| {
        let remains = Remains::of_bytes(bytes.into_vec(), sequence, error);
        State::SetAside(Box::new(remains))
    };
    match entity::rows(&bytes) {
        Err(error) => unreadable(bytes, &error),
        Ok(rows) if rows.instances.first().is_some_and(|row| !row.is_open()) => {
            match Live::wake(root, tenant, bytes.to_vec(), sequence) {
                Ok(_) => State::Ended(bytes),
                Err(error) => unreadable(bytes, &error),
            }
        }
        Ok(rows) => State::Open(bytes, Box::new(rows)),
    }
}
