//! `subProcess`, embedded: a scope with its own data objects and start event, left when its last path has ended.

use crate::instance::Refusal;
use crate::instance::agenda::Operation;
use crate::instance::run::{Run, Step};
use crate::instance::state::Execution;
use crate::model::{Element, Kind, Process, StartEvent, StartTrigger, SubProcess};

pub(super) fn execute(
    run: &mut Run<'_>,
    process: &Process,
    element: &Element,
    sub_process: &SubProcess,
    execution: u32,
) -> Step {
    let start = sub_process.scope.start_events.iter().copied().find(|at| {
        matches!(
            process.element(*at).kind,
            Kind::StartEvent(StartEvent {
                trigger: StartTrigger::None,
                ..
            })
        )
    });
    let Some(start) = start else {
        return Err(Refusal::InvalidValue(format!(
            "No initial activity found for subprocess {}",
            element.id
        )));
    };
    run.work.flag(execution, Execution::SCOPE, true);
    for object in &sub_process.scope.data_objects {
        run.work
            .set_own_variable(execution, &object.name, object.value.clone());
    }
    let inner = run.create_child(execution, start, false)?;
    run.plan(Operation::Continue(inner));
    Ok(())
}
