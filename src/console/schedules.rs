//! Schedules: what is executed when.
//! Owns: how they look, and that nobody schedules what they may not execute. Never: waits for one to be due.

use super::{
    assets,
    body::Body,
    call::{Answered, Call, Reach, done, new_id, ok},
    form::{self, Field, Form, Kind, field, required, words},
    jobs::render,
    json::{Object, array},
    page,
    problem::Refused,
    table::{Endpoint, delete, get, patch, post},
};
use crate::api::order;
use actors::schedules::ManualFiring;
use codec::instant;
use org::{Guid, Permission as P};
use rpa::{
    execution::Execution,
    registry::{Action, Firing, FiringOutcome, Schedule, ScheduleSettings, Target},
    schedule::Rule,
    terms::Misfire,
};

/// Firings that are looked ahead when nobody says how many.
const NEXT: usize = 3;
/// Firings that are looked ahead at most.
const MAX_NEXT: usize = 100;

const TARGET: Form = &[&[
    required("id", Kind::Id),
    required("type", Kind::Word(|| vec!["Workflow", "Layout"])),
]];
const SETTINGS: &[Field] = &[
    field("target", Kind::Object(TARGET)),
    field("cron", Kind::Text),
    field("every", Kind::Text),
    field("at", Kind::Instant),
    field("timeZone", Kind::Text),
    field("startAt", Kind::Instant),
    field("endAt", Kind::Instant),
    field("enabled", Kind::Boolean),
    field("arguments", form::ARGUMENTS),
    field("priority", Kind::Natural),
    field("maxRetryCount", Kind::Natural),
    field("misfire", words!(Misfire)),
];
const NEW: Form = &[form::NEW_NAME, form::NOTES, form::PLACE, SETTINGS];
const CHANGE: Form = &[form::NAME, form::NOTES, form::ETAG, SETTINGS];

/// The lines of the table.
pub fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/openapi/schedules", P::ScheduleView, list, "Schedules")
            .lists()
            .query(&["TargetId", "Enabled"]),
        post(
            "/openapi/schedules",
            P::ScheduleCreate,
            create,
            "Make a schedule",
        )
        .takes(NEW),
        get(
            "/openapi/schedules/{id}",
            P::ScheduleView,
            show,
            "A schedule",
        ),
        patch(
            "/openapi/schedules/{id}",
            P::ScheduleEdit,
            change,
            "Change a schedule",
        )
        .takes(CHANGE),
        delete(
            "/openapi/schedules/{id}",
            P::ScheduleDelete,
            remove,
            "Delete a schedule",
        ),
        post(
            "/openapi/schedules/{id}/enable",
            P::ScheduleEdit,
            |call| switch(call, true),
            "Let a schedule fire",
        )
        .takes(&[form::ETAG]),
        post(
            "/openapi/schedules/{id}/disable",
            P::ScheduleEdit,
            |call| switch(call, false),
            "Let a schedule rest",
        )
        .takes(&[form::ETAG]),
        post(
            "/openapi/schedules/{id}/fire",
            P::ScheduleFire,
            fire,
            "Let a schedule fire now, whenever it is due",
        )
        .takes(form::NOTHING),
        get(
            "/openapi/schedules/{id}/next",
            P::ScheduleView,
            next,
            "When a schedule fires next",
        )
        .query(&["count"]),
        get(
            "/openapi/schedules/{id}/log",
            P::ScheduleView,
            log,
            "What became of a schedule's firings, the last one first",
        )
        .query(&["PageIndex", "PageSize"]),
    ]
}

fn push(company: Guid, schedule: &Schedule, out: &mut String) {
    let mut object = Object::begin(out);
    object.id("id", schedule.id);
    object.label(&schedule.label);
    let (kind, id) = match schedule.target {
        Target::Workflow(id) => ("Workflow", id),
        Target::Layout(id) => ("Layout", id),
    };
    let mut target = Object::begin(object.name("target"));
    target.text("type", kind);
    target.id("id", id);
    target.end();
    let timing = &schedule.timing;
    match &timing.rule {
        Rule::Cron(text) => object.text("cron", text),
        Rule::Every(text) => object.text("every", text),
        Rule::At(at_ms) => object.instant("at", *at_ms),
    }
    object.text("timeZone", &timing.time_zone);
    object.instant("startAt", timing.start_ms);
    object.maybe_instant("endAt", timing.end_ms);
    object.boolean("enabled", schedule.enabled);
    object.maybe_instant("nextAt", schedule.next_ms);
    let last = schedule.firings.last();
    object.maybe_instant("lastFiredAt", last.map(|firing| firing.at_ms));
    object.arguments("arguments", &schedule.arguments);
    object.maybe_number("priority", schedule.priority.map(i64::from));
    object.maybe_number("maxRetryCount", schedule.max_retry_count.map(i64::from));
    object.text(
        "misfire",
        match schedule.misfire {
            Misfire::Once => "once",
            Misfire::Skip => "skip",
        },
    );
    object.meta("Schedule", company, &schedule.meta);
    object.end();
}

