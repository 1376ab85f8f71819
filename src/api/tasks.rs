//! Tasks: one by id, and everything that is done to it.
//! Never: decides who may; the engine refuses.

use super::{
    common::{self, Answered, Map},
    instances,
    order::{self, Write},
    problem::Refused,
    render::Task,
    subject::Subject,
};
use crate::{
    http::{Context, Params, Request},
    server::State,
};
use actors::message::Applied;
use bpmn::{Command, Instance as Entity, history::Entry, instance::TaskPatch};
use codec::Id;
use serde::{Deserialize, Deserializer};

/// `GET /tasks/{id}`
pub async fn get(state: Context<State>, request: Request, params: Params) -> Answered {
    let id = Subject::Task.parse(params.get("id"))?;
    let mut body = String::with_capacity(768);
    let views = state.engine.views.read();
    let task = views.task(common::tenant(&state, &request), id);
    let task = task.ok_or_else(|| Subject::Task.unknown(params.get("id")))?;
    Task::of_view(task).push(&mut body);
    common::ok(body)
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct CompleteBody {
    user_id: Option<String>,
    variables: Option<Map>,
    transient_variables: Option<Map>,
    local_variables: Option<Map>,
}

/// `POST /tasks/{id}/complete`
pub async fn complete(state: Context<State>, request: Request, params: Params) -> Answered {
    let id = Subject::Task.parse(params.get("id"))?;
    let body: CompleteBody = common::body(&request)?;
    let command = Command::CompleteTask {
        task: id.number,
        user: body.user_id,
        variables: common::variables(body.variables)?,
        transient: common::variables(body.transient_variables)?,
        local: common::variables(body.local_variables)?,
    };
    let write = Write::of(&state, &request);
    let shared = Context::clone(&state);
    order::order(&state, write, Subject::Task, id, command, move |applied| {
        instances::completed(
            &shared,
            applied,
            instance_of_finished(applied.instance, id.number),
        )
    })
    .await
}

/// The instance of a task that this command finished.
pub fn instance_of_finished(entity: &Entity, task: u32) -> u32 {
    let mut newest_first = entity.history().iter().rev();
    let found = newest_first.find_map(|entry| match entry {
        Entry::TaskFinished(finished) if finished.task.number == task => {
            Some(finished.task.instance)
        }
        _ => None,
    });
    found.unwrap_or(0)
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct UserBody {
    user_id: Option<String>,
    variables: Option<Map>,
    transient_variables: Option<Map>,
}

impl UserBody {
    fn user(&self) -> Result<String, Refused> {
        let user = self.user_id.clone().filter(|user| !user.is_empty());
        user.ok_or_else(|| Refused::malformed("userId is missing"))
    }
}

/// `POST /tasks/{id}/claim`
pub async fn claim(state: Context<State>, request: Request, params: Params) -> Answered {
    change(&state, &request, &params, |task, body| {
        let user = Some(body.user()?);
        Ok(Command::ClaimTask { task, user })
    })
    .await
}

/// `POST /tasks/{id}/unclaim`
pub async fn unclaim(state: Context<State>, request: Request, params: Params) -> Answered {
    let id = Subject::Task.parse(params.get("id"))?;
    let command = Command::ClaimTask {
        task: id.number,
        user: None,
    };
    order_task(&state, &request, id, command).await
}

/// `POST /tasks/{id}/assign`
pub async fn assign(state: Context<State>, request: Request, params: Params) -> Answered {
    change(&state, &request, &params, |task, body| {
        let user = Some(body.user()?);
        Ok(Command::AssignTask { task, user })
    })
    .await
}

/// `POST /tasks/{id}/delegate`
pub async fn delegate(state: Context<State>, request: Request, params: Params) -> Answered {
    change(&state, &request, &params, |task, body| {
        let user = body.user()?;
        Ok(Command::DelegateTask { task, user })
    })
    .await
}

/// `POST /tasks/{id}/resolve`
pub async fn resolve(state: Context<State>, request: Request, params: Params) -> Answered {
    change(&state, &request, &params, |task, body| {
        Ok(Command::ResolveTask {
            task,
            variables: common::variables(body.variables)?,
            transient: common::variables(body.transient_variables)?,
        })
    })
    .await
}

async fn change(
    state: &Context<State>,
    request: &Request,
    params: &Params,
    command: fn(u32, UserBody) -> Result<Command, Refused>,
) -> Answered {
    let id = Subject::Task.parse(params.get("id"))?;
    let command = command(id.number, common::body(request)?)?;
    order_task(state, request, id, command).await
}

/// Sends a command to a task and answers with the task as it is then.
pub async fn order_task(
    state: &Context<State>,
    request: &Request,
    id: Id,
    command: Command,
) -> Answered {
    let write = Write::of(state, request);
    let shared = Context::clone(state);
    order::order(state, write, Subject::Task, id, command, move |applied| {
        order::rendered(shown(&shared, applied, id))
    })
    .await
}

fn shown(state: &State, applied: &Applied<'_>, id: Id) -> String {
    let mut body = String::with_capacity(768);
    let tasks = &applied.instance.rows_ref().tasks;
    if let Ok(index) = tasks.binary_search_by_key(&id.number, |task| task.number)
        && let Some(published) = state.engine.catalog.get(tasks[index].definition)
    {
        Task::of_row(id.root, &tasks[index], &published).push(&mut body);
    }
    body
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct PatchBody {
    #[serde(deserialize_with = "present")]
    name: Option<Option<String>>,
    #[serde(deserialize_with = "present")]
    description: Option<Option<String>>,
    priority: Option<i32>,
    #[serde(deserialize_with = "present")]
    due_at: Option<Option<String>>,
    #[serde(deserialize_with = "present")]
    owner: Option<Option<String>>,
    #[serde(deserialize_with = "present")]
    category: Option<Option<String>>,
}

/// Null that is there clears; what is not there stays.
fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Deserialize::deserialize(from).map(Some)
}

/// `PATCH /tasks/{id}`
pub async fn patch(state: Context<State>, request: Request, params: Params) -> Answered {
    let id = Subject::Task.parse(params.get("id"))?;
    let body: PatchBody = common::body(&request)?;
    let due_ms = match body.due_at {
        None => None,
        Some(None) => Some(None),
        Some(Some(text)) => Some(Some(common::instant_of("dueAt", &text)?)),
    };
    let patch = TaskPatch {
        name: body.name,
        description: body.description,
        priority: body.priority,
        due_ms,
        owner: body.owner,
        category: body.category,
    };
    let command = Command::UpdateTask {
        task: id.number,
        patch: Box::new(patch),
    };
    order_task(&state, &request, id, command).await
}
