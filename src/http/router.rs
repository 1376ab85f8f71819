//! From a request to its handler. Owns the matching, the order of the checks and the wording of faults by API; must
//! never know a socket.

use std::{
    any::Any,
    borrow::Cow,
    future::Future,
    net::IpAddr,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::Arc,
    task::{Context as TaskContext, Poll},
};

use bytes::Bytes;
use hyper::{Method, StatusCode, header};

use super::{
    Answer, Api, Arrival, At, BodyStream, ErrorStyle, Fault, Gate, Guard, Pairs, Params, Payload,
    Request, Response, Route,
    admission::{Admission, Held},
    gate::{self, Site},
    path,
    resource::Resource,
};

/// With it a request is finished though its client has gone.
const IDEMPOTENCY_KEY: header::HeaderName = header::HeaderName::from_static("idempotency-key");

/// A route table that contradicts itself.
#[derive(Debug, thiserror::Error)]
pub enum RouterError {
    /// Two routes for one method and path.
    #[error("{method} {path} is in the table twice")]
    Twice {
        /// The method.
        method: Method,
        /// The pattern.
        path: &'static str,
    },
    /// A pattern that is malformed or meets another one.
    #[error("{path}: {reason}")]
    Pattern {
        /// The pattern.
        path: &'static str,
        /// What is wrong.
        reason: matchit::InsertError,
    },
    /// Two APIs with one prefix.
    #[error("two APIs lie under {0:?}")]
    Prefix(&'static str),
}

/// All APIs of a server.
pub struct Router<S> {
    context: Arc<S>,
    mounts: Vec<Mount<S>>,
    /// Prefix and index of the mount; longest first, so that the first match is the closest.
    prefixes: Vec<(&'static str, usize)>,
    gate: Gate,
    admission: Admission,
}

struct Mount<S> {
    style: &'static dyn ErrorStyle,
    trailing_slash: bool,
    any_case: bool,
    token_required: bool,
    guard: Option<Guard<S>>,
    tree: matchit::Router<Resource<S>>,
}

/// Why a request went no further.
enum Stop {
    Fault(Fault),
    Answered(Box<Response>),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl<S: Send + Sync + 'static> Router<S> {
    /// A router without APIs, that takes 4,096 requests at a time and 256 MiB of bodies.
    pub fn new(context: Arc<S>, gate: Gate) -> Self {
        Self {
            context,
            mounts: Vec::new(),
            prefixes: Vec::new(),
            gate,
            admission: Admission::new(4_096, 256 * 1024 * 1024),
        }
    }

    /// Sets how many requests and how many bytes of bodies are in progress at most; past it: 503.
    #[must_use]
    pub fn admitting(mut self, requests: u64, body_bytes: u64) -> Self {
        self.admission = Admission::new(requests, body_bytes);
        self
    }

