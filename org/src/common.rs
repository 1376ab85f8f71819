//! What every thing of the console has: notes about it, who made and changed it, and its revision.
//! Disk type: it never changes shape.

use crate::Guid;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Who did something, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// Who: an account, an API key or [`Guid::MACHINE`].
    pub by: Guid,
    /// What they were called then.
    pub by_name: String,
}

/// Notes, makers and revision of a thing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Common {
    /// A remark.
    pub description: Option<String>,
    /// Tags, in the given order.
    pub tags: Vec<String>,
    /// Further properties.
    pub properties: BTreeMap<String, String>,
    /// Its making.
    pub created: Stamp,
    /// Its last change.
    pub modified: Option<Stamp>,
    /// Goes up by one with each change; shown as the eTag.
    pub revision: u32,
}

impl Common {
    /// Of something that is made now.
    pub fn new(created: Stamp) -> Self {
        Common {
            created,
            ..Common::default()
        }
    }

    /// Of something that is changed now.
    #[must_use]
    pub fn changed(mut self, modified: Stamp) -> Self {
        self.modified = Some(modified);
        self.revision = self.revision.wrapping_add(1);
        self
    }
}
