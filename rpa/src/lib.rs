//! What robots mean: what is configured for them, and the life of the jobs that they run.
//!
//! Owns: packages as their files describe them, robots, groups, workflows, layouts, assets, schedules ([`registry`]);
//! jobs, run instances, attempts and fences ([`execution`]); which job an idle robot gets ([`waiting`]); the bytes of
//! all that.
//! Never: reads a clock, makes an id at random, knows who is connected, does I/O, sees a secret that is not sealed,
//! mixes tenants.
//!
//! ```text
//!  registry   Command ─▶ decide(&State) ─▶ events ─▶ State::apply          one owner
//!                │ plan
//!                ▼
//!  execution  Start ─▶ decide(&mut Execution) ─▶ events, applied ─▶ rows   one entity for each execute or layout run
//!                └─▶ effects, sent when durable                     │
//!                                                                   ▼
//!  waiting    jobs by group, priority and age  ◀────────────────────┘      derived
//!                └─▶ choose(robot) ─▶ execution::Command::Offer
//! ```

pub mod argument;
pub mod execution;
mod guid;
pub mod limits;
pub mod package;
pub mod queue;
pub mod registry;
pub mod schedule;
pub mod terms;
pub mod waiting;

pub use guid::{Guid, ParseGuidError};
