//! The rows that events touched. Never: all rows when one changed.

use super::Instance;
use super::event::Event;
use crate::rows::RowChanges;

pub(super) fn row_changes(instance: &Instance, events: &[Event]) -> RowChanges {
    let mut touched = Touched::default();
    for event in events {
        touched.note(instance, event);
    }
    touched.changes(instance)
}

/// Numbers of rows, each once, in order of the first time.
#[derive(Default)]
struct Touched {
    instances: Vec<u32>,
    tasks: Vec<u32>,
    timers: Vec<u32>,
    incidents: Vec<u32>,
}

impl Touched {
    fn note(&mut self, instance: &Instance, event: &Event) {
        match event {
            Event::InstanceStarted {
                instance: number, ..
            }
            | Event::InstanceEnded {
                instance: number, ..
            } => add(&mut self.instances, *number),
            Event::InstanceSuspended { instance: number }
            | Event::InstanceActivated { instance: number } => {
                add(&mut self.instances, *number);
                let rows = &instance.rows;
                for task in rows.tasks.iter().filter(|t| t.instance == *number) {
                    add(&mut self.tasks, task.number);
                }
                for timer in rows.timers.iter().filter(|t| t.instance == *number) {
                    add(&mut self.timers, timer.number);
                }
            }
            Event::TaskCreated(task) => add(&mut self.tasks, task.number),
            Event::TaskChanged { task, .. } | Event::TaskFinished { task, .. } => {
                add(&mut self.tasks, *task);
            }
            Event::TimerScheduled(timer) => add(&mut self.timers, timer.number),
            Event::TimerMoved { timer, .. } | Event::TimerRemoved { timer } => {
                add(&mut self.timers, *timer);
            }
            Event::IncidentOpened(incident) => add(&mut self.incidents, incident.number),
            Event::IncidentClosed { incident } => add(&mut self.incidents, *incident),
            Event::ExecutionCreated { .. }
            | Event::ExecutionMoved { .. }
            | Event::ExecutionFlagged { .. }
            | Event::ExecutionAdopted { .. }
            | Event::ExecutionRemoved { .. }
            | Event::FlowTaken { .. }
            | Event::ActivityStarted { .. }
            | Event::ActivityEnded { .. }
            | Event::VariableSet { .. }
            | Event::VariableRemoved { .. } => {}
        }
    }

    fn changes(self, instance: &Instance) -> RowChanges {
        let rows = &instance.rows;
        let mut changes = RowChanges::default();
        for number in self.instances {
            changes.instances.extend(rows.instance(number).cloned());
        }
        for number in self.tasks {
            match rows.task(number) {
                Some(task) => changes.tasks.push(task.clone()),
                None => changes.gone_tasks.push(number),
            }
        }
        for number in self.timers {
            match rows.timer(number) {
                Some(timer) => changes.timers.push(timer.clone()),
                None => changes.gone_timers.push(number),
            }
        }
        for number in self.incidents {
            match rows.incidents.iter().find(|i| i.number == number) {
                Some(incident) => changes.incidents.push(incident.clone()),
                None => changes.gone_incidents.push(number),
            }
        }
        changes
    }
}

fn add(numbers: &mut Vec<u32>, number: u32) {
    if !numbers.contains(&number) {
        numbers.push(number);
    }
}
