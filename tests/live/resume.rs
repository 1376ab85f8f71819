//! Cuts: whoever comes again has, in the end, what the API has, however often it was cut and whatever the server went
//! through meanwhile.

use crate::{
    support::{Client, Random, Server, Setup, models},
    watcher::{Picture, Watcher},
};
use serde_json::{Value, json};
use std::{cell::Cell, collections::BTreeMap, thread};

/// What is watched: topic, filter, and where the API lists the same.
fn views() -> [(&'static str, &'static str, Value, &'static str); 4] {
    [
        ("i", "instances", json!({}), "/instances?limit=1000"),
        (
            "s",
            "instances",
            json!({ "state": "suspended" }),
            "/instances?limit=1000&state=suspended",
        ),
        ("t", "tasks", json!({}), "/tasks?limit=1000"),
        (
            "u",
            "tasks",
            json!({ "assignee": "u1" }),
            "/tasks?limit=1000&assignee=u1",
        ),
    ]
}

/// What the last instance of a spell of work is called, before the number of the run.
const STOP: &str = "stop";

type Pictures = BTreeMap<&'static str, Picture>;

/// Comes again, and asks for what was missed.
fn come(server: &Server, pictures: &mut Pictures, random: &mut Random) -> Watcher {
    let mut watcher = Watcher::connect(server);
    for (id, topic, filter, _) in views() {
        let picture = pictures.entry(id).or_default();
        picture.cut();
        let every = *random.pick(&[0, 5, 50]);
        let mut wanted = json!({ "op": "subscribe", "id": id, "topic": topic, "filter": filter, "every": every });
        if let Some(seq) = &picture.seq {
            wanted["resume"] = json!(seq);
        }
        watcher.say(&wanted);
    }
    watcher
}

/// Hears until such a message; false: it was cut before.
fn hear(watcher: &mut Watcher, pictures: &mut Pictures, such: impl Fn(&Value) -> bool) -> bool {
    loop {
        let Ok(message) = watcher.try_hear() else {
            return false;
        };
        let id = message["id"].as_str().unwrap_or_default();
        match views().iter().find(|view| view.0 == id) {
            Some((id, ..)) => pictures.entry(id).or_default().take(&message),
            None => panic!("{message}"),
        }
        if such(&message) {
            return true;
        }
    }
}

/// Works for a while; a server that is killed meanwhile loses what it has not answered.
fn work(client: &mut Client, random: &mut Random, steps: usize, open: &mut Vec<(String, String)>) {
    let send = |client: &mut Client, path: String, body: Value| {
        let request = crate::support::Request::post(&format!("/api/v1{path}")).json(&body);
        client.try_send(&request).ok()
    };
    for _ in 0..steps {
        let step = random.below(10);
        if open.is_empty() || step < 4 {
            let answer = send(client, "/instances".into(), json!({ "definitionKey": "a" }));
            let Some(answer) = answer.filter(|answer| answer.status == 201) else {
                continue;
            };
            let one = answer.json();
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            open.push((text(&one["id"]), text(&one["tasks"][0]["id"])));
            continue;
        }
        let at = random.below(open.len());
        let (instance, task) = open[at].clone();
        // What is refused, or was not answered, shows in the end as it is.
        let _ = match step {
            4 | 5 => {
                let user = json!({ "userId": format!("u{}", random.below(3)) });
                send(client, format!("/tasks/{task}/assign"), user)
            }
            6 | 7 => {
                let state = json!({ "state": random.pick(&["suspended", "active"]) });
                let request = crate::support::Request::new(
                    "PUT",
                    &format!("/api/v1/instances/{instance}/state"),
                );
                client.try_send(&request.json(&state)).ok()
            }
            _ => {
                let done = send(client, format!("/tasks/{task}/complete"), json!({}));
                if done.as_ref().is_some_and(|answer| answer.status < 300) {
                    open.swap_remove(at);
                }
                done
            }
        };
    }
}

fn listed(client: &mut Client, path: &str) -> BTreeMap<String, Value> {
    let page = client.native("GET", path, None);
    assert_eq!(page["next"], Value::Null, "a page is enough");
    let items = page["items"].as_array().unwrap().iter();
    items
        .map(|item| (item["id"].as_str().unwrap().to_owned(), item.clone()))
        .collect()
}

#[test]
fn whoever_is_cut_and_comes_again_has_what_the_api_has() {
    let runs = std::env::var("LOOMWORK_LIVE_RUNS").map_or(50, |runs| runs.parse().unwrap());
    let mut random = Random::from_env("LOOMWORK_LIVE_SEED");
    let mut server = Server::start(Setup::new());
    server.client().deploy("a.bpmn", &models::one_task("a"));
    let (mut pictures, mut open) = (Pictures::new(), Vec::new());
    let mut resumed = 0;
    for run in 0..runs {
        let mut watcher = come(&server, &mut pictures, &mut random);
        let mut client = server.client();
        let (steps, seed) = (random.below(40), random.next());
        let mut list = std::mem::take(&mut open);
        let working = thread::spawn(move || {
            work(&mut client, &mut Random::new(seed), steps, &mut list);
            let stop = json!({ "definitionKey": "a", "businessKey": format!("{STOP}{run}.") });
            let request = crate::support::Request::post("/api/v1/instances").json(&stop);
            // A server that was killed does not start it; then nobody waits for it either.
            if let Ok(answer) = client.try_send(&request) {
                let one = answer.json();
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                list.push((text(&one["id"]), text(&one["tasks"][0]["id"])));
            }
            list
        });
        let (hearing, stop) = (random.below(30), format!("{STOP}{run}."));
        for _ in 0..hearing.min(steps / 2) {
            // Some states are merged, so there may be fewer frames than steps.
            let last = Cell::new(false);
            let any = |message: &Value| {
                last.set(message.to_string().contains(&stop));
                true
            };
            if !hear(&mut watcher, &mut pictures, any) || last.get() {
                break;
            }
        }
        match random.below(12) {
            0 => {
                server.kill();
                open = working.join().unwrap();
                server.start_again();
            }
            1 => {
                open = working.join().unwrap();
                drop(watcher);
                server.restart();
            }
            _ => {
                drop(watcher);
                open = working.join().unwrap();
            }
        }
        let before: usize = pictures.values().map(|picture| picture.resets).sum();
        let mut again = come(&server, &mut pictures, &mut random);
        let mut client = server.client();
        work(&mut client, &mut random, 3, &mut open);
        settle(&mut again, &mut client, &mut pictures, &mut open);
        let after: usize = pictures.values().map(|picture| picture.resets).sum();
        resumed += usize::from(before == after);
        for (id, topic, filter, path) in views() {
            let listed = listed(&mut client, path);
            assert_eq!(pictures[id].items, listed, "run {run}: {topic} {filter}");
        }
    }
    assert!(
        resumed * 2 > runs,
        "only {resumed} of {runs} were resumed without a reset"
    );
}

/// Hears until all that was done so far is there: a last instance shows in every view.
fn settle(
    watcher: &mut Watcher,
    client: &mut Client,
    pictures: &mut Pictures,
    open: &mut Vec<(String, String)>,
) {
    let body = json!({ "definitionKey": "a" });
    let last = client.native("POST", "/instances", Some(&body));
    let (id, task) = (
        last["id"].as_str().unwrap(),
        last["tasks"][0]["id"].as_str().unwrap(),
    );
    client.native(
        "POST",
        &format!("/tasks/{task}/assign"),
        Some(&json!({ "userId": "u1" })),
    );
    let path = format!("/instances/{id}/state");
    client.native("PUT", &path, Some(&json!({ "state": "suspended" })));
    let is_there = |pictures: &Pictures| {
        let has = |view: &str, id: &str, such: &dyn Fn(&Value) -> bool| {
            pictures
                .get(view)
                .is_some_and(|picture| picture.items.get(id).is_some_and(such))
        };
        let suspended = |item: &Value| item["state"] == "suspended" || item["suspended"] == true;
        has("i", id, &suspended)
            && has("s", id, &suspended)
            && has("t", task, &suspended)
            && has("u", task, &suspended)
    };
    while !is_there(pictures) {
        assert!(hear(watcher, pictures, |_| true), "it was cut");
    }
    open.push((id.to_owned(), task.to_owned()));
    if open.len() > 150 {
        for (instance, task) in open.drain(..100) {
            let body = json!({ "state": "active" });
            let request =
                crate::support::Request::new("PUT", &format!("/api/v1/instances/{instance}/state"));
            // It may be active already.
            let _ = client.send(&request.json(&body));
            let _ = client.post_json(&format!("/api/v1/tasks/{task}/complete"), &[], &json!({}));
        }
        let marker = client.native("POST", "/instances", Some(&json!({ "definitionKey": "a" })));
        open.push((
            marker["id"].as_str().unwrap().to_owned(),
            marker["tasks"][0]["id"].as_str().unwrap().to_owned(),
        ));
        settle(watcher, client, pictures, open);
    }
}
