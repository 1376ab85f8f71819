//! /processCtr: starting, suspending and reading instances. Deployments and pictures have files of their own.

use super::{
    Answered, Routes, deployment, envelope, error, error::Trouble, find, get, lists,
    parameters::Parameters, picture, post, shapes, tenant,
};
use crate::{
    http::{Context, Request, Response, StatusCode},
    server::State,
};
use actors::{
    Failure, definitions, entity,
    views::{self, InstanceFilter},
};
use bpmn::{
    Command,
    instance::{Refusal, Start, Variables},
};
use codec::{DefinitionId, Id, Tenant, Value};
use serde_json::Value as Json;

/// Its part of the table.
pub fn routes() -> Routes {
    vec![
        post!("/processCtr/createPro", create, "创建流程"),
        post!("/processCtr/createPro4bus", create_for_business, "创建流程"),
        get!("/processCtr/listProcess", list, "流程实例列表"),
        get!(
            "/processCtr/listAllProcessInstance",
            list_all,
            "获取所有正在运行的流程实例"
        ),
        post!("/processCtr/suspendProcess", suspend, "挂起流程"),
        post!("/processCtr/activateProcess", activate, "启动挂起的流程"),
        get!(
            "/processCtr/getProcessByProcessId",
            by_id,
            "通过流程id获取流程实例"
        ),
        get!(
            "/processCtr/getProcessByTaskId",
            by_task,
            "通过任务id获取流程实例"
        ),
        get!("/processCtr/getImage", picture::get, "获取流程图"),
        get!("/processCtr/listHistory", history, "获取流程的历史记录"),
        post!(
            "/processCtr/deploymentProcess",
            deployment::deploy,
            "手动发布流程"
        ),
    ]
}

async fn create(state: Context<State>, request: Request) -> Answered {
    let key = Parameters::of(&request)?.text("processKey")?;
    start(&state, &request, &key, Variables::new()).await
}

async fn create_for_business(state: Context<State>, request: Request) -> Answered {
    let parameters = Parameters::of(&request)?;
    let key = parameters.text("processKey")?;
    let mut variables = Variables::new();
    for name in ["busCode", "busType"] {
        variables.push((name.to_owned(), Value::String(parameters.text(name)?)));
    }
    start(&state, &request, &key, variables).await
}

/// Starts the latest version of a key; the answer is the instance's id.
async fn start(
    state: &Context<State>,
    request: &Request,
    key: &str,
    variables: Variables,
) -> Answered {
    let failed = || envelope::refused("创建流程失败", Json::Null);
    let tenant = tenant(state, request);
    let Some(published) = state.engine.catalog.latest(tenant, key) else {
        return failed();
    };
    let start = Start {
        variables,
        ..Start::new(std::sync::Arc::clone(&published.definition))
    };
    match state.engine.start(start, |root, _| root).await {
        Ok(root) => envelope::success("创建流程成功", root.to_string().into()),
        Err(failure) => {
            let failure = error::business(failure)?;
            tracing::debug!(key, %failure, "an instance was not started");
            failed()
        }
    }
}

async fn list(state: Context<State>, request: Request) -> Answered {
    let key = Parameters::of(&request)?.text("processKey")?;
    let filter = InstanceFilter {
        tenant: tenant(&state, &request),
        keys: vec![key],
        ..InstanceFilter::default()
    };
    lists::instances(&state, "流程实例列表查询成功！", filter)
}

async fn list_all(state: Context<State>, request: Request) -> Answered {
    let filter = InstanceFilter {
        tenant: tenant(&state, &request),
        ..InstanceFilter::default()
    };
    lists::instances(&state, "获取所有流程实例成功！", filter)
}

async fn by_id(state: Context<State>, request: Request) -> Answered {
    let process = Parameters::of(&request)?.text("processId")?;
    let found = process.parse().ok().and_then(|id| {
        let views = state.engine.views.read();
        let instance = views.instance(tenant(&state, &request), id)?;
        running(&state, instance)
    });
    shown(found, || {
        format!("process instance {process} doesn't exist")
    })
}

async fn by_task(state: Context<State>, request: Request) -> Answered {
    let task = Parameters::of(&request)?.text("taskId")?;
    let found = task.parse().ok().and_then(|id| {
        let views = state.engine.views.read();
        let task = views.task(tenant(&state, &request), id)?;
        running(&state, task.instance())
    });
    shown(found, || find::no_task(&task))
}

fn running(state: &State, instance: views::Instance<'_>) -> Option<Json> {
    let runs = instance.ended().is_none();
    runs.then(|| shapes::instance::state(&state.engine.catalog, instance))
}

