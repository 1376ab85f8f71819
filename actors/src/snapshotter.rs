//! Who is saved when: complete snapshots while writes go on, each entity as of its own last record.
//!
//! Owns: when a snapshot is taken, and that the journal is trimmed only behind two of them.
//! Never: stops writes; renames a snapshot into place before the journal is durable up to what is in it.
//!
//! ```text
//!  journal grew by max(256 MiB, last snapshot) · 10 minutes after a change · it holds more than its limit
//!   └▶ flush the archive ─▶ begin(durable + 1) ─▶ definitions, identities, clock, answers, every slot
//!        ─▶ the audit trail is kept ─▶ finish ─▶ prune ─▶ trim ─▶ sweep
//! ```

use crate::{
    core::Core,
    definitions,
    message::Message,
    record::{self, kind},
};
use parking_lot::{Condvar, Mutex};
use snapshots::{EntityRef, Handle, SnapshotError, SnapshotInfo, SnapshotStore, SnapshotWriter};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

/// How often it is looked whether a snapshot is due.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// After a failure the next try waits so long.
const RETRY_AFTER: Duration = Duration::from_secs(10);
/// The trail has so long to be written.
const TRAIL_WITHIN: Duration = Duration::from_secs(10);
/// Snapshots that are kept.
const KEEP: usize = 2;

/// Takes snapshots.
pub struct Snapshotter {
    store: Box<dyn SnapshotStore>,
    journal: Handle,
    control: Arc<Control>,
}

/// The way to a running snapshotter.
#[derive(Default)]
pub struct Control {
    state: Mutex<ControlState>,
    wake: Condvar,
    set_aside: Vec<String>,
}

#[derive(Default)]
struct ControlState {
    wanted: u64,
    done: u64,
    stop: bool,
    failure: Option<String>,
    last: Option<Taken>,
}

/// The last snapshot that was taken since the start.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    /// When it was whole.
    pub at: Instant,
    /// How long it took.
    pub took: Duration,
    /// Every record up to this sequence is in it.
    pub sequence: u64,
    /// How many entities it has.
    pub entities: u64,
    /// The size of its file in bytes.
    pub bytes: u64,
}

impl Control {
    /// Takes a snapshot now and waits for it.
    pub fn take_now(&self) -> Result<(), String> {
        let mut state = self.state.lock();
        state.wanted += 1;
        let mine = state.wanted;
        self.wake.notify_all();
        while state.done < mine && !state.stop {
            self.wake.wait(&mut state);
        }
        state.failure.clone().map_or(Ok(()), Err)
    }

    /// Ends the thread after what it is doing.
    pub fn stop(&self) {
        self.state.lock().stop = true;
        self.wake.notify_all();
    }

    /// Why the last snapshot failed, if it did: shown in `/readyz`.
    pub fn failure(&self) -> Option<String> {
        self.state.lock().failure.clone()
    }

    /// The damaged snapshots that the start passed over, under the names that keep them: shown in `/readyz`.
    pub fn set_aside(&self) -> &[String] {
        &self.set_aside
    }

    /// The last snapshot that was taken since the start.
    pub fn last(&self) -> Option<Taken> {
        self.state.lock().last
    }
}

impl Snapshotter {
    /// Starts the thread; `set_aside` are the damaged snapshots that the start passed over.
    pub fn start(
        core: Arc<Core>,
        store: Box<dyn SnapshotStore>,
        journal: Handle,
        set_aside: Vec<String>,
    ) -> std::io::Result<(Arc<Control>, thread::JoinHandle<()>)> {
        let control = Arc::new(Control {
            set_aside,
            ..Control::default()
        });
        let snapshotter = Snapshotter {
            store,
            journal,
            control: Arc::clone(&control),
        };
        let thread = thread::Builder::new()
            .name("snapshotter".into())
            .spawn(move || snapshotter.run(&core))?;
        Ok((control, thread))
    }

