//! The commands on user tasks, and what every change of a task brings with it.
//! Never: follows a flow; completing plans it.

use super::agenda::Operation;
use super::command::{TaskPatch, Variables};
use super::event::{Event, TaskChange};
use super::refusal::Refusal;
use super::run::{Run, Step};
use super::scope::ExecutionScope;
use crate::form;
use crate::model::{Kind, TaskEvent, UserTask};
use crate::rows::{Delegation, IdentityLink, TaskRow};

/// The task, or why nothing can be done with it.
fn open(run: &Run<'_>, task: u32) -> Result<TaskRow, Refusal> {
    match run.work.rows().task(task) {
        Some(row) => Ok(row.clone()),
        None => Err(Refusal::TaskNotFound(task)),
    }
}

/// The task, when it is not suspended.
pub(super) fn active(run: &Run<'_>, task: u32) -> Result<TaskRow, Refusal> {
    let row = open(run, task)?;
    match row.suspended {
        true => Err(Refusal::TaskSuspended),
        false => Ok(row),
    }
}

pub(super) fn complete(
    run: &mut Run<'_>,
    task: u32,
    variables: Variables,
    transient: Variables,
    local: Variables,
) -> Step {
    let row = active(run, task)?;
    run.definition(row.instance)?;
    for (name, value) in local {
        run.work.set_own_variable(task, name, value);
    }
    run.work.set_variables(row.execution, variables);
    run.work.set_transient(row.execution, transient);
    complete_now(run, &row)
}

/// Completes a task that is this user's: asked and done in one command, so that nobody takes it over in between.
pub(super) fn complete_own(
    run: &mut Run<'_>,
    task: u32,
    owner: &str,
    variables: Variables,
    transient: Variables,
) -> Step {
    let row = active(run, task)?;
    if ![row.assignee.as_deref(), row.owner.as_deref()].contains(&Some(owner)) {
        let id = run.work.instance.root().child(task);
        return Err(Refusal::NotTheirs(id.to_string()));
    }
    complete(run, task, variables, transient, Variables::new())
}

fn complete_now(run: &mut Run<'_>, row: &TaskRow) -> Step {
    if row.delegation == Some(Delegation::Pending) {
        return Err(Refusal::DelegationPending);
    }
    notify(run, row.number, TaskEvent::Complete)?;
    finish(run, row.number, None)?;
    run.plan(Operation::Trigger(row.execution));
    Ok(())
}

pub(super) fn claim(run: &mut Run<'_>, task: u32, user: Option<String>) -> Step {
    let row = active(run, task)?;
    match (user, row.assignee) {
        (None, _) => {
            run.work.change_task(task, TaskChange::ClaimedMs(None));
            change_assignee(run, task, None)
        }
        (Some(user), Some(assignee)) if assignee != user => {
            let id = run.work.instance.root().child(task);
            Err(Refusal::AlreadyClaimed(id.to_string()))
        }
        (Some(user), _) => {
            let at_ms = run.work.now_ms;
            run.work
                .change_task(task, TaskChange::ClaimedMs(Some(at_ms)));
            change_assignee(run, task, Some(user))
        }
    }
}

pub(super) fn assign(run: &mut Run<'_>, task: u32, user: Option<String>) -> Step {
    active(run, task)?;
    change_assignee(run, task, user)
}

pub(super) fn delegate(run: &mut Run<'_>, task: u32, user: String) -> Step {
    let row = active(run, task)?;
    run.work
        .change_task(task, TaskChange::Delegation(Some(Delegation::Pending)));
    if row.owner.is_none() {
        run.work.change_task(task, TaskChange::Owner(row.assignee));
    }
    change_assignee(run, task, Some(user))
}

pub(super) fn resolve(
    run: &mut Run<'_>,
    task: u32,
    variables: Variables,
    transient: Variables,
) -> Step {
    let row = active(run, task)?;
    run.work.set_variables(task, variables);
    run.work.set_transient(task, transient);
    run.work
        .change_task(task, TaskChange::Delegation(Some(Delegation::Resolved)));
    change_assignee(run, task, row.owner)
}

