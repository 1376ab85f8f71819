//! Reading an instance: variables, open activities, forms.
//! Never: changes anything.

use super::scope::ExecutionScope;
use super::work::Work;
use super::{Instance, Refusal};
use crate::form;
use crate::host::Definition;
use crate::model::{ElementIndex, FormProperty, Kind};
use codec::Value;
use jiff::tz::TimeZone;
use std::{collections::BTreeMap, sync::Arc};

/// An activity that runs or waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActiveActivity {
    /// Its number.
    pub number: u32,
    /// Its instance.
    pub instance: u32,
    /// Its execution.
    pub execution: u32,
    /// The element where it stands.
    pub element: ElementIndex,
}

impl Instance {
    /// The variables of an instance, in order of creation. Empty once it has ended: then history has the last values.
    pub fn instance_variables(&self, instance: u32) -> Vec<(String, Value)> {
        let own = self.core.variables_of(instance).iter();
        own.map(|v| (v.name.clone(), v.value.clone())).collect()
    }

    /// One variable of an instance.
    pub fn instance_variable(&self, instance: u32, name: &str) -> Option<&Value> {
        self.core.variable(instance, name)
    }

    /// Everything that is visible from a task, sorted by name; inner scopes win.
    pub fn task_variables(&self, task: u32) -> Vec<(String, Value)> {
        let mut visible: BTreeMap<&str, &Value> = BTreeMap::new();
        let mut current = self.rows.task(task).map(|_| task);
        while let Some(scope) = current {
            for variable in self.core.variables_of(scope) {
                visible.entry(&variable.name).or_insert(&variable.value);
            }
            current = match self.core.execution(scope) {
                Some(execution) => execution.parent,
                None => self.rows.task(scope).map(|row| row.execution),
            };
        }
        visible
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect()
    }

    /// The variables of a task itself.
    pub fn task_local_variables(&self, task: u32) -> Vec<(String, Value)> {
        self.instance_variables(task)
    }

    /// Open activities of all instances in order of their start; containers are among them.
    pub fn active_activities(&self) -> Vec<ActiveActivity> {
        self.core
            .activities
            .iter()
            .filter_map(|activity| {
                Some(ActiveActivity {
                    number: activity.number,
                    instance: self.core.execution(activity.execution)?.instance,
                    execution: activity.execution,
                    element: activity.element,
                })
            })
            .collect()
    }

    /// Elements where executions of an instance stand.
    pub fn positions(&self, instance: u32) -> Vec<ElementIndex> {
        let executions = self.core.executions.iter();
        executions
            .filter(|e| e.instance == instance)
            .filter_map(|e| e.at)
            .collect()
    }
}

/// A task's form as people see it.
#[derive(Clone, Debug)]
pub struct TaskForm {
    /// The key of a form outside.
    pub form_key: Option<String>,
    /// Its readable properties with their values.
    pub properties: Vec<(FormProperty, Option<String>)>,
}

impl Instance {
    /// A task's form. Its expressions see what the task's execution sees; what they change is dropped.
    pub fn task_form(
        &self,
        task: u32,
        definition: &Arc<Definition>,
        now_ms: i64,
        zone: &TimeZone,
    ) -> Result<TaskForm, Refusal> {
        let row = self.rows.task(task).ok_or(Refusal::TaskNotFound(task))?;
        let mut copy = self.clone();
        let mut work = Work::new(&mut copy, now_ms, zone.clone(), None);
        work.definitions.push(Arc::clone(definition));
        let mut scope = ExecutionScope {
            work: &mut work,
            execution: row.execution,
            task: None,
        };
        let element = definition.process.elements.get(row.element.0 as usize);
        let Some(Kind::UserTask(user_task)) = element.map(|element| &element.kind) else {
            return Err(Refusal::TaskNotFound(task));
        };
        let shown = form::read(&user_task.form_properties, &mut scope, zone)
            .map_err(|error| Refusal::FormInvalid(error.to_string()))?;
        let form_key = match &user_task.form_key {
            Some(key) => key.evaluate_text(&mut scope)?,
            None => None,
        };
        Ok(TaskForm {
            form_key,
            properties: shown
                .into_iter()
                .map(|shown| (shown.property.clone(), shown.value))
                .collect(),
        })
    }
}
