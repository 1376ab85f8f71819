//! The bytes of events and of the state, behind a version byte; golden bytes guard them.
//!
//! ```text
//!  events  [ 1 | Vec<Event> ]
//!  state   [ 2 | per tenant: users, groups, memberships, each by id | tokens by tenant and name
//!              | the facts that lead to companies, people, programs, sign-ins ]
//!          [ 1 | the same without those facts ], which is still read
//! ```
//!
//! Never: writes what can be derived (the look-up by digest, the second direction of memberships).

use crate::{Event, Group, Membership, State, Token, User};
use codec::{DecodeError, Tenant};
use serde::{Deserialize, Serialize};

/// Version of the bytes of events.
pub const EVENTS_VERSION: u8 = 1;

/// Version of the bytes of a state.
pub const STATE_VERSION: u8 = 2;

/// The version before there were companies and people.
const FIRST_STATE_VERSION: u8 = 1;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct StoredState {
    directories: Vec<StoredDirectory>,
    tokens: Vec<Token>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct StoredDirectory {
    tenant: Tenant,
    users: Vec<User>,
    groups: Vec<Group>,
    memberships: Vec<Membership>,
}

/// The payload of one journal record: all events of one command.
pub fn encode_events(events: &[Event]) -> Vec<u8> {
    codec::encode(EVENTS_VERSION, &events)
}

/// Reads what [`encode_events`] wrote.
pub fn decode_events(bytes: &[u8]) -> Result<Vec<Event>, DecodeError> {
    codec::decode(EVENTS_VERSION, bytes)
}

/// The bytes of a snapshot.
pub fn encode_state(state: &State) -> Vec<u8> {
    let facts: Vec<Event> = facts(state).collect();
    codec::encode(STATE_VERSION, &(StoredState::of(state), facts))
}

/// Reads what [`encode_state`] wrote.
pub fn decode_state(bytes: &[u8]) -> Result<State, DecodeError> {
    if bytes.first() == Some(&FIRST_STATE_VERSION) {
        let stored: StoredState = codec::decode(FIRST_STATE_VERSION, bytes)?;
        return Ok(stored.restore());
    }
    let (stored, facts): (StoredState, Vec<Event>) = codec::decode(STATE_VERSION, bytes)?;
    let mut state = stored.restore();
    for fact in &facts {
        state.apply(fact);
    }
    Ok(state)
}

/// What leads to companies, people, programs and sign-ins, in an order in which each finds what it names.
fn facts(state: &State) -> impl Iterator<Item = Event> {
    let tenancy = state.tenancy.facts().map(Event::Tenancy);
    let people = state.people.facts().map(Event::People);
    let clients = state.clients.facts().map(Event::Clients);
    let sessions = state.sessions.facts().map(Event::Sessions);
    tenancy.chain(people).chain(clients).chain(sessions)
}

impl StoredState {
    fn of(state: &State) -> Self {
        let directories = state
            .directories()
            .map(|(tenant, directory)| StoredDirectory {
                tenant,
                users: directory.users().cloned().collect(),
                groups: directory.groups().cloned().collect(),
                memberships: directory.memberships().collect(),
            });
        StoredState {
            directories: directories.collect(),
            tokens: state.all_tokens().cloned().collect(),
        }
    }

    /// A state is the facts that lead to it: so there is one way only to build one.
    fn restore(self) -> State {
        let mut state = State::default();
        for directory in self.directories {
            let tenant = directory.tenant;
            for user in directory.users {
                state.apply(&Event::UserSynchronised { tenant, user });
            }
            for group in directory.groups {
                state.apply(&Event::GroupSynchronised { tenant, group });
            }
            for membership in directory.memberships {
                state.apply(&Event::MembershipAdded { tenant, membership });
            }
        }
        for token in self.tokens {
            state.apply(&Event::TokenCreated(token));
        }
        state
    }
}

#[cfg(test)]
mod tests;
