//! One conformance scenario: actions, bindings and the resolution of names.
//! Never: an expectation (see `expect`).

use super::expect;
use super::world::{Timer, World};
use bpmn::instance::{Command, Refusal, Start, VariableTarget, Variables};
use bpmn::rows::{Identity, IdentityLink, InstanceRow, TaskRow};
use bpmn::schedule;
use codec::{RootId, Tenant, Value};
use serde_json::Value as Json;
use std::{collections::BTreeMap, path::Path};

/// What a scenario's name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    Inside(RootId, u32),
    Deployment(u32),
}

pub struct Run<'a> {
    pub world: World,
    models: &'a Path,
    names: BTreeMap<String, Bound>,
}

pub type Outcome = Result<(), String>;

/// A text field, none when it is null or missing.
pub fn text<'a>(json: &'a Json, field: &str) -> Option<&'a str> {
    json.get(field).and_then(Json::as_str)
}

pub fn variables(json: &Json, field: &str) -> Variables {
    let entries = json.get(field).and_then(Json::as_object).cloned();
    let entries = entries.unwrap_or_default().into_iter();
    entries
        .map(|(name, value)| (name, codec::json::from_json(value).expect("typed value")))
        .collect()
}

impl<'a> Run<'a> {
    pub fn new(models: &'a Path, restarts: bool) -> Self {
        Run {
            world: World::new(restarts),
            models,
            names: BTreeMap::new(),
        }
    }

    pub fn scenario(&mut self, scenario: &Json) -> Outcome {
        if let Some(files) = scenario
            .get("deploy")
            .filter(|f| f != &&Json::Array(vec![]))
        {
            let fails = scenario.get("deployFails") == Some(&Json::Bool(true));
            self.deploy(files, fails, Some("main"))?;
        }
        let steps = scenario["steps"].as_array().cloned().unwrap_or_default();
        for (index, step) in steps.iter().enumerate() {
            self.step(step)
                .map_err(|why| format!("step {} {step}: {why}", index + 1))?;
        }
        Ok(())
    }

    fn step(&mut self, step: &Json) -> Outcome {
        if step.get("do").is_some() {
            self.act(step)
        } else if step.get("bind").is_some() {
            self.bind(step)
        } else {
            expect::expect(self, step)
        }
    }

    fn deploy(&mut self, files: &Json, fails: bool, name: Option<&str>) -> Outcome {
        let mut contents = Vec::new();
        for file in files.as_array().into_iter().flatten() {
            let path = self.models.join(file.as_str().unwrap_or_default());
            contents.push(std::fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?);
        }
        match (self.world.deploy(&contents), fails) {
            (Ok(deployment), false) => {
                let bound = Bound::Deployment(deployment);
                self.names.extend(name.map(|name| (name.to_owned(), bound)));
                Ok(())
            }
            (Ok(_), true) => Err("deploy was accepted, must be refused".to_owned()),
            (Err(_), true) => Ok(()),
            (Err(why), false) => Err(format!("deploy was refused: {why}")),
        }
    }

    // Names.

    pub fn inside(&self, name: &str) -> Result<(RootId, u32), String> {
        match self.names.get(name) {
            Some(Bound::Inside(root, number)) => Ok((*root, *number)),
            Some(Bound::Deployment(_)) | None => Err(format!("'{name}' is not bound")),
        }
    }

    pub fn instance(&self, step: &Json) -> Result<(RootId, u32), String> {
        self.inside(text(step, "instance").unwrap_or_default())
    }

    /// Open tasks that a selector means, oldest first.
    pub fn tasks(&self, selector: &Json) -> Result<Vec<(RootId, TaskRow)>, String> {
        let within = match text(selector, "instance") {
            Some(name) => Some(self.inside(name)?),
            None => None,
        };
        let children = selector.get("includeChildren") == Some(&Json::Bool(true));
        let mut found = Vec::new();
        for entity in &self.world.entities {
            let root = entity.instance.root();
            let rows = entity.instance.rows_ref();
            for task in &rows.tasks {
                let placed = within.is_none_or(|(of, number)| {
                    root == of
                        && (task.instance == number
                            || children && calls(&rows.instances, number, task.instance))
                });
                if placed && self.task_matches(task, selector) {
                    found.push((root, task.clone()));
                }
            }
        }
        Ok(found)
    }

