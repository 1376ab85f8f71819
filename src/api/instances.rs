//! Instances: start, one by id, cancel, suspend and activate, trigger.
//!
//! Owns: what their bodies say, and the answers that are rendered where the instance is.
//! Never: a rule of what may be done; the engine refuses.

use super::{
    common::{self, Answered, Map},
    json::{Object, key, push_id},
    order::{self, Write},
    problem::Refused,
    render::{self, Definition, Instance},
    subject::{self, Subject},
};
use crate::{
    http::{Context, Params, Request, StatusCode},
    server::State,
};
use actors::{
    definitions::Published,
    message::{Applied, Rendered},
};
use bpmn::{Command, instance::Start, rows::InstanceRow};
use codec::{Id, RootId, Tenant};
use serde::Deserialize;
use std::sync::Arc;

/// Room for the answer of a start or a completion.
const ANSWER_BYTES: usize = 1024;

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct StartBody {
    definition_key: Option<String>,
    definition_id: Option<String>,
    message: Option<String>,
    business_key: Option<String>,
    name: Option<String>,
    variables: Option<Map>,
    transient_variables: Option<Map>,
    start_user_id: Option<String>,
}

/// `POST /instances`
pub async fn start(state: Context<State>, request: Request, _params: Params) -> Answered {
    let write = Write::of(&state, &request);
    let answering = {
        let (start, published) = wanted(&state, &write, &request)?;
        let render = move |root: RootId, applied: &Applied<'_>| started(root, applied, &published);
        match write.remember {
            None => Ok(state.engine.start(start, render)),
            // Rare, and larger: it does not make the other larger.
            Some(request) => Err(Box::pin(state.engine.start_once(start, request, render))),
        }
    };
    match answering {
        Ok(begun) => Ok(order::respond(begun.await?)),
        Err(once) => Ok(order::respond_shared(once.await?)),
    }
}

/// What the body says is to be started.
fn wanted(
    state: &State,
    write: &Write,
    request: &Request,
) -> Result<(Start, Arc<Published>), Refused> {
    let body: StartBody = common::body(request)?;
    let published = what(state, write.tenant, &body)?;
    let start = Start {
        business_key: body.business_key,
        name: body.name,
        variables: common::variables(body.variables)?,
        transient: common::variables(body.transient_variables)?,
        start_user: body.start_user_id,
        ..Start::new(Arc::clone(&published.definition))
    };
    Ok((start, published))
}

/// The definition that is to be started.
fn what(state: &State, tenant: Tenant, body: &StartBody) -> Result<Arc<Published>, Refused> {
    let catalog = &state.engine.catalog;
    let unknown = |what: &str, text: &str| {
        let detail = format!("there is no process definition with the {what} '{text}'");
        Refused::unprocessable("unknown-definition", detail)
    };
    match (&body.definition_key, &body.definition_id, &body.message) {
        (Some(key), None, None) => catalog
            .latest(tenant, key)
            .ok_or_else(|| unknown("key", key)),
        (None, Some(id), None) => {
            let found = catalog
                .find(tenant, id)
                .filter(|published| !published.leaving);
            found.ok_or_else(|| unknown("id", id))
        }
        (None, None, Some(message)) => Err(Refused::unprocessable(
            "no-subscription",
            format!("no process definition starts with the message '{message}'"),
        )),
        _ => Err(Refused::malformed(
            "exactly one of definitionKey, definitionId and message says what is started",
        )),
    }
}

fn started(root: RootId, applied: &Applied<'_>, published: &Published) -> Rendered {
    let mut body = String::with_capacity(ANSWER_BYTES);
    if let Some(row) = subject::instance_row(applied.instance.rows_ref(), 0) {
        render::push_with_tasks(applied.instance, row, published, &mut body);
    }
    let mut location = String::with_capacity(64);
    location.push_str("/api/v1/instances/");
    push_id(root.instance(), &mut location);
    Rendered {
        status: StatusCode::CREATED.as_u16(),
        location,
        body: body.into_bytes(),
    }
}

