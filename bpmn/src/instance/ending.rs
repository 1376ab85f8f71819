//! How executions and instances end: alone, with all that hangs on them, or as the last of their scope.
//!
//! ```text
//!  EndExecution ─▶ others left in the scope? ─ yes ─▶ nothing more
//!                             │ no
//!                             ├─ scope is a sub-process: leave it by a new execution beside it
//!                             └─ scope is the instance:  the instance ends ─▶ its caller goes on
//! ```
//!
//! Owns: deletion with its order, and the decision what goes on afterwards.
//! Never: throws an error (`elements::error`) or terminates (`elements::terminate`); they come here.

use super::agenda::{self, Operation};
use super::event::Event;
use super::run::{Run, Step};
use super::tasks;
use crate::elements::{self, call_activity, multi_instance};
use crate::model::{ElementIndex, ExecutionEvent, Kind, Process};

/// Ends an execution that no flow leads on, and continues what was waiting for it.
pub(super) fn end_execution(run: &mut Run<'_>, execution: u32) -> Step {
    let Some(state) = run.work.execution(execution) else {
        return Ok(());
    };
    let Some(parent) = state.parent else {
        return end_of_instance(run, state.instance, None);
    };
    let (process, at) = run.position(execution)?;
    delete_execution(run, execution, None)?;
    let element = process.element(at);
    if let Some(sub_process) = element.parent
        && process.element(sub_process).multi_instance.is_some()
    {
        if !has_active_children(run, &process, parent) {
            run.plan(Operation::DestroyScope {
                execution: parent,
                reason: None,
            });
            run.work.move_to(parent, sub_process);
            multi_instance::leave(run, parent)?;
        }
        return Ok(());
    }
    if has_active_children(run, &process, parent) {
        return Ok(());
    }
    match element.parent {
        Some(sub_process) => end_of_sub_process(run, parent, sub_process),
        None => end_of_path(run, &process, state.instance, parent, at),
    }
}

/// Whether anything but boundary events is left below an execution.
fn has_active_children(run: &Run<'_>, process: &Process, parent: u32) -> bool {
    run.work.core().children(parent).any(|child| {
        !child
            .at
            .is_some_and(|at| matches!(process.element(at).kind, Kind::BoundaryEvent(_)))
    })
}

/// The last path of a sub-process ended: a new execution beside it leaves it.
fn end_of_sub_process(run: &mut Run<'_>, scope: u32, sub_process: ElementIndex) -> Step {
    let Some(outer) = run.work.execution(scope).and_then(|e| e.parent) else {
        return Err(run.work.lost(scope));
    };
    let execution = run.create_child(outer, sub_process, false)?;
    delete_execution(run, scope, None)?;
    agenda::leave_by_conditions(run, execution);
    Ok(())
}

/// The last path below an execution ended, outside of any sub-process.
fn end_of_path(
    run: &mut Run<'_>,
    process: &Process,
    instance: u32,
    parent: u32,
    at: ElementIndex,
) -> Step {
    let Some(state) = run.work.execution(parent) else {
        return Ok(());
    };
    if state.is_instance() {
        return end_of_instance(run, instance, Some(&process.element(at).id));
    }
    let in_sub_process = state
        .at
        .is_some_and(|at| matches!(process.element(at).kind, Kind::SubProcess(_)));
    if !in_sub_process {
        run.work.move_to(parent, at);
    }
    agenda::leave_by_conditions(run, parent);
    Ok(())
}

/// An instance ends by itself; what called it goes on.
fn end_of_instance(run: &mut Run<'_>, instance: u32, end_activity: Option<&str>) -> Step {
    let caller = run
        .work
        .rows()
        .instance(instance)
        .and_then(|row| row.super_execution);
    if let Some(caller) = caller {
        call_activity::completing(run, caller, instance)?;
    }
    let process = run.process(instance)?;
    run.notify_all(&process.listeners, ExecutionEvent::End, instance)?;
    end_instance(run, instance, end_activity, None)?;
    match caller {
        Some(caller) => elements::leave(run, caller),
        None => Ok(()),
    }
}

/// Ends an instance with all that is left of it; a reason says that it did not end by itself.
pub(crate) fn end_instance(
    run: &mut Run<'_>,
    instance: u32,
    end_activity: Option<&str>,
    reason: Option<&str>,
) -> Step {
    delete_children(run, instance, reason)?;
    run.work.emit(Event::InstanceEnded {
        instance,
        at_ms: run.work.now_ms,
        end_activity: end_activity.map(str::to_owned),
        delete_reason: reason.map(str::to_owned),
        cancelled: reason.is_some(),
    });
    Ok(())
}

