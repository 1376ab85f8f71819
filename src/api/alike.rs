//! Open tasks as the rows of a page: most say what a row before them says, so its text is copied, and what is a task's own
//! written over it.
//!
//! Owns: which rows are copied. Never: gives other text than `Task::push`.
//!
//! ```text
//!  {"id":"ROOT-4", … "instanceId":"ROOT", … "executionId":"ROOT-2" ,"assignee":"ann" ,"owner": … "createdAt":"TIME", … }
//!  └── copied, each ROOT written over ─────────────────────────────┘└─ written anew ─┘└── copied, each TIME written over ──┘
//! ```

use super::{
    json::{Object, RootText},
    render::{Seams, Task, push_assignee},
};
use actors::views::{self, TaskAtHand};
use codec::instant;

#[cfg(test)]
mod tests;

/// Rows that are remembered, at most: a page with more kinds of tasks is mostly written anew.
const REMEMBERED: usize = 8;

/// Rows, a comma between them.
pub struct Rows<'v> {
    out: Vec<u8>,
    first: bool,
    /// Each unlike the others.
    remembered: Vec<Row<'v>>,
    /// What is written anew, on its way into the output.
    text: String,
}

/// A row in the output; its seams count from its start.
struct Row<'v> {
    task: TaskAtHand<'v>,
    start: usize,
    end: usize,
    seams: Seams,
}

impl<'v> Rows<'v> {
    /// Behind what a list begins with.
    pub fn behind(out: String) -> Self {
        Rows {
            out: out.into_bytes(),
            first: true,
            remembered: Vec::with_capacity(REMEMBERED),
            text: String::with_capacity(1024),
        }
    }

    /// Adds a task of the views that all its tasks are of.
    pub fn push(&mut self, task: views::Task<'v>) {
        if !std::mem::take(&mut self.first) {
            self.out.push(b',');
        }
        let task = task.at_hand();
        let mut before = self.remembered.iter().rev();
        let like = before.find(|row| task.is_like(&row.task));
        if !like.is_some_and(|row| row.copy(&task, &mut self.out, &mut self.text)) {
            self.remember(task);
        }
    }

    fn remember(&mut self, task: TaskAtHand<'v>) {
        self.text.clear();
        let seams = Task::of_view(task.task).push(&mut self.text);
        let start = self.out.len();
        self.out.extend_from_slice(self.text.as_bytes());
        if self.remembered.len() == REMEMBERED {
            self.remembered.remove(0);
        }
        self.remembered.push(Row {
            task,
            start,
            end: self.out.len(),
            seams,
        });
    }

    /// With what `push` writes behind them.
    pub fn end(mut self, push: impl FnOnce(&mut String)) -> Vec<u8> {
        self.text.clear();
        push(&mut self.text);
        self.out.extend_from_slice(self.text.as_bytes());
        self.out
    }
}

impl Row<'_> {
    /// Appends a task like this one; not if an instant has a text of another length.
    fn copy(&self, task: &TaskAtHand<'_>, out: &mut Vec<u8>, text: &mut String) -> bool {
        let Seams {
            roots,
            assignee,
            times,
        } = &self.seams;
        let start = out.len();
        let rest = if task.has_assignee_of(&self.task) {
            out.extend_from_within(self.start..self.end);
            start + assignee.end
        } else {
            out.extend_from_within(self.start..self.start + assignee.start);
            text.clear();
            push_assignee(task.assignee(), &mut Object::go_on(text));
            out.extend_from_slice(text.as_bytes());
            let rest = out.len();
            out.extend_from_within(self.start + assignee.end..self.end);
            rest
        };
        let root = RootText::of(task.root());
        for seam in roots {
            out[start + seam..][..root.0.len()].copy_from_slice(&root.0);
        }
        for (seam, ms) in times.iter().zip(task.times()) {
            if let (Some(seam), Some(ms)) = (seam, ms) {
                let place = &mut out[rest + seam.start - assignee.end..][..seam.len()];
                if !place.try_into().is_ok_and(|text| instant::write(ms, text)) {
                    out.truncate(start);
                    return false;
                }
            }
        }
        true
    }
}
