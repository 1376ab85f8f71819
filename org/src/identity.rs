//! Users, groups and memberships, and how an id of another system becomes ours.
//! Core types and disk types are the same here: they never change shape.
//! Never: holds a password, or splits a stored id (`_` may stand in either part).

use serde::{Deserialize, Serialize};

/// Longest stored id, in characters, with its prefix: the width of the column in Activiti's database.
pub const ID_CHARS: usize = 64;

/// Longest name, e-mail address, group type or token name, in characters: the width of the column there.
pub const TEXT_CHARS: usize = 255;

/// A person of a synchronised system. Only the id means anything to the engine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The stored id, as [`stored_id`] makes it.
    pub id: String,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// E-mail address, as given.
    pub email: Option<String>,
}

/// A group (or role) of a synchronised system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// The stored id, as [`stored_id`] makes it.
    pub id: String,
    /// Name.
    pub name: Option<String>,
    /// Type, as given.
    pub kind: Option<String>,
}

/// A user is in a group. Both are stored ids.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Membership {
    /// The user's stored id.
    pub user: String,
    /// The group's stored id.
    pub group: String,
}

/// The stored id of `id` in `system`: `system_id`, or `id` alone without a system.
/// A missing id becomes the text `null`, as the documented service has it.
pub fn stored_id(system: Option<&str>, id: Option<&str>) -> String {
    let mut stored = system_prefix(system);
    stored.push_str(id.unwrap_or("null"));
    stored
}

/// What every stored id of `system` begins with: `system_`, or nothing without a system.
pub fn system_prefix(system: Option<&str>) -> String {
    match system {
        None | Some("") => String::new(),
        Some(system) => format!("{system}_"),
    }
}
