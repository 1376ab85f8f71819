//! `inclusiveGateway`: waits while any other execution of the instance can still reach it, then takes every flow
//! whose condition holds, else the default.
//!
//! ```text
//!  arrives ─▶ inactive ─▶ can another still come? ─ yes ─▶ waits; every later command looks again at its end
//!                                     └ no ─▶ those that wait here become one, and leave
//! ```

use crate::instance::agenda;
use crate::instance::ending;
use crate::instance::run::{Run, Step};
use crate::instance::state::Execution;
use crate::model::{ElementIndex, Kind, Process};

pub(super) fn execute(run: &mut Run<'_>, at: ElementIndex, execution: u32) -> Step {
    run.work.flag(execution, Execution::ACTIVE, false);
    join(run, at, execution).map(|_| ())
}

/// At the end of a command: what another execution did may have made a join unreachable.
pub(crate) fn look_again(run: &mut Run<'_>) -> Step {
    let waiting: Vec<Execution> = run
        .work
        .core()
        .executions
        .iter()
        .filter(|execution| !execution.is_active() && execution.at.is_some())
        .copied()
        .collect();
    let mut left: Vec<u32> = Vec::new();
    for execution in waiting {
        let Some(at) = execution.at else { continue };
        if !run.work.is_alive(execution.number) || left.contains(&execution.number) {
            continue;
        }
        let process = run.process(execution.number)?;
        let joins = matches!(process.element(at).kind, Kind::InclusiveGateway);
        if joins && join(run, at, execution.number)? {
            left.push(execution.number);
        }
    }
    Ok(())
}

/// Leaves the gateway if nothing else can reach it. Answers whether it does.
fn join(
    run: &mut Run<'_>,
    at: ElementIndex,
    execution: u32,
) -> Result<bool, crate::instance::Refusal> {
    let process = run.process(execution)?;
    let Some(instance) = run.work.execution(execution).map(|e| e.instance) else {
        return Ok(false);
    };
    let executions = &run.work.core().executions;
    let mut others = executions
        .iter()
        .filter(|other| other.instance == instance && !other.is_instance());
    let reachable = others.any(|other| match other.at {
        Some(position) if position == at => other.is_active(),
        Some(position) => can_reach(&process, position, at),
        None => false,
    });
    if reachable {
        return Ok(false);
    }
    let waiting: Vec<u32> = executions
        .iter()
        .filter(|e| e.instance == instance && e.at == Some(at) && !e.is_active())
        .map(|e| e.number)
        .filter(|number| *number != execution)
        .collect();
    for joined in waiting {
        ending::delete_execution(run, joined, None)?;
    }
    agenda::leave_by_conditions(run, execution);
    Ok(true)
}

/// Whether flows lead from one element to another, also out of the sub-process that ends there.
fn can_reach(process: &Process, from: ElementIndex, to: ElementIndex) -> bool {
    let mut visited = vec![false; process.elements.len()];
    let mut open = vec![from];
    while let Some(mut current) = open.pop() {
        if process.element(current).outgoing.is_empty() {
            visited[current.0 as usize] = true;
            match process.element(current).parent {
                Some(container) => current = container,
                None => continue,
            }
        }
        if current == to {
            return true;
        }
        visited[current.0 as usize] = true;
        for flow in &process.element(current).outgoing {
            let target = process.flow(*flow).target;
            if !visited[target.0 as usize] {
                open.push(target);
            }
        }
    }
    false
}
