//! Everything that the engine's own API tells about a root instance, as one text.
//!
//! Owns: which reads make a whole. Never: leaves out what differs between two reads.

use crate::{items, support::Client};
use serde_json::{Value, json};

/// The instance, what it called, and all that hangs on them.
pub fn read(client: &mut Client, root: &str) -> String {
    let mut whole = Vec::new();
    let mut waiting = vec![root.to_owned()];
    while let Some(id) = waiting.pop() {
        let called = items(
            client,
            &format!("/instances?superInstanceId={id}&state=any&limit=1000"),
        );
        waiting.extend(called.iter().map(|one| text(&one["id"])));
        whole.push(instance(client, &id));
    }
    let clock = client.native("GET", "/clock", None);
    let value = json!({"clock": clock, "instances": whole});
    serde_json::to_string_pretty(&value).unwrap_or_default()
}

/// The lines around the first one that differs, from both.
pub fn difference(before: &str, after: &str) -> String {
    let same = before
        .lines()
        .zip(after.lines())
        .take_while(|(left, right)| left == right)
        .count();
    let around = |text: &str| {
        let lines: Vec<&str> = text
            .lines()
            .skip(same.saturating_sub(12))
            .take(24)
            .collect();
        lines.join("\n")
    };
    format!(
        "line {same}\n--- before\n{}\n--- after\n{}",
        around(before),
        around(after)
    )
}

fn instance(client: &mut Client, id: &str) -> Value {
    let get = |client: &mut Client, what: &str| {
        client.native("GET", &format!("/instances/{id}{what}"), None)
    };
    let tasks = items(client, &format!("/tasks?instanceId={id}&limit=1000"));
    let tasks: Vec<Value> = tasks
        .into_iter()
        .map(|task| whole_task(client, task))
        .collect();
    json!({
        "instance": get(client, ""),
        "variables": get(client, "/variables"),
        "activities": get(client, "/activities?state=any&limit=1000"),
        "timers": get(client, "/timers?limit=1000"),
        "incidents": get(client, "/incidents?limit=1000"),
        "completed": client.native("GET", &format!("/tasks?instanceId={id}&state=completed&limit=1000"), None),
        "tasks": tasks,
    })
}

fn whole_task(client: &mut Client, task: Value) -> Value {
    let id = text(&task["id"]);
    let mut get = |what: &str| client.native("GET", &format!("/tasks/{id}/{what}"), None);
    json!({
        "local": get("variables/local"),
        "visible": get("variables"),
        "links": get("identity-links"),
        "task": task,
    })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