    fn run(&self, core: &Arc<Core>) {
        let mut last = Instant::now();
        let mut bytes_then = 0;
        // What was read back may be in no snapshot: the first look counts it as a change.
        let mut sequence_then = 0;
        let mut last_size = 0;
        let mut same = 0;
        loop {
            let Some(wanted) = self.wait() else { return };
            let grown = core.queue.journal_bytes() - bytes_then;
            let threshold = core.options.snapshot_journal_bytes.max(last_size);
            let changed = core.queue.durable() > sequence_then;
            let old = last.elapsed() >= core.options.snapshot_every;
            let asked = wanted.is_some();
            if changed {
                same = 0;
            }
            // Past its limit the journal refuses all change, and only so many snapshots let it be trimmed.
            let held = self.journal.held_bytes() > core.options.journal_limit_bytes && same < KEEP;
            if !(asked || held || grown >= threshold || (changed && old)) {
                continue;
            }
            let (bytes_now, sequence_now) = (core.queue.journal_bytes(), core.queue.durable());
            let begun = Instant::now();
            let result = self.take_or_say_why(core);
            match &result {
                Ok(info) => {
                    (last, bytes_then, sequence_then, last_size) =
                        (Instant::now(), bytes_now, sequence_now, info.bytes);
                    same += 1;
                }
                Err(error) => {
                    tracing::error!(%error, "a snapshot failed; it is tried again");
                    // Where the disk is full, that may be the room it needs.
                    self.journal.give_back();
                }
            }
            self.report(wanted, begun, result);
        }
    }

    /// Waits a while or until a snapshot is asked for; none: stop.
    fn wait(&self) -> Option<Option<u64>> {
        let mut state = self.control.state.lock();
        let pause = if state.failure.is_some() {
            RETRY_AFTER
        } else {
            LOOK_EVERY
        };
        if !state.stop && state.wanted == state.done {
            self.control.wake.wait_for(&mut state, pause);
        }
        if state.stop {
            return None;
        }
        Some((state.wanted > state.done).then_some(state.wanted))
    }

    fn report(&self, wanted: Option<u64>, begun: Instant, result: Result<SnapshotInfo, String>) {
        let mut state = self.control.state.lock();
        match result {
            Ok(info) => {
                state.failure = None;
                state.last = Some(Taken {
                    at: Instant::now(),
                    took: begun.elapsed(),
                    sequence: info.replay_from.saturating_sub(1),
                    entities: info.entities,
                    bytes: info.bytes,
                });
            }
            Err(failure) => state.failure = Some(failure),
        }
        if let Some(wanted) = wanted {
            state.done = wanted;
        }
        self.control.wake.notify_all();
    }

    /// A panic is a failure like others: nothing of the snapshot stays, and it is tried again.
    fn take_or_say_why(&self, core: &Arc<Core>) -> Result<SnapshotInfo, String> {
        match catch_unwind(AssertUnwindSafe(|| self.take(core))) {
            Ok(taken) => taken.map_err(|error| error.to_string()),
            Err(_) => Err("taking it panicked".to_owned()),
        }
    }

    fn take(&self, core: &Arc<Core>) -> Result<SnapshotInfo, SnapshotError> {
        // What was published by now is archived before the journal behind it may go.
        let replay_from = core.queue.published() + 1;
        core.archiver.flush();
        if let Some(failure) = core.archiver.failure() {
            return Err(SnapshotError::Disk(std::io::Error::other(failure)));
        }
        let archived = core.archiver.settle().map_err(std::io::Error::other)?;
        let mut writer = self.store.begin(replay_from)?;
        let revision = archived.to_le_bytes();
        put(writer.as_mut(), kind::ARCHIVE, 0, 0, &revision)?;
        self.put_services(core, writer.as_mut())?;
        for root in core.directory.roots() {
            let Some(slot) = core.directory.get(root) else {
                continue;
            };
            let saved = match slot.save() {
                Some(saved) => saved,
                None => {
                    let (sender, receiver) = mpsc::channel();
                    core.send(&slot, Message::Save(sender));
                    match receiver.recv() {
                        Ok(saved) => saved,
                        Err(_) => return Err(unsaved(&format!("instance {root}"))),
                    }
                }
            };
            if saved.sequence == 0 {
                // Nothing of it is recorded yet.
                continue;
            }
            let mut entry = slot.tenant.0.to_le_bytes().to_vec();
            entry.extend_from_slice(&saved.bytes);
            put(writer.as_mut(), saved.kind, root.0, saved.sequence, &entry)?;
        }
        wait_for_trail(core)?;
        let info = loop {
            match writer.finish(core.queue.durable()) {
                Err(SnapshotError::NotDurable { .. }) => core.queue.wait_durable(),
                finished => break finished?,
            }
        };
        if let Some(before) = self.store.prune(KEEP)? {
            core.queue.trim(before);
        }
        if let Err(error) = self.store.sweep() {
            tracing::warn!(%error, "the space of former snapshots is not given back yet");
        }
        tracing::info!(
            entities = info.entities,
            bytes = info.bytes,
            "snapshot taken"
        );
        Ok(info)
    }

