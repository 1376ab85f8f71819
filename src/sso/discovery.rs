//! `/.well-known`: what there is to sign in with, and the keys that sign.
//! Never: offers what this server does not do.

use super::claims::AUDIENCE;
use crate::{
    http::{Context, HeaderValue, Response, StatusCode, header},
    server::State,
};
use org::clients::Grant;
use serde_json::{Value, json};

/// The discovery document (OpenID Connect Discovery, RFC 8414).
pub async fn document(state: Context<State>) -> Response {
    let issuer = state.sso.issuer();
    let at = |path: &str| format!("{issuer}{path}");
    let auth_methods = ["none", "client_secret_post", "client_secret_basic"];
    json(json!({
        "issuer": issuer,
        "jwks_uri": at("/.well-known/openid-configuration/jwks"),
        "token_endpoint": at("/connect/token"),
        "revocation_endpoint": at("/connect/revocation"),
        "grant_types_supported": Grant::ALL.map(Grant::text),
        "response_types_supported": [],
        "scopes_supported": ["openid", "profile", AUDIENCE, "offline_access"],
        "claims_supported": ["sub", "name", "userid", "default_timezoneid"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": auth_methods,
        "revocation_endpoint_auth_methods_supported": auth_methods,
    }))
}

/// The keys as a JWK set (RFC 7517).
pub async fn keys(state: Context<State>) -> Response {
    let keys = &state.sso.keys;
    let (n, e) = &keys.public;
    json(json!({"keys": [
        {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": keys.id, "x5t": keys.thumbprint, "n": n, "e": e},
    ]}))
}

fn json(body: Value) -> Response {
    Response::json(StatusCode::OK, body.to_string()).header(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=300"),
    )
}
