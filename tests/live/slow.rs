//! Readers that do not read: they cost bounded memory, get the newest state when they go on, and are left in the end.

use crate::{
    raw::{Got, Raw, frame},
    support::{Server, Setup, models, until},
    watcher::Watcher,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Value, json};
use std::{thread, time::Duration};

/// How often a task is given to somebody else.
const GIVEN: usize = 3_000;

fn start(client: &mut crate::support::Client, key: &str) -> Value {
    let text = "x".repeat(200);
    let body = json!({ "definitionKey": key, "businessKey": text });
    client.native("POST", "/instances", Some(&body))
}

/// Gives a new task to so many, one after the other; far more than sockets buffer. What the server's memory grew by.
fn give_around(server: &Server, client: &mut crate::support::Client, last: &str) -> u64 {
    let before = server.resident_bytes();
    let one = start(client, "a");
    let task = one["tasks"][0]["id"].as_str().unwrap();
    let names = (0..GIVEN).map(|n| format!("{n}-{}", "y".repeat(2_000)));
    for name in names.chain([last.to_owned()]) {
        let path = format!("/tasks/{task}/assign");
        client.native("POST", &path, Some(&json!({ "userId": name })));
    }
    server.resident_bytes().saturating_sub(before)
}

#[test]
fn readers_that_stop_cost_little_and_meet_the_newest_state_when_they_go_on() {
    let server = Server::start(Setup::new().set("live", "max_buffer", "\"16KiB\""));
    let mut client = server.client();
    client.deploy("a.bpmn", &models::one_task("a"));
    let without = give_around(&server, &mut client, "nobody looked");
    let mut slow: Vec<Watcher> = (0..20).map(|_| Watcher::connect(&server)).collect();
    for watcher in &mut slow {
        watcher.subscribe("t", "tasks", json!({ "every": 0 }));
    }
    let with = give_around(&server, &mut client, "last");
    // All frames of all readers would be 120 MB.
    let bound = 2 * without + (48 << 20);
    assert!(
        with < bound,
        "{with} bytes with readers that do not read, {without} without"
    );
    let heard = slow[0].until(|message| message["item"]["assignee"] == "last");
    assert!(
        heard.len() < GIVEN,
        "{} frames: some states were merged",
        heard.len()
    );
}

/// How many watchers the server knows of.
fn watchers(client: &mut crate::support::Client) -> u64 {
    let text = client.get("/metrics", &[]).expect(200).text();
    let line = text
        .lines()
        .find(|line| line.starts_with("loomwork_watchers "));
    let number = line.unwrap().rsplit(' ').next().unwrap();
    number.parse().unwrap()
}

/// A watcher that asks for the same state so many times, and has heard none of it.
fn ask(server: &Server, times: usize) -> Watcher {
    let mut watcher = Watcher::connect(server);
    for n in 0..times {
        let id = n.to_string();
        watcher.say(&json!({ "op": "subscribe", "id": id, "topic": "instances", "every": 0 }));
    }
    watcher
}

#[test]
fn a_reader_that_never_reads_is_left() {
    let setup =
        Setup::new()
            .set("live", "max_buffer", "\"16KiB\"")
            .set("live", "stall", "\"300ms\"");
    let server = Server::start(setup);
    let mut client = server.client();
    client.deploy("a.bpmn", &models::one_task("a"));
    let mut never: Vec<Watcher> = (0..20).map(|_| Watcher::connect(&server)).collect();
    for watcher in &mut never {
        watcher.say(&json!({ "op": "subscribe", "id": "i", "topic": "instances", "every": 0 }));
    }
    assert_eq!(watchers(&mut client), 20);
    let mut begun = 0;
    while watchers(&mut client) > 0 {
        start(&mut client, "a");
        begun += 1;
        assert!(begun < 200_000, "they are never left");
    }
}

#[test]
fn a_reader_for_whom_more_waits_than_may_is_closed_with_its_code() {
    let server = Server::start(Setup::new().set("live", "max_buffer", "\"16KiB\""));
    let mut client = server.client();
    client.deploy("a.bpmn", &models::one_task("a"));
    for _ in 0..200 {
        start(&mut client, "a");
    }
    let mut watcher = ask(&server, 100);
    for _ in 0..40 {
        start(&mut client, "a");
    }
    until("it is left", || (watchers(&mut client) == 0).then_some(()));
    let mut longest = 0;
    let code = loop {
        match watcher.try_hear() {
            Ok(message) => longest = longest.max(message.to_string().len()),
            Err(code) => break code,
        }
    };
    assert_eq!(code, 4408);
    assert!(longest < 6 << 10, "a frame of {longest} bytes");
}

#[test]
fn a_reader_that_is_slow_but_goes_on_is_not_left() {
    let setup = Setup::new()
        .set("live", "max_buffer", "\"64MiB\"")
        .set("live", "stall", "\"3s\"");
    let server = Server::start(setup);
    let mut client = server.client();
    client.deploy("a.bpmn", &models::one_task("a"));
    for _ in 0..200 {
        start(&mut client, "a");
    }
    // More than sockets buffer: all of it is taken long after the time in which some of it has to be.
    let mut watcher = ask(&server, 100);
    let mut whole = 0;
    while whole < 100 {
        if whole < 50 {
            thread::park_timeout(Duration::from_millis(100));
        }
        whole += usize::from(watcher.hear()["more"] == false);
    }
}

#[test]
fn a_client_is_heard_while_its_state_is_sent() {
    let server = Server::start(Setup::new().set("live", "max_buffer", "\"4KiB\""));
    let mut client = server.client();
    client.deploy("a.bpmn", &models::one_task("a"));
    for _ in 0..300 {
        start(&mut client, "a");
    }
    let mut raw = Raw::connect(server.address(), true);
    let subscribe = br#"{"op":"subscribe","id":"a","topic":"instances"}"#;
    raw.send(&[frame(0x81, subscribe), frame(0x89, b"still there")].concat());
    let (mut pages, mut answered) = (0, 0);
    let last = loop {
        match raw.hear() {
            Got::Text(text) if text.contains(r#""more":false"#) => break text,
            Got::Text(_) => pages += 1,
            Got::Pong(_) => answered = pages,
            other => panic!("{other:?}"),
        }
    };
    assert!(pages > 100, "{pages} pages before {last}");
    assert!(answered < pages / 2, "after {answered} of {pages} pages");
}

#[test]
fn a_watcher_of_one_instance_that_nothing_happens_to_costs_little() {
    const WATCHERS: u64 = 3_000;
    let limit = getrlimit(Resource::Nofile);
    let all = Rlimit {
        current: limit.maximum,
        ..limit
    };
    // The server inherits it.
    setrlimit(Resource::Nofile, all).unwrap();
    let server = Server::start(Setup::new());
    let mut client = server.client();
    client.deploy("a.bpmn", &models::one_task("a"));
    let one = start(&mut client, "a");
    let watch = |_| {
        let mut watcher = Watcher::connect(&server);
        watcher.subscribe("i", "instances", json!({ "filter": { "id": one["id"] } }));
        watcher
    };
    // What the first ones need is not theirs alone.
    let _first: Vec<Watcher> = (0..200).map(watch).collect();
    let before = server.resident_bytes();
    let _others: Vec<Watcher> = (0..WATCHERS).map(watch).collect();
    let each = server.resident_bytes().saturating_sub(before) / WATCHERS;
    println!("{each} bytes for each watcher");
    assert!(each <= 12 << 10, "{each} bytes for each watcher");
}