/// The schedule that the path names, when the caller may do `permission` with it.
pub fn look<T>(
    call: &Call,
    permission: P,
    view: impl FnOnce(&Schedule) -> T,
) -> Result<T, Refused> {
    let id = call.id("id")?;
    call.state.engine.registry.look(|registry| {
        let found = registry.schedule(call.tenant(), id);
        Ok(view(call.checked(permission, "schedule", found)?))
    })
}

/// `GET /openapi/schedules`
async fn list(call: Call) -> Answered {
    let query = call.resource_query()?;
    let target = call.query().id("TargetId")?.map(|id| rpa::Guid(id.0));
    let enabled = call.query().boolean("Enabled")?;
    let scope = call.scope(P::ScheduleView)?;
    let takes = |schedule: &&Schedule| {
        let (Target::Workflow(id) | Target::Layout(id)) = schedule.target;
        target.is_none_or(|target| target == id)
            && enabled.is_none_or(|enabled| enabled == schedule.enabled)
    };
    call.state.engine.registry.look(|registry| {
        let (count, page) = query.page(&scope, registry.schedules(call.tenant()).filter(takes));
        page::list(count, page, |schedule, out| {
            push(call.visitor.company, schedule, out);
        })
    })
}

/// `GET /openapi/schedules/{id}`
async fn show(call: Call) -> Answered {
    shown(&call, P::ScheduleView)
}

fn shown(call: &Call, permission: P) -> Answered {
    ok(look(call, permission, |schedule| {
        let mut out = String::new();
        push(call.visitor.company, schedule, &mut out);
        out
    })?)
}

/// `POST /openapi/schedules`
async fn create(call: Call) -> Answered {
    let body = call.body()?;
    let place = call.place(&body, P::ScheduleCreate)?;
    let settings = settings(&call, &place.reach(), &body, None)?;
    let id = new_id()?;
    let command = place.command(Action::CreateSchedule {
        id,
        department: place.department,
        settings,
    });
    call.state.engine.change_registry(command).await?;
    let body = call.state.engine.registry.look(|registry| {
        let mut out = String::new();
        push(
            place.company,
            registry.schedule(place.tenant, id)?,
            &mut out,
        );
        Some(out)
    });
    // Somebody may have deleted it already.
    ok(body.ok_or_else(|| Refused::unknown("schedule", &id.to_string()))?)
}

/// `PATCH /openapi/schedules/{id}`
async fn change(call: Call) -> Answered {
    let body = call.body()?;
    let (id, target) = look(&call, P::ScheduleEdit, |one| (one.id, one.target))?;
    let settings = settings(&call, &call.reach(), &body, Some(target))?;
    let etag = body.etag()?;
    let command = call.command(Action::ChangeSchedule { id, etag, settings });
    call.state.engine.change_registry(command).await?;
    shown(&call, P::ScheduleEdit)
}

/// `DELETE /openapi/schedules/{id}`
async fn remove(call: Call) -> Answered {
    let id = look(&call, P::ScheduleDelete, |schedule| schedule.id)?;
    let command = call.command(Action::DeleteSchedule { id });
    call.state.engine.change_registry(command).await?;
    done()
}

/// `POST /openapi/schedules/{id}/enable` and `…/disable`
async fn switch(call: Call, enabled: bool) -> Answered {
    let etag = call.body()?.etag()?;
    let (id, target) = look(&call, P::ScheduleEdit, |one| (one.id, one.target))?;
    // Whoever stops it executes nothing.
    if enabled {
        may_execute(&call, &call.reach(), target)?;
    }
    let settings = ScheduleSettings {
        enabled: Some(enabled),
        ..ScheduleSettings::default()
    };
    let command = call.command(Action::ChangeSchedule { id, etag, settings });
    call.state.engine.change_registry(command).await?;
    shown(&call, P::ScheduleEdit)
}

/// `POST /openapi/schedules/{id}/fire`: what it executes, executed now. When it is due next stays as it is.
async fn fire(call: Call) -> Answered {
    // Only read to be refused when it is no JSON.
    call.body()?;
    let firing = ManualFiring {
        tenant: call.tenant(),
        schedule: look(&call, P::ScheduleFire, |schedule| schedule.id)?,
        execution: new_id()?,
        by: call.by(),
    };
    let (engine, company) = (&call.state.engine, call.visitor.company);
    let view = move |execution: &Execution| render::group(execution, company);
    let principal = call.visitor.id.to_string();
    match order::remember_of(&call.request, call.tenant(), &principal) {
        None => ok(engine.fire(firing, view).await?),
        Some(request) => {
            let render = move |execution: &Execution| order::rendered(view(execution));
            let answer = engine.fire_once(firing, request, render).await?;
            Ok(order::respond_shared(answer))
        }
    }
}

