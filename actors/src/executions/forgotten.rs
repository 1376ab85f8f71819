//! The jobs of a workflow that is deleted: those that wait end, those that run are not tried again.
//!
//! Owns: that a crash leaves no such job of a workflow that is gone. Never: touches a job that was repeated behind the
//! deletion; it lives without its workflow.
//!
//! ```text
//!  registry's lock: deletion decided ─▶ its jobs ─▶ their records ┐
//!                                       the deletion ─▶ record    ┴▶ … durable ─▶ answer
//! ```
//!
//! The records of the jobs come first: wherever the journal ends, a workflow that is gone has taken its jobs with it.

use super::Cell;
use crate::core::Core;
use codec::Tenant;
use rpa::{
    Guid,
    execution::{Command, Execution},
};
use std::sync::Arc;

/// Ends the queued jobs of a workflow that goes, and all further attempts. The registry's lock is held: no job of it begins
/// meanwhile.
pub(crate) fn forget_workflow(core: &Arc<Core>, workflow: Guid) {
    for cell in core.executions.all() {
        forget(core, &cell, workflow);
    }
}

fn forget(core: &Arc<Core>, cell: &Arc<Cell>, workflow: Guid) {
    let concerned = cell.peek(|execution| {
        let mut jobs = execution.jobs().iter();
        jobs.any(|job| job.outcome().is_none() && !job.no_retry && job.spec.workflow == workflow)
    });
    if concerned == Some(true) {
        cell.tell(core, Command::ForgetWorkflow { workflow });
    }
}

/// What was set aside when its workflow was deleted could not be told. A job that repeats another may have been made
/// since: it stays.
pub fn resume(core: &Arc<Core>) {
    let mut named: Vec<(Tenant, Guid, Arc<Cell>)> = Vec::new();
    for cell in core.executions.all() {
        let workflows = cell.peek(open_workflows).unwrap_or_default().into_iter();
        named.extend(workflows.map(|workflow| (cell.tenant, workflow, Arc::clone(&cell))));
    }
    core.registry.look(|state| {
        named.retain(|(tenant, workflow, _)| state.workflow(*tenant, *workflow).is_none());
    });
    for (_, workflow, cell) in named {
        forget(core, &cell, workflow);
    }
}

/// The workflows whose jobs have not ended, unless they repeat others.
fn open_workflows(execution: &Execution) -> Vec<Guid> {
    let repeats = execution
        .start()
        .is_some_and(|start| start.retry_of.is_some());
    let open = execution.jobs().iter();
    let open = open.filter(|job| !repeats && job.outcome().is_none());
    open.map(|job| job.spec.workflow).collect()
}
