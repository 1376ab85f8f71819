//! Finding what an id names: a task, an instance that runs, one that has ended.
//! Never: shows anything of another company.

use super::error::{self, Trouble};
use crate::server::State;
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
    match looked.await {
        Ok(found) => Ok(found),
        Err(failure) => match error::business(failure)? {
            Failure::NotFound => Ok(ended(state, tenant, id).await?.as_ref().map(archived)),
            _ => Ok(None),
        },
    }
}

/// An instance that the archive has.
async fn ended(
    state: &Arc<State>,
    tenant: Tenant,
    id: Id,
) -> Result<Option<EndedInstance>, Trouble> {
    let shared = Arc::clone(state);
    let read = tokio::task::spawn_blocking(move || shared.engine.archiver.archive.get(id));
    let unreadable = |why: String| error::business(Failure::Archive(why));
    let found = match read.await {
        Ok(Ok(found)) => found,
        Ok(Err(error)) => return unreadable(error.to_string()).map(|_| None),
        Err(_) => return error::business(Failure::Panicked).map(|_| None),
    };
    let Some((_, detail)) = found.filter(|(row, _)| row.tenant == tenant) else {
        return Ok(None);
    };
    match stored::decode_ended(&detail) {
        Ok(ended) => Ok(Some(ended)),
        Err(error) => unreadable(error.to_string()).map(|_| None),
    }
}

/// The original's words for a task that cannot be found.
pub fn no_task(task: &str) -> String {
    format!("Cannot find task with id {task}")
}

/// The words for a command on a task that was not done; `suspended` is what the operation says of a suspended task.
pub fn task_failure(failure: &Failure, task: &str, suspended: &str) -> String {
    match failure {
        Failure::NotFound
        | Failure::Ended
        | Failure::Refused(Refusal::TaskNotFound(_) | Refusal::InstanceEnded) => no_task(task),
        Failure::Refused(Refusal::TaskSuspended | Refusal::InstanceSuspended) => {
            suspended.to_owned()
        }
        other => other.to_string(),
    }
}
