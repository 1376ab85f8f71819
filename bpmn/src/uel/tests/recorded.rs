//! The conditions that were recorded from the original service: 25 conditions by 15 values.
//! The recording lies outside of the project; without it the test says so and passes.

use super::*;
use serde_json::Value as Json;

/// Where a value's decimal is kept with its scale, the original finds `1.0` unequal to `1`; here numbers compare by value.
const DECIMAL_BY_VALUE: [&str; 5] = [
    "${v==1}",
    "${v=='1'}",
    "${v==1.0}",
    "${v+1==2}",
    "${execution.getVariable(\"v\")==1}",
];

#[expect(
    clippy::disallowed_methods,
    reason = "the test reads the recording, the crate does not"
)]
fn recording() -> Option<Json> {
    let shared = std::env::var_os("LOOMWORK_SHARED").map_or_else(
        || concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared").into(),
        std::path::PathBuf::from,
    );
    let path = shared.join("contract/process-center-recorded.json");
    match std::fs::read(&path) {
        Ok(bytes) => Some(serde_json::from_slice(&bytes).expect("the recording is JSON")),
        Err(error) => {
            println!("skipped: {}: {error}", path.display());
            None
        }
    }
}

fn outcome_of(condition: &str, value: &str) -> &'static str {
    let mut scope = TestScope::default();
    if value != "absent" {
        let value = codec::json::from_plain_json(
            serde_json::from_str(value).expect("the recorded values are JSON"),
        );
        scope.variables.insert("v".to_owned(), value);
    }
    let Ok(template) = Template::parse(condition) else {
        return "does not parse";
    };
    match template.evaluate_condition(&mut scope) {
        Ok(true) => "true",
        Ok(false) => "default",
        Err(_) => "fails",
    }
}

#[test]
fn conditions_turn_out_as_in_the_original() {
    let Some(recording) = recording() else {
        return;
    };
    let mut checked = 0;
    let mut wrong = Vec::new();
    for case in recording.as_array().expect("the recording is a list") {
        let condition = case["case"]
            .as_str()
            .and_then(|case| case.strip_prefix("condition "));
        let outcomes = case["body"]["<value> -> outcome"].as_object();
        let (Some(condition), Some(outcomes)) = (condition, outcomes) else {
            continue;
        };
        for (value, recorded) in outcomes {
            let dropped = value == "1.0" && DECIMAL_BY_VALUE.contains(&condition);
            let expected = if dropped {
                "true"
            } else {
                recorded.as_str().unwrap_or("")
            };
            let found = outcome_of(condition, value);
            if found != expected {
                wrong.push(format!(
                    "{condition} with {value}: expected {expected}, found {found}"
                ));
            }
            checked += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(checked, 25 * 15);
}
