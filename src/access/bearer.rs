//! Whom a bearer token stands for.
//! Never: looks at anything but the token and the state as it is now.

use crate::{
    http::{HeaderMap, header},
    server::State,
    sso::{self, secret},
};
use codec::Tenant;
use org::{
    Guid,
    clients::{Client, Owner},
};
use std::time::Duration;

/// What API keys begin with.
pub const KEY_PREFIX: &str = "lwk_";
/// What tokens of `loomwork token` begin with.
const TOKEN_PREFIX: &str = "lw_";

/// Who brings a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bearer {
    /// A program with a token of `loomwork token`.
    Token {
        /// The token's principal.
        principal: String,
        /// Its company.
        tenant: Tenant,
    },
    /// A person who signed in.
    Person {
        /// The account.
        account: Guid,
        /// What they are called.
        name: String,
    },
    /// A program with an API key.
    Key {
        /// The key's id.
        id: Guid,
        /// What it is called.
        name: String,
        /// Its company.
        tenant: Tenant,
    },
    /// A robot.
    Robot {
        /// The robot's id.
        id: Guid,
        /// The revision of its client when it was let in: every new secret is another one.
        revision: u32,
        /// What it is called.
        name: String,
        /// Its company.
        tenant: Tenant,
    },
}

impl Bearer {
    /// A text that no two of them share.
    pub fn principal(&self) -> String {
        match self {
            Bearer::Token { principal, .. } => principal.clone(),
            Bearer::Person { account, .. } => format!("person {account}"),
            Bearer::Key { id, .. } => format!("key {id}"),
            Bearer::Robot { id, .. } => format!("robot {id}"),
        }
    }
}

/// The text of a request's bearer token.
pub fn text(headers: &HeaderMap) -> Option<&str> {
    let header = headers.get(header::AUTHORIZATION)?;
    header.to_str().ok().and_then(bearer)
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim())
        .filter(|token| !token.is_empty())
}

/// Whether a text has the form of one of our tokens: then it is never taken for none.
pub fn looks_like_ours(token: &str) -> bool {
    token.starts_with(TOKEN_PREFIX) || token.starts_with(KEY_PREFIX) || is_jwt(token)
}

fn is_jwt(token: &str) -> bool {
    token.split('.').count() == 3
}

/// How long a token is good unless it is ended before; none: it does not end by itself.
pub fn left(state: &State, token: &str) -> Option<Duration> {
    if !is_jwt(token) {
        return None;
    }
    let end_ms = sso::live(state, token)?.exp.saturating_mul(1_000);
    let left_ms = end_ms.saturating_sub(state.engine.clock.real_ms());
    Some(Duration::from_millis(u64::try_from(left_ms).unwrap_or(0)))
}

/// Who brings this token; none: it is not known, or good no more.
pub fn find(state: &State, token: &str) -> Option<Bearer> {
    if token.starts_with(KEY_PREFIX) {
        return key(state, token);
    }
    if is_jwt(token) {
        return access_token(state, token);
    }
    let digest = secret::digest(token);
    state.engine.organisation.look(|organisation| {
        let token = organisation.token_by_digest(&digest)?;
        Some(Bearer::Token {
            principal: token.principal.clone(),
            tenant: token.tenant,
        })
    })
}

fn key(state: &State, token: &str) -> Option<Bearer> {
    let digest = secret::digest(token);
    state.engine.organisation.look(|organisation| {
        let key = organisation.clients.key_by_digest(&digest)?;
        Some(Bearer::Key {
            id: key.id,
            name: key.name.clone(),
            tenant: key.tenant,
        })
    })
}

fn access_token(state: &State, token: &str) -> Option<Bearer> {
    let claims = sso::live(state, token)?;
    if let Some(account) = claims.userid {
        return Some(Bearer::Person {
            account: account.0,
            name: claims.name.clone(),
        });
    }
    state.engine.organisation.look(|organisation| {
        let client: &Client = organisation.clients.client(&claims.client_id)?;
        match &client.owner {
            Owner::People => None,
            Owner::Robot { tenant, id, .. } => Some(Bearer::Robot {
                id: *id,
                revision: client.revision,
                name: client.name.clone(),
                tenant: *tenant,
            }),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{bearer, looks_like_ours};

    #[test]
    fn only_a_bearer_token_is_read() {
        let rows = [
            ("Bearer abc", Some("abc")),
            ("bearer  abc ", Some("abc")),
            ("Bearer ", None),
            ("Basic abc", None),
            ("abc", None),
        ];
        for (header, token) in rows {
            assert_eq!(bearer(header), token, "{header}");
        }
    }

    #[test]
    fn our_own_forms_are_told_from_what_callers_send_for_others() {
        let rows = [
            ("lw_x", true),
            ("lwk_x", true),
            ("a.b.c", true),
            ("a.b", false),
            ("whatever", false),
        ];
        for (token, ours) in rows {
            assert_eq!(looks_like_ours(token), ours, "{token}");
        }
    }
}
