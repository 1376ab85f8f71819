//! Uploads by channel: a place for a package's bytes, before anyone knows what they are.
//! Core type and disk type are the same here. Never: signs the channel's address or has the bytes.
//!
//! ```text
//!  open ──receive, as often as wanted──▶ received ──commit──▶ committed (again: the same answer)
//!    └──────────────── an hour later: gone, as if it had never been ────────────────┘
//! ```

use crate::{
    Guid,
    terms::{Meta, Sha256},
};
use serde::{Deserialize, Serialize};

/// An upload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// Its id.
    pub id: Guid,
    /// Where the package will belong, who uploads it.
    pub meta: Meta,
    /// When it ends, milliseconds since 1970.
    pub expires_ms: i64,
    /// Digest and number of the bytes that came last.
    pub received: Option<(Sha256, u64)>,
    /// The package and the version that it became.
    pub committed: Option<(Guid, Guid)>,
}
