//! The engine's own API, `/api/v1`: complete, uniform, paged.
//!
//! Owns: that its routes are mounted, guarded and documented from one table. Never: decides anything; the engine does.
//!
//! ```text
//!  request ─▶ guard: who calls ─▶ resource: body, parameters ─▶ engine (writes) · views, archive (reads) ─▶ JSON by hand
//! ```
//!
//! An endpoint is one line in `table` and one function in its resource's file.

pub(crate) mod activities;
mod alike;
mod clock;
mod common;
pub(crate) mod definitions;
mod deployments;
pub mod diagram;
mod events;
mod forms;
mod identity_links;
pub(crate) mod incidents;
mod instance_list;
mod instances;
pub(crate) mod json;
mod lineage;
mod merged;
mod merged_total;
mod openapi;
pub(crate) mod order;
mod page;
pub(crate) mod problem;
pub(crate) mod render;
mod subject;
mod table;
mod task_list;
mod tasks;
#[cfg(test)]
mod tests;
mod timers;
mod variable_filter;
mod variables;

use crate::{
    access::{self, Access, Denied},
    audit,
    http::{Answer, Api, At, Head, Method, Problem, Response, Route},
    server::State,
};
use problem::Refused;

/// What the server mounts.
pub fn api() -> Api<State> {
    let routes = table::operations().into_iter().map(|operation| {
        let route = operation.route;
        match is_administrative(&route) {
            true => audit::audited(route),
            false => route,
        }
    });
    let mut api = Api::new("engine", &["/api/v1"], &Problem, routes.collect());
    api.guard = Some(guard);
    api
}

/// Whether a route changes what others work with, and not their work: then it stands in the audit trail.
fn is_administrative(route: &Route<State>) -> bool {
    let under = |name: &str| {
        let path = route.path.strip_prefix("/api/v1/");
        path.is_some_and(|path| path.starts_with(name))
    };
    let writes = route.method != Method::GET;
    let over_many = ["deployments", "definitions", "incidents", "timers", "clock"];
    let of_instance = under("instances/{id}")
        && (route.method == Method::DELETE || route.path.ends_with("/state"));
    writes && (over_many.into_iter().any(under) || of_instance)
}

/// Leaves the caller in the request's extensions, or answers 401.
fn guard(state: &State, head: &mut Head) -> Result<(), Box<Response>> {
    match access::check(state, state.config.api.auth, head) {
        Access::Granted(caller) => {
            head.extensions.insert(caller);
            Ok(())
        }
        Access::Unknown => Err(Box::new(access::challenge(refusal(Denied::NoToken, head)))),
        Access::Denied(denied) => Err(Box::new(refusal(denied, head))),
    }
}

fn refusal(denied: Denied, head: &Head) -> Response {
    let refused = Refused::new(denied.status(), denied.code(), denied.to_string());
    refused.answer(&Problem, &At::of(head))
}
