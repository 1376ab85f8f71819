//! `serviceTask` with an expression: evaluates it, keeps the result where the model says.

use super::{error, leave};
use crate::instance::run::{Run, Step, Thrown};
use crate::model::{Element, ServiceTask};

pub(super) fn execute(
    run: &mut Run<'_>,
    element: &Element,
    task: &ServiceTask,
    execution: u32,
) -> Step {
    if run.skips(element.skip_expression.as_ref(), execution)? == Some(true) {
        return leave(run, execution);
    }
    match run.evaluate_throwing(&task.expression, execution) {
        Ok(value) => {
            if let Some(name) = &task.result_variable {
                run.work.set_variable(execution, name, value);
            }
            leave(run, execution)
        }
        Err(Thrown::Error { code }) => error::throw(run, execution, Some(&code)),
        Err(Thrown::Refused(refusal)) => Err(refusal),
    }
}
