//! The conformance scenarios against the pure engine: every one that its elements allow must pass, twice:
//! live, and with a restart after every step.

use super::suite::{self, Tally};

/// What the models of the random suites may not need yet.
const NOT_YET: &[&str] = &[
    "message",
    "signal",
    "event-based-gateway",
    "compensation",
    "transaction",
    "event-sub-process",
    "throw-event",
    "async",
];

/// What models from the wild need of other engines.
const FOREIGN: &[&str] = &[
    "java",
    "groovy",
    "strict",
    "shell",
    "message",
    "signal",
    "event-based-gateway",
    "compensation",
    "transaction",
    "event-sub-process",
    "throw-event",
    "async",
];

fn check(file: &str, skip: &[&str], passed: usize, failed: usize) {
    for restarts in [false, true] {
        let Some(tally) = suite::run(file, skip, restarts) else {
            return;
        };
        println!("{file}, restarts {restarts}: {tally:?}");
        let Tally { skipped, .. } = tally;
        assert_eq!(
            tally,
            Tally {
                passed,
                failed,
                skipped
            },
            "{file}"
        );
    }
}

#[test]
fn what_activiti_tests_of_itself_passes() {
    check("activiti/core.json", &[], 167, 0);
}

#[test]
fn random_models_of_all_elements_pass() {
    check("random/random.json", NOT_YET, 228, 0);
}

#[test]
fn random_models_of_the_core_pass() {
    check("random/core.json", NOT_YET, 200, 0);
}

#[test]
fn models_from_the_wild_pass() {
    // Four are refused at deployment: a mail task, a decision task, a foreign script language, a broken condition.
    check("wild/wild.json", FOREIGN, 83, 4);
}