fn shown(found: Option<Json>, why: impl FnOnce() -> String) -> Answered {
    match found {
        Some(instance) => envelope::success("获取流程实例成功！", instance),
        None => envelope::failed("获取流程实例失败！", &why()),
    }
}

async fn history(state: Context<State>, request: Request) -> Answered {
    let process = Parameters::of(&request)?.text("processId")?;
    let tenant = tenant(&state, &request);
    let core = std::sync::Arc::clone(state.engine.core());
    let in_memory = move |seen: &actors::message::Seen<'_>, row: &bpmn::rows::InstanceRow| {
        let id = seen.instance.root().child(row.number);
        let entries = entity::history(seen.chunks, seen.instance).map_err(|e| e.to_string())?;
        let definition = row.definition;
        Ok(shapes::history::of_entries(
            &core.catalog,
            id,
            definition,
            &entries,
        ))
    };
    let catalog = &state.engine.catalog;
    let archived = |ended: &bpmn::archive::EndedInstance| {
        // It was found by this id.
        let id = process.parse::<Id>().map_err(|error| error.to_string())?;
        Ok(shapes::history::of_ended(catalog, id, ended))
    };
    let found = find::instance(&state, tenant, &process, in_memory, archived).await?;
    let found: Result<Vec<Json>, String> = found.unwrap_or(Ok(Vec::new()));
    match found {
        Ok(rows) => envelope::success("获取流程历史记录成功！", rows.into()),
        Err(why) => envelope::failed("获取流程历史记录失败！", &why),
    }
}

async fn suspend(state: Context<State>, request: Request) -> Answered {
    set_suspended(&state, &request, true).await
}

async fn activate(state: Context<State>, request: Request) -> Answered {
    set_suspended(&state, &request, false).await
}

/// An instance with all that it called, or a definition; 200 without a body.
async fn set_suspended(state: &Context<State>, request: &Request, suspended: bool) -> Answered {
    let text = Parameters::of(request)?.text("processId")?;
    let tenant = tenant(state, request);
    let done = match (text.parse::<Id>(), definition(state, tenant, &text)) {
        (_, Some(number)) => {
            let engine = &state.engine;
            engine
                .set_definition_state(number.0, suspended, false)
                .await
        }
        (Ok(id), None) => set_instance(state, tenant, id, suspended).await,
        (Err(_), None) => Err(Failure::NotFound),
    };
    let failure = match done {
        Ok(()) => return Ok(Response::new(StatusCode::OK)),
        Err(failure) => error::business(failure)?,
    };
    if is_wrong_state(&failure) {
        return Err(Trouble::conflict(failure.to_string()));
    }
    if was_archived(state, tenant, &text).await? {
        return Err(Trouble::conflict("the process instance has ended"));
    }
    Err(Trouble::not_found(format!(
        "there is no process instance or process definition with the id '{text}'"
    )))
}

fn is_wrong_state(failure: &Failure) -> bool {
    use definitions::Refusal::AlreadyInState;
    matches!(
        failure,
        Failure::Ended
            | Failure::Refused(
                Refusal::AlreadySuspended | Refusal::AlreadyActive | Refusal::InstanceEnded
            )
            | Failure::Definitions(AlreadyInState(_))
    )
}

/// A definition by its id, as this API writes it.
fn definition(state: &State, tenant: Tenant, text: &str) -> Option<DefinitionId> {
    let catalog = &state.engine.catalog;
    let by_number = || catalog.get(DefinitionId(text.parse().ok()?));
    let found = catalog.find(tenant, text).or_else(by_number)?;
    (found.definition.tenant == tenant).then_some(found.definition.id)
}

async fn set_instance(
    state: &State,
    tenant: Tenant,
    id: Id,
    suspended: bool,
) -> Result<(), Failure> {
    let known = state.engine.views.read().instance(tenant, id).is_some();
    if !known {
        return Err(Failure::NotFound);
    }
    let (instance, include_called) = (id.number, true);
    let command = if suspended {
        Command::Suspend {
            instance,
            include_called,
        }
    } else {
        Command::Activate {
            instance,
            include_called,
        }
    };
    state.engine.order(id.root, command, |_| ()).await
}

/// An ended instance, which can be found but not changed.
async fn was_archived(state: &Context<State>, tenant: Tenant, text: &str) -> Result<bool, Trouble> {
    let found = find::instance(state, tenant, text, |_, _| (), |_| ()).await?;
    Ok(found.is_some())
}
