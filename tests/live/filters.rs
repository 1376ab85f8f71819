//! Filters: what each of them lets pass, what leaves one, and whose tasks a candidate's are.

use crate::{
    support::{Client, Server, Setup, models},
    watcher::{Watcher, ids, start},
};
use serde_json::{Value, json};

fn task(instance: &Value) -> String {
    instance["tasks"][0]["id"].as_str().unwrap().to_owned()
}

/// A user task that members of `s_g` and the user `s_v` may take.
fn offered(key: &str) -> String {
    models::process(
        key,
        "<startEvent id=\"s\"/><sequenceFlow id=\"f1\" sourceRef=\"s\" targetRef=\"t\"/>\
         <userTask id=\"t\" activiti:candidateGroups=\"s_g\" activiti:candidateUsers=\"s_v\"/>\
         <sequenceFlow id=\"f2\" sourceRef=\"t\" targetRef=\"e\"/><endEvent id=\"e\"/>",
    )
}

/// An instance of the process `one` inside.
fn calling(key: &str) -> String {
    models::process(
        key,
        "<startEvent id=\"s\"/><sequenceFlow id=\"f1\" sourceRef=\"s\" targetRef=\"c\"/>\
         <callActivity id=\"c\" calledElement=\"one\"/>\
         <sequenceFlow id=\"f2\" sourceRef=\"c\" targetRef=\"e\"/><endEvent id=\"e\"/>",
    )
}

/// Says that a user is in a group.
fn join(client: &mut Client, user: &str, group: &str) {
    let body = json!({
        "user": { "id": user, "firstName": user },
        "group": { "id": group, "name": group, "type": "role" },
    });
    let path = "/identityCtr/syncUserAndGroup";
    client
        .post_json(path, &[("systemId", "s")], &body)
        .expect(200);
}

#[test]
fn filters_are_met_by_each_item_as_it_is() {
    let server = Server::start(Setup::new().manual_clock());
    let mut client = server.client();
    for (key, xml) in [
        ("one", models::one_task("one")),
        ("offered", offered("offered")),
        ("calling", calling("calling")),
        ("failing", models::fails_later("failing")),
    ] {
        client.deploy(&format!("{key}.bpmn"), &xml);
    }
    join(&mut client, "u", "g");
    let a = start(&mut client, "one", "k1");
    let b = start(&mut client, "offered", "k2");
    let c = start(&mut client, "calling", "k3");
    let d = start(&mut client, "failing", "k4");
    let of = |item: &Value| item["id"].as_str().unwrap().to_owned();
    let (a_id, b_id, c_id, d_id) = (of(&a), of(&b), of(&c), of(&d));
    let called = client.get("/api/v1/instances", &[("superInstanceId", &c_id)]);
    let called = of(&called.json()["items"][0]);
    client.native(
        "PUT",
        &format!("/instances/{a_id}/state"),
        Some(&json!({ "state": "suspended" })),
    );
    client.native("PUT", "/clock", Some(&json!({ "by": "P30D" })));
    let incident = client.get("/api/v1/incidents", &[]).json();
    let incident = of(&incident["items"][0]);
    let (a_task, b_task) = (task(&a), task(&b));
    let definition = b["definitionId"].clone();
    let all = json!({ "state": "any" });
    let rows: Vec<(&str, Value, Vec<&str>)> = vec![
        (
            "instances",
            json!({}),
            vec![&a_id, &b_id, &c_id, &called, &d_id],
        ),
        ("instances", all, vec![&a_id, &b_id, &c_id, &called, &d_id]),
        (
            "instances",
            json!({ "definitionKey": "offered" }),
            vec![&b_id],
        ),
        (
            "instances",
            json!({ "definitionKey": ["one", "offered"], "businessKey": "k2" }),
            vec![&b_id],
        ),
        (
            "instances",
            json!({ "id": [b_id, "nonsense"] }),
            vec![&b_id],
        ),
        ("instances", json!({ "state": "suspended" }), vec![&a_id]),
        (
            "instances",
            json!({ "state": ["active"], "businessKey": ["k1", "k2"] }),
            vec![&b_id],
        ),
        ("instances", json!({ "state": "ended" }), vec![]),
        (
            "instances",
            json!({ "state": "any", "definitionId": definition }),
            vec![&b_id],
        ),
        (
            "instances",
            json!({ "superInstanceId": c_id }),
            vec![&called],
        ),
        (
            "instances",
            json!({ "superInstanceId": [c_id, a_id] }),
            vec![&called],
        ),
        ("tasks", json!({ "instanceId": a_id }), vec![&a_task]),
        (
            "tasks",
            json!({ "processDefinitionKey": "one", "assignee": "s_u", "instanceId": [a_id, b_id] }),
            vec![&a_task],
        ),
        ("tasks", json!({ "assignee": "nobody" }), vec![]),
        ("tasks", json!({ "candidateGroup": "s_g" }), vec![&b_task]),
        ("tasks", json!({ "candidateGroup": "s_h" }), vec![]),
        ("tasks", json!({ "candidateUser": "s_u" }), vec![&b_task]),
        (
            "tasks",
            json!({ "candidateUser": ["s_w", "s_v"] }),
            vec![&b_task],
        ),
        ("tasks", json!({ "candidateUser": "s_w" }), vec![]),
        ("incidents", json!({}), vec![&incident]),
        (
            "incidents",
            json!({ "definitionKey": "failing", "type": ["rpa", "timer"] }),
            vec![&incident],
        ),
        ("incidents", json!({ "instanceId": d_id }), vec![&incident]),
        ("incidents", json!({ "instanceId": a_id }), vec![]),
        ("incidents", json!({ "type": "rpa" }), vec![]),
        ("incidents", json!({ "type": "nonsense" }), vec![]),
        ("definitions", json!({ "key": "nothing" }), vec![]),
    ];
    let mut watcher = Watcher::connect(&server);
    for (n, (topic, filter, expected)) in rows.into_iter().enumerate() {
        let (items, _) = watcher.subscribe(&n.to_string(), topic, json!({ "filter": filter }));
        assert_eq!(ids(&items), expected, "{topic} {filter}");
    }
    let (definitions, _) = watcher.subscribe(
        "d",
        "definitions",
        json!({ "filter": { "key": "failing" } }),
    );
    assert_eq!(definitions.len(), 1);
    assert_eq!(
        (&definitions[0]["running"], &definitions[0]["incidents"]),
        (&json!(1), &json!(1))
    );
}

