//! A queue's mailbox: one message at a time, decided by whoever sends it.
//!
//! Owns: its state, that one command is one record, that a panic changes nothing (deciding only looks at the state).
//! Never: starts what a message starts before that is durable.

use super::{Stall, stalls::Stalls};
use crate::{
    core::Core,
    failure::Failure,
    message::Answer,
    publisher::{Change, Publication},
    record,
};
use codec::Tenant;
use parking_lot::Mutex;
use rpa::{
    Guid,
    queue::{Command, Decision, Event, Queue, decide, stored},
};
use snapshots::Record;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};
use tokio::sync::Notify;

/// A task queue.
pub struct Cell {
    /// Its id.
    pub id: Guid,
    /// The company.
    pub tenant: Tenant,
    body: Mutex<Body>,
    stalls: Mutex<Stalls>,
    /// Something has changed in it, durably.
    pub(super) arrived: Notify,
}

struct Body {
    state: State,
    /// Its last record.
    sequence: u64,
}

enum State {
    Live(Box<Queue>),
    /// What is left of one that could not be read.
    Quarantined {
        reason: String,
        bytes: Vec<u8>,
    },
}

/// What the publisher is told of a decision.
pub struct QueueChange {
    /// The queue.
    pub cell: Arc<Cell>,
    /// Executions that its messages start.
    pub started: Vec<Guid>,
    /// It was not there before.
    pub created: bool,
    /// It is gone.
    pub deleted: bool,
    /// The department whose rights decide who sees it; one that is gone had it.
    pub department: Option<Guid>,
}

impl Cell {
    /// A queue before its first command.
    pub fn new(id: Guid, tenant: Tenant) -> Self {
        Cell::recovered(Queue::new(id, tenant), 0)
    }

    /// A queue that recovery found.
    pub fn recovered(queue: Queue, sequence: u64) -> Self {
        Cell {
            id: queue.id(),
            tenant: queue.tenant(),
            body: Mutex::new(Body {
                state: State::Live(Box::new(queue)),
                sequence,
            }),
            stalls: Mutex::default(),
            arrived: Notify::new(),
        }
    }

    /// A queue that recovery could not read.
    pub fn quarantined(
        id: Guid,
        tenant: Tenant,
        reason: String,
        bytes: Vec<u8>,
        sequence: u64,
    ) -> Self {
        Cell {
            id,
            tenant,
            body: Mutex::new(Body {
                state: State::Quarantined { reason, bytes },
                sequence,
            }),
            stalls: Mutex::default(),
            arrived: Notify::new(),
        }
    }

    /// Decides a command, after what is due. `view` looks at the state then, `answer` makes what leaves when that is
    /// durable.
    pub fn command<T>(
        self: &Arc<Self>,
        core: &Core,
        command: Command,
        view: impl FnOnce(&Queue, &Decision) -> T,
        answer: impl FnOnce(Result<T, Failure>) -> Answer,
    ) {
        let mut body = self.body.lock();
        let now_ms = core.clock.real_ms();
        let Body { state, sequence } = &mut *body;
        let queue = match state {
            State::Live(queue) => queue,
            State::Quarantined { reason, .. } => {
                let refused = Err(Failure::Quarantined(reason.clone()));
                return core
                    .queue
                    .push_barrier(Publication::barrier(answer(refused)));
            }
        };
        let is_due = queue.due_ms().is_some_and(|due_ms| due_ms <= now_ms);
        if is_due && !matches!(command, Command::Advance { .. }) {
            // Whoever asks sees what is due as done. What fails here is tried again when it is looked at.
            let stalled = self.stalls.lock().at(now_ms);
            let advance = Command::Advance { stalled };
            if let Ok(decided) = decide_guarded(core, queue, advance, now_ms) {
                apply(queue, &decided);
                self.record(core, queue, sequence, decided, None);
            }
        }
        match decide_guarded(core, queue, command, now_ms) {
            Ok(decided) => {
                apply(queue, &decided);
                let answer = answer(Ok(view(queue, &decided.decision)));
                self.record(core, queue, sequence, decided, Some(answer));
            }
            Err(failure) => core
                .queue
                .push_barrier(Publication::barrier(answer(Err(failure)))),
        }
    }

    /// Decides a command that nobody waits for; a refusal means that there is nothing to do.
    pub fn tell(self: &Arc<Self>, core: &Core, command: Command) {
        self.command(core, command, |_, _| (), |_| Box::new(|| ()));
    }

