//! Schedules: what is executed when, and what became of it.
//! Core types and disk types are the same here; the settings are a core type.

use crate::{
    Guid,
    argument::Argument,
    registry::LabelSettings,
    schedule::{Rule, Timing},
    terms::{Label, Meta, Misfire},
};
use serde::{Deserialize, Serialize};

/// A schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Its id.
    pub id: Guid,
    /// Where it belongs, who made it.
    pub meta: Meta,
    /// What people call it.
    pub label: Label,
    /// What it executes.
    pub target: Target,
    /// When.
    pub timing: Timing,
    /// Whether it does anything.
    pub enabled: bool,
    /// Its own values; they come over the target's.
    pub arguments: Vec<Argument>,
    /// The priority of its jobs; none: the target's.
    pub priority: Option<u32>,
    /// The retries of its jobs; none: the target's.
    pub max_retry_count: Option<u32>,
    /// What becomes of a missed firing.
    pub misfire: Misfire,
    /// Its next firing, milliseconds since 1970; none while it is disabled and after its last one.
    pub next_ms: Option<i64>,
    /// Its last firings, the oldest first.
    pub firings: Vec<Firing>,
}

/// What a schedule executes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// A workflow.
    Workflow(Guid),
    /// A layout.
    Layout(Guid),
}

/// A firing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Firing {
    /// When it was due, milliseconds since 1970.
    pub due_ms: i64,
    /// When it happened, milliseconds since 1970.
    pub at_ms: i64,
    /// What became of it.
    pub outcome: FiringOutcome,
}

/// What became of a firing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FiringOutcome {
    /// It began this execution.
    Executed(Guid),
    /// It was missed and left out.
    Skipped,
    /// The execute was refused.
    Refused(String),
}

/// What may be said about a schedule; what is absent stays, or has its default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScheduleSettings {
    /// What people call it.
    pub label: LabelSettings,
    /// What it executes; a new schedule must say.
    pub target: Option<Target>,
    /// When; a new schedule must say.
    pub rule: Option<Rule>,
    /// IANA name of its zone; UTC when nobody says.
    pub time_zone: Option<String>,
    /// Nothing happens before, milliseconds since 1970; its creation when nobody says.
    pub start_ms: Option<i64>,
    /// Nothing happens after, milliseconds since 1970; none inside: no end.
    pub end_ms: Option<Option<i64>>,
    /// Whether it does anything; it does, when nobody says.
    pub enabled: Option<bool>,
    /// Its own values.
    pub arguments: Option<Vec<Argument>>,
    /// The priority of its jobs; none inside: the target's.
    pub priority: Option<Option<u32>>,
    /// The retries of its jobs; none inside: the target's.
    pub max_retry_count: Option<Option<u32>>,
    /// What becomes of a missed firing; it happens once, late, when nobody says.
    pub misfire: Option<Misfire>,
}
