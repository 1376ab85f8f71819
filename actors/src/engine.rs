//! The engine as its callers see it: commands, reads and lists, never a message or a slot.
//!
//! Owns: ids of new instances, admission, idempotent requests. Never: knows HTTP.

use crate::{
    core::Core,
    definitions::{Deployed, Message, Refusal, deploy},
    failure::Failure,
    idempotency::Begin,
    message::{Applied, Remember, Remembered, Rendered, Seen},
    publisher::{Change, Publication},
    record,
    snapshotter::Control,
};
use bpmn::{
    Command,
    instance::Start,
    model::{Kind, Process},
};
use codec::{RootId, Tenant};
use parking_lot::Mutex;
use snapshots::Record;
use std::{ops::Deref, sync::Arc, thread::JoinHandle};
use tokio::sync::oneshot;
use uuid::Uuid;

/// The engine. Clones are the same engine.
#[derive(Clone)]
pub struct Engine {
    core: Arc<Core>,
    running: Arc<Running>,
}

/// Threads that end with the engine.
pub struct Running {
    /// What prepares segments, the writer, the archiver.
    pub threads: Mutex<Vec<JoinHandle<()>>>,
    /// The snapshotter.
    pub snapshotter: Mutex<Option<JoinHandle<()>>>,
    /// The way to it.
    pub snapshots: Arc<Control>,
    /// The journal from outside its writer.
    pub journal: snapshots::Handle,
}

impl Deref for Engine {
    type Target = Core;

    fn deref(&self) -> &Core {
        &self.core
    }
}

/// Whether instances of a process run on the threads for scripts: it has some, or what it calls may have.
pub fn may_run_scripts(process: &Process) -> bool {
    process.has_scripts
        || process
            .elements
            .iter()
            .any(|element| matches!(element.kind, Kind::CallActivity(_)))
}

impl Engine {
    /// Around what `open` started.
    pub fn new(core: Arc<Core>, running: Running) -> Self {
        Engine {
            core,
            running: Arc::new(running),
        }
    }

    /// What all actors share.
    pub fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// The snapshotter.
    pub fn snapshots(&self) -> &Control {
        &self.running.snapshots
    }

    /// The journal from outside its writer.
    pub fn journal(&self) -> &snapshots::Handle {
        &self.running.journal
    }

