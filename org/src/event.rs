//! What has happened. Disk type: variants are only added at the end, and none of them ever changes.

use crate::{Group, Membership, Token, User, clients, people, sessions, tenancy};
use codec::Tenant;
use serde::{Deserialize, Serialize};

/// A fact, in the past tense; applying it needs nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A user is as it says from now on.
    UserSynchronised {
        /// The tenant.
        tenant: Tenant,
        /// The whole user.
        user: User,
    },
    /// A group is as it says from now on.
    GroupSynchronised {
        /// The tenant.
        tenant: Tenant,
        /// The whole group.
        group: Group,
    },
    /// A user is in a group from now on.
    MembershipAdded {
        /// The tenant.
        tenant: Tenant,
        /// Who is where.
        membership: Membership,
    },
    /// A token's bearer is let in from now on.
    TokenCreated(Token),
    /// A token's bearer is let in no more.
    TokenRevoked {
        /// The token's tenant.
        tenant: Tenant,
        /// The token's name.
        name: String,
    },
    /// Of companies, departments, roles.
    Tenancy(tenancy::Event),
    /// Of people.
    People(people::Event),
    /// Of programs.
    Clients(clients::Event),
    /// Of sign-ins.
    Sessions(sessions::Event),
}
