//! Companies apart: whatever one does, no frame of the other's shows a word of it.

use crate::{
    company::{OURS, THEIRS, server},
    watcher::Watcher,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const CANARY: &str = "canary";

/// What a follower of a whole topic is told of.
const WHOLE: [&str; 9] = [
    "instances",
    "tasks",
    "incidents",
    "definitions",
    "jobs",
    "runs",
    "robots",
    "groups",
    "taskqueues",
];

#[test]
fn nobody_sees_a_word_of_another_company() {
    let server = server();
    let before = THEIRS.act(&server, &format!("{CANARY}-before"));
    let mut watcher = Watcher::with_token(server.address(), Some(OURS.key));
    let after = format!("{CANARY}-after");
    let narrow = [
        ("instances", "id", &before.instance),
        ("instances", "businessKey", &after),
        ("activities", "instanceId", &before.instance),
        ("tasks", "instanceId", &before.instance),
        ("tasks", "assignee", &after),
        ("tasks", "candidateUser", &after),
        ("jobs", "id", &before.job),
        ("runs", "jobId", &before.job),
        ("logs", "runInstanceId", &before.run),
        ("definitions", "key", &format!("{CANARY}-after-key")),
    ];
    for topic in WHOLE {
        let own = match topic {
            "robots" | "groups" => 1,
            _ => 0,
        };
        let (items, _) = watcher.subscribe(topic, topic, json!({ "every": 0 }));
        assert_eq!(items.len(), own, "{topic}: {items:?}");
    }
    let any = json!({ "every": 0, "filter": { "state": "any" } });
    assert_eq!(
        watcher.subscribe("any", "instances", any).0,
        [] as [Value; 0]
    );
    for (n, (topic, name, value)) in narrow.into_iter().enumerate() {
        let more = json!({ "every": 0, "filter": { name: value } });
        let (items, _) = watcher.subscribe(&n.to_string(), topic, more);
        assert_eq!(items, [] as [Value; 0], "{topic} {name}");
    }
    watcher.subscribe("figures", "figures", json!({}));
    let theirs = THEIRS.act(&server, &after);
    let mut hidden = before.ids;
    hidden.extend(theirs.ids);
    OURS.act(&server, "ours");
    // What is ours comes after what is theirs.
    let mut awaited: BTreeSet<&str> = WHOLE.into();
    while !awaited.is_empty() {
        let message = watcher.hear();
        let text = message.to_string();
        let shown = hidden.iter().find(|id| text.contains(id.as_str()));
        assert!(
            !text.contains(CANARY) && shown.is_none(),
            "{shown:?}: {text}"
        );
        awaited.retain(|topic| {
            message["id"] != *topic || message["kind"] != "ended" && is_ending(topic)
        });
    }
    let figures = watcher.until(|message| message["id"] == "figures");
    let figures = &figures.last().unwrap()["item"];
    assert_eq!(figures["instances"]["running"], 2, "{figures}");
    let mut other = Watcher::with_token(server.address(), Some(THEIRS.key));
    let (theirs, _) = other.subscribe("figures", "figures", json!({}));
    for name in ["journal", "commands", "snapshots", "watchers"] {
        assert!(
            figures.get(name).is_some(),
            "the first company runs the server"
        );
        assert!(theirs[0].get(name).is_none(), "{name}: {}", theirs[0]);
    }
}

/// Whether something of the topic ends at last; of the others any change will do.
fn is_ending(topic: &str) -> bool {
    !matches!(topic, "robots" | "definitions")
}

#[test]
fn what_is_followed_of_a_company_is_all_that_it_does() {
    let server = server();
    let made = OURS.act(&server, "before");
    let mut watcher = Watcher::with_token(server.address(), Some(OURS.key));
    let of_run = json!({ "every": 0, "filter": { "runInstanceId": made.run } });
    let (lines, _) = watcher.subscribe("logs", "logs", of_run);
    let lines: Vec<_> = lines.iter().map(|line| &line["seq"]).collect();
    assert_eq!(json!(lines), json!([1, 2]), "also of a run that has ended");
    let foreign = json!({ "every": 0, "filter": { "runInstanceId": made.run } });
    let mut other = Watcher::with_token(server.address(), Some(THEIRS.key));
    assert_eq!(other.subscribe("logs", "logs", foreign).0, [] as [Value; 0]);
}

#[test]
fn who_comes_again_with_a_sequence_of_another_company_sees_nothing_of_it() {
    let server = server();
    let mut theirs = Watcher::with_token(server.address(), Some(THEIRS.key));
    let (_, seq) = theirs.subscribe("t", "tasks", json!({}));
    THEIRS.act(&server, CANARY);
    let mut ours = Watcher::with_token(server.address(), Some(OURS.key));
    ours.say(&json!({ "op": "subscribe", "id": "t", "topic": "tasks", "resume": seq, "every": 0 }));
    OURS.act(&server, "ours");
    let heard = ours.until(|message| message["item"]["assignee"] == "ours");
    for message in heard {
        assert!(!message.to_string().contains(CANARY), "{message}");
    }
}
