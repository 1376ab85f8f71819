//! What an execution begins with: who wants it, and its jobs before anything has happened to them.
//! Core types and disk types are the same here: they never change, a new shape is a new version.

use crate::{
    Guid,
    argument::SourcedArgument,
    terms::{JobExecutionPolicy, JobStartupType, Notification, Sha256, Stamp, VideoRecordMode},
};
use serde::{Deserialize, Serialize};

/// What an execution begins with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// The department.
    pub department: Guid,
    /// What the workflow or layout is called.
    pub name: String,
    /// What is executed.
    pub owner: Owner,
    /// What started it.
    pub startup: Startup,
    /// The client's word for where it comes from.
    pub source: Option<String>,
    /// The activity of a process that waits for its end.
    pub activity: Option<codec::Id>,
    /// The job that it repeats.
    pub retry_of: Option<Guid>,
    /// What a failed job does to the others.
    pub on_failure: OnFailure,
    /// Who started it, and when.
    pub created: Stamp,
    /// The jobs, in the order of their numbers.
    pub jobs: Vec<NewJob>,
}

/// What is executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Owner {
    /// A workflow: one step.
    Workflow(Guid),
    /// A layout: a step for each node.
    Layout(Guid),
}

/// What a failed job does to the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OnFailure {
    /// When its step is over, the later steps are cancelled.
    CancelLaterSteps,
    /// Nothing.
    Continue,
    /// All others are cancelled at once.
    CancelAll,
}

/// What started an execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Startup {
    /// The kind of it.
    pub kind: JobStartupType,
    /// Its id: a schedule's, or what the client says.
    pub id: Option<String>,
    /// What it is called.
    pub name: Option<String>,
}

/// What the client says that the job is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Its id.
    pub id: Option<String>,
    /// What it is called.
    pub name: Option<String>,
    /// What kind of thing it is.
    pub kind: Option<String>,
}

/// The version of a package that a job runs, whatever becomes of the package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageReference {
    /// The package.
    pub id: Guid,
    /// What it is called.
    pub name: String,
    /// The version.
    pub version_id: Guid,
    /// The version's number.
    pub version: String,
    /// Digest of its bytes.
    pub sha256: Sha256,
    /// Number of its bytes.
    pub size: u64,
}

/// What a job is to do, fixed when it is made; only the priority and the passed arguments change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewJob {
    /// Its id.
    pub id: Guid,
    /// Its step, from 0; steps run one after the other.
    pub step: u32,
    /// Its step for people: `1`, `2-1`, `2-2`.
    pub label: String,
    /// The workflow.
    pub workflow: Guid,
    /// What the workflow, or the layout's node, is called.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// What it runs.
    pub package: PackageReference,
    /// All arguments, with their values.
    pub arguments: Vec<SourcedArgument>,
    /// The group that it waits in; a robot's hidden one, if `robot` names one.
    pub queue: Guid,
    /// The only robot that may run it.
    pub robot: Option<Guid>,
    /// Larger runs earlier.
    pub priority: u32,
    /// Attempts after the first.
    pub max_retry_count: u32,
    /// Longest time that an attempt may run, without pauses.
    pub max_run_seconds: Option<u32>,
    /// When it is filmed.
    pub video: VideoRecordMode,
    /// What would have happened without a free robot.
    pub policy: JobExecutionPolicy,
    /// What it is about.
    pub subject: Subject,
    /// A mail about its end.
    pub notification: Option<Notification>,
    /// There was no free robot and the policy says to leave it out: it is cancelled from the beginning.
    pub skipped: bool,
}

impl Startup {
    /// A person or a program, through an API.
    pub fn manual() -> Self {
        Startup {
            kind: JobStartupType::Manually,
            id: None,
            name: None,
        }
    }
}
