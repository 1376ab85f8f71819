//! The live feed, from outside: the protocol, cuts and restarts, readers that are slow or hostile, companies apart.
//!
//! Owns: these stories of the built program. Never: waits for a time where there is a frame to wait for.

// A story that cannot go on has failed.
#![allow(clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

mod abuse;
mod company;
mod demo;
mod examples;
mod filters;
mod gone;
mod protocol;
mod raw;
mod resume;
mod rights;
mod slow;
mod tenants;
mod tokens;
mod watch;
mod watcher;