    /// Adds an API.
    pub fn mount(mut self, api: Api<S>) -> Result<Self, RouterError> {
        let mut resources: Vec<(&'static str, Resource<S>)> = Vec::new();
        for route in api.routes {
            let path = route.path;
            let known = resources.iter_mut().find(|(known, _)| *known == path);
            let resource = match known {
                Some((_, resource)) => resource,
                None => {
                    resources.push((path, Resource::new(path, api.body_limit_bytes)));
                    let last = resources.len() - 1;
                    &mut resources[last].1
                }
            };
            resource.add(route)?;
        }
        let mut tree = matchit::Router::new();
        for (path, resource) in resources {
            let inserted = if api.any_case {
                tree.insert(path.to_ascii_lowercase(), resource)
            } else {
                tree.insert(path, resource)
            };
            inserted.map_err(|reason| RouterError::Pattern { path, reason })?;
        }
        for prefix in api.prefixes {
            if self.prefixes.iter().any(|(known, _)| *known == prefix) {
                return Err(RouterError::Prefix(prefix));
            }
            self.prefixes.push((prefix, self.mounts.len()));
        }
        self.prefixes
            .sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
        self.mounts.push(Mount {
            style: api.style,
            trailing_slash: api.trailing_slash,
            any_case: api.any_case,
            token_required: api.token_required,
            guard: api.guard,
            tree,
        });
        Ok(self)
    }

    /// The names and sites that this router knows.
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Answers one request.
    pub async fn handle(&self, arrival: Arrival) -> Response {
        let at = At::of(&arrival.head);
        let Some(mount) = self.mount_of(at.uri.path()) else {
            return Response::new(StatusCode::NOT_FOUND);
        };
        let shared = self.gate.allowed_origin(&arrival.head.headers).cloned();
        let mut response = match self.run(mount, arrival, &at).await {
            Ok(response) => response,
            Err(Stop::Answered(response)) => *response,
            Err(Stop::Fault(fault)) => fault.respond(mount.style, &at),
        };
        if let Some(origin) = shared {
            gate::share(&mut response, origin);
        }
        if at.method == Method::HEAD {
            return response.without_body();
        }
        response
    }

    /// The style of the API under which `path` lies.
    pub(super) fn fault(&self, fault: &Fault, at: &At) -> Response {
        match self.mount_of(at.uri.path()) {
            Some(mount) => fault.respond(mount.style, at),
            None => Response::new(fault.status()),
        }
    }

    fn mount_of(&self, path: &str) -> Option<&Mount<S>> {
        let under = |prefix: &str, any_case: bool| {
            let (start, rest) = path.split_at_checked(prefix.len())?;
            let same = start == prefix || (any_case && start.eq_ignore_ascii_case(prefix));
            (same && (prefix.is_empty() || rest.is_empty() || rest.starts_with('/'))).then_some(())
        };
        let mut mounts = self
            .prefixes
            .iter()
            .filter_map(|(prefix, mount)| Some((*prefix, self.mounts.get(*mount)?)));
        let found = mounts.find(|(prefix, mount)| under(prefix, mount.any_case).is_some());
        found.map(|(_, mount)| mount)
    }

    async fn run(&self, mount: &Mount<S>, arrival: Arrival, at: &At) -> Result<Response, Stop> {
        let Arrival {
            mut head,
            body,
            peer,
            local,
        } = arrival;
        let local = gate::local_ip(local);
        let (resource, route, params) = match self.plan(mount, &mut head, local, at) {
            Ok(plan) => plan,
            Err(stop) => {
                // A short body that is thrown away leaves the connection usable.
                body.discard(&head.headers).await;
                return Err(stop);
            }
        };
        let mut held = self.admission.hold();
        let limit_bytes = route.body_limit_bytes.unwrap_or(resource.body_limit_bytes);
        let (body, stream) = take_body(route, limit_bytes, &head, body, &mut held).await?;
        let query = match head.uri.query() {
            Some(query) => Pairs::parse(query.as_bytes())?,
            None => Pairs::default(),
        };
        let request = Request {
            method: head.method,
            uri: head.uri,
            query,
            headers: head.headers,
            body,
            peer,
            extensions: head.extensions,
            stream,
        };
        let _permit = self.admission.enter(route.waits)?;
        // Begun here: a future of its own would take the request in once more.
        let once = request.headers.contains_key(IDEMPOTENCY_KEY);
        let context = Arc::clone(&self.context);
        let started = std::panic::catch_unwind(AssertUnwindSafe(|| {
            (route.run)(context, request, params, mount.style, at.clone())
        }));
        let answer = match started {
            // What is to be done once goes on without its client: who comes again must meet it, or its answer.
            Ok(work) if once => match tokio::spawn(Unwinding(work)).await {
                Ok(answer) => answer,
                Err(stopped) => Err(Box::new(stopped.to_string()) as Box<dyn Any + Send>),
            },
            Ok(work) => Unwinding(work).await,
            Err(panic) => Err(panic),
        };
        Ok(answer.unwrap_or_else(|panic| panicked(&*panic, mount.style, at)))
    }

    /// All that is decided by the head alone.
    fn plan<'r>(
        &self,
        mount: &'r Mount<S>,
        head: &mut super::Head,
        local: IpAddr,
        at: &At,
    ) -> Result<(&'r Resource<S>, &'r Route<S>, Params), Stop> {
        self.gate.host(head, local, mount.token_required)?;
        let path = path::decoded(at.uri.path())?;
        let trimmed = match path.strip_suffix('/') {
            Some(trimmed) if mount.trailing_slash && !trimmed.is_empty() => trimmed,
            Some(_) | None => &path,
        };
        let matching = if mount.any_case {
            Cow::Owned(trimmed.to_ascii_lowercase())
        } else {
            Cow::Borrowed(trimmed)
        };
        let found = mount.tree.at(&matching).map_err(|_| Fault::NoEndpoint)?;
        let resource = found.value;
        if head.method == Method::OPTIONS {
            return Err(self.options(resource, head));
        }
        let route = resource.route(&head.method)?;
        if gate::is_write(head) && self.gate.is_foreign(&head.headers) {
            return Err(Fault::CrossSite.into());
        }
        if let Some(guard) = mount.guard {
            guard(&self.context, head).map_err(Stop::Answered)?;
        }
        if let Some(guard) = &route.guard {
            guard(&self.context, head).map_err(Stop::Answered)?;
        }
        let values = found.params.iter().map(|(_, value)| value);
        let places = path::places(&matching, values);
        let params = Params::new(&at.uri, &path, &resource.names, places);
        Ok((resource, route, params))
    }

