//! Jobs: lists, one job and its end, what may be done with it.
//!
//! Owns: what each parameter of a list means. Never: decides what becomes of a job.

pub mod batch;
pub mod find;
pub mod groups;
pub mod listing;
pub mod logs;
pub mod render;
pub mod runs;

use super::{
    call::{Answered, Call, new_id, ok},
    form::{self, Form, Kind, field, required},
    problem::Refused,
    table::{Endpoint, get as read, patch, post},
};
use find::Found;
use org::{Permission, Permission as P};
use rpa::{
    Guid,
    execution::{Command, Execution, Refusal, Scope},
};
use std::time::Duration;

/// The longest wait for the end of a job, in milliseconds.
const WAIT_MS: usize = 60_000;

const CHANGE: Form = &[&[field("priority", Kind::Natural)], form::ETAG];
const JOBS: Form = &[&[required("jobIds", Kind::Ids)]];

/// The lines of the table.
pub fn endpoints() -> Vec<Endpoint> {
    let (view, stop) = (P::JobView, P::JobPause);
    let of_run = |path, function_summary| read(path, view, runs::get, function_summary);
    let logs = |path| {
        let page = read(
            path,
            view,
            logs::page,
            "Lines of a run instance's log, the newest first",
        );
        page.query(&[
            "LastPartitionKey",
            "LastRowKey",
            "PageSize",
            "Level",
            "Search",
        ])
    };
    let listed = |path, summary| read(path, view, listing::list, summary).lists();
    let groups_of = |path, summary| read(path, view, groups::of_layout, summary).lists();
    vec![
        listed("/openapi/jobs", "Jobs").query(&listing::JOBS),
        read(
            "/v2/jobs",
            view,
            listing::list_v2,
            "Jobs, by the parameters of the older generation",
        )
        .lists()
        .query(&listing::JOBS)
        .query(&listing::V2_JOBS),
        read(
            "/openapi/jobs/{id}",
            view,
            get,
            "A job; with waitMs when it has ended",
        )
        .query(&["waitMs"])
        .waits(),
        patch(
            "/openapi/jobs/{id}",
            P::JobEdit,
            change,
            "Change the priority of a queued job",
        )
        .takes(CHANGE),
        post(
            "/openapi/jobs/{id}/cancel",
            P::JobCancel,
            cancel,
            "Cancel a job",
        ),
        post(
            "/openapi/jobs/{id}/pause",
            stop,
            pause,
            "Stop a running job for a while",
        ),
        post(
            "/openapi/jobs/{id}/resume",
            stop,
            resume,
            "Let a paused job go on",
        ),
        post(
            "/openapi/jobs/{id}/retry",
            P::JobRetry,
            retry,
            "Repeat an ended job in a new one",
        ),
        post(
            "/openapi/jobs/batch/cancel",
            P::JobCancel,
            batch::cancel,
            "Cancel many jobs",
        )
        .takes(JOBS),
        post(
            "/openapi/jobs/batch/pause",
            stop,
            batch::pause,
            "Stop many jobs for a while",
        )
        .takes(JOBS),
        post(
            "/openapi/jobs/batch/resume",
            stop,
            batch::resume,
            "Let many jobs go on",
        )
        .takes(JOBS),
        post(
            "/openapi/jobs/batch/retry",
            P::JobRetry,
            batch::retry,
            "Repeat many jobs",
        )
        .takes(JOBS),
        read(
            "/openapi/jobs/{id}/runinstances",
            view,
            runs::of_job,
            "The run instances of a job",
        )
        .lists(),
        of_run("/openapi/runinstances/{id}", "A run instance"),
        of_run(
            "/openapi/runinstances/{id}/result",
            "What a run instance gave back",
        ),
        of_run(
            "/v2/runinstances/{id}/result",
            "What a run instance gave back",
        ),
        logs("/openapi/runinstances/{id}/logs"),
        logs("/v2/runinstances/{id}/logs"),
        read(
            "/openapi/runinstances/{id}/logs/download",
            view,
            logs::download,
            "The log of a run instance as text",
        ),
        read("/openapi/jobgroups", view, groups::list, "Job groups")
            .lists()
            .query(&["OwnerId"]),
        read(
            "/openapi/jobgroups/{id}",
            view,
            groups::get,
            "A job group with its jobs",
        ),
        post(
            "/openapi/jobgroups/{id}/cancel",
            P::JobCancel,
            groups::cancel,
            "Cancel all jobs of a group that have not ended",
        ),
        groups_of(
            "/openapi/workflowlayouts/{id}/jobgroups",
            "The job groups of a layout",
        ),
    ]
}

