//! The control socket: how `loomwork token` and `loomwork backup` reach a server that runs on the same data.
//!
//! Owns: the socket's place, rights and protocol. Only the user that runs the server, and root, are listened to.
//! Never: decides anything; a [`ControlHandler`] does. Never reachable from a network.
//!
//! ```text
//!  client                                  server
//!  one line of JSON: Request      ──▶      at most 64 KiB, within 10 s
//!                                 ◀──      one line of JSON: Answer, when it is done; then the end
//! ```

mod client;
mod message;
mod server;
#[cfg(test)]
mod tests;

pub use client::{ControlError, Reached, call};
pub use message::{Answer, BackedUp, NewToken, NewUser, Request, TokenLine};
pub use server::{ControlHandler, ControlSocket};

use std::path::{Path, PathBuf};

/// Where the socket of this data directory is.
pub fn socket_path(data: &Path) -> PathBuf {
    data.join("control.sock")
}
