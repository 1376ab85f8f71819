//! Rows become records, and records come into the indexes and go from them.
//! Never: marks only a part: whatever put a record into an index takes it out by the same lines.

use super::Views;
use super::apply::Creation;
use super::order::{Dated, Stamp, sortable};
use super::people::People;
use super::record::{IncidentRecord, Item, NOBODY, Name, TaskExtra, TaskRecord, TimerRecord};
use bpmn::rows::{Identity, IdentityLink, IncidentRow, TaskRow, TimerRow};
use codec::Tenant;

impl Views {
    pub(super) fn put_task(&mut self, root_slot: u32, row: &TaskRow, creation: Creation) {
        let Some(instance) = self.instance_slot(root_slot, row.instance) else {
            return;
        };
        let known = match self.roots[root_slot].items.find(row.number) {
            Some(Item::Task(slot)) => Some(slot),
            Some(Item::Instance(_) | Item::Timer(_) | Item::Incident(_)) => return,
            None => None,
        };
        let (order, created_ms) = match known {
            Some(slot) => {
                self.mark_task(slot, false);
                let task = &self.tasks[slot];
                (task.order, task.extra.as_ref().and_then(|e| e.created_ms))
            }
            None => {
                let (order, created_ms) = self.order_row(row.created_ms, row.number, creation);
                if created_ms.is_some() {
                    self.clock.count_skewed(true);
                }
                (order, created_ms)
            }
        };
        let record = self.task_record(root_slot, instance, row, order, created_ms);
        let slot = match known {
            Some(slot) => {
                if let Some(task) = self.tasks.get_mut(slot) {
                    *task = record;
                }
                slot
            }
            None => {
                let slot = self.tasks.insert(record);
                self.add_item(root_slot, row.number, Item::Task(slot));
                slot
            }
        };
        self.mark_task(slot, true);
    }

    fn task_record(
        &mut self,
        root: u32,
        instance: u32,
        row: &TaskRow,
        order: u64,
        created_ms: Option<i64>,
    ) -> TaskRecord {
        let tenant = self.tenant_of(root);
        let mut user = |name: &Option<String>| {
            let name = name.as_deref();
            name.map_or(NOBODY, |name| self.people.user(tenant, name))
        };
        let assignee = user(&row.assignee);
        let owner = user(&row.owner);
        let definition = self.instances[instance].definition;
        let element = self.definitions.get(definition).element(row.element);
        let name = match &row.name {
            name if *name == element.and_then(|element| element.name.clone()) => Name::OfElement,
            Some(name) => Name::Own(name.as_str().into()),
            None => Name::Absent,
        };
        TaskRecord {
            order,
            extra: task_extra(row, created_ms, name, owner),
            root,
            number: row.number,
            instance,
            element: row.element,
            execution: row.execution,
            assignee,
            priority: row.priority,
            suspended: row.suspended,
        }
    }

    pub(super) fn put_timer(&mut self, root_slot: u32, row: &TimerRow) {
        let Some(instance) = self.instance_slot(root_slot, row.instance) else {
            return;
        };
        let record = TimerRecord {
            due_ms: row.due_ms,
            root: root_slot,
            number: row.number,
            instance,
            execution: row.execution,
            element: row.element,
            retries_left: row.retries_left,
            suspended: row.suspended,
            repeat: row.repeat.clone().map(Box::new),
            last_error: row.last_error.as_deref().map(Box::from),
        };
        let slot = match self.roots[root_slot].items.find(row.number) {
            Some(Item::Timer(slot)) => {
                self.mark_timer(slot, false);
                if let Some(timer) = self.timers.get_mut(slot) {
                    *timer = record;
                }
                slot
            }
            Some(Item::Instance(_) | Item::Task(_) | Item::Incident(_)) => return,
            None => {
                let slot = self.timers.insert(record);
                self.add_item(root_slot, row.number, Item::Timer(slot));
                slot
            }
        };
        self.mark_timer(slot, true);
    }

    pub(super) fn put_incident(&mut self, root_slot: u32, row: &IncidentRow, creation: Creation) {
        let Some(instance) = self.instance_slot(root_slot, row.instance) else {
            return;
        };
        let known = match self.roots[root_slot].items.find(row.number) {
            Some(Item::Incident(slot)) => Some(slot),
            Some(Item::Instance(_) | Item::Task(_) | Item::Timer(_)) => return,
            None => None,
        };
        let order = match known {
            Some(slot) => self.incidents[slot].order,
            None => self.order_row(row.occurred_ms, row.number, creation).0,
        };
        let record = IncidentRecord {
            order,
            root: root_slot,
            number: row.number,
            instance,
            execution: row.execution,
            element: row.element,
            timer: row.timer,
            kind: row.kind,
            retries: row.retries,
            occurred_ms: row.occurred_ms,
            message: row.message.as_str().into(),
        };
        let slot = match known {
            Some(slot) => {
                self.mark_incident(slot, false);
                if let Some(incident) = self.incidents.get_mut(slot) {
                    *incident = record;
                }
                slot
            }
            None => {
                let slot = self.incidents.insert(record);
                self.add_item(root_slot, row.number, Item::Incident(slot));
                slot
            }
        };
        self.mark_incident(slot, true);
    }

