//! A root instance and every instance that it calls, as one unit: decided by commands, changed by events.
//!
//! ```text
//!  decide(command, host) ─▶ agenda: operation after operation ─▶ events, applied as they come ─▶ Decision
//!                                        └── something fails ─▶ Refused { dirty }: the caller rebuilds
//!  apply(event)          ─▶ the state; total, needs no definition, no host
//! ```
//!
//! Owns: the entity and its public face.
//! Never: a clock, randomness, a definition of its own.

use crate::history::Entry;
use crate::host::Host;
use crate::rows::{RowChanges, Rows};
use codec::{RootId, Tenant};
use state::Core;

pub(crate) mod agenda;
mod apply;
mod changes;
mod command;
mod control;
mod decide;
pub(crate) mod ending;
mod event;
pub(crate) mod external;
mod objects;
mod read;
mod refusal;
pub(crate) mod run;
pub(crate) mod scope;
pub(crate) mod state;
pub(crate) mod tasks;
mod text;
mod timers;
mod work;

pub use command::{Command, Outcome, Start, TaskPatch, VariableTarget, Variables};
pub use event::{Event, TaskChange};
pub use read::{ActiveActivity, TaskForm};
pub use refusal::Refusal;

/// Most operations of one command. Every loop of the graph without a wait state ends here.
pub const MAX_ACTIVATIONS: u32 = 100_000;

/// Most bytes of values that one command sets: a record of the journal holds 16 MiB, with room for all else.
pub const MAX_VALUE_BYTES: usize = 12 * 1024 * 1024;

/// Most variables of one scope: they are searched by name one after the other.
pub const MAX_VARIABLES: usize = 10_000;

/// Deepest chain of called instances.
pub const MAX_CALL_DEPTH: u32 = 64;

/// A root instance.
#[derive(Clone, Debug)]
pub struct Instance {
    root: RootId,
    tenant: Tenant,
    core: Core,
    rows: Rows,
    history: Vec<Entry>,
}

/// What a command led to.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// What happened, in order; already applied.
    pub events: Vec<Event>,
    /// The answer.
    pub outcome: Outcome,
}

/// A command that was not decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// Why.
    pub refusal: Refusal,
    /// Events were applied before it failed: the instance is no longer what it was, and must be rebuilt.
    pub dirty: bool,
}

impl Instance {
    /// An instance before its start.
    pub fn new(root: RootId, tenant: Tenant) -> Self {
        Instance {
            root,
            tenant,
            core: Core::default(),
            rows: Rows::default(),
            history: Vec::new(),
        }
    }

    pub(crate) fn from_parts(root: RootId, tenant: Tenant, rows: Rows, core: Core) -> Self {
        Instance {
            root,
            tenant,
            core,
            rows,
            history: Vec::new(),
        }
    }

    /// Decides a command; what it leads to is applied as it happens.
    pub fn decide(&mut self, command: Command, host: &mut dyn Host) -> Result<Decision, Refused> {
        decide::decide(self, command, host)
    }

    /// Applies an event: the only way in which an instance changes.
    pub fn apply(&mut self, event: &Event) {
        apply::apply(self, event);
    }

    /// The root's id.
    pub fn root(&self) -> RootId {
        self.root
    }

    /// The company that it belongs to.
    pub fn tenant(&self) -> Tenant {
        self.tenant
    }

    /// Whether it was started.
    pub fn is_started(&self) -> bool {
        !self.rows.instances.is_empty()
    }

    /// Whether the root instance has ended.
    pub fn is_ended(&self) -> bool {
        self.rows
            .instances
            .first()
            .is_some_and(|root| !root.is_open())
    }

    /// All rows.
    pub fn rows(&self) -> Rows {
        self.rows.clone()
    }

    /// All rows, to look at.
    pub fn rows_ref(&self) -> &Rows {
        &self.rows
    }

    /// The rows that these events touched, as they are now.
    pub fn row_changes(&self, events: &[Event]) -> RowChanges {
        changes::row_changes(self, events)
    }

    /// History since waking; what came before lies in the chunks.
    pub fn history(&self) -> &[Entry] {
        &self.history
    }

    /// Takes the history since waking, for a chunk.
    pub fn take_history(&mut self) -> Vec<Entry> {
        std::mem::take(&mut self.history)
    }

    pub(crate) fn core(&self) -> &Core {
        &self.core
    }

    /// The whole state as stable text, history left out.
    pub fn text(&self) -> String {
        text::text(self)
    }
}
