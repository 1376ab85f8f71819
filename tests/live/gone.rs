//! What goes away with all that it was known by.

use crate::{
    support::{Request, Server, Setup, models},
    watcher::Watcher,
};
use serde_json::json;

#[test]
fn what_ends_with_its_definition_is_told_though_nobody_looked_before_it_was_gone() {
    let server = Server::start(Setup::new());
    let mut client = server.client();
    let deployment = client.deploy("a.bpmn", &models::one_task("a"));
    let one = client.native("POST", "/instances", Some(&json!({ "definitionKey": "a" })));
    let mut watcher = Watcher::connect(&server);
    // It is looked for long after the definition has gone.
    for topic in ["instances", "tasks", "definitions"] {
        let filter = json!({ "every": 1500 });
        assert_eq!(
            watcher.subscribe(topic, topic, filter).0.len(),
            1,
            "{topic}"
        );
    }
    let id = &deployment["id"];
    let number = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
    let path = format!("/api/v1/deployments/{number}?cascade=true");
    let answer = client.send(&Request::new("DELETE", &path));
    assert!(answer.status < 300, "{}", answer.text());
    let rows = [
        ("instances", &one["id"]),
        ("tasks", &one["tasks"][0]["id"]),
        ("definitions", &one["definitionId"]),
    ];
    for (topic, id) in rows {
        let (kind, item) = watcher.change(topic);
        assert_eq!((kind.as_str(), &item["id"]), ("ended", id), "{topic}");
    }
}
