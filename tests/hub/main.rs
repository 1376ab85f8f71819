//! The hub by hand: what robots may say, when, and how a connection ends; a whole run over both transports.
//!
//! Owns: these stories over real sockets. Never: uses a robot's program.

mod access;
mod line;
mod packages;
mod polling;
mod protocol;
mod run;
#[path = "../support/mod.rs"]
mod support;

use support::{
    Server, Setup,
    console::{SEED, sow},
};

/// A server with the data of the seed.
fn seeded() -> Server {
    let mut server = Server::prepared(Setup::new());
    sow(&server, SEED);
    server.start_again();
    server
}
