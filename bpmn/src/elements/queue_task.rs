//! `serviceTask` of type `queue`: asks for a message to be put into a task queue and waits until it lies there.
//! Never: knows queues; whoever embeds the engine does the work that is open.

use super::{error, leave};
use crate::instance::external;
use crate::instance::run::{Run, Step, Thrown};
use crate::model::{Element, ElementIndex, QueueTask};
use crate::rows::WorkRequest;

pub(super) fn execute(
    run: &mut Run<'_>,
    element: &Element,
    at: ElementIndex,
    task: &QueueTask,
    execution: u32,
) -> Step {
    if run.skips(element.skip_expression.as_ref(), execution)? == Some(true) {
        return leave(run, execution);
    }
    let queue = run.evaluate_throwing(&task.queue, execution);
    let message = queue.and_then(|queue| {
        Ok(WorkRequest::Message {
            queue: queue.to_java_string(),
            body: run.evaluate_throwing(&task.body, execution)?,
        })
    });
    match message {
        Ok(request) => external::request(run, execution, at, request),
        Err(Thrown::Error { code }) => error::throw(run, execution, Some(&code)),
        Err(Thrown::Refused(refusal)) => Err(refusal),
    }
}

pub(super) fn trigger(run: &mut Run<'_>, execution: u32) -> Step {
    leave(run, execution)
}
