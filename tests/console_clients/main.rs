//! What the vendor's sample clients for C# and Java send, byte for byte but for ids and tokens, to a server that is seeded
//! as they expect: every request succeeds, and what they read of the answers is there.
//!
//! Owns: putting our ids where the recorded ones stand. Never: repairs what a client sends.

#[path = "../support/mod.rs"]
mod support;
mod trace;

use serde_json::{Value, json};
use std::path::Path;
use support::{
    Answer, Server, Setup,
    console::{GROUP, SEED, sow},
    shared,
};
use trace::{Line, Trace};

/// Beside the example of the seed's description: the second robot that the C# client found.
const SECOND: &str = r#"
[[robot]]
id = "124dcd6b-4d98-44ee-a702-64562aa232a5"
department = "Head office"
name = "r2"
secret = "r2-secret-0123456789"
"#;

/// A server with the seed.
fn seeded() -> Server {
    let mut server = Server::prepared(Setup::new());
    sow(&server, &format!("{SEED}{SECOND}"));
    server.start_again();
    server
}

/// Sends a trace; `learn` takes ids out of answers, and looks at what the client looks at.
fn replay(
    server: &Server,
    folder: &Path,
    name: &str,
    learn: impl Fn(usize, &Answer, &mut Trace),
) -> usize {
    let mut trace = Trace::read(folder, name);
    let lines = trace.take_lines();
    let mut client = server.client();
    for (at, line) in lines.iter().enumerate() {
        let request = trace.request(line);
        let answer = client.send(&request);
        let shown = format!("{name} {at}: {} {}", line.method, line.path);
        let success = (200..300).contains(&answer.status);
        assert!(success, "{shown}: {} {:.600}", answer.status, answer.text());
        no_null(&shown, &answer);
        if let Some(token) = token(line, &answer) {
            trace.token = token;
        }
        learn(at, &answer, &mut trace);
    }
    lines.len()
}

fn token(line: &Line, answer: &Answer) -> Option<String> {
    if line.path != "/connect/token" {
        return None;
    }
    let told = answer.json();
    assert_eq!(told["expires_in"], 3600);
    Some(told["access_token"].as_str()?.to_owned())
}

/// Members that are null throw in one client or the other.
fn no_null(at: &str, answer: &Answer) {
    if !answer.body.is_empty() {
        assert!(!answer.text().contains(":null"), "{at}: {}", answer.text());
    }
}

fn learn_upload(answer: &Answer, trace: &mut Trace, recorded: &str) {
    let told = answer.json();
    trace.put(recorded, &told["id"]);
    let channel = &told["channel"];
    assert_eq!(
        channel["headers"]["Content-Type"],
        "application/octet-stream"
    );
    let uri = channel["uri"].as_str().unwrap_or_default();
    assert!(uri.starts_with("http://"), "absolute: {uri}");
    let path = uri.splitn(4, '/').nth(3).unwrap_or_default();
    trace.upload = format!("/{path}");
}

fn learn_package(answer: &Answer, trace: &mut Trace, package: &str, version: &str) {
    let told = answer.json();
    trace.put(package, &told["packageId"]);
    trace.put(version, &told["packageVersionId"]);
}

fn csharp(at: usize, answer: &Answer, trace: &mut Trace) {
    let told = || answer.json();
    match at {
        1 | 4 => learn_package(
            answer,
            trace,
            "e30b9ed0-d4da-4b8f-ac1e-cdf64fc4b9c6",
            "1b1ebea6-35ee-4c92-9f0c-f68cc96ec9c0",
        ),
        2 => learn_upload(answer, trace, "1435d3dc-62de-43bd-bdd1-9aeefdc90ac7"),
        5 => assert_eq!(told()["versions"].as_array().map(Vec::len), Some(1)),
        6 => assert!(told()["list"][0]["versions"].is_array()),
        7 => assert_eq!(
            (&told()["count"], &told()["list"][0]["id"]),
            (&json!(1), &json!(GROUP))
        ),
        8 => trace.put("e184382d-4f4f-4b81-9469-11f1542c1565", &told()["id"]),
        9 => assert_eq!(told()["count"], 1),
        10 => assert!(text(&told()["name"]).starts_with("Updated_Workflow_Test")),
        11 => assert_eq!(
            (&told()["total"], &told()["successCount"]),
            (&json!(1), &json!(1))
        ),
        12 => {
            let job = &told()[0];
            assert_eq!(
                (&job["state"], &job["jobSubjectType"]),
                (&json!("Queued"), &json!("Workflow"))
            );
            assert_eq!(job["containingQueueId"], GROUP);
        }
        14 => trace.put("8b7ee924-e381-4109-b6bb-80a30f3df53f", &told()["id"]),
        15 => assert_eq!(told()["count"], 2),
        16 => {
            let told = told();
            assert_eq!(told.as_array().map(Vec::len), Some(2));
            assert!(told[0].get("errorMessage").is_none(), "{told}");
        }
        17 => assert_eq!(told()["count"], 2),
        19 => assert_eq!(told()["count"], 1),
        _ => {}
    }
}

fn java(at: usize, answer: &Answer, trace: &mut Trace) {
    let told = || answer.json();
    match at {
        1 => learn_upload(answer, trace, "a04d80ab-5cd8-459c-b213-d8f1a505ce40"),
        3 => learn_package(
            answer,
            trace,
            "c4642f44-4e4b-4e71-ada5-5a17f1af40b9",
            "c3cfc367-245b-4e54-acfa-b4d5948e04c7",
        ),
        5 => trace.put("c14e3e91-1d26-45b9-ad59-fbb246627b0b", &told()["id"]),
        6 => {
            let job = &told()[0];
            assert_eq!(
                (&job["priority"], &job["jobSubjectName"]),
                (&json!(0), &json!("ww_test"))
            );
        }
        7 => assert_eq!(told()["name"], "Workflow_Test_1795344267988_Updated"),
        _ => {}
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[test]
fn the_sample_clients_run_to_their_ends_one_after_the_other_and_again() {
    let Some(shared) = shared() else { return };
    let folder = shared.join("conformance/console-clients");
    let server = seeded();
    let first = replay(&server, &folder, "csharp-sample", csharp);
    let second = replay(&server, &folder, "java-sample", java);
    // Java leaves a workflow, and its next run uploads the same file again.
    let third = replay(&server, &folder, "java-sample", java);
    println!("{first} and {second} requests, then {third} again");
    assert_eq!((first, second, third), (22, 8, 8));
}
