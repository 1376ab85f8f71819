//! Refusals of this API as RFC 9457 problems: status, stable code, detail, and what helps beside it.
//!
//! Owns: which status and code every failure of the engine has here. Never: the faults of HTTP itself (`http::Fault` words those).

use super::json::{Object, key, push_text};
use crate::http::{Answer, At, ErrorStyle, Fault, HeaderValue, Response, StatusCode, header};
use actors::{Failure, definitions};
use bpmn::Refusal;

/// Seconds after which an overloaded or quarantined part is worth another try.
const RETRY_AFTER_S: u32 = 5;

/// Why a request was not done.
#[derive(Debug)]
pub enum Refused {
    /// HTTP's own reasons.
    Fault(Fault),
    /// The API's or the engine's.
    Problem(Box<Details>),
}

/// A problem's members.
#[derive(Debug)]
pub struct Details {
    /// The HTTP status.
    pub status: StatusCode,
    /// A stable name.
    pub code: &'static str,
    /// For people.
    pub detail: String,
    /// Further members, already JSON: `,"name":value`.
    pub members: String,
    /// When to come again, in seconds.
    pub retry_after_s: Option<u32>,
}

impl Refused {
    /// A problem without further members.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Refused::Problem(Box::new(Details {
            status,
            code,
            detail: detail.into(),
            members: String::new(),
            retry_after_s: None,
        }))
    }

    /// 404.
    pub fn not_found(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// 409.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// 422.
    pub fn unprocessable(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    }

    /// 400: the request's form.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Refused::Fault(Fault::malformed(detail.into()))
    }

    /// 400: a parameter's value.
    pub fn parameter(name: &str, value: &str) -> Self {
        Self::malformed(format!("'{value}' is no value of the parameter '{name}'"))
    }

    fn with(mut self, members: String) -> Self {
        if let Refused::Problem(details) = &mut self {
            details.members = members;
        }
        self
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

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        let detail = failure.to_string();
        let unavailable = |code| Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail.clone());
        match failure {
            Failure::Refused(refusal) => refusal.into(),
            Failure::NotFound => Self::not_found("instance-not-found", detail),
            Failure::Ended => Self::conflict("instance-ended", detail),
            Failure::Definitions(refusal) => refusal.into(),
            Failure::Organisation(_) => Self::unprocessable("organisation-refused", detail),
            Failure::Registry(refusal) => Self::unprocessable(refusal.code(), detail),
            Failure::Execution(refusal) => Self::conflict(refusal.code(), detail),
            Failure::Queue(_) => Self::conflict("task-queue", detail),
            Failure::Overloaded { retry_after_s } => {
                unavailable("overloaded").again_after(retry_after_s)
            }
            Failure::DiskFull => Self::new(StatusCode::INSUFFICIENT_STORAGE, "disk-full", detail),
            Failure::Quarantined(_) => unavailable("quarantined").again_after(RETRY_AFTER_S),
            Failure::Panicked => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal-error", detail)
            }
            Failure::IdempotencyConflict => Self::conflict("idempotency-conflict", detail),
            Failure::ClockIsReal => Self::new(StatusCode::FORBIDDEN, "clock-is-real", detail),
            Failure::TooManyFirings(_) => Self::unprocessable("limit-exceeded", detail),
            Failure::Archive(_) => unavailable("archive-unavailable").again_after(RETRY_AFTER_S),
            Failure::Stopping => unavailable("stopping").again_after(RETRY_AFTER_S),
        }
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let (code, detail) = (refusal.code(), refusal.to_string());
        if refusal.is_failure() {
            let refused = Self::unprocessable(code, detail);
            return match refusal {
                Refusal::UncaughtError { code } => {
                    let mut members = String::from(",\"errorCode\":");
                    push_text(&code, &mut members);
                    refused.with(members)
                }
                _ => refused,
            };
        }
        let unknown = matches!(
            refusal,
            Refusal::TaskNotFound(_)
                | Refusal::InstanceNotFound(_)
                | Refusal::TimerNotFound(_)
                | Refusal::IncidentNotFound(_)
                | Refusal::WorkNotFound(_)
        );
        if unknown {
            return Self::not_found(code, detail);
        }
        Self::conflict(code, detail)
    }
}

impl From<definitions::Refusal> for Refused {
    fn from(refusal: definitions::Refusal) -> Self {
        let (code, detail) = (refusal.code(), refusal.to_string());
        match refusal {
            definitions::Refusal::InvalidModel(complaints) => {
                let mut members = String::from(",\"diagnostics\":");
                push_complaints(&complaints, &mut members);
                Self::unprocessable(code, detail).with(members)
            }
            definitions::Refusal::Empty
            | definitions::Refusal::DuplicateKey(_)
            | definitions::Refusal::UnknownDefinition { .. }
            | definitions::Refusal::Timer { .. } => Self::unprocessable(code, detail),
            definitions::Refusal::UnknownDeployment(_) | definitions::Refusal::UnknownTimer(_) => {
                Self::not_found(code, detail)
            }
            definitions::Refusal::HasInstances
            | definitions::Refusal::AlreadyInState(_)
            | definitions::Refusal::Suspended { .. } => Self::conflict(code, detail),
        }
    }
}

/// Complaints about files, as `diagnostics` and `warnings` show them.
pub fn push_complaints(complaints: &[definitions::Complaint], out: &mut String) {
    out.push('[');
    for (n, complaint) in complaints.iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        let diagnostic = &complaint.diagnostic;
        let mut object = Object::begin(out);
        object.number(key!("line"), i64::from(diagnostic.line));
        object.number(key!("column"), i64::from(diagnostic.column));
        object.optional_text(key!("elementId"), diagnostic.element_id.as_deref());
        object.text(key!("code"), diagnostic.code);
        object.text(key!("message"), &diagnostic.message);
        object.text(key!("resource"), &complaint.resource);
        object.end();
    }
    out.push(']');
}

impl Answer for Refused {
    fn answer(self, style: &dyn ErrorStyle, at: &At) -> Response {
        let details = match self {
            Refused::Fault(fault) => return fault.respond(style, at),
            Refused::Problem(details) => details,
        };
        let mut body = String::with_capacity(256);
        let mut object = Object::begin(&mut body);
        object.text(key!("type"), "about:blank");
        object.text(
            key!("title"),
            details.status.canonical_reason().unwrap_or("Error"),
        );
        object.number(key!("status"), i64::from(details.status.as_u16()));
        object.text(key!("detail"), &details.detail);
        object.text(key!("instance"), at.uri.path());
        object.text(key!("code"), details.code);
        object.members(&details.members);
        object.end();
        let content_type = HeaderValue::from_static("application/problem+json");
        let response = Response::typed(details.status, content_type, body);
        match details.retry_after_s {
            Some(seconds) => response.header(header::RETRY_AFTER, HeaderValue::from(seconds)),
            None => response,
        }
    }
}
