//! What is kept of an instance after its root has ended: one value per instance, for the archive.
//! The disk type and the core type are the same here: a persisted struct never changes.
//! Never: an instance that still runs.

use crate::history::{self, Entry, FinishedTask};
use crate::model::FlowIndex;
use crate::rows::InstanceRow;
use codec::Value;
use serde::{Deserialize, Serialize};

/// An ended instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EndedInstance {
    /// The instance; `ended` is set.
    pub row: InstanceRow,
    /// Its activities in order of their start.
    pub activities: Vec<EndedActivity>,
    /// The flows that it took, each once.
    pub flows: Vec<FlowIndex>,
    /// The last values of its variables.
    pub variables: Vec<(String, Value)>,
    /// Its tasks in the order in which they ended.
    pub tasks: Vec<FinishedTask>,
}

/// An activity of an ended instance. Fields as in `history::ActivityRow`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EndedActivity {
    /// Its number.
    pub number: u32,
    /// Its execution.
    pub execution: u32,
    /// The execution's parent.
    pub parent_execution: Option<u32>,
    /// The element.
    pub element: crate::model::ElementIndex,
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
}

/// An instance that ended, seen where it lies: its bytes are those of an `EndedInstance` with the same content.
#[derive(Debug, Serialize)]
pub struct Ended<'a> {
    /// The instance; `ended` is set.
    pub row: &'a InstanceRow,
    /// Its activities in order of their start.
    pub activities: Vec<EndedActivity>,
    /// The flows that it took, each once.
    pub flows: Vec<FlowIndex>,
    /// The last values of its variables.
    pub variables: Vec<(&'a str, &'a Value)>,
    /// Its tasks in the order in which they ended.
    pub tasks: Vec<&'a FinishedTask>,
}

/// The root instance and all that it called, from its rows and its whole history (all chunks in order, then what is new
/// since waking: `Instance::history`). Empty while the root runs.
pub fn ended_instances<'a>(
    rows: &'a [InstanceRow],
    entries: impl IntoIterator<Item = &'a Entry>,
) -> Vec<Ended<'a>> {
    if rows.first().is_none_or(InstanceRow::is_open) {
        return Vec::new();
    }
    let entries: Vec<&Entry> = entries.into_iter().collect();
    let activities = history::activities(entries.iter().copied());
    let activities_of = by_instance(rows, activities, |activity| Some(activity.instance));
    let entries_of = by_instance(rows, entries, |entry| entry.instance());
    let ended = rows.iter().zip(activities_of.into_iter().zip(entries_of));
    ended
        .map(|(row, (activities, entries))| Ended {
            row,
            activities: activities.into_iter().map(ended_activity).collect(),
            flows: history::taken_flows(entries.iter().copied(), row.number),
            variables: history::last_values_seen(entries.iter().copied(), row.number),
            tasks: history::finished_tasks(entries, row.number),
        })
        .collect()
}

/// What belongs to each instance, in one pass: a root may have called very many.
fn by_instance<T>(
    rows: &[InstanceRow],
    all: Vec<T>,
    instance: impl Fn(&T) -> Option<u32>,
) -> Vec<Vec<T>> {
    let mut found: Vec<Vec<T>> = rows.iter().map(|_| Vec::new()).collect();
    for one in all {
        let of = instance(&one);
        let index = of.and_then(|of| rows.binary_search_by_key(&of, |row| row.number).ok());
        if let Some(index) = index {
            found[index].push(one);
        }
    }
    found
}

fn ended_activity(row: history::ActivityRow) -> EndedActivity {
    EndedActivity {
        number: row.number,
        execution: row.execution,
        parent_execution: row.parent_execution,
        element: row.element,
        task: row.task,
        called_instance: row.called_instance,
        assignee: row.assignee,
        started_ms: row.started_ms,
        ended_ms: row.ended_ms,
        delete_reason: row.delete_reason,
    }
}
