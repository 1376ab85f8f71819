//! What all actors share: the queue before the journal, the directory, the views, the pools. Callers see `Engine` instead.
//!
//! Owns: how a message reaches a slot and an answer its asker. Never: decides.

use crate::{
    admission::Admission,
    archiver::Archiver,
    bridge::Bridge,
    cause::Cause,
    clock::Clock,
    closing::Closing,
    commit::CommitQueue,
    definitions::{self, Catalog, Gate},
    directory::Directory,
    executions::{Executions, Keeper},
    failure::Failure,
    idempotency::Idempotency,
    jobs::JobViews,
    leaving::Leaving,
    live::Live,
    message::{Answer, Applied, Message, Order, Ready, Remember, Rendered, Responder, Seen},
    options::Options,
    organisation::Organisation,
    pool::Pool,
    publisher::Publication,
    queues::Queues,
    registry::Registry,
    resting::Resting,
    robots::Robots,
    slot::{Body, Peek, Slot},
    timers::Timers,
    views::Views,
};
use bpmn::{Command, Refusal};
use codec::{RootId, Tenant};
use parking_lot::RwLock;
use ractor::ActorRef;
use std::sync::{Arc, OnceLock};
use tokio::sync::oneshot;

/// Bytes at rest above this are read on a blocking thread.
const INLINE_READ_BYTES: usize = 64 * 1024;

/// Where the answer to a command comes out.
pub type Answering<T> = oneshot::Receiver<Result<T, Failure>>;

/// Everything that lives as long as the server.
pub struct Core {
    /// What was configured.
    pub options: Options,
    /// The runtime that HTTP and hosts run on.
    pub runtime: tokio::runtime::Handle,
    /// The way to the journal.
    pub queue: Arc<CommitQueue>,
    /// Who is in memory.
    pub directory: Directory,
    /// What readers see.
    pub views: RwLock<Views>,
    /// The published definitions.
    pub catalog: Catalog,
    /// Of which definitions instances may begin.
    pub gate: Gate,
    /// The definitions' actor.
    pub definitions: OnceLock<ActorRef<definitions::Message>>,
    /// Identities and tokens.
    pub organisation: Organisation,
    /// What is configured for robots.
    pub registry: Registry,
    /// Departments that nothing comes into any more.
    pub closing: Closing,
    /// Executions in memory.
    pub executions: Executions,
    /// What readers see of them, and who waits for whom.
    pub jobs: RwLock<JobViews>,
    /// The robots that are connected or have something.
    pub robots: Robots,
    /// What followers of the live feed are told.
    pub live: Arc<Live>,
    /// What puts ended executions and logs into the archive.
    pub keeper: Keeper,
    /// The task queues.
    pub queues: Queues,
    /// Work that processes wait for.
    pub bridge: Bridge,
    /// The time that processes see.
    pub clock: Clock,
    /// Remembered answers.
    pub idempotency: Idempotency,
    /// What has ended.
    pub archiver: Arc<Archiver>,
    /// What is due.
    pub timers: Timers,
    /// Who is let in.
    pub admission: Admission,
    /// Hosts on the runtime.
    pub hosts: Arc<Pool>,
    /// Hosts for definitions with scripts, on threads of their own.
    pub script_hosts: Arc<Pool>,
    /// Who rests.
    pub resting: Resting,
    /// Told when the server leaves.
    pub leaving: Leaving,
    /// Steps of the manual clock, one at a time.
    pub clock_step: tokio::sync::Mutex<()>,
}

impl Core {
    /// Hands a running slot to a host of its pool.
    pub fn schedule(&self, slot: Arc<Slot>) {
        if slot.scripts() {
            self.script_hosts.schedule(slot);
        } else {
            self.hosts.schedule(slot);
        }
    }

    /// Puts a message into a slot's mailbox.
    pub fn send(&self, slot: &Arc<Slot>, message: Message) {
        if slot.push(message) {
            self.schedule(Arc::clone(slot));
        }
    }

    /// A host is done with a slot: others may have to rest.
    pub fn after_run(&self, slot: &Arc<Slot>) {
        self.resting.ran(slot, self.queue.durable());
    }

