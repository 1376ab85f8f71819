//! What callers may ask of the registry. Core types only: a command is never persisted.
//! Ids of what is made come with the command. An `etag` that is absent or the word `string` is not checked.

use super::{
    AssetSettings, Firing, LayoutSettings, Reported, RobotSettings, ScheduleSettings, Target,
    WorkflowSettings,
};
use crate::{
    Guid,
    package::Metadata,
    terms::{Sha256, Stamp},
};
use codec::Tenant;

/// A wish of somebody in a company.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// The company.
    pub tenant: Tenant,
    /// Who wants it, and when.
    pub by: Stamp,
    /// What.
    pub action: Action,
}

/// What may be said about a label; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelSettings {
    /// Its name; something new must have one.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Words to find it by.
    pub tags: Option<Vec<String>>,
    /// Free texts by key.
    pub properties: Option<Vec<(String, String)>>,
}

/// An uploaded package file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewVersion {
    /// The package's id, if it is new in its department.
    pub package: Guid,
    /// The version's id, if it is new in its package.
    pub version: Guid,
    /// What the file says about itself.
    pub metadata: Metadata,
    /// Digest of its bytes.
    pub sha256: Sha256,
    /// Number of its bytes.
    pub size: u64,
}

/// What is wanted.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    missing_docs,
    reason = "a field is what its type and the resource's own file say"
)]
pub enum Action {
    /// Keep a package file that has arrived: a new package, a new version, or nothing new.
    UploadVersion { department: Guid, new: NewVersion },
    /// Change what a package is called and found by; its name stays.
    ChangePackage {
        id: Guid,
        etag: Option<String>,
        label: LabelSettings,
    },
    /// Delete a package that no workflow uses.
    DeletePackage { id: Guid },
    /// Delete one version that no workflow uses.
    DeleteVersion { package: Guid, version: Guid },
    /// Somebody fetched a version's bytes.
    CountDownload { package: Guid, version: Guid },
    /// Open a place for a package's bytes.
    OpenUpload {
        id: Guid,
        department: Guid,
        expires_ms: i64,
    },
    /// The bytes have arrived, maybe again.
    ReceiveUpload { id: Guid, sha256: Sha256, size: u64 },
    /// Make a package of the bytes; the digest says which bytes were read.
    CommitUpload { id: Guid, new: NewVersion },
    /// Forget all uploads that have ended.
    ExpireUploads,
    /// Make a group.
    CreateGroup {
        id: Guid,
        department: Guid,
        label: LabelSettings,
    },
    /// Change a group.
    ChangeGroup {
        id: Guid,
        etag: Option<String>,
        label: LabelSettings,
    },
    /// Delete a group that neither a workflow nor a job names; `open_jobs` is how many jobs do.
    DeleteGroup { id: Guid, open_jobs: usize },
    /// Put robots into a group.
    AddRobots { group: Guid, robots: Vec<Guid> },
    /// Take a robot out of a group.
    RemoveRobot { group: Guid, robot: Guid },
    /// Register a robot, with its hidden group.
    CreateRobot {
        id: Guid,
        queue: Guid,
        department: Guid,
        settings: RobotSettings,
    },
    /// Change a robot.
    ChangeRobot {
        id: Guid,
        etag: Option<String>,
        settings: RobotSettings,
    },
    /// Keep what a robot says about itself.
    ReportRobot { id: Guid, reported: Reported },
    /// Delete a robot that is not connected and that neither a workflow nor a job names.
    DeleteRobot {
        id: Guid,
        connected: bool,
        open_jobs: usize,
    },
    /// Make a workflow.
    CreateWorkflow {
        id: Guid,
        department: Guid,
        settings: WorkflowSettings,
    },
    /// Change a workflow.
    ChangeWorkflow {
        id: Guid,
        etag: Option<String>,
        settings: WorkflowSettings,
    },
    /// Delete a workflow, whatever its jobs do.
    DeleteWorkflow { id: Guid },
    /// Let a workflow target these robots, too.
    BindRobots { workflow: Guid, robots: Vec<Guid> },
    /// Let a workflow target a robot no more.
    UnbindRobot { workflow: Guid, robot: Guid },
    /// Move workflows to the highest versions of their packages.
    UpgradeWorkflows { ids: Vec<Guid> },
    /// Make a layout.
    CreateLayout {
        id: Guid,
        department: Guid,
        settings: LayoutSettings,
    },
    /// Change a layout.
    ChangeLayout {
        id: Guid,
        etag: Option<String>,
        settings: LayoutSettings,
    },
    /// Delete a layout that no schedule names.
    DeleteLayout { id: Guid },
    /// Make an asset.
    CreateAsset {
        id: Guid,
        department: Guid,
        settings: AssetSettings,
    },
    /// Change an asset.
    ChangeAsset {
        id: Guid,
        etag: Option<String>,
        settings: AssetSettings,
    },
    /// Delete an asset that no argument names, neither of what is kept nor of a job; `open_jobs` is how many jobs do.
    DeleteAsset { id: Guid, open_jobs: usize },
    /// Make a schedule.
    CreateSchedule {
        id: Guid,
        department: Guid,
        settings: ScheduleSettings,
    },
    /// Change a schedule; enabling and disabling it, too.
    ChangeSchedule {
        id: Guid,
        etag: Option<String>,
        settings: ScheduleSettings,
    },
    /// Delete a schedule.
    DeleteSchedule { id: Guid },
    /// Keep what became of a due firing, and go on to the next one after it and after now.
    RecordFiring { id: Guid, firing: Firing },
    /// Keep what became of a firing that somebody asked for; the next one stays the next one.
    RecordManualFiring { id: Guid, firing: Firing },
    /// A workflow or layout was executed so many times since this was said last.
    CountTriggers {
        target: Target,
        count: u64,
        last_ms: i64,
    },
}
