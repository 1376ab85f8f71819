//! What stands still: timers, incidents, and work that someone else does.
//! Never: fires or tries anything.

use super::super::Instance;
use super::super::event::Event;
use super::{insert_by, remove_by, took_number};
use crate::rows::{IncidentRow, TimerRow, WorkRow};

pub(super) fn timer_scheduled(instance: &mut Instance, timer: &TimerRow) {
    took_number(instance, timer.number);
    insert_by(&mut instance.rows.timers, timer.clone(), |t| t.number);
}

pub(super) fn timer_moved(instance: &mut Instance, event: &Event) {
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

pub(super) fn timer_removed(instance: &mut Instance, timer: u32) {
    remove_by(&mut instance.rows.timers, timer, |t| t.number);
}

pub(super) fn incident_opened(instance: &mut Instance, incident: &IncidentRow) {
    took_number(instance, incident.number);
    insert_by(&mut instance.rows.incidents, incident.clone(), |i| i.number);
}

pub(super) fn incident_closed(instance: &mut Instance, incident: u32) {
    remove_by(&mut instance.rows.incidents, incident, |i| i.number);
}

pub(super) fn work_requested(instance: &mut Instance, work: &WorkRow) {
    insert_by(&mut instance.rows.works, work.clone(), |w| w.number);
}

pub(super) fn work_held(instance: &mut Instance, work: u32, held: bool) {
    let works = &mut instance.rows.works;
    if let Ok(index) = works.binary_search_by_key(&work, |w| w.number) {
        works[index].held = held;
    }
}

pub(super) fn work_removed(instance: &mut Instance, work: u32) {
    remove_by(&mut instance.rows.works, work, |w| w.number);
}
