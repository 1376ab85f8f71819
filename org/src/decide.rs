//! What a command leads to, or why it is refused.
//! Owns: the limits and what must exist. Never: changes the state.

use crate::{Command, Event, Group, ID_CHARS, Membership, State, TEXT_CHARS, Token, User};
use codec::Tenant;
use std::collections::{BTreeMap, BTreeSet};

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
        }
    }
}

/// What follows from `command`: facts to apply, none when all is so already.
pub fn decide(state: &State, command: Command) -> Result<Vec<Event>, Refusal> {
    match command {
        Command::Synchronise {
            tenant,
            users,
            groups,
            memberships,
        } => synchronise(state, tenant, users, groups, memberships),
        Command::CreateToken(token) => create_token(state, token),
        Command::RevokeToken { tenant, name } => match state.token(tenant, &name) {
            Some(_) => Ok(vec![Event::TokenRevoked { tenant, name }]),
            None => Err(Refusal::UnknownToken(name)),
        },
    }
}

fn synchronise(
    state: &State,
    tenant: Tenant,
    users: Vec<User>,
    groups: Vec<Group>,
    memberships: Vec<Membership>,
) -> Result<Vec<Event>, Refusal> {
    for user in &users {
        check_id("user", &user.id)?;
        check_text("firstName", &user.id, user.first_name.as_deref())?;
        check_text("lastName", &user.id, user.last_name.as_deref())?;
        check_text("email", &user.id, user.email.as_deref())?;
    }
    for group in &groups {
        check_id("group", &group.id)?;
        check_text("name", &group.id, group.name.as_deref())?;
        check_text("type", &group.id, group.kind.as_deref())?;
    }
    let users: BTreeMap<String, User> = users.into_iter().map(|u| (u.id.clone(), u)).collect();
    let groups: BTreeMap<String, Group> = groups.into_iter().map(|g| (g.id.clone(), g)).collect();
    let memberships: BTreeSet<Membership> = memberships.into_iter().collect();
    for membership in &memberships {
        let Membership { user, group } = membership;
        if !users.contains_key(user) && state.user(tenant, user).is_none() {
            return Err(Refusal::UnknownUser(user.clone()));
        }
        if !groups.contains_key(group) && state.group(tenant, group).is_none() {
            return Err(Refusal::UnknownGroup(group.clone()));
        }
    }

    let users = users
        .into_values()
        .filter(|user| state.user(tenant, &user.id) != Some(user))
        .map(|user| Event::UserSynchronised { tenant, user });
    let groups = groups
        .into_values()
        .filter(|group| state.group(tenant, &group.id) != Some(group))
        .map(|group| Event::GroupSynchronised { tenant, group });
    let memberships = memberships
        .into_iter()
        .filter(|membership| !state.has_membership(tenant, membership))
        .map(|membership| Event::MembershipAdded { tenant, membership });
    Ok(users.chain(groups).chain(memberships).collect())
}

fn create_token(state: &State, token: Token) -> Result<Vec<Event>, Refusal> {
    check_printable("name", &token.name)?;
    check_printable("principal", &token.principal)?;
    check_text("name", &token.name, Some(&token.name))?;
    check_id("principal", &token.principal)?;
    if state.token(token.tenant, &token.name).is_some() {
        return Err(Refusal::TokenNameTaken(token.name));
    }
    if state.has_selector(&token.digest) {
        return Err(Refusal::TokenDigestTaken);
    }
    Ok(vec![Event::TokenCreated(token)])
}

fn check_id(what: &'static str, id: &str) -> Result<(), Refusal> {
    if longer_than(id, ID_CHARS) {
        return Err(Refusal::IdTooLong {
            what,
            id: start_of(id),
        });
    }
    Ok(())
}

fn check_text(field: &'static str, id: &str, text: Option<&str>) -> Result<(), Refusal> {
    if text.is_some_and(|text| longer_than(text, TEXT_CHARS)) {
        return Err(Refusal::TextTooLong {
            field,
            id: start_of(id),
        });
    }
    Ok(())
}

fn check_printable(field: &'static str, text: &str) -> Result<(), Refusal> {
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        return Err(Refusal::UnprintableText { field });
    }
    Ok(())
}

fn longer_than(text: &str, chars: usize) -> bool {
    text.chars().nth(chars).is_some()
}

/// Keeps a refusal short, however long the text is that it quotes.
fn start_of(id: &str) -> String {
    id.chars().take(ID_CHARS).collect()
}
