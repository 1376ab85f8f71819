//! People: accounts that sign in, and what each is in which company.
//!
//! Owns: that an account's name is its own over all companies, and that somebody can always administer.
//! Never: sees a password; a hash of it comes from outside.

mod decide;
mod registry;

pub use registry::Registry;

pub(crate) use decide::decide;

use crate::{Common, Guid, Stamp};
use codec::Tenant;
use serde::{Deserialize, Serialize};

/// Whether somebody may come in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// Yes.
    #[default]
    Active,
    /// Not yet, or not for now.
    Inactive,
    /// No.
    Banned,
}

/// What another system knows of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// Its id there.
    pub id: Option<String>,
    /// A telephone number there.
    pub mobile: Option<String>,
    /// An e-mail address there.
    pub email: Option<String>,
}

/// Somebody who signs in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its id.
    pub id: Guid,
    /// A short number, counted from 1.
    pub number: u32,
    /// What one types to sign in; one of a kind, whatever the case.
    pub user_name: String,
    /// What others read.
    pub name: String,
    /// The argon2id hash of the password, in PHC form; without one nobody signs in.
    pub password: Option<String>,
    /// Whether the password was changed after its first.
    pub has_modified_password: bool,
    /// May do everything everywhere.
    pub system_admin: bool,
    /// Whether one may sign in at all.
    pub status: Status,
    /// E-mail address.
    pub email: Option<String>,
    /// Telephone number.
    pub phone_number: Option<String>,
    /// What another system knows.
    pub extension: Extension,
    /// When one last signed in, in milliseconds since 1970.
    pub last_login_ms: Option<i64>,
    /// Notes, makers, revision.
    pub common: Common,
}

/// An account in a company.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompanyUser {
    /// Its id.
    pub id: Guid,
    /// The company.
    pub tenant: Tenant,
    /// Whose.
    pub account: Guid,
    /// What the account is called here.
    pub name: String,
    /// Where in the company; what roles for departments count from.
    pub department: Guid,
    /// Built-in and own roles.
    pub roles: Vec<Guid>,
    /// Whether one may work here.
    pub status: Status,
    /// Whether the company was made for this person.
    pub owner: bool,
    /// Notes, makers, revision.
    pub common: Common,
}

/// A wish about people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Make an account, in these companies. Its number is given here.
    CreateAccount {
        /// The account.
        account: Box<Account>,
        /// What it is where.
        users: Vec<CompanyUser>,
    },
    /// Put an account in the place of what it was, except for what only other commands change: number, password,
    /// last sign-in.
    ChangeAccount(Box<Account>),
    /// Set the password; whoever is signed in must sign in again.
    SetPassword {
        /// Whose.
        account: Guid,
        /// The hash in PHC form.
        hash: String,
        /// Who does it.
        stamp: Stamp,
    },
    /// End an account, and what it is everywhere.
    DeleteAccount(Guid),
    /// Take an account into a company.
    AddUser(CompanyUser),
    /// Put a company user in the place of what it was.
    ChangeUser(CompanyUser),
    /// Let an account go from a company.
    RemoveUser(Guid),
}

/// A fact about people. Disk type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// An account is there.
    AccountCreated(Account),
    /// An account is as it says.
    AccountChanged(Account),
    /// An account has another password.
    PasswordSet {
        /// Whose.
        account: Guid,
        /// The hash in PHC form.
        hash: String,
        /// Who did it.
        stamp: Stamp,
    },
    /// An account is there no more.
    AccountDeleted(Guid),
    /// An account is in a company.
    UserAdded(CompanyUser),
    /// A company user is as it says.
    UserChanged(CompanyUser),
    /// A company user is there no more.
    UserRemoved(Guid),
}
