//! The start, end and suspension of instances.
//! Never: decides what ends with one; those events came before.

use super::super::Instance;
use super::super::event::Event;
use super::super::state::Execution;
use super::{executions, insert_by, took_number};
use crate::history::Entry;
use crate::rows::{Ended, InstanceRow};

pub(super) fn started(instance: &mut Instance, event: &Event) {
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

pub(super) fn ended(instance: &mut Instance, event: &Event) {
    let Event::InstanceEnded {
        instance: number,
        at_ms,
        end_activity,
        delete_reason,
        cancelled,
    } = event
    else {
        return;
    };
    // The executions of an instance come behind its number;
    let executions = &instance.core.executions;
    let first = executions.partition_point(|e| e.number < *number);
    let left: Vec<u32> = executions[first..]
        .iter()
        .filter(|e| e.instance == *number)
        .map(|e| e.number)
        .collect();
    for execution in left {
        executions::remove(instance, execution);
    }
    if let Some(row) = instance.rows.instance_mut(*number) {
        row.ended = Some(Ended {
            ended_ms: *at_ms,
            end_activity: end_activity.clone(),
            delete_reason: delete_reason.clone(),
            cancelled: *cancelled,
        });
        row.suspended = false;
    }
}

pub(super) fn suspend(instance: &mut Instance, number: u32, suspended: bool) {
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
    for work in rows.works.iter_mut().filter(|w| w.instance == number) {
        work.suspended = suspended;
    }
}
