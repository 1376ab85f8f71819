//! The two error bodies that the documented APIs use for faults: RFC 9457 problems and Spring Boot's default error
//! object. Owns their shape only; an API's own errors are its business.

use std::time::{SystemTime, UNIX_EPOCH};

use hyper::{StatusCode, header::HeaderValue};

use super::{At, ErrorStyle, Fault, Response};

/// `application/problem+json` with a stable `code`.
#[derive(Clone, Copy, Debug)]
pub struct Problem;

/// Spring Boot's `{"timestamp", "status", "error", "message", "path"}`.
#[derive(Clone, Copy, Debug)]
pub struct Spring;

impl ErrorStyle for Problem {
    fn render(&self, fault: &Fault, at: &At) -> Response {
        let status = fault.status();
        let body = format!(
            r#"{{"type":"about:blank","title":{},"status":{},"detail":{},"instance":{},"code":"{}"}}"#,
            quoted(status.canonical_reason().unwrap_or("Error")),
            status.as_u16(),
            quoted(&fault.to_string()),
            quoted(at.uri.path()),
            fault.code(),
        );
        Response::typed(
            status,
            HeaderValue::from_static("application/problem+json"),
            body,
        )
    }
}

impl ErrorStyle for Spring {
    fn render(&self, fault: &Fault, at: &At) -> Response {
        let status = fault.status();
        let message = match fault {
            Fault::NoEndpoint => "No message available".to_owned(),
            Fault::Malformed(_)
            | Fault::Host(_)
            | Fault::CrossSite
            | Fault::Unauthorized(_)
            | Fault::Forbidden(_)
            | Fault::MethodNotAllowed { .. }
            | Fault::BodyTooSlow
            | Fault::LengthRequired
            | Fault::BodyTooLarge { .. }
            | Fault::UnsupportedMediaType(_)
            | Fault::TooManyRequests { .. }
            | Fault::HeadTooLarge
            | Fault::Panicked
            | Fault::Overloaded { .. }
            | Fault::DiskFull => capitalised(&fault.to_string()),
        };
        Self::body(status, &message, at.uri.path())
    }
}

impl Spring {
    /// The error object with any status and message.
    pub fn body(status: StatusCode, message: &str, path: &str) -> Response {
        let body = format!(
            r#"{{"timestamp":"{}","status":{},"error":{},"message":{},"path":{}}}"#,
            timestamp(),
            status.as_u16(),
            quoted(status.canonical_reason().unwrap_or("Error")),
            quoted(message),
            quoted(path),
        );
        Response::typed(
            status,
            HeaderValue::from_static("application/json;charset=UTF-8"),
            body,
        )
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// Now, as Jackson 2.9 writes a date: `2020-05-21T06:30:12.345+0000`.
fn timestamp() -> String {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let millis = i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX);
    match jiff::Timestamp::from_millisecond(millis) {
        Ok(now) => now.strftime("%Y-%m-%dT%H:%M:%S.%3f+0000").to_string(),
        Err(_) => String::new(),
    }
}
