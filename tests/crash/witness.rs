//! Compares what clients were told with what the server knows after a crash.
//!
//! Owns: the verdicts. Never: forgives an answered write that is gone, or half a command.

use crate::{
    support::{Client, Request},
    writer::Fate,
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt};

/// What was compared so far.
#[derive(Default)]
pub struct Witness {
    /// Answered starts that were found.
    pub starts: usize,
    /// Answered changes that were found.
    pub changes: usize,
    /// Answered completions that were found.
    pub completions: usize,
    /// Writes without an answer that had happened.
    unanswered_done: usize,
    /// Writes without an answer that had not happened.
    unanswered_lost: usize,
    /// The end of every instance as it was last seen, by mark.
    seen: BTreeMap<String, Value>,
}

impl fmt::Display for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} starts, {} changes, {} completions answered and found; without an answer {} done, {} not; \
             {} instances in all",
            self.starts,
            self.changes,
            self.completions,
            self.unanswered_done,
            self.unanswered_lost,
            self.seen.len()
        )
    }
}

impl Witness {
    /// Judges the writes of one cycle.
    ///
    /// # Panics
    /// When a promise is broken.
    pub fn compare(&mut self, client: &mut Client, fates: Vec<Fate>) {
        for fate in fates {
            let found = match &fate.id {
                Some(id) => Some(client.native("GET", &format!("/instances/{id}"), None)),
                None => by_mark(client, &fate.mark),
            };
            match found {
                Some(instance) => self.judge(client, &fate, instance),
                None => self.unanswered_lost += 1,
            }
        }
    }

    fn judge(&mut self, client: &mut Client, fate: &Fate, instance: Value) {
        let id = text(&instance["id"]);
        let variables = client.native("GET", &format!("/instances/{id}/variables"), None);
        let open = client.native("GET", &format!("/tasks?instanceId={id}"), None);
        let open = open["items"].as_array().map_or(0, Vec::len);
        let shown = format!("{fate:?}: {instance} {variables}, {open} open tasks");
        match fate.id {
            Some(_) => self.starts += 1,
            None => self.unanswered_done += 1,
        }
        assert_eq!(variables["mark"], fate.mark.as_str(), "{shown}");
        assert_eq!(variables["text"], "始", "{shown}");
        let change = variables["left"].as_u64().unwrap_or(u64::MAX);
        assert_eq!(
            variables["right"], variables["left"],
            "half a change: {shown}"
        );
        assert!(
            change >= fate.answered_change,
            "an answered change is gone: {shown}"
        );
        assert!(
            change <= fate.sent_change,
            "a change that nobody sent: {shown}"
        );
        self.changes += fate.answered_change as usize;
        let completed = instance["state"] == "completed";
        if fate.answered_completion {
            assert!(completed, "an answered completion is gone: {shown}");
            self.completions += 1;
        } else if fate.sent_completion && completed {
            self.unanswered_done += 1;
        } else {
            assert!(!completed, "a completion that nobody sent: {shown}");
        }
        let (tasks, outcome, proof) = if completed {
            (0, json!("done"), json!(fate.mark))
        } else {
            (1, Value::Null, Value::Null)
        };
        assert_eq!(open, tasks, "the task and the instance disagree: {shown}");
        assert_eq!(variables["outcome"], outcome, "half a completion: {shown}");
        assert_eq!(variables["proof"], proof, "half a completion: {shown}");
        self.seen
            .insert(fate.mark.clone(), instance["state"].clone());
    }

    /// Every instance of all cycles is listed once, in the state in which it was last seen, and no other.
    ///
    /// # Panics
    /// When one is missing, doubled or new.
    pub fn compare_everything(&mut self, client: &mut Client) {
        let mut listed = BTreeMap::new();
        let mut after = String::new();
        loop {
            let mut request =
                Request::get("/api/v1/instances").query(&[("state", "any"), ("limit", "1000")]);
            if !after.is_empty() {
                request = request.query(&[("after", &after)]);
            }
            let page = client.send(&request).expect(200).json();
            for instance in page["items"].as_array().into_iter().flatten() {
                let mark = text(&instance["businessKey"]);
                let before = listed.insert(mark, instance["state"].clone());
                assert_eq!(before, None, "listed twice: {instance}");
            }
            match page["next"].as_str() {
                Some(next) => after = next.to_owned(),
                None => break,
            }
        }
        for (mark, state) in &self.seen {
            assert_eq!(listed.get(mark), Some(state), "{mark} after all cycles");
        }
        assert_eq!(
            listed.len(),
            self.seen.len(),
            "an instance that nobody started"
        );
    }
}

fn by_mark(client: &mut Client, mark: &str) -> Option<Value> {
    let request =
        Request::get("/api/v1/instances").query(&[("businessKey", mark), ("state", "any")]);
    let found = client.send(&request).expect(200).json();
    let items = found["items"].as_array().cloned().unwrap_or_default();
    assert!(
        items.len() <= 1,
        "started once, there {} times: {mark}",
        items.len()
    );
    items.into_iter().next()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
