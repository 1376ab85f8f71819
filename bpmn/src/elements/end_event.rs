//! `endEvent`: ends its path, throws an error, or terminates.

use super::{error, terminate};
use crate::instance::agenda;
use crate::instance::run::{Run, Step};
use crate::model::{Element, EndEvent};

pub(super) fn execute(
    run: &mut Run<'_>,
    element: &Element,
    event: &EndEvent,
    execution: u32,
) -> Step {
    match event {
        EndEvent::None => {
            agenda::leave_by_conditions(run, execution);
            Ok(())
        }
        EndEvent::Error(reference) => error::throw(run, execution, reference.code.as_deref()),
        EndEvent::Terminate {
            all,
            multi_instance,
        } => terminate::execute(run, element, *all, *multi_instance, execution),
    }
}
