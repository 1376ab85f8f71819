//! Open tasks that show the same, but for what each has of its own.
//! Never: looks a record up twice.

use super::record::{InstanceRecord, TaskExtra, TaskRecord};
use super::shown::Task;
use super::tasks::{claimed_of, created_of, due_of};
use codec::RootId;

/// An open task with its records at hand.
#[derive(Clone, Copy)]
pub struct TaskAtHand<'v> {
    /// The task.
    pub task: Task<'v>,
    record: &'v TaskRecord,
    instance: &'v InstanceRecord,
}

impl<'v> TaskAtHand<'v> {
    #[inline]
    pub(super) fn of(task: Task<'v>, record: &'v TaskRecord, instance: &'v InstanceRecord) -> Self {
        TaskAtHand {
            task,
            record,
            instance,
        }
    }

    /// Whether another task of the same views shows the same but for the root in its ids, the assignee, and what its
    /// times are; it has the same times. Candidates and other links may differ.
    #[inline]
    pub fn is_like(&self, other: &Self) -> bool {
        let (one, two) = (self.record, other.record);
        one.number == two.number
            && one.element == two.element
            && one.execution == two.execution
            && one.priority == two.priority
            && one.suspended == two.suspended
            && self.instance.number == other.instance.number
            && self.instance.definition == other.instance.definition
            && match (&one.extra, &two.extra) {
                (None, None) => true,
                (Some(one), Some(two)) => are_alike(one, two),
                (None, Some(_)) | (Some(_), None) => false,
            }
    }

    /// Whether both have the same assignee, or none.
    #[inline]
    pub fn has_assignee_of(&self, other: &Self) -> bool {
        self.record.assignee == other.record.assignee
    }

    /// Who does it.
    pub fn assignee(&self) -> Option<&'v str> {
        self.task.assignee()
    }

    /// Its root.
    #[inline]
    pub fn root(&self) -> RootId {
        self.task.views.root_of(self.record.root)
    }

    /// When it is due, was created and was claimed, in milliseconds since 1970.
    #[inline]
    pub fn times(&self) -> [Option<i64>; 3] {
        let record = self.record;
        [due_of(record), Some(created_of(record)), claimed_of(record)]
    }
}

/// The id of what a task is part of has its own root.
fn are_alike(one: &TaskExtra, two: &TaskExtra) -> bool {
    one.parent_task.is_none()
        && two.parent_task.is_none()
        && one.due_ms.is_some() == two.due_ms.is_some()
        && one.claimed_ms.is_some() == two.claimed_ms.is_some()
        && one.owner == two.owner
        && one.delegation == two.delegation
        && one.name == two.name
        && one.description == two.description
        && one.category == two.category
        && one.form_key == two.form_key
}
