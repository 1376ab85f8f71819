//! The live feed, `GET /api/v1/live`: a WebSocket that shows what happens while it happens (docs/live.md).
//!
//! Owns: the protocol's messages, filters, what each topic shows, whose rights decide. Never: orders or remembers changes;
//! `actors::live` does.
//!
//! ```text
//!  hello ─▶ Viewer ─┐
//!  subscribe ─▶ Filter, Following ─▶ state in pages ─▶ changes behind the cursor ─▶ filter, rights ─▶ frames ─▶ Out
//!                                                         └─ an item is rendered once, by the first who shows it
//! ```

mod activities;
mod cases;
mod feed;
mod figures;
mod filter;
mod frames;
mod items;
mod job_rows;
mod keys;
mod listing;
mod logs;
mod message;
mod out;
mod pages;
mod resources;
mod socket;
mod subscription;
mod talk;
mod viewer;

pub use feed::Feed;

use crate::{
    http::{Api, Problem, Route},
    server::State,
};

/// The longest message of a client, in bytes.
const MESSAGE_BYTES: usize = 1024 * 1024;

/// What the server mounts. A token is asked for in the first message, since a page cannot send one before.
pub fn api() -> Api<State> {
    let connect = Route::get("/api/v1/live", socket::connect)
        .summary("The live feed: a WebSocket that shows what happens while it happens");
    Api::new("live", &["/api/v1/live"], &Problem, vec![connect])
}
