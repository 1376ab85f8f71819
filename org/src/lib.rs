//! Who may work: users, groups and memberships as other systems synchronise them, the tokens that programs bring, and
//! the console's companies, people, programs and sign-ins.
//!
//! Owns: the rules of synchronising (insert or update, all or nothing), how ids are prefixed, tokens and their
//! look-up by digest; departments, roles and what they permit; refresh tokens that work once; the bytes of all that.
//! Never: stores a password or a token's text, reads a clock, makes randomness, hashes, does I/O, or mixes tenants.
//!
//! ```text
//!  Command ──▶ decide(&State) ──▶ Vec<Event> ──▶ State::apply, for each
//!                    └──────────▶ Refusal (nothing changed)
//!
//!  State   tenant ─▶ users by id, groups by id, memberships both ways
//!                    tokens by name; over all tenants by digest
//!          tenancy   companies, departments, roles      people    accounts, company users
//!          clients   OAuth clients, API keys            sessions  families of refresh tokens
//! ```
//!
//! An empty list of events means that everything is already as the command wants it.

pub mod clients;
mod command;
mod common;
mod decide;
mod directory;
mod event;
mod guid;
mod identity;
pub mod people;
mod permission;
mod refusal;
mod rights;
mod role;
pub mod sessions;
mod state;
pub mod stored;
pub mod tenancy;
mod token;

pub use command::Command;
pub use common::{Common, Stamp};
pub use decide::decide;
pub use event::Event;
pub use guid::{Guid, NoGuid};
pub use identity::{Group, ID_CHARS, Membership, TEXT_CHARS, User, stored_id, system_prefix};
pub use permission::{NoPermission, Permission, Permissions};
pub use refusal::Refusal;
pub use rights::{Principal, Rights};
pub use role::{BuiltIn, Role, Scope};
pub use state::State;
pub use token::{Digest, Token};
