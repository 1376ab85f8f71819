//! Suites of conformance scenarios: where they lie, which of their scenarios are asked for, and running them.
//! Never: copies one into the project.

use super::scenario::Run;
use serde_json::Value as Json;
use std::path::PathBuf;

/// The folder of shared test material; none when it is not there and nobody asked for it.
///
/// # Panics
/// When `LOOMWORK_SHARED` names a folder that does not exist.
pub fn shared() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("LOOMWORK_SHARED") {
        let path = PathBuf::from(named);
        assert!(
            path.is_dir(),
            "LOOMWORK_SHARED: {} is no folder",
            path.display()
        );
        return Some(path);
    }
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    path.is_dir().then_some(path)
}

/// How a suite went.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: usize,
    pub failed: usize,
    pub skipped: usize,
}

/// Runs a suite but for the scenarios that need one of `skip`. Failures are printed.
/// `ONLY=text` in the environment leaves out scenarios without it in their name, to look at one alone.
pub fn run(suite: &str, skip: &[&str], restarts: bool) -> Option<Tally> {
    let Some(shared) = shared() else {
        println!("skipped: no shared test material beside the workspace");
        return None;
    };
    let path = shared.join("conformance").join(suite);
    let models = path.with_file_name("models");
    let text = std::fs::read_to_string(&path).expect("suite");
    let suite: Json = serde_json::from_str(&text).expect("suite is JSON");
    let only = std::env::var("ONLY").ok();
    let mut tally = Tally::default();
    for scenario in suite["scenarios"].as_array().expect("scenarios") {
        let name = scenario["name"].as_str().unwrap_or_default();
        let needs = scenario["needs"].as_array().cloned().unwrap_or_default();
        let left_out = needs
            .iter()
            .filter_map(Json::as_str)
            .any(|need| skip.contains(&need));
        if left_out || only.as_deref().is_some_and(|only| !name.contains(only)) {
            tally.skipped += 1;
            continue;
        }
        match Run::new(&models, restarts).scenario(scenario) {
            Ok(()) => tally.passed += 1,
            Err(why) => {
                println!("FAIL {name}\n     {why}");
                tally.failed += 1;
            }
        }
    }
    Some(tally)
}
