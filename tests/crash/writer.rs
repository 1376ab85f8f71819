//! One connection that writes at full speed and remembers what was answered.
//!
//! Owns: what one client may rely on. Never: repeats a request whose answer is missing.

use crate::support::{Client, Random, Request};
use serde_json::{Value, json};

/// What a client knows of one instance.
#[derive(Clone, Debug, Default)]
pub struct Fate {
    /// The mark that it was started with.
    pub mark: String,
    /// Its id; none: the start was not answered.
    pub id: Option<String>,
    /// The highest answered number of changes.
    pub answered_change: u64,
    /// The highest sent number of changes.
    pub sent_change: u64,
    /// The completion was sent.
    pub sent_completion: bool,
    /// The completion was answered.
    pub answered_completion: bool,
}

/// A writer.
pub struct Writer {
    client: Client,
    name: String,
    random: Random,
}

impl Writer {
    /// On this connection.
    pub fn new(client: Client, name: String, random: Random) -> Writer {
        Writer {
            client,
            name,
            random,
        }
    }

    /// Starts instances and works on them until the connection breaks; `answered` is called for every answer.
    pub fn write_until_cut(mut self, answered: impl Fn()) -> Vec<Fate> {
        let mut fates = Vec::new();
        for number in 0_u64.. {
            let mut fate = Fate {
                mark: format!("{}-{number}", self.name),
                ..Fate::default()
            };
            let went_on = self.work(&mut fate, &answered);
            fates.push(fate);
            if went_on.is_none() {
                break;
            }
        }
        fates
    }

    /// One instance; None when the connection broke.
    fn work(&mut self, fate: &mut Fate, answered: &impl Fn()) -> Option<()> {
        let body = json!({
            "definitionKey": "work",
            "businessKey": fate.mark,
            "variables": {"mark": fate.mark, "left": 0, "right": 0, "text": "始"}
        });
        let started = self.write("POST", "/instances", &body, 201)?;
        let id = text(&started["id"]);
        let task = text(&started["tasks"][0]["id"]);
        fate.id = Some(id.clone());
        answered();
        for change in 1..=self.random.below(4) as u64 {
            fate.sent_change = change;
            let body = json!({"set": {"left": change, "right": change}});
            self.write("PATCH", &format!("/instances/{id}/variables"), &body, 200)?;
            fate.answered_change = change;
            answered();
        }
        if self.random.below(3) > 0 {
            fate.sent_completion = true;
            let body = json!({"variables": {"outcome": "done", "proof": fate.mark}});
            self.write("POST", &format!("/tasks/{task}/complete"), &body, 200)?;
            fate.answered_completion = true;
            answered();
        }
        Some(())
    }

    fn write(&mut self, method: &str, path: &str, body: &Value, status: u16) -> Option<Value> {
        let request = Request::new(method, &format!("/api/v1{path}")).json(body);
        let answer = self.client.try_send_once(&request).ok()?;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
        Some(answer.json())
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
