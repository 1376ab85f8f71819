//! Signing in: OAuth 2 for people and robots, the tokens that come of it, and the keys that sign them.
//!
//! Owns: its routes, the keys, passwords' hashing, the back-off after failed sign-ins, and what is remembered of tokens
//! that were verified. Never: keeps or logs a password, a token or a key; believes a claim about rights.
//!
//! ```text
//!  POST /connect/token        password ─▶ back-off ─▶ argon2id in turn ─▶ family of refresh tokens (durable) ─▶ JWT
//!                             refresh_token ─▶ rotation (durable) ─▶ JWT
//!                             client_credentials (robots) ─▶ JWT
//!  POST /connect/revocation   the family, or the one access token, ends
//!  GET  /.well-known/…        discovery document, keys
//! ```

mod back_off;
mod claims;
mod client;
mod discovery;
mod form;
mod grants;
pub mod keys;
pub mod password;
mod pool;
mod refused;
mod revocation;
pub mod secret;
#[cfg(test)]
mod tests;
mod verified;

pub use claims::{Claims, live};
pub use keys::Keys;
#[cfg(test)]
pub use tests::for_tests;

use crate::{
    config,
    http::{Api, Route},
    server::State,
};
use back_off::BackOff;
use password::NoHash;
pub use pool::Full;
use pool::Pool;
use std::{
    net::{IpAddr, Ipv6Addr},
    sync::OnceLock,
};
use verified::Verified;

/// Whoever came when too much waited comes again after so many seconds.
pub const FULL_AGAIN_S: u32 = 1;
/// The longest body of a request here, in bytes: a name, a password and a token.
const BODY_BYTES: u64 = 64 * 1024;

/// What signing in needs and remembers.
pub struct Sso {
    /// The keys.
    pub keys: Keys,
    pool: Pool,
    back_off: BackOff,
    verified: Verified,
    issuer: OnceLock<String>,
}

impl Sso {
    /// With these keys.
    pub fn new(keys: Keys, config: &config::SignIn) -> std::io::Result<Self> {
        Ok(Sso {
            keys,
            pool: Pool::start()?,
            back_off: BackOff::new(config.login_failures),
            verified: Verified::default(),
            issuer: OnceLock::new(),
        })
    }

    /// Says once where the outside signs in, without a slash at the end.
    pub fn set_issuer(&self, url: String) {
        // Said twice, the first stays.
        let _ = self.issuer.set(url);
    }

    /// Where the outside signs in: what tokens name as their issuer.
    pub fn issuer(&self) -> &str {
        self.issuer.get().map_or("http://localhost", String::as_str)
    }

    /// The hash of a password, made in the turn of the address that asks for it.
    pub async fn hash(
        &self,
        address: IpAddr,
        password: String,
    ) -> Result<Result<String, NoHash>, Full> {
        let work = move || password::hash(&password);
        self.pool.run(address, work).await
    }

    /// Signs links to upload to.
    pub fn upload_key(&self) -> &[u8] {
        self.keys.upload()
    }

    /// Forgets every token that was verified: what was taken back must be asked again.
    pub fn forget_verified(&self) {
        self.verified.clear();
    }
}

/// Whose an address is, as far as it tells: one household has a whole network of the long ones.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// The routes, for the router.
pub fn api() -> Api<State> {
    let routes = vec![
        Route::post("/connect/token", |state, request, _| {
            grants::token(state, request)
        })
        .summary("A token for a password, a refresh token or a robot's secret"),
        Route::post("/connect/revocation", |state, request, _| {
            revocation::revoke(state, request)
        })
        .summary("Signs out: the token and those that came of the same sign-in end"),
        Route::get("/.well-known/openid-configuration", |state, _, _| {
            discovery::document(state)
        })
        .summary("What there is to sign in with, and where"),
        Route::get("/.well-known/openid-configuration/jwks", |state, _, _| {
            discovery::keys(state)
        })
        .summary("The keys that sign access tokens"),
    ];
    let mut api = Api::new(
        "sso",
        &["/connect", "/.well-known"],
        &refused::Style,
        routes,
    );
    api.trailing_slash = true;
    api.any_case = true;
    // A page under another name has no password and no token to bring.
    api.token_required = true;
    api.body_limit_bytes = BODY_BYTES;
    api
}
