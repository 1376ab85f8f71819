//! The hub: where robots connect (spec/robot-protocol.md).
//!
//! Owns: who may connect, the two ways to do it, the JSON of its messages, the signed addresses of packages.
//! Never: decides what a message means; the robot's actor does.
//!
//! ```text
//!  GET  /robothub             WebSocket, subprotocol loomwork.robot.v1 ─┐
//!  POST /robothub/poll        the same messages without a socket       ─┴▶ frames ─▶ Session ─▶ Robot (actor)
//!  GET  /robothub/packages/…  a package's bytes, by a signed address
//! ```

mod frames;
mod packages;
mod poll;
mod read;
mod socket;
#[cfg(test)]
mod tests;
mod write;

pub use poll::Polls;

use crate::{
    access::{self, Robot},
    http::{Api, Head, Problem, Response, Route},
    server::State,
};

/// The longest message, in bytes.
const MESSAGE_BYTES: usize = 1024 * 1024;
/// A body of a poll carries several messages.
const POLL_BYTES: u64 = 4 * 1024 * 1024;

/// Where robots connect.
pub fn api() -> Api<State> {
    let routes = vec![
        Route::get("/robothub", socket::connect).summary("A robot's connection: a WebSocket"),
        Route::post("/robothub/poll", poll::poll)
            .summary("A robot's connection without a WebSocket")
            .body_limit_bytes(POLL_BYTES)
            .waits(),
    ];
    let mut api = Api::new("hub", &["/robothub"], &Problem, routes);
    // A page of another site has no token.
    api.token_required = true;
    api.any_case = true;
    api.guard = Some(guard);
    api
}

/// Where robots fetch packages: no token is asked for there, the address is signed.
pub fn packages() -> Api<State> {
    let get = Route::get("/robothub/packages/{sha256}", packages::download)
        .summary("The bytes of a package, by its signed address");
    let mut api = Api::new("packages", &["/robothub/packages"], &Problem, vec![get]);
    api.token_required = true;
    api
}

/// Leaves the robot in the request's extensions, or answers 401 or 403.
fn guard(state: &State, head: &mut Head) -> Result<(), Box<Response>> {
    let robot: Robot = access::robot(state, head)?;
    head.extensions.insert(robot);
    Ok(())
}
