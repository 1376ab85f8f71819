//! The state around a case: what the recorder had set by other means, twins, and effects that are taken back.
//!
//! Owns: that the following cases find what the original's found. Never: changes what is expected.

use super::{
    case::{Asked, Case},
    replay::{Replay, text},
    rules::Rule,
};
use crate::support::{Answer, Request, models};
use serde_json::{Value, json};

impl Replay<'_> {
    /// The states that the recorder set through the engine are set through the native API.
    pub(super) fn prepare(&mut self, case: &Case) -> Result<(), String> {
        if case.note.contains("suspended through the engine") {
            if self.suspended.is_none() {
                let id = match (case.parameter("processId"), case.parameter("taskId")) {
                    (Some(process), _) => self.bindings.fill(process)?,
                    (_, Some(task)) => self.instance_of(&self.bindings.fill(task)?),
                    _ => self.last_instance.clone(),
                };
                self.set_state(&id, "suspended");
                self.suspended = Some(id);
            }
        } else if let Some(id) = self.suspended.take() {
            self.last_instance = id.clone();
            self.set_state(&id, "active");
        }
        let Some(task) = case.parameter("taskId").map(str::to_owned) else {
            return Ok(());
        };
        if case.note.contains("resolved through the engine") {
            let task = self.bindings.fill(&task)?;
            let seen = &case.body["data"]["seen"];
            let state = self.task(&task);
            if state["delegationState"] == "pending" {
                let body = json!({"variables": {"seen": seen}});
                self.client
                    .native("POST", &format!("/tasks/{task}/resolve"), Some(&body));
            }
        }
        if case.note.contains("claimed through the engine") {
            self.bind_unknown(&task)?;
            let task = self.bindings.fill(&task)?;
            let user = self.task(&task)["assignee"].clone();
            let body = json!({"userId": user});
            self.client
                .native("POST", &format!("/tasks/{task}/claim"), Some(&body));
        }
        Ok(())
    }

    /// Ids whose first sight the recorder left out: the instance of the task that was last worked on, or the open task
    /// of the instance that was last started.
    pub(super) fn bind_unknown(&mut self, recorded: &str) -> Result<(), String> {
        let Err(placeholder) = self.bindings.fill(recorded) else {
            return Ok(());
        };
        let id = if placeholder.starts_with("<processId:") {
            self.bindings
                .instances
                .get(&self.last_task)
                .cloned()
                .ok_or_else(|| {
                    format!(
                        "{placeholder}: the instance of {} was never seen",
                        self.last_task
                    )
                })?
        } else {
            let path = format!("/tasks?instanceId={}", self.last_instance);
            let tasks = self.client.native("GET", &path, None);
            text(&tasks["items"][0]["id"])
        };
        self.bindings.bind(&placeholder, &id)
    }

    /// A case that would end or complete what the following cases still need is asked of a twin of its task.
    pub(super) fn twin(
        &mut self,
        case: &Case,
        rule: Option<Rule>,
        asked: &mut Asked,
    ) -> Result<Option<String>, String> {
        let writes_form = case.is("/saveFormData") || case.is("/submitTaskFormData");
        let needed =
            rule == Some(Rule::TransientAtTheEnd) || rule == Some(Rule::FormScalars) && writes_form;
        if !needed {
            return Ok(None);
        }
        let task = asked.query.get("taskId").map(text).unwrap_or_default();
        let original = self.task(&task);
        let instance = text(&original["instanceId"]);
        let variables =
            self.client
                .native("GET", &format!("/instances/{instance}/variables"), None);
        let body = json!({"definitionId": original["definitionId"], "variables": variables});
        let mut state = self.client.native("POST", "/instances", Some(&body));
        let twin = text(&state["id"]);
        while state["tasks"][0]["activityId"] != original["activityId"] {
            let open = text(&state["tasks"][0]["id"]);
            if open.is_empty() {
                return Err("no twin of this task can be made".into());
            }
            state =
                self.client
                    .native("POST", &format!("/tasks/{open}/complete"), Some(&json!({})));
        }
        let copy = text(&state["tasks"][0]["id"]);
        if original["assignee"].is_string() {
            let body = json!({"userId": original["assignee"]});
            self.client
                .native("POST", &format!("/tasks/{copy}/assign"), Some(&body));
        }
        asked.query.insert("taskId".into(), Value::from(copy));
        Ok(Some(twin))
    }

    pub(super) fn instance_state(
        &mut self,
        case: &Case,
        rule: Option<Rule>,
        asked: &Asked,
    ) -> Option<String> {
        let id = case.parameter("processId").unwrap_or_default();
        if rule != Some(Rule::Suspension) || !id.starts_with("<processId") {
            return None;
        }
        let id = asked.query.get("processId").map(text)?;
        Some(self.state_of(&id))
    }

    /// Checks the effect that the original had not, and takes it back.
    pub(super) fn take_back(
        &mut self,
        case: &Case,
        rule: Option<Rule>,
        asked: &Asked,
        answer: &Answer,
        before: Option<String>,
    ) -> Result<(), String> {
        match rule {
            Some(Rule::Suspension) => {
                let Some(before) = before else { return Ok(()) };
                let id = asked.query.get("processId").map(text).unwrap_or_default();
                let wanted = if case.is("/suspendProcess") {
                    "suspended"
                } else {
                    "active"
                };
                let expected = if before == wanted { 409 } else { 200 };
                let after = self.state_of(&id);
                if answer.status != expected || after != wanted {
                    return Err(format!(
                        "{before}, then {after}; expected {expected} and {wanted}"
                    ));
                }
                if before != after {
                    self.set_state(&id, &before);
                }
            }
            Some(Rule::Resolving) => {
                let task = asked.query.get("taskId").map(text).unwrap_or_default();
                let resolved = self.task(&task);
                if resolved["delegationState"] != "resolved"
                    || resolved["assignee"] != resolved["owner"]
                {
                    return Err(format!("not resolved: {resolved}"));
                }
                let body = json!({"userId": "s_v"});
                self.client
                    .native("POST", &format!("/tasks/{task}/delegate"), Some(&body));
                let path = format!("/instances/{}/variables", text(&resolved["instanceId"]));
                self.client
                    .native("PATCH", &path, Some(&json!({"remove": ["seen"]})));
            }
            Some(Rule::FormScalars | Rule::LatestVersion) if case.is("/submitStartFormData") => {
                let started: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
                let tasks = started["data"].as_array().cloned().unwrap_or_default();
                for task in tasks {
                    self.delete(&text(&task["taskEntity"]["processInstanceId"]));
                }
            }
            Some(Rule::NotRunYet) => {
                let upload = case.upload();
                let without = if upload.contains("async") {
                    upload.replace(" activiti:async=\"true\"", "")
                } else {
                    receiving()
                };
                if !upload.is_empty() {
                    self.client.deploy("without.bpmn", &without);
                }
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn task(&mut self, task: &str) -> Value {
        self.client.native("GET", &format!("/tasks/{task}"), None)
    }

    pub(super) fn instance_of(&mut self, task: &str) -> String {
        text(&self.task(task)["instanceId"])
    }

    pub(super) fn state_of(&mut self, instance: &str) -> String {
        let path = format!("/instances/{instance}");
        text(&self.client.native("GET", &path, None)["state"])
    }

    pub(super) fn set_state(&mut self, instance: &str, state: &str) {
        let path = format!("/instances/{instance}/state");
        self.client
            .native("PUT", &path, Some(&json!({"state": state})));
    }

    /// An instance that has ended already stays.
    pub(super) fn delete(&mut self, instance: &str) {
        let path = format!("/api/v1/instances/{instance}");
        self.client.send(&Request::new("DELETE", &path));
    }
}

/// The cases behind a message event wait at the receive task before it.
fn receiving() -> String {
    models::process(
        "recv",
        "<startEvent id=\"s\"/><sequenceFlow id=\"f0\" sourceRef=\"s\" targetRef=\"r\"/>\
         <receiveTask id=\"r\" name=\"等待\"/>\
         <sequenceFlow id=\"f1\" sourceRef=\"r\" targetRef=\"e\"/><endEvent id=\"e\"/>",
    )
}