#[test]
fn an_incident_comes_and_is_resolved() {
    let server = Server::start(Setup::new().manual_clock());
    let mut client = server.client();
    client.deploy("f.bpmn", &models::fails_later("failing"));
    let one = start(&mut client, "failing", "1");
    let mut watcher = Watcher::connect(&server);
    let every = json!({ "every": 0 });
    let of_it = json!({ "every": 0, "filter": { "instanceId": one["id"], "type": "timer" } });
    watcher.subscribe("all", "incidents", every.clone());
    watcher.subscribe("narrow", "incidents", of_it);
    watcher.subscribe("d", "definitions", every);
    client.native("PUT", "/clock", Some(&json!({ "by": "P30D" })));
    let (kind, incident) = watcher.change("all");
    assert_eq!(
        (kind.as_str(), &incident["type"]),
        ("created", &json!("timer"))
    );
    let path = format!("/instances/{}", one["id"].as_str().unwrap());
    let go = json!({ "set": { "go": 1 } });
    client.native("PATCH", &format!("{path}/variables"), Some(&go));
    let retry = format!("/incidents/{}/retry", incident["id"].as_str().unwrap());
    client.native("POST", &retry, None);
    let mut open = vec!["all", "narrow"];
    while !open.is_empty() {
        let message = watcher.hear();
        let is_end = message["kind"] == "ended" && message["item"]["id"] == incident["id"];
        open.retain(|id| !(is_end && message["id"] == *id));
    }
}