    fn task_matches(&self, task: &TaskRow, selector: &Json) -> bool {
        let definition = bpmn::Host::definition(&self.world.outside, task.definition);
        let Some(definition) = definition else {
            return false;
        };
        let is = |field: &str, actual: Option<&str>| match text(selector, field) {
            Some(wanted) => actual == Some(wanted),
            None => true,
        };
        let candidate = |field: &str, link: fn(String) -> IdentityLink| match text(selector, field)
        {
            Some(id) => task.assignee.is_none() && task.links.contains(&link(id.to_owned())),
            None => true,
        };
        let unassigned = selector.get("unassigned") == Some(&Json::Bool(true));
        is("name", task.name.as_deref())
            && is(
                "definitionKey",
                Some(&definition.process.element(task.element).id),
            )
            && is("assignee", task.assignee.as_deref())
            && is("owner", task.owner.as_deref())
            && is("key", Some(&definition.process.key))
            && candidate("candidateUser", IdentityLink::candidate_user)
            && candidate("candidateGroup", IdentityLink::candidate_group)
            && (!unassigned || task.assignee.is_none())
    }

    pub fn one_task(&self, selector: &Json) -> Result<(RootId, u32), String> {
        if let Some(name) = selector.as_str() {
            return self.inside(name);
        }
        let found = self.tasks(selector)?;
        let any = selector.get("any") == Some(&Json::Bool(true));
        match found.as_slice() {
            [(root, task)] => Ok((*root, task.number)),
            [(root, task), ..] if any => Ok((*root, task.number)),
            _ => Err(format!("task {selector}: {} found", found.len())),
        }
    }

    /// Instances that a selector means; without a state, those that run.
    pub fn instances(&self, selector: &Json) -> Result<Vec<(RootId, InstanceRow)>, String> {
        let bound = |field: &str| {
            text(selector, field)
                .map(|name| self.inside(name))
                .transpose()
        };
        let (super_instance, id) = (bound("super")?, bound("id")?);
        let mut found = Vec::new();
        for entity in &self.world.entities {
            let root = entity.instance.root();
            for row in &entity.instance.rows_ref().instances {
                let cancelled = row.ended.as_ref().is_some_and(|ended| ended.cancelled);
                let in_state = match text(selector, "state") {
                    None => row.is_open(),
                    Some("any") => true,
                    Some("active") => row.is_open() && !row.suspended,
                    Some("suspended") => row.is_open() && row.suspended,
                    Some("completed") => !row.is_open() && !cancelled,
                    Some(_) => cancelled,
                };
                let definition = bpmn::Host::definition(&self.world.outside, row.definition);
                let key = definition.map(|d| d.process.key.clone());
                let matches = in_state
                    && text(selector, "key").is_none_or(|wanted| key.as_deref() == Some(wanted))
                    && text(selector, "businessKey")
                        .is_none_or(|wanted| row.business_key.as_deref() == Some(wanted))
                    && super_instance.is_none_or(|(of, number)| {
                        of == root && row.super_instance == Some(number)
                    })
                    && id.is_none_or(|id| id == (root, row.number));
                if matches {
                    found.push((root, row.clone()));
                }
            }
        }
        Ok(found)
    }

    fn bind(&mut self, step: &Json) -> Outcome {
        let selector = &step["where"];
        let found: Vec<(RootId, u32)> = match text(step, "bind") {
            Some("task") => self
                .tasks(selector)?
                .into_iter()
                .map(|(root, task)| (root, task.number))
                .collect(),
            _ => self
                .instances(selector)?
                .into_iter()
                .map(|(root, row)| (root, row.number))
                .collect(),
        };
        let [(root, number)] = found.as_slice() else {
            return Err(format!("{} found", found.len()));
        };
        let name = text(step, "as").unwrap_or_default().to_owned();
        self.names.insert(name, Bound::Inside(*root, *number));
        Ok(())
    }

    // Actions.

