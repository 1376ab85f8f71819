//! Applying events: the only code that changes an instance.
//! Total: what an event names and is not there is ignored. Never: needs a definition, a host or the time.

use super::Instance;
use super::event::{Event, TaskChange};
use super::state::{Execution, OpenActivity, Variable};
use crate::history::{Entry, FinishedTask};
use crate::model::{ElementIndex, FlowIndex};
use crate::rows::{Ended, InstanceRow, TaskRow};
use codec::Value;

pub(super) fn apply(instance: &mut Instance, event: &Event) {
    match event {
        Event::InstanceStarted { .. } => instance_started(instance, event),
        Event::InstanceEnded {
            instance: number,
            at_ms,
            end_activity,
            delete_reason,
            cancelled,
        } => {
            let ended = Ended {
                ended_ms: *at_ms,
                end_activity: end_activity.clone(),
                delete_reason: delete_reason.clone(),
                cancelled: *cancelled,
            };
            instance_ended(instance, *number, ended);
        }
        Event::InstanceSuspended { instance: number } => suspend(instance, *number, true),
        Event::InstanceActivated { instance: number } => suspend(instance, *number, false),
        Event::ExecutionCreated {
            execution,
            parent,
            at,
            scope,
        } => execution_created(instance, *execution, *parent, *at, *scope),
        Event::ExecutionMoved { execution, at } => {
            change_execution(instance, *execution, |e| e.at = Some(*at));
        }
        Event::ExecutionFlagged { execution, flags } => {
            change_execution(instance, *execution, |e| e.flags = *flags);
        }
        Event::ExecutionAdopted { execution, parent } => {
            change_execution(instance, *execution, |e| e.parent = Some(*parent));
        }
        Event::ExecutionRemoved { execution } => remove_execution(instance, *execution),
        Event::FlowTaken {
            execution,
            flow,
            target,
        } => flow_taken(instance, *execution, *flow, *target),
        Event::ActivityStarted {
            activity,
            execution,
            element,
            at_ms,
        } => {
            let open = OpenActivity {
                number: *activity,
                execution: *execution,
                element: *element,
            };
            activity_started(instance, open, *at_ms);
        }
        Event::ActivityEnded {
            activity,
            at_ms,
            reason,
        } => activity_ended(instance, *activity, *at_ms, reason),
        Event::VariableSet { scope, name, value } => set_variable(instance, *scope, name, value),
        Event::VariableRemoved { scope, name } => remove_variable(instance, *scope, name),
        Event::TaskCreated(task) => task_created(instance, task),
        Event::TaskChanged { task, change } => task_changed(instance, *task, change),
        Event::TaskFinished {
            task,
            at_ms,
            reason,
        } => task_finished(instance, *task, *at_ms, reason.clone()),
        Event::TimerScheduled(timer) => {
            took_number(instance, timer.number);
            insert_by(&mut instance.rows.timers, (**timer).clone(), |t| t.number);
        }
        Event::TimerMoved { .. } => timer_moved(instance, event),
        Event::TimerRemoved { timer } => instance.rows.timers.retain(|t| t.number != *timer),
        Event::IncidentOpened(incident) => {
            took_number(instance, incident.number);
            let incidents = &mut instance.rows.incidents;
            insert_by(incidents, (**incident).clone(), |i| i.number);
        }
        Event::IncidentClosed { incident } => {
            instance.rows.incidents.retain(|i| i.number != *incident);
        }
    }
}

fn took_number(instance: &mut Instance, number: u32) {
    instance.core.last_number = instance.core.last_number.max(number);
}

