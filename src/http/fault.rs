//! What the front end itself refuses, and how an API words it. Owns the closed list of faults and their statuses;
//! must never know an API's bodies: those come from its [`ErrorStyle`].

use std::borrow::Cow;

use hyper::{
    Method, StatusCode, Uri,
    header::{self, HeaderValue},
    http::request::Parts,
};

use super::Response;

/// A refusal that needs no knowledge of any API.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Fault {
    /// The request breaks HTTP's or an encoding's rules.
    #[error("{0}")]
    Malformed(Cow<'static, str>),
    /// The Host header is absent, doubled, malformed or not one of ours.
    #[error("{0}")]
    Host(&'static str),
    /// A web page of another site tries to write.
    #[error("a page of another site may not write here")]
    CrossSite,
    /// Nobody knows who asks.
    #[error("{0}")]
    Unauthorized(Cow<'static, str>),
    /// Who asks may not.
    #[error("{0}")]
    Forbidden(&'static str),
    /// No route has this path.
    #[error("no endpoint has this path")]
    NoEndpoint,
    /// The path exists, the method does not.
    #[error("request method '{method}' not supported")]
    MethodNotAllowed {
        /// What was asked.
        method: Method,
        /// The methods there are, as the header wants them.
        allow: HeaderValue,
    },
    /// The body did not come in time.
    #[error("the body did not arrive in time")]
    BodyTooSlow,
    /// A streamed body came without a length.
    #[error("a length or chunked encoding is required")]
    LengthRequired,
    /// The body is longer than the route allows.
    #[error("the body is longer than {limit_bytes} bytes")]
    BodyTooLarge {
        /// The route's limit.
        limit_bytes: u64,
    },
    /// The content type is not one that the endpoint reads.
    #[error("{0}")]
    UnsupportedMediaType(Cow<'static, str>),
    /// The caller asks too often.
    #[error("too many requests")]
    TooManyRequests {
        /// When to come again, in seconds.
        retry_after_s: u32,
    },
    /// The head is longer, or has more lines, than allowed.
    #[error("the request's head is too large")]
    HeadTooLarge,
    /// The handler panicked; the panic is logged.
    #[error("internal error")]
    Panicked,
    /// More work than this server takes at once.
    #[error("the server is busy")]
    Overloaded {
        /// When to come again, in seconds.
        retry_after_s: u32,
    },
    /// The disk is full: writes are refused until there is room.
    #[error("the disk is full")]
    DiskFull,
}

impl Fault {
    /// A fault in the request's form, worded once.
    pub fn malformed(message: impl Into<Cow<'static, str>>) -> Self {
        Self::Malformed(message.into())
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(_) | Self::Host(_) => StatusCode::BAD_REQUEST,
            Self::Unauthorized(_) => StatusCode::UNAUTHORIZED,
            Self::CrossSite | Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NoEndpoint => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::LengthRequired => StatusCode::LENGTH_REQUIRED,
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Panicked => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Overloaded { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::DiskFull => StatusCode::INSUFFICIENT_STORAGE,
        }
    }

    /// A stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed-request",
            Self::Host(_) => "host-refused",
            Self::CrossSite => "cross-site-write",
            Self::Unauthorized(_) => "unauthorized",
            Self::Forbidden(_) => "forbidden",
            Self::NoEndpoint => "no-such-endpoint",
            Self::MethodNotAllowed { .. } => "method-not-allowed",
            Self::BodyTooSlow => "body-too-slow",
            Self::LengthRequired => "length-required",
            Self::BodyTooLarge { .. } => "body-too-large",
            Self::UnsupportedMediaType(_) => "unsupported-media-type",
            Self::TooManyRequests { .. } => "too-many-requests",
            Self::HeadTooLarge => "head-too-large",
            Self::Panicked => "internal-error",
            Self::Overloaded { .. } => "overloaded",
            Self::DiskFull => "disk-full",
        }
    }

    /// The answer in `style`, with the headers that HTTP itself wants on such a status.
    pub fn respond(&self, style: &dyn ErrorStyle, at: &At) -> Response {
        let mut response = style.render(self, at);
        match self {
            Self::MethodNotAllowed { allow, .. } => {
                response.headers.insert(header::ALLOW, allow.clone());
            }
            Self::TooManyRequests { retry_after_s } | Self::Overloaded { retry_after_s } => {
                let seconds = HeaderValue::from(*retry_after_s);
                response.headers.insert(header::RETRY_AFTER, seconds);
            }
            Self::Malformed(_)
            | Self::Host(_)
            | Self::CrossSite
            | Self::Unauthorized(_)
            | Self::Forbidden(_)
            | Self::NoEndpoint
            | Self::BodyTooSlow
            | Self::LengthRequired
            | Self::BodyTooLarge { .. }
            | Self::UnsupportedMediaType(_)
            | Self::HeadTooLarge
            | Self::Panicked
            | Self::DiskFull => {}
        }
        response
    }
}

/// Where a request went: what an error body may want to repeat.
#[derive(Clone, Debug)]
pub struct At {
    /// The method as sent.
    pub method: Method,
    /// The target as sent.
    pub uri: Uri,
    /// The Accept header, if there is one.
    pub accept: Option<HeaderValue>,
}

impl At {
    /// Of a request's head.
    pub fn of(head: &Parts) -> Self {
        Self {
            method: head.method.clone(),
            uri: head.uri.clone(),
            accept: head.headers.get(header::ACCEPT).cloned(),
        }
    }
}

/// How one API words a fault.
pub trait ErrorStyle: Send + Sync {
    /// Status, content type and body for `fault`. Headers such as `Allow` and `Retry-After` are added by the caller.
    fn render(&self, fault: &Fault, at: &At) -> Response;
}

/// What a handler may return.
pub trait Answer {
    /// The response, errors in the API's `style`.
    fn answer(self, style: &dyn ErrorStyle, at: &At) -> Response;
}

impl Answer for Response {
    fn answer(self, _style: &dyn ErrorStyle, _at: &At) -> Response {
        self
    }
}

impl Answer for Fault {
    fn answer(self, style: &dyn ErrorStyle, at: &At) -> Response {
        self.respond(style, at)
    }
}

impl<T: Answer, E: Answer> Answer for Result<T, E> {
    fn answer(self, style: &dyn ErrorStyle, at: &At) -> Response {
        match self {
            Ok(value) => value.answer(style, at),
            Err(error) => error.answer(style, at),
        }
    }
}
