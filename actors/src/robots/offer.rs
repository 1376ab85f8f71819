//! What a robot gets to know about a run that it is offered or starts.
//! Never: changes anything; reads the execution that the effect came from.

use super::message::{Offer, RunRef};
use crate::executions::Cell;
use rpa::{Guid, execution::Job};

/// The offer of a run; none: the run is not of this execution.
pub fn offer(
    cell: &Cell,
    run: RunRef,
    accept_within_ms: i64,
    auto_accept: bool,
) -> Option<Box<Offer>> {
    cell.peek(|execution| {
        let (_, job, _) = execution.run(run.run)?;
        let attempt = job.runs.iter().position(|known| known.id == run.run)? + 1;
        let arguments = job.spec.arguments.iter().map(|sourced| {
            let argument = sourced.argument.clone();
            // It was checked when the job was made; what does not fit now was passed on, as text.
            let value = argument.typed_value().unwrap_or_else(|_| {
                let text = argument.value.clone();
                text.map(codec::Value::String)
            });
            (argument, value)
        });
        Some(Box::new(Offer {
            run,
            job: job.spec.id,
            attempt: u32::try_from(attempt).unwrap_or(u32::MAX),
            workflow: job.spec.workflow,
            workflow_name: job.spec.name.clone(),
            max_run_ms: job.spec.max_run_seconds.map(|s| i64::from(s) * 1000),
            accept_within_ms,
            package: job.spec.package.clone(),
            arguments: arguments.collect(),
            assets: auto_accept.then(|| assets_of(job)),
        }))
    })?
}

/// The assets that a run's arguments take their values from.
pub fn assets(cell: &Cell, run: Guid) -> Vec<(String, Guid)> {
    let found = cell.peek(|execution| {
        let (_, job, _) = execution.run(run)?;
        Some(assets_of(job))
    });
    found.flatten().unwrap_or_default()
}

fn assets_of(job: &Job) -> Vec<(String, Guid)> {
    let arguments = job.spec.arguments.iter().map(|sourced| &sourced.argument);
    let named = arguments.filter(|argument| argument.goes_in());
    named
        .filter_map(|argument| Some((argument.name.clone(), argument.asset_id()?)))
        .collect()
}
