//! The keeper: executions that are over and lines of logs go into `history.db` in batches.
//!
//! Owns: what waits for it; that an execution leaves memory, and a robot is told that its lines are kept, only after the
//! commit. Never: drops a line that it was given.
//!
//! ```text
//!  publisher ── finished executions ──┐
//!  robots ── lines, who wants to know ┴▶ waiting ──batch──▶ history.db commit ──▶ out of memory · answers
//! ```

use super::Cell;
use crate::{
    archive::{Archive, LogEntry},
    core::Core,
    publisher::{Change, Publication},
};
use parking_lot::{Condvar, Mutex};
use std::{sync::Arc, thread, time::Duration};

/// Executions and lines in one transaction.
const BATCH: usize = 2_000;
/// With nothing to do, the thread looks up after so long.
const IDLE: Duration = Duration::from_secs(5);
/// After a failure the next try waits so long.
const RETRY: Duration = Duration::from_secs(2);

/// What is done when lines are kept.
pub type Kept = Box<dyn FnOnce() + Send>;

/// Lines, and who wants to know that they are kept.
type Lines = (Vec<LogEntry>, Kept);

/// What waits.
#[derive(Default)]
pub struct Keeper {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    executions: Vec<Arc<Cell>>,
    logs: Vec<Lines>,
    stop: bool,
    failure: Option<String>,
}

impl Keeper {
    /// Executions are over.
    pub fn put(&self, finished: Vec<Arc<Cell>>) {
        self.waiting.lock().executions.extend(finished);
        self.changed.notify_all();
    }

    /// Lines of a log have come; `kept` is called when they survive a crash.
    pub fn put_logs(&self, entries: Vec<LogEntry>, kept: Kept) {
        self.waiting.lock().logs.push((entries, kept));
        self.changed.notify_all();
    }

    /// What waits: executions and batches of lines.
    pub fn backlog(&self) -> usize {
        let waiting = self.waiting.lock();
        waiting.executions.len() + waiting.logs.len()
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
        while let Some((executions, logs)) = self.next() {
            if executions.is_empty() && logs.is_empty() {
                continue;
            }
            match write(&core.archiver.archive, &executions, &logs) {
                Ok(()) => {
                    self.waiting.lock().failure = None;
                    let ids = executions.iter().map(|cell| cell.id).collect();
                    core.queue.push_barrier(Publication {
                        change: Change::ExecutionsArchived(ids),
                        ..Publication::none()
                    });
                    for (_, kept) in logs {
                        kept();
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "executions and logs could not be kept; it is tried again");
                    self.put_back(executions, logs, error.to_string());
                }
            }
        }
    }

    fn next(&self) -> Option<(Vec<Arc<Cell>>, Vec<Lines>)> {
        let mut waiting = self.waiting.lock();
        if waiting.executions.is_empty() && waiting.logs.is_empty() {
            if waiting.stop {
                return None;
            }
            self.changed.wait_for(&mut waiting, IDLE);
        }
        let executions = waiting.executions.len().min(BATCH);
        let executions = waiting.executions.drain(..executions).collect();
        let logs = waiting.logs.len().min(BATCH);
        let logs = waiting.logs.drain(..logs).collect();
        Some((executions, logs))
    }

    fn put_back(&self, executions: Vec<Arc<Cell>>, logs: Vec<Lines>, failure: String) {
        let mut waiting = self.waiting.lock();
        waiting.failure = Some(failure);
        if waiting.stop {
            // Executions are in the journal, and robots send their lines again.
            waiting.executions.clear();
            waiting.logs.clear();
            return;
        }
        waiting.executions.splice(0..0, executions);
        waiting.logs.splice(0..0, logs);
        self.changed.wait_for(&mut waiting, RETRY);
    }
}

fn write(
    archive: &Archive,
    executions: &[Arc<Cell>],
    logs: &[Lines],
) -> crate::archive::Result<()> {
    let states: Vec<_> = executions
        .iter()
        .filter_map(|cell| cell.peek(Clone::clone))
        .collect();
    if !states.is_empty() {
        archive.put_executions(&states)?;
    }
    let lines: Vec<LogEntry> = logs
        .iter()
        .flat_map(|(lines, _)| lines.iter().cloned())
        .collect();
    if !lines.is_empty() {
        archive.put_logs(&lines)?;
    }
    Ok(())
}
