//! `POST /connect/revocation` (RFC 7009): what a client signs out by.
//! Never: says whether a token was known.

use super::{
    claims::Claims,
    client,
    form::Form,
    refused::{Refused, unstored},
    secret::Refresh,
};
use crate::{
    http::{Context, Request, Response, StatusCode},
    server::State,
};
use org::{Command, Guid, sessions};

/// What a token leads to.
enum Ends {
    /// A sign-in with all its tokens.
    Family(Guid),
    /// One access token.
    Token { id: Guid, until_ms: i64 },
}

/// Ends what the token came of. A token that is not known, or of another client, is answered alike.
pub async fn revoke(state: Context<State>, request: Request) -> Result<Response, Refused> {
    let form = Form::of(&request)?;
    let token = form.must("token", "token is missing")?;
    let client = client::find(&state, &request, &form)?.map(|client| client.id);
    let now_ms = state.engine.clock.real_ms();
    if let Some((ends, owner)) = find(&state, token, now_ms)
        && client.is_none_or(|client| client == owner)
    {
        let command = match ends {
            Ends::Family(family) => sessions::Command::SignOut(family),
            Ends::Token { id, until_ms } => sessions::Command::RevokeAccessToken {
                id,
                until_ms,
                at_ms: now_ms,
            },
        };
        let engine = &state.engine;
        let done = engine
            .organisation
            .command(engine.core(), Command::Sessions(command));
        done.await.map_err(Refused::Engine)?;
        state.sso.forget_verified();
    }
    Ok(unstored(Response::new(StatusCode::OK)))
}

/// What a token came of, and through which client. Possession proves enough for a public client.
fn find(state: &State, token: &str, now_ms: i64) -> Option<(Ends, String)> {
    if let Some(refresh) = Refresh::read(token) {
        return state.engine.organisation.look(|organisation| {
            let family = organisation.sessions.family(refresh.family)?;
            let good = family.current.is_same(&refresh.digest);
            good.then(|| (Ends::Family(family.id), family.client.clone()))
        });
    }
    let claims = Claims::read(&state.sso, token, now_ms)?;
    let ends = match claims.sid {
        Some(family) => Ends::Family(family.0),
        None => Ends::Token {
            id: claims.jti.0,
            until_ms: claims.exp.saturating_mul(1000),
        },
    };
    Some((ends, claims.client_id.clone()))
}
