//! `manualTask` and plain `task`: nothing to do for the engine.

use super::leave;
use crate::instance::run::{Run, Step};

pub(super) fn execute(run: &mut Run<'_>, execution: u32) -> Step {
    leave(run, execution)
}
