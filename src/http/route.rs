//! Route tables: which function answers which method and path, under which bounds. Owns the description of an API;
//! must never match or run anything itself.

use std::{future::Future, pin::Pin, sync::Arc};

use futures_util::FutureExt as _;
use hyper::Method;

use super::{Answer, At, ErrorStyle, Fault, Head, Params, Request, Response};

/// What every handler is given: the server's shared state.
pub type Context<S> = Arc<S>;

/// Looks at a head before the body is read: may leave something for the handler in its extensions, or answer.
pub type Guard<S> = fn(&S, &mut Head) -> Result<(), Box<Response>>;

/// The same for one route, which may know what that route needs.
pub type RouteGuard<S> = Box<dyn Fn(&S, &mut Head) -> Result<(), Box<Response>> + Send + Sync>;

/// A handler at work.
pub type Running = Pin<Box<dyn Future<Output = Response> + Send>>;

/// What is around a handler, at work; a fault is worded as the API does.
pub type Surrounding = Pin<Box<dyn Future<Output = Result<Response, Fault>> + Send>>;

/// A handler that has not begun: some of them begin as soon as they are called.
pub type Handler = Box<dyn FnOnce() -> Running + Send>;
pub(super) type Run<S> =
    Box<dyn Fn(Context<S>, Request, Params, &'static dyn ErrorStyle, At) -> Running + Send + Sync>;

/// One line of an API's table.
pub struct Route<S> {
    /// The method; a GET answers HEAD too.
    pub method: Method,
    /// The pattern, such as `/api/v1/tasks/{id}/complete`; `{*rest}` takes the rest of the path.
    pub path: &'static str,
    /// One line for the generated documentation.
    pub summary: &'static str,
    /// The longest body; none = the API's.
    pub body_limit_bytes: Option<u64>,
    /// Whether the handler reads the body itself, as it comes.
    pub streamed: bool,
    /// Whether the handler may wait for something to happen (a long poll): then it does not count as work in progress.
    pub waits: bool,
    /// Looks at the head after the API's guard, and before the body is read.
    pub guard: Option<RouteGuard<S>>,
    pub(super) run: Run<S>,
}

impl<S: Send + Sync + 'static> Route<S> {
    /// A route; `handler` is a plain `async fn(Context<S>, Request, Params) -> impl Answer`.
    pub fn new<F, W, A>(method: Method, path: &'static str, handler: F) -> Self
    where
        F: Fn(Context<S>, Request, Params) -> W + Send + Sync + 'static,
        W: Future<Output = A> + Send + 'static,
        A: Answer,
    {
        let run: Run<S> = Box::new(move |context, request, params, style, at| {
            // Mapped, not awaited in a block of its own: that would hold the request a second time and move it once more.
            let work = handler(context, request, params);
            Box::pin(work.map(move |answer| answer.answer(style, &at)))
        });
        Self {
            method,
            path,
            summary: "",
            body_limit_bytes: None,
            streamed: false,
            waits: false,
            guard: None,
            run,
        }
    }

    /// A GET (and HEAD) route.
    pub fn get<F, W, A>(path: &'static str, handler: F) -> Self
    where
        F: Fn(Context<S>, Request, Params) -> W + Send + Sync + 'static,
        W: Future<Output = A> + Send + 'static,
        A: Answer,
    {
        Self::new(Method::GET, path, handler)
    }

    /// A POST route.
    pub fn post<F, W, A>(path: &'static str, handler: F) -> Self
    where
        F: Fn(Context<S>, Request, Params) -> W + Send + Sync + 'static,
        W: Future<Output = A> + Send + 'static,
        A: Answer,
    {
        Self::new(Method::POST, path, handler)
    }

    /// A PUT route.
    pub fn put<F, W, A>(path: &'static str, handler: F) -> Self
    where
        F: Fn(Context<S>, Request, Params) -> W + Send + Sync + 'static,
        W: Future<Output = A> + Send + 'static,
        A: Answer,
    {
        Self::new(Method::PUT, path, handler)
    }

    /// A PATCH route.
    pub fn patch<F, W, A>(path: &'static str, handler: F) -> Self
    where
        F: Fn(Context<S>, Request, Params) -> W + Send + Sync + 'static,
        W: Future<Output = A> + Send + 'static,
        A: Answer,
    {
        Self::new(Method::PATCH, path, handler)
    }

    /// A DELETE route.
    pub fn delete<F, W, A>(path: &'static str, handler: F) -> Self
    where
        F: Fn(Context<S>, Request, Params) -> W + Send + Sync + 'static,
        W: Future<Output = A> + Send + 'static,
        A: Answer,
    {
        Self::new(Method::DELETE, path, handler)
    }

    /// Sets the line for the documentation.
    #[must_use]
    pub fn summary(mut self, summary: &'static str) -> Self {
        self.summary = summary;
        self
    }

    /// Sets the longest body.
    #[must_use]
    pub fn body_limit_bytes(mut self, limit: u64) -> Self {
        self.body_limit_bytes = Some(limit);
        self
    }

    /// The handler reads the body itself ([`Request::take_stream`]), up to `limit`.
    #[must_use]
    pub fn streamed(mut self, limit_bytes: u64) -> Self {
        self.streamed = true;
        self.body_limit_bytes = Some(limit_bytes);
        self
    }

    /// The handler may wait for something to happen.
    #[must_use]
    pub fn waits(mut self) -> Self {
        self.waits = true;
        self
    }

    /// Puts something around the handler: `before` sees the request, `follow` has what was seen, and begins the handler.
    #[must_use]
    pub fn around<T, B, F>(mut self, before: B, follow: F) -> Self
    where
        B: Fn(&S, &Request, &Params) -> T + Send + Sync + 'static,
        F: Fn(Context<S>, T, Handler) -> Surrounding + Send + Sync + 'static,
    {
        let run = Arc::new(self.run);
        self.run = Box::new(move |context, request, params, style, at| {
            let seen = before(&context, &request, &params);
            let (run, given, inner) = (Arc::clone(&run), Arc::clone(&context), at.clone());
            let handler = Box::new(move || run(given, request, params, style, inner));
            let surrounding = follow(context, seen, handler);
            Box::pin(async move { surrounding.await.answer(style, &at) })
        });
        self
    }

    /// Sets who looks at the head before the body is read.
    #[must_use]
    pub fn guarded(
        mut self,
        guard: impl Fn(&S, &mut Head) -> Result<(), Box<Response>> + Send + Sync + 'static,
    ) -> Self {
        self.guard = Some(Box::new(guard));
        self
    }
}

/// One API: where it lies, how it words faults, its table.
pub struct Api<S> {
    /// Its name in logs and documentation.
    pub name: &'static str,
    /// The paths that are its own, such as `/api/v1`: faults under them are worded in its style. `""` is all the rest.
    pub prefixes: Vec<&'static str>,
    /// How it words faults.
    pub style: &'static dyn ErrorStyle,
    /// Whether `/x/` means `/x`.
    pub trailing_slash: bool,
    /// Whether the case of a path's letters means nothing; parameters keep theirs.
    pub any_case: bool,
    /// Whether a token is required, so that any well-formed Host passes: a page cannot have the token.
    pub token_required: bool,
    /// The longest body of a route that says nothing else.
    pub body_limit_bytes: u64,
    /// Looks at every matched request's head before its body is read.
    pub guard: Option<Guard<S>>,
    /// The table.
    pub routes: Vec<Route<S>>,
}

impl<S> Api<S> {
    /// An API with 1 MiB bodies, strict slashes and letters, no token and no guard.
    pub fn new(
        name: &'static str,
        prefixes: &[&'static str],
        style: &'static dyn ErrorStyle,
        routes: Vec<Route<S>>,
    ) -> Self {
        Self {
            name,
            prefixes: prefixes.to_vec(),
            style,
            trailing_slash: false,
            any_case: false,
            token_required: false,
            body_limit_bytes: 1024 * 1024,
            guard: None,
            routes,
        }
    }
}
