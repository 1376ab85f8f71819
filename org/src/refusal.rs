//! Why a command is refused. A closed list: front ends translate each.

use crate::{Guid, ID_CHARS, TEXT_CHARS};

/// Why a command changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A stored id is longer than [`ID_CHARS`].
    #[error("the {what} id '{id}' has more than {ID_CHARS} characters")]
    IdTooLong {
        /// `user`, `group` or `principal`.
        what: &'static str,
        /// Its first [`ID_CHARS`] characters.
        id: String,
    },
    /// A text is longer than [`TEXT_CHARS`].
    #[error("the {field} of '{id}' has more than {TEXT_CHARS} characters")]
    TextTooLong {
        /// The field, as the APIs call it.
        field: &'static str,
        /// Whose field it is.
        id: String,
    },
    /// A membership names a user who does not exist.
    #[error("there is no user '{0}'")]
    UnknownUser(String),
    /// A membership names a group that does not exist.
    #[error("there is no group '{0}'")]
    UnknownGroup(String),
    /// A token's name or principal is empty or holds a control character.
    #[error("a token's {field} must be a printable text")]
    UnprintableText {
        /// `name` or `principal`.
        field: &'static str,
    },
    /// The tenant has a token of this name.
    #[error("there is a token called '{0}' already")]
    TokenNameTaken(String),
    /// Another token is found by the same half of its digest; a new random token ends that.
    #[error("the token's digest is taken; make another token")]
    TokenDigestTaken,
    /// The tenant has no token of this name.
    #[error("there is no token called '{0}'")]
    UnknownToken(String),
    /// Something else has this id.
    #[error("there is a {what} with the id {id} already")]
    IdTaken {
        /// What it is.
        what: &'static str,
        /// The id.
        id: Guid,
    },
    /// Something else has this name.
    #[error("the name '{name}' is taken by another {what}")]
    NameTaken {
        /// What it is.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// There is none with this id.
    #[error("there is no {what} '{id}'")]
    Unknown {
        /// What it is.
        what: &'static str,
        /// The id, as it was asked for.
        id: String,
    },
    /// A field will not do.
    #[error("the {field} {why}")]
    Invalid {
        /// The field, as the APIs call it.
        field: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Somebody else changed it in the meantime.
    #[error("the {what} {id} was changed by somebody else")]
    Stale {
        /// What it is.
        what: &'static str,
        /// Its id.
        id: Guid,
    },
    /// Something still needs it.
    #[error("the {what} '{name}' is in use by {by}")]
    InUse {
        /// What it is.
        what: &'static str,
        /// Its name.
        name: String,
        /// What needs it.
        by: String,
    },
    /// Nobody could administer this company afterwards.
    #[error("'{0}' would be left without an administrator")]
    LastAdministrator(String),
    /// A refresh token is not, or no more, good.
    #[error("the refresh token is not good")]
    RefreshRefused,
    /// The data are used with other keys.
    #[error("the data are used with other keys")]
    KeysDiffer,
}

impl Refusal {
    /// The stable name that APIs show.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::IdTooLong { .. } => "id-too-long",
            Refusal::TextTooLong { .. } => "text-too-long",
            Refusal::UnknownUser(_) => "unknown-user",
            Refusal::UnknownGroup(_) => "unknown-group",
            Refusal::UnprintableText { .. } => "unprintable-text",
            Refusal::TokenNameTaken(_) => "token-name-taken",
            Refusal::TokenDigestTaken => "token-digest-taken",
            Refusal::UnknownToken(_) => "unknown-token",
            Refusal::IdTaken { .. } => "id-taken",
            Refusal::NameTaken { .. } => "name-taken",
            Refusal::Unknown { .. } => "unknown",
            Refusal::Invalid { .. } => "invalid",
            Refusal::Stale { .. } => "stale",
            Refusal::InUse { .. } => "in-use",
            Refusal::LastAdministrator(_) => "last-administrator",
            Refusal::RefreshRefused => "refresh-refused",
            Refusal::KeysDiffer => "keys-differ",
        }
    }
}
