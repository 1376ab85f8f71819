//! The protocol: what each message is answered, what each topic shows, and how filters are met.

use crate::{
    raw::{Got, Raw},
    support::{Server, Setup, models},
    watcher::{PATIENCE, Watcher, ids, start},
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

#[test]
fn what_is_said_wrongly_is_a_problem_and_the_connection_stays() {
    let server = Server::start(Setup::new().set("live", "subscriptions", "2"));
    let mut watcher = Watcher::connect(&server);
    let rows = [
        ("{", "malformed-message", None),
        ("[]", "malformed-message", None),
        ("{}", "malformed-message", None),
        (r#"{"op":7}"#, "malformed-message", None),
        (r#"{"op":"dance"}"#, "unknown-op", None),
        (
            r#"{"op":"subscribe","topic":"tasks"}"#,
            "malformed-message",
            None,
        ),
        (
            r#"{"op":"subscribe","id":"","topic":"tasks"}"#,
            "malformed-message",
            None,
        ),
        (
            r#"{"op":"subscribe","id":"a"}"#,
            "malformed-message",
            Some("a"),
        ),
        (
            r#"{"op":"subscribe","id":"a","topic":"x"}"#,
            "unknown-topic",
            Some("a"),
        ),
        (
            r#"{"op":"subscribe","id":"a","topic":"tasks","filter":[]}"#,
            "malformed-message",
            Some("a"),
        ),
        (
            r#"{"op":"subscribe","id":"a","topic":"tasks","filter":{"x":"y"}}"#,
            "unknown-filter",
            Some("a"),
        ),
        (
            r#"{"op":"subscribe","id":"a","topic":"tasks","filter":{"assignee":7}}"#,
            "malformed-filter",
            Some("a"),
        ),
        (
            r#"{"op":"subscribe","id":"a","topic":"tasks","filter":{"assignee":[]}}"#,
            "malformed-filter",
            Some("a"),
        ),
        (
            r#"{"op":"subscribe","id":"a","topic":"instances","filter":{"state":"odd"}}"#,
            "malformed-filter",
            Some("a"),
        ),
        (
            r#"{"op":"subscribe","id":"a","topic":"tasks","every":10001}"#,
            "malformed-message",
            Some("a"),
        ),
        (
            r#"{"op":"subscribe","id":"a","topic":"tasks","every":-1}"#,
            "malformed-message",
            Some("a"),
        ),
        (
            r#"{"op":"subscribe","id":"a","topic":"tasks","filters":{}}"#,
            "malformed-message",
            Some("a"),
        ),
        (
            r#"{"op":"subscribe","id":"a","topic":"activities"}"#,
            "filter-needed",
            Some("a"),
        ),
        (
            r#"{"op":"subscribe","id":"a","topic":"jobs"}"#,
            "forbidden",
            Some("a"),
        ),
        (
            r#"{"op":"unsubscribe","id":"a"}"#,
            "unknown-subscription",
            Some("a"),
        ),
        (
            r#"{"op":"hello","companyId":"x"}"#,
            "malformed-message",
            None,
        ),
    ];
    for (said, code, id) in rows {
        watcher.say_text(said);
        let told = watcher.hear();
        assert_eq!(told["op"], "problem", "{said}: {told}");
        assert_eq!(told["code"], code, "{said}: {told}");
        assert_eq!(told["id"].as_str(), id, "{said}: {told}");
        assert!(told["status"].is_u64() && told["title"].is_string());
    }
    for id in ["one", "two"] {
        assert_eq!(
            watcher.subscribe(id, "tasks", json!({})).0,
            [] as [Value; 0]
        );
    }
    for (id, code) in [("one", "id-in-use"), ("three", "too-many-subscriptions")] {
        watcher.say(&json!({ "op": "subscribe", "id": id, "topic": "tasks" }));
        assert_eq!(watcher.hear()["code"], code);
    }
    watcher.say(&json!({ "op": "unsubscribe", "id": "one" }));
    watcher.subscribe("three", "tasks", json!({}));
    watcher.say(&json!({ "op": "hello" }));
    assert_eq!(watcher.hear()["op"], "welcome", "a hello may be repeated");
}

#[test]
fn what_is_there_comes_first_and_then_what_changes() {
    let server = Server::start(Setup::new());
    let mut client = server.client();
    client.deploy("a.bpmn", &models::one_task("a"));
    let old = start(&mut client, "a", "old");
    let mut watcher = Watcher::connect(&server);
    let every = json!({ "every": 0 });
    let (instances, _) = watcher.subscribe("i", "instances", every.clone());
    assert_eq!(ids(&instances), [old["id"].as_str().unwrap()]);
    let (tasks, _) = watcher.subscribe("t", "tasks", every.clone());
    assert_eq!(ids(&tasks), [old["tasks"][0]["id"].as_str().unwrap()]);
    let (definitions, _) = watcher.subscribe("d", "definitions", every);
    assert_eq!(
        (&definitions[0]["key"], &definitions[0]["running"]),
        (&json!("a"), &json!(1))
    );

    let new = start(&mut client, "a", "new");
    let got = client.native(
        "GET",
        &format!("/instances/{}", new["id"].as_str().unwrap()),
        None,
    );
    let (kind, item) = watcher.change("i");
    assert_eq!(
        (kind.as_str(), &item),
        ("created", &got),
        "an item is what the API shows"
    );
    let (kind, item) = watcher.change("t");
    assert_eq!(
        (kind.as_str(), &item["id"]),
        ("created", &new["tasks"][0]["id"])
    );
    let (kind, item) = watcher.change("d");
    assert_eq!((kind.as_str(), &item["running"]), ("changed", &json!(2)));

    let task = new["tasks"][0]["id"].as_str().unwrap();
    client.native("POST", &format!("/tasks/{task}/complete"), Some(&json!({})));
    let (kind, item) = watcher.change("i");
    assert_eq!(
        (kind.as_str(), &item["state"]),
        ("ended", &json!("completed"))
    );
    let (kind, item) = watcher.change("t");
    assert_eq!((kind.as_str(), &item["id"]), ("ended", &json!(task)));
    assert_eq!(watcher.change("d").1["running"], 1);

    client.deploy("b.bpmn", &models::one_task("b"));
    let (kind, item) = watcher.change("d");
    assert_eq!((kind.as_str(), &item["key"]), ("created", &json!("b")));
}

#[test]
fn an_instance_shows_what_it_does() {
    let server = Server::start(Setup::new());
    let mut client = server.client();
    client.deploy("p.bpmn", &models::two_side_by_side("p"));
    let one = start(&mut client, "p", "one");
    let id = one["id"].as_str().unwrap();
    let mut watcher = Watcher::connect(&server);
    let of_it = json!({ "every": 0, "filter": { "instanceId": id } });
    let (activities, _) = watcher.subscribe("a", "activities", of_it);
    let shown = client.native(
        "GET",
        &format!("/instances/{id}/activities?limit=100"),
        None,
    );
    assert_eq!(
        json!(activities).as_array().unwrap().len(),
        shown["items"].as_array().unwrap().len()
    );
    start(&mut client, "p", "another one");
    let task = one["tasks"][0]["id"].as_str().unwrap();
    client.native("POST", &format!("/tasks/{task}/complete"), Some(&json!({})));
    let (kind, item) = watcher.change("a");
    assert_eq!((kind.as_str(), &item["taskId"]), ("ended", &json!(task)));
}

#[test]
fn changes_within_a_coalescing_come_as_one_and_the_newest_is_never_left_out() {
    let server = Server::start(Setup::new());
    let mut client = server.client();
    client.deploy("a.bpmn", &models::one_task("a"));
    let one = start(&mut client, "a", "1");
    let task = one["tasks"][0]["id"].as_str().unwrap();
    let mut watcher = Watcher::connect(&server);
    watcher.subscribe("t", "tasks", json!({ "every": 1000 }));
    for n in 0..40 {
        let body = json!({ "userId": format!("u{n}") });
        client.native("POST", &format!("/tasks/{task}/assign"), Some(&body));
    }
    let heard = watcher.until(|message| message["item"]["assignee"] == "u39");
    assert!(heard.len() < 20, "{} frames for 40 changes", heard.len());
    let mut before = String::new();
    for message in heard {
        let seq = message["seq"].as_str().unwrap().to_owned();
        assert!(seq > before, "sequences grow");
        before = seq;
    }
}

#[test]
fn figures_come_once_a_second() {
    let server = Server::start(Setup::new());
    let mut watcher = Watcher::connect(&server);
    let (figures, _) = watcher.subscribe("f", "figures", json!({}));
    assert_eq!(figures[0]["instances"]["running"], 0);
    for (of, name) in [
        ("jobs", "Queued"),
        ("robots", "Busy"),
        ("commands", "underWay"),
        ("journal", "backlog"),
    ] {
        assert_eq!(figures[0][of][name], 0, "{of}.{name}: {}", figures[0]);
    }
    assert_eq!(figures[0]["snapshots"]["failing"], false);
    let begun = Instant::now();
    for _ in 0..3 {
        let (kind, item) = watcher.change("f");
        assert_eq!(kind, "changed");
        assert!(item["journal"]["sequence"].is_u64(), "{item}");
    }
    let took = begun.elapsed();
    assert!(
        took > Duration::from_secs(2) && took < PATIENCE / 2,
        "{took:?}"
    );
    let mut client = server.client();
    client.deploy("a.bpmn", &models::one_task("a"));
    let is_told = |message: &Value| {
        let (commands, journal) = (&message["item"]["commands"], &message["item"]["journal"]);
        commands["p99Ms"].as_f64().is_some_and(|ms| ms > 0.0)
            && commands["p50Ms"].as_f64() <= commands["p99Ms"].as_f64()
            && journal["recordsPerSecond"]
                .as_f64()
                .is_some_and(|rate| rate > 0.0)
    };
    loop {
        start(&mut client, "a", "1");
        if is_told(&watcher.hear()) {
            break;
        }
    }
}

#[test]
fn a_long_state_comes_in_pages_and_is_resumed_only_from_its_end() {
    let server = Server::start(Setup::new());
    let mut client = server.client();
    client.deploy("a.bpmn", &models::one_task("a"));
    for n in 0..501 {
        start(&mut client, "a", &n.to_string());
    }
    let mut watcher = Watcher::connect(&server);
    watcher.say(&json!({ "op": "subscribe", "id": "i", "topic": "instances" }));
    let (first, second) = (watcher.hear(), watcher.hear());
    assert_eq!(
        (first["items"].as_array().unwrap().len(), &first["more"]),
        (500, &json!(true))
    );
    assert_eq!(
        (second["items"].as_array().unwrap().len(), &second["more"]),
        (1, &json!(false))
    );
    for (id, seq, op) in [
        ("a", &first["seq"], "reset"),
        ("b", &json!("nonsense"), "reset"),
    ] {
        watcher.say(&json!({ "op": "subscribe", "id": id, "topic": "instances", "resume": seq }));
        assert_eq!(watcher.hear()["op"], op);
        watcher.until(|message| message["more"] == false);
    }
    let last = &second["seq"];
    watcher.say(
        &json!({ "op": "subscribe", "id": "c", "topic": "instances", "resume": last, "every": 0 }),
    );
    let new = start(&mut client, "a", "after");
    let (_, item) = watcher.change("c");
    assert_eq!(item["id"], new["id"], "nothing had changed before");
}

#[test]
fn who_says_no_hello_is_left() {
    let server = Server::start(Setup::new().set("live", "connections", "2"));
    for first in [
        r#"{"op":"subscribe","id":"a","topic":"tasks"}"#,
        "{",
        r#"{"op":"x"}"#,
    ] {
        let mut watcher = Watcher::silent(server.address());
        watcher.say_text(first);
        assert_eq!(watcher.try_hear(), Err(4400), "{first}");
    }
    let begun = Instant::now();
    let mut mute = Watcher::silent(server.address());
    assert_eq!(mute.try_hear(), Err(4400));
    assert!(begun.elapsed() < PATIENCE);
    let (_one, _two) = (
        Watcher::silent(server.address()),
        Watcher::silent(server.address()),
    );
    assert_eq!(Watcher::silent(server.address()).try_hear(), Err(4429));
}

#[test]
fn who_is_silent_after_the_hello_is_left_and_who_answers_pings_is_not() {
    let setup = Setup::new()
        .set("live", "ping", "\"200ms\"")
        .set("live", "silence", "\"1s\"");
    let server = Server::start(setup);
    let mut silent = Raw::connect(server.address(), true);
    assert_eq!(silent.hear(), Got::Closed(4410), "no pong came");
    // This one says nothing either, but its socket answers each ping that it reads.
    let mut watcher = Watcher::connect(&server);
    watcher.subscribe("f", "figures", json!({}));
    for _ in 0..3 {
        watcher.change("f");
    }
}

#[test]
fn the_server_says_that_it_leaves() {
    let mut server = Server::start(Setup::new());
    let mut watcher = Watcher::connect(&server);
    let stopping = std::thread::spawn(move || server.stop());
    assert_eq!(watcher.try_hear(), Err(1001));
    drop(watcher);
    assert!(stopping.join().unwrap().success());
}
