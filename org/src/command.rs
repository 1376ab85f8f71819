//! What callers may ask for. Core type only: a command is never persisted.

use crate::{Group, Membership, Token, User, clients, people, sessions, tenancy};
use codec::Tenant;

/// A wish, in the imperative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Insert or update users and groups, then add memberships; all of it or nothing.
    /// A user or group that exists is replaced as a whole. What is not named stays.
    Synchronise {
        /// The tenant of all of it.
        tenant: Tenant,
        /// Users, in the caller's order; of one id twice the last counts.
        users: Vec<User>,
        /// Groups, likewise.
        groups: Vec<Group>,
        /// Memberships; both sides must exist afterwards.
        memberships: Vec<Membership>,
    },
    /// Let the bearer of a new token in.
    CreateToken(Token),
    /// Let the bearer of a token in no more.
    RevokeToken {
        /// The token's tenant.
        tenant: Tenant,
        /// The token's name.
        name: String,
    },
    /// A wish about companies, departments, roles.
    Tenancy(tenancy::Command),
    /// A wish about people.
    People(people::Command),
    /// A wish about programs.
    Clients(clients::Command),
    /// A wish about sign-ins.
    Sessions(sessions::Command),
    /// All of these one after the other, or none of them.
    All(Vec<Command>),
}
