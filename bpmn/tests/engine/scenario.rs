//! One conformance scenario: its steps, bindings and the resolution of names.
//! Never: an action (see `actions`) or an expectation (see `expect`).

use super::expect;
use super::world::World;
use bpmn::instance::Variables;
use bpmn::rows::{IdentityLink, InstanceRow, TaskRow};
use codec::{RootId, Value};
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
    pub names: BTreeMap<String, Bound>,
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

    pub fn deploy(&mut self, files: &Json, fails: bool, name: Option<&str>) -> Outcome {
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
}

/// Whether an instance called another, directly or not.
fn calls(rows: &[InstanceRow], caller: u32, called: u32) -> bool {
    let row = rows.iter().find(|row| row.number == called);
    match row.and_then(|row| row.super_instance) {
        Some(parent) => parent == caller || calls(rows, caller, parent),
        None => false,
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
