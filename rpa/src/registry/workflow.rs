//! Workflows: a package's version with everything that a job of it needs.
//! Core types and disk types are the same here; the settings are a core type.

use crate::{
    Guid,
    argument::Argument,
    registry::LabelSettings,
    terms::{JobExecutionPolicy, Label, Meta, Notification, VideoRecordMode},
};
use serde::{Deserialize, Serialize};

/// A workflow: something that can be executed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workflow {
    /// Its id.
    pub id: Guid,
    /// Where it belongs, who made it.
    pub meta: Meta,
    /// What people call it.
    pub label: Label,
    /// The package.
    pub package: Guid,
    /// The package's version.
    pub version: Guid,
    /// Its own values; they come over the version's declared ones.
    pub arguments: Vec<Argument>,
    /// When its runs are filmed.
    pub video: VideoRecordMode,
    /// A mail about its jobs' ends.
    pub notification: Option<Notification>,
    /// The group that it targets; never together with robots.
    pub queue: Option<Guid>,
    /// The robots that it targets, in the order of their binding: an execute makes a job for each.
    pub robots: Vec<Guid>,
    /// Larger runs earlier.
    pub priority: u32,
    /// Attempts after the first.
    pub max_retry_count: u32,
    /// Longest time that an attempt may run, without pauses.
    pub max_run_seconds: Option<u32>,
    /// What happens without a free robot.
    pub policy: JobExecutionPolicy,
    /// How often it was executed.
    pub triggered_count: u64,
    /// When it was executed last, milliseconds since 1970.
    pub last_triggered_ms: Option<i64>,
}

/// What may be said about a workflow; what is absent stays, or has its default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkflowSettings {
    /// What people call it.
    pub label: LabelSettings,
    /// The package; a new workflow must name one.
    pub package: Option<Guid>,
    /// The package's version; the highest one when only the package is named.
    pub version: Option<Guid>,
    /// Its own values.
    pub arguments: Option<Vec<Argument>>,
    /// When its runs are filmed.
    pub video: Option<VideoRecordMode>,
    /// A mail about its jobs' ends.
    pub notification: Option<Notification>,
    /// The group that it targets; all zeros: none.
    pub queue: Option<Guid>,
    /// Larger runs earlier.
    pub priority: Option<u32>,
    /// Attempts after the first.
    pub max_retry_count: Option<u32>,
    /// Longest time that an attempt may run; none inside: no bound.
    pub max_run_seconds: Option<Option<u32>>,
    /// What happens without a free robot.
    pub policy: Option<JobExecutionPolicy>,
}
