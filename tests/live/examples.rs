//! The examples of docs/live.md do what it says. `LOOMWORK_TEST_WITHOUT` names what is not there to run them, as `node` or `python3`.

use crate::support::{Server, Setup, models};
use serde_json::json;
use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

/// The code of the first block of this language.
fn example(language: &str) -> String {
    let docs = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/live.md")).unwrap();
    let begin = format!("```{language}\n");
    let from = docs.find(&begin).map(|at| at + begin.len()).unwrap();
    let code = &docs[from..];
    code[..code.find("\n```").unwrap()].to_owned()
}

/// Runs an example until it has shown a task that there was, one that came, and its end.
fn runs(program: &str, options: &[&str], check: &str, file: &str, language: &str) {
    let without = std::env::var("LOOMWORK_TEST_WITHOUT").unwrap_or_default();
    if without.split_whitespace().any(|name| name == program) {
        return;
    }
    let able = Command::new(program)
        .args(options)
        .args([flag(program), check])
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .status();
    assert!(
        able.is_ok_and(|status| status.success()),
        "{program} cannot run the example: LOOMWORK_TEST_WITHOUT={program} does without"
    );
    let server = Server::start(Setup::new());
    let mut client = server.client();
    client.deploy("a.bpmn", &models::one_task("a"));
    let start = json!({ "definitionKey": "a" });
    let one = client.native("POST", "/instances", Some(&start));
    let path = server.directory().join(file);
    fs::write(&path, example(language)).unwrap();
    let mut child = Command::new(program)
        .args(options)
        .arg(&path)
        .arg(server.address().to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let mut wait = |what: &str, id: &serde_json::Value| {
        let id = id.as_str().unwrap();
        let found = lines.find(|line| line.starts_with(what) && line.contains(id));
        assert!(found.is_some(), "{program}: no line '{what} … {id}'");
    };
    wait("there", &one["tasks"][0]["id"]);
    let two = client.native("POST", "/instances", Some(&start));
    wait("created", &two["tasks"][0]["id"]);
    let task = two["tasks"][0]["id"].as_str().unwrap();
    client.native("POST", &format!("/tasks/{task}/complete"), Some(&json!({})));
    wait("ended", &two["tasks"][0]["id"]);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// How a program takes code from the command line.
fn flag(program: &str) -> &'static str {
    if program == "node" { "-e" } else { "-c" }
}

#[test]
fn the_example_in_javascript_shows_tasks_as_they_come_and_go() {
    assert!(example("javascript").contains("resume"));
    // Node has it from version 22 on; before, where it is asked for.
    let options = ["--experimental-websocket", "--no-warnings"];
    let check = "process.exit(typeof WebSocket === 'undefined' ? 1 : 0)";
    runs("node", &options, check, "example.mjs", "javascript");
}

#[test]
fn the_example_in_python_shows_tasks_as_they_come_and_go() {
    assert!(example("python").contains("resume"));
    runs("python3", &["-u"], "import socket", "example.py", "python");
}
