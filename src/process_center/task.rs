//! /taskCtr: reading, assigning, delegating and completing tasks.

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
use actors::{
    Failure,
    views::{Sort, TaskFilter},
};
use bpmn::{
    Command,
    instance::{Refusal, Variables},
    rows::{Delegation, IdentityLink},
};
use codec::Id;
use org::stored_id;
use serde_json::Value as Json;

/// Its part of the table.
pub fn routes() -> Routes {
    vec![
        get!("/taskCtr/currentTask", current, "流程实例所在节点"),
        get!(
            "/taskCtr/listRunTask",
            list_running,
            "流程实例所在节点--返回多个节点"
        ),
        get!("/taskCtr/getTaskById", by_id, "通过任务id获取任务"),
        get!(
            "/taskCtr/listTaskByProcessKey",
            list_by_key,
            "获取当前用户在processkey流程中任务"
        ),
        get!(
            "/taskCtr/listTaskByUserId",
            list_by_user,
            "获取当前用户所有任务"
        ),
        get!(
            "/taskCtr/getIdentityLinksForTask",
            identity_links,
            "获取任务处理候选用户"
        ),
        post!("/taskCtr/setAssigner", set_assigner, "设置任务处理人"),
        post!(
            "/taskCtr/addCandidateUser",
            add_candidate_user,
            "设置任务候选处理人"
        ),
        post!(
            "/taskCtr/addCandidateUsers",
            add_candidate_users,
            "设置任务候选处理人列表"
        ),
        post!(
            "/taskCtr/addCandidateGroup",
            add_candidate_group,
            "设置任务候选用户组"
        ),
        post!(
            "/taskCtr/addCandidateGroups",
            add_candidate_groups,
            "设置任务候选用户组列表"
        ),
        post!("/taskCtr/complete", complete, "完成一个任务(非委托任务)"),
        post!("/taskCtr/delegateTask", delegate, "设置任务委托人"),
        post!("/taskCtr/resolveTask", resolve, "处理委托任务"),
    ]
}

async fn current(state: Context<State>, request: Request) -> Answered {
    let process = Parameters::of(&request)?.text("processId")?;
    of_instance(&state, &request, "查询当前任务节点成功！", &process, None).await
}

async fn list_running(state: Context<State>, request: Request) -> Answered {
    let process = Parameters::of(&request)?.text("processId")?;
    let message = "获取流程当前任务列表成功！";
    of_instance(&state, &request, message, &process, Some(false)).await
}

/// The open tasks of an instance, oldest first, not of what it calls.
async fn of_instance(
    state: &Context<State>,
    request: &Request,
    message: &str,
    process: &str,
    suspended: Option<bool>,
) -> Answered {
    let Ok(id) = process.parse() else {
        return envelope::success(message, Json::Array(Vec::new()));
    };
    let filter = TaskFilter {
        tenant: tenant(state, request),
        instances: vec![id],
        suspended,
        ..TaskFilter::default()
    };
    lists::tasks(state, message, filter, Sort::OLDEST_FIRST).await
}

async fn by_id(state: Context<State>, request: Request) -> Answered {
    let task = Parameters::of(&request)?.text("taskId")?;
    let found = match find::open_task(&state, tenant(&state, &request), &task) {
        Some(id) => lists::infos(&state, vec![id]).await?.pop(),
        None => None,
    };
    match found {
        Some(info) => envelope::success("获取任务成功", info),
        None => envelope::failed("获取任务失败", &find::no_task(&task)),
    }
}

async fn list_by_key(state: Context<State>, request: Request) -> Answered {
    let key = Parameters::of(&request)?.text("processKey")?;
    of_user(&state, &request, vec![key]).await
}

async fn list_by_user(state: Context<State>, request: Request) -> Answered {
    of_user(&state, &request, Vec::new()).await
}

/// Newest first; without user and system everybody's.
async fn of_user(state: &Context<State>, request: &Request, keys: Vec<String>) -> Answered {
    let user = user(&Parameters::of(request)?)?;
    let assignees = if user.is_empty() {
        Vec::new()
    } else {
        vec![user]
    };
    let filter = TaskFilter {
        tenant: tenant(state, request),
        keys,
        assignees,
        suspended: Some(false),
        ..TaskFilter::default()
    };
    let message = "获取当前用户的任务成功！";
    lists::tasks(state, message, filter, Sort::NEWEST_FIRST).await
}

