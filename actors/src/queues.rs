//! The task queues: each a virtual actor with its own mailbox, and what its messages start.
//!
//! Owns: who is in memory, when what is due is done, and that a run that a queue has recorded is started once and its
//! end told to the queue, also after a crash: an execution's id follows from its message's.
//! Never: decides what `rpa::queue` decides, makes an actor wait for another.
//!
//! ```text
//!  put ─▶ Cell ─▶ record ─▶ … durable ─▶ Advance ─▶ Dispatched ─▶ record ─▶ … durable ─▶ the execution is started
//!                                          ▲                                                     │
//!                      lock over, too old ─┘            the queue is told ◀── ended, durable ◀───┘
//! ```

mod cell;
mod recovered;
mod runs;
mod stalls;

pub use cell::{Cell, QueueChange};
pub use recovered::Recovered;
pub use stalls::Stall;

use crate::{
    commit::Space,
    core::{Answering, Core},
    engine::Engine,
    failure::Failure,
    message::Answer,
};
use codec::Tenant;
use dashmap::{DashMap, Entry};
use parking_lot::Mutex;
use rpa::{
    Guid,
    queue::{Command, Decision, MessageState, Queue, Refusal},
};
use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::{Notify, oneshot};

/// What did not work for want of room is tried again after so long.
const AGAIN: Duration = Duration::from_secs(1);
/// With nothing due, the clock is looked at again after so long.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// All task queues.
#[derive(Default)]
pub struct Queues {
    cells: DashMap<Guid, Arc<Cell>>,
    /// In the order in which messages were given away: so their executions start.
    waiting: Mutex<Vec<Look>>,
    changed: Notify,
}

/// What is to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Look {
    /// What is due in a queue, and what its messages start.
    Queue(Guid),
    /// A run that has just been recorded.
    Start { queue: Guid, execution: Guid },
    /// A run: whether it has started or ended.
    Run { queue: Guid, execution: Guid },
}

/// A message that was received.
pub struct Received {
    /// The message.
    pub message: rpa::queue::Message,
    /// What the receiver shows later.
    pub receipt: Guid,
}

impl Queues {
    /// The queue with this id.
    pub fn get(&self, id: Guid) -> Option<Arc<Cell>> {
        self.cells.get(&id).map(|cell| Arc::clone(&cell))
    }

    /// Every queue that stood here when its shard was read.
    pub fn all(&self) -> Vec<Arc<Cell>> {
        self.cells.iter().map(|cell| Arc::clone(&cell)).collect()
    }

    /// Puts one in; false: the id is taken.
    fn insert(&self, cell: Arc<Cell>) -> bool {
        match self.cells.entry(cell.id) {
            Entry::Occupied(_) => false,
            Entry::Vacant(place) => {
                place.insert(cell);
                true
            }
        }
    }

    fn look(&self, looks: impl IntoIterator<Item = Look>) {
        self.waiting.lock().extend(looks);
        self.changed.notify_one();
    }

    /// A record of a queue is durable.
    pub fn publish(&self, change: &QueueChange) {
        let queue = change.cell.id;
        if change.deleted {
            self.cells.remove(&queue);
        }
        change.cell.arrived.notify_waiters();
        let starts = change.started.iter();
        let starts = starts.map(|execution| Look::Start {
            queue,
            execution: *execution,
        });
        self.look(starts.chain([Look::Queue(queue)]));
    }

    /// An execution has ended durably: the queue that started it is told.
    pub fn ended(&self, cell: &crate::executions::Cell) {
        let queue = cell.peek(runs::queue_of).flatten();
        self.look(queue.map(|queue| Look::Run {
            queue,
            execution: cell.id,
        }));
    }
}

/// Runs until the server stops.
pub async fn run(core: Arc<Core>) {
    loop {
        let wait = next_due(&core).min(LOOK_EVERY);
        tokio::select! {
            () = core.queues.changed.notified() => {}
            () = tokio::time::sleep(wait) => {}
        }
        while core.queue.space() != Space::Open {
            // Nothing is decided on a full disk.
            tokio::time::sleep(AGAIN).await;
        }
        let mut looks = std::mem::take(&mut *core.queues.waiting.lock());
        let now_ms = core.clock.real_ms();
        let due = core.queues.all().into_iter();
        let due = due.filter(|cell| cell.due_ms().is_some_and(|due_ms| due_ms <= now_ms));
        looks.extend(due.map(|cell| Look::Queue(cell.id)));
        // Each once, in the place of the first.
        let mut seen = HashSet::with_capacity(looks.len());
        looks.retain(|look| seen.insert(*look));
        for look in looks {
            match look {
                Look::Queue(queue) => {
                    if let Some(cell) = core.queues.get(queue) {
                        cell.advance(&core);
                    }
                }
                Look::Start { queue, execution } => runs::start(&core, queue, execution),
                Look::Run { queue, execution } => runs::settle(&core, queue, execution),
            }
        }
    }
}