    pub(super) fn mark_instance(&mut self, slot: u32, present: bool) {
        let record = &self.instances[slot];
        let stamp = Stamp::new(record.order, slot);
        let tenant = self.roots[record.root].tenant;
        let extra = record.extra.as_deref();
        let indexes = self.tenants.entry(tenant).or_default();
        let definition = self.definitions.get_mut(record.definition);
        if extra.is_some_and(|extra| extra.ended.is_some()) {
            indexes.ended.set(stamp, present);
            definition.ended.set(stamp, present);
        } else {
            indexes.running.set(stamp, present);
            definition.running.set(stamp, present);
            if record.suspended {
                adjust(&mut indexes.suspended, present);
                adjust(&mut definition.suspended, present);
            }
        }
        let Some(key) = extra.and_then(|extra| extra.business_key.as_deref()) else {
            return;
        };
        let hash = self.business_key_hash(tenant, key);
        let keys = self.business_keys.of_mut(hash);
        let set = keys.entry(hash).or_default();
        set.set(stamp, present);
        if set.is_empty() {
            keys.remove(&hash);
        }
    }

    pub(super) fn mark_task(&mut self, slot: u32, present: bool) {
        let task = &self.tasks[slot];
        let stamp = Stamp::new(task.order, slot);
        let tenant = self.roots[task.root].tenant;
        let definition = self.instances[task.instance].definition;
        let indexes = self.tenants.entry(tenant).or_default();
        self.definitions
            .get_mut(definition)
            .tasks
            .set(stamp, present);
        indexes.tasks.set(stamp, present);
        if task.assignee == NOBODY {
            indexes.unassigned.set(stamp, present);
        } else {
            self.people.assigned_mut(task.assignee).set(stamp, present);
        }
        let Some(extra) = task.extra.as_deref() else {
            return;
        };
        if let Some(due_ms) = extra.due_ms {
            let dated = Dated {
                due: sortable(due_ms),
                order: task.order,
                number: 0,
                slot,
            };
            indexes.due_tasks.set(dated, present);
        }
        if extra.owner != NOBODY {
            let owned = &mut self.people.linked_mut(extra.owner).owned;
            owned.set(stamp, present);
        }
        let claimable = task.assignee == NOBODY;
        for link in &extra.links {
            mark_link(&mut self.people, tenant, link, claimable, stamp, present);
        }
    }

    /// The place of a timer in the order of due times.
    pub(super) fn timer_key(&self, slot: u32) -> Dated {
        let timer = &self.timers[slot];
        Dated {
            due: sortable(timer.due_ms),
            order: self.instances[timer.instance].order,
            number: timer.number,
            slot,
        }
    }

    pub(super) fn mark_timer(&mut self, slot: u32, present: bool) {
        let timer = &self.timers[slot];
        let tenant = self.roots[timer.root].tenant;
        let instance = &self.instances[timer.instance];
        let dated = self.timer_key(slot);
        if timer.fires() {
            self.firing.set(dated, present);
        }
        let indexes = self.tenants.entry(tenant).or_default();
        indexes.timers.set(dated, present);
        let definition = self.definitions.get_mut(instance.definition);
        adjust(&mut definition.timers, present);
    }

    pub(super) fn mark_incident(&mut self, slot: u32, present: bool) {
        let incident = &self.incidents[slot];
        let tenant = self.roots[incident.root].tenant;
        let definition = self.instances[incident.instance].definition;
        let indexes = self.tenants.entry(tenant).or_default();
        let stamp = Stamp::new(incident.order, slot);
        indexes.incidents.set(stamp, present);
        adjust(&mut self.definitions.get_mut(definition).incidents, present);
    }
}

fn adjust(count: &mut usize, present: bool) {
    if present {
        *count += 1;
    } else {
        *count -= 1;
    }
}

fn mark_link(
    people: &mut People,
    tenant: Tenant,
    link: &IdentityLink,
    claimable: bool,
    stamp: Stamp,
    present: bool,
) {
    let candidate = claimable && link.link_type == IdentityLink::CANDIDATE;
    match &link.who {
        Identity::User(name) => {
            let user = people.user(tenant, name);
            let linked = people.linked_mut(user);
            linked.any.set(stamp, present);
            if candidate {
                linked.candidate.set(stamp, present);
            }
        }
        Identity::Group(name) if candidate => {
            let tasks = people.candidate_group_mut(tenant, name);
            tasks.set(stamp, present);
        }
        Identity::Group(_) => {}
    }
}

/// A box only for a task that has something to put into it.
fn task_extra(
    row: &TaskRow,
    created_ms: Option<i64>,
    name: Name,
    owner: u32,
) -> Option<Box<TaskExtra>> {
    let boxed = |text: &Option<String>| text.as_deref().map(Box::from);
    let needed = created_ms.is_some()
        || name != Name::OfElement
        || owner != NOBODY
        || row.description.is_some()
        || row.delegation.is_some()
        || row.due_ms.is_some()
        || row.category.is_some()
        || row.form_key.is_some()
        || row.claimed_ms.is_some()
        || !row.links.is_empty()
        || row.parent_task.is_some();
    needed.then(|| {
        Box::new(TaskExtra {
            created_ms,
            name,
            description: boxed(&row.description),
            owner,
            delegation: row.delegation,
            due_ms: row.due_ms,
            category: boxed(&row.category),
            form_key: boxed(&row.form_key),
            claimed_ms: row.claimed_ms,
            links: row.links.clone().into(),
            parent_task: row.parent_task,
        })
    })
}
