//! Messages that activities put into task queues: each once, since the queue knows the activity's id as their key.
//! Never: goes on before the message is durable.

use super::{FAILED, Work, look_later, machine, tell};
use crate::{core::Core, failure::Failure, queues::Cell};
use bpmn::Command as InstanceCommand;
use codec::{Id, Tenant, Value};
use rpa::{
    Guid, limits,
    queue::{Command, NewMessage},
};
use std::sync::Arc;

/// Puts the message; the activity goes on when it lies in the queue.
pub(super) fn put(core: &Arc<Core>, id: Id, work: &Work, queue: &str, body: &Value) {
    let cell = match target(core, work.tenant, queue) {
        Ok(cell) => cell,
        Err(why) => return tell(core, id, failed(id, why)),
    };
    let message = NewMessage {
        id: Guid::of_activity(id),
        body: body.clone(),
        priority: limits::DEFAULT_PRIORITY,
        ttl_ms: None,
        dedup_key: Some(id.to_string()),
    };
    let command = Command::Put {
        messages: vec![message],
        by: machine(core),
    };
    cell.command(
        core,
        command,
        |_, _| (),
        |done| {
            let core = Arc::clone(core);
            Box::new(move || match done {
                Ok(()) => tell(
                    &core,
                    id,
                    InstanceCommand::CompleteWork {
                        work: id.number,
                        results: Vec::new(),
                    },
                ),
                Err(Failure::Overloaded { .. } | Failure::DiskFull) => look_later(&core, id),
                Err(failure) => tell(&core, id, failed(id, failure.to_string())),
            })
        },
    );
}

fn failed(id: Id, message: String) -> InstanceCommand {
    InstanceCommand::FailWork {
        work: id.number,
        code: FAILED.to_owned(),
        message,
    }
}

/// The queue with this id, else the only one of the company with this name.
fn target(core: &Core, tenant: Tenant, named: &str) -> Result<Arc<Cell>, String> {
    let named = named.trim();
    let own = |cell: &Arc<Cell>| cell.tenant == tenant;
    if let Ok(id) = named.parse::<Guid>()
        && let Some(cell) = core.queues.get(id).filter(own)
    {
        return Ok(cell);
    }
    let is_named = |cell: &Arc<Cell>| {
        let same = cell.peek(|queue| {
            let settings = queue.settings();
            settings.is_some_and(|settings| settings.label.name == named)
        });
        own(cell) && same == Some(true)
    };
    let mut found = core.queues.all().into_iter().filter(is_named);
    match (found.next(), found.next()) {
        (Some(cell), None) => Ok(cell),
        (None, _) => Err(format!("there is no task queue '{named}'")),
        (Some(_), Some(_)) => Err(format!(
            "there are several task queues named '{named}': give the id of one"
        )),
    }
}
