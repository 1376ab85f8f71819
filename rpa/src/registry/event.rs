//! What has happened in the registry. Disk type: variants are only added at the end, and none of them ever changes.

use super::{Asset, Firing, Group, Layout, Robot, Schedule, Target, Upload, Workflow};
use crate::{
    Guid,
    package::{Package, Version},
    terms::{Label, Stamp},
};
use serde::{Deserialize, Serialize};

/// A fact, in the past tense. What was saved is as it says from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A package came with its first version.
    PackageCreated(Box<Package>),
    /// A package has another version.
    VersionAdded {
        /// The package.
        package: Guid,
        /// The version.
        version: Box<Version>,
        /// Who uploaded it.
        by: Stamp,
    },
    /// A package is called otherwise.
    PackageChanged {
        /// The package.
        package: Guid,
        /// The whole label.
        label: Label,
        /// Who changed it.
        by: Stamp,
    },
    /// A package has a version less.
    VersionRemoved {
        /// The package.
        package: Guid,
        /// The version.
        version: Guid,
        /// Who removed it.
        by: Stamp,
    },
    /// A version's bytes were fetched.
    DownloadCounted {
        /// The package.
        package: Guid,
        /// The version.
        version: Guid,
    },
    /// An upload.
    UploadSaved(Box<Upload>),
    /// A group.
    GroupSaved(Box<Group>),
    /// A robot.
    RobotSaved(Box<Robot>),
    /// A workflow.
    WorkflowSaved(Box<Workflow>),
    /// A layout.
    LayoutSaved(Box<Layout>),
    /// An asset.
    AssetSaved(Box<Asset>),
    /// A schedule.
    ScheduleSaved(Box<Schedule>),
    /// Something is gone.
    Removed {
        /// What it was.
        kind: Kind,
        /// Its id.
        id: Guid,
    },
    /// A schedule's firing is done with.
    Fired {
        /// The schedule.
        schedule: Guid,
        /// What became of it.
        firing: Firing,
        /// The next one, milliseconds since 1970.
        next_ms: Option<i64>,
    },
    /// A workflow or layout was executed.
    TriggersCounted {
        /// Which.
        target: Target,
        /// How often.
        count: u64,
        /// The last time, milliseconds since 1970.
        last_ms: i64,
    },
}

/// The kinds of resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Kind {
    /// A package.
    Package,
    /// A package's version.
    Version,
    /// An upload.
    Upload,
    /// A group.
    Group,
    /// A robot.
    Robot,
    /// A workflow.
    Workflow,
    /// A layout.
    Layout,
    /// An asset.
    Asset,
    /// A schedule.
    Schedule,
}

impl Kind {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Package => "package",
            Kind::Version => "package version",
            Kind::Upload => "upload",
            Kind::Group => "robot group",
            Kind::Robot => "robot",
            Kind::Workflow => "workflow",
            Kind::Layout => "layout",
            Kind::Asset => "asset",
            Kind::Schedule => "schedule",
        }
    }
}
