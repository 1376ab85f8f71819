//! What an id in a path names, and why a command on it was refused.
//!
//! Owns: 404 or 409 when something is not in memory, and reads of one instance wherever it is.
//! Never: shows one company what another has.

use super::problem::Refused;
use crate::server::State;
use actors::{Failure, message::Seen};
use bpmn::{
    archive::EndedInstance,
    rows::{InstanceRow, Rows},
    stored,
};
use codec::{Id, RootId, Tenant};
use std::sync::Arc;

/// The kinds of things that have ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A process instance, a root or a called one.
    Instance,
    /// A user task.
    Task,
    /// A timer.
    Timer,
    /// An incident.
    Incident,
}

impl Subject {
    /// The id in a path; text that is no id names nothing.
    pub fn parse(self, text: &str) -> Result<Id, Refused> {
        text.parse().map_err(|_| self.unknown(text))
    }

    /// 404.
    pub fn unknown(self, id: &str) -> Refused {
        let (code, what) = match self {
            Subject::Instance => ("instance-not-found", "process instance"),
            Subject::Task => ("task-not-found", "open task"),
            Subject::Timer => ("timer-not-found", "timer"),
            Subject::Incident => ("incident-not-found", "open incident"),
        };
        Refused::not_found(code, format!("there is no {what} with the id '{id}'"))
    }
}

/// Whether a root that is in memory belongs to another company.
pub fn is_foreign(state: &State, tenant: Tenant, root: RootId) -> bool {
    let slot = state.engine.directory.get(root);
    slot.is_some_and(|slot| slot.tenant != tenant)
}

/// The refusal for a command on `id` that the engine did not do.
pub async fn explain(
    state: &Arc<State>,
    tenant: Tenant,
    subject: Subject,
    id: Id,
    failure: Failure,
) -> Refused {
    match (failure, subject) {
        (Failure::NotFound | Failure::Ended, Subject::Timer | Subject::Incident) => {
            subject.unknown(&id.to_string())
        }
        (Failure::NotFound | Failure::Ended, Subject::Task) => {
            ended_or_unknown(state, tenant, id.root.instance(), subject, id).await
        }
        (Failure::NotFound | Failure::Ended, Subject::Instance) => {
            ended_or_unknown(state, tenant, id, subject, id).await
        }
        (failure, _) => failure.into(),
    }
}

async fn ended_or_unknown(
    state: &Arc<State>,
    tenant: Tenant,
    instance: Id,
    subject: Subject,
    id: Id,
) -> Refused {
    let ended = || Refused::conflict("instance-ended", "the process instance has ended");
    if state
        .engine
        .views
        .read()
        .instance(tenant, instance)
        .is_some()
    {
        return ended();
    }
    match archived_row(state, tenant, instance).await {
        Ok(Some(_)) => ended(),
        Ok(None) => subject.unknown(&id.to_string()),
        Err(refused) => refused,
    }
}

type Archived = (actors::archive::InstanceRow, Vec<u8>);

/// An instance of the archive, if this company has it.
pub async fn archived_row(
    state: &Arc<State>,
    tenant: Tenant,
    id: Id,
) -> Result<Option<Archived>, Refused> {
    let shared = Arc::clone(state);
    let found = blocking(move || shared.engine.archiver.archive.get(id)).await?;
    Ok(found.filter(|(row, _)| row.tenant == tenant))
}

/// What the archive keeps of an ended instance, or 404.
pub async fn archived(
    state: &Arc<State>,
    tenant: Tenant,
    id: Id,
) -> Result<EndedInstance, Refused> {
    let (_, detail) = archived_row(state, tenant, id)
        .await?
        .ok_or_else(|| Subject::Instance.unknown(&id.to_string()))?;
    stored::decode_ended(&detail).map_err(|error| Failure::Archive(error.to_string()).into())
}

/// Reads the archive on a thread of its own.
pub async fn blocking<T: Send + 'static>(
    read: impl FnOnce() -> actors::archive::Result<T> + Send + 'static,
) -> Result<T, Refused> {
    let read = tokio::task::spawn_blocking(read).await;
    read.map_err(|_| Refused::from(Failure::Panicked))?
        .map_err(|error| Failure::Archive(error.to_string()).into())
}

/// Looks at an instance in memory; none: ask the archive. 404 when its root is in memory and it is not.
pub async fn look<T: Send + 'static>(
    state: &State,
    tenant: Tenant,
    id: Id,
    view: impl FnOnce(&Seen<'_>, &InstanceRow) -> T + Send + 'static,
) -> Result<Option<T>, Refused> {
    if is_foreign(state, tenant, id.root) {
        return Err(Subject::Instance.unknown(&id.to_string()));
    }
    let looked = state.engine.look(id.root, move |seen| {
        let row = instance_row(seen.instance.rows_ref(), id.number)?;
        Some(view(seen, row))
    });
    match looked.await {
        Ok(Some(found)) => Ok(Some(found)),
        Ok(None) => Err(Subject::Instance.unknown(&id.to_string())),
        Err(Failure::NotFound) => Ok(None),
        Err(failure) => Err(failure.into()),
    }
}

/// The row of an instance inside its root.
pub fn instance_row(rows: &Rows, number: u32) -> Option<&InstanceRow> {
    let found = rows
        .instances
        .binary_search_by_key(&number, |row| row.number);
    found.ok().map(|index| &rows.instances[index])
}
