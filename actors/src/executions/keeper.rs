//! The keeper: executions that are over, lines of logs and rows of the audit trail go into `history.db` in batches.
//!
//! Owns: what waits for it; that an execution leaves memory, and a robot is told that its lines are kept, only after the
//! commit; that a reader of a run's log may await the lines that have come. Never: drops a line that it was given.
//!
//! ```text
//!  publisher ── finished executions ──┐
//!  robots ── lines, who wants to know ┼▶ waiting ──batch──▶ history.db commit ──▶ out of memory · answers
//!  requests ── rows of the trail ─────┘
//! ```

use super::Cell;
use crate::{
    archive::{Archive, AuditRow, LogEntry},
    core::Core,
    engine::Engine,
    failure::Failure,
    publisher::{Change, Publication},
};
use codec::Tenant;
use parking_lot::{Condvar, Mutex};
use rpa::{Guid, execution::Execution};
use std::{
    collections::BTreeSet,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

/// Executions and lines in one transaction.
const BATCH: usize = 2_000;
/// What nobody waits for is gathered for one transaction: so much of it, or so long.
const MANY: usize = 500;
const GATHER: Duration = Duration::from_millis(100);
/// With nothing to do, the thread looks up after so long.
const IDLE: Duration = Duration::from_secs(5);
/// After a failure the next try waits so long.
const RETRY: Duration = Duration::from_secs(2);

/// Lines that have come are in the archive within this time, or whoever reads them comes again after so many seconds.
const LINES_WITHIN: Duration = Duration::from_secs(10);
const LINES_AGAIN_S: u32 = 5;

/// What is done when lines are kept.
pub type Kept = Box<dyn FnOnce() + Send>;

/// Lines, and who wants to know that they are kept.
struct Lines {
    tenant: Tenant,
    entries: Vec<LogEntry>,
    kept: Kept,
}

/// What waits.
#[derive(Default)]
pub struct Keeper {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

/// A row of the audit trail, and who wants to know that it is kept; without a row, that those before it are.
type Trail = (Option<AuditRow>, Option<Kept>);

/// What goes into one transaction.
#[derive(Default)]
struct Batch {
    executions: Vec<Arc<Cell>>,
    logs: Vec<Lines>,
    audit: Vec<Trail>,
}

impl Batch {
    fn is_empty(&self) -> bool {
        self.executions.is_empty() && self.logs.is_empty() && self.audit.is_empty()
    }

    /// Somebody waits for a part of it.
    fn is_awaited(&self) -> bool {
        !self.logs.is_empty() || self.audit.iter().any(|(_, kept)| kept.is_some())
    }

    /// It has gathered enough.
    fn is_large(&self) -> bool {
        self.executions.len() + self.audit.len() >= MANY
    }

    fn is_pressing(&self) -> bool {
        self.is_large() || self.is_awaited()
    }
}

#[derive(Default)]
struct Waiting {
    batch: Batch,
    /// Runs of which lines are in the transaction at hand.
    writing: BTreeSet<(Tenant, Guid)>,
    stop: bool,
    failure: Option<String>,
}

impl Waiting {
    /// Whether lines of a run have come and are not kept.
    fn has_lines_of(&self, tenant: Tenant, run: Guid) -> bool {
        let mut waiting = self.batch.logs.iter();
        self.writing.contains(&(tenant, run))
            || waiting.any(|lines| {
                let is_of_run = |line: &LogEntry| line.run == run;
                lines.tenant == tenant && lines.entries.first().is_some_and(is_of_run)
            })
    }
}

impl Keeper {
    /// Executions are over.
    pub fn put(&self, finished: Vec<Arc<Cell>>) {
        self.add(|batch| batch.executions.extend(finished));
    }

    /// Lines of one run's log have come; `kept` is called when they survive a crash.
    pub fn put_logs(&self, tenant: Tenant, entries: Vec<LogEntry>, kept: Kept) {
        let lines = Lines {
            tenant,
            entries,
            kept,
        };
        self.add(|batch| batch.logs.push(lines));
    }

    /// Calls `kept` when all lines of a run that have come are in the archive: at once, when they are.
    pub fn after_lines(&self, tenant: Tenant, run: Guid, kept: Kept) {
        if !self.waiting.lock().has_lines_of(tenant, run) {
            return kept();
        }
        // Lines are kept in the order in which they came, and this stands behind them.
        self.put_logs(tenant, Vec::new(), kept);
    }

    /// Calls `kept` when all rows of the trail that have come are in the archive.
    pub fn after_audit(&self, kept: Kept) {
        self.add(|batch| batch.audit.push((None, Some(kept))));
    }

    /// Adds to the audit trail; `kept` is called when the row survives a crash.
    pub fn put_audit(&self, row: AuditRow, kept: Kept) {
        self.add(|batch| batch.audit.push((Some(row), Some(kept))));
    }

    /// Adds to the audit trail what is durable elsewhere: nobody waits for it; what a crash takes is made again.
    pub fn note_audit(&self, rows: impl IntoIterator<Item = AuditRow>) {
        self.add(|batch| {
            batch
                .audit
                .extend(rows.into_iter().map(|row| (Some(row), None)))
        });
    }

    /// The thread is woken by the first of what gathers, and when it may gather no longer.
    fn add(&self, add: impl FnOnce(&mut Batch)) {
        let mut waiting = self.waiting.lock();
        let is_first = waiting.batch.is_empty();
        add(&mut waiting.batch);
        let is_pressing = waiting.batch.is_pressing();
        drop(waiting);
        if is_first || is_pressing {
            self.changed.notify_all();
        }
    }

    /// What waits: executions, batches of lines and rows of the trail.
    pub fn backlog(&self) -> usize {
        let batch = &self.waiting.lock().batch;
        batch.executions.len() + batch.logs.len() + batch.audit.len()
    }

    /// Why nothing could be kept, if it could not: shown in `/readyz`.
    pub fn failure(&self) -> Option<String> {
        self.waiting.lock().failure.clone()
    }

    /// Ends the thread after what waits, or at once when the archive fails.
    pub fn stop(&self) {
        self.waiting.lock().stop = true;
        self.changed.notify_all();
    }

    /// Starts the thread.
    pub fn start(core: Arc<Core>) -> std::io::Result<thread::JoinHandle<()>> {
        thread::Builder::new()
            .name("keeper".into())
            .spawn(move || core.keeper.run(&core))
    }

    fn run(&self, core: &Arc<Core>) {
        let mut gathered = Instant::now();
        while let Some(batch) = self.next(&mut gathered) {
            if batch.is_empty() {
                continue;
            }
            match write(&core.archiver.archive, &batch) {
                Ok(ids) => {
                    {
                        let mut waiting = self.waiting.lock();
                        waiting.failure = None;
                        waiting.writing.clear();
                    }
                    // Before their runs leave memory.
                    core.live.lines_kept(runs_of(&batch.logs));
                    core.queue.push_barrier(Publication {
                        change: Change::ExecutionsArchived(ids),
                        ..Publication::none()
                    });
                    for lines in batch.logs {
                        (lines.kept)();
                    }
                    for kept in batch.audit.into_iter().filter_map(|(_, kept)| kept) {
                        kept();
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "executions and logs could not be kept; it is tried again");
                    self.put_back(batch, error.to_string());
                }
            }
        }
    }

    /// The next batch; it may be empty. None: stop.
    fn next(&self, gathered: &mut Instant) -> Option<Batch> {
        let mut waiting = self.waiting.lock();
        if waiting.batch.is_empty() {
            if waiting.stop {
                return None;
            }
            self.changed.wait_for(&mut waiting, IDLE);
        }
        let gathering = match waiting.stop || waiting.batch.is_large() {
            true => Duration::ZERO,
            false => GATHER.saturating_sub(gathered.elapsed()),
        };
        if !gathering.is_zero() && !waiting.batch.is_awaited() {
            self.changed.wait_for(&mut waiting, gathering);
            return Some(Batch::default());
        }
        let batch = &mut waiting.batch;
        let mut taken = Batch {
            executions: Vec::new(),
            logs: first(&mut batch.logs),
            audit: first(&mut batch.audit),
        };
        if gathering.is_zero() {
            // An execution goes into the archive with the row that says who began it, or behind it.
            taken.audit.append(&mut batch.audit);
            taken.executions = first(&mut batch.executions);
            *gathered = Instant::now();
        }
        waiting.writing = runs_of(&taken.logs);
        Some(taken)
    }

    fn put_back(&self, batch: Batch, failure: String) {
        let mut waiting = self.waiting.lock();
        waiting.failure = Some(failure);
        waiting.writing.clear();
        if waiting.stop {
            // Executions are in the journal, robots send their lines again, and who waits for a row is told.
            waiting.batch = Batch::default();
            return;
        }
        waiting.batch.executions.splice(0..0, batch.executions);
        waiting.batch.logs.splice(0..0, batch.logs);
        waiting.batch.audit.splice(0..0, batch.audit);
        self.changed.wait_for(&mut waiting, RETRY);
    }
}

impl Engine {
    /// Waits until all lines that a robot has sent of a run can be read.
    pub async fn lines_kept(&self, tenant: Tenant, run: Guid) -> Result<(), Failure> {
        let (sender, receiver) = oneshot::channel();
        // Whoever waited may have given up.
        let kept = Box::new(move || sender.send(()).unwrap_or_default());
        self.keeper.after_lines(tenant, run, kept);
        match tokio::time::timeout(LINES_WITHIN, receiver).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Failure::Stopping),
            Err(_) => Err(Failure::Overloaded {
                retry_after_s: LINES_AGAIN_S,
            }),
        }
    }
}

