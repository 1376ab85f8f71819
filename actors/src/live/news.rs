//! What one batch of the publisher changed, as ids; looked up before the views take it over, where it is gone afterwards.
//! Never: copies a row that is still there when the hub looks, or looks anything up that nobody follows.

use super::{
    Key, Topic,
    entry::{Last, LastTask, Note, What},
    followed::Followed,
};
use crate::{
    definitions::{Catalog, Published, Shown},
    jobs::JobViews,
    queues::QueueChange,
    views::{QUARANTINE, Views},
};
use bpmn::rows::{InstanceRow, RowChanges};
use codec::{DefinitionId, RootId, Tenant};
use rpa::{
    execution::rows::Rows,
    registry::{Event, Kind, State},
};
use std::{collections::BTreeSet, sync::Arc};

/// Notes of one batch.
pub struct News<'f> {
    followed: &'f Followed,
    wanted: u32,
    notes: Vec<Note>,
}

impl<'f> News<'f> {
    pub(super) fn new(followed: &'f Followed, wanted: u32) -> Self {
        News {
            followed,
            wanted,
            notes: Vec::new(),
        }
    }

    pub(super) fn into_notes(self) -> Vec<Note> {
        self.notes
    }

    fn wants(&self, topic: Topic) -> bool {
        self.wanted & topic.bit() != 0
    }

    /// Whether anybody would hear of a change of this part.
    fn wants_part(&self, topic: Topic, tenant: Tenant, part: u128) -> bool {
        self.wants(topic) && self.followed.has(topic, tenant, part)
    }

    fn note(&mut self, key: Key, what: What) {
        if self.wants_part(key.topic, key.tenant, key.scope) {
            self.notes.push(Note { key, what });
        }
    }

    pub(super) fn changed(&mut self, key: Key) {
        self.note(key, What::Changed);
    }

    fn put(&mut self, key: Key, known: bool) {
        let what = if known { What::Changed } else { What::Created };
        self.note(key, what);
    }

    /// Rows of a root are about to change.
    pub fn instance(
        &mut self,
        catalog: &Catalog,
        views: &Views,
        (root, tenant): (RootId, Tenant),
        rows: &RowChanges,
    ) {
        if self.wanted == 0 {
            return;
        }
        // Nobody follows a part of them.
        let counts = self.wants_part(Topic::Definitions, tenant, 0);
        if counts || self.wants_part(Topic::Instances, tenant, root.0) {
            for row in &rows.instances {
                self.instance_row(catalog, views, (root, tenant), row);
            }
        }
        if self.wants_part(Topic::Tasks, tenant, root.0) {
            for row in &rows.tasks {
                let id = root.child(row.number);
                let known = views.task(tenant, id).is_some();
                self.put(Key::of_id(Topic::Tasks, tenant, id), known);
            }
            for number in &rows.gone_tasks {
                self.task_gone(catalog, views, (root, tenant), *number);
            }
        }
        if counts || self.wants_part(Topic::Incidents, tenant, root.0) {
            self.incidents(catalog, views, (root, tenant), rows);
        }
        let whole = root.instance();
        self.changed(Key::of_id(Topic::Activities, tenant, whole));
    }

    fn incidents(
        &mut self,
        catalog: &Catalog,
        views: &Views,
        (root, tenant): (RootId, Tenant),
        rows: &RowChanges,
    ) {
        for row in &rows.incidents {
            let id = root.child(row.number);
            let known = views.incident(tenant, id).is_some();
            self.put(Key::of_id(Topic::Incidents, tenant, id), known);
            let instance = views.instance(tenant, root.child(row.instance));
            let new = || rows.instances.iter().find(|i| i.number == row.instance);
            let definition = match instance {
                Some(instance) => Some(instance.definition()),
                None => new().map(|row| row.definition),
            };
            if let Some(definition) = definition {
                self.changed(Key::of_definition(tenant, definition));
            }
        }
        for number in &rows.gone_incidents {
            self.incident_gone(catalog, views, (root, tenant), *number);
        }
    }

    fn instance_row(
        &mut self,
        catalog: &Catalog,
        views: &Views,
        (root, tenant): (RootId, Tenant),
        row: &InstanceRow,
    ) {
        let id = root.child(row.number);
        let key = Key::of_id(Topic::Instances, tenant, id);
        let known = views.instance(tenant, id).is_some();
        if row.ended.is_some() {
            if self.wants_part(Topic::Instances, tenant, root.0)
                && let Some(published) = catalog.get(row.definition)
            {
                let last = Last::Instance(Box::new(row.clone()), published);
                self.note(key, What::Gone(last));
            }
        } else {
            self.put(key, known);
        }
        if !known || row.ended.is_some() {
            self.changed(Key::of_definition(tenant, row.definition));
        }
    }

