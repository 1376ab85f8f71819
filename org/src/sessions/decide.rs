//! What a wish about sign-ins leads to.
//! Never: changes the state; gives a second successor to one refresh token.

use super::{Command, Event, FAMILIES, Family};
use crate::{Digest, Guid, Refusal, State, people::Status};

/// The facts that follow, or why none.
pub(crate) fn decide(state: &State, command: Command) -> Result<Vec<Event>, Refusal> {
    match command {
        Command::SignIn(family) => sign_in(state, family),
        Command::Refresh {
            family,
            client,
            presented,
            next,
            at_ms,
            grace_ms,
        } => {
            let found = state.sessions.family(family);
            let found = found.filter(|one| one.client == client && one.ends_ms() > at_ms);
            let found = found.ok_or(Refusal::RefreshRefused)?;
            refresh(state, found, &presented, (next, at_ms), grace_ms)
        }
        Command::SignOut(id) => {
            let found = state.sessions.family(id);
            Ok(found.map(|_| Event::SignedOut(id)).into_iter().collect())
        }
        Command::RevokeAccessToken {
            id,
            until_ms,
            at_ms,
        } => {
            if until_ms <= at_ms || state.sessions.is_revoked(id) {
                return Ok(Vec::new());
            }
            Ok(vec![Event::AccessTokenRevoked {
                id,
                until_ms,
                at_ms,
            }])
        }
    }
}

fn sign_in(state: &State, family: Family) -> Result<Vec<Event>, Refusal> {
    if state.sessions.family(family.id).is_some() {
        return Err(Refusal::IdTaken {
            what: "session",
            id: family.id,
        });
    }
    check_active(state, family.account)?;
    let own = state.sessions.of_account(family.account);
    let same: Vec<Guid> = own
        .filter(|one| one.client == family.client && one.ends_ms() > family.began_ms)
        .map(|one| one.id)
        .collect();
    let too_many = (same.len() + 1).saturating_sub(FAMILIES);
    let gone = same.into_iter().take(too_many).map(Event::SignedOut);
    let mut events: Vec<Event> = gone.collect();
    events.push(Event::SignedIn(family));
    Ok(events)
}

fn check_active(state: &State, account: Guid) -> Result<(), Refusal> {
    let account = state.people.account(account);
    if account.is_some_and(|account| account.status == Status::Active) {
        return Ok(());
    }
    Err(Refusal::RefreshRefused)
}

fn refresh(
    state: &State,
    family: &Family,
    presented: &Digest,
    next: (Digest, i64),
    grace_ms: i64,
) -> Result<Vec<Event>, Refusal> {
    let (current, at_ms) = next;
    if family.current.is_same(presented) {
        check_active(state, family.account)?;
        return Ok(vec![Event::Refreshed {
            family: family.id,
            current,
            at_ms,
        }]);
    }
    if at_ms.saturating_sub(family.rotated_ms) <= grace_ms {
        return Err(Refusal::RefreshRefused);
    }
    Ok(vec![Event::SignedOut(family.id)])
}
