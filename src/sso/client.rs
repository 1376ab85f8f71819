//! Which client asks, and whether it is that one.
//! Never: compares a secret in a time that depends on it.

use super::{form::Form, refused::Refused, secret};
use crate::{
    http::{Request, header},
    server::State,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use org::clients::Client;

/// The client of a request: by the Authorization header (Basic) or by parameters; none when it names none.
pub fn find(state: &State, request: &Request, form: &Form) -> Result<Option<Client>, Refused> {
    let (id, secret, by_header) = match basic(request) {
        Some((id, secret)) => (id, Some(secret), true),
        None => match form.get("client_id")? {
            Some(id) => (
                id.to_owned(),
                form.get("client_secret")?.map(str::to_owned),
                false,
            ),
            None => return Ok(None),
        },
    };
    let known = state.engine.organisation.look(|organisation| {
        // Robots' ids are GUIDs, which may come in either case.
        let clients = &organisation.clients;
        let found = clients.client(&id);
        found
            .or_else(|| clients.client(&id.to_lowercase()))
            .cloned()
    });
    let refused = Refused::InvalidClient { by_header };
    let Some(client) = known else {
        return Err(refused);
    };
    let proven = match (&client.secret, &secret) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(kept), Some(brought)) => kept.is_same(&secret::digest(brought)),
    };
    if proven {
        Ok(Some(client))
    } else {
        Err(refused)
    }
}

/// Name and secret of a Basic header. Any other scheme is none of ours: callers send their old tokens along.
fn basic(request: &Request) -> Option<(String, String)> {
    let header = request.header(&header::AUTHORIZATION)?;
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = STANDARD.decode(encoded.trim()).unwrap_or_default();
    let text = String::from_utf8(decoded).unwrap_or_default();
    let (id, secret) = text.split_once(':').unwrap_or((&text, ""));
    Some((id.to_owned(), secret.to_owned()))
}
