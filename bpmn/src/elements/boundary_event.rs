//! `boundaryEvent`: waits beside its activity; interrupting, it ends the activity and leaves in its place.
//!
//! ```text
//!  scope ─ activity ─ boundary            interrupting:      scope ─ boundary ─▶ its flows
//!                                         not interrupting:  scope ─┬ activity ─ boundary (waits on)
//!                                                                   └ new execution ─▶ its flows
//! ```

use super::timer;
use crate::instance::run::{Run, Step};
use crate::instance::{Event, agenda, ending};
use crate::model::{BoundaryEvent, BoundaryTrigger, Element, ElementIndex};

pub(super) fn execute(
    run: &mut Run<'_>,
    at: ElementIndex,
    event: &BoundaryEvent,
    execution: u32,
) -> Step {
    match &event.trigger {
        // An interrupting one leaves the activity once, so its cycle does not repeat.
        BoundaryTrigger::Timer(definition) => {
            timer::schedule(run, at, definition, execution, !event.interrupting)
        }
        BoundaryTrigger::Error(_) => Ok(()),
    }
}

pub(super) fn trigger(
    run: &mut Run<'_>,
    element: &Element,
    event: &BoundaryEvent,
    execution: u32,
) -> Step {
    run.work.start_activity(execution);
    let interrupting = match &event.trigger {
        BoundaryTrigger::Error(_) => true,
        BoundaryTrigger::Timer(_) => event.interrupting,
    };
    if interrupting {
        interrupt(run, element, execution)?;
    } else {
        branch(run, execution)?;
    }
    run.work.end_activity(execution, None);
    Ok(())
}

fn interrupt(run: &mut Run<'_>, element: &Element, execution: u32) -> Step {
    let Some(activity) = run.work.execution(execution).and_then(|e| e.parent) else {
        return Err(run.work.lost(execution));
    };
    let Some(scope) = run.work.parent_scope(activity) else {
        return Err(run.work.lost(activity));
    };
    run.work.emit(Event::ExecutionAdopted {
        execution,
        parent: scope,
    });
    let reason = format!("boundary event ({})", element.id);
    ending::delete_execution(run, activity, Some(&reason))?;
    agenda::leave_by_conditions(run, execution);
    Ok(())
}

fn branch(run: &mut Run<'_>, execution: u32) -> Step {
    let Some(state) = run.work.execution(execution) else {
        return Ok(());
    };
    let (Some(activity), Some(at)) = (state.parent, state.at) else {
        return Err(run.work.lost(execution));
    };
    let Some(scope) = run.work.parent_scope(activity) else {
        return Err(run.work.lost(activity));
    };
    let outgoing = run.create_child(scope, at, false)?;
    agenda::leave_by_conditions(run, outgoing);
    Ok(())
}
