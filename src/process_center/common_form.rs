//! /commonForm: forms of start events and tasks, and the variables of tasks.

use super::{
    Answered, Routes, envelope, error,
    error::Trouble,
    find, get, lists,
    parameters::{self, Parameters},
    post, shapes, tenant, variables,
};
use crate::{
    http::{Context, Request},
    server::State,
};
use actors::{Failure, message::Seen};
use bpmn::{
    Command,
    form::{self, FormError},
    instance::{Refusal, Start, VariableTarget},
    model::{FormProperty, FormType, Kind, StartEvent},
};
use codec::Id;
use serde_json::{Value as Json, json};
use std::sync::Arc;

/// Its part of the table.
pub fn routes() -> Routes {
    vec![
        get!(
            "/commonForm/getStartFormData",
            start_form,
            "获取开始事件上的表单"
        ),
        get!(
            "/commonForm/getTaskFormData",
            task_form,
            "获取任务节点上的表单"
        ),
        post!(
            "/commonForm/submitStartFormData",
            submit_start,
            "提交流程开始节点表单，并完成开始节点"
        ),
        post!(
            "/commonForm/submitTaskFormData",
            submit_task,
            "提交任务节点表单，并完成任务"
        ),
        post!(
            "/commonForm/saveFormData",
            save,
            "保存任务节点表单，不会完成任务（不会修改任务状态）"
        ),
        post!("/commonForm/setVariables", set_variables, "设置任务变量"),
        post!(
            "/commonForm/setVariablesLocal",
            set_local_variables,
            "设置任务变量"
        ),
        get!("/commonForm/getVariables", variables_of, "获取任务变量"),
        get!(
            "/commonForm/getVariablesLocal",
            local_variables_of,
            "获取任务变量"
        ),
    ]
}

async fn start_form(state: Context<State>, request: Request) -> Answered {
    let key = Parameters::of(&request)?.text("processKey")?;
    let failed = |why: &str| envelope::failed("获取表单失败", why);
    let latest = state.engine.catalog.latest(tenant(&state, &request), &key);
    let Some(published) = latest else {
        return failed(&no_definition(&key));
    };
    let process = &published.definition.process;
    let start = process.initial_start_event();
    let form = start.and_then(|index| start_event(&process.element(index).kind));
    let Some(event) = form else {
        return failed(&format!("process definition '{key}' has no start event"));
    };
    let zone = &state.config.engine.time_zone;
    match form::read_start(&event.form_properties, zone) {
        // The original writes this key in lower case here.
        Ok(shown) => {
            let shown = shown.iter();
            let properties: Json = shown
                .map(|shown| shapes::form::property(shown.property, shown.value.as_deref()))
                .collect();
            let form = json!({"formkey": event.form_key, "formPropertyList": properties});
            envelope::success("获取表单成功", form)
        }
        Err(error) => failed(&form_error(&error, &event.form_properties)),
    }
}

fn start_event(kind: &Kind) -> Option<&StartEvent> {
    if let Kind::StartEvent(event) = kind {
        Some(event)
    } else {
        None
    }
}

fn no_definition(key: &str) -> String {
    format!("no processes deployed with key '{key}'")
}

/// An unknown type is told with its property, as in the original.
fn form_error(error: &FormError, properties: &[FormProperty]) -> String {
    if let FormError::UnknownType { name } = error {
        let unknown = FormType::Unknown(name.clone());
        let of_it = |property: &&FormProperty| property.form_type.as_ref() == Some(&unknown);
        let id = properties.iter().find(of_it).map_or("", |p| p.id.as_str());
        return format!("unknown type '{name}' {id}");
    }
    error.to_string()
}

async fn task_form(state: Context<State>, request: Request) -> Answered {
    let task = Parameters::of(&request)?.text("taskId")?;
    let core = Arc::clone(state.engine.core());
    let form = look(&state, &request, &task, move |seen, number| {
        let rows = &seen.instance.rows_ref().tasks;
        let row = rows.iter().find(|row| row.number == number)?;
        let published = core.catalog.get(row.definition)?;
        let definition = &published.definition;
        let (now_ms, zone) = (core.clock.now_ms(), &core.options.time_zone);
        let form = seen.instance.task_form(number, definition, now_ms, zone);
        Some(form.map_err(|refusal| refusal.to_string()).map(|form| {
            let properties = form.properties.iter();
            let properties: Json = properties
                .map(|(property, value)| shapes::form::property(property, value.as_deref()))
                .collect();
            json!({"formKey": form.form_key, "formPropertyList": properties})
        }))
    });
    let no_task = || format!("No task found for taskId '{task}'");
    match form.await?.unwrap_or_else(|| Err(no_task())) {
        Ok(form) => envelope::success("获取表单成功", form),
        Err(why) => envelope::failed("获取表单失败", &why),
    }
}

