//! The documented operations, read from the contract, and what each needs to be called well.
//!
//! Owns: one good call per operation. Never: an operation that is not in the contract.

use crate::support::{Client, Part, Request, models, multipart};
use serde_json::{Value, json};
use std::path::Path;

/// One documented operation.
#[derive(Clone, Debug)]
pub struct Operation {
    /// GET or POST.
    pub method: String,
    /// The path.
    pub path: String,
    /// The mandatory query parameters, in the contract's order.
    pub mandatory: Vec<String>,
    /// A JSON body: None, or whether it is mandatory.
    pub body: Option<bool>,
    /// The answer is the envelope; else a picture or nothing.
    pub envelope: bool,
}

/// All of them.
///
/// # Panics
/// When the contract is not readable.
pub fn load(shared: &Path) -> Vec<Operation> {
    let contract = crate::support::shared::read_json(shared, "contract/process-center.json");
    let operations = contract.as_array().into_iter().flatten();
    operations
        .map(|one| {
            let parameters: Vec<&Value> =
                one["parameters"].as_array().into_iter().flatten().collect();
            let of = |place: &str| {
                let place = place.to_owned();
                parameters.iter().filter(move |p| p["in"] == place.as_str())
            };
            Operation {
                method: text(&one["method"]),
                path: text(&one["path"]),
                mandatory: of("query")
                    .filter(|parameter| parameter["required"] == true)
                    .map(|parameter| text(&parameter["name"]))
                    .collect(),
                body: of("body").next().map(|body| body["required"] == true),
                envelope: one["returns"] == "ResponseInfo",
            }
        })
        .collect()
}

impl Operation {
    /// The last part of the path.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// The other method.
    pub fn wrong_method(&self) -> &'static str {
        if self.method == "GET" { "POST" } else { "GET" }
    }

    /// A call with these parameters and, where the operation has one, this body.
    pub fn call(&self, parameters: &[(&str, &str)], body: Option<&Value>) -> Request {
        let request = Request::new(&self.method, &self.path).query(parameters);
        match body {
            Some(body) => request.json(body),
            None => request,
        }
    }
}

/// What the good calls are about, made anew for each.
pub struct Stage {
    /// A running instance of `work`, waiting at its one task, which is assigned to `s_u`.
    pub instance: String,
    /// Its task.
    pub task: String,
}

/// The process that the calls are about.
pub const KEY: &str = "work";

impl Stage {
    /// A new instance.
    pub fn new(client: &mut Client) -> Stage {
        let body = json!({"definitionKey": KEY, "variables": {"known": 1}});
        let started = client.native("POST", "/instances", Some(&body));
        Stage {
            instance: text(&started["id"]),
            task: text(&started["tasks"][0]["id"]),
        }
    }

    /// What must be true before the operation can succeed.
    pub fn prepare(&self, client: &mut Client, operation: &Operation) {
        let task = self.task.as_str();
        match operation.name() {
            "activateProcess" => {
                let body = json!({"state": "suspended"});
                let path = format!("/instances/{}/state", self.instance);
                client.native("PUT", &path, Some(&body));
            }
            "delegateTask" => {
                let body = json!({"type": "candidate", "userId": "s_v"});
                let path = format!("/tasks/{task}/identity-links");
                client.native("POST", &path, Some(&body));
            }
            "resolveTask" => {
                let body = json!({"userId": "s_v"});
                client.native("POST", &format!("/tasks/{task}/delegate"), Some(&body));
            }
            "synUserAndGroupMembership" => {
                let body = json!({"user": {"id": "member"}, "group": {"id": "club"}});
                client
                    .post_json("/identityCtr/syncUserAndGroup", &[("systemId", "s")], &body)
                    .expect(200);
            }
            _ => {}
        }
    }

    /// The value of a parameter.
    ///
    /// # Panics
    /// When the contract has a new one.
    pub fn parameter(&self, operation: &Operation, name: &str) -> String {
        let value = match name {
            "processKey" => KEY,
            "processId" => &self.instance,
            "taskId" => &self.task,
            "lightFlag" => "true",
            "systemId" => "s",
            "userId" if operation.name() == "delegateTask" => "v",
            "userId" => "u",
            "userIds" => "u1,u2",
            "groupId" => "g",
            "groupIds" => "g1,g2",
            "busCode" => "B-1",
            "busType" => "order",
            other => panic!("{}: the parameter {other} is new", operation.path),
        };
        value.to_owned()
    }

    /// A call that must succeed.
    pub fn good_call(&self, operation: &Operation) -> Request {
        if operation.name() == "deploymentProcess" {
            let model = models::straight_to_the_end("uploaded");
            let part = Part::model("uploaded.bpmn", model.as_bytes());
            return multipart(&operation.path, &[part]);
        }
        let values: Vec<String> = operation
            .mandatory
            .iter()
            .map(|name| self.parameter(operation, name))
            .collect();
        let pairs: Vec<(&str, &str)> = operation
            .mandatory
            .iter()
            .zip(&values)
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let body = operation.body.map(|_| good_body(operation));
        operation.call(&pairs, body.as_ref())
    }
}

/// A body that the operation understands.
///
/// # Panics
/// When the contract has a new operation with a body.
pub fn good_body(operation: &Operation) -> Value {
    match operation.name() {
        "saveFormData" | "submitStartFormData" | "submitTaskFormData" => json!({"amount": "3"}),
        "setVariables" | "setVariablesLocal" => json!({"a": 1}),
        "complete" | "resolveTask" => json!({"variables": {"done": true}}),
        "syncUser" => json!({"id": "u", "firstName": "U", "password": "secret"}),
        "syncGroup" => json!({"id": "g", "name": "G", "type": "role"}),
        "syncUserList" => json!([{"id": "u1"}, {"id": "u2"}]),
        "syncGroupList" => json!([{"id": "g1"}, {"id": "g2"}]),
        "syncUserAndGroup" => json!({"user": {"id": "u3"}, "group": {"id": "g3"}}),
        "synUserAndGroupMembership" => json!({"member": "club"}),
        "synUsersAndGroups" => json!({
            "users": [{"id": "u4"}], "groups": [{"id": "g4"}], "userAndGroup": {"u4": "g4"}
        }),
        other => panic!("the operation {other} has a body that this test does not know"),
    }
}

/// The text of a JSON string, else nothing.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