/// What a body says of a schedule whose target is `now`.
fn settings(
    call: &Call,
    reach: &Reach,
    body: &Body,
    now: Option<Target>,
) -> Result<ScheduleSettings, Refused> {
    let target = match body.object("target")? {
        Some(target) => Some(read_target(&target)?),
        None => None,
    };
    // When it runs and with what is as much of an execution as what runs.
    if let Some(target) = target.or(now) {
        may_execute(call, reach, target)?;
    }
    let arguments = body.arguments("arguments")?;
    assets::check_named(call, reach, arguments.iter().flatten())?;
    Ok(ScheduleSettings {
        label: body.label()?,
        target,
        rule: read_rule(body)?,
        time_zone: body
            .text("timeZone")?
            .filter(|zone| !zone.trim().is_empty()),
        start_ms: body.instant("startAt")?,
        end_ms: cleared(body, "endAt", body.instant("endAt")?)?,
        enabled: body.boolean("enabled")?,
        arguments,
        priority: cleared(body, "priority", body.unsigned("priority")?)?,
        max_retry_count: cleared(body, "maxRetryCount", body.unsigned("maxRetryCount")?)?,
        misfire: body.word("misfire", Misfire::read)?,
    })
}

/// Null means absent, so an empty text is what takes a value away.
fn cleared<T>(body: &Body, name: &str, given: Option<T>) -> Result<Option<Option<T>>, Refused> {
    Ok(match given {
        Some(value) => Some(Some(value)),
        None => body.text(name)?.map(|_| None),
    })
}

fn read_target(body: &Body) -> Result<Target, Refused> {
    let id = rpa::Guid(body.required_id("id")?.0);
    let kind = body.required_text("type")?;
    match kind.trim().to_ascii_lowercase().as_str() {
        "workflow" => Ok(Target::Workflow(id)),
        "layout" | "workflowlayout" => Ok(Target::Layout(id)),
        _ => Err(Refused::field("target.type", "Workflow or Layout")),
    }
}

/// Whoever schedules something executes it. What is not there is for the registry to refuse.
fn may_execute(call: &Call, reach: &Reach, target: Target) -> Result<(), Refused> {
    call.state.engine.registry.look(|registry| {
        let (department, permission) = match target {
            Target::Workflow(id) => {
                let found = registry.workflow(reach.tenant, id);
                (found.map(|one| one.meta.department), P::WorkflowExecute)
            }
            Target::Layout(id) => {
                let found = registry.layout(reach.tenant, id);
                (found.map(|one| one.meta.department), P::LayoutExecute)
            }
        };
        department.map_or(Ok(()), |department| {
            reach.check(&call.state, permission, department)
        })
    })
}

fn read_rule(body: &Body) -> Result<Option<Rule>, Refused> {
    let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let cron = given(body.text("cron")?).map(Rule::Cron);
    let every = given(body.text("every")?).map(Rule::Every);
    let at = body.instant("at")?.map(Rule::At);
    let mut rules = [cron, every, at].into_iter().flatten();
    match (rules.next(), rules.next()) {
        (rule, None) => Ok(rule),
        (_, Some(_)) => Err(Refused::malformed("give one of cron, every, at")),
    }
}

/// `GET /openapi/schedules/{id}/next`
async fn next(call: Call) -> Answered {
    let count = call.query().number("count")?.unwrap_or(NEXT);
    if !(1..=MAX_NEXT).contains(&count) {
        return Err(Refused::field("count", "between 1 and 100"));
    }
    let now_ms = call.state.engine.clock.now_ms();
    let next = look(&call, P::ScheduleView, |schedule| {
        schedule.timing.next_many(now_ms, count)
    })?;
    let next = next.map_err(|error| Refused::from(rpa::registry::Refusal::Timing(error)))?;
    let mut out = String::new();
    let mut object = Object::begin(&mut out);
    object.count("count", next.len());
    array(object.name("list"), next, |ms, out| {
        out.push('"');
        instant::push_rfc3339(ms, out);
        out.push('"');
    });
    object.end();
    ok(out)
}

fn push_firing(firing: &Firing, out: &mut String) {
    let mut object = Object::begin(out);
    object.instant("dueAt", firing.due_ms);
    object.instant("firedAt", firing.at_ms);
    match &firing.outcome {
        FiringOutcome::Executed(execution) => {
            object.text("outcome", "Executed");
            object.id("jobGroupId", execution);
        }
        FiringOutcome::Skipped => object.text("outcome", "Skipped"),
        FiringOutcome::Refused(message) => {
            object.text("outcome", "Refused");
            object.text("message", message);
        }
    }
    object.end();
}

/// `GET /openapi/schedules/{id}/log`
async fn log(call: Call) -> Answered {
    let query = call.list_query()?;
    let firings = look(&call, P::ScheduleView, |schedule| schedule.firings.clone())?;
    let page = firings.iter().rev();
    let page = page.skip(query.skipped()).take(query.page_size);
    page::list(firings.len(), page.collect::<Vec<_>>(), push_firing)
}
