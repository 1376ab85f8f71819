//! Real models: all of the conformance suites parse, or are refused for a reason that has a name.
//! Owns: the comparison with what the original engine deployed and refused.
//! Never: runs a model.

#![allow(clippy::disallowed_methods)] // Tests read files; the crate does not.
#![allow(clippy::unwrap_used)]

use bpmn::{
    diagnostic::{Diagnostic, Severity, code},
    parse::parse,
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

const SUITES: [&str; 5] = ["activiti", "random", "wild", "betsy", "process-center"];

/// Needs of models that the original deploys and this engine does not yet. Those that only the original's own vocabulary
/// refuses (`strict`) are not compared at all.
const NOT_YET: [&str; 11] = [
    "adhoc",
    "async",
    "compensation",
    "event-based-gateway",
    "event-sub-process",
    "groovy",
    "java",
    "message",
    "shell",
    "signal",
    "transaction",
];

/// Where this engine decides otherwise, and why.
const DIFFERENT: [(&str, Difference); 5] = [
    // Two files with one key in one deployment: found when they are deployed, not when they are read.
    (
        "BpmnDeploymentTest.testDeployTwoProcessesWithDuplicateIdAtTheSameTime",
        Difference::Taken,
    ),
    // A condition that ends with ')' instead of '}' is refused at deployment here.
    (
        "wild/18-email-response",
        Difference::Refused(code::INVALID_EXPRESSION),
    ),
    (
        "wild/52-giving-gifts-1391",
        Difference::Refused(code::NOT_SUPPORTED_YET),
    ),
    (
        "wild/208-go-out",
        Difference::Refused(code::NOT_SUPPORTED_YET),
    ),
    // Script languages that do not run are refused at deployment, not when they are reached.
    (
        "wild/277-process-stateless-rule-evaluatio",
        Difference::Refused(code::SCRIPT_LANGUAGE),
    ),
];

enum Difference {
    /// The original refuses it.
    Taken,
    /// The original takes it; every error has this code.
    Refused(&'static str),
}

/// The folder of the suites; none where the project stands alone.
fn conformance() -> Option<PathBuf> {
    if let Some(shared) = std::env::var_os("LOOMWORK_SHARED") {
        let folder = Path::new(&shared).join("conformance");
        assert!(folder.is_dir(), "{} is no folder", folder.display());
        return Some(folder);
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance");
    if !folder.is_dir() {
        println!("skipped: {} is not there", folder.display());
        return None;
    }
    Some(folder)
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        match path.is_dir() {
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

#[test]
fn every_model_parses_or_is_refused_for_a_known_reason() {
    let Some(conformance) = conformance() else {
        return;
    };
    let mut total = 0;
    for suite in SUITES {
        let mut list = Vec::new();
        files(&conformance.join(suite).join("models"), &mut list);
        total += list.len();
        let mut taken = 0;
        let mut errors: BTreeMap<&str, usize> = BTreeMap::new();
        for path in &list {
            match parse(&std::fs::read(path).unwrap()) {
                Ok(parsed) => {
                    assert_eq!(parsed.processes.len(), parsed.diagrams.len());
                    taken += 1;
                }
                Err(diagnostics) => {
                    for diagnostic in &diagnostics {
                        assert!(code::ALL.contains(&diagnostic.code), "{diagnostic}");
                        assert!(diagnostic.line > 0 && diagnostic.column > 0, "{diagnostic}");
                    }
                    let mut codes: Vec<_> = diagnostics
                        .iter()
                        .filter(|diagnostic| diagnostic.severity == Severity::Error)
                        .map(|diagnostic| diagnostic.code)
                        .collect();
                    assert!(
                        !codes.is_empty(),
                        "{} is refused without an error",
                        path.display()
                    );
                    codes.sort_unstable();
                    codes.dedup();
                    for code in codes {
                        *errors.entry(code).or_default() += 1;
                    }
                }
            }
        }
        println!(
            "{suite}: {taken} of {} parse; refused: {errors:?}",
            list.len()
        );
    }
    assert!(total > 0);
}

#[test]
fn models_deploy_where_the_original_deployed_them() {
    let Some(conformance) = conformance() else {
        return;
    };
    let mut wrong = Vec::new();
    let mut compared = 0;
    for (suite, file) in [
        ("activiti", "core.json"),
        ("random", "random.json"),
        ("wild", "wild.json"),
    ] {
        let text = std::fs::read_to_string(conformance.join(suite).join(file)).unwrap();
        let suite_file: serde_json::Value = serde_json::from_str(&text).unwrap();
        for scenario in suite_file["scenarios"].as_array().unwrap() {
            let needs = scenario["needs"].as_array().unwrap();
            let fails = scenario["deployFails"].as_bool() == Some(true);
            let is_other = |need: &serde_json::Value| match need.as_str().unwrap_or_default() {
                "strict" => true,
                need => !fails && NOT_YET.contains(&need),
            };
            if needs.iter().any(is_other) {
                continue;
            }
            compared += 1;
            let errors = deploy(&conformance.join(suite).join("models"), scenario);
            let name = scenario["name"].as_str().unwrap_or_default();
            let different = DIFFERENT.iter().find(|(other, _)| *other == name);
            let is_right = match different.map(|(_, difference)| difference) {
                None => fails != errors.is_empty(),
                Some(Difference::Taken) => fails && errors.is_empty(),
                Some(Difference::Refused(code)) => {
                    !fails && !errors.is_empty() && errors.iter().all(|error| error.code == *code)
                }
            };
            if !is_right {
                let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
                wrong.push(format!(
                    "{name}: the original refuses it: {fails}, here: {errors:#?}"
                ));
            }
        }
    }
    println!("{compared} scenarios compared");
    assert!(compared > 0);
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// The errors of a scenario's own deployment.
fn deploy(models: &Path, scenario: &serde_json::Value) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    for file in scenario["deploy"].as_array().into_iter().flatten() {
        let path = models.join(file.as_str().unwrap_or_default());
        if let Err(diagnostics) = parse(&std::fs::read(path).unwrap()) {
            errors.extend(diagnostics);
        }
    }
    errors.retain(|diagnostic| diagnostic.severity == Severity::Error);
    errors
}