    fn put_services(
        &self,
        core: &Arc<Core>,
        writer: &mut dyn SnapshotWriter,
    ) -> Result<(), SnapshotError> {
        let (sender, receiver) = mpsc::channel();
        if let Some(actor) = core.definitions.get() {
            // Cast or not: what counts is the answer.
            let _ = actor.cast(definitions::Message::Save(sender));
            let saved = receiver.recv();
            let (bytes, sequence) = saved.map_err(|_| unsaved("the definitions"))?;
            put(writer, kind::DEFINITIONS, 0, sequence, &bytes)?;
        }
        let (bytes, sequence) = core.organisation.save();
        put(writer, kind::ORGANISATION, 0, sequence, &bytes)?;
        let (bytes, sequence) = core.registry.save();
        put(writer, kind::REGISTRY, 0, sequence, &bytes)?;
        for cell in core.executions.all() {
            let saved = cell.save();
            if saved.sequence == 0 {
                // Nothing of it is recorded yet.
                continue;
            }
            let mut entry = cell.tenant.0.to_le_bytes().to_vec();
            entry.extend_from_slice(&saved.bytes);
            put(writer, saved.kind, cell.id.0, saved.sequence, &entry)?;
        }
        for cell in core.queues.all() {
            let (bytes, sequence) = cell.save();
            if sequence == 0 {
                // Nothing of it is recorded yet.
                continue;
            }
            let mut entry = cell.tenant.0.to_le_bytes().to_vec();
            entry.extend_from_slice(&bytes);
            put(writer, kind::TASK_QUEUE, cell.id.0, sequence, &entry)?;
        }
        if core.clock.is_manual() {
            let now = core.clock.now_ms().to_le_bytes();
            put(writer, kind::CLOCK, 0, 0, &now)?;
        }
        for remembered in core.idempotency.all() {
            let bytes = codec::encode(1, &remembered);
            put(writer, kind::REMEMBERED, remembered.request.key, 0, &bytes)?;
        }
        Ok(())
    }
}

/// Rows of the trail that follow from what is in the snapshot are kept before the journal that tells of it may go.
fn wait_for_trail(core: &Core) -> Result<(), SnapshotError> {
    let (sender, receiver) = mpsc::channel();
    // The snapshot may have been given up.
    let kept = Box::new(move || sender.send(()).unwrap_or_default());
    core.keeper.after_audit(kept);
    let kept = receiver.recv_timeout(TRAIL_WITHIN);
    kept.map_err(|_| SnapshotError::Disk(std::io::Error::other("the audit trail is not kept")))
}

/// A snapshot without someone would lose them with the journal behind it: there is none then.
fn unsaved(who: &str) -> SnapshotError {
    SnapshotError::Disk(std::io::Error::other(format!("{who} could not be saved")))
}

fn put(
    writer: &mut dyn SnapshotWriter,
    kind: u16,
    entity: u128,
    sequence: u64,
    bytes: &[u8],
) -> Result<(), SnapshotError> {
    writer.put(EntityRef {
        entity,
        kind,
        version: record::VERSION,
        sequence,
        bytes,
    })
}

#[cfg(test)]
mod tests;
