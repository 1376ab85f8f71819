//! `scriptTask`: runs its script; a BPMN error that it throws can be caught.

use super::{error, leave};
use crate::instance::run::{Run, Step, Thrown};
use crate::model::ScriptTask;

pub(super) fn execute(run: &mut Run<'_>, task: &ScriptTask, execution: u32) -> Step {
    match run.run_script(&task.script, execution, None) {
        Ok(_) => leave(run, execution),
        Err(Thrown::Error { code }) => error::throw(run, execution, Some(&code)),
        Err(Thrown::Refused(refusal)) => Err(refusal),
    }
}
