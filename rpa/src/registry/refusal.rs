//! Why the registry says no. Owns: the closed list, its codes, and what kind of no each is.

use super::Kind;
use crate::{Guid, argument::MalformedValue, schedule::TimingError};

/// Why a command changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The company has no such thing.
    #[error("there is no {} '{id}'", kind.name())]
    Unknown {
        /// What it would be.
        kind: Kind,
        /// Its id.
        id: Guid,
    },
    /// What the body refers to does not exist.
    #[error("the {} '{id}' that is named does not exist", kind.name())]
    UnknownReference {
        /// What it would be.
        kind: Kind,
        /// Its id.
        id: Guid,
    },
    /// It was changed since the caller read it.
    #[error("it was changed in between; read it again")]
    Changed,
    /// The id is another one's.
    #[error("the id '{0}' is in use")]
    IdTaken(Guid),
    /// The name is another one's.
    #[error("there is another {} called '{name}' in the department", kind.name())]
    NameTaken {
        /// What it is.
        kind: Kind,
        /// The name.
        name: String,
    },
    /// A field is missing or out of bounds.
    #[error("{field}: {why}")]
    Improper {
        /// The field, as the API calls it.
        field: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// Something still uses it.
    #[error("it is used by {}", users.join(", "))]
    InUse {
        /// What does, for people.
        users: Vec<String>,
    },
    /// The robot is connected.
    #[error("the robot is connected")]
    Connected,
    /// A robot's hidden group cannot be changed.
    #[error("a robot's own group cannot be changed or deleted")]
    HiddenGroup,
    /// A workflow targets a group or robots, not both.
    #[error("the workflow targets {0}")]
    OtherTarget(&'static str),
    /// A workflow without target cannot be executed.
    #[error("the workflow '{0}' has neither a robot group nor robots")]
    NoTarget(String),
    /// A layout without nodes cannot be executed.
    #[error("the layout has no nodes")]
    NoNodes,
    /// The version exists with other bytes.
    #[error("version {0} exists with other content; a version never changes")]
    OtherContent(String),
    /// Nothing was uploaded to it.
    #[error("nothing was uploaded yet")]
    NothingReceived,
    /// What was read is not what lies there now.
    #[error("another file was uploaded in between")]
    ReceivedOther,
    /// The upload was made a package already.
    #[error("the upload is a package already")]
    Committed,
    /// The upload's time is over.
    #[error("the upload has expired")]
    Expired,
    /// A value does not fit its argument.
    #[error(transparent)]
    Value(#[from] MalformedValue),
    /// The schedule's times cannot be read.
    #[error(transparent)]
    Timing(#[from] TimingError),
}

/// What kind of no it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The request is wrong (400).
    Invalid,
    /// There is no such thing (404).
    Missing,
    /// The state is another one than the caller thinks (409).
    Conflict,
    /// The permission has ended (403).
    Expired,
}

impl Refusal {
    /// The stable name that APIs show.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::Unknown { .. } => "unknown",
            Refusal::UnknownReference { .. } => "unknown-reference",
            Refusal::Changed => "changed",
            Refusal::IdTaken(_) => "id-taken",
            Refusal::NameTaken { .. } => "name-taken",
            Refusal::Improper { .. } => "improper",
            Refusal::InUse { .. } => "in-use",
            Refusal::Connected => "connected",
            Refusal::HiddenGroup => "hidden-group",
            Refusal::OtherTarget(_) => "other-target",
            Refusal::NoTarget(_) => "no-target",
            Refusal::NoNodes => "no-nodes",
            Refusal::OtherContent(_) => "other-content",
            Refusal::NothingReceived => "nothing-received",
            Refusal::ReceivedOther => "received-other",
            Refusal::Committed => "committed",
            Refusal::Expired => "expired",
            Refusal::Value(_) => "malformed-value",
            Refusal::Timing(_) => "improper-timing",
        }
    }

    /// What kind of no it is.
    pub fn class(&self) -> Class {
        match self {
            Refusal::Unknown { .. } => Class::Missing,
            Refusal::Changed
            | Refusal::IdTaken(_)
            | Refusal::ReceivedOther
            | Refusal::Committed => Class::Conflict,
            Refusal::Expired => Class::Expired,
            Refusal::UnknownReference { .. }
            | Refusal::NameTaken { .. }
            | Refusal::Improper { .. }
            | Refusal::InUse { .. }
            | Refusal::Connected
            | Refusal::HiddenGroup
            | Refusal::OtherTarget(_)
            | Refusal::NoTarget(_)
            | Refusal::NoNodes
            | Refusal::OtherContent(_)
            | Refusal::NothingReceived
            | Refusal::Value(_)
            | Refusal::Timing(_) => Class::Invalid,
        }
    }

    pub(crate) fn improper(field: &'static str, why: impl Into<String>) -> Self {
        Refusal::Improper {
            field,
            why: why.into(),
        }
    }
}
