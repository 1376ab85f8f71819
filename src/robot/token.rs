//! The robot's access token, by client_credentials.
//! Owns: when a refusal means that the secret has ended. Never: keeps a token longer than it is good for.

use super::{
    net::{self, NetError},
    options::Connection,
};
use hyper::Method;
use serde::Deserialize;
use std::{fmt::Write as _, time::Duration};
use tokio::time::Instant;

/// A token endpoint is slow when many come at once: comparing passwords is what it does.
const WITHIN: Duration = Duration::from_secs(30);
const MAX_BYTES: usize = 64 * 1024;
/// Asked again so long before the end: clocks and networks are not exact.
const MARGIN: Duration = Duration::from_secs(30);

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Asking again makes no sense.
    #[error("{0}")]
    Refused(String),
    /// It may work later.
    #[error("no token from {0}: {1}")]
    Later(String, String),
}

/// The token in hand, if there is one.
#[derive(Default)]
pub struct Tokens {
    kept: Option<(String, Instant)>,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    error: String,
    error_description: Option<String>,
}

impl Tokens {
    /// The token is not accepted any more.
    pub fn forget(&mut self) {
        self.kept = None;
    }

    /// A token that is good for some time.
    pub async fn token(&mut self, connection: &Connection) -> Result<String, TokenError> {
        if let Some((token, until)) = &self.kept
            && *until > Instant::now()
        {
            return Ok(token.clone());
        }
        let begun = Instant::now();
        let granted = ask(connection).await?;
        let lasts = Duration::from_secs(granted.expires_in.unwrap_or(60));
        self.kept = Some((
            granted.access_token.clone(),
            begun + lasts.saturating_sub(MARGIN),
        ));
        Ok(granted.access_token)
    }
}

async fn ask(connection: &Connection) -> Result<Granted, TokenError> {
    let address = &connection.authentication;
    let later = |cause: String| TokenError::Later(address.to_string(), cause);
    let headers = [(
        "content-type",
        "application/x-www-form-urlencoded".to_owned(),
    )];
    let body = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}",
        encoded(&connection.client_id),
        encoded(&connection.client_secret)
    );
    let body = body.into_bytes();
    let answer = net::ask(address, Method::POST, &headers, body, (WITHIN, MAX_BYTES))
        .await
        .map_err(|error: NetError| later(error.to_string()))?;
    if answer.status.is_success() {
        return serde_json::from_slice(&answer.body)
            .map_err(|error| later(format!("its answer is no token: {error}")));
    }
    let refusal: Refusal = serde_json::from_slice(&answer.body).unwrap_or_default();
    let said = refusal.error_description.unwrap_or(refusal.error.clone());
    if ["invalid_client", "unauthorized_client"].contains(&refusal.error.as_str()) {
        return Err(TokenError::Refused(said));
    }
    Err(later(format!("{} {said}", answer.status)))
}

/// As a form has it.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _written = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
