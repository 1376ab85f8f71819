//! A task queue: durable messages that wait for consumers, or start workflows.
//!
//! Owns: the order of messages, locks and receipts, what starts a workflow when, what becomes a dead letter.
//! Never: reads a clock, makes an id at random, starts anything; a run that is open is started by who embeds this.
//!
//! ```text
//!            Receive                    Complete
//!  Ready ───────────▶ Locked ─────────────────────────────▶ gone
//!   ▲ │ ▲               │ Release, lock over                 ▲
//!   │ │ └───────────────┤ too often ─▶ Dead                  │
//!   │ │ Advance         │ DeadLetter ─▶ Dead                 │
//!   │ └───▶ Running ────┴──── Ended well, or started ────────┘
//!   └───────── Ended badly, not too often; or the start was refused: then it was not delivered
//! ```
//!
//! Higher priority first, then age. A message is delivered at least once; each delivery counts.

mod advance;
mod apply;
mod command;
mod decide;
mod event;
mod message;
pub mod pointer;
pub mod stored;

pub use command::{Change, Command, NewMessage, NewQueue};
pub use decide::{Decision, Refusal, decide};
pub use event::Event;
pub use message::{Binding, Concurrency, Message, MessageState, RemoveWhen, Run, Settings};

use crate::Guid;
use codec::Tenant;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, VecDeque},
};

/// Messages of one queue.
pub const MESSAGES: usize = 1_000_000;
/// Bytes of one message's body, roughly.
pub const BODY_BYTES: usize = 256 * 1024;
/// Messages that one command puts or receives.
pub const AT_ONCE: usize = 1_000;
/// Bindings of one queue.
pub const BINDINGS: usize = 100;
/// Deliveries when nobody says how many.
pub const DEFAULT_DELIVERIES: u32 = 5;
/// Runs that one step begins; more follow in the next.
pub const STARTS: usize = 100;
/// Keys of messages that are gone which are remembered.
pub const KEYS: usize = 10_000;

/// A queue. Before its [`Command::Create`] it is empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Queue {
    id: Guid,
    tenant: Tenant,
    settings: Option<Box<Settings>>,
    bindings: Vec<Binding>,
    runs: Vec<Run>,
    /// By number: the order in which they came.
    messages: BTreeMap<u64, Message>,
    last_number: u64,
    /// Keys of the last messages, those that are gone included, the oldest first.
    keys: VecDeque<(String, Guid)>,
    deleted: bool,
    /// Derived: numbers by id.
    numbers: BTreeMap<Guid, u64>,
    /// Derived: who is next.
    ready: BTreeSet<(Reverse<u32>, u64)>,
    /// Derived: when a lock or a time to live is over.
    due: BTreeSet<(i64, u64)>,
}

impl Queue {
    /// A queue that nobody has made yet.
    pub fn new(id: Guid, tenant: Tenant) -> Self {
        Queue {
            id,
            tenant,
            settings: None,
            bindings: Vec::new(),
            runs: Vec::new(),
            messages: BTreeMap::new(),
            last_number: 0,
            keys: VecDeque::new(),
            deleted: false,
            numbers: BTreeMap::new(),
            ready: BTreeSet::new(),
            due: BTreeSet::new(),
        }
    }

    /// Its id.
    pub fn id(&self) -> Guid {
        self.id
    }

    /// The company.
    pub fn tenant(&self) -> Tenant {
        self.tenant
    }

    /// What it is called and how it works; none: it was never made, or is deleted.
    pub fn settings(&self) -> Option<&Settings> {
        self.settings.as_deref().filter(|_| !self.deleted)
    }

    /// Whether nothing will happen in it any more.
    pub fn is_deleted(&self) -> bool {
        self.deleted
    }

    /// What its messages start, in the order of making.
    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }

    /// The binding with this id.
    pub fn binding(&self, id: Guid) -> Option<&Binding> {
        self.bindings.iter().find(|binding| binding.id == id)
    }

    /// The executions that its messages have started, or are to start.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// The run of an execution.
    pub fn run(&self, execution: Guid) -> Option<&Run> {
        self.runs.iter().find(|run| run.execution == execution)
    }

    /// All messages in the order in which they came.
    pub fn messages(&self) -> impl DoubleEndedIterator<Item = &Message> {
        self.messages.values()
    }

    /// A message.
    pub fn message(&self, id: Guid) -> Option<&Message> {
        self.messages.get(self.numbers.get(&id)?)
    }

    /// How many there are, dead ones too.
    pub fn messages_len(&self) -> usize {
        self.messages.len()
    }

    /// How many messages may be received now.
    pub fn ready_len(&self) -> usize {
        self.ready.len()
    }

    /// When a lock or a time to live is over next, milliseconds since 1970.
    pub fn due_ms(&self) -> Option<i64> {
        self.due.first().map(|(due_ms, _)| *due_ms)
    }
}
