//! What the publisher calls: changes of a command, all rows of an entity at recovery, and the end of a root.
//! Never: called out of the journal's order for one root.

use super::Views;
use super::order::time_of;
use super::record::{InstanceExtra, InstanceRecord, Item, MAX_SLOTS};
use bpmn::{
    model::ElementIndex,
    rows::{IncidentKind, IncidentRow, InstanceRow, RowChanges, Rows, TaskRow},
};
use codec::{RootId, Tenant};

/// The number of the incident of a root that was set aside: no counter of an instance comes so far.
pub const QUARANTINE: u32 = u32::MAX;

/// Whether a row is created now, or was before a restart.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Creation {
    Now,
    Before,
}

impl Views {
    /// Applies what one durable record changed. For one root, in the order of its records.
    pub fn apply(&mut self, root: RootId, tenant: Tenant, sequence: u64, changes: &RowChanges) {
        self.sequence = self.sequence.max(sequence);
        let known = self.roots.find(root);
        // What changes in a root that is gone, and brings no instance, has nobody to belong to.
        if known.is_none() && changes.instances.is_empty() {
            return;
        }
        let slot = known.unwrap_or_else(|| self.roots.insert(root, tenant));
        let gone = [
            &changes.gone_tasks,
            &changes.gone_timers,
            &changes.gone_incidents,
        ];
        // From the end of the root's list, where removing is cheap.
        for number in gone.into_iter().flat_map(|gone| gone.iter().rev()) {
            self.remove_number(slot, *number);
        }
        self.put_created(slot, &changes.instances, &changes.tasks, Creation::Now);
        for row in &changes.timers {
            self.put_timer(slot, row);
        }
        for row in &changes.incidents {
            self.put_incident(slot, row, Creation::Now);
        }
    }

    /// Loads all rows of an entity, as recovery found it at this sequence; rows of the same root that were there go.
    /// Roots that started in the same millisecond keep their order when they are loaded in the order of their ids.
    pub fn load(&mut self, root: RootId, tenant: Tenant, sequence: u64, rows: &Rows) {
        self.remove(root);
        self.sequence = self.sequence.max(sequence);
        if rows.instances.is_empty() {
            return;
        }
        let slot = self.roots.insert(root, tenant);
        self.put_created(slot, &rows.instances, &rows.tasks, Creation::Before);
        for row in &rows.timers {
            self.put_timer(slot, row);
        }
        for row in &rows.incidents {
            self.put_incident(slot, row, Creation::Before);
        }
    }

