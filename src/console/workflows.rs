//! Workflows: a package's version with what a job of it needs, and its execution.
//!
//! Owns: how a workflow looks, and what a body says of one. Never: decides what a workflow may be.

pub mod execute;
mod robots;
mod upgrade;

use super::{
    assets,
    body::Body,
    call::{Answered, Call, Reach, done, new_id, ok},
    form::{self, Field, Form, Kind, field, required},
    json::Object,
    page,
    problem::Refused,
    table::{Endpoint, delete, get, patch, post},
};
use org::{Guid, Permission as P};
use rpa::{
    registry::{Action, State, Workflow, WorkflowSettings, plan},
    terms::{JobExecutionPolicy, Notification, VideoRecordMode},
};

const SETTINGS: &[Field] = &[
    field("packageVersionId", Kind::Id),
    field("associatedQueueId", Kind::Id),
    field("updateMaxRunSeconds", Kind::Boolean),
    field("jobStateNotification", Kind::Object(NOTIFICATION)),
];
const NOTIFICATION: Form = &[&[
    field("switchOn", Kind::Boolean),
    field("justNoticeAgainstLastRuninstance", Kind::Boolean),
    field("conditions", Kind::Texts),
    field("recipients", Kind::Texts),
]];
const UPGRADE: Form = &[&[required("workflowIds", Kind::Ids)]];
const NEW: Form = &[
    form::NEW_NAME,
    form::NOTES,
    form::PLACE,
    &[required("packageId", Kind::Id)],
    SETTINGS,
    form::EXECUTION,
];
const CHANGE: Form = &[
    form::NAME,
    form::NOTES,
    form::ETAG,
    &[field("packageId", Kind::Id)],
    SETTINGS,
    form::EXECUTION,
];

/// The lines of the table.
pub fn endpoints() -> Vec<Endpoint> {
    let listed = |path| {
        let listed = get(path, P::WorkflowView, list, "Workflows").lists();
        listed.query(&["AssociatedQueueId", "PackageId", "PackageVersionId"])
    };
    let shown = |path| get(path, P::WorkflowView, show, "A workflow");
    let executed = |path| {
        let summary = "Execute a workflow: a job for a group, or one for each bound robot";
        post(path, P::WorkflowExecute, execute::execute, summary).takes(execute::FORM)
    };
    let of_robots = "/openapi/workflows/{id}/robots";
    vec![
        listed("/openapi/workflows"),
        listed("/v2/workflows"),
        post(
            "/openapi/workflows",
            P::WorkflowCreate,
            create,
            "Make a workflow",
        )
        .takes(NEW),
        shown("/openapi/workflows/{id}"),
        shown("/v2/workflows/{id}"),
        patch(
            "/openapi/workflows/{id}",
            P::WorkflowEdit,
            change,
            "Change a workflow",
        )
        .takes(CHANGE),
        delete(
            "/openapi/workflows/{id}",
            P::WorkflowDelete,
            remove,
            "Delete a workflow; its queued jobs are cancelled",
        ),
        executed("/openapi/workflows/{id}/execute"),
        executed("/v2/workflows/{id}/execute"),
        get(
            of_robots,
            P::WorkflowView,
            robots::list,
            "The robots that a workflow targets",
        )
        .lists(),
        post(
            of_robots,
            P::WorkflowEdit,
            robots::bind,
            "Let a workflow target robots",
        )
        .takes(form::ROBOTS),
        delete(
            "/openapi/workflows/{id}/robots/{robot}",
            P::WorkflowEdit,
            robots::unbind,
            "Let a workflow target a robot no more",
        ),
        post(
            "/openapi/workflows/batch/upgrade",
            P::WorkflowEdit,
            upgrade::upgrade,
            "Move workflows to the highest versions of their packages",
        )
        .takes(UPGRADE),
    ]
}

fn push(registry: &State, workflow: &Workflow, company: Guid, out: &mut String) {
    let mut object = Object::begin(out);
    object.id("id", workflow.id);
    object.label(&workflow.label);
    object.id("packageId", workflow.package);
    object.id("packageVersionId", workflow.version);
    let found = registry.version(workflow.meta.tenant, workflow.package, workflow.version);
    if let Some((package, version)) = found {
        object.text("packageName", &package.label.name);
        object.text("packageVersion", &version.version);
    }
    object.arguments("arguments", &plan::arguments(registry, workflow));
    object.text("videoRecordMode", workflow.video.name());
    if let Some(notification) = &workflow.notification {
        let mut inner = Object::begin(object.name("jobStateNotification"));
        inner.boolean("switchOn", notification.switch_on);
        inner.boolean(
            "justNoticeAgainstLastRuninstance",
            notification.only_last_run,
        );
        inner.texts("conditions", &notification.conditions);
        inner.texts("recipients", &notification.recipients);
        inner.end();
    }
    object.maybe_id("associatedQueueId", workflow.queue);
    object.ids("associatedRobotIds", &workflow.robots);
    object.number("priority", workflow.priority.into());
    object.number("maxRetryCount", workflow.max_retry_count.into());
    object.maybe_number("maxRunSeconds", workflow.max_run_seconds.map(i64::from));
    object.text("triggerPolicy", workflow.policy.name());
    object.maybe_instant("lastTriggeredAt", workflow.last_triggered_ms);
    object.number("triggeredCount", workflow.triggered_count.cast_signed());
    object.meta("Workflow", company, &workflow.meta);
    object.end();
}

/// A workflow as it is now, for who may do `permission` with it.
fn answer(call: &Call, permission: P, company: Guid, id: rpa::Guid) -> Answered {
    call.state.engine.registry.look(|registry| {
        let found = registry.workflow(call.tenant(), id);
        let workflow = call.checked(permission, "workflow", found)?;
        let mut out = String::new();
        push(registry, workflow, company, &mut out);
        ok(out)
    })
}