    /// Lets a command in, or says why not.
    pub fn admit(&self) -> Result<crate::admission::Admitted<'_>, Failure> {
        self.admission
            .admit(self.queue.space(), self.archiver.backlog())
    }

    /// Whether a command would be let in now, for what is better refused before it has begun.
    pub fn has_room(&self) -> Result<(), Failure> {
        self.admission
            .has_room(self.queue.space(), self.archiver.backlog())
    }

    /// Lets an answer leave when what it was decided on is durable and visible.
    pub fn answer(&self, slot: &Slot, answer: Answer) {
        if slot.sequence() <= self.queue.published() {
            answer();
        } else {
            self.queue.push_barrier(Publication::barrier(answer));
        }
    }

    /// Waits until everything decided so far is durable and visible.
    pub async fn barrier(&self) {
        let (sender, receiver) = oneshot::channel();
        // The receiver may be gone: then nobody waits.
        let answer = Box::new(move || {
            let _ = sender.send(());
        });
        self.queue.push_barrier(Publication::barrier(answer));
        let _ = receiver.await;
    }

    /// Waits until the definitions' actor has done what it was told so far, durably.
    pub async fn definitions_settled(&self) {
        let (sender, receiver) = std::sync::mpsc::channel();
        if let Some(actor) = self.definitions.get()
            && actor.cast(definitions::Message::Save(sender)).is_ok()
        {
            // The actor answers or is gone; either way it is settled.
            let _ = tokio::task::spawn_blocking(move || receiver.recv()).await;
        }
        self.barrier().await;
    }

    /// A slot for a new root instance.
    pub fn create(&self, root: RootId, tenant: Tenant, scripts: bool) -> Option<Arc<Slot>> {
        let body = Body::AtRest(Box::default());
        let slot = Arc::new(Slot::new(root, tenant, body, 0));
        if scripts {
            slot.set_scripts();
        }
        self.directory.insert(Arc::clone(&slot)).then_some(slot)
    }

    /// Why nobody answered: the server stops, or who was to answer died over it.
    pub fn unanswered(&self) -> Failure {
        if self.queue.is_closed() {
            Failure::Stopping
        } else {
            Failure::Panicked
        }
    }

    /// Sends a command; `view` looks at what it did, and its result leaves when that is durable.
    pub fn command<'a, T, F>(
        &'a self,
        root: RootId,
        command: Command,
        cause: Option<Cause>,
        view: F,
    ) -> impl Future<Output = Result<T, Failure>> + Send + use<'a, T, F>
    where
        T: Send + 'static,
        F: FnOnce(&Applied<'_>) -> T + Send + 'static,
    {
        let slot = self.directory.get(root).ok_or(Failure::NotFound);
        let receiver = slot.map(|slot| self.send_command(&slot, command, cause, view));
        async move { self.answered(receiver?).await }
    }

    /// Sends a command to a slot at hand. All that is done at once is done here and not in a future: what waits for an
    /// answer is small then.
    pub fn send_command<T: Send + 'static>(
        &self,
        slot: &Arc<Slot>,
        command: Command,
        cause: Option<Cause>,
        view: impl FnOnce(&Applied<'_>) -> T + Send + 'static,
    ) -> Answering<T> {
        let (sender, receiver) = oneshot::channel();
        let responder: Responder = Box::new(move |result| {
            let value = result.map(|applied| view(&applied));
            Ready {
                // Whoever asked may have gone.
                send: Box::new(move || drop(sender.send(value))),
                rendered: None,
            }
        });
        let order = Order {
            command,
            responder,
            cause,
            remember: None,
        };
        self.send(slot, Message::Command(Box::new(order)));
        receiver
    }

    /// Waits for what `send_command` began.
    pub async fn answered<T>(&self, receiver: Answering<T>) -> Result<T, Failure> {
        receiver.await.unwrap_or_else(|_| Err(self.unanswered()))
    }

    /// Sends a command whose rendered answer is remembered with its record.
    pub async fn command_remembered(
        &self,
        slot: &Arc<Slot>,
        command: Command,
        remember: Remember,
        render: impl FnOnce(&Applied<'_>) -> Rendered + Send + 'static,
    ) -> Result<Arc<Rendered>, Failure> {
        let (sender, receiver) = oneshot::channel();
        let responder: Responder = Box::new(move |result| {
            let answer = result.and_then(|applied| {
                let rendered = render(&applied);
                let bytes = rendered.body.len() + rendered.location.len();
                if bytes > applied.room_bytes {
                    let text = format!("an answer of {bytes} bytes is too long to be remembered");
                    return Err(Failure::Refused(Refusal::LimitExceeded(text)));
                }
                Ok(Arc::new(rendered))
            });
            let rendered = answer.as_ref().ok().cloned();
            Ready {
                send: Box::new(move || drop(sender.send(answer))),
                rendered,
            }
        });
        let order = Order {
            command,
            responder,
            cause: None,
            remember: Some(remember),
        };
        self.send(slot, Message::Command(Box::new(order)));
        receiver.await.unwrap_or_else(|_| Err(self.unanswered()))
    }

    /// Reads an instance: in place when it rests, by message when it lives.
    pub async fn read<T: Send + 'static>(
        &self,
        root: RootId,
        view: impl FnOnce(&Seen<'_>) -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let slot = self.directory.get(root).ok_or(Failure::NotFound)?;
        let (sender, receiver) = oneshot::channel();
        let look = Box::new(move |seen: Result<Seen<'_>, Failure>| {
            let value = seen.map(|seen| view(&seen));
            Box::new(move || drop(sender.send(value))) as Answer
        });
        match slot.peek() {
            Peek::Quarantined(why) => return Err(Failure::Quarantined(why)),
            Peek::Busy => self.send(&slot, Message::Read(look)),
            Peek::Bytes(bytes) if bytes.len() <= INLINE_READ_BYTES => {
                let answer = crate::entity::look(&slot, &bytes, look);
                self.answer(&slot, answer);
            }
            Peek::Bytes(bytes) => {
                let slot = Arc::clone(&slot);
                let looked =
                    tokio::task::spawn_blocking(move || crate::entity::look(&slot, &bytes, look));
                looked.await.map_err(|_| Failure::Panicked)?();
            }
        }
        receiver.await.unwrap_or_else(|_| Err(self.unanswered()))
    }
}
