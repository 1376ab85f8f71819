//! `serviceTask` of type `rpa`: asks for a robot's job and waits until it is told how that ended.
//! Never: knows workflows, robots or jobs; whoever embeds the engine does the work that is open.
//!
//! ```text
//!  execute ─▶ WorkRequested ─┬─ CompleteWork ─▶ variables ─▶ leave
//!                            ├─ FailWork ─▶ caught: the boundary event    not caught: an incident ─retry─▶ a new activity
//!                            └─ left otherwise ─▶ WorkRemoved: whoever does it stops
//! ```

use super::{error, leave};
use crate::instance::external;
use crate::instance::run::{Run, Step, Thrown};
use crate::model::{Element, ElementIndex, RobotTask};
use crate::rows::WorkRequest;

pub(super) fn execute(
    run: &mut Run<'_>,
    element: &Element,
    at: ElementIndex,
    task: &RobotTask,
    execution: u32,
) -> Step {
    if run.skips(element.skip_expression.as_ref(), execution)? == Some(true) {
        return leave(run, execution);
    }
    match request(run, task, execution) {
        Ok(request) => external::request(run, execution, at, request),
        Err(Thrown::Error { code }) => error::throw(run, execution, Some(&code)),
        Err(Thrown::Refused(refusal)) => Err(refusal),
    }
}

fn request(run: &mut Run<'_>, task: &RobotTask, execution: u32) -> Result<WorkRequest, Thrown> {
    let workflow = run.evaluate_throwing(&task.workflow, execution)?;
    let mut inputs = Vec::with_capacity(task.inputs.len());
    for (name, template) in &task.inputs {
        let value = run.evaluate_throwing(template, execution)?;
        inputs.push((name.clone(), value));
    }
    Ok(WorkRequest::Robot {
        workflow: workflow.to_java_string(),
        inputs,
    })
}

pub(super) fn trigger(run: &mut Run<'_>, execution: u32) -> Step {
    leave(run, execution)
}
