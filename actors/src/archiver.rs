//! The archiver: what has ended goes into `history.db` in batches, and only then leaves memory.
//!
//! Owns: what waits for the archive, and that an instance is shown from exactly one side.
//! Never: lets what has ended leave the directory before its row is committed.
//!
//! ```text
//!  publisher ── ended roots, finished tasks ──▶ waiting ──batch──▶ history.db commit ──▶ "archived" ──▶ publisher: out of views,
//!                                                                └────── moving: in both ──────┘      a few at a time
//!  lists: what waits is read here first, then the archive; an id seen twice is shown once
//!  counts: while nothing is moving
//! ```

use crate::{
    archive::{self, Archive},
    clock::real_ms,
    commit::CommitQueue,
    core::Core,
    publisher::{Change, Publication},
    slot::{Ended, Slot},
    views::{Views, order_at},
};
use bpmn::history;
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
use tokio::sync::{OwnedRwLockWriteGuard, RwLock, RwLockReadGuard};

mod rows;

/// Instances in one transaction.
const BATCH: usize = 5_000;
/// A batch waits so long for company: fewer syncs beside the journal's.
const GATHER: Duration = Duration::from_millis(200);
/// With nothing to do, the thread looks up after so long.
const IDLE: Duration = Duration::from_secs(5);
/// How often old instances are deleted, and how many in one transaction.
const CLEAN_EVERY: Duration = Duration::from_secs(60);
const CLEAN_AT_ONCE: usize = 500;
/// An ended instance that a host has at the moment is looked at again after so long.
const LENT: Duration = Duration::from_millis(1);
/// After a failure the next try waits so long.
const RETRY: Duration = Duration::from_secs(2);

/// Archived roots leave memory so many at a time: answers pass in between.
const LEAVE_AT_ONCE: usize = 128;

/// An ended root behind its number in the order of ends.
type Numbered = (u64, Arc<Slot>);

/// What goes into one transaction.
struct Batch {
    ended: Vec<Numbered>,
    tasks: Arc<Vec<archive::FinishedTask>>,
}

/// What waits, and the archive behind it.
pub struct Archiver {
    /// The archive, for readers.
    pub archive: Archive,
    waiting: Mutex<Waiting>,
    changed: Condvar,
    /// Held to write from a commit until what it has is out of memory; held to read while both sides are counted.
    moving: Arc<RwLock<()>>,
    ended_backlog: AtomicUsize,
    task_backlog: AtomicUsize,
    /// The revision that the archive once had, when the start found it to be lower.
    owed_revision: u64,
}

#[derive(Default)]
struct Waiting {
    /// Each behind its number, in order.
    ended: VecDeque<Numbered>,
    ended_put: u64,
    tasks: Vec<archive::FinishedTask>,
    /// Those of them that are being written, until they are committed.
    writing: Arc<Vec<archive::FinishedTask>>,
    tasks_put: u64,
    tasks_done: u64,
    /// Batches that were committed, and those of them that are out of memory.
    batches_written: u64,
    batches_left: u64,
    /// Somebody waits: do not gather.
    hurry: bool,
    stop: bool,
    failure: Option<String>,
}

impl Archiver {
    /// Around an open archive; what it has lost of `owed_revision` waits to be archived again.
    pub fn new(archive: Archive, owed_revision: u64) -> Self {
        Archiver {
            archive,
            waiting: Mutex::new(Waiting::default()),
            changed: Condvar::new(),
            moving: Arc::default(),
            ended_backlog: AtomicUsize::new(0),
            task_backlog: AtomicUsize::new(0),
            owed_revision,
        }
    }

    /// Ended roots are to be archived.
    pub fn put(&self, ended: Vec<Arc<Slot>>) {
        self.ended_backlog.fetch_add(ended.len(), Ordering::Relaxed);
        let mut waiting = self.waiting.lock();
        let first = waiting.ended.is_empty();
        for slot in ended {
            let number = waiting.ended_put;
            waiting.ended_put += 1;
            waiting.ended.push_back((number, slot));
        }
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
        task: history::FinishedTask,
    ) {
        let business_key = views
            .instance(tenant, root.child(task.task.instance))
            .and_then(|instance| instance.business_key().map(str::to_owned));
        // A task that recovery finds finished has no row any more: its time and its number give its place.
        let order = views
            .task(tenant, root.child(task.task.number))
            .map_or_else(
                || order_at(task.task.created_ms, task.task.number),
                |task| task.order(),
            );
        let row = rows::of_task(core, (root, tenant), task, order, business_key);
        self.task_backlog.fetch_add(1, Ordering::Relaxed);
        let mut waiting = self.waiting.lock();
        waiting.tasks_put += 1;
        waiting.tasks.push(row);
    }