    /// Does what is due, and begins what messages start.
    pub fn advance(self: &Arc<Self>, core: &Core) {
        let stalled = self.stalls.lock().at(core.clock.real_ms());
        self.tell(core, Command::Advance { stalled });
    }

    /// A binding's start was refused for no fault of its message; gives how long the binding is left alone.
    pub(super) fn refused(&self, binding: Guid, why: &str, now_ms: i64) -> Duration {
        self.stalls.lock().refused(binding, why, now_ms)
    }

    /// Whether a binding that had been refused is free again now.
    pub(super) fn freed(&self, binding: Guid) -> bool {
        self.stalls.lock().free(binding)
    }

    /// Why a binding starts nothing now; none: it may.
    pub fn stall(&self, binding: Guid) -> Option<Stall> {
        self.stalls.lock().get(binding)
    }

    /// Looks at what is decided; gives the sequence of its last record, too, behind which that is durable.
    pub fn peek_with_sequence<T>(&self, view: impl FnOnce(&Queue) -> T) -> Option<(T, u64)> {
        let body = self.body.lock();
        match &body.state {
            State::Live(queue) => Some((view(queue), body.sequence)),
            State::Quarantined { .. } => None,
        }
    }

    /// Looks at what is decided.
    pub fn peek<T>(&self, view: impl FnOnce(&Queue) -> T) -> Option<T> {
        self.peek_with_sequence(view).map(|(seen, _)| seen)
    }

    /// When something is due in it, milliseconds since 1970.
    pub fn due_ms(&self) -> Option<i64> {
        self.peek(Queue::due_ms).flatten()
    }

    /// The bytes and the last sequence, for a snapshot.
    pub fn save(&self) -> (Vec<u8>, u64) {
        let body = self.body.lock();
        let bytes = match &body.state {
            State::Live(queue) => stored::encode_queue(queue),
            State::Quarantined { bytes, .. } => bytes.clone(),
        };
        (bytes, body.sequence)
    }

    /// Hands a decision that was applied to the journal.
    fn record(
        self: &Arc<Self>,
        core: &Core,
        queue: &Queue,
        sequence: &mut u64,
        decided: Decided,
        answer: Option<Answer>,
    ) {
        let events = decided.decision.events;
        if events.is_empty() {
            if let Some(answer) = answer {
                core.queue.push_barrier(Publication::barrier(answer));
            }
            return;
        }
        for event in &events {
            match event {
                Event::BindingSaved(saved) => drop(self.freed(saved.id)),
                Event::BindingRemoved { binding } => drop(self.freed(*binding)),
                _ => {}
            }
        }
        let started = events.iter().filter_map(|event| match event {
            Event::Dispatched { run, .. } => Some(run.execution),
            _ => None,
        });
        let after = queue.settings().map(|settings| settings.meta.department);
        let change = QueueChange {
            cell: Arc::clone(self),
            started: started.collect(),
            created: decided.department.is_none() && after.is_some(),
            deleted: queue.is_deleted(),
            department: after.or(decided.department),
        };
        let entry = Record {
            kind: record::kind::TASK_QUEUE,
            version: record::VERSION,
            entity: self.id.0,
            payload: record::encode(self.tenant, None, &decided.record),
        };
        *sequence = core.queue.push(entry, |sequence| Publication {
            sequence,
            change: Change::Queue(Box::new(change)),
            answer,
            cause: None,
        });
    }
}

/// What a command leads to, its bytes, and the queue's department before.
struct Decided {
    decision: Decision,
    record: Vec<u8>,
    department: Option<Guid>,
}

fn apply(queue: &mut Queue, decided: &Decided) {
    for event in &decided.decision.events {
        queue.apply(event);
    }
}

fn decide_guarded(
    core: &Core,
    queue: &Queue,
    command: Command,
    now_ms: i64,
) -> Result<Decided, Failure> {
    let decided = catch_unwind(AssertUnwindSafe(|| {
        let decision = decide(queue, command, now_ms)?;
        let record = stored::encode_events(&decision.events);
        let settings = queue.settings();
        Ok(Decided {
            decision,
            record,
            department: settings.map(|settings| settings.meta.department),
        })
    }));
    match decided {
        Ok(Ok(decided)) => {
            record::fits(&core.options, decided.record.len() + record::HEAD_BYTES)?;
            Ok(decided)
        }
        Ok(Err(refusal)) => Err(Failure::Queue(refusal)),
        Err(_) => Err(Failure::Panicked),
    }
}