/// Looks at an open task; none: there is no such task.
async fn look<T: Send + 'static>(
    state: &Context<State>,
    request: &Request,
    task: &str,
    view: impl FnOnce(&Seen<'_>, u32) -> Option<T> + Send + 'static,
) -> Result<Option<T>, Trouble> {
    let Some(Id { root, number }) = find::open_task(state, tenant(state, request), task) else {
        return Ok(None);
    };
    let looked = state.engine.look(root, move |seen| view(seen, number));
    match looked.await {
        Ok(found) => Ok(found),
        Err(failure) => error::business(failure).map(|_| None),
    }
}

async fn submit_start(state: Context<State>, request: Request) -> Answered {
    let key = Parameters::of(&request)?.text("processKey")?;
    let properties = variables::read(parameters::object(&request)?);
    let failed = |why: &str| envelope::failed("提交表单失败", why);
    let latest = state.engine.catalog.latest(tenant(&state, &request), &key);
    let Some(published) = latest else {
        return failed(&no_definition(&key));
    };
    let start = Start {
        form: Some(properties),
        ..Start::new(Arc::clone(&published.definition))
    };
    let started = state.engine.start(start, |root, applied| {
        let tasks = applied.instance.rows_ref().tasks.iter();
        // Those of called instances are not its own.
        let own = tasks.filter(|task| task.instance == 0);
        own.map(|task| root.child(task.number)).collect()
    });
    let ids: Vec<Id> = match started.await {
        Ok(ids) => ids,
        Err(failure) => return failed(&not_started(&error::business(failure)?)),
    };
    let tasks = lists::infos(&state, ids).await?;
    envelope::success("提交表单成功", tasks.into())
}

fn not_started(failure: &Failure) -> String {
    if let Failure::Refused(Refusal::DefinitionSuspended { name, id }) = failure {
        return format!(
            "Cannot execute operation because process definition '{name}' (id={id}) is suspended"
        );
    }
    failure.to_string()
}

async fn submit_task(state: Context<State>, request: Request) -> Answered {
    submit(&state, &request, true, "提交表单").await
}

async fn save(state: Context<State>, request: Request) -> Answered {
    submit(&state, &request, false, "保存表单").await
}

async fn submit(
    state: &Context<State>,
    request: &Request,
    complete: bool,
    operation: &str,
) -> Answered {
    let task = Parameters::of(request)?.text("taskId")?;
    let properties = variables::read(parameters::object(request)?);
    let suspended = "Cannot submit a form to a suspended task";
    write(state, request, &task, operation, suspended, |task| {
        Command::SubmitForm {
            task,
            properties,
            complete,
        }
    })
    .await
}

async fn set_variables(state: Context<State>, request: Request) -> Answered {
    set(&state, &request, false).await
}

async fn set_local_variables(state: Context<State>, request: Request) -> Answered {
    set(&state, &request, true).await
}

async fn set(state: &Context<State>, request: &Request, local: bool) -> Answered {
    let task = Parameters::of(request)?.text("taskId")?;
    let set = variables::read(parameters::object(request)?);
    let suspended = "Cannot add variables to a suspended task";
    write(
        state,
        request,
        &task,
        "设置任务变量",
        suspended,
        |task| Command::SetVariables {
            target: VariableTarget::Task(task),
            local,
            set,
            remove: Vec::new(),
        },
    )
    .await
}

/// Sends a command to an open task and words the outcome as `operation` with 成功 or 失败.
async fn write(
    state: &Context<State>,
    request: &Request,
    task: &str,
    operation: &str,
    suspended: &str,
    command: impl FnOnce(u32) -> Command,
) -> Answered {
    let failed = |why: &str| envelope::failed(&format!("{operation}失败"), why);
    let Some(id) = find::open_task(state, tenant(state, request), task) else {
        return failed(&find::no_task(task));
    };
    match state
        .engine
        .order(id.root, command(id.number), |_| ())
        .await
    {
        Ok(()) => envelope::done(&format!("{operation}成功")),
        Err(failure) => {
            let failure = error::business(failure)?;
            failed(&find::task_failure(&failure, task, suspended))
        }
    }
}

async fn variables_of(state: Context<State>, request: Request) -> Answered {
    read(&state, &request, false).await
}

async fn local_variables_of(state: Context<State>, request: Request) -> Answered {
    read(&state, &request, true).await
}

async fn read(state: &Context<State>, request: &Request, local: bool) -> Answered {
    let task = Parameters::of(request)?.text("taskId")?;
    let found = look(state, request, &task, move |seen, number| {
        let variables = if local {
            seen.instance.task_local_variables(number)
        } else {
            seen.instance.task_variables(number)
        };
        Some(Json::from(variables::write(&variables)))
    });
    match found.await? {
        Some(variables) => envelope::success("获取任务变量成功", variables),
        // The original's own words for a failed read.
        None => envelope::failed("设置任务变量失败", &format!("task {task} doesn't exist")),
    }
}
