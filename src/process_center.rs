//! The documented process-center API, unchanged for its clients: 41 operations, the envelope `{rtnCode, rtnMsg, data}`
//! and Spring's error object.
//!
//! Owns: its route table, who is let in, and one file for each group of operations. Never: decides what the engine
//! decides; it reads parameters, sends a command or looks, and words the outcome.
//!
//! ```text
//!  request ─▶ guard: token, Accept ─▶ parameters, body ─▶ command or look ─▶ shapes ─▶ envelope (200)
//!                     └──────────────────┴── 400 401 404 405 406 409 415 503 507: Spring's error object, or a page
//! ```

mod accept;
mod common_form;
mod dates;
mod deployment;
mod envelope;
mod error;
mod find;
mod identity;
mod lists;
mod parameters;
mod picture;
mod process;
mod shapes;
mod start;
mod task;
mod variables;

#[cfg(test)]
mod tests;

pub use start::{deploy_at_start, deploy_example};

use crate::{
    access::{self, Access, Caller},
    audit,
    http::{Api, At, Head, Method, Request, Response, Route, StatusCode},
    server::State,
};
use codec::Tenant;
use error::Trouble;

/// What a handler answers.
type Answered = Result<Response, Trouble>;

/// Operations whose answer is no JSON, so that `Accept` does not matter to them.
const WITHOUT_JSON: [&str; 3] = [
    "/processCtr/getImage",
    "/processCtr/suspendProcess",
    "/processCtr/activateProcess",
];

/// The API, for the router.
pub fn api() -> Api<State> {
    let mut routes = common_form::routes();
    routes.extend(identity::routes());
    routes.extend(process::routes());
    routes.extend(task::routes());
    let routes = routes
        .into_iter()
        .map(|route| match is_administrative(&route) {
            true => audit::audited(route),
            false => route,
        })
        .collect();
    let mut api = Api::new("process-center", &[""], &error::Style, routes);
    api.trailing_slash = true;
    api.guard = Some(guard);
    api
}

/// Whether an operation changes what others work with: then it stands in the audit trail.
fn is_administrative(route: &Route<State>) -> bool {
    let names = [
        "/processCtr/deploymentProcess",
        "/processCtr/suspendProcess",
        "/processCtr/activateProcess",
    ];
    let synchronises = route.path.starts_with("/identityCtr/syn");
    route.method == Method::POST && (synchronises || names.contains(&route.path))
}

/// Refuses who has no token where one is needed, and who cannot take JSON.
fn guard(state: &State, head: &mut Head) -> Result<(), Box<Response>> {
    match access::check(state, state.config.process_center.auth, head) {
        Access::Granted(caller) => {
            head.extensions.insert(caller);
        }
        Access::Denied(denied) => {
            let message = denied.to_string();
            return Err(Box::new(error::respond(
                denied.status(),
                &message,
                &At::of(head),
            )));
        }
        Access::Unknown => {
            let message = "a valid bearer token is required";
            let refusal = error::respond(StatusCode::UNAUTHORIZED, message, &At::of(head));
            return Err(Box::new(access::challenge(refusal)));
        }
    }
    let at = At::of(head);
    let path = at.uri.path().trim_end_matches('/');
    if WITHOUT_JSON.contains(&path) || accept::takes_json(&at) {
        return Ok(());
    }
    Err(Box::new(error::not_acceptable(&at)))
}

/// The company of the caller; the same for every `systemId`.
fn tenant(state: &State, request: &Request) -> Tenant {
    let caller = request.extensions.get::<Caller>();
    caller.map_or(state.tenant, |caller| caller.tenant)
}

/// A GET operation.
macro_rules! get {
    ($path:literal, $handler:path, $summary:literal) => {
        crate::http::Route::get($path, |state, request, _| $handler(state, request))
            .summary($summary)
    };
}

/// A POST operation.
macro_rules! post {
    ($path:literal, $handler:path, $summary:literal) => {
        crate::http::Route::post($path, |state, request, _| $handler(state, request))
            .summary($summary)
    };
}

use {get, post};

/// A group's part of the table.
type Routes = Vec<Route<State>>;
