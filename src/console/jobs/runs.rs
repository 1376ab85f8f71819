//! Run instances: the attempts of a job, and what they gave back.

use super::{find, render};
use crate::console::{
    call::{Answered, Call, ok},
    page,
    problem::Refused,
};
use org::Permission;
use rpa::execution::Execution;

/// `GET /openapi/jobs/{id}/runinstances`
pub async fn of_job(call: Call) -> Answered {
    let list = call.list_query()?;
    let id = call.id("id")?;
    let found = find::job(&call, Permission::JobView, id).await?;
    let company = call.visitor.company;
    let view = move |execution: &Execution| {
        let (_, job) = execution.job(id)?;
        let rendered = job.runs.iter().map(|run| {
            let mut out = String::new();
            render::push_run(execution, job, run, company, &mut out);
            out
        });
        Some(rendered.collect::<Vec<String>>())
    };
    let engine = &call.state.engine;
    let looked = engine.look_execution(call.tenant(), found.execution, view);
    let mut runs = looked.await?.ok_or_else(|| find::unknown_job(id))?;
    if list.descending {
        runs.reverse();
    }
    let shown = runs.iter().skip(list.skipped()).take(list.page_size);
    page::list(runs.len(), shown, |run, out| out.push_str(run))
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