/// How long nothing is due.
fn next_due(core: &Core) -> Duration {
    let due = core.queues.cells.iter().filter_map(|cell| cell.due_ms());
    let now_ms = core.clock.real_ms();
    due.min().map_or(LOOK_EVERY, |due_ms| {
        Duration::from_millis(u64::try_from(due_ms - now_ms).unwrap_or(0).max(1))
    })
}

/// After recovery everything is looked at once: what was given away is started before anything that waits.
pub fn resume(core: &Arc<Core>) {
    for cell in core.queues.all() {
        let queue = cell.id;
        let runs = cell.peek(|queue| {
            let runs = queue.runs().iter();
            runs.map(|run| run.execution).collect::<Vec<_>>()
        });
        let runs = runs.unwrap_or_default().into_iter();
        let runs = runs.map(|execution| runs::resumed(core, queue, execution));
        core.queues.look(runs.chain([Look::Queue(queue)]));
    }
}

impl Engine {
    /// Makes a queue. Its id must be free.
    pub async fn create_queue<T: Send + 'static>(
        &self,
        id: Guid,
        tenant: Tenant,
        new: rpa::queue::NewQueue,
        view: impl FnOnce(&Queue) -> T,
    ) -> Result<T, Failure> {
        let _admitted = self.admit()?;
        let cell = Arc::new(Cell::new(id, tenant));
        if !self.queues.insert(Arc::clone(&cell)) {
            let refusal = rpa::registry::Refusal::IdTaken(id);
            return Err(Failure::Registry(refusal));
        }
        let begun = self.closing.enter(new.department).map(|_held| {
            let create = Command::Create(Box::new(new));
            send(self.core(), &cell, create, |queue, _| view(queue))
        });
        let made = match begun {
            Ok(receiver) => receiver.await.unwrap_or(Err(Failure::Stopping)),
            Err(failure) => Err(failure),
        };
        if made.is_err() {
            self.queues.cells.remove(&id);
        }
        made
    }

    /// Sends a command to a queue; `view` looks at it then, its result leaves when that is durable.
    pub async fn order_queue<T: Send + 'static>(
        &self,
        queue: Guid,
        command: Command,
        view: impl FnOnce(&Queue, &Decision) -> T,
    ) -> Result<T, Failure> {
        let _admitted = self.admit()?;
        let cell = self.queues.get(queue);
        let cell = cell.ok_or(Failure::Queue(Refusal::UnknownQueue))?;
        let receiver = send(self.core(), &cell, command, view);
        receiver.await.unwrap_or(Err(Failure::Stopping))
    }

    /// Receives messages, each with one of the receipts; waits until there is one, the time is over, or
    /// the server leaves.
    pub async fn receive(
        &self,
        queue: Guid,
        receipts: &[Guid],
        lock_ms: i64,
        wait: Duration,
    ) -> Result<Vec<Received>, Failure> {
        let deadline = Instant::now() + wait;
        loop {
            let cell = self.queues.get(queue);
            let cell = cell.ok_or(Failure::Queue(Refusal::UnknownQueue))?;
            let arrived = cell.arrived.notified();
            let command = Command::Receive {
                receipts: receipts.to_vec(),
                lock_ms,
            };
            let received = self.order_queue(queue, command, received).await?;
            let left = deadline.saturating_duration_since(Instant::now());
            if !received.is_empty() || left.is_zero() {
                return Ok(received);
            }
            // Whoever wakes looks again; so does one whose time is over.
            if self.leaving.or(arrived, left).await {
                return Ok(received);
            }
        }
    }
}

/// Decides a command; the answer comes out when it is durable.
fn send<T: Send + 'static>(
    core: &Core,
    cell: &Arc<Cell>,
    command: Command,
    view: impl FnOnce(&Queue, &Decision) -> T,
) -> Answering<T> {
    let (sender, receiver) = oneshot::channel();
    cell.command(core, command, view, |result| -> Answer {
        // Whoever asked may have gone.
        Box::new(move || drop(sender.send(result)))
    });
    receiver
}

fn received(queue: &Queue, decision: &Decision) -> Vec<Received> {
    let messages = decision.messages.iter();
    let messages = messages.filter_map(|id| queue.message(*id));
    let with_receipt = messages.filter_map(|message| match message.state {
        MessageState::Locked { receipt, .. } => Some(Received {
            message: message.clone(),
            receipt,
        }),
        MessageState::Ready | MessageState::Running { .. } | MessageState::Dead { .. } => None,
    });
    with_receipt.collect()
}
