//! The archiver: what has ended goes into `history.db` in batches, and only then leaves memory.
//!
//! Owns: what waits for the archive, and that an instance is shown from exactly one side.
//! Never: lets what has ended leave the directory before its row is committed.
//!
//! ```text
//!  publisher ── ended roots, finished tasks ──▶ waiting ──batch──▶ history.db commit ──▶ "archived" ──▶ publisher: out of views
//!  readers: what waits is read here first, then the archive; an id seen twice counts once
//! ```

use crate::{
    archive::{self, Archive, ArchivedInstance, EndState},
    clock::real_ms,
    core::Core,
    entity::Live,
    publisher::{Change, Publication},
    slot::Slot,
    views::{Views, order_at},
};
use bpmn::{archive::EndedInstance, history, stored};
use codec::{DefinitionId, RootId, Tenant};
use parking_lot::{Condvar, Mutex};
use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// Instances in one transaction.
const BATCH: usize = 5_000;
/// A batch waits so long for company: fewer syncs beside the journal's.
const GATHER: Duration = Duration::from_millis(200);
/// With nothing to do, the thread looks up after so long.
const IDLE: Duration = Duration::from_secs(5);
/// How often old instances are deleted, and how many in one transaction.
const CLEAN_EVERY: Duration = Duration::from_secs(60);
const CLEAN_AT_ONCE: usize = 500;
/// After a failure the next try waits so long.
const RETRY: Duration = Duration::from_secs(2);

/// What waits, and the archive behind it.
pub struct Archiver {
    /// The archive, for readers.
    pub archive: Archive,
    waiting: Mutex<Waiting>,
    changed: Condvar,
    backlog: AtomicUsize,
}

#[derive(Default)]
struct Waiting {
    ended: VecDeque<Arc<Slot>>,
    tasks: VecDeque<archive::FinishedTask>,
    /// A batch is being written.
    writing: bool,
    /// Somebody waits: do not gather.
    hurry: bool,
    stop: bool,
    failure: Option<String>,
}

impl Archiver {
    /// Around an open archive.
    pub fn new(archive: Archive) -> Self {
        Archiver {
            archive,
            waiting: Mutex::new(Waiting::default()),
            changed: Condvar::new(),
            backlog: AtomicUsize::new(0),
        }
    }

    /// Ended roots are to be archived.
    pub fn put(&self, ended: Vec<Arc<Slot>>) {
        self.backlog.fetch_add(ended.len(), Ordering::Relaxed);
        let mut waiting = self.waiting.lock();
        let first = waiting.ended.is_empty();
        waiting.ended.extend(ended);
        drop(waiting);
        if first {
            self.changed.notify_all();
        }
    }

    /// A task was finished: it is listed among the completed ones from now on.
    pub fn note_finished(
        &self,
        core: &Core,
        views: &Views,
        (root, tenant): (RootId, Tenant),
        task: &history::FinishedTask,
    ) {
        let business_key = views
            .instance(tenant, root.child(task.task.instance))
            .and_then(|instance| instance.business_key().map(str::to_owned));
        // A task that recovery finds finished has no row any more: its time gives its place.
        let order = views
            .task(tenant, root.child(task.task.number))
            .map_or_else(|| order_at(task.task.created_ms), |task| task.order());
        let row = task_row(core, (root, tenant), task, order, business_key);
        self.waiting.lock().tasks.push_back(row);
    }

    /// Finished tasks that the archive does not hold yet.
    pub fn waiting_tasks(&self) -> Vec<archive::FinishedTask> {
        self.waiting.lock().tasks.iter().cloned().collect()
    }

    /// Ended roots that wait.
    pub fn backlog(&self) -> usize {
        self.backlog.load(Ordering::Relaxed)
    }

    /// Why the archive could not be written, if it could not: shown in `/readyz`.
    pub fn failure(&self) -> Option<String> {
        self.waiting.lock().failure.clone()
    }

