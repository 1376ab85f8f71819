//! `POST /connect/token`: the three ways to a token.
//! Never: answers before the sign-in or the rotation is durable.

use super::{
    FULL_AGAIN_S,
    claims::Claims,
    client,
    form::Form,
    password,
    refused::{Refused, unstored},
    secret::Refresh,
};
use crate::{
    http::{Context, Request, Response, StatusCode},
    server::State,
};
use actors::Failure;
use org::{
    Command, Guid, Refusal,
    clients::{Client, Grant, Owner},
    people::{Account, Status},
    sessions::{self, Family},
};
use serde_json::json;
use std::{net::IpAddr, sync::Arc};

/// Longest user name that is looked up, in bytes.
const NAME_BYTES: usize = 1_024;
/// What people's tokens are good for, as the answer says it.
const SCOPE: &str = "apigateway offline_access openid profile";

/// Answers the token request.
pub async fn token(state: Context<State>, request: Request) -> Result<Response, Refused> {
    let form = Form::of(&request)?;
    let grant = form.must("grant_type", "grant_type is missing")?;
    let grant = Grant::by_text(grant).ok_or(Refused::UnsupportedGrantType)?;
    let client = client::find(&state, &request, &form)?;
    let client = client.ok_or(Refused::InvalidClient { by_header: false })?;
    if !client.grants.contains(&grant) {
        return Err(Refused::UnauthorizedClient);
    }
    match grant {
        Grant::Password => {
            let name = form.must("username", "username is missing")?.to_owned();
            let password = form.must("password", "password is missing")?.to_owned();
            sign_in(&state, &client, name, password, request.peer.ip()).await
        }
        Grant::RefreshToken => {
            let text = form.must("refresh_token", "refresh_token is missing")?;
            refresh(&state, &client, text).await
        }
        Grant::ClientCredentials => by_itself(&state, &client).await,
    }
}

async fn sign_in(
    state: &Arc<State>,
    client: &Client,
    name: String,
    password: String,
    address: IpAddr,
) -> Result<Response, Refused> {
    if name.len() > NAME_BYTES || password.len() > password::MAX_BYTES {
        return Err(Refused::InvalidGrant("invalid_username_or_password"));
    }
    let sso = &state.sso;
    let account = prove(state, &name, password, address).await?;
    let Some(account) = account else {
        return Err(Refused::InvalidGrant("invalid_username_or_password"));
    };
    sso.back_off.succeeded(&name, address);
    let refresh = Refresh::first()?;
    let now_ms = state.engine.clock.real_ms();
    let family = Family {
        id: refresh.family,
        account: account.id,
        client: client.id.clone(),
        current: refresh.digest,
        began_ms: now_ms,
        rotated_ms: now_ms,
    };
    match command(state, sessions::Command::SignIn(family.clone())).await {
        Ok(()) => {}
        // It was deleted or banned while the password was compared.
        Err(Failure::Organisation(_)) => {
            return Err(Refused::InvalidGrant("invalid_username_or_password"));
        }
        Err(failure) => return Err(Refused::Engine(failure)),
    }
    answer_person(state, client, &account, &family, &refresh)
}

/// The account of this name, when the password is its; a failure is remembered.
async fn prove(
    state: &Arc<State>,
    name: &str,
    password: String,
    address: IpAddr,
) -> Result<Option<Account>, Refused> {
    let wait = {
        let (state, name) = (Arc::clone(state), name.to_owned());
        move || {
            let now_ms = state.engine.clock.real_ms();
            state.sso.back_off.wait_s(&name, address, now_ms)
        }
    };
    if let Some(retry_after_s) = wait() {
        return Err(Refused::TooMany { retry_after_s });
    }
    let account = state.engine.organisation.look(|organisation| {
        let found = organisation.people.account_named(name);
        found
            .filter(|account| account.status == Status::Active)
            .cloned()
    });
    let hash = account
        .as_ref()
        .and_then(|account| account.password.clone());
    let (keep, whose) = (Arc::clone(state), name.to_owned());
    let compared = state.sso.pool.run(address, move || {
        // Others of the same flood may have failed while this one waited.
        if let Some(retry_after_s) = wait() {
            return Err(retry_after_s);
        }
        let right = password::is_right(&password, hash.as_deref());
        if !right {
            let now_ms = keep.engine.clock.real_ms();
            keep.sso.back_off.failed(&whose, address, now_ms);
        }
        Ok(right)
    });
    let right = compared
        .await
        .map_err(|_| Refused::TooMany {
            retry_after_s: FULL_AGAIN_S,
        })?
        .map_err(|retry_after_s| Refused::TooMany { retry_after_s })?;
    Ok(account.filter(|_| right))
}

