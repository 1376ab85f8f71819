//! Programs that come by themselves: clients of OAuth (robots too) and API keys.
//!
//! Owns: that their ids and secrets are their own, and which grants a client may use.
//! Never: sees a secret; its SHA-256 comes from outside, which is enough for random text.

mod decide;
mod registry;

pub use registry::Registry;

pub(crate) use decide::decide;

use crate::{Common, Digest, Guid};
use codec::Tenant;
use serde::{Deserialize, Serialize};

/// The client that the documented callers use; it is always there.
pub const THIRD_PARTY: &str = "thirdpartyservice";
/// How long an access token is good when nothing else is said, in seconds.
pub const ACCESS_TOKEN_S: u32 = 3_600;

/// A way to a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Grant {
    /// A person's name and password.
    Password,
    /// A refresh token.
    RefreshToken,
    /// The client's own secret: robots.
    ClientCredentials,
}

impl Grant {
    /// All of them.
    pub const ALL: [Grant; 3] = [
        Grant::Password,
        Grant::RefreshToken,
        Grant::ClientCredentials,
    ];

    /// As `grant_type` has it.
    pub fn text(self) -> &'static str {
        match self {
            Grant::Password => "password",
            Grant::RefreshToken => "refresh_token",
            Grant::ClientCredentials => "client_credentials",
        }
    }

    /// The one that `grant_type` names.
    pub fn by_text(text: &str) -> Option<Grant> {
        Grant::ALL.into_iter().find(|one| one.text() == text)
    }
}

/// Whom a client acts as by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Owner {
    /// Nobody: people sign in through it.
    People,
    /// A robot, whose id is the client's.
    Robot {
        /// The robot's company.
        tenant: Tenant,
        /// The robot's department.
        department: Guid,
        /// The robot's id.
        id: Guid,
    },
}

/// A client of OAuth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// Its id, as `client_id` has it.
    pub id: String,
    /// What it is called in tokens.
    pub name: String,
    /// The SHA-256 of its secret; none: public.
    pub secret: Option<Digest>,
    /// How it may come to tokens.
    pub grants: Vec<Grant>,
    /// How long its access tokens are good, in seconds.
    pub access_token_s: u32,
    /// Whom it acts as by itself.
    pub owner: Owner,
    /// Goes up by one with each change; tokens of an earlier secret are good no more.
    pub revision: u32,
}

impl Client {
    /// The department of a robot.
    pub fn department(&self) -> Option<Guid> {
        match &self.owner {
            Owner::People => None,
            Owner::Robot { department, .. } => Some(*department),
        }
    }

    /// The company of a robot.
    pub fn tenant(&self) -> Option<Tenant> {
        match &self.owner {
            Owner::People => None,
            Owner::Robot { tenant, .. } => Some(*tenant),
        }
    }

    /// The client that is always there.
    pub(crate) fn third_party() -> Client {
        Client {
            id: THIRD_PARTY.to_owned(),
            name: THIRD_PARTY.to_owned(),
            secret: None,
            grants: vec![Grant::Password, Grant::RefreshToken],
            access_token_s: ACCESS_TOKEN_S,
            owner: Owner::People,
            revision: 0,
        }
    }
}

/// A key that a program brings as its bearer token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Its id.
    pub id: Guid,
    /// The company.
    pub tenant: Tenant,
    /// What roles for departments count from.
    pub department: Guid,
    /// One of a kind in its company, whatever the case.
    pub name: String,
    /// The SHA-256 of its text.
    pub digest: Digest,
    /// Built-in and own roles.
    pub roles: Vec<Guid>,
    /// Notes, makers, revision.
    pub common: Common,
}

/// A wish about programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Make a client.
    RegisterClient(Client),
    /// Put a client in the place of what it was; its revision must be the next one.
    ChangeClient(Client),
    /// Give a client another secret: the old one and its tokens end.
    ReplaceSecret {
        /// The client.
        id: String,
        /// The SHA-256 of the new secret.
        secret: Digest,
    },
    /// End a client.
    RemoveClient(String),
    /// Make a key.
    CreateKey(ApiKey),
    /// Put a key in the place of what it was; its text stays.
    ChangeKey(ApiKey),
    /// End a key.
    DeleteKey(Guid),
}

/// A fact about programs. Disk type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A client is there, or is as it says.
    ClientRegistered(Client),
    /// A client is there no more.
    ClientRemoved(String),
    /// A key is there, or is as it says.
    KeyCreated(ApiKey),
    /// A key is there no more.
    KeyDeleted(Guid),
}
