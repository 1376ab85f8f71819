//! `startEvent`: whatever started it, it is left at once.

use super::leave;
use crate::instance::run::{Run, Step};

pub(super) fn execute(run: &mut Run<'_>, execution: u32) -> Step {
    leave(run, execution)
}
