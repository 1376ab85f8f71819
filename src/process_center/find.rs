//! Finding what an id names: a task, an instance that runs, one that has ended.
//! Never: shows anything of another company.

use super::error::{self, Trouble};
use crate::{http::Fault, server::State};
use actors::{Failure, message::Seen};
use bpmn::{archive::EndedInstance, instance::Refusal, rows::InstanceRow, stored};
use codec::{Id, Tenant};
use std::sync::Arc;

/// The id of a task of this company that is open; none: there is no such task.
pub fn open_task(state: &State, tenant: Tenant, text: &str) -> Option<Id> {
    let id = text.parse().ok()?;
    let views = state.engine.views.read();
    views.task(tenant, id).map(|_| id)
}

/// Looks at an instance in memory, else at what the archive has of it; none: there is no such instance.
pub async fn instance<T: Send + 'static>(
    state: &Arc<State>,
    tenant: Tenant,
    text: &str,
    in_memory: impl FnOnce(&Seen<'_>, &InstanceRow) -> T + Send + 'static,
    archived: impl FnOnce(&EndedInstance) -> T,
) -> Result<Option<T>, Trouble> {
    let Ok(id) = text.parse::<Id>() else {
        return Ok(None);
    };
    let looked = state.engine.look(id.root, move |seen| {
        let rows = &seen.instance.rows_ref().instances;
        let row = rows.iter().find(|row| row.number == id.number)?;
        (seen.instance.tenant() == tenant).then(|| in_memory(seen, row))
    });
    let failure = match looked.await {
        Ok(found) => return Ok(found),
        Err(failure) => error::business(failure)?,
    };
    if !matches!(failure, Failure::NotFound) {
        return Ok(None);
    }
    Ok(ended(state, tenant, id).await?.as_ref().map(archived))
}

/// An instance that the archive has.
async fn ended(
    state: &Arc<State>,
    tenant: Tenant,
    id: Id,
) -> Result<Option<EndedInstance>, Trouble> {
    let shared = Arc::clone(state);
    let read = tokio::task::spawn_blocking(move || shared.engine.archiver.archive.get(id));
    let found = read.await.map_err(|_| Fault::Panicked)?;
    let found = found.map_err(|error| Trouble::unavailable(error.to_string()))?;
    let Some((_, detail)) = found.filter(|(row, _)| row.tenant == tenant) else {
        return Ok(None);
    };
    let ended = stored::decode_ended(&detail);
    ended
        .map(Some)
        .map_err(|error| Trouble::unavailable(error.to_string()))
}

/// The original's words for a task that cannot be found.
pub fn no_task(task: &str) -> String {
    format!("Cannot find task with id {task}")
}

/// The words for a command on a task that was not done; `suspended` is what the operation says of a suspended task.
pub fn task_failure(failure: &Failure, task: &str, suspended: &str) -> String {
    if is_gone(failure) {
        return no_task(task);
    }
    let is_suspended = matches!(
        failure,
        Failure::Refused(Refusal::TaskSuspended | Refusal::InstanceSuspended)
    );
    if is_suspended {
        return suspended.to_owned();
    }
    failure.to_string()
}

/// Whether a command failed because its task or instance is there no more.
fn is_gone(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::NotFound
            | Failure::Ended
            | Failure::Refused(Refusal::TaskNotFound(_) | Refusal::InstanceEnded)
    )
}
