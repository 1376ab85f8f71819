//! What a command leads to, or why it is refused.
//! Owns: the limits and what must exist. Never: changes the state.

use crate::{
    Command, Event, Group, ID_CHARS, Membership, Refusal, State, TEXT_CHARS, Token, User, clients,
    people, sessions, tenancy,
};
use codec::Tenant;
use std::collections::{BTreeMap, BTreeSet};

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
        Command::Tenancy(command) => {
            tenancy::decide(state, command).map(|events| wrap(events, Event::Tenancy))
        }
        Command::People(command) => {
            people::decide(state, command).map(|events| wrap(events, Event::People))
        }
        Command::Clients(command) => {
            clients::decide(state, command).map(|events| wrap(events, Event::Clients))
        }
        Command::Sessions(command) => {
            sessions::decide(state, command).map(|events| wrap(events, Event::Sessions))
        }
        Command::All(commands) => all(state, commands),
    }
}

fn wrap<E>(events: Vec<E>, into: fn(E) -> Event) -> Vec<Event> {
    events.into_iter().map(into).collect()
}

/// Later commands see what earlier ones lead to; a refusal of one is a refusal of all.
fn all(state: &State, commands: Vec<Command>) -> Result<Vec<Event>, Refusal> {
    let mut trial = state.clone();
    let mut events = Vec::new();
    for command in commands {
        for event in decide(&trial, command)? {
            trial.apply(&event);
            events.push(event);
        }
    }
    Ok(events)
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