    /// Waits until all that waits now is archived; gives up when the archive fails.
    pub fn flush(&self) {
        let mut waiting = self.waiting.lock();
        while !waiting.is_idle() && waiting.failure.is_none() && !waiting.stop {
            waiting.hurry = true;
            self.changed.notify_all();
            self.changed.wait(&mut waiting);
        }
    }

    /// Archives what waits and ends the thread.
    pub fn stop(&self) {
        self.flush();
        self.waiting.lock().stop = true;
        self.changed.notify_all();
    }

    /// Deletes the history of these definitions.
    pub async fn forget_definitions(self: &Arc<Self>, definitions: &[DefinitionId]) {
        let (archiver, definitions) = (Arc::clone(self), definitions.to_vec());
        let deleted = tokio::task::spawn_blocking(move || {
            archiver.flush();
            archiver.archive.delete_definitions(&definitions)
        })
        .await;
        if let Ok(Err(error)) = deleted {
            tracing::error!(%error, "the history of removed definitions could not be deleted");
        }
    }

    /// Starts the thread.
    pub fn start(core: Arc<Core>) -> std::io::Result<thread::JoinHandle<()>> {
        thread::Builder::new()
            .name("archiver".into())
            .spawn(move || core.archiver.run(&core))
    }

    fn run(&self, core: &Arc<Core>) {
        let mut cleaned = Instant::now();
        while let Some((ended, tasks)) = self.next() {
            if let Some(keep) = core.options.retention
                && cleaned.elapsed() >= CLEAN_EVERY
            {
                self.forget_old(keep);
                cleaned = Instant::now();
            }
            if ended.is_empty() && tasks == 0 {
                continue;
            }
            let result = self.write(core, &ended, tasks);
            let mut waiting = self.waiting.lock();
            waiting.writing = false;
            match result {
                Ok(written) => {
                    waiting.failure = None;
                    waiting.ended.drain(..ended.len());
                    waiting.tasks.drain(..tasks);
                    drop(waiting);
                    self.backlog.fetch_sub(ended.len(), Ordering::Relaxed);
                    if written > 0 {
                        core.queue.push_barrier(archived(&ended));
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "the archive could not be written; it is tried again");
                    waiting.failure = Some(error.to_string());
                    self.changed.notify_all();
                    self.changed.wait_for(&mut waiting, RETRY);
                }
            }
            self.changed.notify_all();
        }
    }

    /// Deletes what ended longer ago than it is kept. A pure function of age: what a recovery archives again goes again.
    fn forget_old(&self, keep: Duration) {
        let keep_ms = i64::try_from(keep.as_millis()).unwrap_or(i64::MAX);
        let before_ms = real_ms().saturating_sub(keep_ms);
        loop {
            match self.archive.delete_before(before_ms, CLEAN_AT_ONCE) {
                Ok(0) => return,
                Ok(count) => tracing::info!(count, "old instances deleted from the archive"),
                Err(error) => {
                    tracing::error!(%error, "old instances could not be deleted; it is tried again");
                    return;
                }
            }
        }
    }

    /// The next batch: ended roots, and how many finished tasks (nothing now and then); none: stop.
    fn next(&self) -> Option<(Vec<Arc<Slot>>, usize)> {
        let mut waiting = self.waiting.lock();
        loop {
            if waiting.stop {
                return None;
            }
            if waiting.is_empty() {
                waiting.hurry = false;
                if self.changed.wait_for(&mut waiting, IDLE).timed_out() {
                    return Some((Vec::new(), 0));
                }
                continue;
            }
            if waiting.ended.len() < BATCH && !waiting.hurry {
                self.changed.wait_for(&mut waiting, GATHER);
            }
            waiting.writing = true;
            let ended = waiting.ended.iter().take(BATCH).cloned().collect();
            return Some((ended, waiting.tasks.len()));
        }
    }