fn instance_started(instance: &mut Instance, event: &Event) {
    let Event::InstanceStarted {
        instance: number,
        definition,
        business_key,
        name,
        start_user,
        super_execution,
        at_ms,
    } = event
    else {
        return;
    };
    let mut row = InstanceRow {
        number: *number,
        definition: *definition,
        business_key: business_key.clone(),
        name: name.clone(),
        suspended: false,
        started_ms: *at_ms,
        start_user: start_user.clone(),
        super_instance: None,
        super_execution: *super_execution,
        ended: None,
    };
    let number = row.number;
    took_number(instance, number);
    if let Some(caller) = row.super_execution {
        row.super_instance = instance.core.execution(caller).map(|e| e.instance);
        let activity = instance
            .core
            .execution(caller)
            .and_then(|e| instance.core.open_activity(caller, e.at?))
            .map(|a| a.number);
        if let Some(activity) = activity {
            instance.history.push(Entry::ActivityCalled {
                activity,
                instance: number,
            });
        }
    }
    insert_by(&mut instance.rows.instances, row, |row| row.number);
    let execution = Execution {
        number,
        parent: None,
        instance: number,
        at: None,
        flags: Execution::SCOPE | Execution::ACTIVE,
    };
    insert_by(&mut instance.core.executions, execution, |e| e.number);
}

fn instance_ended(instance: &mut Instance, number: u32, ended: Ended) {
    let left: Vec<u32> = instance
        .core
        .executions
        .iter()
        .filter(|e| e.instance == number)
        .map(|e| e.number)
        .collect();
    for execution in left {
        remove_execution(instance, execution);
    }
    if let Some(row) = instance.rows.instance_mut(number) {
        row.ended = Some(ended);
        row.suspended = false;
    }
}

fn suspend(instance: &mut Instance, number: u32, suspended: bool) {
    let rows = &mut instance.rows;
    if let Some(row) = rows.instance_mut(number) {
        row.suspended = suspended;
    }
    for task in rows.tasks.iter_mut().filter(|t| t.instance == number) {
        task.suspended = suspended;
    }
    for timer in rows.timers.iter_mut().filter(|t| t.instance == number) {
        timer.suspended = suspended;
    }
}

fn execution_created(
    instance: &mut Instance,
    number: u32,
    parent: u32,
    at: ElementIndex,
    scope: bool,
) {
    took_number(instance, number);
    let Some(of) = instance.core.execution(parent).map(|e| e.instance) else {
        return;
    };
    let scope = if scope { Execution::SCOPE } else { 0 };
    let created = Execution {
        number,
        parent: Some(parent),
        instance: of,
        at: Some(at),
        flags: Execution::ACTIVE | scope,
    };
    insert_by(&mut instance.core.executions, created, |e| e.number);
}

fn change_execution(instance: &mut Instance, number: u32, change: impl FnOnce(&mut Execution)) {
    if let Some(execution) = instance.core.execution_mut(number) {
        change(execution);
    }
}

fn flow_taken(instance: &mut Instance, number: u32, flow: FlowIndex, target: ElementIndex) {
    if let Some(execution) = instance.core.execution_mut(number) {
        execution.at = Some(target);
        execution.flags |= Execution::ACTIVE;
        let of = execution.instance;
        instance
            .history
            .push(Entry::FlowTaken { instance: of, flow });
    }
}

fn remove_execution(instance: &mut Instance, number: u32) {
    let executions = &mut instance.core.executions;
    if let Ok(index) = executions.binary_search_by_key(&number, |e| e.number) {
        let of = executions.remove(index).instance;
        drop_variables(instance, of, number, false);
    }
}

/// The variables of a scope that goes leave their last values in history.
fn drop_variables(instance: &mut Instance, of: u32, scope: u32, of_task: bool) {
    let range = instance.core.variable_range(scope);
    for gone in instance.core.variables.drain(range) {
        instance.history.push(Entry::VariableGone {
            instance: of,
            scope,
            of_task,
            name: gone.name,
            value: gone.value,
        });
    }
}

fn activity_started(instance: &mut Instance, activity: OpenActivity, at_ms: i64) {
    took_number(instance, activity.number);
    let Some(execution) = instance.core.execution(activity.execution).copied() else {
        return;
    };
    instance.history.push(Entry::ActivityStarted {
        activity: activity.number,
        instance: execution.instance,
        execution: execution.number,
        parent_execution: execution.parent,
        element: activity.element,
        at_ms,
    });
    insert_by(&mut instance.core.activities, activity, |a| a.number);
}