/// 404 or 403 unless the caller may do `permission` with the workflow of the path.
fn check(call: &Call, permission: P) -> Result<rpa::Guid, Refused> {
    let id = call.id("id")?;
    call.state.engine.registry.look(|registry| {
        let found = registry.workflow(call.tenant(), id);
        call.checked(permission, "workflow", found).map(|_| id)
    })
}

/// `GET /openapi/workflows`
async fn list(call: Call) -> Answered {
    let list = call.resource_query()?;
    let scope = call.scope(P::WorkflowView)?;
    let query = call.query();
    let id = |name| Ok::<_, Refused>(query.id(name)?.map(|id| rpa::Guid(id.0)));
    let (queue, package) = (id("AssociatedQueueId")?, id("PackageId")?);
    let version = id("PackageVersionId")?;
    call.state.engine.registry.look(|registry| {
        let workflows = registry.workflows(call.tenant()).filter(|workflow| {
            queue.is_none_or(|queue| workflow.queue == Some(queue))
                && package.is_none_or(|package| workflow.package == package)
                && version.is_none_or(|version| workflow.version == version)
        });
        let (count, page) = list.page(&scope, workflows);
        page::list(count, page, |workflow, out| {
            push(registry, workflow, call.visitor.company, out);
        })
    })
}

/// `GET /openapi/workflows/{id}`
async fn show(call: Call) -> Answered {
    let id = call.id("id")?;
    answer(&call, P::WorkflowView, call.visitor.company, id)
}

/// `POST /openapi/workflows`
async fn create(call: Call) -> Answered {
    let body = call.body()?;
    body.required_text("name")?;
    body.required_id("packageId")?;
    let place = call.place(&body, P::WorkflowCreate)?;
    let settings = settings(&body)?;
    may_name(&call, &place.reach(), &settings)?;
    let id = new_id()?;
    let command = place.command(Action::CreateWorkflow {
        id,
        department: place.department,
        settings,
    });
    call.state.engine.change_registry(command).await?;
    let body = call.state.engine.registry.look(|registry| {
        let workflow = registry.workflow(place.tenant, id)?;
        let mut out = String::new();
        push(registry, workflow, place.company, &mut out);
        Some(out)
    });
    // Somebody may have deleted it already.
    ok(body.ok_or_else(|| Refused::unknown("workflow", &id.to_string()))?)
}

/// `PATCH /openapi/workflows/{id}`
async fn change(call: Call) -> Answered {
    let body = call.body()?;
    let id = check(&call, P::WorkflowEdit)?;
    let (etag, settings) = (body.etag()?, settings(&body)?);
    may_name(&call, &call.reach(), &settings)?;
    let command = call.command(Action::ChangeWorkflow { id, etag, settings });
    call.state.engine.change_registry(command).await?;
    answer(&call, P::WorkflowEdit, call.visitor.company, id)
}

/// `DELETE /openapi/workflows/{id}`
async fn remove(call: Call) -> Answered {
    let id = check(&call, P::WorkflowDelete)?;
    let command = call.command(Action::DeleteWorkflow { id });
    call.state.engine.change_registry(command).await?;
    done()
}

/// What a body says; names and numbers of packages and versions are only shown, ids decide.
fn settings(body: &Body) -> Result<WorkflowSettings, Refused> {
    let id = |name| Ok::<_, Refused>(body.id(name)?.map(|id| rpa::Guid(id.0)));
    let seconds = body.unsigned("maxRunSeconds")?;
    let cleared = body.boolean("updateMaxRunSeconds")?.unwrap_or(false);
    Ok(WorkflowSettings {
        label: body.label()?,
        package: id("packageId")?.filter(|id| !id.is_nil()),
        version: id("packageVersionId")?.filter(|id| !id.is_nil()),
        arguments: body.arguments("arguments")?,
        video: body.word("videoRecordMode", VideoRecordMode::read)?,
        notification: notification(body)?,
        queue: id("associatedQueueId")?,
        priority: body.unsigned("priority")?,
        max_retry_count: body.unsigned("maxRetryCount")?,
        max_run_seconds: match seconds {
            Some(seconds) => Some(Some(seconds)),
            None => cleared.then_some(None),
        },
        policy: body.word("triggerPolicy", JobExecutionPolicy::read)?,
    })
}

fn notification(body: &Body) -> Result<Option<Notification>, Refused> {
    let Some(inner) = body.object("jobStateNotification")? else {
        return Ok(None);
    };
    let flag = |name| Ok::<_, Refused>(inner.boolean(name)?.unwrap_or(false));
    Ok(Some(Notification {
        switch_on: flag("switchOn")?,
        only_last_run: flag("justNoticeAgainstLastRuninstance")?,
        conditions: inner.texts("conditions")?.unwrap_or_default(),
        recipients: inner.texts("recipients")?.unwrap_or_default(),
    }))
}

/// Whoever names a package, a group or an asset must be allowed to see it. What does not exist, the registry says.
fn may_name(call: &Call, reach: &Reach, settings: &WorkflowSettings) -> Result<(), Refused> {
    let (state, tenant) = (&call.state, reach.tenant);
    assets::check_named(call, reach, settings.arguments.iter().flatten())?;
    state.engine.registry.look(|registry| {
        let package = settings.package.and_then(|id| registry.package(tenant, id));
        if let Some(package) = package {
            reach.check(state, P::PackageView, package.meta.department)?;
        }
        let group = settings.queue.and_then(|id| registry.group(tenant, id));
        if let Some(group) = group {
            reach.check(state, P::QueueView, group.meta.department)?;
        }
        Ok(())
    })
}
