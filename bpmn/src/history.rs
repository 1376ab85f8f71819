//! History: what the core does not need, written once and read when someone asks.
//!
//! ```text
//!  entity at rest = [ rows | core | chunk | chunk | … ]     resting appends the entries since waking as one chunk
//!  reading        = all chunks in order + the entries since waking
//! ```
//!
//! Owns: the entries and what they tell: activities, taken flows, finished tasks, last values of variables.
//! Never: read by a decision.

use crate::lifecycle::{self, Phase, Transition};
use crate::model::{ElementIndex, FlowIndex};
use crate::rows::TaskRow;
use codec::Value;
use serde::{Deserialize, Serialize};

/// One fact. The disk type and the core type are the same; variants are only added at the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Entry {
    /// An activity began.
    ActivityStarted {
        /// The activity.
        activity: u32,
        /// Its instance.
        instance: u32,
        /// Its execution.
        execution: u32,
        /// The execution's parent.
        parent_execution: Option<u32>,
        /// The element.
        element: ElementIndex,
        /// When, milliseconds since 1970.
        at_ms: i64,
    },
    /// An activity ended.
    ActivityEnded {
        /// The activity.
        activity: u32,
        /// When, milliseconds since 1970.
        at_ms: i64,
        /// Why, when it did not end by itself.
        reason: Option<String>,
    },
    /// An activity is a user task.
    ActivityTask {
        /// The activity.
        activity: u32,
        /// The task.
        task: u32,
        /// Its assignee.
        assignee: Option<String>,
    },
    /// An activity called an instance.
    ActivityCalled {
        /// The activity.
        activity: u32,
        /// The called instance.
        instance: u32,
    },
    /// A flow was taken.
    FlowTaken {
        /// The instance.
        instance: u32,
        /// The flow.
        flow: FlowIndex,
    },
    /// A task was completed or cancelled.
    TaskFinished(Box<FinishedTask>),
    /// A variable went with its execution or task; its last value.
    VariableGone {
        /// The instance.
        instance: u32,
        /// The execution or task that it belonged to.
        scope: u32,
        /// Whether it belonged to a task.
        of_task: bool,
        /// Its name.
        name: String,
        /// Its value.
        value: Value,
    },
}

/// A task that is no longer open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FinishedTask {
    /// The task as it was.
    pub task: TaskRow,
    /// When it ended, milliseconds since 1970.
    pub ended_ms: i64,
    /// Why, when it was not completed.
    pub delete_reason: Option<String>,
}

/// An activity as history shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct ActivityRow {
    /// Its number.
    pub number: u32,
    /// Its instance.
    pub instance: u32,
    /// Its execution.
    pub execution: u32,
    /// The execution's parent.
    pub parent_execution: Option<u32>,
    /// The element.
    pub element: ElementIndex,
    /// The task, for a user task.
    pub task: Option<u32>,
    /// The instance that it called.
    pub called_instance: Option<u32>,
    /// The task's last assignee.
    pub assignee: Option<String>,
    /// When it began, milliseconds since 1970.
    pub started_ms: i64,
    /// When it ended, milliseconds since 1970.
    pub ended_ms: Option<i64>,
    /// Why, when it did not end by itself.
    pub delete_reason: Option<String>,
    /// Where it is in its life.
    pub phase: Phase,
}

impl Entry {
    /// The instance that it tells of; none where it names an activity alone.
    pub fn instance(&self) -> Option<u32> {
        match self {
            Entry::ActivityStarted { instance, .. }
            | Entry::FlowTaken { instance, .. }
            | Entry::VariableGone { instance, .. } => Some(*instance),
            Entry::TaskFinished(finished) => Some(finished.task.instance),
            Entry::ActivityEnded { .. }
            | Entry::ActivityTask { .. }
            | Entry::ActivityCalled { .. } => None,
        }
    }
}

impl ActivityRow {
    /// How long it took, milliseconds.
    pub fn duration_ms(&self) -> Option<i64> {
        self.ended_ms.map(|ended| ended - self.started_ms)
    }
}

