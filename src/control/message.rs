//! What is said over the control socket. Wire types: both sides are of one build, nothing of it is kept.

use serde::{Deserialize, Serialize};
use std::{fmt, path::PathBuf};

/// What a client asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// Make a token.
    TokenCreate {
        /// Its name.
        name: String,
    },
    /// List all tokens.
    TokenList,
    /// Let nobody in with this token any more.
    TokenRevoke {
        /// Its name.
        name: String,
    },
    /// Copy a consistent state.
    Backup {
        /// The directory to make: absolute, since the server may stand in another one than the client.
        into: PathBuf,
    },
    /// Add a person.
    UserAdd(NewUser),
    /// Set a person's password.
    UserPassword {
        /// What the person types to sign in.
        user_name: String,
        /// The argon2id hash of the password.
        hash: String,
    },
}

/// What the server says to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// The token was made.
    TokenCreated(NewToken),
    /// These are the tokens.
    Tokens(Vec<TokenLine>),
    /// The token lets nobody in any more.
    TokenRevoked,
    /// The copy is whole and on the disk.
    BackedUp(BackedUp),
    /// It was done.
    Done,
    /// Nothing was done, for this reason.
    Refused(String),
}

/// A token that was just made: the only time that its text is known.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewToken {
    /// Its name.
    pub name: String,
    /// What its bearer must send.
    pub token: String,
}

/// A person to add.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewUser {
    /// What the person types to sign in.
    pub user_name: String,
    /// What others read.
    pub name: String,
    /// The argon2id hash of the password.
    pub hash: String,
    /// The company, by name or id.
    pub company: Option<String>,
    /// The department, by name or id.
    pub department: Option<String>,
    /// Roles by name.
    pub roles: Vec<String>,
    /// May do everything everywhere.
    pub system_admin: bool,
}

/// What is known of a token later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenLine {
    /// Its name.
    pub name: String,
    /// Whom its bearer acts as.
    pub principal: String,
    /// The number of its company; 0 is the configuration's.
    pub tenant: u32,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: i64,
}

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackedUp {
    /// Files that were copied.
    pub files: u64,
    /// Bytes that were copied.
    pub bytes: u64,
    /// The last sequence of the journal that is in it.
    pub sequence: u64,
}

impl fmt::Debug for NewUser {
    /// Leaves the hash out: what is shown by `Debug` ends in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewUser")
            .field("user_name", &self.user_name)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for NewToken {
    /// Leaves the token out: what is shown by `Debug` ends in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewToken")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
