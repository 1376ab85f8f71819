//! Everything that is configured: packages, uploads, robots, groups, workflows, layouts, assets, schedules.
//!
//! Owns: what may be made, changed and deleted, what refers to what, and what an execute begins with.
//! Never: holds bytes of packages or a secret that is not sealed, knows who is connected, reads a clock, mixes tenants.
//!
//! ```text
//!  Command { tenant, by, action } ──▶ decide(&State) ──▶ events ──▶ State::apply, for each
//!                                          └───────────▶ Refusal (nothing changed)
//!
//!  Workflow ──▶ Package version            Layout ──▶ nodes ──▶ Workflow
//!     ├──▶ Group ──▶ robots                Schedule ──▶ Workflow | Layout
//!     └──▶ robots, each with its hidden group           Argument ──▶ Asset
//!
//!  plan(&State, execute) ──▶ execution::Start
//! ```

mod asset;
mod command;
mod decide;
mod event;
mod layout;
pub mod plan;
mod refusal;
mod robot;
mod schedule;
mod state;
pub mod stored;
pub mod text;
mod upload;
mod workflow;

pub use asset::{Asset, AssetSettings, Sealed, accepts};
pub use command::{Action, Command, LabelSettings, NewVersion};
pub use decide::{Decision, Reply, UpgradeReport, decide};
pub(crate) use decide::{is_stale, label};
pub use event::{Event, Kind};
pub use layout::{Layout, LayoutSettings, NewNode, Node};
pub use refusal::{Class, Refusal};
pub use robot::{Group, Reported, Robot, RobotSettings};
pub use schedule::{Firing, FiringOutcome, Schedule, ScheduleSettings, Target};
pub use state::State;
pub use upload::Upload;
pub use workflow::{Workflow, WorkflowSettings};
