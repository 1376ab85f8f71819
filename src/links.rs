//! Addresses that need no token: what they allow, and until when, is signed.
//!
//! Owns: the form of the signature. Never: allows more than one method on one thing, or for ever.
//!
//! ```text
//!  …?expires=MS&signature=HMAC-SHA256(key, "METHOD subject MS")
//! ```

use crate::{http::Pairs, server::State};
use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// What follows the path of an address: `method` on `subject` until `expires_ms` (milliseconds since 1970).
pub fn sign(state: &State, method: &str, subject: &str, expires_ms: i64) -> String {
    let tag = hmac::sign(&key(state), message(method, subject, expires_ms).as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(tag);
    format!("?expires={expires_ms}&signature={signature}")
}

/// Whether the query allows `method` on `subject` at this instant (milliseconds since 1970).
pub fn allows(state: &State, method: &str, subject: &str, query: &Pairs, now_ms: i64) -> bool {
    let text = |name: &str| {
        let mut pairs = query.iter();
        let found = pairs.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim())
    };
    let expires_ms: Option<i64> = text("expires").and_then(|text| text.parse().ok());
    let signature = text("signature").and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
    let (Some(expires_ms), Some(signature)) = (expires_ms, signature) else {
        return false;
    };
    let message = message(method, subject, expires_ms);
    let good = hmac::verify(&key(state), message.as_bytes(), &signature).is_ok();
    good && expires_ms > now_ms
}

fn key(state: &State) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, state.sso.upload_key())
}

fn message(method: &str, subject: &str, expires_ms: i64) -> String {
    format!("{method} {subject} {expires_ms}")
}
