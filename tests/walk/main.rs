//! A random walk over generated models: after every step the server is restarted, and nothing that can be read has changed.
//!
//! Owns: the steps. Never: says what a step should do; the conformance scenarios do.
//!
//! `LOOMWORK_WALK_MODELS=100 cargo test --release --test walk -- --nocapture` walks over 100 models; `LOOMWORK_WALK_SEED`
//! repeats an earlier walk.

mod generator;
mod state;
#[path = "../support/mod.rs"]
mod support;

use serde_json::{Value, json};
use std::collections::BTreeMap;
use support::{Client, Random, Request, Server, Setup};

/// Models without `LOOMWORK_WALK_MODELS`.
const MODELS: usize = 3;
/// Steps over one model, each with a restart.
const STEPS: usize = 12;

#[test]
fn nothing_that_can_be_read_changes_by_a_restart() {
    let models = match std::env::var("LOOMWORK_WALK_MODELS") {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("LOOMWORK_WALK_MODELS is not a number: {text}")),
        Err(_) => MODELS,
    };
    let mut random = Random::from_env("LOOMWORK_WALK_SEED");
    let mut server = Server::start(Setup::new().manual_clock());
    let begin = json!({"to": "2030-01-07T08:00:00Z"});
    server.client().native("PUT", "/clock", Some(&begin));
    let mut taken: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut restarts = 0;
    for number in 0..models {
        let key = format!("walk{number}");
        let xml = generator::model(&key, &mut random);
        let mut client = server.client();
        // Each model has time of its own: rows of two roots in one millisecond keep their order only while a server runs.
        client.native("PUT", "/clock", Some(&json!({"by": "PT1S"})));
        client.deploy("walk.bpmn", &xml);
        let body =
            json!({"definitionKey": key, "variables": {"v": random.below(10), "list": ["a", "b"]}});
        let request = Request::post("/api/v1/instances").json(&body);
        let started = client.send(&request);
        assert_eq!(started.status, 201, "{}\n{xml}", started.text());
        let root = started.json()["id"].as_str().unwrap_or_default().to_owned();
        for _ in 0..STEPS {
            let before = state::read(&mut server.client(), &root);
            restart(&mut server, &mut random);
            restarts += 1;
            let after = state::read(&mut server.client(), &root);
            assert!(
                before == after,
                "changed by a restart: {}\n{xml}",
                state::difference(&before, &after)
            );
            match step(&mut server.client(), &root, &mut random) {
                Some(name) => *taken.entry(name).or_default() += 1,
                None => break,
            }
        }
    }
    println!("{models} models, {restarts} restarts, steps: {taken:?}");
    assert!(taken.get("complete").is_some_and(|count| *count > 0));
}

/// Stopped in order or killed, both alike.
fn restart(server: &mut Server, random: &mut Random) {
    if random.below(2) == 0 {
        server.kill();
    } else {
        let status = server.stop();
        assert!(status.success(), "SIGTERM ended it with {status}");
    }
    server.start_again();
}

/// One random step of the instance; None when it has ended.
fn step(client: &mut Client, root: &str, random: &mut Random) -> Option<&'static str> {
    let tasks = items(client, &format!("/tasks?rootInstanceId={root}&limit=1000"));
    let timers = items(client, &format!("/timers?instanceId={root}&limit=1000"));
    if tasks.is_empty() && timers.is_empty() {
        return None;
    }
    let state = |to: &str| {
        (
            "PUT",
            format!("/instances/{root}/state"),
            json!({"state": to, "includeCalled": true}),
        )
    };
    let suspended =
        client.native("GET", &format!("/instances/{root}"), None)["state"] == "suspended";
    let v = random.below(10);
    if suspended || v == 0 && random.below(2) == 0 {
        let name = if suspended { "activate" } else { "suspend" };
        let (method, path, body) = state(if suspended { "active" } else { "suspended" });
        return Some(send(client, name, method, &path, &body));
    }
    let task = (!tasks.is_empty()).then(|| random.pick(&tasks).clone());
    let (name, method, path, body) = match (random.below(8), &task, timers.is_empty()) {
        (0, Some(task), _) => {
            let body = json!({"userId": format!("user{v}")});
            ("assign", "POST", of(task, "assign"), body)
        }
        (1, Some(task), _) => {
            let body = json!({"set": {"note": v, "text": "行"}});
            (
                "local variables",
                "PATCH",
                of(task, "variables/local"),
                body,
            )
        }
        (2, _, _) => {
            let body =
                json!({"set": {"v": v, "extra": {"deep": [v, null, 1.5]}}, "remove": ["gone"]});
            (
                "variables",
                "PATCH",
                format!("/instances/{root}/variables"),
                body,
            )
        }
        (3, Some(task), _) => {
            let body = json!({"type": "candidate", "groupId": format!("group{v}")});
            ("candidate", "POST", of(task, "identity-links"), body)
        }
        (4, _, false) => ("clock", "PUT", "/clock".to_owned(), json!({"by": "PT1H"})),
        (_, Some(task), _) => (
            "complete",
            "POST",
            of(task, "complete"),
            json!({"variables": {"v": v}}),
        ),
        (_, None, _) => ("clock", "PUT", "/clock".to_owned(), json!({"by": "PT1H"})),
    };
    Some(send(client, name, method, &path, &body))
}

fn send(
    client: &mut Client,
    name: &'static str,
    method: &str,
    path: &str,
    body: &Value,
) -> &'static str {
    let request = Request::new(method, &format!("/api/v1{path}")).json(body);
    let answer = client.send(&request);
    let shown = format!("{name} {path}: {} {}", answer.status, answer.text());
    assert!(answer.status < 300, "{shown}");
    name
}

fn of(task: &Value, what: &str) -> String {
    format!("/tasks/{}/{what}", task["id"].as_str().unwrap_or_default())
}

/// All entries of a list.
pub fn items(client: &mut Client, path: &str) -> Vec<Value> {
    match client.native("GET", path, None)["items"].take() {
        Value::Array(items) => items,
        other => panic!("{path} has no items: {other}"),
    }
}