pub(super) fn update(run: &mut Run<'_>, task: u32, patch: TaskPatch) -> Step {
    active(run, task)?;
    let TaskPatch {
        name,
        description,
        priority,
        due_ms,
        owner,
        category,
    } = patch;
    let changes = [
        name.map(TaskChange::Name),
        description.map(TaskChange::Description),
        priority.map(TaskChange::Priority),
        due_ms.map(TaskChange::DueMs),
        owner.map(TaskChange::Owner),
        category.map(TaskChange::Category),
    ];
    for change in changes.into_iter().flatten() {
        run.work.change_task(task, change);
    }
    Ok(())
}

pub(super) fn link(run: &mut Run<'_>, task: u32, link: IdentityLink) -> Step {
    active(run, task)?;
    add_link(run, task, link);
    Ok(())
}

pub(super) fn unlink(run: &mut Run<'_>, task: u32, link: IdentityLink) -> Step {
    let row = active(run, task)?;
    if row.links.contains(&link) {
        run.work.change_task(task, TaskChange::LinkRemoved(link));
    }
    Ok(())
}

pub(super) fn submit_form(
    run: &mut Run<'_>,
    task: u32,
    properties: Variables,
    complete: bool,
) -> Step {
    let row = active(run, task)?;
    let process = run.definition(row.instance)?.process.clone();
    if let Some(user_task) = user_task(&process.element(row.element).kind) {
        let mut scope = ExecutionScope {
            work: &mut run.work,
            execution: row.execution,
            task: None,
        };
        let zone = run.host.time_zone();
        let variables = form::submit(&user_task.form_properties, properties, &mut scope, zone)
            .map_err(|error| Refusal::FormInvalid(error.to_string()))?;
        run.work.set_variables(row.execution, variables);
    }
    match complete {
        true => complete_now(run, &row),
        false => Ok(()),
    }
}

fn user_task(kind: &Kind) -> Option<&UserTask> {
    if let Kind::UserTask(task) = kind {
        Some(task)
    } else {
        None
    }
}

/// Sets the assignee; when it is another one, the listeners hear of it.
pub(crate) fn change_assignee(run: &mut Run<'_>, task: u32, user: Option<String>) -> Step {
    if open(run, task)?.assignee == user {
        return Ok(());
    }
    run.work.change_task(task, TaskChange::Assignee(user));
    notify(run, task, TaskEvent::Assignment)
}

/// Adds a link that is not there yet.
pub(crate) fn add_link(run: &mut Run<'_>, task: u32, link: IdentityLink) {
    let known = run.work.rows().task(task);
    if known.is_some_and(|row| !row.links.contains(&link)) {
        run.work.change_task(task, TaskChange::LinkAdded(link));
    }
}

/// The task goes; a reason says that it was not completed.
pub(crate) fn finish(run: &mut Run<'_>, task: u32, reason: Option<&str>) -> Step {
    notify(run, task, TaskEvent::Delete)?;
    run.work.emit(Event::TaskFinished {
        task,
        at_ms: run.work.now_ms,
        reason: reason.map(str::to_owned),
    });
    Ok(())
}

/// Runs the task's listeners for an event.
pub(crate) fn notify(run: &mut Run<'_>, task: u32, event: TaskEvent) -> Step {
    let Some((instance, execution, element)) = run
        .work
        .rows()
        .task(task)
        .map(|row| (row.instance, row.execution, row.element))
    else {
        return Ok(());
    };
    let process = run.definition(instance)?.process.clone();
    let Some(user_task) = user_task(&process.element(element).kind) else {
        return Ok(());
    };
    for listener in &user_task.listeners {
        if listener.event == event || listener.event == TaskEvent::All {
            run.listen(&listener.action, event.name(), execution, Some(task))?;
        }
    }
    Ok(())
}
