//! Companies apart: whatever one does, no frame of the other's shows a word of it.

use crate::{
    support::{Client, Request, Server, Setup, models},
    watcher::Watcher,
};
use serde_json::{Value, json};

const OURS: &str = "lwk_ours-0123456789";
const THEIRS: &str = "lwk_theirs-0123456789";
const CANARY: &str = "canary";
const FILE: &str = r#"
[[company]]
id = "00000000-0000-4000-8000-0000000000aa"
name = "Ours"
[[department]]
id = "00000000-0000-4000-8000-0000000000a1"
company = "Ours"
name = "Root of ours"
[[company]]
id = "00000000-0000-4000-8000-0000000000bb"
name = "Theirs"
[[department]]
id = "00000000-0000-4000-8000-0000000000b1"
company = "Theirs"
name = "Root of theirs"
[[api_key]]
company = "Ours"
name = "ours"
key = "lwk_ours-0123456789"
roles = ["CompanyAdmin"]
[[api_key]]
company = "Theirs"
name = "theirs"
key = "lwk_theirs-0123456789"
roles = ["CompanyAdmin"]
"#;

/// A server with two companies.
fn server() -> Server {
    let mut server = Server::prepared(Setup::new().set("api", "auth", "\"token\""));
    let file = server.directory().join("seed.toml");
    std::fs::write(&file, FILE).unwrap();
    let path = file.to_str().unwrap().to_owned();
    let output = server.command(&["seed", &path]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    server.start_again();
    server
}

fn send(client: &mut Client, token: &str, request: Request) -> Value {
    let bearer = format!("Bearer {token}");
    let answer = client.send(&request.header("Authorization", &bearer));
    assert!(
        (200..300).contains(&answer.status),
        "{} {}",
        answer.status,
        answer.text()
    );
    if answer.body.is_empty() {
        Value::Null
    } else {
        answer.json()
    }
}

fn post(client: &mut Client, token: &str, path: &str, body: &Value) -> Value {
    send(client, token, Request::post(path).json(body))
}

/// Something of everything, named so; an instance with its task.
fn act(client: &mut Client, token: &str, name: &str) -> Value {
    let xml = models::one_task(&format!("{name}-key"));
    let deploy = Request::post("/api/v1/deployments").query(&[("name", name)]);
    send(client, token, deploy.body("application/xml", xml));
    let body = json!({ "definitionKey": format!("{name}-key"), "businessKey": name, "name": name });
    let mut one = Value::Null;
    for _ in 0..3 {
        one = post(client, token, "/api/v1/instances", &body);
        let task = one["tasks"][0]["id"].as_str().unwrap();
        let assign = format!("/api/v1/tasks/{task}/assign");
        post(client, token, &assign, &json!({ "userId": name }));
    }
    let task = one["tasks"][0]["id"].as_str().unwrap();
    post(
        client,
        token,
        &format!("/api/v1/tasks/{task}/complete"),
        &json!({}),
    );
    let queue = post(client, token, "/openapi/queues", &json!({ "name": name }));
    post(client, token, "/openapi/robots", &json!({ "name": name }));
    let path = format!("/openapi/queues/{}", queue["id"].as_str().unwrap());
    send(client, token, Request::new("DELETE", &path));
    one
}

#[test]
fn nobody_sees_a_word_of_another_company() {
    let server = server();
    let mut client = server.client();
    let before = act(&mut client, THEIRS, &format!("{CANARY}-before"));
    let mut watcher = Watcher::with_token(server.address(), Some(OURS));
    let theirs = before["id"].as_str().unwrap();
    let of_theirs = |name: &str| json!({ "filter": { name: theirs }, "every": 0 });
    let rows = [
        ("instances", json!({ "every": 0 })),
        ("instances", of_theirs("id")),
        (
            "instances",
            json!({ "every": 0, "filter": { "state": "any" } }),
        ),
        (
            "instances",
            json!({ "filter": { "businessKey": format!("{CANARY}-after") }, "every": 0 }),
        ),
        ("activities", of_theirs("instanceId")),
        ("tasks", json!({ "every": 0 })),
        ("tasks", of_theirs("instanceId")),
        (
            "tasks",
            json!({ "filter": { "assignee": format!("{CANARY}-after") }, "every": 0 }),
        ),
        ("incidents", json!({ "every": 0 })),
        ("definitions", json!({ "every": 0 })),
        ("jobs", json!({ "every": 0 })),
        ("runs", json!({ "every": 0 })),
        ("robots", json!({ "every": 0 })),
        ("groups", json!({ "every": 0 })),
        ("figures", json!({})),
    ];
    let last = (rows.len() - 1).to_string();
    for (n, (topic, more)) in rows.into_iter().enumerate() {
        let (items, _) = watcher.subscribe(&n.to_string(), topic, more);
        assert!(topic == "figures" || items.is_empty(), "{topic}: {items:?}");
    }
    act(&mut client, THEIRS, &format!("{CANARY}-after"));
    act(&mut client, OURS, "ours");
    // What is ours comes after what is theirs; figures come in any case.
    let own = ["instances", "tasks", "definitions", "robots", "groups"];
    let mut seen = 0;
    while seen < own.len() {
        let message = watcher.hear();
        let text = message.to_string();
        assert!(!text.contains(CANARY) && !text.contains(theirs), "{text}");
        let ended = message["kind"] == "ended" || message["item"]["name"] == "ours";
        seen += usize::from(ended && message["id"] != last.as_str());
    }
    let figures = watcher.until(|message| message["id"] == last.as_str());
    let figures = &figures.last().unwrap()["item"];
    assert_eq!(figures["instances"]["running"], 2, "{figures}");
}

#[test]
fn who_comes_again_with_a_sequence_of_another_company_sees_nothing_of_it() {
    let server = server();
    let mut client = server.client();
    let mut theirs = Watcher::with_token(server.address(), Some(THEIRS));
    let (_, seq) = theirs.subscribe("t", "tasks", json!({}));
    act(&mut client, THEIRS, CANARY);
    let mut ours = Watcher::with_token(server.address(), Some(OURS));
    ours.say(&json!({ "op": "subscribe", "id": "t", "topic": "tasks", "resume": seq, "every": 0 }));
    act(&mut client, OURS, "ours");
    let heard = ours.until(|message| message["item"]["assignee"] == "ours");
    for message in heard {
        assert!(!message.to_string().contains(CANARY), "{message}");
    }
}
