//! `intermediateCatchEvent`: waits for its timer.

use super::{leave, timer};
use crate::instance::run::{Run, Step};
use crate::model::{CatchEvent, ElementIndex};

pub(super) fn execute(
    run: &mut Run<'_>,
    at: ElementIndex,
    event: &CatchEvent,
    execution: u32,
) -> Step {
    match event {
        // A cycle does not repeat here: the event is left once.
        CatchEvent::Timer(definition) => timer::schedule(run, at, definition, execution, false),
    }
}

pub(super) fn trigger(run: &mut Run<'_>, execution: u32) -> Step {
    leave(run, execution)
}
