//! Bad input over HTTP: each ends in a clear answer, in bounded memory, while others are served.
//!
//! Owns: the attacks. Never: decides by a time that a busy machine could miss; what must end is awaited.

mod archives;
mod bystander;
mod connections;
mod json;
mod machine;
mod runaway;
#[path = "../support/mod.rs"]
mod support;
mod xml;

use support::{Answer, Server, Setup};

/// What one attack may add to the memory of a server that serves nothing else, in bytes.
const MEMORY: u64 = 700 << 20;

/// A server for one table of attacks.
fn server() -> Server {
    Server::start(Setup::new())
}

/// The answer refuses: 4xx, and says why in the API's own words.
fn assert_refused(what: &str, answer: &Answer) {
    assert!(
        (400..500).contains(&answer.status),
        "{what}: answered {} {:.500}",
        answer.status,
        answer.text()
    );
    let body = answer.json();
    let said = body["detail"].as_str().or(body["message"].as_str());
    let said = said.or(body["title"].as_str()).unwrap_or_default();
    assert!(!said.is_empty(), "{what}: says nothing: {body}");
    assert!(
        said.len() < 20_000,
        "{what}: says too much: {} bytes",
        said.len()
    );
}

/// The server lives and its memory is bounded.
fn assert_well(what: &str, server: &mut Server) {
    server.assert_alive();
    let resident = server.resident_bytes();
    assert!(resident < MEMORY, "{what}: {} MiB resident", resident >> 20);
    let health = server.client().get("/healthz", &[]);
    assert_eq!(health.status, 200, "{what}: {}", health.text());
}