/// Deletes what is below an execution, the youngest first.
pub(crate) fn delete_children(run: &mut Run<'_>, execution: u32, reason: Option<&str>) -> Step {
    let doomed = below(run, execution);
    delete(run, &doomed, reason)
}

/// Deletes an execution and all that hangs on it: children, the called instance, tasks, timers, incidents, variables.
pub(crate) fn delete_execution(run: &mut Run<'_>, execution: u32, reason: Option<&str>) -> Step {
    if !run.work.is_alive(execution) {
        return Ok(());
    }
    let mut doomed = vec![Doomed::Execution(execution)];
    doomed.extend(below(run, execution));
    delete(run, &doomed, reason)
}

/// What a deletion takes with it.
#[derive(Clone, Copy)]
enum Doomed {
    Execution(u32),
    /// A called instance; its executions follow.
    Instance(u32),
}

/// Everything below an execution, parents before their children. A loop, since calls nest deep.
fn below(run: &Run<'_>, execution: u32) -> Vec<Doomed> {
    let executions = &run.work.core().executions;
    let mut children: Vec<(u32, u32)> = executions
        .iter()
        .filter_map(|child| Some((child.parent?, child.number)))
        .collect();
    children.sort_unstable();
    let calls = run.work.core().open_calls(run.work.rows());
    let mut found = Vec::new();
    let mut open = vec![execution];
    while let Some(current) = open.pop() {
        if current != execution {
            found.push(match run.work.execution(current) {
                Some(state) if state.is_instance() => Doomed::Instance(current),
                Some(_) | None => Doomed::Execution(current),
            });
        }
        open.extend(calls.called_by(current));
        let first = children.partition_point(|(parent, _)| *parent < current);
        let of_current = children[first..].iter().take_while(|(p, _)| *p == current);
        let at = open.len();
        open.extend(of_current.map(|(_, child)| *child));
        open[at..].reverse();
    }
    found
}

fn delete(run: &mut Run<'_>, doomed: &[Doomed], reason: Option<&str>) -> Step {
    if doomed.is_empty() {
        return Ok(());
    }
    let mut executions: Vec<u32> = doomed
        .iter()
        .map(|(Doomed::Execution(number) | Doomed::Instance(number))| *number)
        .collect();
    executions.sort_unstable();
    let goes = |execution: u32| executions.binary_search(&execution).is_ok();
    let activities = of(
        &run.work.core().activities,
        |a| (a.execution, a.number),
        goes,
    );
    let rows = run.work.rows();
    let tasks = of(&rows.tasks, |t| (t.execution, t.number), goes);
    let timers = of(&rows.timers, |t| (t.execution, t.number), goes);
    let incidents = of(&rows.incidents, |i| (i.execution, i.number), goes);
    let works = of(&rows.works, |w| (w.execution, w.number), goes);
    // From the end of the list, where removing is cheap.
    for activity in activities.into_iter().rev() {
        run.work.emit(Event::ActivityEnded {
            activity,
            at_ms: run.work.now_ms,
            reason: reason.map(str::to_owned),
        });
    }
    for task in tasks {
        tasks::finish(run, task, reason)?;
    }
    for timer in timers.into_iter().rev() {
        run.work.emit(Event::TimerRemoved { timer });
    }
    for incident in incidents.into_iter().rev() {
        run.work.emit(Event::IncidentClosed { incident });
    }
    for work in works.into_iter().rev() {
        run.work.emit(Event::WorkRemoved { work });
    }
    for one in doomed.iter().rev() {
        match one {
            Doomed::Execution(execution) => run.work.emit(Event::ExecutionRemoved {
                execution: *execution,
            }),
            Doomed::Instance(instance) => run.work.emit(Event::InstanceEnded {
                instance: *instance,
                at_ms: run.work.now_ms,
                end_activity: None,
                delete_reason: reason.map(str::to_owned),
                cancelled: true,
            }),
        }
    }
    Ok(())
}

/// Numbers of the rows of executions that go, the oldest first.
fn of<'a, T: 'a>(
    rows: impl IntoIterator<Item = &'a T>,
    keys: impl Fn(&T) -> (u32, u32),
    goes: impl Fn(u32) -> bool,
) -> Vec<u32> {
    rows.into_iter()
        .map(keys)
        .filter(|(execution, _)| goes(*execution))
        .map(|(_, number)| number)
        .collect()
}