/// `GET /openapi/jobs/{id}`
pub async fn get(call: Call) -> Answered {
    let wait_ms = call.query().number("waitMs")?.unwrap_or(0).min(WAIT_MS);
    let id = call.id("id")?;
    // Who may not see it does not wait for it.
    let found = find::job(&call, Permission::JobView, id).await?;
    if wait_ms > 0 {
        let at_most = Duration::from_millis(wait_ms as u64);
        call.state.engine.await_job(id, at_most).await;
    }
    shown(&call, found).await
}

async fn shown(call: &Call, found: Found) -> Answered {
    let (job, company) = (found.id, call.visitor.company);
    let view = move |execution: &Execution| render::job(execution, job, company);
    let engine = &call.state.engine;
    let seen = engine.look_execution(call.tenant(), found.execution, view);
    ok(seen.await?.ok_or_else(|| find::unknown_job(job))?)
}

/// Sends a command to the execution of a job; the job as it is then. `over`: what is said of a job that has left memory.
async fn order(call: &Call, found: Found, command: Command, over: Refusal) -> Answered {
    let (job, company) = (found.id, call.visitor.company);
    let engine = &call.state.engine;
    let view = move |execution: &Execution| render::job(execution, job, company);
    let ordered = engine.order_execution(found.execution, command, |execution, _| view(execution));
    let seen = ordered.await.map_err(|failure| find::gone(failure, over))?;
    ok(seen.ok_or_else(|| find::unknown_job(job))?)
}

/// `POST /openapi/jobs/{id}/cancel`
pub async fn cancel(call: Call) -> Answered {
    let id = call.id("id")?;
    do_cancel(&call, id).await
}

async fn do_cancel(call: &Call, id: Guid) -> Answered {
    let found = find::job(call, Permission::JobCancel, id).await?;
    let company = call.visitor.company;
    let cancelled = call.state.engine.cancel_jobs(
        found.execution,
        Scope::Job(id),
        call.by(),
        move |execution, _| render::job(execution, id, company),
    );
    let gone = |failure| find::gone(failure, Refusal::AlreadyEnded);
    let seen = cancelled.await.map_err(gone)?;
    ok(seen.ok_or_else(|| find::unknown_job(id))?)
}

/// `POST /openapi/jobs/{id}/pause`
pub async fn pause(call: Call) -> Answered {
    let id = call.id("id")?;
    do_pause(&call, id).await
}

async fn do_pause(call: &Call, job: Guid) -> Answered {
    let found = find::job(call, Permission::JobPause, job).await?;
    order(call, found, Command::Pause { job }, Refusal::NotRunning).await
}

/// `POST /openapi/jobs/{id}/resume`
pub async fn resume(call: Call) -> Answered {
    let id = call.id("id")?;
    do_resume(&call, id).await
}

async fn do_resume(call: &Call, job: Guid) -> Answered {
    let found = find::job(call, Permission::JobPause, job).await?;
    order(call, found, Command::Resume { job }, Refusal::NotPaused).await
}

/// `POST /openapi/jobs/{id}/retry`
pub async fn retry(call: Call) -> Answered {
    let id = call.id("id")?;
    do_retry(&call, id).await
}

async fn do_retry(call: &Call, job: Guid) -> Answered {
    let found = find::job(call, Permission::JobRetry, job).await?;
    let (execution, by) = (new_id()?, call.by());
    let new_job = execution.derive(1);
    let engine = &call.state.engine;
    let again = move |execution: &Execution| execution.retry(job, new_job, by);
    let start = engine.look_execution(call.tenant(), found.execution, again);
    let start = start.await?.map_err(Refused::from)?;
    // Of one that went before this server started nobody else knows.
    let department = org::Guid(start.department.0);
    let known = |state: &org::State| state.tenancy.department(department).is_some();
    if !engine.organisation.look(known) {
        return Err(actors::closing::gone(start.department).into());
    }
    let company = call.visitor.company;
    let view = move |execution: &Execution| render::job(execution, new_job, company);
    let started = engine.retry_job(start, execution, call.tenant(), view);
    ok(started.await?.ok_or_else(|| find::unknown_job(new_job))?)
}

/// `PATCH /openapi/jobs/{id}`
pub async fn change(call: Call) -> Answered {
    let job = call.id("id")?;
    let body = call.body()?;
    let (priority, etag) = (body.unsigned("priority")?, body.etag()?);
    let found = find::job(&call, Permission::JobEdit, job).await?;
    let Some(priority) = priority else {
        return shown(&call, found).await;
    };
    let command = Command::SetPriority {
        job,
        priority,
        etag,
        by: call.by(),
    };
    order(&call, found, command, Refusal::NotQueued).await
}
