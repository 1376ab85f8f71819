//! `exclusiveGateway`: the first flow whose condition holds, else the default, else a refusal.

use crate::instance::Refusal;
use crate::instance::agenda::{self, Operation};
use crate::instance::run::{Run, Step};
use crate::model::{Element, FlowIndex, Process};

pub(super) fn execute(
    run: &mut Run<'_>,
    process: &Process,
    element: &Element,
    execution: u32,
) -> Step {
    let Some(flow) = select(run, process, element, execution)? else {
        return Err(Refusal::NoFlowSelected(format!(
            "No outgoing sequence flow of the exclusive gateway '{}' could be selected for continuing the process",
            element.id
        )));
    };
    // As in Activiti, its end listeners do not run: the execution is on its flow already.
    run.work.end_activity(execution, None);
    agenda::step_onto(run, process, execution, flow);
    run.plan(Operation::PassFlow(execution, flow));
    Ok(())
}

fn select(
    run: &mut Run<'_>,
    process: &Process,
    element: &Element,
    execution: u32,
) -> Result<Option<FlowIndex>, Refusal> {
    for index in &element.outgoing {
        let flow = process.flow(*index);
        let take = match run.skips(flow.skip_expression.as_ref(), execution)? {
            Some(skip) => skip,
            None => {
                agenda::holds(run, process, *index, execution)?
                    && element.default_flow != Some(*index)
            }
        };
        if take {
            return Ok(Some(*index));
        }
    }
    Ok(element.default_flow)
}