    /// Starts an instance; `view` looks at it when it stands still, its result leaves when that is durable.
    pub fn start<'a, T, F>(
        &'a self,
        start: Start,
        view: F,
    ) -> impl Future<Output = Result<T, Failure>> + Send + use<'a, T, F>
    where
        T: Send + 'static,
        F: FnOnce(RootId, &Applied<'_>) -> T + Send + 'static,
    {
        let begun = self.admit().and_then(|admitted| {
            let (root, slot) = self.create_slot(&start)?;
            let command = Command::Start(Box::new(start));
            let view = move |applied: &Applied<'_>| view(root, applied);
            Ok((admitted, self.send_command(&slot, command, None, view)))
        });
        async move {
            let (_admitted, receiver) = begun?;
            self.answered(receiver).await
        }
    }

    /// Starts an instance; a repetition of the request gets the first answer again.
    pub async fn start_once(
        &self,
        start: Start,
        request: Remember,
        render: impl FnOnce(RootId, &Applied<'_>) -> Rendered + Send + 'static,
    ) -> Result<Arc<Rendered>, Failure> {
        let _admitted = self.admit()?;
        if let Some(answer) = self.begin(request).await? {
            return Ok(answer);
        }
        let _in_flight = self.idempotency.hold(request);
        let (root, slot) = self.create_slot(&start)?;
        let command = Command::Start(Box::new(start));
        self.command_remembered(&slot, command, request, move |applied| {
            render(root, applied)
        })
        .await
    }

    /// Sends a command to an instance.
    pub fn order<'a, T, F>(
        &'a self,
        root: RootId,
        command: Command,
        view: F,
    ) -> impl Future<Output = Result<T, Failure>> + Send + use<'a, T, F>
    where
        T: Send + 'static,
        F: FnOnce(&Applied<'_>) -> T + Send + 'static,
    {
        let begun = self.admit().and_then(|admitted| {
            let slot = self.directory.get(root).ok_or(Failure::NotFound)?;
            Ok((admitted, self.send_command(&slot, command, None, view)))
        });
        async move {
            let (_admitted, receiver) = begun?;
            self.answered(receiver).await
        }
    }

    /// The same; a repetition of the request gets the first answer again.
    pub async fn order_once(
        &self,
        root: RootId,
        command: Command,
        request: Remember,
        render: impl FnOnce(&Applied<'_>) -> Rendered + Send + 'static,
    ) -> Result<Arc<Rendered>, Failure> {
        let _admitted = self.admit()?;
        if let Some(answer) = self.begin(request).await? {
            return Ok(answer);
        }
        let _in_flight = self.idempotency.hold(request);
        let slot = self.directory.get(root).ok_or(Failure::NotFound)?;
        self.command_remembered(&slot, command, request, render)
            .await
    }

    /// Records the answer of an idempotent request that is no command to an instance; then it is given again, also after a crash.
    pub async fn remember(&self, remembered: Remembered) -> Result<(), Failure> {
        let (sender, receiver) = oneshot::channel();
        let payload = codec::encode(1, &remembered);
        record::fits(&self.options, payload.len())?;
        let record = Record {
            kind: record::kind::REMEMBERED,
            version: record::VERSION,
            entity: remembered.request.key,
            payload,
        };
        self.queue.push(record, |sequence| Publication {
            sequence,
            change: Change::Remembered(Box::new(remembered)),
            answer: Some(Box::new(move || {
                // Whoever asked may have gone.
                let _ = sender.send(());
            })),
            cause: None,
        });
        receiver.await.map_err(|_| Failure::Stopping)
    }

    /// Reads an instance that is in memory; `NotFound`: ask the archive.
    pub async fn look<T: Send + 'static>(
        &self,
        root: RootId,
        view: impl FnOnce(&Seen<'_>) -> T + Send + 'static,
    ) -> Result<T, Failure> {
        self.read(root, view).await
    }

    /// Deploys files.
    pub async fn deploy(
        &self,
        tenant: Tenant,
        name: String,
        files: Vec<deploy::File>,
        filter_duplicates: bool,
    ) -> Result<Deployed, Failure> {
        let _admitted = self.admit()?;
        let prepared = tokio::task::spawn_blocking(move || deploy::prepare(&files))
            .await
            .map_err(|_| Failure::Panicked)??;
        self.ask(|reply| Message::Deploy {
            tenant,
            name,
            prepared,
            filter_duplicates,
            reply,
        })
        .await
    }

    /// Removes a deployment; with `cascade` its instances and their history too.
    pub async fn undeploy(
        &self,
        tenant: Tenant,
        number: u64,
        cascade: bool,
    ) -> Result<(), Failure> {
        let _admitted = self.admit()?;
        if !cascade {
            // What has ended is archived under the definition's key while that is known.
            let archiver = Arc::clone(&self.archiver);
            tokio::task::spawn_blocking(move || archiver.flush())
                .await
                .map_err(|_| Failure::Panicked)?;
        }
        self.ask(|reply| Message::Undeploy {
            tenant,
            number,
            cascade,
            reply,
        })
        .await
    }

    /// Suspends or activates a definition, and with `include_instances` its instances.
    pub async fn set_definition_state(
        &self,
        number: u64,
        suspended: bool,
        include_instances: bool,
    ) -> Result<(), Failure> {
        let _admitted = self.admit()?;
        self.ask(|reply| Message::SetState {
            number,
            suspended,
            include_instances,
            reply,
        })
        .await
    }

    async fn ask<T: Send + 'static>(
        &self,
        message: impl FnOnce(crate::definitions::Reply<T>) -> Message,
    ) -> Result<T, Failure> {
        let (sender, receiver) = oneshot::channel();
        let actor = self.definitions.get().ok_or(Failure::Stopping)?;
        // Whoever asked may have gone.
        let reply = Box::new(move |result| drop(sender.send(result)));
        actor.cast(message(reply)).map_err(|_| Failure::Stopping)?;
        receiver.await.unwrap_or_else(|_| Err(self.unanswered()))
    }

    fn create_slot(&self, start: &Start) -> Result<(RootId, Arc<crate::slot::Slot>), Failure> {
        let definition = &start.definition;
        let root = RootId(Uuid::now_v7().as_u128());
        let scripts = may_run_scripts(&definition.process);
        let slot = self.create(root, definition.tenant, scripts);
        slot.map(|slot| (root, slot)).ok_or_else(|| {
            Failure::Definitions(Refusal::UnknownDefinition {
                what: "id",
                text: definition.text_id(),
            })
        })
    }

    /// The remembered answer, or none: this request is the first.
    pub async fn begin(&self, request: Remember) -> Result<Option<Arc<Rendered>>, Failure> {
        loop {
            match self.idempotency.begin(request, self.clock.real_ms())? {
                Begin::First => return Ok(None),
                Begin::Again(answer) => return Ok(Some(answer)),
                // Changed or gone: either way it is looked at again.
                Begin::Wait(mut done) => drop(done.changed().await),
            }
        }
    }

    /// The server leaves: robots are told, and whoever waits for something answers with what there is.
    pub fn leave(&self) {
        self.robots.leave();
        self.leaving.tell();
    }

    /// Drains, takes a last snapshot and ends all threads.
    pub fn stop(&self) {
        if let Err(error) = self.running.snapshots.take_now() {
            tracing::error!(%error, "the last snapshot failed; the journal has everything");
        }
        self.running.snapshots.stop();
        let snapshotter = self.running.snapshotter.lock().take();
        self.archiver.stop();
        self.keeper.stop();
        self.queue.close();
        self.script_hosts.release();
        for thread in snapshotter
            .into_iter()
            .chain(self.running.threads.lock().drain(..))
        {
            if thread.join().is_err() {
                tracing::error!("a thread had panicked");
            }
        }
    }
}
