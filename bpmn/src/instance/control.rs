//! The commands on instances: start, trigger, variables, suspension, deletion.
//! Never: decides on tasks or timers.

use super::agenda::Operation;
use super::command::{Start, VariableTarget, Variables};
use super::ending;
use super::event::Event;
use super::refusal::Refusal;
use super::run::{Run, Step};
use super::scope::ExecutionScope;
use super::tasks;
use crate::form;
use crate::model::{ElementIndex, Kind, Process, StartEvent};

/// Why an instance is deleted when nobody says.
const DELETED: &str = "process instance deleted";

pub(super) fn start(run: &mut Run<'_>, start: Start) -> Step {
    if run.work.instance.is_started() {
        return Err(Refusal::AlreadyStarted);
    }
    let definition = start.definition;
    if definition.suspended {
        return Err(Refusal::DefinitionSuspended {
            name: definition.process.name.clone().unwrap_or_default(),
            id: definition.text_id(),
        });
    }
    let process = definition.process.clone();
    let at = start.start_event.or_else(|| process.initial_start_event());
    let Some((at, event)) = at.and_then(|at| start_event(&process, at)) else {
        return Err(Refusal::NoStartEvent(definition.text_id()));
    };
    run.work.definitions.push(definition.clone());
    run.work.emit(Event::InstanceStarted {
        instance: 0,
        definition: definition.id,
        business_key: start.business_key,
        name: start.name,
        start_user: start.start_user.clone(),
        super_execution: None,
        at_ms: run.work.now_ms,
    });
    if let Some(initiator) = &event.initiator {
        let user = start.start_user.map_or(codec::Value::Null, Into::into);
        run.work.set_own_variable(0, initiator, user);
    }
    for object in &process.root.data_objects {
        run.work
            .set_own_variable(0, &object.name, object.value.clone());
    }
    run.work.set_variables(0, start.variables);
    run.work.set_transient(0, start.transient);
    let execution = run.create_child(0, at, false)?;
    if let Some(properties) = start.form {
        let mut scope = ExecutionScope {
            work: &mut run.work,
            execution: 0,
            task: None,
        };
        let zone = run.host.time_zone();
        let variables = form::submit(&event.form_properties, properties, &mut scope, zone)
            .map_err(|error| Refusal::FormInvalid(error.to_string()))?;
        run.work.set_variables(0, variables);
    }
    run.plan(Operation::Continue(execution));
    Ok(())
}

fn start_event(process: &Process, at: ElementIndex) -> Option<(ElementIndex, &StartEvent)> {
    if let Kind::StartEvent(event) = &process.elements.get(at.0 as usize)?.kind {
        Some((at, event))
    } else {
        None
    }
}

/// Refuses what needs an open instance that is not suspended.
fn active(run: &Run<'_>, instance: u32) -> Step {
    let row = open(run, instance)?;
    match row {
        true => Err(Refusal::InstanceSuspended),
        false => Ok(()),
    }
}

/// Whether an open instance is suspended.
fn open(run: &Run<'_>, instance: u32) -> Result<bool, Refusal> {
    match run.work.rows().instance(instance) {
        None => Err(Refusal::InstanceNotFound(instance)),
        Some(row) if !row.is_open() => Err(Refusal::InstanceEnded),
        Some(row) => Ok(row.suspended),
    }
}

pub(super) fn trigger(
    run: &mut Run<'_>,
    instance: u32,
    activity: &str,
    variables: Variables,
    transient: Variables,
) -> Step {
    active(run, instance)?;
    let process = run.definition(instance)?.process.clone();
    let not_waiting = || Refusal::NotWaiting(activity.to_owned());
    let at = process.find(activity).ok_or_else(not_waiting)?;
    if !matches!(process.element(at).kind, Kind::ReceiveTask) {
        return Err(not_waiting());
    }
    let core = run.work.core();
    let execution = core
        .executions
        .iter()
        .find(|e| {
            // Instances of a multi-instance that are done stand there too, no longer active.
            e.instance == instance && e.at == Some(at) && e.is_active()
        })
        .map(|e| e.number)
        .ok_or_else(not_waiting)?;
    run.work.set_variables(execution, variables);
    run.work.set_transient(execution, transient);
    run.plan(Operation::Trigger(execution));
    Ok(())
}

pub(super) fn set_variables(
    run: &mut Run<'_>,
    target: VariableTarget,
    local: bool,
    set: Variables,
    remove: Vec<String>,
) -> Step {
    let scope = match target {
        VariableTarget::Instance(instance) => {
            active(run, instance)?;
            instance
        }
        VariableTarget::Task(task) => tasks::active(run, task)?.number,
    };
    for (name, value) in set {
        match local {
            true => run.work.set_own_variable(scope, name, value),
            false => run.work.set_variable(scope, name, value),
        }
    }
    for name in remove {
        match local {
            true => run.work.remove_own_variable(scope, &name),
            false => run.work.remove_variable(scope, &name),
        }
    }
    Ok(())
}

pub(super) fn suspend(run: &mut Run<'_>, instance: u32, include_called: bool) -> Step {
    if open(run, instance)? {
        return Err(Refusal::AlreadySuspended);
    }
    for instance in affected(run, instance, include_called) {
        if !open(run, instance)? {
            run.work.emit(Event::InstanceSuspended { instance });
        }
    }
    Ok(())
}

pub(super) fn activate(run: &mut Run<'_>, instance: u32, include_called: bool) -> Step {
    if !open(run, instance)? {
        return Err(Refusal::AlreadyActive);
    }
    for instance in affected(run, instance, include_called) {
        if open(run, instance)? {
            run.work.emit(Event::InstanceActivated { instance });
        }
    }
    Ok(())
}

/// The instance, and if asked for the open ones that it called, directly or not.
fn affected(run: &Run<'_>, instance: u32, include_called: bool) -> Vec<u32> {
    let mut found = vec![instance];
    if include_called {
        // A caller has a lower number than what it calls, so one pass finds all.
        for row in run.work.rows().instances.iter().filter(|row| row.is_open()) {
            if row
                .super_instance
                .is_some_and(|caller| found.contains(&caller))
            {
                found.push(row.number);
            }
        }
    }
    found
}

pub(super) fn delete(run: &mut Run<'_>, instance: u32, reason: Option<String>) -> Step {
    open(run, instance)?;
    run.definition(instance)?;
    let reason = reason.unwrap_or_else(|| DELETED.to_owned());
    ending::end_instance(run, instance, None, Some(&reason))
}
