//! A virtual actor: an entity that always exists by its id, has one mailbox, one state, one message at a time.
//!
//! Owns: the mailbox and who may touch the state. Never: runs anything; a host does, for as long as it is lent.
//!
//! ```text
//!            send, nobody runs it                inbox found empty
//!  AtRest ────────────────────────▶ Lent (host) ─────────────────────▶ Live ──rest──▶ AtRest
//!                                     │  ▲                               │
//!                                     │  └────────── send ───────────────┘
//!                                     ├─ root instance ended ─▶ Ended ──archived──▶ removed from the directory
//!                                     └─ cannot be rebuilt ───▶ Quarantined
//! ```

use crate::{entity::Live, message::Message, record::kind, set_aside::Remains};
use codec::{RootId, Tenant};
use parking_lot::Mutex;
use std::collections::VecDeque;

/// An entity's place in the directory.
pub struct Slot {
    /// The root instance that lives here.
    pub root: RootId,
    /// The company that owns it.
    pub tenant: Tenant,
    state: Mutex<State>,
}

/// Under one short lock.
struct State {
    #[expect(
        clippy::box_collection,
        reason = "a million idle slots are smaller by it"
    )]
    inbox: Option<Box<VecDeque<Message>>>,
    body: Body,
    /// Sequence of the last record.
    sequence: u64,
    running: bool,
    /// Runs on the threads for scripts.
    scripts: bool,
    /// Touched since the resting queue saw it.
    touched: bool,
    /// What it counts in the resting queue, in bytes; 0: it does not stand there.
    queued_bytes: usize,
}

/// The state of an entity.
pub enum Body {
    /// Bytes at rest; empty before the first command.
    AtRest(Box<[u8]>),
    /// In memory.
    Live(Box<Live>),
    /// A host has it.
    Lent,
    /// The root instance ended and waits for the archive: its bytes at rest.
    Ended(Box<[u8]>),
    /// It could not be rebuilt.
    Quarantined(Box<Remains>),
}

/// What a snapshot gets of an entity.
#[derive(Debug, PartialEq, Eq)]
pub struct Saved {
    /// The kind of its bytes.
    pub kind: u16,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The last record in them; 0: nothing of it is recorded yet.
    pub sequence: u64,
}

/// What a look at a slot finds whose root instance may have ended.
pub enum Ended<T> {
    /// It has ended: what was seen.
    Yes(T),
    /// A host has it just now.
    Lent,
    /// It runs, or could not be rebuilt.
    No,
}

/// What a peek at a slot finds.
pub enum Peek {
    /// Bytes at rest, copied.
    Bytes(Box<[u8]>),
    /// It is live or running: ask by message.
    Busy,
    /// It could not be rebuilt: why.
    Quarantined(String),
}

impl Body {
    /// What a snapshot gets of it as of its last record; none while a host has it.
    pub fn save(&mut self, sequence: u64) -> Option<Saved> {
        let (kind, bytes) = match self {
            Body::AtRest(bytes) | Body::Ended(bytes) => (kind::INSTANCE, bytes.to_vec()),
            Body::Live(live) => (kind::INSTANCE, live.rebase().to_vec()),
            Body::Lent => return None,
            Body::Quarantined(remains) => (kind::SET_ASIDE, remains.encode()),
        };
        Some(Saved {
            kind,
            bytes,
            sequence,
        })
    }
}

impl Slot {
    /// A slot with this body.
    pub fn new(root: RootId, tenant: Tenant, body: Body, sequence: u64) -> Self {
        Slot {
            root,
            tenant,
            state: Mutex::new(State {
                inbox: None,
                body,
                sequence,
                running: false,
                scripts: false,
                touched: false,
                queued_bytes: 0,
            }),
        }
    }

    /// Puts a message into the mailbox. True: nobody runs the slot, so the caller has to hand it to a host.
    pub fn push(&self, message: Message) -> bool {
        let mut state = self.state.lock();
        state
            .inbox
            .get_or_insert_with(|| Box::new(VecDeque::with_capacity(2)))
            .push_back(message);
        !std::mem::replace(&mut state.running, true)
    }

