//! Who is signed in: families of refresh tokens, and access tokens that were taken back before their time.
//!
//! ```text
//!  SignIn ─▶ family: token 1 ─ Refresh ─▶ token 2 ─ Refresh ─▶ token 3 …        one of them is good at a time
//!              a used one again, within the grace: refused, nothing else
//!                                 later:            the family ends, with its access tokens
//! ```
//!
//! Never: sees a token's text. A family's id is made from a part of its refresh tokens that only they hold.

mod decide;
mod registry;

pub use registry::Registry;

pub(crate) use decide::decide;

use crate::{Digest, Guid};
use serde::{Deserialize, Serialize};

/// A family ends so long after its sign-in, in milliseconds.
pub const FAMILY_MS: i64 = 30 * 86_400_000;
/// Families of one account and client; with one more the oldest goes.
pub const FAMILIES: usize = 50;

/// One sign-in and all tokens that came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Family {
    /// Its id; access tokens carry it.
    pub id: Guid,
    /// Who signed in.
    pub account: Guid,
    /// Through which client.
    pub client: String,
    /// The SHA-256 of the refresh token that is good now.
    pub current: Digest,
    /// When it began, in milliseconds since 1970.
    pub began_ms: i64,
    /// When its present token was given, in milliseconds since 1970.
    pub rotated_ms: i64,
}

impl Family {
    /// When it ends by itself, in milliseconds since 1970.
    pub fn ends_ms(&self) -> i64 {
        self.began_ms.saturating_add(FAMILY_MS)
    }
}

/// A wish about sign-ins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Begin a family.
    SignIn(Family),
    /// Give the next refresh token for the present one. A used one ends the family instead, when its successor is
    /// older than the grace: then the family is gone afterwards.
    Refresh {
        /// The family.
        family: Guid,
        /// Through which client.
        client: String,
        /// The SHA-256 of what was brought.
        presented: Digest,
        /// The SHA-256 of the next one.
        next: Digest,
        /// Now, in milliseconds since 1970.
        at_ms: i64,
        /// For how long a used token is only refused, in milliseconds.
        grace_ms: i64,
    },
    /// End a family; nothing when there is none.
    SignOut(Guid),
    /// Take one access token back.
    RevokeAccessToken {
        /// Its id.
        id: Guid,
        /// When it would have ended, in milliseconds since 1970.
        until_ms: i64,
        /// Now, in milliseconds since 1970.
        at_ms: i64,
    },
}

/// A fact about sign-ins. Disk type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// Somebody signed in.
    SignedIn(Family),
    /// A family's present token is another one.
    Refreshed {
        /// The family.
        family: Guid,
        /// The SHA-256 of its present token.
        current: Digest,
        /// When, in milliseconds since 1970.
        at_ms: i64,
    },
    /// A family is there no more.
    SignedOut(Guid),
    /// An access token is good no more; what ended before `at_ms` need not be remembered.
    AccessTokenRevoked {
        /// Its id.
        id: Guid,
        /// When it would have ended, in milliseconds since 1970.
        until_ms: i64,
        /// When it was taken back, in milliseconds since 1970.
        at_ms: i64,
    },
}