/// The activities of all instances in order of their start.
pub fn activities<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Vec<ActivityRow> {
    let mut rows: Vec<ActivityRow> = Vec::new();
    for entry in entries {
        match entry {
            Entry::ActivityStarted {
                activity,
                instance,
                execution,
                parent_execution,
                element,
                at_ms,
            } => {
                let Some(phase) = lifecycle::next(None, Transition::Start) else {
                    continue;
                };
                rows.push(ActivityRow {
                    number: *activity,
                    instance: *instance,
                    execution: *execution,
                    parent_execution: *parent_execution,
                    element: *element,
                    task: None,
                    called_instance: None,
                    assignee: None,
                    started_ms: *at_ms,
                    ended_ms: None,
                    delete_reason: None,
                    phase,
                });
            }
            Entry::ActivityEnded {
                activity,
                at_ms,
                reason,
            } => {
                if let Some(row) = find(&mut rows, *activity) {
                    end(row, *at_ms, reason.clone());
                }
            }
            Entry::ActivityTask {
                activity,
                task,
                assignee,
            } => {
                if let Some(row) = find(&mut rows, *activity) {
                    row.task = Some(*task);
                    row.assignee.clone_from(assignee);
                }
            }
            Entry::ActivityCalled { activity, instance } => {
                if let Some(row) = find(&mut rows, *activity) {
                    row.called_instance = Some(*instance);
                }
            }
            Entry::FlowTaken { .. } | Entry::TaskFinished(_) | Entry::VariableGone { .. } => {}
        }
    }
    rows
}

fn end(row: &mut ActivityRow, at_ms: i64, reason: Option<String>) {
    let transition = if reason.is_some() {
        Transition::Cancel
    } else {
        Transition::Complete
    };
    if let Some(phase) = lifecycle::next(Some(row.phase), transition) {
        row.phase = phase;
        row.ended_ms = Some(at_ms);
        row.delete_reason = reason;
    }
}

// Numbers grow with time, so rows are sorted by number.
fn find(rows: &mut [ActivityRow], number: u32) -> Option<&mut ActivityRow> {
    let index = rows.binary_search_by_key(&number, |row| row.number).ok()?;
    Some(&mut rows[index])
}

/// The flows that an instance took, each once, in order of the first time.
pub fn taken_flows<'a>(
    entries: impl IntoIterator<Item = &'a Entry>,
    instance: u32,
) -> Vec<FlowIndex> {
    let mut flows = Vec::new();
    for entry in entries {
        if let Entry::FlowTaken { instance: of, flow } = entry
            && *of == instance
            && !flows.contains(flow)
        {
            flows.push(*flow);
        }
    }
    flows
}

/// The tasks of an instance that are no longer open, in the order in which they ended.
pub fn finished_tasks<'a>(
    entries: impl IntoIterator<Item = &'a Entry>,
    instance: u32,
) -> Vec<&'a FinishedTask> {
    entries
        .into_iter()
        .filter_map(|entry| {
            let Entry::TaskFinished(finished) = entry else {
                return None;
            };
            (finished.task.instance == instance).then_some(&**finished)
        })
        .collect()
}

/// The last values of an instance's variables that are gone; those of tasks are left out.
/// Of one name in several scopes the instance's own counts, else the one that was created last.
pub fn last_values<'a>(
    entries: impl IntoIterator<Item = &'a Entry>,
    instance: u32,
) -> Vec<(String, Value)> {
    let values = last_values_seen(entries, instance).into_iter();
    values
        .map(|(name, value)| (name.to_owned(), value.clone()))
        .collect()
}

/// `last_values`, seen where they lie.
pub(crate) fn last_values_seen<'a>(
    entries: impl IntoIterator<Item = &'a Entry>,
    instance: u32,
) -> Vec<(&'a str, &'a Value)> {
    let mut values: Vec<(u32, &str, &Value)> = Vec::new();
    for entry in entries {
        let Entry::VariableGone {
            instance: of,
            scope,
            of_task: false,
            name,
            value,
        } = entry
        else {
            continue;
        };
        if *of != instance {
            continue;
        }
        match values.iter_mut().find(|(_, known, _)| known == name) {
            Some(known) if known.0 == instance || (*scope != instance && known.0 > *scope) => {}
            Some(known) => *known = (*scope, name, value),
            None => values.push((*scope, name, value)),
        }
    }
    values
        .into_iter()
        .map(|(_, name, value)| (name, value))
        .collect()
}