async fn identity_links(state: Context<State>, request: Request) -> Answered {
    let task = Parameters::of(&request)?.text("taskId")?;
    let links = task.parse().ok().and_then(|id| {
        let views = state.engine.views.read();
        let found = views.task(tenant(&state, &request), id);
        found.map(shapes::task::links)
    });
    match links {
        Some(links) => envelope::success("获取任务处理候选用户成功！", links),
        None => envelope::failed("获取任务处理候选用户失败！", &find::no_task(&task)),
    }
}

/// The stored id of the user that the parameters name.
fn user(parameters: &Parameters) -> Result<String, Trouble> {
    let system = parameters.text("systemId")?;
    let user = parameters.text("userId")?;
    Ok(stored_id(Some(&system), Some(&user)))
}

/// Sends a command to an open task; the outer error is the server's own trouble.
async fn order(
    state: &Context<State>,
    request: &Request,
    task: &str,
    command: impl FnOnce(u32) -> Command,
) -> Result<Result<(), Failure>, Trouble> {
    let Some(id) = find::open_task(state, tenant(state, request), task) else {
        return Ok(Err(Failure::NotFound));
    };
    match state
        .engine
        .order(id.root, command(id.number), |_| ())
        .await
    {
        Ok(()) => Ok(Ok(())),
        Err(failure) => error::business(failure).map(Err),
    }
}

async fn set_assigner(state: Context<State>, request: Request) -> Answered {
    let parameters = Parameters::of(&request)?;
    let task = parameters.text("taskId")?;
    let user = Some(user(&parameters)?);
    let assigned = order(&state, &request, &task, |task| Command::AssignTask {
        task,
        user,
    });
    match assigned.await? {
        Ok(()) => envelope::done("设置任务处理人成功！"),
        Err(failure) => {
            let suspended = "Cannot execute operation: task is suspended";
            let why = find::task_failure(&failure, &task, suspended);
            envelope::failed("设置任务处理人失败！", &why)
        }
    }
}

async fn add_candidate_user(state: Context<State>, request: Request) -> Answered {
    let user = Parameters::of(&request)?.text("userId")?;
    let link = IdentityLink::candidate_user;
    add_candidates(&state, &request, vec![user], link, "设置任务候选处理人").await
}

async fn add_candidate_users(state: Context<State>, request: Request) -> Answered {
    let users = Parameters::of(&request)?.list("userIds")?;
    let link = IdentityLink::candidate_user;
    add_candidates(&state, &request, users, link, "设置任务候选处理人列表").await
}

async fn add_candidate_group(state: Context<State>, request: Request) -> Answered {
    let group = Parameters::of(&request)?.text("groupId")?;
    let link = IdentityLink::candidate_group;
    add_candidates(&state, &request, vec![group], link, "设置任务候选用户组").await
}

async fn add_candidate_groups(state: Context<State>, request: Request) -> Answered {
    let groups = Parameters::of(&request)?.list("groupIds")?;
    let link = IdentityLink::candidate_group;
    add_candidates(&state, &request, groups, link, "设置任务候选用户组列表").await
}

/// One after the other; those before a failure stay, as in the original.
async fn add_candidates(
    state: &Context<State>,
    request: &Request,
    ids: Vec<String>,
    link: fn(String) -> IdentityLink,
    operation: &str,
) -> Answered {
    let parameters = Parameters::of(request)?;
    let task = parameters.text("taskId")?;
    let system = parameters.text("systemId")?;
    for id in ids {
        let link = link(stored_id(Some(&system), Some(&id)));
        let added = order(state, request, &task, |task| Command::AddLink {
            task,
            link,
        });
        if added.await?.is_err() {
            return envelope::refused(&format!("{operation}失败！"), Json::Null);
        }
    }
    envelope::done(&format!("{operation}成功！"))
}

/// Why a completion is refused before anything is tried; texts of the original.
const NO_TASK: &str = "任务不存在！";
const ENDED: &str = "流程已结束";
const WRONG_USER: &str = "流程处理人错误！";

