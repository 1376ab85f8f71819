//! Who may work: users, groups and memberships as other systems synchronise them, and the tokens that programs bring.
//!
//! Owns: the rules of synchronising (insert or update, all or nothing), how ids are prefixed, tokens and their
//! look-up by digest, and the bytes of all that.
//! Never: stores a password or a token's text, reads a clock, makes randomness, hashes, does I/O, or mixes tenants.
//!
//! ```text
//!  Command ──▶ decide(&State) ──▶ Vec<Event> ──▶ State::apply, for each
//!                    └──────────▶ Refusal (nothing changed)
//!
//!  State   tenant ─▶ users by id, groups by id, memberships both ways
//!                    tokens by name; over all tenants by digest
//! ```
//!
//! An empty list of events means that everything is already as the command wants it.

mod command;
mod decide;
mod directory;
mod event;
mod identity;
mod state;
pub mod stored;
mod token;

pub use command::Command;
pub use decide::{Refusal, decide};
pub use event::Event;
pub use identity::{Group, ID_CHARS, Membership, TEXT_CHARS, User, stored_id, system_prefix};
pub use state::State;
pub use token::{Digest, Token};
