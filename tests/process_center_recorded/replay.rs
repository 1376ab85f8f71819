//! Asking our server what the original was asked, case by case, on one server.
//!
//! Owns: the state between cases: where a decision of ours would leave another state than the original's, the case is
//! asked of a twin, or its effect is checked and taken back. Never: changes what is expected.
//!
//! ```text
//!  case ─▶ prepare (states that the recorder set by other means) ─▶ stage (main, or a twin) ─▶ send ─▶ check ─▶ take back
//! ```

use super::{
    case::{Asked, Case, Mandatory},
    matching::Bindings,
    models::{Models, condition},
    ours,
    rules::Rule,
};
use crate::support::{Answer, Client, Part, Request, Server, models, multipart};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A replay under way.
pub struct Replay<'a> {
    client: Client,
    mandatory: Mandatory,
    models: &'a Models,
    bindings: Bindings,
    suspended: Option<String>,
    last_task: String,
    last_instance: String,
    /// Cases per rule; None: reproduced.
    pub counts: BTreeMap<Option<Rule>, usize>,
    /// What differed.
    pub failures: Vec<String>,
}

impl<'a> Replay<'a> {
    /// On this server, with nothing asked yet.
    pub fn new(server: &Server, mandatory: Mandatory, models: &'a Models) -> Replay<'a> {
        Replay {
            client: server.client(),
            mandatory,
            models,
            bindings: Bindings::default(),
            suspended: None,
            last_task: String::new(),
            last_instance: String::new(),
            counts: BTreeMap::new(),
            failures: Vec::new(),
        }
    }

    /// Asks one case and counts it.
    pub fn ask(&mut self, case: &Case) {
        let rule = Rule::of(case, &self.mandatory);
        *self.counts.entry(rule).or_default() += 1;
        let outcome = if condition(case).is_some() {
            self.ask_values(case)
        } else {
            self.ask_once(case, rule)
        };
        if let Err(why) = outcome {
            let rule = rule.map_or_else(|| "reproduced".to_owned(), |rule| format!("{rule:?}"));
            self.failures
                .push(format!("{} [{rule}]\n  {why}", case.title()));
        }
    }

    /// Decision 8, at the end of the replay: what waited for its time goes on when the time comes.
    pub fn let_time_pass(&mut self) -> Result<(), String> {
        let waiting = self.bindings.fill("<processId:28>")?;
        self.client.native("POST", "/clock/settle", None);
        self.client
            .native("PUT", "/clock", Some(&json!({"by": "PT4S"})));
        let answer = self
            .client
            .native("GET", &format!("/instances/{waiting}"), None);
        if answer["state"] == "completed" {
            Ok(())
        } else {
            Err(format!("the timer did not fire: {answer}"))
        }
    }

    fn ask_once(&mut self, case: &Case, rule: Option<Rule>) -> Result<(), String> {
        self.prepare(case)?;
        let mut asked = self.filled(&case.request)?;
        let twin = self.twin(case, rule, &mut asked)?;
        let suffix = if rule == Some(Rule::UploadTypes) {
            "twin"
        } else {
            ""
        };
        let request = self.request(&asked, suffix);
        let before = self.instance_state(case, rule, &asked);
        let answer = self
            .client
            .try_send(&request)
            .map_err(|error| format!("no answer: {error}"))?;
        let checked = match rule {
            None => ours::recorded(case, &answer, &mut self.bindings),
            Some(rule) => ours::check(rule, case, &answer, &mut self.bindings),
        };
        let undone = self.take_back(case, rule, &asked, &answer, before);
        if let Some(instance) = twin {
            self.delete(&instance);
        }
        self.remember(case, &asked, &answer);
        let shown = || format!("answered {} {:.1500}", answer.status, answer.text());
        checked
            .and(undone)
            .map_err(|why| format!("{why}\n  {}", shown()))
    }

    /// The states that the recorder set through the engine are set through the native API.
    fn prepare(&mut self, case: &Case) -> Result<(), String> {
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
    fn bind_unknown(&mut self, recorded: &str) -> Result<(), String> {
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

    fn filled(&mut self, asked: &Asked) -> Result<Asked, String> {
        let mut copy = Asked {
            method: asked.method.clone(),
            path: asked.path.clone(),
            query: asked.query.clone(),
            content_type: asked.content_type.clone(),
            body: asked.body.clone(),
            raw_body: asked.raw_body.clone(),
            multipart: asked.multipart.clone(),
            headers: asked.headers.clone(),
            form: asked.form.clone(),
        };
        for value in copy.query.values_mut() {
            if let Value::String(text) = value {
                self.bind_unknown(text)?;
                *text = self.bindings.fill(text)?;
            }
        }
        if let Some(Value::Object(body)) = &mut copy.body {
            for value in body.values_mut() {
                if value == "<ts>" {
                    *value = Value::from(self.bindings.fill("<ts>")?);
                }
            }
        }
        Ok(copy)
    }

    /// A case that would end or complete what the following cases still need is asked of a twin of its task.
    fn twin(
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

    fn instance_state(&mut self, case: &Case, rule: Option<Rule>, asked: &Asked) -> Option<String> {
        let id = case.parameter("processId").unwrap_or_default();
        if rule != Some(Rule::Suspension) || !id.starts_with("<processId") {
            return None;
        }
        let id = asked.query.get("processId").map(text)?;
        Some(self.state_of(&id))
    }

    /// Checks the effect that the original had not, and takes it back.
    fn take_back(
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
                // The cases that follow wait at the receive task before the element.
                let model = models::process(
                    "recv",
                    "<startEvent id=\"s\"/><sequenceFlow id=\"f0\" sourceRef=\"s\" targetRef=\"r\"/>\
                     <receiveTask id=\"r\" name=\"等待\"/>\
                     <sequenceFlow id=\"f1\" sourceRef=\"r\" targetRef=\"e\"/><endEvent id=\"e\"/>",
                );
                self.client.deploy("recv.bpmn", &model);
            }
            _ => {}
        }
        Ok(())
    }

    fn remember(&mut self, case: &Case, asked: &Asked, answer: &Answer) {
        if let Some(task) = asked.query.get("taskId") {
            self.last_task = text(task);
        }
        let starts = case.is("/createPro") || case.is("/createPro4bus");
        if starts
            && let Ok(body) = serde_json::from_slice::<Value>(&answer.body)
            && let Some(id) = body["data"].as_str()
        {
            self.last_instance = id.to_owned();
        }
    }

    /// One condition with every value; a decimal counts as equal by its value.
    fn ask_values(&mut self, case: &Case) -> Result<(), String> {
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

    fn ask_value(&mut self, key: &str, value: &str) -> Result<String, String> {
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

    fn open_task(&mut self, instance: &str) -> Value {
        let answer = self
            .client
            .get("/taskCtr/currentTask", &[("processId", instance)]);
        answer.json()["data"][0].clone()
    }

    fn request(&self, asked: &Asked, suffix: &str) -> Request {
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

    fn plain(&self, asked: &Asked) -> Request {
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

    fn task(&mut self, task: &str) -> Value {
        self.client.native("GET", &format!("/tasks/{task}"), None)
    }

    fn instance_of(&mut self, task: &str) -> String {
        text(&self.task(task)["instanceId"])
    }

    fn state_of(&mut self, instance: &str) -> String {
        let path = format!("/instances/{instance}");
        text(&self.client.native("GET", &path, None)["state"])
    }

    fn set_state(&mut self, instance: &str, state: &str) {
        let path = format!("/instances/{instance}/state");
        self.client
            .native("PUT", &path, Some(&json!({"state": state})));
    }

    /// An instance that has ended already stays.
    fn delete(&mut self, instance: &str) {
        let path = format!("/api/v1/instances/{instance}");
        self.client.send(&Request::new("DELETE", &path));
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
