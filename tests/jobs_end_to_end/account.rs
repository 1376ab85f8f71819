//! The account at the end: what has become of every job and of every run.
//!
//! Owns: that nothing is lost and nothing happened twice. Never: forgives.

use crate::{
    floor::Floor,
    support::{console::text, until},
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// How a job should end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Succeeded,
    Failed,
    Cancelled,
}

/// Waits for every job, then looks at every run; gives the robots that ran something.
pub fn expect(floor: &mut Floor, jobs: &[(String, End)]) -> BTreeSet<String> {
    for (job, end) in jobs {
        let shown = floor.console.ended(job);
        assert_eq!(shown["state"], format!("{end:?}"), "{shown}");
    }
    let mut begun: BTreeMap<String, usize> = BTreeMap::new();
    for (run, _) in floor.begun() {
        *begun.entry(run).or_default() += 1;
    }
    let twice: Vec<_> = begun.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "runs that began twice: {twice:?}");
    let (mut known, mut robots) = (BTreeSet::new(), BTreeSet::new());
    for (job, end) in jobs {
        let runs = runs_of(floor, job);
        let succeeded: Vec<_> = runs
            .iter()
            .filter(|run| run["status"] == "Succeeded")
            .collect();
        let wanted = usize::from(*end == End::Succeeded);
        assert_eq!(
            succeeded.len(),
            wanted,
            "runs that succeeded of {job}: {runs:?}"
        );
        for run in succeeded {
            let id = text(&run["id"]);
            assert!(begun.contains_key(&id), "never began: {run}");
            robots.insert(text(&run["robotId"]));
        }
        // Also of those that failed, were cancelled, or were killed with their robot.
        for run in &runs {
            let id = text(&run["id"]);
            if begun.contains_key(&id) {
                assert_logged(floor, job, &id);
            }
        }
        if *end == End::Failed {
            assert_eq!(runs.len(), 2, "one retry: {runs:?}");
        }
        known.extend(runs.iter().map(|run| text(&run["id"])));
    }
    let strange: Vec<_> = begun.keys().filter(|run| !known.contains(*run)).collect();
    assert!(strange.is_empty(), "runs of no job: {strange:?}");
    println!("{} jobs, {} runs that began", jobs.len(), begun.len());
    robots
}

/// The run instances of a job.
pub fn runs_of(floor: &mut Floor, job: &str) -> Vec<Value> {
    let mut shown = floor
        .console
        .get(&format!("/openapi/jobs/{job}/runinstances?PageSize=100"));
    match shown["list"].take() {
        Value::Array(runs) => runs,
        other => panic!("no list of runs: {other}"),
    }
}

/// What a run has said is there, once. Its robot sends it until it is kept, which may be after the job's end.
pub fn assert_logged(floor: &mut Floor, job: &str, run: &str) {
    let path = format!("/openapi/runinstances/{run}/logs");
    let said = until("the run's line", || {
        let told = floor.console.get(&path);
        let lines = told["data"].as_array().cloned().unwrap_or_default();
        let lines = lines.into_iter().map(|line| text(&line["message"]));
        let lines: Vec<String> = lines.filter(|line| line.starts_with("line of")).collect();
        (!lines.is_empty()).then_some(lines)
    });
    assert_eq!(said, [format!("line of {job}")]);
}
