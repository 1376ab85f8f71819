//! Robots and groups of robots. Core types and disk types are the same here.
//! Never: knows a robot's secret (access does) or whether it is connected.

use crate::{
    Guid,
    registry::LabelSettings,
    terms::{ConsoleManagement, Label, Meta},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A robot that is registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Robot {
    /// Its id; also its client id.
    pub id: Guid,
    /// Where it belongs, who made it.
    pub meta: Meta,
    /// What people call it.
    pub label: Label,
    /// Whether the console may give it work.
    pub management: ConsoleManagement,
    /// Its hidden group, in which the jobs wait that only it may run.
    pub queue: Guid,
    /// What it said about itself when it connected last.
    pub reported: Reported,
}

/// What a robot says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reported {
    /// Its program's version.
    pub version: Option<String>,
    /// Its SDK's version.
    pub sdk_version: Option<String>,
    /// The machine that it runs on.
    pub device_id: Option<String>,
    /// What it can run: `python`, `sh`, `node`, `command`.
    pub capabilities: Vec<String>,
}

/// A group of robots: any of them may run a job that waits in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Its id: the queue that jobs name.
    pub id: Guid,
    /// Where it belongs, who made it.
    pub meta: Meta,
    /// What people call it.
    pub label: Label,
    /// Its robots.
    pub robots: BTreeSet<Guid>,
    /// The robot whose hidden group it is; those are never listed and never changed.
    pub dedicated_robot: Option<Guid>,
}

/// What may be said about a robot; what is absent stays, or has its default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RobotSettings {
    /// What people call it.
    pub label: LabelSettings,
    /// Whether the console may give it work; it may, when nobody says.
    pub management: Option<ConsoleManagement>,
}
