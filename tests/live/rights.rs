//! Rights that change while somebody looks.

use crate::{
    support::{Console, Request, Server, Setup, console},
    watcher::Watcher,
};
use serde_json::{Value, json};

const KEY: &str = "lwk_looker-0123456789";
const LOOKER: &str = r#"
[[role]]
company = "Encootech"
name = "Looker"
permissions = ["robot.view", "queue.view"]

[[api_key]]
department = "Head office"
name = "looker"
key = "lwk_looker-0123456789"
roles = ["Looker"]
"#;

/// What comes next of a subscription.
fn next(watcher: &mut Watcher, id: &str) -> Value {
    let heard = watcher.until(|message| message["id"] == id);
    heard.into_iter().next_back().unwrap_or_default()
}

#[test]
fn whoever_may_see_something_else_begins_anew_and_whoever_may_see_nothing_more_is_told() {
    let mut server = Server::prepared(Setup::new().set("live", "ping", "\"100ms\""));
    console::sow(&server, &format!("{}{LOOKER}", console::SEED));
    server.start_again();
    let mut console = Console::sign_in(&server);
    let roles = console.get("/openapi/roles");
    let roles = roles["list"].as_array().or(roles.as_array()).unwrap();
    let role = roles.iter().find(|role| role["name"] == "Looker").unwrap();
    let path = format!("/openapi/roles/{}", console::text(&role["id"]));
    let mut watcher = Watcher::with_token(server.address(), Some(KEY));
    for topic in ["robots", "groups"] {
        let (items, _) = watcher.subscribe(topic, topic, json!({ "every": 0 }));
        assert_eq!(items.len(), 1, "{topic}");
    }
    let may = json!({ "permissions": ["queue.view"] });
    console
        .send(Request::new("PATCH", &path).json(&may))
        .expect(200);
    // Nothing of what is watched changes: it is asked about with the ping.
    let (mut robots, mut groups) = (None, Vec::new());
    while robots.is_none() || groups.len() < 2 {
        let message = watcher.hear();
        match message["id"].as_str() {
            Some("robots") => robots = Some(message),
            _ => groups.push(message["op"].clone()),
        }
    }
    let robots = robots.unwrap();
    assert_eq!(
        (&robots["op"], &robots["status"]),
        (&json!("problem"), &json!(403))
    );
    assert_eq!(groups, ["reset", "state"]);
    watcher.say(&json!({ "op": "unsubscribe", "id": "robots" }));
    assert_eq!(next(&mut watcher, "robots")["code"], "unknown-subscription");
}
