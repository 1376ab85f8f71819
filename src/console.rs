//! The console API, `/openapi` and `/v2`: companies, packages, robots, workflows, jobs, as the documented clients call it.
//!
//! Owns: that its routes are mounted, guarded and documented from one table. Never: decides anything; `org`, `rpa` and the
//! engine do.
//!
//! ```text
//!  request ─▶ route's guard: who, in which company, with the permission at all ─▶ Call ─▶ handler ─▶ JSON without nulls
//!                                                                                  │
//!                 body, list query, ids: in any case ◀─────────────────────────────┘
//! ```
//!
//! An endpoint is one line in the table ([`table`]) and one function in its resource's file. The line names the permission
//! that it needs somewhere in the company; whether it is given in the department of what is asked for, the function asks
//! ([`call::Call::check`], [`call::Call::scope`], [`call::Call::place`]). A permission too little is 403, an id of another
//! company is 404.

mod assets;
mod audit;
pub mod body;
pub mod call;
mod companies;
mod departments;
pub mod form;
mod grants;
pub(crate) mod groups;
pub(crate) mod jobs;
pub mod json;
mod keys;
mod layouts;
mod openapi;
mod packages;
pub mod page;
mod people;
pub mod problem;
pub mod query;
pub(crate) mod robots;
mod roles;
mod schedules;
pub mod sweeping;
pub mod table;
pub(crate) mod taskqueues;
#[cfg(test)]
mod tests;
mod uploads;
mod users;
mod workflows;

pub use uploads::channels;

use crate::{http::Api, server::State};

/// What the server mounts.
pub fn api() -> Api<State> {
    let routes = table::endpoints()
        .into_iter()
        .map(|endpoint| endpoint.route);
    let mut api = Api::new(
        "console",
        &["/openapi", "/v2"],
        &problem::Style,
        routes.collect(),
    );
    api.any_case = true;
    api.trailing_slash = true;
    api.token_required = true;
    api
}
