//! Variables of instances and tasks: read, set, remove.
//! Never: an envelope; the answer is the variables object itself.

use super::{
    common::{self, Answered, Map},
    json::push_variables,
    order::{self, Write},
    subject::{self, Subject},
    variable_filter,
};
use crate::{
    http::{Context, Params, Request},
    server::State,
};
use bpmn::{
    Command, Instance as Entity,
    instance::{VariableTarget, Variables},
};
use codec::{Id, Value};
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(default)]
struct Changes {
    set: Option<Map>,
    remove: Vec<String>,
}

fn object(variables: &[(String, Value)]) -> String {
    let mut body = String::with_capacity(64 + variables.len() * 32);
    push_variables(variables, &mut body);
    body
}

/// `GET /instances/{id}/variables`
pub async fn of_instance(state: Context<State>, request: Request, params: Params) -> Answered {
    let id = Subject::Instance.parse(params.get("id"))?;
    let tenant = common::tenant(&state, &request);
    common::ok(object(
        &variable_filter::variables(&state, tenant, id).await?,
    ))
}

/// `PATCH /instances/{id}/variables`
pub async fn change_instance(state: Context<State>, request: Request, params: Params) -> Answered {
    let id = Subject::Instance.parse(params.get("id"))?;
    let target = VariableTarget::Instance(id.number);
    change(
        &state,
        &request,
        Subject::Instance,
        id,
        target,
        false,
        |entity, number| entity.instance_variables(number),
    )
    .await
}

/// `GET /tasks/{id}/variables`
pub async fn of_task(state: Context<State>, request: Request, params: Params) -> Answered {
    read_task(&state, &request, params.get("id"), |entity, task| {
        entity.task_variables(task)
    })
    .await
}

/// `GET /tasks/{id}/variables/local`
pub async fn local_of_task(state: Context<State>, request: Request, params: Params) -> Answered {
    read_task(&state, &request, params.get("id"), |entity, task| {
        entity.task_local_variables(task)
    })
    .await
}

/// `PATCH /tasks/{id}/variables`
pub async fn change_task(state: Context<State>, request: Request, params: Params) -> Answered {
    let id = Subject::Task.parse(params.get("id"))?;
    let target = VariableTarget::Task(id.number);
    change(
        &state,
        &request,
        Subject::Task,
        id,
        target,
        false,
        |entity, task| entity.task_variables(task),
    )
    .await
}

/// `PATCH /tasks/{id}/variables/local`
pub async fn change_task_local(
    state: Context<State>,
    request: Request,
    params: Params,
) -> Answered {
    let id = Subject::Task.parse(params.get("id"))?;
    let target = VariableTarget::Task(id.number);
    change(
        &state,
        &request,
        Subject::Task,
        id,
        target,
        true,
        |entity, task| entity.task_local_variables(task),
    )
    .await
}

/// Reads variables out of an entity.
type Read = fn(&Entity, u32) -> Variables;

async fn read_task(state: &Context<State>, request: &Request, text: &str, read: Read) -> Answered {
    let id = Subject::Task.parse(text)?;
    let tenant = common::tenant(state, request);
    let found = look_at_task(state, tenant, id, move |entity| {
        object(&read(entity, id.number))
    });
    common::ok(found.await?)
}

/// Looks at the entity of an open task.
pub async fn look_at_task<T: Send + 'static>(
    state: &State,
    tenant: codec::Tenant,
    id: Id,
    view: impl FnOnce(&Entity) -> T + Send + 'static,
) -> Result<T, super::problem::Refused> {
    let unknown = || Subject::Task.unknown(&id.to_string());
    if subject::is_foreign(state, tenant, id.root) {
        return Err(unknown());
    }
    let looked = state.engine.look(id.root, move |seen| {
        let tasks = &seen.instance.rows_ref().tasks;
        let open = tasks.binary_search_by_key(&id.number, |task| task.number);
        open.ok().map(|_| view(seen.instance))
    });
    match looked.await {
        Ok(found) => found.ok_or_else(unknown),
        Err(actors::Failure::NotFound) => Err(unknown()),
        Err(failure) => Err(failure.into()),
    }
}

async fn change(
    state: &Context<State>,
    request: &Request,
    subject: Subject,
    id: Id,
    target: VariableTarget,
    local: bool,
    read: Read,
) -> Answered {
    let changes: Changes = common::body(request)?;
    let command = Command::SetVariables {
        target,
        local,
        set: common::variables(changes.set)?,
        remove: changes.remove,
    };
    let write = Write::of(state, request);
    order::order(state, write, subject, id, command, move |applied| {
        order::rendered(object(&read(applied.instance, id.number)))
    })
    .await
}
