//! Scenarios of others, run against the built server by their own runner: the real engine passed every one of them.
//!
//! Owns: which suites, what is left out by need, and how many must pass. Never: what a scenario says.

#[path = "support/mod.rs"]
mod support;

use serde_json::Value;
use std::{
    path::Path,
    process::{Command, Stdio},
};
use support::{Server, Setup, shared};

/// What this version does not run yet, by the names that scenarios give their needs.
const NOT_RUN_YET: &str = "message,signal,event-based-gateway,compensation,transaction,event-sub-process,throw-event,async";
/// What runs only beside a Java machine or a shell, and a mode of the real engine.
const OF_OTHERS: &str = "java,groovy,strict,shell";

/// Outcomes of a suite: how many passed, and the failures with their reasons.
struct Report {
    passed: usize,
    skipped: usize,
    failed: Vec<String>,
}

fn run(shared: &Path, suites: &[&str], skip: &[&str]) -> Report {
    let server = Server::start(Setup::new().manual_clock());
    let folder = shared.join("conformance");
    let report = server.directory().join("report.json");
    let mut command = Command::new("python3");
    command
        .arg(folder.join("run.py"))
        .args(["--base", &server.base(), "--report"])
        .arg(&report)
        .stdout(Stdio::null())
        .stderr(Stdio::inherit());
    for needs in skip {
        command.args(["--skip-needs", needs]);
    }
    command.args(suites.iter().map(|suite| folder.join(suite)));
    let status = match command.status() {
        Ok(status) => status,
        Err(error) => panic!("python3 run.py: {error}"),
    };
    assert_ne!(status.code(), Some(2), "the run could not be done");
    let text = std::fs::read(&report).unwrap_or_else(|error| panic!("no report: {error}"));
    let outcomes: Vec<Value> = serde_json::from_slice(&text)
        .unwrap_or_else(|error| panic!("the report is no list: {error}"));
    let of = |outcome: &str| {
        outcomes
            .iter()
            .filter(|one| one["outcome"] == outcome)
            .count()
    };
    let failed = outcomes.iter().filter(|one| one["outcome"] == "failed");
    let told = Report {
        passed: of("passed"),
        skipped: of("skipped"),
        failed: failed
            .map(|one| format!("{}: {}", one["name"], one["why"]))
            .collect(),
    };
    println!(
        "{suites:?}: {} passed, {} failed, {} left out",
        told.passed,
        told.failed.len(),
        told.skipped
    );
    for failure in &told.failed {
        println!("  {failure}");
    }
    told
}

#[test]
fn all_167_core_scenarios_of_activitis_own_tests_pass() {
    let Some(shared) = shared() else { return };
    let report = run(&shared, &["activiti/core.json"], &[]);
    assert_eq!((report.passed, report.failed.len()), (167, 0));
}

#[test]
fn all_428_random_scenarios_that_this_version_runs_pass() {
    let Some(shared) = shared() else { return };
    let suites = ["random/random.json", "random/core.json"];
    let report = run(&shared, &suites, &[NOT_RUN_YET]);
    assert_eq!((report.passed, report.failed.len()), (428, 0));
    assert_eq!(report.passed + report.skipped, 600);
}

#[test]
fn at_least_82_of_the_87_models_of_real_users_pass() {
    let Some(shared) = shared() else { return };
    let report = run(&shared, &["wild/wild.json"], &[NOT_RUN_YET, OF_OTHERS]);
    assert_eq!(report.passed + report.failed.len(), 87);
    assert!(report.passed >= 82, "{} of 87", report.passed);
}
