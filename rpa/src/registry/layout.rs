//! Layouts: workflows in a row, with values passed on.
//! Core types and disk types are the same here; the settings are a core type.

use crate::{
    Guid,
    argument::SourcedArgument,
    registry::LabelSettings,
    terms::{Label, Meta, Stamp},
};
use serde::{Deserialize, Serialize};

/// A layout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// Its id.
    pub id: Guid,
    /// Where it belongs, who made it.
    pub meta: Meta,
    /// What people call it.
    pub label: Label,
    /// Its nodes, in the order in which they run.
    pub nodes: Vec<Node>,
    /// Whether the nodes after a failed one run.
    pub continue_on_failure: bool,
    /// How often it was executed.
    pub triggered_count: u64,
    /// When it was executed last, milliseconds since 1970.
    pub last_triggered_ms: Option<i64>,
}

/// A node of a layout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Its id.
    pub id: Guid,
    /// What people call it.
    pub label: Label,
    /// What it runs.
    pub workflow: Guid,
    /// Its own values; they come over the workflow's.
    pub arguments: Vec<SourcedArgument>,
    /// Its creation.
    pub created: Stamp,
    /// Its last change.
    pub modified: Option<Stamp>,
}

/// What is said about a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewNode {
    /// Its id: the one that it has, or a new one.
    pub id: Guid,
    /// What people call it; the workflow's name when nobody says.
    pub label: LabelSettings,
    /// What it runs.
    pub workflow: Guid,
    /// Its own values.
    pub arguments: Vec<SourcedArgument>,
}

/// What may be said about a layout; what is absent stays, or has its default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LayoutSettings {
    /// What people call it.
    pub label: LabelSettings,
    /// All of its nodes, in order.
    pub nodes: Option<Vec<NewNode>>,
    /// Whether the nodes after a failed one run.
    pub continue_on_failure: Option<bool>,
}
