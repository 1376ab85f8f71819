//! The views and the naive model side by side, and random changes to both.

use super::super::Views;
use super::model::{Model, Root};
use super::{incident_row, instance_row, process, task_row, timer_row};
use bpmn::rows::{Ended, IdentityLink, IncidentKind, RowChanges, Rows, TaskRow};
use codec::{DefinitionId, RootId, Tenant};

pub const TENANTS: u32 = 2;
const NAMES: [&str; 4] = ["ann", "bob", "cem", "dee"];

/// Takes choices out of a random number; small numbers choose the first.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: u64) -> u64 {
        let rolled = self.0 % sides;
        self.0 = (self.0 / sides).rotate_left(13) ^ (self.0 >> 7);
        rolled
    }

    pub fn one_in(&mut self, sides: u64) -> bool {
        self.roll(sides) == sides - 1
    }

    pub fn name(&mut self) -> String {
        NAMES[self.roll(NAMES.len() as u64) as usize].to_owned()
    }

    pub fn names(&mut self) -> Vec<String> {
        (0..self.roll(2) + 1).map(|_| self.name()).collect()
    }

    fn maybe_name(&mut self) -> Option<String> {
        (!self.one_in(2)).then(|| self.name())
    }

    fn pick<T: Clone>(&mut self, list: &[T]) -> Option<T> {
        let index = self.roll(list.len().max(1) as u64) as usize;
        list.get(index).cloned()
    }
}

pub struct Pair {
    pub views: Views,
    pub model: Model,
    born: usize,
    sequence: u64,
}

impl Pair {
    pub fn new() -> Self {
        let mut views = Views::new();
        let mut model = Model::default();
        for id in 1..=3 {
            let key = if id == 3 { "second" } else { "first" };
            for tenant in 0..TENANTS {
                views.define(Tenant(tenant), DefinitionId(id), id as u32, process(key));
            }
            model.keys.insert(DefinitionId(id), key.to_owned());
        }
        Pair {
            views,
            model,
            born: 0,
            sequence: 0,
        }
    }

    pub fn step(&mut self, seed: u64) {
        let dice = &mut Dice(seed);
        match dice.roll(10) {
            0..=2 => self.start(dice),
            3..=7 => self.change(dice),
            8 => self.remove(dice),
            _ => self.end_instance(dice),
        }
    }

    fn start(&mut self, dice: &mut Dice) {
        let root = Root {
            id: RootId(u128::from(self.sequence) << 64 | u128::from(dice.roll(1 << 20))),
            tenant: Tenant(dice.roll(u64::from(TENANTS)) as u32),
            rows: Rows::default(),
            born: Default::default(),
        };
        self.model.roots.push(root);
        let mut row = instance_row(0, dice.roll(3) + 1, dice.roll(50) as i64);
        row.business_key = dice.maybe_name();
        let mut changes = RowChanges {
            instances: vec![row],
            ..RowChanges::default()
        };
        for number in 0..dice.roll(4) as u32 {
            changes.tasks.push(random_task(dice, 10 + number, 0));
        }
        let index = self.model.roots.len() - 1;
        self.apply(index, changes);
    }

