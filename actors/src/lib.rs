//! The shells of Loomwork: who owns which state, in what order things happen, supervision, timers, views.
//!
//! Owns: the path of a commit from a command to its answer, virtual actors and their hosts, recovery, the archive.
//! Never: a rule of BPMN or of robots (that is `bpmn` and `rpa`), a byte of a file (that is `snapshots`), a word of HTTP (that is the server).
//!
//! ```text
//!  Engine ─▶ Slot (mailbox) ─▶ Host: decide ─▶ CommitQueue ─▶ journal ─▶ Publisher ─▶ views, effects, answers
//! ```

pub mod admission;
pub mod archive;
pub mod archiver;
mod bridge;
pub mod cause;
pub mod clock;
pub mod clockwork;
pub mod closing;
pub mod commit;
pub mod core;
pub mod definitions;
mod desk;
pub mod directory;
pub mod engine;
pub mod entity;
pub mod executions;
pub mod failure;
mod host;
pub mod idempotency;
pub mod jobs;
pub mod latency;
pub mod leaving;
mod ledger;
pub mod live;
pub mod message;
mod open;
pub mod options;
pub mod organisation;
mod pool;
mod publisher;
pub mod queues;
mod record;
mod recovery;
pub mod registry;
mod resting;
pub mod robots;
pub mod schedules;
pub mod scripts;
mod set_aside;
mod slot;
mod snapshotter;
mod timers;
pub mod views;

pub use engine::Engine;
pub use failure::Failure;
pub use open::{
    OpenError, accept_history, named_package_files, open, open_history, open_on, verify_history,
};
pub use options::Options;
