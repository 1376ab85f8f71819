//! Everything that is not an envelope: Spring's error object, or a page when `Accept` prefers one.
//!
//! Owns: which failures of the engine are an answer of the operation and which are the server's own trouble.
//! Never: an answer for a refusal that an operation words itself.

use super::accept;
use crate::http::{Answer, At, ErrorStyle, Fault, HeaderValue, Response, Spring, StatusCode};
use actors::Failure;
use std::borrow::Cow;

/// An answer that is no envelope.
#[derive(Debug)]
pub enum Trouble {
    /// What the front end words itself.
    Fault(Fault),
    /// A status with a message.
    Status(StatusCode, Cow<'static, str>),
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Trouble::Fault(fault)
    }
}

impl Trouble {
    /// 400.
    pub fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Trouble::Fault(Fault::Malformed(message.into()))
    }

    /// 404.
    pub fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Trouble::Status(StatusCode::NOT_FOUND, message.into())
    }

    /// 503: something of the server cannot be read now.
    pub fn unavailable(message: impl Into<Cow<'static, str>>) -> Self {
        Trouble::Status(StatusCode::SERVICE_UNAVAILABLE, message.into())
    }

    /// 409.
    pub fn conflict(message: impl Into<Cow<'static, str>>) -> Self {
        Trouble::Status(StatusCode::CONFLICT, message.into())
    }
}

impl Answer for Trouble {
    fn answer(self, style: &dyn ErrorStyle, at: &At) -> Response {
        match self {
            Trouble::Fault(fault) => fault.respond(style, at),
            Trouble::Status(status, message) => respond(status, &message, at),
        }
    }
}

/// A failure that the operation words; the server's own trouble is the error.
pub fn business(failure: Failure) -> Result<Failure, Trouble> {
    match failure {
        Failure::Overloaded { retry_after_s } => Err(Fault::Overloaded { retry_after_s }.into()),
        Failure::Stopping => Err(Fault::Overloaded { retry_after_s: 1 }.into()),
        Failure::DiskFull => Err(Fault::DiskFull.into()),
        Failure::Panicked => Err(Fault::Panicked.into()),
        Failure::Quarantined(_) | Failure::Archive(_) => {
            Err(Trouble::unavailable(failure.to_string()))
        }
        Failure::Refused(_)
        | Failure::NotFound
        | Failure::Ended
        | Failure::Definitions(_)
        | Failure::Organisation(_)
        | Failure::Registry(_)
        | Failure::Execution(_)
        | Failure::Queue(_)
        | Failure::IdempotencyConflict
        | Failure::ClockIsReal
        | Failure::TooManyFirings(_) => Ok(failure),
    }
}

/// Spring's words for faults.
#[derive(Clone, Copy, Debug)]
pub struct Style;

impl ErrorStyle for Style {
    fn render(&self, fault: &Fault, at: &At) -> Response {
        if !accept::prefers_page(at) {
            return Spring.render(fault, at);
        }
        let message = if *fault == Fault::NoEndpoint {
            "No message available".to_owned()
        } else {
            fault.to_string()
        };
        page(fault.status(), &message)
    }
}

/// An error of this status.
pub fn respond(status: StatusCode, message: &str, at: &At) -> Response {
    if accept::prefers_page(at) {
        page(status, message)
    } else {
        Spring::body(status, message, at.uri.path())
    }
}

/// 406: a page for who prefers one, else nothing, as nothing would be acceptable.
pub fn not_acceptable(at: &At) -> Response {
    let status = StatusCode::NOT_ACCEPTABLE;
    if accept::prefers_page(at) {
        page(status, "Could not find acceptable representation")
    } else {
        Response::new(status)
    }
}

fn page(status: StatusCode, message: &str) -> Response {
    let reason = status.canonical_reason().unwrap_or("Error");
    let message = message
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let code = status.as_u16();
    let body = format!(
        "<html><head><title>{code} {reason}</title></head>\
         <body><h1>{code} {reason}</h1><p>{message}</p></body></html>"
    );
    Response::typed(
        status,
        HeaderValue::from_static("text/html;charset=UTF-8"),
        body,
    )
}
