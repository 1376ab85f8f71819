//! The robot, from outside: what it says and does when a hub tells it what hubs say, also when it or the network dies.
//!
//! Owns: these stories of the built program. Never: a server of this project; the hub here only knows the protocol.

// A story that cannot go on has failed.
#![allow(clippy::unwrap_used)]

mod connecting;
mod delivery;
mod example;
mod hub;
mod packages;
mod refusals;
mod robot;
mod running;
mod stopping;