/// `GET /instances/{id}`
pub async fn get(state: Context<State>, request: Request, params: Params) -> Answered {
    let id = Subject::Instance.parse(params.get("id"))?;
    let tenant = common::tenant(&state, &request);
    let mut body = String::with_capacity(ANSWER_BYTES);
    if let Some(instance) = state.engine.views.read().instance(tenant, id) {
        Instance::of_view(instance).push(&mut body);
    }
    if body.is_empty() {
        let found = subject::archived_row(&state, tenant, id).await?;
        let (row, _) = found.ok_or_else(|| Subject::Instance.unknown(params.get("id")))?;
        Instance::of_archive(&row).push(&mut body);
    }
    common::ok(body)
}

/// `DELETE /instances/{id}`
pub async fn delete(state: Context<State>, request: Request, params: Params) -> Answered {
    let id = Subject::Instance.parse(params.get("id"))?;
    let command = Command::Delete {
        instance: id.number,
        reason: request.query.get("reason").map(str::to_owned),
    };
    let write = Write {
        remember: None,
        ..Write::of(&state, &request)
    };
    order::order(&state, write, Subject::Instance, id, command, |_| {
        order::gone()
    })
    .await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StateBody {
    state: WantedState,
    #[serde(default)]
    include_called: bool,
}

/// What the state of an instance or a definition can be set to.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum WantedState {
    /// It goes on.
    Active,
    /// It stands still.
    Suspended,
}

/// `PUT /instances/{id}/state`
pub async fn set_state(state: Context<State>, request: Request, params: Params) -> Answered {
    let id = Subject::Instance.parse(params.get("id"))?;
    let body: StateBody = common::body(&request)?;
    let (instance, include_called) = (id.number, body.include_called);
    let command = match body.state {
        WantedState::Suspended => Command::Suspend {
            instance,
            include_called,
        },
        WantedState::Active => Command::Activate {
            instance,
            include_called,
        },
    };
    let write = Write::of(&state, &request);
    let shared = Context::clone(&state);
    order::order(
        &state,
        write,
        Subject::Instance,
        id,
        command,
        move |applied| order::rendered(shown(&shared, applied, id)),
    )
    .await
}

fn shown(state: &State, applied: &Applied<'_>, id: Id) -> String {
    let mut body = String::with_capacity(ANSWER_BYTES);
    if let Some((row, published)) = row_of(state, applied, id.number) {
        Instance::of_row(id.root, row, Definition::of(&published)).push(&mut body);
    }
    body
}

fn row_of<'a>(
    state: &State,
    applied: &Applied<'a>,
    number: u32,
) -> Option<(&'a InstanceRow, Arc<Published>)> {
    let row = subject::instance_row(applied.instance.rows_ref(), number)?;
    Some((row, state.engine.catalog.get(row.definition)?))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TriggerBody {
    activity_id: String,
    #[serde(default)]
    variables: Option<Map>,
    #[serde(default)]
    transient_variables: Option<Map>,
}

/// `POST /instances/{id}/trigger`
pub async fn trigger(state: Context<State>, request: Request, params: Params) -> Answered {
    let id = Subject::Instance.parse(params.get("id"))?;
    let body: TriggerBody = common::body(&request)?;
    let command = Command::Trigger {
        instance: id.number,
        activity: body.activity_id,
        variables: common::variables(body.variables)?,
        transient: common::variables(body.transient_variables)?,
    };
    let write = Write {
        remember: None,
        ..Write::of(&state, &request)
    };
    let shared = Context::clone(&state);
    order::order(
        &state,
        write,
        Subject::Instance,
        id,
        command,
        move |applied| {
            let mut body = String::with_capacity(ANSWER_BYTES);
            if let Some((row, published)) = row_of(&shared, applied, id.number) {
                render::push_with_tasks(applied.instance, row, &published, &mut body);
            }
            order::rendered(body)
        },
    )
    .await
}

/// The answer of what completes a task: its instance and the open tasks of that.
pub fn completed(state: &State, applied: &Applied<'_>, instance: u32) -> Rendered {
    let mut body = String::with_capacity(ANSWER_BYTES);
    if let Some((row, published)) = row_of(state, applied, instance) {
        let root = applied.instance.root();
        let mut object = Object::begin(&mut body);
        let shown = Instance::of_row(root, row, Definition::of(&published));
        shown.push(object.name(key!("instance")));
        let process = &published.definition.process;
        let rows = applied.instance.rows_ref();
        render::push_tasks(root, rows, instance, process, object.name(key!("tasks")));
        object.end();
    }
    order::rendered(body)
}