#[test]
fn whom_a_candidate_stands_for_is_asked_again_when_groups_change() {
    let server = Server::start(Setup::new());
    let mut client = server.client();
    client.deploy("offered.bpmn", &offered("offered"));
    let one = start(&mut client, "offered", "1");
    let mut watcher = Watcher::connect(&server);
    let mine = json!({ "every": 0, "filter": { "candidateUser": "s_new" } });
    let (tasks, seq) = watcher.subscribe("mine", "tasks", mine.clone());
    assert_eq!(tasks, [] as [Value; 0]);
    join(&mut client, "new", "g");
    // Nothing has happened to the task; it is there all the same.
    watcher.until(|message| message["items"][0]["id"] == task(&one));
    let two = start(&mut client, "offered", "2");
    assert_eq!(watcher.change("mine").1["id"], task(&two));
    // Who was away meanwhile cannot be told by changes what has come to be theirs.
    let mut again = Watcher::connect(&server);
    let mut resume = mine;
    resume["resume"] = json!(seq);
    let (tasks, _) = again.subscribe("mine", "tasks", resume);
    assert_eq!(ids(&tasks), [task(&one), task(&two)]);
}

#[test]
fn what_leaves_the_filter_has_ended_for_this_subscriber() {
    let server = Server::start(Setup::new());
    let mut client = server.client();
    client.deploy("a.bpmn", &models::one_task("a"));
    let (one, two) = (start(&mut client, "a", "1"), start(&mut client, "a", "2"));
    let mut watcher = Watcher::connect(&server);
    let mine = json!({ "every": 0, "filter": { "assignee": "s_u" } });
    assert_eq!(watcher.subscribe("mine", "tasks", mine).0.len(), 2);
    let his = json!({ "every": 0, "filter": { "assignee": "him" } });
    let (_, seq) = watcher.subscribe("his", "tasks", his);
    let suspended = json!({ "every": 0, "filter": { "state": "suspended" } });
    watcher.subscribe("s", "instances", suspended);
    let give = json!({ "userId": "him" });
    client.native(
        "POST",
        &format!("/tasks/{}/assign", task(&one)),
        Some(&give),
    );
    assert_eq!(watcher.change("mine").0, "ended");
    let (kind, item) = watcher.change("his");
    assert_eq!(
        (kind.as_str(), &item["assignee"]),
        ("created", &json!("him"))
    );

    for (state, kind) in [("suspended", "created"), ("active", "ended")] {
        let id = two["id"].as_str().unwrap();
        let body = json!({ "state": state });
        client.native("PUT", &format!("/instances/{id}/state"), Some(&body));
        let (told, item) = watcher.change("s");
        assert_eq!((told.as_str(), &item["state"]), (kind, &json!(state)));
    }
    // Who comes again meanwhile is told what it does not have any more, too.
    drop(watcher);
    let back = json!({ "userId": "s_u" });
    client.native(
        "POST",
        &format!("/tasks/{}/assign", task(&one)),
        Some(&back),
    );
    let mut again = Watcher::connect(&server);
    again.say(
        &json!({ "op": "subscribe", "id": "his", "topic": "tasks", "resume": seq, "every": 0,
        "filter": { "assignee": "him" } }),
    );
    // An end may also be told of what it never had, as long as it is told of what it had.
    again.until(|message| message["kind"] == "ended" && message["item"]["id"] == task(&one));
}

#[test]
fn filters_of_what_changes_keep_only_so_much_in_mind() {
    let server = Server::start(Setup::new().set("live", "remembered", "3"));
    let mut client = server.client();
    client.deploy("one.bpmn", &models::one_task("one"));
    for n in 0..4 {
        start(&mut client, "one", &format!("k{n}"));
    }
    let mut watcher = Watcher::connect(&server);
    let state = json!({ "state": "active" });
    watcher
        .say(&json!({ "op": "subscribe", "id": "loose", "topic": "instances", "filter": state }));
    let told = watcher.until(|message| message["op"] == "problem");
    let told = told.last().expect("a problem");
    assert_eq!(told["code"], "too-much-remembered", "{told}");
    assert_eq!(
        (&told["status"], &told["id"]),
        (&json!(413), &json!("loose"))
    );
    // What never changes needs nothing to be kept in mind, and the connection stays.
    watcher.say(&json!({ "op": "subscribe", "id": "all", "topic": "instances" }));
    let told = watcher.until(|message| message["id"] == "all");
    let told = told.last().expect("a state");
    assert_eq!(told["items"].as_array().map(Vec::len), Some(4), "{told}");
}
