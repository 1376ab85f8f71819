//! Refusals of this API as ASP.NET's ProblemDetails, with a stable `code` beside.
//!
//! Owns: which status and code every failure has here, and the trace ids. Never: what HTTP's own faults say of themselves.

use super::json::Object;
use crate::{
    access::{self, Denied},
    audit::NoRow,
    blobs::Unreceived,
    http::{Answer, At, ErrorStyle, Fault, HeaderValue, Response, StatusCode, header},
};
use actors::Failure;
use rpa::{package::dgs, registry::Class};

/// Seconds after which something that cannot be done now is worth another try.
const RETRY_AFTER_S: u32 = 5;

/// How this API words HTTP's faults.
#[derive(Clone, Copy, Debug)]
pub struct Style;

/// Why a request was not done.
#[derive(Debug)]
pub enum Refused {
    /// HTTP's own reasons.
    Fault(Fault),
    /// Who calls may not.
    Denied(Denied),
    /// The API's or the engine's.
    Problem(Box<Details>),
}

/// A problem's members.
#[derive(Debug)]
pub struct Details {
    status: StatusCode,
    code: &'static str,
    detail: String,
    retry_after_s: Option<u32>,
}

impl Refused {
    /// A problem.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Refused::Problem(Box::new(Details {
            status,
            code,
            detail: detail.into(),
            retry_after_s: None,
        }))
    }

    /// 400: the request's form.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed-request", detail)
    }

    /// 400: a field or parameter is not what it should be.
    pub fn field(name: &str, expected: &str) -> Self {
        Self::malformed(format!("{name}: must be {expected}"))
    }

    /// 403: the permission is given, but not there, or not at all.
    pub fn forbidden() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "you do not have the permission that this needs",
        )
    }

    /// 404.
    pub fn unknown(what: &str, id: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "unknown",
            format!("there is no {what} '{id}'"),
        )
    }

    /// 409.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// The status that it is answered with.
    pub fn status(&self) -> StatusCode {
        match self {
            Refused::Fault(fault) => fault.status(),
            Refused::Denied(denied) => denied.status(),
            Refused::Problem(details) => details.status,
        }
    }

    /// Why, for people.
    pub fn detail(&self) -> String {
        match self {
            Refused::Fault(fault) => fault.to_string(),
            Refused::Denied(denied) => denied.to_string(),
            Refused::Problem(details) => details.detail.clone(),
        }
    }

    fn again_after(mut self, seconds: u32) -> Self {
        if let Refused::Problem(details) = &mut self {
            details.retry_after_s = Some(seconds);
        }
        self
    }
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Refused::Fault(fault)
    }
}

impl From<Denied> for Refused {
    fn from(denied: Denied) -> Self {
        Refused::Denied(denied)
    }
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        let detail = failure.to_string();
        let unavailable = |code| Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail.clone());
        match failure {
            Failure::Refused(bpmn::Refusal::LimitExceeded(_)) => {
                Self::new(StatusCode::BAD_REQUEST, "limit-exceeded", detail)
            }
            Failure::Refused(refusal) => Self::conflict(refusal.code(), detail),
            Failure::NotFound => Self::new(StatusCode::NOT_FOUND, "unknown", detail),
            Failure::Ended => Self::conflict("ended", detail),
            Failure::Definitions(refusal) => Self::conflict(refusal.code(), detail),
            Failure::Organisation(refusal) => refusal.into(),
            Failure::Registry(refusal) => refusal.into(),
            Failure::Execution(refusal) => refusal.into(),
            Failure::Queue(refusal) => refusal.into(),
            Failure::Overloaded { retry_after_s } => {
                unavailable("overloaded").again_after(retry_after_s)
            }
            Failure::DiskFull => Self::new(StatusCode::INSUFFICIENT_STORAGE, "disk-full", detail),
            Failure::Quarantined(_) => unavailable("quarantined").again_after(RETRY_AFTER_S),
            Failure::Panicked => internal(&detail),
            Failure::IdempotencyConflict => Self::conflict("idempotency-conflict", detail),
            Failure::ClockIsReal => Self::new(StatusCode::FORBIDDEN, "clock-is-real", detail),
            Failure::TooManyFirings(_) => Self::malformed(detail),
            Failure::Archive(_) => unavailable("archive-unavailable").again_after(RETRY_AFTER_S),
            Failure::Stopping => unavailable("stopping").again_after(RETRY_AFTER_S),
        }
    }
}

impl From<NoRow> for Refused {
    fn from(NoRow: NoRow) -> Self {
        Refused::Fault(Fault::Overloaded {
            retry_after_s: RETRY_AFTER_S,
        })
    }
}

impl From<Unreceived> for Refused {
    fn from(unreceived: Unreceived) -> Self {
        match unreceived {
            Unreceived::Body(fault) => Refused::Fault(fault),
            Unreceived::Disk(error) => error.into(),
        }
    }
}

impl From<std::io::Error> for Refused {
    /// Of the disk, not of a socket.
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                Refused::Fault(Fault::DiskFull)
            }
            _ => internal(&error.to_string()),
        }
    }
}

impl From<dgs::Error> for Refused {
    fn from(error: dgs::Error) -> Self {
        match error {
            dgs::Error::Io(error) => error.into(),
            other => Self::new(StatusCode::BAD_REQUEST, other.code(), other.to_string()),
        }
    }
}

