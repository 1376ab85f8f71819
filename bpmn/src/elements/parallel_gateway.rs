//! `parallelGateway`: waits until as many executions stand here as flows lead in, then takes every flow out.
//! Inside a multi-instance sub-process only the executions of the same instance count.

use crate::instance::agenda::Operation;
use crate::instance::ending;
use crate::instance::run::{Run, Step};
use crate::instance::state::Execution;
use crate::model::{ElementIndex, Process};

pub(super) fn execute(
    run: &mut Run<'_>,
    process: &Process,
    at: ElementIndex,
    execution: u32,
) -> Step {
    run.work.flag(execution, Execution::ACTIVE, false);
    let body = multi_instance_body(run, process, at, execution);
    let Some(instance) = run.work.execution(execution).map(|e| e.instance) else {
        return Ok(());
    };
    let core = run.work.core();
    let waiting: Vec<u32> = core
        .executions
        .iter()
        .filter(|e| e.instance == instance && e.at == Some(at) && !e.is_active())
        .filter(|e| body.is_none_or(|body| is_below(run, e.number, body)))
        .map(|e| e.number)
        .collect();
    run.work.end_activity(execution, None);
    let incoming = process.element(at).incoming.len();
    if waiting.len() != incoming {
        return Ok(());
    }
    for joined in waiting {
        if joined != execution {
            ending::delete_execution(run, joined, None)?;
        }
    }
    run.plan(Operation::TakeOutgoing {
        execution,
        conditions: false,
    });
    Ok(())
}

/// The nearest ancestor that stands at a multi-instance activity, where the gateway lies inside of one.
fn multi_instance_body(
    run: &Run<'_>,
    process: &Process,
    at: ElementIndex,
    execution: u32,
) -> Option<u32> {
    let mut container = process.element(at).parent;
    loop {
        let element = process.element(container?);
        if element.multi_instance.is_some() {
            break;
        }
        container = element.parent;
    }
    let mut current = run.work.execution(execution)?.parent;
    while let Some(number) = current {
        let ancestor = run.work.execution(number)?;
        if process.element(ancestor.at?).multi_instance.is_some() {
            return Some(number);
        }
        current = ancestor.parent;
    }
    None
}

fn is_below(run: &Run<'_>, execution: u32, ancestor: u32) -> bool {
    let mut current = run.work.execution(execution).and_then(|e| e.parent);
    while let Some(number) = current {
        if number == ancestor {
            return true;
        }
        current = run.work.execution(number).and_then(|e| e.parent);
    }
    false
}