async fn complete(state: Context<State>, request: Request) -> Answered {
    let parameters = Parameters::of(&request)?;
    let task = parameters.text("taskId")?;
    let user = user(&parameters)?;
    let body = parameters::optional_object(&request)?;
    let refused = |data: Json| envelope::refused("任务处理失败", data);
    let Ok((variables, transient)) = both(body) else {
        return refused(Json::Null);
    };
    let (id, instance) = match completable(&state, &request, &task, &user) {
        Ok(found) => found,
        Err(reason) => return refused(reason.into()),
    };
    // The original never authenticates anyone: `authenticatedUserId` is null in its expressions.
    let command = Command::CompleteOwnTask {
        task: id.number,
        owner: user,
        variables,
        transient,
    };
    let completed = state.engine.order(id.root, command, move |applied| {
        let open = applied.instance.rows_ref().tasks.iter();
        let mut open = open.filter(|task| task.instance == instance);
        match (open.next(), open.next()) {
            (None, _) => Json::Null,
            (Some(next), None) => id.root.child(next.number).to_string().into(),
            (Some(_), Some(_)) => "".into(),
        }
    });
    match completed.await {
        Ok(next) => envelope::success("任务已处理", next),
        Err(failure) => {
            let reason = lost(&error::business(failure)?);
            refused(reason.map_or(Json::Null, Json::from))
        }
    }
}

/// The reason when someone else was faster; none: the engine's own failure, which has no text here.
fn lost(failure: &Failure) -> Option<&'static str> {
    if matches!(
        failure,
        Failure::Ended | Failure::Refused(Refusal::InstanceEnded)
    ) {
        return Some(ENDED);
    }
    if matches!(failure, Failure::Refused(Refusal::NotTheirs(_))) {
        return Some(WRONG_USER);
    }
    let gone = matches!(
        failure,
        Failure::NotFound | Failure::Refused(Refusal::TaskNotFound(_))
    );
    gone.then_some(NO_TASK)
}

/// The task's id and its instance's number, when this user may complete it.
fn completable(
    state: &State,
    request: &Request,
    task: &str,
    user: &str,
) -> Result<(Id, u32), &'static str> {
    let id = task.parse().map_err(|_| NO_TASK)?;
    let views = state.engine.views.read();
    let found = views.task(tenant(state, request), id).ok_or(NO_TASK)?;
    if [found.assignee(), found.owner()].contains(&Some(user)) {
        Ok((id, found.instance().id().number))
    } else {
        Err(WRONG_USER)
    }
}

/// Variables and transient variables of a body.
fn both(mut body: parameters::Object) -> Result<(Variables, Variables), String> {
    let variables = variables::member(&mut body, "variables")?;
    let transient = variables::member(&mut body, "transientVariables")?;
    Ok((variables, transient))
}

async fn delegate(state: Context<State>, request: Request) -> Answered {
    let parameters = Parameters::of(&request)?;
    let task = parameters.text("taskId")?;
    let user = user(&parameters)?;
    if !is_linked(&state, &request, &task, &user) {
        let message = "任务委托失败，任务委托人不在候选人列表中。";
        return envelope::refused(message, Json::Null);
    }
    let delegated = order(&state, &request, &task, |task| Command::DelegateTask {
        task,
        user,
    });
    match delegated.await? {
        Ok(()) => envelope::done("任务委托成功"),
        Err(_) => envelope::refused("设置任务委托人失败！", Json::Null),
    }
}

/// Whether the user is the assignee, the owner, or linked by name in any way; groups do not help.
fn is_linked(state: &State, request: &Request, task: &str, user: &str) -> bool {
    use bpmn::rows::Identity;
    let Ok(id) = task.parse() else { return false };
    let views = state.engine.views.read();
    views.task(tenant(state, request), id).is_some_and(|task| {
        let by_name = |link: &IdentityLink| match &link.who {
            Identity::User(linked) => linked == user,
            Identity::Group(_) => false,
        };
        [task.assignee(), task.owner()].contains(&Some(user)) || task.links().iter().any(by_name)
    })
}

async fn resolve(state: Context<State>, request: Request) -> Answered {
    let task = Parameters::of(&request)?.text("taskId")?;
    let body = parameters::optional_object(&request)?;
    let failed = || envelope::refused("处理委托任务失败！", Json::Null);
    let done = || envelope::done("处理委托任务成功！");
    let Ok((variables, transient)) = both(body) else {
        return failed();
    };
    match delegation(&state, &request, &task) {
        None => return failed(),
        Some(Delegation::Resolved) => return done(),
        Some(Delegation::Pending) => {}
    }
    let resolved = order(&state, &request, &task, |task| Command::ResolveTask {
        task,
        variables,
        transient,
    });
    match resolved.await? {
        Ok(()) => done(),
        Err(_) => failed(),
    }
}

fn delegation(state: &State, request: &Request, task: &str) -> Option<Delegation> {
    let id = task.parse().ok()?;
    let views = state.engine.views.read();
    views.task(tenant(state, request), id)?.delegation()
}
