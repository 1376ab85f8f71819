//! User tasks.
//! Never: runs their listeners; deciding did.

use super::super::Instance;
use super::super::event::{Event, TaskChange};
use super::super::state::Core;
use super::{took_number, variables};
use crate::history::{Entry, FinishedTask};
use crate::rows::TaskRow;

pub(super) fn created(instance: &mut Instance, task: &TaskRow) {
    took_number(instance, task.number);
    note_assignee(&instance.core, &mut instance.history, task);
    let tasks = &mut instance.rows.tasks;
    match tasks.binary_search_by_key(&task.number, |t| t.number) {
        Ok(index) => tasks[index] = task.clone(),
        Err(index) => {
            if tasks.is_empty() {
                tasks.reserve_exact(1);
            }
            tasks.insert(index, task.clone());
        }
    }
}

fn note_assignee(core: &Core, history: &mut Vec<Entry>, task: &TaskRow) {
    let activity = core.open_activity(task.execution, task.element);
    if let Some(activity) = activity.map(|a| a.number) {
        history.push(Entry::ActivityTask {
            activity,
            task: task.number,
            assignee: task.assignee.clone(),
        });
    }
}

pub(super) fn changed(instance: &mut Instance, number: u32, change: &TaskChange) {
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
        note_assignee(&instance.core, &mut instance.history, task);
    }
}

pub(super) fn finished(instance: &mut Instance, event: &Event) {
    let Event::TaskFinished {
        task: number,
        at_ms,
        reason,
    } = event
    else {
        return;
    };
    let tasks = &mut instance.rows.tasks;
    let found = tasks.binary_search_by_key(number, |t| t.number);
    if let Some(task) = found.ok().and_then(|index| tasks.remove(index)) {
        variables::drop_all(instance, task.instance, *number, true);
        let finished = FinishedTask {
            task,
            ended_ms: *at_ms,
            delete_reason: reason.clone(),
        };
        instance
            .history
            .push(Entry::TaskFinished(Box::new(finished)));
    }
}
