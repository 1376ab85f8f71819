//! The publisher: what is durable becomes visible, in journal order; then effects are released, then answers.
//!
//! Owns: the order views → effects → answers. Never: decides, or shows what is not durable.

use crate::{
    cause::Cause,
    commit::Batch,
    core::Core,
    definitions::{CatalogChange, Published},
    executions::{self, ExecutionChange},
    live::News,
    message::{Answer, Remembered},
    queues::QueueChange,
    slot::Slot,
    views::Views,
};
use bpmn::rows::RowChanges;
use std::sync::Arc;

/// What follows from one record, or an answer that waits for those before it.
pub struct Publication {
    /// The record's sequence; 0 without a record.
    pub sequence: u64,
    /// What becomes visible.
    pub change: Change,
    /// Who waits.
    pub answer: Option<Answer>,
    /// What set it off; dropped when published.
    pub cause: Option<Cause>,
}

/// What becomes visible.
pub enum Change {
    /// Nothing: an answer that waited.
    None,
    /// Rows of an instance.
    Instance(Box<InstanceChange>),
    /// Definitions.
    Catalog(Box<CatalogChange>),
    /// Identities and tokens.
    Organisation(Vec<org::Event>),
    /// What is configured for robots.
    Registry(Vec<rpa::registry::Event>),
    /// Rows of an execution, and what is to be sent for it.
    Execution(Box<ExecutionChange>),
    /// A task queue, and what its messages start.
    Queue(Box<QueueChange>),
    /// Executions that the archive holds now.
    ExecutionsArchived(Vec<rpa::Guid>),
    /// An answer that is given again.
    Remembered(Box<Remembered>),
    /// Roots that the archive holds now.
    Archived(Vec<codec::RootId>),
    /// Where the manual clock stands.
    Clock(i64),
    /// An instance that was set aside.
    Quarantined(Box<Quarantined>),
}

/// An instance that could not be rebuilt.
pub struct Quarantined {
    /// Which.
    pub root: codec::RootId,
    /// Why.
    pub reason: String,
    /// When, in milliseconds since 1970.
    pub since_ms: i64,
}

/// Rows of an instance that changed.
pub struct InstanceChange {
    /// The instance.
    pub slot: Arc<Slot>,
    /// Its changed rows.
    pub rows: RowChanges,
    /// A request whose answer is remembered.
    pub remembered: Option<Remembered>,
    /// Tasks that were finished.
    pub finished: Vec<bpmn::history::FinishedTask>,
    /// The root ended: the archive is to take it.
    pub ended: bool,
}

impl Publication {
    /// An answer that waits for what was decided before it.
    pub fn barrier(answer: Answer) -> Self {
        Publication {
            answer: Some(answer),
            ..Publication::none()
        }
    }

    /// Nothing behind no record, to be filled in.
    pub fn none() -> Self {
        Publication {
            sequence: 0,
            change: Change::None,
            answer: None,
            cause: None,
        }
    }
}

/// Publishes a batch; called by the journal's writer, between two syncs.
pub fn publish(core: &Arc<Core>, batch: Batch) {
    let mut leaving = Vec::with_capacity(batch.publications.len());
    let mut ended = Vec::new();
    let mut timers_changed = false;
    let mut changed_executions = Vec::new();
    let mut changed_queues = Vec::new();
    {
        let mut views = core.views.write();
        // Asked while the views are held: who begins to follow later finds in them what is not told here.
        let mut news = core.live.news();
        for publication in batch.publications {
            match publication.change {
                Change::Instance(change) => {
                    timers_changed |= !change.rows.timers.is_empty();
                    let slot = &change.slot;
                    let of = (slot.root, slot.tenant);
                    news.instance(&core.catalog, &views, of, &change.rows);
                    ended.extend(show_instance(
                        core,
                        &mut views,
                        publication.sequence,
                        *change,
                    ));
                }
                Change::Catalog(change) => {
                    timers_changed = true;
                    show_definitions(core, &mut views, &mut news, *change);
                }
                Change::None => {}
                Change::Organisation(events) => {
                    core.organisation.publish(&events);
                    core.live.people_changed(&events);
                }
                Change::Registry(events) => {
                    // A schedule may be due earlier.
                    timers_changed = true;
                    core.registry.look(|state| news.registry(state, &events));
                    core.registry.publish(&events);
                    core.robots.registry_changed(core, &events);
                }
                Change::Execution(change) => changed_executions.push(*change),
                Change::Queue(change) => changed_queues.push(*change),
                Change::ExecutionsArchived(ids) => executions::archived(core, &ids),
                Change::Remembered(remembered) => core.idempotency.settle(*remembered),
                Change::Archived(roots) => {
                    for root in roots {
                        views.remove(root);
                        core.directory.remove(root);
                    }
                }
                Change::Clock(now_ms) => {
                    core.clock.set(now_ms);
                }
                Change::Quarantined(it) => {
                    views.quarantine(it.root, &it.reason, it.since_ms);
                    let slot = core.directory.get(it.root);
                    if let Some(slot) = slot {
                        news.quarantined(&views, it.root, slot.tenant);
                    }
                }
            }
            leaving.push((publication.answer, publication.cause));
        }
        core.live.tell(news);
    }
    if !changed_executions.is_empty() {
        executions::publish(core, changed_executions);
    }
    for change in changed_queues {
        core.queues.publish(&change);
        core.live.queue_changed(&change);
    }
    core.queue.set_published(batch.durable);
    if !ended.is_empty() {
        core.archiver.put(ended);
    }
    if timers_changed {
        core.timers.look_again();
    }
    for (answer, cause) in leaving {
        if let Some(answer) = answer {
            answer();
        }
        drop(cause);
    }
}

/// Shows an instance's rows; gives its slot when it ended.
fn show_instance(
    core: &Core,
    views: &mut Views,
    sequence: u64,
    change: InstanceChange,
) -> Option<Arc<Slot>> {
    let (root, tenant) = (change.slot.root, change.slot.tenant);
    for task in change.finished {
        core.archiver
            .note_finished(core, views, (root, tenant), task);
    }
    views.apply(root, tenant, sequence, &change.rows);
    core.bridge.publish(root, tenant, &change.rows);
    if let Some(remembered) = change.remembered {
        core.idempotency.settle(remembered);
    }
    change.ended.then_some(change.slot)
}

fn show_definitions(core: &Core, views: &mut Views, news: &mut News<'_>, change: CatalogChange) {
    let shown = core.catalog.publish(change);
    news.definitions(&core.catalog, &shown);
    for published in shown.gone {
        views.undefine(published.definition.tenant, published.definition.id);
    }
    define(views, shown.new);
}

/// The views know every definition before its first row.
pub fn define(views: &mut Views, definitions: Vec<Arc<Published>>) {
    for published in definitions {
        let definition = &published.definition;
        let process = Arc::clone(&definition.process);
        views.define(
            definition.tenant,
            definition.id,
            definition.version,
            process,
        );
    }
}
