//! How a recorded request becomes one of ours: bodies, uploads, and conditions that are tried with many values.
//!
//! Owns: the bytes that are sent. Never: the state between cases.

use super::{
    case::{Asked, Case},
    models::condition,
    replay::{Replay, text},
    rules::Rule,
};
use crate::support::{Part, Request, multipart};
use serde_json::Value;

impl Replay<'_> {
    /// One condition with every value; a decimal counts as equal by its value.
    pub(super) fn ask_values(&mut self, case: &Case) -> Result<(), String> {
        let key = self.models.key_of(condition(case).unwrap_or_default());
        let outcomes = case.body["<value> -> outcome"].as_object().cloned();
        let rule = Rule::of(case, &self.mandatory);
        let mut wrong = Vec::new();
        for (value, recorded) in outcomes.unwrap_or_default() {
            let by_value = rule == Some(Rule::ScaleOfDecimals) && value == "1.0";
            let expected = if by_value {
                "true".to_owned()
            } else {
                text(&recorded)
            };
            let found = self.ask_value(&key, &value)?;
            if found != expected {
                wrong.push(format!("v = {value}: expected {expected}, is {found}"));
            }
        }
        if wrong.is_empty() {
            Ok(())
        } else {
            Err(wrong.join("\n  "))
        }
    }

    pub(super) fn ask_value(&mut self, key: &str, value: &str) -> Result<String, String> {
        let started = self
            .client
            .post("/processCtr/createPro", &[("processKey", key)]);
        let instance = text(&started.json()["data"]);
        let task = text(&self.open_task(&instance)["taskId"]);
        let body = match value {
            "absent" => "{}".to_owned(),
            value => format!("{{\"variables\":{{\"v\":{value}}}}}"),
        };
        let request = Request::post("/taskCtr/complete")
            .query(&[("taskId", &task), ("systemId", "s"), ("userId", "a")])
            .body("application/json", body);
        let answer = self.client.send(&request).json();
        let after = self.open_task(&instance);
        let found = match (answer["rtnCode"].as_str(), after["taskId"].as_str()) {
            (Some("000000"), _) => text(&after["taskEntity"]["name"]),
            (Some("999999"), Some(still)) if still == task => "fails".to_owned(),
            _ => return Err(format!("v = {value}: {answer}, then {after}")),
        };
        self.delete(&instance);
        Ok(found)
    }

    pub(super) fn open_task(&mut self, instance: &str) -> Value {
        let answer = self
            .client
            .get("/taskCtr/currentTask", &[("processId", instance)]);
        answer.json()["data"][0].clone()
    }

    pub(super) fn request(&self, asked: &Asked, suffix: &str) -> Request {
        let mut request = match &asked.multipart {
            Some(upload) => {
                let content = self.models.content(upload, suffix);
                let part = Part {
                    name: &upload.name,
                    file_name: upload.filename.as_deref(),
                    content_type: upload.content_type.as_deref(),
                    content: &content,
                };
                multipart(&asked.path, &[part])
            }
            None => self.plain(asked),
        };
        for (name, value) in &asked.query {
            match value {
                Value::Array(values) => {
                    for value in values {
                        request = request.query(&[(name, &text(value))]);
                    }
                }
                value => request = request.query(&[(name, &text(value))]),
            }
        }
        for (name, value) in &asked.headers {
            request = request.header(name, &text(value));
        }
        request
    }

    pub(super) fn plain(&self, asked: &Asked) -> Request {
        let request = Request::new(&asked.method, &asked.path);
        if let Some(form) = &asked.form {
            let pairs: Vec<(String, String)> = form
                .iter()
                .map(|(name, value)| (name.clone(), text(value)))
                .collect();
            let pairs: Vec<(&str, &str)> = pairs
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            return request.form(&pairs);
        }
        let body = asked
            .raw_body
            .clone()
            .or_else(|| asked.body.as_ref().map(Value::to_string));
        match (body, &asked.content_type) {
            (Some(body), Some(kind)) => request.body(kind, body),
            (Some(body), None) => request.bare_body(body),
            (None, _) => request,
        }
    }
}