    /// Puts a message back at the front; the slot is running.
    pub fn push_front(&self, message: Message) {
        let mut state = self.state.lock();
        state
            .inbox
            .get_or_insert_with(|| Box::new(VecDeque::with_capacity(2)))
            .push_front(message);
    }

    /// A host takes the state.
    pub fn borrow(&self) -> Body {
        std::mem::replace(&mut self.state.lock().body, Body::Lent)
    }

    /// The next message, or none: then the body is back and the slot no longer runs.
    pub fn next(&self, body: &mut Option<Body>) -> Option<Message> {
        let mut state = self.state.lock();
        if let Some(message) = state.inbox.as_mut().and_then(|inbox| inbox.pop_front()) {
            return Some(message);
        }
        state.inbox = None;
        state.running = false;
        state.touched = true;
        if let Some(body) = body.take() {
            state.body = body;
        }
        None
    }

    /// Gives the state back while the slot stays running (its host yields or died).
    pub fn give_back(&self, body: Body) {
        self.state.lock().body = body;
    }

    /// Sequence of the last record.
    pub fn sequence(&self) -> u64 {
        self.state.lock().sequence
    }

    /// A record was handed to the journal.
    pub fn set_sequence(&self, sequence: u64) {
        self.state.lock().sequence = sequence;
    }

    /// Whether it runs on the threads for scripts.
    pub fn scripts(&self) -> bool {
        self.state.lock().scripts
    }

    /// From now on it runs on the threads for scripts.
    pub fn set_scripts(&self) {
        self.state.lock().scripts = true;
    }

    /// What can be read without a message.
    pub fn peek(&self) -> Peek {
        let state = self.state.lock();
        match &state.body {
            Body::AtRest(bytes) if !state.running => Peek::Bytes(bytes.clone()),
            Body::Quarantined(remains) => Peek::Quarantined(remains.reason.clone()),
            Body::AtRest(_) | Body::Ended(_) | Body::Live(_) | Body::Lent => Peek::Busy,
        }
    }

    /// Enters the resting queue if it is live and not there yet: what it counts, in bytes.
    pub fn enter_resting_queue(&self) -> Option<usize> {
        let mut state = self.state.lock();
        let Body::Live(live) = &state.body else {
            return None;
        };
        if state.queued_bytes > 0 {
            return None;
        }
        state.queued_bytes = live.weight();
        Some(state.queued_bytes)
    }

    /// The resting queue has reached it: rests it if it is live, idle, untouched since last time and durable.
    /// Gives what it counted, in bytes; none: it stays and must be queued again.
    pub fn rest(&self, durable: u64) -> Option<usize> {
        let mut state = self.state.lock();
        if state.running || matches!(state.body, Body::Lent) {
            return None;
        }
        if let Body::Live(_) = state.body {
            if std::mem::take(&mut state.touched) || state.sequence > durable {
                return None;
            }
            if let Body::Live(live) = std::mem::replace(&mut state.body, Body::Lent) {
                state.body = Body::AtRest(live.rest());
            }
        }
        Some(std::mem::take(&mut state.queued_bytes))
    }

    /// What a snapshot gets; none while a host has it (ask by message then).
    pub fn save(&self) -> Option<Saved> {
        let mut state = self.state.lock();
        let sequence = state.sequence;
        state.body.save(sequence)
    }

    /// Whether it could not be rebuilt.
    pub fn is_quarantined(&self) -> bool {
        matches!(self.state.lock().body, Body::Quarantined(_))
    }

    /// Looks at the bytes of an ended instance.
    pub fn ended<T>(&self, view: impl FnOnce(&[u8]) -> T) -> Ended<T> {
        match &self.state.lock().body {
            Body::Ended(bytes) => Ended::Yes(view(bytes)),
            Body::Lent => Ended::Lent,
            Body::AtRest(_) | Body::Live(_) | Body::Quarantined(_) => Ended::No,
        }
    }
}