fn activity_ended(instance: &mut Instance, activity: u32, at_ms: i64, reason: &Option<String>) {
    let open = &mut instance.core.activities;
    if let Ok(index) = open.binary_search_by_key(&activity, |a| a.number) {
        open.remove(index);
        instance.history.push(Entry::ActivityEnded {
            activity,
            at_ms,
            reason: reason.clone(),
        });
    }
}

fn remove_variable(instance: &mut Instance, scope: u32, name: &str) {
    let range = instance.core.variable_range(scope);
    let start = range.start;
    let mut own = instance.core.variables[range].iter();
    if let Some(offset) = own.position(|v| v.name == name) {
        instance.core.variables.remove(start + offset);
    }
}

fn set_variable(instance: &mut Instance, scope: u32, name: &str, value: &Value) {
    let range = instance.core.variable_range(scope);
    let end = range.end;
    let variables = &mut instance.core.variables;
    match variables[range].iter_mut().find(|v| v.name == name) {
        Some(variable) => variable.value = value.clone(),
        None => variables.insert(
            end,
            Variable {
                scope,
                name: name.to_owned(),
                value: value.clone(),
            },
        ),
    }
}

fn task_created(instance: &mut Instance, task: &TaskRow) {
    took_number(instance, task.number);
    note_assignee(instance, task);
    insert_by(&mut instance.rows.tasks, task.clone(), |t| t.number);
}

fn note_assignee(instance: &mut Instance, task: &TaskRow) {
    let activity = instance.core.open_activity(task.execution, task.element);
    if let Some(activity) = activity.map(|a| a.number) {
        instance.history.push(Entry::ActivityTask {
            activity,
            task: task.number,
            assignee: task.assignee.clone(),
        });
    }
}

fn task_changed(instance: &mut Instance, number: u32, change: &TaskChange) {
    let tasks = &mut instance.rows.tasks;
    let Ok(index) = tasks.binary_search_by_key(&number, |t| t.number) else {
        return;
    };
    let task = &mut tasks[index];
    match change {
        TaskChange::Assignee(user) => task.assignee.clone_from(user),
        TaskChange::Owner(user) => task.owner.clone_from(user),
        TaskChange::Delegation(state) => task.delegation = *state,
        TaskChange::ClaimedMs(at) => task.claimed_ms = *at,
        TaskChange::Name(name) => task.name.clone_from(name),
        TaskChange::Description(text) => task.description.clone_from(text),
        TaskChange::Priority(priority) => task.priority = *priority,
        TaskChange::DueMs(at) => task.due_ms = *at,
        TaskChange::Category(category) => task.category.clone_from(category),
        TaskChange::FormKey(key) => task.form_key.clone_from(key),
        TaskChange::LinkAdded(link) => task.links.push(link.clone()),
        TaskChange::LinkRemoved(link) => task.links.retain(|known| known != link),
    }
    if matches!(change, TaskChange::Assignee(_)) {
        let task = instance.rows.tasks[index].clone();
        note_assignee(instance, &task);
    }
}

fn task_finished(instance: &mut Instance, number: u32, at_ms: i64, reason: Option<String>) {
    let tasks = &mut instance.rows.tasks;
    if let Ok(index) = tasks.binary_search_by_key(&number, |t| t.number) {
        let task = tasks.remove(index);
        drop_variables(instance, task.instance, number, true);
        instance
            .history
            .push(Entry::TaskFinished(Box::new(FinishedTask {
                task,
                ended_ms: at_ms,
                delete_reason: reason,
            })));
    }
}

fn timer_moved(instance: &mut Instance, event: &Event) {
    let Event::TimerMoved {
        timer,
        due_ms,
        retries_left,
        last_error,
    } = event
    else {
        return;
    };
    let timers = &mut instance.rows.timers;
    if let Ok(index) = timers.binary_search_by_key(timer, |t| t.number) {
        let timer = &mut timers[index];
        timer.due_ms = *due_ms;
        timer.retries_left = *retries_left;
        timer.last_error.clone_from(last_error);
    }
}

fn insert_by<T>(list: &mut Vec<T>, item: T, key: impl Fn(&T) -> u32) {
    let number = key(&item);
    match list.binary_search_by_key(&number, &key) {
        Ok(index) => list[index] = item,
        Err(index) => list.insert(index, item),
    }
}
