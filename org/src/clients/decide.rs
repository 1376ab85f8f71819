//! What a wish about programs leads to.
//! Never: changes the state.

use super::{ApiKey, Client, Command, Event, Grant, Owner, THIRD_PARTY};
use crate::{Guid, Refusal, State, tenancy};

/// Access tokens are good for a day at most, in seconds.
const MAX_ACCESS_TOKEN_S: u32 = 86_400;

/// The facts that follow, or why none.
pub(crate) fn decide(state: &State, command: Command) -> Result<Vec<Event>, Refusal> {
    match command {
        Command::RegisterClient(client) => {
            if state.clients.client(&client.id).is_some() {
                return Err(Refusal::NameTaken {
                    what: "client",
                    name: client.id,
                });
            }
            check_client(state, &client)?;
            Ok(vec![Event::ClientRegistered(client)])
        }
        Command::ChangeClient(client) => {
            let old = find(state, &client.id)?;
            if client.revision != old.revision.wrapping_add(1) {
                return Err(Refusal::Stale {
                    what: "client",
                    id: Guid::ZERO,
                });
            }
            check_client(state, &client)?;
            Ok(vec![Event::ClientRegistered(client)])
        }
        Command::ReplaceSecret { id, secret } => {
            let old = find(state, &id)?;
            let revision = old.revision.wrapping_add(1);
            let client = Client {
                secret: Some(secret),
                revision,
                ..old.clone()
            };
            Ok(vec![Event::ClientRegistered(client)])
        }
        Command::RemoveClient(id) => {
            find(state, &id)?;
            Ok(vec![Event::ClientRemoved(id)])
        }
        Command::CreateKey(key) => create_key(state, key),
        Command::ChangeKey(key) => change_key(state, key),
        Command::DeleteKey(id) => {
            find_key(state, id)?;
            Ok(vec![Event::KeyDeleted(id)])
        }
    }
}

/// The client, when it may be changed.
fn find<'s>(state: &'s State, id: &str) -> Result<&'s Client, Refusal> {
    if id == THIRD_PARTY {
        return Err(Refusal::Invalid {
            field: "client",
            why: "is always there as it is",
        });
    }
    let found = state.clients.client(id);
    found.ok_or_else(|| Refusal::Unknown {
        what: "client",
        id: id.to_owned(),
    })
}

fn check_client(state: &State, client: &Client) -> Result<(), Refusal> {
    let invalid = |field, why| Err(Refusal::Invalid { field, why });
    tenancy::check_name("client id", &client.id)?;
    tenancy::check_name("client name", &client.name)?;
    if client.access_token_s == 0 || client.access_token_s > MAX_ACCESS_TOKEN_S {
        return invalid("access_token_s", "must be from 1 to 86400");
    }
    let by_itself = client.grants.contains(&Grant::ClientCredentials);
    match &client.owner {
        Owner::People if by_itself => {
            invalid("grants", "may have client_credentials for robots only")
        }
        Owner::People => Ok(()),
        Owner::Robot { .. } if client.secret.is_none() => {
            invalid("secret", "must be there for a robot")
        }
        Owner::Robot { .. } if client.grants != [Grant::ClientCredentials] => {
            invalid("grants", "must be client_credentials for a robot")
        }
        Owner::Robot {
            tenant,
            department,
            id,
        } => {
            if client.id != id.to_string() {
                return invalid("client id", "must be the robot's id");
            }
            let found = state.tenancy.department(*department);
            if found.is_none_or(|found| found.tenant != *tenant) {
                return Err(Refusal::Unknown {
                    what: "department",
                    id: department.to_string(),
                });
            }
            Ok(())
        }
    }
}

fn find_key(state: &State, id: Guid) -> Result<&ApiKey, Refusal> {
    let found = state.clients.key(id);
    found.ok_or_else(|| Refusal::Unknown {
        what: "API key",
        id: id.to_string(),
    })
}

fn create_key(state: &State, key: ApiKey) -> Result<Vec<Event>, Refusal> {
    if state.clients.key(key.id).is_some() {
        return Err(Refusal::IdTaken {
            what: "API key",
            id: key.id,
        });
    }
    if state.clients.has_selector(&key.digest) {
        return Err(Refusal::TokenDigestTaken);
    }
    check_key(state, &key)?;
    Ok(vec![Event::KeyCreated(key)])
}

fn change_key(state: &State, key: ApiKey) -> Result<Vec<Event>, Refusal> {
    let old = find_key(state, key.id)?;
    if key.common.revision != old.common.revision.wrapping_add(1) {
        return Err(Refusal::Stale {
            what: "API key",
            id: key.id,
        });
    }
    let key = ApiKey {
        tenant: old.tenant,
        digest: old.digest,
        ..key
    };
    check_key(state, &key)?;
    Ok(vec![Event::KeyCreated(key)])
}

fn check_key(state: &State, key: &ApiKey) -> Result<(), Refusal> {
    tenancy::check_name("name", &key.name)?;
    let department = state.tenancy.department(key.department);
    if department.is_none_or(|department| department.tenant != key.tenant) {
        return Err(Refusal::Unknown {
            what: "department",
            id: key.department.to_string(),
        });
    }
    tenancy::check_role_ids(state, key.tenant, &key.roles)?;
    let name = key.name.to_lowercase();
    let mut others = state
        .clients
        .keys(key.tenant)
        .filter(|one| one.id != key.id);
    match others.find(|one| one.name.to_lowercase() == name) {
        Some(_) => Err(Refusal::NameTaken {
            what: "API key",
            name: key.name.clone(),
        }),
        None => Ok(()),
    }
}