fn first<T>(waiting: &mut Vec<T>) -> Vec<T> {
    let count = waiting.len().min(BATCH);
    waiting.drain(..count).collect()
}

/// Each run of which there are lines, once.
fn runs_of(logs: &[Lines]) -> BTreeSet<(Tenant, Guid)> {
    let lines = logs.iter().flat_map(|lines| {
        let entries = lines.entries.iter();
        entries.map(|line| (lines.tenant, line.run))
    });
    lines.collect()
}

/// Writes a batch; gives the executions that the archive holds now. One that has been set aside meanwhile is not among
/// them: it stays in memory.
fn write(archive: &Archive, batch: &Batch) -> crate::archive::Result<Vec<Guid>> {
    let states: Vec<_> = batch
        .executions
        .iter()
        .filter_map(|cell| cell.peek(Clone::clone))
        .collect();
    let lines: Vec<LogEntry> = batch
        .logs
        .iter()
        .flat_map(|lines| lines.entries.iter().cloned())
        .collect();
    let trail = batch.audit.iter().filter_map(|(row, _)| row.clone());
    let trail: Vec<AuditRow> = trail.collect();
    if !(states.is_empty() && lines.is_empty() && trail.is_empty()) {
        archive.keep(&states, &lines, &trail)?;
    }
    Ok(states.iter().map(Execution::id).collect())
}