    /// New rows, changed rows and gone rows of a root that is there.
    fn change(&mut self, dice: &mut Dice) {
        let Some(index) = self.random_root(dice) else {
            return;
        };
        let root = &self.model.roots[index];
        let rows = &root.rows;
        let tasks: Vec<TaskRow> = rows.tasks.iter().cloned().collect();
        let next = 20 + self.born as u32;
        let instance = dice.pick(&rows.instances).map_or(0, |row| row.number);
        let mut changes = RowChanges::default();
        match dice.roll(8) {
            0 => changes.tasks.push(random_task(dice, next, instance)),
            1 => changes.tasks.extend(dice.pick(&tasks).map(|task| {
                let created_ms = task.created_ms;
                let mut changed = random_task(dice, task.number, task.instance);
                changed.created_ms = created_ms;
                changed
            })),
            2 => changes
                .gone_tasks
                .extend(dice.pick(&tasks).map(|row| row.number)),
            3 => {
                let kinds = [IncidentKind::Timer, IncidentKind::Async, IncidentKind::Rpa];
                let kind = kinds[dice.roll(3) as usize];
                let occurred_ms = dice.roll(50) as i64;
                changes
                    .incidents
                    .push(incident_row(next, instance, kind, occurred_ms));
                changes
                    .gone_incidents
                    .extend(dice.pick(&rows.incidents).map(|row| row.number));
            }
            4 => {
                let number = dice.pick(&rows.timers).map_or(next, |row| row.number);
                let same = rows.timers.iter().find(|row| row.number == number);
                let instance = same.map_or(instance, |row| row.instance);
                let mut timer = timer_row(number, instance, dice.roll(20) as i64);
                timer.suspended = dice.one_in(4);
                timer.retries_left = dice.roll(3) as u32;
                changes.timers.push(timer);
                if dice.one_in(2) {
                    changes
                        .timers
                        .push(timer_row(next + 1, instance, dice.roll(20) as i64));
                }
            }
            5 => changes
                .gone_timers
                .extend(dice.pick(&rows.timers).map(|row| row.number)),
            6 => {
                let mut called = instance_row(next, dice.roll(3) + 1, dice.roll(50) as i64);
                called.super_instance = Some(instance);
                changes.instances.push(called);
            }
            _ => changes
                .instances
                .extend(dice.pick(&rows.instances).map(|mut row| {
                    row.suspended = !row.suspended;
                    row.definition = DefinitionId(dice.roll(3) + 1);
                    row.business_key = dice.maybe_name();
                    row
                })),
        }
        self.apply(index, changes);
    }

    fn end_instance(&mut self, dice: &mut Dice) {
        let Some(index) = self.random_root(dice) else {
            return;
        };
        let Some(mut row) = dice.pick(&self.model.roots[index].rows.instances) else {
            return;
        };
        row.ended = Some(Ended {
            ended_ms: 99,
            end_activity: None,
            delete_reason: None,
            cancelled: dice.one_in(2),
        });
        let changes = RowChanges {
            instances: vec![row],
            ..RowChanges::default()
        };
        self.apply(index, changes);
    }

    fn remove(&mut self, dice: &mut Dice) {
        if let Some(index) = self.random_root(dice) {
            let root = self.model.roots.remove(index);
            self.views.remove(root.id);
        }
    }

    fn random_root(&self, dice: &mut Dice) -> Option<usize> {
        let count = self.model.roots.len();
        (count > 0).then(|| dice.roll(count as u64) as usize)
    }

    fn apply(&mut self, index: usize, changes: RowChanges) {
        self.sequence += 1;
        let root = &mut self.model.roots[index];
        self.views
            .apply(root.id, root.tenant, self.sequence, &changes);
        let rows = &mut root.rows;
        rows.tasks
            .retain(|row| !changes.gone_tasks.contains(&row.number));
        rows.timers
            .retain(|row| !changes.gone_timers.contains(&row.number));
        rows.incidents
            .retain(|row| !changes.gone_incidents.contains(&row.number));
        let mut come = |number: u32| {
            self.born += 1;
            root.born.entry(number).or_insert(self.born);
        };
        macro_rules! put {
            ($list:ident) => {
                for row in changes.$list {
                    come(row.number);
                    rows.$list.retain(|other| other.number != row.number);
                    rows.$list.extend([row]);
                }
            };
        }
        put!(instances);
        put!(tasks);
        put!(timers);
        put!(incidents);
    }
}

fn random_task(dice: &mut Dice, number: u32, instance: u32) -> TaskRow {
    let activity = if dice.one_in(2) { "check" } else { "approve" };
    let mut task = task_row(number, instance, activity, dice.roll(50) as i64);
    task.assignee = dice.maybe_name();
    task.priority = [50, 50, 10, 90][dice.roll(4) as usize];
    if dice.one_in(3) {
        task.due_ms = Some(dice.roll(20) as i64);
        task.owner = dice.maybe_name();
        task.name = dice.maybe_name();
        task.suspended = dice.one_in(2);
    }
    for _ in 0..dice.roll(4) {
        let name = dice.name();
        task.links.push(match dice.roll(3) {
            0 => IdentityLink::candidate_user(name),
            1 => IdentityLink::candidate_group(name),
            _ => IdentityLink {
                link_type: "participant".to_owned(),
                ..IdentityLink::candidate_user(name)
            },
        });
    }
    task
}