    fn options(&self, resource: &Resource<S>, head: &super::Head) -> Stop {
        let allow = resource.allow.clone();
        if !gate::is_preflight(head) {
            let response = Response::new(StatusCode::OK).header(header::ALLOW, allow);
            return Stop::Answered(Box::new(response));
        }
        match self.gate.site(&head.headers) {
            Site::Foreign => Fault::CrossSite.into(),
            Site::Own | Site::Allowed(_) => {
                Stop::Answered(Box::new(gate::preflight(&head.headers, allow)))
            }
        }
    }
}

/// The body as the route wants it: whole, or as a stream.
async fn take_body<S>(
    route: &Route<S>,
    limit_bytes: u64,
    head: &super::Head,
    body: Payload,
    held: &mut Held<'_>,
) -> Result<(Bytes, Option<BodyStream>), Fault> {
    match body {
        Payload::Whole(bytes) if bytes.len() as u64 > limit_bytes => {
            Err(Fault::BodyTooLarge { limit_bytes })
        }
        Payload::Whole(bytes) => Ok((bytes, None)),
        Payload::Wire(mut wire) => {
            wire.limit(limit_bytes, !route.streamed)?;
            if route.streamed {
                refuse_lengthless(head)?;
                return Ok((Bytes::new(), Some(wire)));
            }
            Ok((wire.whole(held).await?, None))
        }
    }
}

/// A body that is to be stored as it comes needs an end that can be seen.
fn refuse_lengthless(head: &super::Head) -> Result<(), Fault> {
    let told = [header::CONTENT_LENGTH, header::TRANSFER_ENCODING];
    if told.iter().any(|name| head.headers.contains_key(name)) {
        return Ok(());
    }
    Err(Fault::LengthRequired)
}

/// A handler's work whose panic is a value: it must not take the connection's other requests with it.
struct Unwinding(super::route::Running);

impl Future for Unwinding {
    type Output = Result<Response, Box<dyn Any + Send>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let polled = std::panic::catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(cx)));
        match polled {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(response)) => Poll::Ready(Ok(response)),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    }
}

fn panicked(panic: &(dyn Any + Send), style: &dyn ErrorStyle, at: &At) -> Response {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(
        method = %at.method,
        path = at.uri.path(),
        panic = text.unwrap_or("(no text)"),
        "a handler panicked"
    );
    Fault::Panicked.answer(style, at)
}
