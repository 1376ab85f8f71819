//! The robot, from outside: what it says and does when a hub tells it what hubs say, also when it or the network dies.
//!
//! Owns: these stories of the built program. Never: a server of this project; the hub here only knows the protocol.

mod connecting;
mod delivery;
mod hub;
mod packages;
mod refusals;
mod robot;
mod running;
mod stopping;
