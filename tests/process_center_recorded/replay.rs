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
use crate::support::{Answer, Client, Server};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A replay under way.
pub struct Replay<'a> {
    pub(super) client: Client,
    pub(super) mandatory: Mandatory,
    pub(super) models: &'a Models,
    pub(super) bindings: Bindings,
    /// The instance that is suspended because the recorder had suspended one.
    pub(super) suspended: Option<String>,
    pub(super) last_task: String,
    pub(super) last_instance: String,
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
}

/// The text of a JSON string, else nothing.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
