//! What signing in refuses, in the words of RFC 6749.
//! Never: says whether it was the name or the password.

use crate::http::{Answer, At, ErrorStyle, Fault, HeaderValue, Response, StatusCode, header};
use actors::Failure;
use serde_json::json;

/// Seconds after which a busy server is worth another try.
const AGAIN_S: u32 = 1;

/// Why there is no token.
#[derive(Debug)]
pub enum Refused {
    /// The request's form.
    InvalidRequest(&'static str),
    /// The client is unknown, or its secret is wrong.
    InvalidClient {
        /// Whether it came by the Authorization header, which then wants its own answer.
        by_header: bool,
    },
    /// The password or the refresh token is not good.
    InvalidGrant(&'static str),
    /// The client may not come by this grant.
    UnauthorizedClient,
    /// There is no such grant.
    UnsupportedGrantType,
    /// Too many tries.
    TooMany {
        /// When to come again, in seconds.
        retry_after_s: u32,
    },
    /// What the front end words.
    Fault(Fault),
    /// The engine's trouble.
    Engine(Failure),
    /// The machine's trouble; the log says which.
    Machine(String),
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Refused::Fault(fault)
    }
}

impl From<super::claims::NotMade> for Refused {
    fn from(reason: super::claims::NotMade) -> Self {
        Refused::Machine(reason.to_string())
    }
}

impl From<super::secret::NoChance> for Refused {
    fn from(reason: super::secret::NoChance) -> Self {
        Refused::Machine(reason.to_string())
    }
}

impl Answer for Refused {
    fn answer(self, style: &dyn ErrorStyle, at: &At) -> Response {
        let bad = |code, text: &str| respond(StatusCode::BAD_REQUEST, code, text);
        match self {
            Refused::InvalidRequest(text) => bad("invalid_request", text),
            Refused::InvalidClient { by_header: false } => bad("invalid_client", "invalid_client"),
            Refused::InvalidClient { by_header: true } => {
                respond(StatusCode::UNAUTHORIZED, "invalid_client", "invalid_client").header(
                    header::WWW_AUTHENTICATE,
                    HeaderValue::from_static("Basic realm=\"loomwork\""),
                )
            }
            Refused::InvalidGrant(text) => bad("invalid_grant", text),
            Refused::UnauthorizedClient => {
                bad("unauthorized_client", "the client may not use this grant")
            }
            Refused::UnsupportedGrantType => {
                bad("unsupported_grant_type", "there is no such grant_type")
            }
            Refused::TooMany { retry_after_s } => {
                Fault::TooManyRequests { retry_after_s }.respond(style, at)
            }
            Refused::Fault(fault) => fault.respond(style, at),
            Refused::Engine(failure) => engine(failure, style, at),
            Refused::Machine(reason) => {
                tracing::error!(reason, "no token could be made");
                Fault::Panicked.respond(style, at)
            }
        }
    }
}

fn engine(failure: Failure, style: &dyn ErrorStyle, at: &At) -> Response {
    match failure {
        Failure::Overloaded { retry_after_s } => Fault::Overloaded { retry_after_s },
        Failure::Stopping => Fault::Overloaded {
            retry_after_s: AGAIN_S,
        },
        Failure::DiskFull => Fault::DiskFull,
        Failure::Refused(_)
        | Failure::NotFound
        | Failure::Ended
        | Failure::Definitions(_)
        | Failure::Organisation(_)
        | Failure::Registry(_)
        | Failure::Execution(_)
        | Failure::Queue(_)
        | Failure::Quarantined(_)
        | Failure::Panicked
        | Failure::IdempotencyConflict
        | Failure::ClockIsReal
        | Failure::TooManyFirings(_)
        | Failure::Archive(_) => {
            tracing::error!(%failure, "no token could be made");
            Fault::Panicked
        }
    }
    .respond(style, at)
}

/// Faults in the form of RFC 6749.
#[derive(Clone, Copy, Debug)]
pub struct Style;

impl ErrorStyle for Style {
    fn render(&self, fault: &Fault, _at: &At) -> Response {
        let status = fault.status();
        let code = if status.is_server_error() {
            "server_error"
        } else if status == StatusCode::TOO_MANY_REQUESTS {
            "temporarily_unavailable"
        } else {
            "invalid_request"
        };
        respond(status, code, &fault.to_string())
    }
}

fn respond(status: StatusCode, code: &str, text: &str) -> Response {
    let body = json!({"error": code, "error_description": text});
    unstored(Response::json(status, body.to_string()))
}

/// Neither tokens nor refusals may be kept on the way.
pub fn unstored(response: Response) -> Response {
    response
        .header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))
        .header(header::PRAGMA, HeaderValue::from_static("no-cache"))
}
