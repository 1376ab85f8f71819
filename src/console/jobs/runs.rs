//! Run instances: the attempts of a job, and what they gave back.

use super::{find, render};
use crate::console::{
    call::{Answered, Call, ok},
    page,
    problem::Refused,
    query::ListQuery,
};
use org::{Guid, Permission};
use rpa::execution::{Execution, Run};

/// `GET /openapi/jobs/{id}/runinstances`
pub async fn of_job(call: Call) -> Answered {
    let (list, id) = (call.list_query()?, call.id("id")?);
    let key = call.query().word("OrderBy", read_key)?;
    let key = key.unwrap_or(RunKey::Created);
    let found = find::job(&call, Permission::JobView, id).await?;
    let company = call.visitor.company;
    let (skipped, size) = (list.skipped(), list.page_size);
    let view = move |execution: &Execution| {
        let (_, job) = execution.job(id)?;
        let runs = job.runs.iter().filter(|run| takes(&list, run));
        let mut runs: Vec<&Run> = runs.collect();
        // Stable: attempts of one instant stay in their order.
        runs.sort_by_key(|run| match key {
            RunKey::Created => Some(run.offered_ms),
            RunKey::Started => run.started_ms,
            RunKey::Finished => run.finished_ms,
        });
        if list.descending {
            runs.reverse();
        }
        let rendered = runs.into_iter().map(|run| {
            let mut out = String::new();
            render::push_run(execution, job, run, company, &mut out);
            out
        });
        Some(rendered.collect::<Vec<String>>())
    };
    let engine = &call.state.engine;
    let looked = engine.look_execution(call.tenant(), found.execution, view);
    let runs = looked.await?.ok_or_else(|| find::unknown_job(id))?;
    let shown = runs.iter().skip(skipped).take(size);
    page::list(runs.len(), shown, |run, out| out.push_str(run))
}

/// What run instances are ordered by.
#[derive(Clone, Copy)]
enum RunKey {
    Created,
    Started,
    Finished,
}

/// Numbers as those of the lists of jobs.
fn read_key(text: &str) -> Option<RunKey> {
    match text.to_ascii_lowercase().as_str() {
        "createdat" | "0" => Some(RunKey::Created),
        "startedat" | "1" => Some(RunKey::Started),
        "finishedat" | "2" => Some(RunKey::Finished),
        _ => None,
    }
}

/// A run instance is called as its robot.
fn takes(list: &ListQuery, run: &Run) -> bool {
    let message = run.end.as_ref().and_then(|end| end.message.as_deref());
    list.passes(Guid(run.id.0), run.offered_ms, &run.robot_name, |needle| {
        needle.is_in(&run.robot_name) || message.is_some_and(|message| needle.is_in(message))
    })
}

/// `GET /openapi/runinstances/{id}` and `…/result`
pub async fn get(call: Call) -> Answered {
    let id = call.id("id")?;
    let found = find::run(&call, Permission::JobView, id).await?;
    let company = call.visitor.company;
    let view = move |execution: &Execution| {
        let (_, job, run) = execution.run(id)?;
        let mut out = String::new();
        render::push_run(execution, job, run, company, &mut out);
        Some(out)
    };
    let engine = &call.state.engine;
    let looked = engine.look_execution(call.tenant(), found.execution, view);
    let unknown = || Refused::unknown("run instance", &id.to_string());
    ok(looked.await?.ok_or_else(unknown)?)
}