    /// Those finished tasks that the archive may not hold yet and that are wanted.
    pub fn waiting_tasks(
        &self,
        wanted: impl Fn(&archive::FinishedTask) -> bool,
    ) -> Vec<archive::FinishedTask> {
        let waiting = self.waiting.lock();
        let tasks = waiting.writing.iter().chain(&waiting.tasks);
        tasks.filter(|task| wanted(task)).cloned().collect()
    }

    /// While it is held nothing moves: what has ended is in memory or in the archive, not in both. Blocks; call it where
    /// blocking is allowed.
    pub fn still(&self) -> RwLockReadGuard<'_, ()> {
        self.moving.blocking_read()
    }

    /// What waits: ended roots or finished tasks, whichever are more.
    pub fn backlog(&self) -> usize {
        let ended = self.ended_backlog.load(Ordering::Relaxed);
        ended.max(self.task_backlog.load(Ordering::Relaxed))
    }

    /// Why the archive could not be written, if it could not: shown in `/readyz`.
    pub fn failure(&self) -> Option<String> {
        self.waiting.lock().failure.clone()
    }

    /// Waits until all that waits now is archived and out of memory, whatever comes meanwhile; gives up when the archive fails.
    pub fn flush(&self) {
        let mut waiting = self.waiting.lock();
        let (ended, tasks) = (waiting.ended_put, waiting.tasks_put);
        while !waiting.is_done(ended, tasks) && waiting.failure.is_none() && !waiting.stop {
            waiting.hurry = true;
            self.changed.notify_all();
            self.changed.wait(&mut waiting);
        }
        let written = waiting.batches_written;
        while waiting.batches_left < written && !waiting.stop {
            self.changed.wait(&mut waiting);
        }
    }

    /// After a flush: the archive's revision, which is at least what it once was.
    pub fn settle(&self) -> archive::Result<u64> {
        self.archive.advance(self.owed_revision)
    }

    /// Archives what waits and ends the thread.
    pub fn stop(&self) {
        self.flush();
        self.waiting.lock().stop = true;
        self.changed.notify_all();
        if let Err(error) = self.archive.settle() {
            tracing::warn!(%error, "history.db and its write-ahead log belong together");
        }
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
        while let Some(batch) = self.next() {
            if let Some(keep) = core.options.retention
                && cleaned.elapsed() >= CLEAN_EVERY
            {
                self.forget_old(keep);
                cleaned = Instant::now();
            }
            if batch.ended.is_empty() && batch.tasks.is_empty() {
                continue;
            }
            match self.write(core, &batch) {
                Ok(written) => {
                    let lent = !written.lent.is_empty();
                    self.written(&batch, written.lent);
                    core.archiver
                        .leave(&core.queue, written.archived, written.moving);
                    if lent {
                        self.changed.wait_for(&mut self.waiting.lock(), LENT);
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "the archive could not be written; it is tried again");
                    let mut waiting = self.waiting.lock();
                    waiting.failure = Some(error.to_string());
                    self.changed.notify_all();
                    self.changed.wait_for(&mut waiting, RETRY);
                }
            }
            self.changed.notify_all();
        }
    }

    /// A batch is committed: it no longer waits, but for those that a host had.
    fn written(&self, batch: &Batch, lent: Vec<Numbered>) {
        let Batch { ended, tasks } = batch;
        self.ended_backlog
            .fetch_sub(ended.len() - lent.len(), Ordering::Relaxed);
        self.task_backlog.fetch_sub(tasks.len(), Ordering::Relaxed);
        let mut waiting = self.waiting.lock();
        waiting.failure = None;
        waiting.ended.drain(..ended.len());
        waiting.writing = Arc::default();
        waiting.tasks_done += tasks.len() as u64;
        waiting.batches_written += 1;
        for entry in lent.into_iter().rev() {
            waiting.ended.push_front(entry);
        }
    }

    /// Tells the publisher that the archive holds these roots now: a few behind what it publishes meanwhile, then the next.
    /// Once the last are out of the views nothing moves any more.
    fn leave(
        self: &Arc<Self>,
        queue: &Arc<CommitQueue>,
        mut roots: Vec<RootId>,
        moving: OwnedRwLockWriteGuard<()>,
    ) {
        let few = roots.split_off(roots.len().saturating_sub(LEAVE_AT_ONCE));
        if few.is_empty() {
            // Counted before the next batch can be written.
            let mut waiting = self.waiting.lock();
            waiting.batches_left += 1;
            drop(moving);
            drop(waiting);
            self.changed.notify_all();
            return;
        }
        let (archiver, then) = (Arc::clone(self), Arc::clone(queue));
        queue.push_barrier(Publication {
            change: Change::Archived(few),
            answer: Some(Box::new(move || archiver.leave(&then, roots, moving))),
            ..Publication::none()
        });
    }

    /// Deletes what ended longer ago than it is kept. A pure function of age: what a recovery archives again goes again.
    fn forget_old(&self, keep: Duration) {
        let keep_ms = i64::try_from(keep.as_millis()).unwrap_or(i64::MAX);
        let before_ms = real_ms().saturating_sub(keep_ms);
        let once = || -> archive::Result<usize> {
            let instances = self.archive.delete_before(before_ms, CLEAN_AT_ONCE)?;
            let groups = self
                .archive
                .delete_executions_before(before_ms, CLEAN_AT_ONCE)?;
            if instances + groups > 0 {
                tracing::info!(instances, groups, "old history deleted");
            }
            Ok(instances + groups)
        };
        loop {
            match once() {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(%error, "old history could not be deleted; it is tried again");
                    return;
                }
            }
        }
    }

    /// The next batch, now and then an empty one; none: stop.
    fn next(&self) -> Option<Batch> {
        let mut waiting = self.waiting.lock();
        loop {
            if waiting.stop {
                return None;
            }
            if waiting.is_empty() {
                waiting.hurry = false;
                if self.changed.wait_for(&mut waiting, IDLE).timed_out() {
                    return Some(waiting.take());
                }
                continue;
            }
            if waiting.ended.len() < BATCH && !waiting.hurry {
                self.changed.wait_for(&mut waiting, GATHER);
            }
            return Some(waiting.take());
        }
    }

    /// Rows are made while they are written, so that none lies about meanwhile.
    fn write(&self, core: &Core, batch: &Batch) -> archive::Result<Written> {
        let (mut archived, mut lent) = (Vec::with_capacity(batch.ended.len()), Vec::new());
        let rows_of = |(number, slot): &Numbered| {
            let rows = match slot.ended(|bytes| rows::of_root(core, slot, bytes)) {
                Ended::Yes(Ok(rows)) => rows,
                Ended::Yes(Err(error)) => {
                    tracing::error!(root = %slot.root, %error, "an ended instance cannot be read: it is not archived");
                    return Vec::new();
                }
                Ended::Lent => {
                    lent.push((*number, Arc::clone(slot)));
                    return Vec::new();
                }
                Ended::No => {
                    tracing::error!(root = %slot.root, "an ended instance is quarantined: it is not archived");
                    return Vec::new();
                }
            };
            archived.push(slot.root);
            rows
        };
        let moving = core
            .runtime
            .block_on(Arc::clone(&self.moving).write_owned());
        let instances = batch.ended.iter().flat_map(rows_of);
        self.archive.put(&batch.tasks, instances)?;
        Ok(Written {
            archived,
            lent,
            moving,
        })
    }
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.ended.is_empty() && self.tasks.is_empty() && self.writing.is_empty()
    }

    /// What is to be written now. All tasks are: those of a root are never behind it, as a start looks for none of a root that
    /// the archive has.
    fn take(&mut self) -> Batch {
        if self.writing.is_empty() {
            let room = Vec::with_capacity(self.tasks.len());
            self.writing = Arc::new(std::mem::replace(&mut self.tasks, room));
        } else {
            // A transaction has failed.
            Arc::make_mut(&mut self.writing).append(&mut self.tasks);
        }
        Batch {
            ended: self.ended.iter().take(BATCH).cloned().collect(),
            tasks: Arc::clone(&self.writing),
        }
    }

    /// Whether what was put before these counts is archived.
    fn is_done(&self, ended: u64, tasks: u64) -> bool {
        let first = self.ended.front().map(|(number, _)| *number);
        first.is_none_or(|number| number >= ended) && self.tasks_done >= tasks
    }
}

/// What became of a batch of ended roots.
struct Written {
    archived: Vec<RootId>,
    /// A host had them: somebody reads them just now.
    lent: Vec<Numbered>,
    /// Held until what was archived is out of memory.
    moving: OwnedRwLockWriteGuard<()>,
}

#[cfg(test)]
mod tests;
