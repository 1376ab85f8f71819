//! `receiveTask`: waits until the command `Trigger` names it.

use super::leave;
use crate::instance::run::{Run, Step};

pub(super) fn execute() -> Step {
    Ok(())
}

pub(super) fn trigger(run: &mut Run<'_>, execution: u32) -> Step {
    leave(run, execution)
}
