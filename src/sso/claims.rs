//! Access tokens: RS256 JWTs, made and read.
//!
//! Owns: their claims, and that only what this server signed for its own APIs is read. Never: takes a right or a status
//! from a claim; those are asked of the state.

use super::{Sso, secret};
use crate::server::State;
use jsonwebtoken::{Algorithm, Header, Validation, errors::Error};
use org::{
    Guid,
    clients::{Client, Owner},
    people::{Account, Status},
    sessions::Family,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// Whom access tokens are for.
pub const AUDIENCE: &str = "apigateway";
/// What makes a JWT an access token (RFC 9068), so that no other token passes for one.
const TYPE: &str = "at+jwt";
/// What people's tokens are for.
const SCOPES: [&str; 4] = ["profile", "openid", "offline_access", AUDIENCE];
/// The zone that callers show times in when they ask the token.
const TIME_ZONE: &str = "China Standard Time";

/// What an access token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Good from, in seconds since 1970.
    pub nbf: i64,
    /// Good until, in seconds since 1970.
    pub exp: i64,
    /// Who made it.
    pub iss: String,
    /// Whom it is for.
    pub aud: String,
    /// Through which client it was come by.
    pub client_id: String,
    /// Who: a short number of a person, the id of a robot.
    pub sub: String,
    /// Its own id.
    pub jti: Guid16,
    /// When its bearer signed in, in seconds since 1970.
    pub auth_time: i64,
    /// Where.
    pub idp: String,
    /// The account.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub userid: Option<Guid16>,
    /// The sign-in that it came of.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sid: Option<Guid16>,
    /// The revision of the client whose secret it came of.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub client_revision: Option<u32>,
    /// What the client is called.
    pub client_name: String,
    /// A zone to show times in.
    pub default_timezoneid: String,
    /// What its bearer is called.
    pub name: String,
    /// What it is for.
    pub scope: Vec<String>,
    /// How its bearer proved who it is.
    pub amr: Vec<String>,
}

/// A GUID as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guid16(pub Guid);

impl Serialize for Guid16 {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Guid16 {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map(Guid16).map_err(serde::de::Error::custom)
    }
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum NotMade {
    /// No random bytes.
    #[error("no random bytes: {0}")]
    Chance(#[from] secret::NoChance),
    /// The key does not sign.
    #[error("the token could not be signed: {0}")]
    Signing(#[from] Error),
}

impl Claims {
    /// Of a person who signed in.
    pub fn of_person(
        sso: &Sso,
        client: &Client,
        account: &Account,
        family: &Family,
        now_ms: i64,
    ) -> Result<Self, NotMade> {
        let mut claims = Self::of(sso, client, now_ms)?;
        claims.sub = account.number.to_string();
        claims.auth_time = family.began_ms / 1000;
        claims.userid = Some(Guid16(account.id));
        claims.sid = Some(Guid16(family.id));
        claims.name = account.name.clone();
        claims.scope = SCOPES.map(str::to_owned).into();
        claims.amr = vec!["pwd".to_owned()];
        Ok(claims)
    }

    /// Of a client that comes by itself.
    pub fn of_client(sso: &Sso, client: &Client, now_ms: i64) -> Result<Self, NotMade> {
        let mut claims = Self::of(sso, client, now_ms)?;
        claims.client_revision = Some(client.revision);
        Ok(claims)
    }

    fn of(sso: &Sso, client: &Client, now_ms: i64) -> Result<Self, NotMade> {
        let now_s = now_ms / 1000;
        Ok(Claims {
            nbf: now_s,
            exp: now_s + i64::from(client.access_token_s),
            iss: sso.issuer().to_owned(),
            aud: AUDIENCE.to_owned(),
            client_id: client.id.clone(),
            sub: client.id.clone(),
            jti: Guid16(secret::guid()?),
            auth_time: now_s,
            idp: "local".to_owned(),
            userid: None,
            sid: None,
            client_revision: None,
            client_name: client.name.clone(),
            default_timezoneid: TIME_ZONE.to_owned(),
            name: client.name.clone(),
            scope: vec![AUDIENCE.to_owned()],
            amr: vec!["secret".to_owned()],
        })
    }

    /// The token.
    pub fn sign(mut self, sso: &Sso) -> Result<String, NotMade> {
        let mut header = Header::new(Algorithm::RS256);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(sso.keys.id.clone());
        header.x5t = Some(sso.keys.thumbprint.clone());
        loop {
            let token = jsonwebtoken::encode(&header, &self, &sso.keys.signing)?;
            if secret::is_harmless(&token) {
                return Ok(token);
            }
            self.jti = Guid16(secret::guid()?);
        }
    }

    /// What a token says that this server signed, for these APIs, and that is good by the clock.
    pub fn read(sso: &Sso, token: &str, now_ms: i64) -> Option<Arc<Claims>> {
        let now_s = now_ms / 1000;
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        if let Some(known) = sso.verified.find(&digest, now_s) {
            return Some(known);
        }
        let header = jsonwebtoken::decode_header(token).ok()?;
        if header.typ.as_deref() != Some(TYPE) || header.kid.as_deref() != Some(&sso.keys.id) {
            return None;
        }
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "nbf", "aud", "iss", "sub"]);
        // Both clocks are this machine's; the instants are compared below with the one that wrote them.
        validation.leeway = 0;
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &sso.keys.verifying, &validation);
        let claims = Arc::new(claims.ok()?.claims);
        if claims.exp <= now_s || claims.nbf > now_s.saturating_add(CLOCK_STEP_S) {
            return None;
        }
        sso.verified.put(digest, Arc::clone(&claims), now_s);
        Some(claims)
    }

    /// Whether its bearer may still come in, by the state as it is now.
    pub fn is_live(&self, organisation: &org::State, now_ms: i64) -> bool {
        if organisation.sessions.is_revoked(self.jti.0) {
            return false;
        }
        match (self.userid, self.sid) {
            (Some(account), Some(family)) => {
                let account = organisation.people.account(account.0);
                let family = organisation.sessions.family(family.0);
                account.is_some_and(|account| account.status == Status::Active)
                    && family.is_some_and(|family| family.ends_ms() > now_ms)
            }
            (None, None) => {
                let client = organisation.clients.client(&self.client_id);
                client.is_some_and(|client| {
                    matches!(client.owner, Owner::Robot { .. })
                        && Some(client.revision) == self.client_revision
                })
            }
            (Some(_), None) | (None, Some(_)) => false,
        }
    }
}

/// The machine's clock may have been set back so far since a token was made, in seconds.
const CLOCK_STEP_S: i64 = 60;

/// What a good token says, of a request's bearer.
pub fn live(state: &State, token: &str) -> Option<Arc<Claims>> {
    let now_ms = state.engine.clock.real_ms();
    let claims = Claims::read(&state.sso, token, now_ms)?;
    let organisation = &state.engine.organisation;
    organisation
        .look(|organisation| claims.is_live(organisation, now_ms))
        .then_some(claims)
}