impl From<org::Refusal> for Refused {
    fn from(refusal: org::Refusal) -> Self {
        use org::Refusal as R;
        let (code, detail) = (refusal.code(), refusal.to_string());
        let status = match refusal {
            R::Unknown { .. } | R::UnknownUser(_) | R::UnknownGroup(_) | R::UnknownToken(_) => {
                StatusCode::NOT_FOUND
            }
            R::IdTaken { .. } | R::Stale { .. } => StatusCode::CONFLICT,
            R::IdTooLong { .. }
            | R::TextTooLong { .. }
            | R::UnprintableText { .. }
            | R::TokenNameTaken(_)
            | R::TokenDigestTaken
            | R::NameTaken { .. }
            | R::Invalid { .. }
            | R::InUse { .. }
            | R::LastAdministrator(_)
            | R::RefreshRefused
            | R::KeysDiffer => StatusCode::BAD_REQUEST,
        };
        Self::new(status, code, detail)
    }
}

impl From<rpa::registry::Refusal> for Refused {
    fn from(refusal: rpa::registry::Refusal) -> Self {
        let status = match refusal.class() {
            Class::Invalid => StatusCode::BAD_REQUEST,
            Class::Missing => StatusCode::NOT_FOUND,
            Class::Conflict => StatusCode::CONFLICT,
            Class::Expired => StatusCode::FORBIDDEN,
        };
        Self::new(status, refusal.code(), refusal.to_string())
    }
}

impl From<rpa::execution::Refusal> for Refused {
    fn from(refusal: rpa::execution::Refusal) -> Self {
        use rpa::execution::Refusal as R;
        let status = match refusal {
            R::UnknownJob => StatusCode::NOT_FOUND,
            R::ImproperJobs(_) | R::ImproperPriority => StatusCode::BAD_REQUEST,
            R::AlreadyStarted
            | R::AlreadyEnded
            | R::NotEnded
            | R::NotQueued
            | R::NotRunning
            | R::NotPaused
            | R::BeingCancelled
            | R::Changed
            | R::NotWaiting => StatusCode::CONFLICT,
        };
        Self::new(status, refusal.code(), refusal.to_string())
    }
}

impl From<rpa::queue::Refusal> for Refused {
    fn from(refusal: rpa::queue::Refusal) -> Self {
        use rpa::queue::Refusal as R;
        let (status, code) = match refusal {
            R::UnknownQueue => (StatusCode::NOT_FOUND, "unknown-task-queue"),
            R::UnknownMessage => (StatusCode::NOT_FOUND, "unknown-message"),
            R::UnknownBinding => (StatusCode::NOT_FOUND, "unknown-binding"),
            R::LockLost => (StatusCode::CONFLICT, "lock-lost"),
            R::Exists => (StatusCode::CONFLICT, "id-taken"),
            R::Changed => (StatusCode::CONFLICT, "changed"),
            R::Improper { .. } => (StatusCode::BAD_REQUEST, "improper"),
            R::Full => (StatusCode::CONFLICT, "full"),
        };
        Self::new(status, code, refusal.to_string())
    }
}

/// 500, with the reason in the log only.
pub fn internal(reason: &str) -> Refused {
    tracing::error!(reason, "a request of the console failed");
    let detail = "an internal error ended the work; the log says more";
    Refused::new(StatusCode::INTERNAL_SERVER_ERROR, "internal-error", detail)
}

impl ErrorStyle for Style {
    fn render(&self, fault: &Fault, at: &At) -> Response {
        render(fault.status(), fault.code(), &fault.to_string(), at)
    }
}

impl Answer for Refused {
    fn answer(self, style: &dyn ErrorStyle, at: &At) -> Response {
        match self {
            Refused::Fault(fault) => fault.respond(style, at),
            Refused::Denied(denied) => deny(denied, at),
            Refused::Problem(details) => {
                let response = render(details.status, details.code, &details.detail, at);
                match details.retry_after_s {
                    Some(seconds) => {
                        response.header(header::RETRY_AFTER, HeaderValue::from(seconds))
                    }
                    None => response,
                }
            }
        }
    }
}

/// Who may not come in, and what a 401 must say beside.
pub fn deny(denied: Denied, at: &At) -> Response {
    let response = render(denied.status(), denied.code(), &denied.to_string(), at);
    if denied.status() == StatusCode::UNAUTHORIZED {
        return access::challenge(response);
    }
    response
}

fn render(status: StatusCode, code: &str, detail: &str, at: &At) -> Response {
    let trace = uuid::Uuid::now_v7().simple().to_string();
    if status.is_server_error() {
        tracing::warn!(trace, code, method = %at.method, path = at.uri.path(), "refused");
    }
    let mut body = String::with_capacity(320);
    let mut object = Object::begin(&mut body);
    object.text("type", "about:blank");
    object.text("title", status.canonical_reason().unwrap_or("Error"));
    object.number("status", i64::from(status.as_u16()));
    object.text("detail", detail);
    object.text("instance", at.uri.path());
    object.text("traceId", &trace);
    object.text("code", code);
    object.end();
    Response::typed(
        status,
        HeaderValue::from_static("application/problem+json"),
        body,
    )
}