async fn refresh(state: &State, client: &Client, text: &str) -> Result<Response, Refused> {
    const REFUSED: Refused = Refused::InvalidGrant("invalid_refresh_token");
    let presented = Refresh::read(text).ok_or(REFUSED)?;
    let next = presented.next()?;
    let grace_ms = i64::try_from(state.config.auth.refresh_grace.as_millis()).unwrap_or(i64::MAX);
    let done = command(
        state,
        sessions::Command::Refresh {
            family: presented.family,
            client: client.id.clone(),
            presented: presented.digest,
            next: next.digest,
            at_ms: state.engine.clock.real_ms(),
            grace_ms,
        },
    );
    match done.await {
        Ok(()) => {}
        Err(Failure::Organisation(Refusal::RefreshRefused)) => return Err(REFUSED),
        Err(failure) => return Err(Refused::Engine(failure)),
    }
    let found = state.engine.organisation.look(|organisation| {
        let family = organisation.sessions.family(presented.family)?.clone();
        let account = organisation.people.account(family.account)?.clone();
        Some((family, account))
    });
    match found {
        Some((family, account)) if family.current.is_same(&next.digest) => {
            answer_person(state, client, &account, &family, &next)
        }
        // A used token came back: the family has ended, and its access tokens with it.
        Some(_) | None => {
            state.sso.forget_verified();
            tracing::warn!(family = %presented.family, client = client.id, "a used refresh token came back: signed out");
            Err(REFUSED)
        }
    }
}

async fn command(state: &State, command: sessions::Command) -> Result<(), Failure> {
    let engine = &state.engine;
    let command = Command::Sessions(command);
    engine.organisation.command(engine.core(), command).await
}

fn answer_person(
    state: &State,
    client: &Client,
    account: &Account,
    family: &Family,
    refresh: &Refresh,
) -> Result<Response, Refused> {
    let now_ms = state.engine.clock.real_ms();
    let claims = Claims::of_person(&state.sso, client, account, family, now_ms)?;
    let mut body = json!({
        "access_token": claims.sign(&state.sso)?,
        "expires_in": client.access_token_s,
        "token_type": "Bearer",
        "refresh_token": refresh.text,
        "scope": SCOPE,
    });
    if !client.grants.contains(&Grant::RefreshToken)
        && let Some(members) = body.as_object_mut()
    {
        members.remove("refresh_token");
    }
    Ok(unstored(Response::json(StatusCode::OK, body.to_string())))
}

async fn by_itself(state: &State, client: &Client) -> Result<Response, Refused> {
    let robot: Option<Guid> = match &client.owner {
        Owner::Robot { id, .. } => Some(*id),
        Owner::People => None,
    };
    if robot.is_none() {
        return Err(Refused::UnauthorizedClient);
    }
    let now_ms = state.engine.clock.real_ms();
    let claims = Claims::of_client(&state.sso, client, now_ms)?;
    let body = json!({
        "access_token": claims.sign(&state.sso)?,
        "expires_in": client.access_token_s,
        "token_type": "Bearer",
        "scope": super::claims::AUDIENCE,
    });
    Ok(unstored(Response::json(StatusCode::OK, body.to_string())))
}
