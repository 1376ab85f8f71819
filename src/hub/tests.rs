//! What needs the server's own hands: an address whose time is over. The hub over real sockets has tests of its own.

use crate::{
    config::Config,
    http::{Arrival, Gate, GateConfig, Method, Router},
    links,
    server::{State, options},
};
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn an_address_whose_time_is_over_opens_nothing() {
    let data = tempfile::tempdir().expect("a directory");
    let config = Config {
        data: data.path().to_owned(),
        ..Config::default()
    };
    let engine = actors::open(options(&config)).await.expect("an engine");
    let state = Arc::new(State::for_tests(engine.clone(), config));
    let digest = "ab".repeat(32);
    let path = state.blobs.path(digest.parse().expect("a digest"));
    std::fs::write(path, "bytes").expect("a file");
    let gate = Gate::new(&GateConfig::default()).expect("a gate");
    let router = Router::new(Arc::clone(&state), gate).mount(super::packages());
    let router = router.expect("a table without contradictions");
    let now_ms = state.engine.clock.real_ms();
    let subject = format!("package {digest}");
    let rows = [
        ("in time", "GET", &subject, now_ms + 60_000, 200),
        ("too late", "GET", &subject, now_ms - 1, 403),
        ("for another method", "PUT", &subject, now_ms + 60_000, 403),
        ("for something else", "GET", &digest, now_ms + 60_000, 403),
    ];
    for (what, method, subject, expires_ms, status) in rows {
        let signed = links::sign(&state, method, subject, expires_ms);
        let target = format!("/robothub/packages/{digest}{signed}");
        let target = target.parse().expect("a target");
        let answer = router.handle(Arrival::local(Method::GET, target, "")).await;
        assert_eq!(answer.status.as_u16(), status, "{what}");
    }
    tokio::task::spawn_blocking(move || engine.stop())
        .await
        .expect("a clean stop");
}