    fn act(&mut self, step: &Json) -> Outcome {
        let fails = step.get("fails") == Some(&Json::Bool(true));
        let kind = text(step, "do").unwrap_or_default();
        match kind {
            "deploy" => return self.deploy(&step["files"], fails, text(step, "as")),
            "undeploy" => {
                let name = text(step, "deployment").unwrap_or_default();
                let Some(Bound::Deployment(deployment)) = self.names.get(name).copied() else {
                    return Err(format!("'{name}' is no deployment"));
                };
                let cascade = step.get("cascade") == Some(&Json::Bool(true));
                return judge(self.world.undeploy(deployment, cascade), fails);
            }
            "completeAll" => return self.complete_all(step),
            "advance" => return self.advance(step),
            "fire" => return self.fire(step, fails),
            _ => {}
        }
        let outcome = self.refusable(kind, step)?;
        judge(
            outcome.map_err(|refusal| format!("{}: {refusal}", refusal.code())),
            fails,
        )
    }

    fn refusable(&mut self, kind: &str, step: &Json) -> Result<Result<(), Refusal>, String> {
        if kind == "start" {
            return Ok(self.start(step));
        }
        if matches!(kind, "suspend" | "activate") && step.get("key").is_some() {
            self.world
                .suspend_definition(text(step, "key").unwrap_or_default(), kind == "suspend");
            return Ok(Ok(()));
        }
        // Nobody listens: neither messages nor signals are part of what runs here.
        if matches!(kind, "message" | "signal") {
            return Ok(Err(Refusal::NotWaiting(kind.to_owned())));
        }
        let (root, command) = self.command(kind, step)?;
        Ok(self.world.command(root, command))
    }

    fn start(&mut self, step: &Json) -> Result<(), Refusal> {
        let key = text(step, "key").unwrap_or_default();
        let definition = bpmn::Host::latest_definition(&self.world.outside, Tenant(0), key)
            .ok_or_else(|| Refusal::UnknownDefinition(key.to_owned()))?;
        let mut start = Start::new(definition);
        start.variables = variables(step, "variables");
        start.transient = variables(step, "transientVariables");
        start.business_key = text(step, "businessKey").map(str::to_owned);
        start.start_user = text(step, "user").map(str::to_owned);
        let root = self.world.start(start)?;
        if let Some(name) = text(step, "as") {
            self.names.insert(name.to_owned(), Bound::Inside(root, 0));
        }
        Ok(())
    }

    fn command(&self, kind: &str, step: &Json) -> Result<(RootId, Command), String> {
        let user = text(step, "user").map(str::to_owned);
        if let Some(selector) = step.get("task") {
            let (root, task) = self.one_task(selector)?;
            return Ok((root, self.task_command(kind, step, task, user)?));
        }
        let (root, instance) = self.instance(step)?;
        let command = match kind {
            "trigger" => Command::Trigger {
                instance,
                activity: text(step, "activity").unwrap_or_default().to_owned(),
                variables: variables(step, "variables"),
                transient: variables(step, "transientVariables"),
            },
            "suspend" => Command::Suspend {
                instance,
                include_called: false,
            },
            "activate" => Command::Activate {
                instance,
                include_called: false,
            },
            "delete" => Command::Delete {
                instance,
                reason: text(step, "reason").map(str::to_owned),
            },
            "setVariables" | "removeVariables" => {
                set_variables(step, VariableTarget::Instance(instance))
            }
            other => return Err(format!("unknown action {other}")),
        };
        Ok((root, command))
    }

    fn task_command(
        &self,
        kind: &str,
        step: &Json,
        task: u32,
        user: Option<String>,
    ) -> Result<Command, String> {
        Ok(match kind {
            "complete" => Command::CompleteTask {
                task,
                user,
                variables: variables(step, "variables"),
                transient: variables(step, "transientVariables"),
                local: Vec::new(),
            },
            "claim" | "unclaim" => Command::ClaimTask { task, user },
            "assign" => Command::AssignTask { task, user },
            "delegate" => Command::DelegateTask {
                task,
                user: user.unwrap_or_default(),
            },
            "resolve" => Command::ResolveTask {
                task,
                variables: variables(step, "variables"),
                transient: variables(step, "transientVariables"),
            },
            "addCandidate" => {
                let who = match user {
                    Some(user) => Identity::User(user),
                    None => Identity::Group(text(step, "group").unwrap_or_default().to_owned()),
                };
                let link_type = IdentityLink::CANDIDATE.to_owned();
                Command::AddLink {
                    task,
                    link: IdentityLink { link_type, who },
                }
            }
            "setVariables" | "removeVariables" => set_variables(step, VariableTarget::Task(task)),
            other => return Err(format!("unknown action {other}")),
        })
    }