    /// Instances and tasks by number: so the order of creation is the one that numbers give again after a restart.
    fn put_created<'a>(
        &mut self,
        slot: u32,
        instances: &[InstanceRow],
        tasks: impl IntoIterator<Item = &'a TaskRow>,
        creation: Creation,
    ) {
        let mut tasks = tasks.into_iter().peekable();
        for row in instances {
            while let Some(task) = tasks.next_if(|task| task.number < row.number) {
                self.put_task(slot, task, creation);
            }
            self.put_instance(slot, row, creation);
        }
        for row in tasks {
            self.put_task(slot, row, creation);
        }
    }

    /// A root was set aside: its timers will not fire, and an incident says so. It stands at no element.
    pub fn quarantine(&mut self, root: RootId, reason: &str, since_ms: i64) {
        let Some(slot) = self.roots.find(root) else {
            return;
        };
        let timers = self.roots[slot].items.iter().filter_map(|item| match item {
            Item::Timer(timer) => Some(self.timers[timer].number),
            Item::Instance(_) | Item::Task(_) | Item::Incident(_) => None,
        });
        for number in timers.collect::<Vec<_>>() {
            self.remove_number(slot, number);
        }
        let incident = IncidentRow {
            number: QUARANTINE,
            kind: IncidentKind::Quarantine,
            instance: 0,
            execution: 0,
            element: ElementIndex(u32::MAX),
            timer: None,
            message: reason.to_owned(),
            occurred_ms: since_ms,
            retries: 0,
        };
        self.put_incident(slot, &incident, Creation::Now);
    }

    /// Forgets a root: it is archived, or deleted.
    pub fn remove(&mut self, root: RootId) {
        let Some(slot) = self.roots.find(root) else {
            return;
        };
        let items: Vec<Item> = self.roots[slot].items.iter().collect();
        // Instances go last: the others look things up in theirs.
        for item in &items {
            if !matches!(item, Item::Instance(_)) {
                self.remove_item(*item);
            }
        }
        for item in &items {
            if matches!(item, Item::Instance(_)) {
                self.remove_item(*item);
            }
        }
        self.roots.remove(slot);
    }

    /// The slot of an instance of a root.
    pub(super) fn instance_slot(&self, root_slot: u32, number: u32) -> Option<u32> {
        match self.roots[root_slot].items.find(number)? {
            Item::Instance(slot) => Some(slot),
            Item::Task(_) | Item::Timer(_) | Item::Incident(_) => None,
        }
    }

    /// Notes a new item in its root.
    pub(super) fn add_item(&mut self, root_slot: u32, number: u32, item: Item) {
        let slot = match item {
            Item::Instance(slot) | Item::Task(slot) | Item::Timer(slot) | Item::Incident(slot) => {
                slot
            }
        };
        assert!(slot < MAX_SLOTS, "the views are full");
        if let Some(root) = self.roots.get_mut(root_slot) {
            root.items.insert(number, item);
        }
    }

    fn remove_number(&mut self, root_slot: u32, number: u32) {
        let root = self.roots.get_mut(root_slot);
        if let Some(item) = root.and_then(|root| root.items.remove(number)) {
            self.remove_item(item);
        }
    }

    fn remove_item(&mut self, item: Item) {
        match item {
            Item::Instance(slot) => {
                self.mark_instance(slot, false);
                let record = self.instances.remove(slot);
                let extra = record.and_then(|record| record.extra);
                if extra.is_some_and(|extra| extra.started_ms.is_some()) {
                    self.clock.count_skewed(false);
                }
            }
            Item::Task(slot) => {
                self.mark_task(slot, false);
                let record = self.tasks.remove(slot);
                let extra = record.and_then(|record| record.extra);
                if extra.is_some_and(|extra| extra.created_ms.is_some()) {
                    self.clock.count_skewed(false);
                }
            }
            Item::Timer(slot) => {
                self.mark_timer(slot, false);
                self.timers.remove(slot);
            }
            Item::Incident(slot) => {
                self.mark_incident(slot, false);
                self.incidents.remove(slot);
            }
        }
    }

    /// The order of a new row, and its time when the order does not say it.
    pub(super) fn order_row(
        &mut self,
        ms: i64,
        number: u32,
        creation: Creation,
    ) -> (u64, Option<i64>) {
        let order = match creation {
            Creation::Now => self.clock.next(ms, number),
            Creation::Before => self.clock.past(ms, number),
        };
        (order, (time_of(order) != ms).then_some(ms))
    }

    fn put_instance(&mut self, root_slot: u32, row: &InstanceRow, creation: Creation) {
        let tenant = self.tenant_of(root_slot);
        let definition = self.definitions.number(tenant, row.definition);
        match self.roots[root_slot].items.find(row.number) {
            Some(Item::Instance(slot)) => self.change_instance(slot, row, definition),
            // One counter numbers everything in a root.
            Some(Item::Task(_) | Item::Timer(_) | Item::Incident(_)) => {}
            None => {
                let (order, started_ms) = self.order_row(row.started_ms, row.number, creation);
                if started_ms.is_some() {
                    self.clock.count_skewed(true);
                }
                let slot = self.instances.insert(InstanceRecord {
                    order,
                    extra: instance_extra(row, started_ms),
                    root: root_slot,
                    number: row.number,
                    definition,
                    suspended: row.suspended,
                });
                self.add_item(root_slot, row.number, Item::Instance(slot));
                self.mark_instance(slot, true);
            }
        }
    }

    fn change_instance(&mut self, slot: u32, row: &InstanceRow, definition: u32) {
        let moved = self.instances[slot].definition != definition;
        if moved {
            self.mark_all_of(slot, false);
        }
        self.mark_instance(slot, false);
        if let Some(record) = self.instances.get_mut(slot) {
            let started_ms = record.extra.as_ref().and_then(|extra| extra.started_ms);
            record.extra = instance_extra(row, started_ms);
            record.definition = definition;
            record.suspended = row.suspended;
        }
        self.mark_instance(slot, true);
        if moved {
            self.mark_all_of(slot, true);
        }
    }

    /// Marks all that belongs to an instance: its definition's indexes change.
    fn mark_all_of(&mut self, instance: u32, present: bool) {
        let root = self.instances[instance].root;
        let items: Vec<Item> = self.roots[root].items.iter().collect();
        for item in items {
            match item {
                Item::Instance(_) => {}
                Item::Task(slot) if self.tasks[slot].instance == instance => {
                    self.mark_task(slot, present);
                }
                Item::Timer(slot) if self.timers[slot].instance == instance => {
                    self.mark_timer(slot, present);
                }
                Item::Incident(slot) if self.incidents[slot].instance == instance => {
                    self.mark_incident(slot, present);
                }
                Item::Task(_) | Item::Timer(_) | Item::Incident(_) => {}
            }
        }
    }
}

/// A box only for an instance that has something to put into it.
fn instance_extra(row: &InstanceRow, started_ms: Option<i64>) -> Option<Box<InstanceExtra>> {
    let boxed = |text: &Option<String>| text.as_deref().map(Box::from);
    let needed = started_ms.is_some()
        || row.business_key.is_some()
        || row.name.is_some()
        || row.start_user.is_some()
        || row.super_instance.is_some()
        || row.super_execution.is_some()
        || row.ended.is_some();
    needed.then(|| {
        Box::new(InstanceExtra {
            started_ms,
            business_key: boxed(&row.business_key),
            name: boxed(&row.name),
            start_user: boxed(&row.start_user),
            super_instance: row.super_instance,
            super_execution: row.super_execution,
            ended: row.ended.clone(),
        })
    })
}
