//! The work on one command: the instance, the events so far, and what only this command sees.
//! It knows no host, so that expressions and scripts can hold it while the host runs them.
//!
//! Owns: emitting events, numbers, variables, and the small changes that they are made of.
//! Never: follows a flow; that is the agenda's.

use super::event::{Event, TaskChange};
use super::refusal::Refusal;
use super::state::{Core, Execution};
use super::{Instance, MAX_VARIABLES};
use crate::host::Definition;
use crate::model::{ElementIndex, Process};
use crate::rows::Rows;
use codec::Value;
use jiff::tz::TimeZone;
use std::sync::Arc;

pub(crate) struct Work<'a> {
    pub instance: &'a mut Instance,
    pub events: Vec<Event>,
    pub now_ms: i64,
    /// The zone in which dates become text.
    pub zone: TimeZone,
    /// Who is authenticated in this command.
    pub user: Option<String>,
    /// Transient variables, each on the execution of an instance.
    transient: Vec<(u32, String, Value)>,
    /// Definitions that this command has met.
    pub definitions: Vec<Arc<Definition>>,
    last_number: u32,
    /// The event whose listener is running.
    pub listening: Option<&'static str>,
    /// Bytes of the names and values that were set, roughly.
    value_bytes: usize,
    /// A scope would have had more than `MAX_VARIABLES`.
    crowded: bool,
}

impl<'a> Work<'a> {
    pub fn new(
        instance: &'a mut Instance,
        now_ms: i64,
        zone: TimeZone,
        user: Option<String>,
    ) -> Self {
        let last_number = instance.core.last_number;
        Work {
            instance,
            events: Vec::with_capacity(16),
            now_ms,
            zone,
            user,
            transient: Vec::new(),
            definitions: Vec::with_capacity(1),
            last_number,
            listening: None,
            value_bytes: 0,
            crowded: false,
        }
    }

    /// Whether a scope would have had too many variables.
    pub fn is_crowded(&self) -> bool {
        self.crowded
    }

    /// Bytes of the names and values that this command set, roughly: what its record will take.
    pub fn value_bytes(&self) -> usize {
        self.value_bytes
    }

    pub fn core(&self) -> &Core {
        &self.instance.core
    }

    pub fn rows(&self) -> &Rows {
        &self.instance.rows
    }

    /// Applies and records an event.
    pub fn emit(&mut self, event: Event) {
        self.instance.apply(&event);
        self.events.push(event);
    }

    /// A number that nothing has yet.
    pub fn next_number(&mut self) -> u32 {
        self.last_number += 1;
        self.last_number
    }

    // Executions.

    pub fn execution(&self, number: u32) -> Option<Execution> {
        self.core().execution(number).copied()
    }

    pub fn is_alive(&self, number: u32) -> bool {
        self.core().execution(number).is_some()
    }

    /// The definition of an instance; `Run::definition` must have met it.
    pub fn known_definition(&self, instance: u32) -> Option<&Arc<Definition>> {
        let id = self.rows().instance(instance)?.definition;
        self.definitions.iter().find(|known| known.id == id)
    }

    pub fn known_process(&self, instance: u32) -> Option<Arc<Process>> {
        self.known_definition(instance)
            .map(|definition| Arc::clone(&definition.process))
    }

    pub fn create_child(&mut self, parent: u32, at: ElementIndex, scope: bool) -> u32 {
        let execution = self.next_number();
        self.emit(Event::ExecutionCreated {
            execution,
            parent,
            at,
            scope,
        });
        execution
    }

    pub fn move_to(&mut self, execution: u32, at: ElementIndex) {
        if self.execution(execution).is_some_and(|e| e.at != Some(at)) {
            self.emit(Event::ExecutionMoved { execution, at });
        }
    }

    /// Sets or clears one flag.
    pub fn flag(&mut self, execution: u32, flag: u8, on: bool) {
        let Some(before) = self.execution(execution).map(|e| e.flags) else {
            return;
        };
        let flags = if on { before | flag } else { before & !flag };
        if flags != before {
            self.emit(Event::ExecutionFlagged { execution, flags });
        }
    }

    /// The nearest ancestor that is a scope.
    pub fn parent_scope(&self, execution: u32) -> Option<u32> {
        let mut current = self.execution(execution)?.parent;
        while let Some(number) = current {
            let execution = self.execution(number)?;
            if execution.is_scope() {
                return Some(number);
            }
            current = execution.parent;
        }
        None
    }

    /// Whether an instance is suspended: what begins in it then is suspended too.
    pub fn is_suspended(&self, instance: u32) -> bool {
        let row = self.rows().instance(instance);
        row.is_some_and(|row| row.suspended)
    }

    // Activities.

    pub fn start_activity(&mut self, execution: u32) {
        let Some(element) = self.execution(execution).and_then(|e| e.at) else {
            return;
        };
        let activity = self.next_number();
        self.emit(Event::ActivityStarted {
            activity,
            execution,
            element,
            at_ms: self.now_ms,
        });
    }

    /// Ends the activity where an execution stands, if one is open there.
    pub fn end_activity(&mut self, execution: u32, reason: Option<&str>) {
        let open = self
            .execution(execution)
            .and_then(|e| self.core().open_activity(execution, e.at?))
            .map(|a| a.number);
        if let Some(activity) = open {
            self.emit(Event::ActivityEnded {
                activity,
                at_ms: self.now_ms,
                reason: reason.map(str::to_owned),
            });
        }
    }