    fn task_gone(
        &mut self,
        catalog: &Catalog,
        views: &Views,
        (root, tenant): (RootId, Tenant),
        number: u32,
    ) {
        let id = root.child(number);
        if let Some(task) = views.task(tenant, id)
            && let Some(definition) = catalog.get(task.definition())
        {
            let last = LastTask {
                instance: task.instance().id(),
                definition,
                assignee: task.assignee().map(str::to_owned),
                links: task.links().to_vec(),
            };
            let key = Key::of_id(Topic::Tasks, tenant, id);
            self.note(key, What::Gone(Last::Task(Box::new(last))));
        }
    }

    fn incident_gone(
        &mut self,
        catalog: &Catalog,
        views: &Views,
        (root, tenant): (RootId, Tenant),
        number: u32,
    ) {
        let id = root.child(number);
        if let Some(incident) = views.incident(tenant, id)
            && let Some(published) = catalog.get(incident.instance().definition())
        {
            let instance = incident.instance();
            let last = Last::Incident(instance.id(), published, incident.kind());
            self.note(Key::of_id(Topic::Incidents, tenant, id), What::Gone(last));
            self.changed(Key::of_definition(tenant, instance.definition()));
        }
    }

    /// An instance was set aside: an incident says so.
    pub fn quarantined(&mut self, views: &Views, root: RootId, tenant: Tenant) {
        let id = root.child(QUARANTINE);
        self.put(Key::of_id(Topic::Incidents, tenant, id), false);
        if let Some(instance) = views.instance(tenant, root.instance()) {
            self.changed(Key::of_definition(tenant, instance.definition()));
        }
    }

    /// Definitions have come, gone or changed.
    pub fn definitions(&mut self, catalog: &Catalog, shown: &Shown) {
        if !self.wants(Topic::Definitions) {
            return;
        }
        for published in &shown.gone {
            self.definition_gone(published);
        }
        let new: BTreeSet<DefinitionId> = shown.new.iter().map(|one| one.definition.id).collect();
        for number in &shown.touched {
            let id = DefinitionId(*number);
            let Some(published) = catalog.get(id) else {
                continue;
            };
            if published.leaving {
                self.definition_gone(&published);
            } else {
                let key = Key::of_definition(published.definition.tenant, id);
                self.put(key, !new.contains(&id));
            }
        }
    }

    fn definition_gone(&mut self, published: &Arc<Published>) {
        let definition = &published.definition;
        let key = Key::of_definition(definition.tenant, definition.id);
        self.note(key, What::Gone(Last::Definition(Arc::clone(published))));
    }

    /// What is configured for robots is about to change.
    pub fn registry(&mut self, before: &State, events: &[Event]) {
        if !self.wants(Topic::Robots) && !self.wants(Topic::Groups) {
            return;
        }
        for event in events {
            match event {
                Event::RobotSaved(robot) => {
                    let known = before.robot_connecting(robot.id).is_some();
                    let key = Key::of_guid(Topic::Robots, robot.meta.tenant, robot.id);
                    self.put(key, known);
                }
                Event::GroupSaved(group) => {
                    let tenant = group.meta.tenant;
                    let old = before.group(tenant, group.id);
                    let key = Key::of_guid(Topic::Groups, tenant, group.id);
                    self.put(key, old.is_some());
                    self.members(tenant, group.robots.iter().copied());
                    let before = old.into_iter().flat_map(|old| old.robots.iter());
                    self.members(tenant, before.copied());
                }
                Event::Removed { kind, id } => {
                    let topic = match kind {
                        Kind::Robot => Topic::Robots,
                        Kind::Group => Topic::Groups,
                        _ => continue,
                    };
                    if let Some(meta) = before.placed(*kind, *id) {
                        let key = Key::of_guid(topic, meta.tenant, *id);
                        self.note(key, What::Gone(Last::Placed(meta.department)));
                        if let Some(group) = before.group(meta.tenant, *id) {
                            self.members(group.meta.tenant, group.robots.iter().copied());
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// Robots are shown with the groups that they are in.
    fn members(&mut self, tenant: Tenant, robots: impl IntoIterator<Item = rpa::Guid>) {
        for robot in robots {
            self.changed(Key::of_guid(Topic::Robots, tenant, robot));
        }
    }

    /// A task queue has changed.
    pub(super) fn queue(&mut self, change: &QueueChange) {
        let key = Key::of_guid(Topic::TaskQueues, change.cell.tenant, change.cell.id);
        if change.deleted {
            let last = change.department.map(Last::Placed);
            self.note(key, last.map_or(What::Changed, What::Gone));
        } else {
            self.put(key, !change.created);
        }
    }

    /// Rows of an execution have changed, or are about to.
    pub(super) fn rows(&mut self, jobs: &JobViews, rows: &Rows) {
        for job in &rows.jobs {
            let known = jobs.job(job.id).is_some();
            self.put(Key::of_guid(Topic::Jobs, job.tenant, job.id), known);
        }
        for run in &rows.runs {
            let known = jobs.run(run.id).is_some();
            self.put(Key::of_run(run.tenant, run.job, run.id), known);
            if !run.robot.is_nil() {
                self.changed(Key::of_guid(Topic::Robots, run.tenant, run.robot));
            }
        }
    }
}
