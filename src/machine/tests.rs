//! What an operator sees when something fails beside the requests.

use super::*;
use crate::{
    config::{Clock, Config},
    http::{Arrival, Gate, GateConfig, Method, Router},
    server::options,
};
use std::sync::Arc;

async fn get(router: &Router<State>, path: &str) -> (StatusCode, String) {
    let target = path.parse().expect("a target");
    let arrival = Arrival::local(Method::GET, target, String::new());
    let response = router.handle(arrival).await;
    let body = response.body.collect().await;
    (response.status, String::from_utf8_lossy(&body).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_fails_is_seen_in_readyz_and_metrics_until_one_succeeds() {
    let data = tempfile::tempdir().expect("a directory");
    let mut config = Config {
        data: data.path().to_owned(),
        ..Config::default()
    };
    config.engine.clock = Clock::Manual;
    let engine = actors::open(options(&config)).await.expect("an engine");
    let state = Arc::new(State::for_tests(engine, config));
    let gate = Gate::new(&GateConfig::default()).expect("a gate");
    let router = Router::new(Arc::clone(&state), gate);
    let router = router.mount(api()).expect("a table");
    let snapshots = data.path().join("snapshots");
    for failing in [false, true, false] {
        // Where the directory is a file, nothing can be written.
        if snapshots.is_dir() {
            std::fs::remove_dir_all(&snapshots).expect("removed");
        } else if snapshots.exists() {
            std::fs::remove_file(&snapshots).expect("removed");
        }
        if failing {
            std::fs::write(&snapshots, "").expect("written");
        } else {
            std::fs::create_dir_all(&snapshots).expect("made");
        }
        let taking = state.engine.clone();
        let taken = tokio::task::spawn_blocking(move || taking.snapshots().take_now());
        assert_eq!(taken.await.expect("not panicked").is_err(), failing);
        let (status, ready) = get(&router, "/readyz").await;
        assert_eq!(status, StatusCode::OK, "requests are served all the same");
        assert_eq!(
            !ready.contains("\"snapshotFailure\":null"),
            failing,
            "{ready}"
        );
        let (_, metrics) = get(&router, "/metrics").await;
        let line = format!("loomwork_snapshot_failing {}", u8::from(failing));
        assert!(metrics.lines().any(|found| found == line), "{metrics}");
        let value = |name| {
            let found = metrics.lines().find_map(|line| line.strip_prefix(name));
            found.map(str::to_owned)
        };
        // One that failed changes nothing of what the last one has.
        let sequence = value("loomwork_snapshot_sequence ");
        assert_eq!(sequence, value("loomwork_journal_sequence "));
        assert!(sequence.is_some_and(|sequence| sequence != "0"));
    }
}
