//! Who may call: bearer tokens for the engine API and process-center, where the configuration wants them.
//!
//! Owns: the comparison of a presented token with those that are known. Never: keeps a token's text, logs one.

use crate::{
    config::Auth,
    http::{Head, HeaderValue, Response, StatusCode, header},
    server::State,
};
use codec::Tenant;
use sha2::{Digest, Sha256};

/// Who calls, as a handler finds it in the request's extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The name behind the token; none when the API is open.
    pub principal: Option<String>,
    /// The company.
    pub tenant: Tenant,
}

/// What became of a look at a request.
pub enum Access {
    /// It may go on.
    Granted(Caller),
    /// It has no token that is known.
    Unknown,
}

/// Looks at a request's bearer token.
pub fn check(state: &State, auth: Auth, head: &Head) -> Access {
    if auth == Auth::Open {
        return Access::Granted(Caller {
            principal: None,
            tenant: state.tenant,
        });
    }
    let header = head.headers.get(header::AUTHORIZATION);
    let token = header.and_then(|value| value.to_str().ok()).and_then(bearer);
    let Some(token) = token else {
        return Access::Unknown;
    };
    let digest = org::Digest(Sha256::digest(token.as_bytes()).into());
    let found = state.engine.organisation.look(|organisation| {
        let token = organisation.token_by_digest(&digest)?;
        Some(Caller {
            principal: Some(token.principal.clone()),
            tenant: token.tenant,
        })
    });
    found.map_or(Access::Unknown, Access::Granted)
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim())
        .filter(|token| !token.is_empty())
}

/// Adds what a 401 must say (RFC 6750).
pub fn challenge(response: Response) -> Response {
    debug_assert_eq!(response.status, StatusCode::UNAUTHORIZED);
    response.header(
        header::WWW_AUTHENTICATE,
        HeaderValue::from_static("Bearer realm=\"loomwork\""),
    )
}

#[cfg(test)]
mod tests {
    use super::bearer;

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
}
