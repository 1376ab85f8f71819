//! The state of a root instance: executions, variables, open activities, and the rows.
//!
//! ```text
//!  instance 0 ── execution 0 (the process itself: scope)
//!                 ├─ execution 1  at userTask          ── task, timers, incidents hang on an execution
//!                 └─ execution 4  at callActivity
//!                      └── instance 7 ── execution 7 (super_execution 4) ── …
//! ```
//!
//! Owns: looking things up; every list is a vector sorted by number.
//! Never: changes itself except through `apply`.

use crate::model::ElementIndex;
use crate::rows::{InstanceRow, Rows, TaskRow, TimerRow, WorkRow};
use codec::Value;
use serde::{Deserialize, Serialize};

/// What replay and waking restore beside the rows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Core {
    /// The number that was given last.
    pub last_number: u32,
    /// Executions by number.
    pub executions: Vec<Execution>,
    /// Variables by scope, then in order of creation.
    pub variables: Vec<Variable>,
    /// Activities that run, by number.
    pub activities: Vec<OpenActivity>,
}

/// A position in the graph and a place for variables (Activiti's execution).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Execution {
    pub number: u32,
    /// None for the execution of an instance itself.
    pub parent: Option<u32>,
    pub instance: u32,
    /// None for the execution of an instance itself.
    pub at: Option<ElementIndex>,
    pub flags: u8,
}

/// A variable of an execution or a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Variable {
    pub scope: u32,
    pub name: String,
    pub value: Value,
}

/// An activity that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OpenActivity {
    pub number: u32,
    pub execution: u32,
    pub element: ElementIndex,
}

impl Execution {
    /// It owns variables and boundary events, and ends as a whole.
    pub const SCOPE: u8 = 1;
    /// It moves; a join or a multi-instance body makes it wait.
    pub const ACTIVE: u8 = 2;
    /// It holds the instances of a multi-instance activity.
    pub const MULTI_INSTANCE_ROOT: u8 = 4;

    pub fn is_scope(&self) -> bool {
        self.flags & Self::SCOPE != 0
    }

    pub fn is_active(&self) -> bool {
        self.flags & Self::ACTIVE != 0
    }

    pub fn is_multi_instance_root(&self) -> bool {
        self.flags & Self::MULTI_INSTANCE_ROOT != 0
    }

    /// Whether it is the execution of an instance itself.
    pub fn is_instance(&self) -> bool {
        self.parent.is_none()
    }
}

impl Core {
    pub fn execution(&self, number: u32) -> Option<&Execution> {
        let index = self.executions.binary_search_by_key(&number, |e| e.number);
        index.ok().map(|index| &self.executions[index])
    }

    pub fn execution_mut(&mut self, number: u32) -> Option<&mut Execution> {
        let index = self.executions.binary_search_by_key(&number, |e| e.number);
        index.ok().map(|index| &mut self.executions[index])
    }

    /// Children of an execution, oldest first.
    pub fn children(&self, parent: u32) -> impl Iterator<Item = &Execution> {
        self.executions
            .iter()
            .filter(move |e| e.parent == Some(parent))
    }

    /// Where the variables of a scope lie.
    pub fn variable_range(&self, scope: u32) -> std::ops::Range<usize> {
        let start = self.variables.partition_point(|v| v.scope < scope);
        let end = self.variables.partition_point(|v| v.scope <= scope);
        start..end
    }

    pub fn variables_of(&self, scope: u32) -> &[Variable] {
        &self.variables[self.variable_range(scope)]
    }

    pub fn variable(&self, scope: u32, name: &str) -> Option<&Value> {
        self.variables_of(scope)
            .iter()
            .find(|v| v.name == name)
            .map(|v| &v.value)
    }

    /// The open instances that executions called. Found by their executions, which end with them: a loop of calls leaves
    /// very many ended ones among the rows.
    pub fn open_calls(&self, rows: &Rows) -> OpenCalls {
        let instances = self.executions.iter().filter(|e| e.is_instance());
        let rows = instances.filter_map(|e| rows.instance(e.number));
        let mut calls: Vec<(u32, u32)> = rows
            .filter(|row| row.is_open())
            .filter_map(|row| Some((row.super_execution?, row.number)))
            .collect();
        calls.sort_unstable();
        OpenCalls(calls)
    }

    /// The open activity of an execution at an element, or of the nearest ancestor that has one there.
    pub fn open_activity(&self, execution: u32, element: ElementIndex) -> Option<&OpenActivity> {
        let mut current = Some(execution);
        while let Some(number) = current {
            // The youngest first: it is asked for most, and a multi-instance may have very many.
            let mut open = self.activities.iter().rev();
            let found = open.find(|a| a.execution == number && a.element == element);
            if found.is_some() {
                return found;
            }
            current = self.execution(number).and_then(|e| e.parent);
        }
        None
    }
}

impl Rows {
    pub(crate) fn instance(&self, number: u32) -> Option<&InstanceRow> {
        let index = self.instances.binary_search_by_key(&number, |i| i.number);
        index.ok().map(|index| &self.instances[index])
    }

    pub(crate) fn instance_mut(&mut self, number: u32) -> Option<&mut InstanceRow> {
        let index = self.instances.binary_search_by_key(&number, |i| i.number);
        index.ok().map(|index| &mut self.instances[index])
    }

    pub(crate) fn task(&self, number: u32) -> Option<&TaskRow> {
        let index = self.tasks.binary_search_by_key(&number, |t| t.number);
        index.ok().map(|index| &self.tasks[index])
    }

    pub(crate) fn timer(&self, number: u32) -> Option<&TimerRow> {
        let index = self.timers.binary_search_by_key(&number, |t| t.number);
        index.ok().map(|index| &self.timers[index])
    }

    pub(crate) fn work(&self, number: u32) -> Option<&WorkRow> {
        let index = self.works.binary_search_by_key(&number, |w| w.number);
        index.ok().map(|index| &self.works[index])
    }
}

/// Executions that called, each with the open instance that it called, in order: looked up for many at once.
pub(crate) struct OpenCalls(Vec<(u32, u32)>);

impl OpenCalls {
    /// The open instance that an execution called.
    pub fn called_by(&self, execution: u32) -> Option<u32> {
        let index = self.0.binary_search_by_key(&execution, |call| call.0);
        index.ok().map(|index| self.0[index].1)
    }
}
