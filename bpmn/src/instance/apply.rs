//! Applying events: the only code that changes an instance.
//! Total: what an event names and is not there is ignored. Never: needs a definition, a host or the time.

use super::Instance;
use super::event::Event;

mod executions;
mod instances;
mod tasks;
mod variables;
mod waits;

pub(super) fn apply(instance: &mut Instance, event: &Event) {
    match event {
        Event::InstanceStarted { .. } => instances::started(instance, event),
        Event::InstanceEnded { .. } => instances::ended(instance, event),
        Event::InstanceSuspended { instance: number } => {
            instances::suspend(instance, *number, true);
        }
        Event::InstanceActivated { instance: number } => {
            instances::suspend(instance, *number, false);
        }
        Event::ExecutionCreated { .. } => executions::created(instance, event),
        Event::ExecutionMoved { execution, at } => {
            executions::change(instance, *execution, |e| e.at = Some(*at));
        }
        Event::ExecutionFlagged { execution, flags } => {
            executions::change(instance, *execution, |e| e.flags = *flags);
        }
        Event::ExecutionAdopted { execution, parent } => {
            executions::change(instance, *execution, |e| e.parent = Some(*parent));
        }
        Event::ExecutionRemoved { execution } => executions::remove(instance, *execution),
        Event::FlowTaken { .. } => executions::flow_taken(instance, event),
        Event::ActivityStarted { .. } => executions::activity_started(instance, event),
        Event::ActivityEnded { .. } => executions::activity_ended(instance, event),
        Event::VariableSet { scope, name, value } => {
            variables::set(instance, *scope, name, value);
        }
        Event::VariableRemoved { scope, name } => variables::remove(instance, *scope, name),
        Event::TaskCreated(task) => tasks::created(instance, task),
        Event::TaskChanged { task, change } => tasks::changed(instance, *task, change),
        Event::TaskFinished { .. } => tasks::finished(instance, event),
        Event::TimerScheduled(timer) => waits::timer_scheduled(instance, timer),
        Event::TimerMoved { .. } => waits::timer_moved(instance, event),
        Event::TimerRemoved { timer } => waits::timer_removed(instance, *timer),
        Event::IncidentOpened(incident) => waits::incident_opened(instance, incident),
        Event::IncidentClosed { incident } => waits::incident_closed(instance, *incident),
        Event::WorkRequested(work) => waits::work_requested(instance, work),
        Event::WorkHeld { work, held } => waits::work_held(instance, *work, *held),
        Event::WorkRemoved { work } => waits::work_removed(instance, *work),
    }
}

fn took_number(instance: &mut Instance, number: u32) {
    instance.core.last_number = instance.core.last_number.max(number);
}

/// Puts an item into a list by number; one with its number is replaced.
fn insert_by<T>(list: &mut Vec<T>, item: T, key: impl Fn(&T) -> u32) {
    match list.binary_search_by_key(&key(&item), &key) {
        Ok(index) => list[index] = item,
        Err(index) => {
            // Most instances have one of each: room for four would be most of their memory.
            if list.is_empty() {
                list.reserve_exact(1);
            }
            list.insert(index, item);
        }
    }
}

/// Takes the item with a number out of a list: cheap at its end.
fn remove_by<T>(list: &mut Vec<T>, number: u32, key: impl Fn(&T) -> u32) -> Option<T> {
    let index = list.binary_search_by_key(&number, key).ok()?;
    Some(list.remove(index))
}