    // Variables. A scope is an execution, or a task whose parent is its execution.

    fn parent_of_scope(&self, scope: u32) -> Option<u32> {
        match self.core().execution(scope) {
            Some(execution) => execution.parent,
            None => self.rows().task(scope).map(|task| task.execution),
        }
    }

    /// The variable as seen from a scope: inner ones first, transient ones before persistent ones.
    pub fn variable(&self, scope: u32, name: &str) -> Option<&Value> {
        let mut current = Some(scope);
        while let Some(number) = current {
            if let Some(value) = self.own_variable(number, name) {
                return Some(value);
            }
            current = self.parent_of_scope(number);
        }
        None
    }

    /// The variable of exactly this scope.
    pub fn own_variable(&self, scope: u32, name: &str) -> Option<&Value> {
        let transient = self
            .transient
            .iter()
            .find(|(of, known, _)| *of == scope && known == name)
            .map(|(_, _, value)| value);
        transient.or_else(|| self.core().variable(scope, name))
    }

    /// Everything that is visible from a scope, sorted by name.
    pub fn visible_variables(&self, scope: u32) -> Vec<(String, Value)> {
        let mut visible: std::collections::BTreeMap<&str, &Value> = Default::default();
        let mut current = Some(scope);
        while let Some(number) = current {
            for (_, name, value) in self.transient.iter().filter(|(of, _, _)| *of == number) {
                visible.entry(name).or_insert(value);
            }
            for variable in self.core().variables_of(number) {
                visible.entry(&variable.name).or_insert(&variable.value);
            }
            current = self.parent_of_scope(number);
        }
        visible
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect()
    }

    /// Sets a variable in the nearest scope that has it, else as high as possible.
    pub fn set_variable(&mut self, scope: u32, name: impl AsRef<str> + Into<String>, value: Value) {
        let mut number = scope;
        loop {
            let here = self.own_variable(number, name.as_ref()).is_some();
            match self.parent_of_scope(number) {
                Some(parent) if !here => number = parent,
                Some(_) | None => break,
            }
        }
        self.set_own_variable(number, name, value);
    }

    pub fn set_own_variable(
        &mut self,
        scope: u32,
        name: impl AsRef<str> + Into<String>,
        value: Value,
    ) {
        let known = self.core().variable(scope, name.as_ref());
        if known == Some(&value) {
            return;
        }
        if known.is_none() && self.core().variables_of(scope).len() >= MAX_VARIABLES {
            // The command is refused at its next step; till then nothing is searched among ever more.
            self.crowded = true;
            return;
        }
        let bytes = size(&value).saturating_add(name.as_ref().len());
        self.value_bytes = self.value_bytes.saturating_add(bytes);
        self.emit(Event::VariableSet {
            scope,
            name: name.into(),
            value,
        });
    }

    pub fn set_variables(&mut self, scope: u32, variables: Vec<(String, Value)>) {
        for (name, value) in variables {
            self.set_variable(scope, name, value);
        }
    }

    /// Removes a variable from the nearest scope that has it.
    pub fn remove_variable(&mut self, scope: u32, name: &str) {
        let mut current = Some(scope);
        while let Some(number) = current {
            if self.core().variable(number, name).is_some() {
                self.remove_own_variable(number, name);
                return;
            }
            current = self.parent_of_scope(number);
        }
    }

    pub fn remove_own_variable(&mut self, scope: u32, name: &str) {
        self.transient
            .retain(|(of, known, _)| *of != scope || known != name);
        if self.core().variable(scope, name).is_some() {
            self.emit(Event::VariableRemoved {
                scope,
                name: name.to_owned(),
            });
        }
    }

    /// Transient variables stand at the top of the scope's instance, for this command only.
    pub fn set_transient(&mut self, scope: u32, variables: Vec<(String, Value)>) {
        let instance = match self.core().execution(scope) {
            Some(execution) => Some(execution.instance),
            None => self.rows().task(scope).map(|task| task.instance),
        };
        let Some(instance) = instance else { return };
        for (name, value) in variables {
            self.transient
                .retain(|(of, known, _)| *of != instance || *known != name);
            if self.transient.len() >= MAX_VARIABLES {
                self.crowded = true;
                return;
            }
            self.transient.push((instance, name, value));
        }
    }

    // Tasks.

    pub fn change_task(&mut self, task: u32, change: TaskChange) {
        self.emit(Event::TaskChanged { task, change });
    }

    /// An internal inconsistency of model and state, said as a refusal instead of a panic.
    pub fn lost(&self, execution: u32) -> Refusal {
        Refusal::InvalidValue(format!("execution {execution} stands nowhere"))
    }
}

/// Bytes of a value, roughly.
fn size(value: &Value) -> usize {
    const SCALAR: usize = 9;
    match value {
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Double(_) | Value::Date(_) => SCALAR,
        Value::BigInt(text) | Value::String(text) => SCALAR + text.len(),
        Value::Bytes(bytes) => SCALAR + bytes.len(),
        Value::List(items) => SCALAR + items.iter().map(size).sum::<usize>(),
        Value::Map(entries) => {
            let entries = entries.iter();
            SCALAR
                + entries
                    .map(|(key, value)| key.len() + size(value))
                    .sum::<usize>()
        }
    }
}
