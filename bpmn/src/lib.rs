//! The embeddable BPMN 2.0 engine: model, expressions, and the state machine of an instance.
//!
//! ```text
//!  XML ── parse ──▶ model ─┐
//!                          ├─▶ instance: command ── decide ──▶ events ── apply ──▶ state ──▶ rows, history
//!  uel, schedule, form ────┘                └── host: time, definitions, scripts
//! ```
//!
//! Never: reads a clock, a file or a random number; time, ids and scripts come through `Host`.

pub mod archive;
pub mod diagnostic;
pub mod diagram;
mod elements;
pub mod form;
pub mod history;
mod host;
pub mod instance;
pub mod lifecycle;
pub mod model;
pub mod parse;
pub mod rows;
pub mod schedule;
pub mod start_timer;
pub mod stored;
pub mod uel;

pub use host::{Definition, Host, ScriptFailure, ScriptScope};
pub use instance::{Command, Decision, Event, Instance, Outcome, Refusal, Refused};
