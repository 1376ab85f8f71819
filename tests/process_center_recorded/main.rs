//! The recorded answers of the original, asked of our server in the same order: each is reproduced, or a named rule says why not.
//!
//! Owns: the counts. Never: leaves a case out.

mod asking;
mod case;
mod matching;
mod models;
mod ours;
mod replay;
mod rules;
mod staging;
#[path = "../support/mod.rs"]
mod support;

use case::Mandatory;
use models::Models;
use replay::Replay;
use rules::{RULES, Rule};
use std::{fs, path::Path};
use support::{Server, Setup, shared};

/// Recorded cases.
const CASES: usize = 679;

#[test]
fn every_recorded_answer_is_reproduced_or_covered_by_a_named_rule() {
    let Some(shared) = shared() else { return };
    let cases = case::load(&shared);
    assert_eq!(cases.len(), CASES);
    let server = start(&shared);
    let models = Models::new(&cases, &shared);
    let mut replay = Replay::new(&server, Mandatory::load(&shared), &models);
    for case in &cases {
        replay.ask(case);
    }
    let time = replay.let_time_pass();
    for failure in &replay.failures {
        eprintln!("{failure}");
    }
    let counted = |rule: Option<Rule>| replay.counts.get(&rule).copied().unwrap_or(0);
    println!("{} reproduced", counted(None));
    for rule in RULES {
        println!("{} {rule:?}", counted(Some(rule)));
    }
    let total: usize = replay.counts.values().sum();
    assert_eq!(total, CASES, "every case is counted once");
    assert!(
        replay.failures.is_empty(),
        "{} of {CASES} answers differ",
        replay.failures.len()
    );
    assert_eq!(time, Ok(()));
    the_document_lists_these_counts(&counted);
}

#[test]
fn every_rule_covers_some_recorded_case_and_no_case_is_covered_without_need() {
    let Some(shared) = shared() else { return };
    let mandatory = Mandatory::load(&shared);
    let cases = case::load(&shared);
    let covered: Vec<(Rule, String)> = cases
        .iter()
        .filter_map(|case| Some((Rule::of(case, &mandatory)?, case.title())))
        .collect();
    for rule in RULES {
        let titles: Vec<&str> = covered
            .iter()
            .filter(|(found, _)| *found == rule)
            .map(|(_, title)| title.as_str())
            .collect();
        assert!(!titles.is_empty(), "{rule:?} covers nothing");
        println!("{rule:?}: {}\n  {}", titles.len(), titles.join("\n  "));
    }
    assert!(
        covered.len() * 2 < cases.len(),
        "most answers are the original's"
    );
}

/// A server with the two sample models, deployed at its start, and a clock that stands still: the original ran no timers.
fn start(shared: &Path) -> Server {
    let server = Server::prepared(Setup::new().manual_clock().set(
        "process_center",
        "auto_deploy",
        "\"processes\"",
    ));
    let folder = server.directory().join("processes");
    let samples = shared.join("conformance/process-center/models");
    let copied = fs::create_dir(&folder).and_then(|()| {
        for name in ["productApprove.bpmn", "financeApply.bpmn"] {
            fs::copy(samples.join(name), folder.join(name))?;
        }
        Ok(())
    });
    assert!(copied.is_ok(), "the sample models: {copied:?}");
    let mut server = server;
    server.start_again();
    server
}

fn the_document_lists_these_counts(counted: &dyn Fn(Option<Rule>) -> usize) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/process-center.md");
    let document = fs::read_to_string(&path).unwrap_or_default();
    let mut wanted = vec![format!("| reproduced | {} |", counted(None))];
    wanted.extend(RULES.map(|rule| format!("| `{rule:?}` | {} |", counted(Some(rule)))));
    for row in wanted {
        assert!(
            document.contains(&row),
            "docs/process-center.md lacks the row: {row}"
        );
    }
}