    fn write(&self, core: &Core, ended: &[Arc<Slot>], tasks: usize) -> archive::Result<usize> {
        let rows: Vec<archive::FinishedTask> = {
            let waiting = self.waiting.lock();
            waiting.tasks.iter().take(tasks).cloned().collect()
        };
        if !rows.is_empty() {
            self.archive.put_tasks(&rows)?;
        }
        let mut instances = Vec::with_capacity(ended.len());
        for slot in ended {
            match slot.ended(|live| archived_instances(core, slot, live)) {
                Some(rows) => instances.extend(rows),
                None => {
                    tracing::warn!(root = %slot.root, "an ended instance was taken before it was archived")
                }
            }
        }
        self.archive.put_batch(&instances)?;
        Ok(ended.len())
    }
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.ended.is_empty() && self.tasks.is_empty()
    }

    fn is_idle(&self) -> bool {
        self.is_empty() && !self.writing
    }
}

/// Tells the publisher that the archive holds these roots now.
fn archived(ended: &[Arc<Slot>]) -> Publication {
    Publication {
        sequence: 0,
        change: Change::Archived(ended.iter().map(|slot| slot.root).collect()),
        answer: None,
        cause: None,
    }
}

/// The rows of a root and all that it called.
fn archived_instances(core: &Core, slot: &Slot, live: &Live) -> Vec<ArchivedInstance> {
    let entries = match live.history() {
        Ok(entries) => entries,
        Err(error) => {
            tracing::error!(root = %slot.root, %error, "history could not be read; the instance is archived without it");
            live.instance.history().to_vec()
        }
    };
    let ended = bpmn::archive::ended_instances(&live.instance, &entries);
    ended
        .iter()
        .filter_map(|ended| archived_instance(core, slot, ended))
        .collect()
}

fn archived_instance(core: &Core, slot: &Slot, ended: &EndedInstance) -> Option<ArchivedInstance> {
    let row = &ended.row;
    let end = row.ended.as_ref()?;
    let published = core.catalog.get(row.definition);
    let (key, version) = published.as_ref().map_or((String::new(), 0), |p| {
        (p.definition.process.key.clone(), p.definition.version)
    });
    Some(ArchivedInstance {
        row: archive::InstanceRow {
            id: slot.root.child(row.number),
            tenant: slot.tenant,
            order: core
                .views
                .read()
                .instance(slot.tenant, slot.root.child(row.number))
                .map_or(0, |instance| instance.order()),
            definition: row.definition,
            key,
            version,
            business_key: row.business_key.clone(),
            name: row.name.clone(),
            started_ms: row.started_ms,
            ended_ms: end.ended_ms,
            state: if end.cancelled {
                EndState::Cancelled
            } else {
                EndState::Completed
            },
            start_user: row.start_user.clone(),
            super_instance: row.super_instance,
            end_activity: end.end_activity.clone(),
            delete_reason: end.delete_reason.clone(),
        },
        detail: stored::encode_ended(ended),
        tasks: Vec::new(),
    })
}

fn task_row(
    core: &Core,
    (root, tenant): (RootId, Tenant),
    finished: &history::FinishedTask,
    order: u64,
    business_key: Option<String>,
) -> archive::FinishedTask {
    let task = &finished.task;
    let published = core.catalog.get(task.definition);
    let (key, activity_id) = published.map_or((String::new(), String::new()), |p| {
        let process = &p.definition.process;
        let element = process.elements.get(task.element.0 as usize);
        (
            process.key.clone(),
            element.map_or(String::new(), |e| e.id.clone()),
        )
    });
    archive::FinishedTask {
        id: root.child(task.number),
        instance: task.instance,
        tenant,
        order,
        definition: task.definition,
        key,
        activity_id,
        execution: task.execution,
        name: task.name.clone(),
        description: task.description.clone(),
        assignee: task.assignee.clone(),
        owner: task.owner.clone(),
        delegation: task.delegation,
        priority: task.priority,
        due_ms: task.due_ms,
        category: task.category.clone(),
        form_key: task.form_key.clone(),
        parent_task: task.parent_task,
        business_key,
        created_ms: task.created_ms,
        claimed_ms: task.claimed_ms,
        ended_ms: finished.ended_ms,
        delete_reason: finished.delete_reason.clone(),
    }
}
