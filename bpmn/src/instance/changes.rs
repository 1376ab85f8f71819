//! The rows that events touched, by number. Never: all rows when one changed, or a row twice.

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

/// Numbers of rows, as often as they were touched.
#[derive(Default)]
struct Touched {
    instances: Vec<u32>,
    tasks: Vec<u32>,
    timers: Vec<u32>,
    incidents: Vec<u32>,
    works: Vec<u32>,
}

impl Touched {
    fn note(&mut self, instance: &Instance, event: &Event) {
        match event {
            Event::InstanceStarted {
                instance: number, ..
            }
            | Event::InstanceEnded {
                instance: number, ..
            } => self.instances.push(*number),
            Event::InstanceSuspended { instance: number }
            | Event::InstanceActivated { instance: number } => {
                self.instances.push(*number);
                let rows = &instance.rows;
                let tasks = rows.tasks.iter().filter(|t| t.instance == *number);
                self.tasks.extend(tasks.map(|t| t.number));
                let timers = rows.timers.iter().filter(|t| t.instance == *number);
                self.timers.extend(timers.map(|t| t.number));
                let works = rows.works.iter().filter(|w| w.instance == *number);
                self.works.extend(works.map(|w| w.number));
            }
            Event::TaskCreated(task) => self.tasks.push(task.number),
            Event::TaskChanged { task, .. } | Event::TaskFinished { task, .. } => {
                self.tasks.push(*task);
            }
            Event::TimerScheduled(timer) => self.timers.push(timer.number),
            Event::TimerMoved { timer, .. } | Event::TimerRemoved { timer } => {
                self.timers.push(*timer);
            }
            Event::IncidentOpened(incident) => self.incidents.push(incident.number),
            Event::IncidentClosed { incident } => self.incidents.push(*incident),
            Event::WorkRequested(work) => self.works.push(work.number),
            Event::WorkHeld { work, .. } | Event::WorkRemoved { work } => self.works.push(*work),
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
        for number in once(self.instances) {
            changes.instances.extend(rows.instance(number).cloned());
        }
        for number in once(self.tasks) {
            match rows.task(number) {
                Some(task) => changes.tasks.push(task.clone()),
                None => changes.gone_tasks.push(number),
            }
        }
        for number in once(self.timers) {
            match rows.timer(number) {
                Some(timer) => changes.timers.push(timer.clone()),
                None => changes.gone_timers.push(number),
            }
        }
        for number in once(self.incidents) {
            match rows.incidents.iter().find(|i| i.number == number) {
                Some(incident) => changes.incidents.push(incident.clone()),
                None => changes.gone_incidents.push(number),
            }
        }
        for number in once(self.works) {
            match rows.work(number) {
                Some(work) => changes.works.push(work.clone()),
                None => changes.gone_works.push(number),
            }
        }
        changes
    }
}

/// Each number once, in order.
fn once(mut numbers: Vec<u32>) -> Vec<u32> {
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}