    fn complete_all(&mut self, step: &Json) -> Outcome {
        let selector = serde_json::json!({ "instance": step["instance"] });
        for _ in 0..200 {
            let Some((root, task)) = self.tasks(&selector)?.into_iter().next() else {
                return Ok(());
            };
            let command = Command::CompleteTask {
                task: task.number,
                user: None,
                variables: Vec::new(),
                transient: Vec::new(),
                local: Vec::new(),
            };
            self.world
                .command(root, command)
                .map_err(|refusal| refusal.to_string())?;
        }
        Err("still tasks after 200 completions".to_owned())
    }

    fn advance(&mut self, step: &Json) -> Outcome {
        let outside = &self.world.outside;
        let to_ms = match (text(step, "by"), text(step, "to")) {
            (Some(by), _) => {
                schedule::duration(by, outside.now_ms, &outside.zone).map_err(|e| e.to_string())?
            }
            (None, Some(to)) => codec::instant::parse(to, &outside.zone).ok_or("not an instant")?,
            (None, None) => return Err("neither by nor to".to_owned()),
        };
        self.world.advance(to_ms)
    }

    fn fire(&mut self, step: &Json, fails: bool) -> Outcome {
        let matching: Vec<Timer> = self.timer_views(step)?;
        for timer in matching {
            match self.world.fire(&timer) {
                Err(Refusal::TimerNotFound(_) | Refusal::InstanceEnded) => {}
                other => judge(other.map_err(|refusal| refusal.to_string()), fails)?,
            }
        }
        Ok(())
    }

    fn timer_views(&self, step: &Json) -> Result<Vec<Timer>, String> {
        let views = expect::timers(self, step)?;
        Ok(views.into_iter().map(|view| view.timer).collect())
    }
}

/// Whether an instance called another, directly or not.
fn calls(rows: &[InstanceRow], caller: u32, called: u32) -> bool {
    let row = rows.iter().find(|row| row.number == called);
    match row.and_then(|row| row.super_instance) {
        Some(parent) => parent == caller || calls(rows, caller, parent),
        None => false,
    }
}

fn set_variables(step: &Json, target: VariableTarget) -> Command {
    let names = step.get("names").and_then(Json::as_array).cloned();
    let remove = names.unwrap_or_default();
    Command::SetVariables {
        target,
        local: step.get("local") == Some(&Json::Bool(true)),
        set: variables(step, "variables"),
        remove: remove
            .iter()
            .filter_map(Json::as_str)
            .map(str::to_owned)
            .collect(),
    }
}

fn judge(outcome: Outcome, fails: bool) -> Outcome {
    match (outcome, fails) {
        (Ok(()), false) | (Err(_), true) => Ok(()),
        (Ok(()), true) => Err("was accepted, must be refused".to_owned()),
        (Err(why), false) => Err(format!("was refused: {why}")),
    }
}

/// JSON equality; numbers by value, instants by the second.
pub fn same(a: &Value, b: &Value) -> bool {
    let number = |value: &Value| match value {
        Value::Int(number) => Some(*number as f64),
        Value::Double(number) => Some(*number),
        Value::BigInt(digits) => digits.parse().ok(),
        _ => None,
    };
    let instant = |value: &Value| match value {
        Value::Date(ms) => Some(*ms),
        Value::String(text) if text.as_bytes().get(10) == Some(&b'T') => {
            codec::instant::parse(text, &jiff::tz::TimeZone::UTC)
        }
        _ => None,
    };
    if let (Some(a), Some(b)) = (number(a), number(b)) {
        return (a - b).abs() < 1e-9;
    }
    if let (Some(a), Some(b)) = (instant(a), instant(b)) {
        return (a - b).abs() < 1000;
    }
    match (a, b) {
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len()
                && a.iter().all(|(name, value)| {
                    b.iter()
                        .any(|(other, wanted)| name == other && same(value, wanted))
                })
        }
        _ => a == b,
    }
}
