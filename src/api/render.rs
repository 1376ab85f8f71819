//! Instances, tasks, timers and incidents as JSON, from wherever their rows come: views, an entity, the archive.
//!
//! Owns: the members of each, in one place. Never: looks anything up that its caller has not at hand.

use super::json::{Key, Object, RootText, key, push_number, push_text};
use actors::{archive, definitions::Published, views};
use bpmn::{
    Instance as Entity,
    model::Process,
    rows::{Delegation, InstanceRow, Rows, TaskRow},
};
use codec::{Id, RootId};
use std::ops::Range;

/// Open tasks in the answer of a start or a completion, at most.
const TASKS_SHOWN: usize = 100;

/// What names a definition.
#[derive(Clone, Copy)]
pub struct Definition<'a> {
    /// The process id of the model.
    pub key: &'a str,
    /// Counted from 1 for each key.
    pub version: u32,
    /// Counted over all.
    pub number: u64,
}

impl<'a> Definition<'a> {
    /// Of a published one.
    pub fn of(published: &'a Published) -> Self {
        Definition {
            key: &published.definition.process.key,
            version: published.definition.version,
            number: published.definition.id.0,
        }
    }

    /// `key:version:number`
    pub fn push_id(self, name: Key, object: &mut Object<'_>) {
        let out = object.name(name);
        push_text(self.key, out);
        out.pop();
        out.push(':');
        push_number(i64::from(self.version), out);
        out.push(':');
        push_number(self.number.cast_signed(), out);
        out.push('"');
    }
}

/// An instance, wherever it comes from.
pub struct Instance<'a> {
    id: Id,
    definition: Definition<'a>,
    business_key: Option<&'a str>,
    name: Option<&'a str>,
    state: &'static str,
    started_ms: i64,
    ended_ms: Option<i64>,
    start_user: Option<&'a str>,
    super_instance: Option<Id>,
    end_activity: Option<&'a str>,
    delete_reason: Option<&'a str>,
}

impl<'a> Instance<'a> {
    /// Of the views.
    pub fn of_view(view: views::Instance<'a>) -> Self {
        let ended = view.ended();
        Instance {
            id: view.id(),
            definition: Definition {
                key: view.definition_key(),
                version: view.definition_version(),
                number: view.definition().0,
            },
            business_key: view.business_key(),
            name: view.name(),
            state: view.state().name(),
            started_ms: view.started_ms(),
            ended_ms: ended.map(|ended| ended.ended_ms),
            start_user: view.start_user(),
            super_instance: view.super_instance(),
            end_activity: ended.and_then(|ended| ended.end_activity.as_deref()),
            delete_reason: ended.and_then(|ended| ended.delete_reason.as_deref()),
        }
    }

    /// Of an entity.
    pub fn of_row(root: RootId, row: &'a InstanceRow, definition: Definition<'a>) -> Self {
        let ended = row.ended.as_ref();
        let state = match ended {
            Some(ended) if ended.cancelled => views::State::Cancelled,
            Some(_) => views::State::Completed,
            None if row.suspended => views::State::Suspended,
            None => views::State::Active,
        };
        Instance {
            id: root.child(row.number),
            definition,
            business_key: row.business_key.as_deref(),
            name: row.name.as_deref(),
            state: state.name(),
            started_ms: row.started_ms,
            ended_ms: ended.map(|ended| ended.ended_ms),
            start_user: row.start_user.as_deref(),
            super_instance: row.super_instance.map(|number| root.child(number)),
            end_activity: ended.and_then(|ended| ended.end_activity.as_deref()),
            delete_reason: ended.and_then(|ended| ended.delete_reason.as_deref()),
        }
    }

    /// Of the archive.
    pub fn of_archive(row: &'a archive::InstanceRow) -> Self {
        Instance {
            id: row.id,
            definition: Definition {
                key: &row.key,
                version: row.version,
                number: row.definition.0,
            },
            business_key: row.business_key.as_deref(),
            name: row.name.as_deref(),
            state: end_state(row.state).name(),
            started_ms: row.started_ms,
            ended_ms: Some(row.ended_ms),
            start_user: row.start_user.as_deref(),
            super_instance: row.super_instance.map(|number| row.id.root.child(number)),
            end_activity: row.end_activity.as_deref(),
            delete_reason: row.delete_reason.as_deref(),
        }
    }

    /// Its members, the object left open for more.
    fn push_members(&self, object: &mut Object<'_>) {
        let root = RootText::of(self.id.root);
        object.id_in(key!("id"), &root, self.id.number);
        self.definition.push_id(key!("definitionId"), object);
        object.text(key!("definitionKey"), self.definition.key);
        object.number(
            key!("definitionVersion"),
            i64::from(self.definition.version),
        );
        object.optional_text(key!("businessKey"), self.business_key);
        object.optional_text(key!("name"), self.name);
        object.text(key!("state"), self.state);
        object.instant(key!("startedAt"), self.started_ms);
        object.optional_instant(key!("endedAt"), self.ended_ms);
        let duration_ms = self.ended_ms.map(|ended_ms| ended_ms - self.started_ms);
        object.optional_number(key!("durationMs"), duration_ms);
        object.optional_text(key!("startUserId"), self.start_user);
        object.optional_id(key!("superInstanceId"), self.super_instance);
        object.id_in(key!("rootInstanceId"), &root, 0);
        object.optional_text(key!("endActivityId"), self.end_activity);
        object.optional_text(key!("deleteReason"), self.delete_reason);
    }

    /// The instance.
    pub fn push(&self, out: &mut String) {
        let mut object = Object::begin(out);
        self.push_members(&mut object);
        object.end();
    }
}

/// How an archived instance ended, as the views name it.
pub fn end_state(state: archive::EndState) -> views::State {
    match state {
        archive::EndState::Completed => views::State::Completed,
        archive::EndState::Cancelled => views::State::Cancelled,
    }
}

/// An instance of an entity with its open tasks: the answer of a start and of a trigger.
pub fn push_with_tasks(
    entity: &Entity,
    row: &InstanceRow,
    published: &Published,
    out: &mut String,
) {
    let shown = Instance::of_row(entity.root(), row, Definition::of(published));
    let process = &published.definition.process;
    let mut object = Object::begin(out);
    shown.push_members(&mut object);
    push_tasks(
        entity.root(),
        entity.rows_ref(),
        row.number,
        process,
        object.name(key!("tasks")),
    );
    object.end();
}

/// The open tasks of an instance, in short.
pub fn push_tasks(root: RootId, rows: &Rows, instance: u32, process: &Process, out: &mut String) {
    out.push('[');
    let own = rows.tasks.iter().filter(|task| task.instance == instance);
    for (n, task) in own.take(TASKS_SHOWN).enumerate() {
        if n > 0 {
            out.push(',');
        }
        let mut object = Object::begin(out);
        object.id(key!("id"), root.child(task.number));
        object.text(key!("activityId"), activity_id(process, task));
        object.optional_text(key!("name"), task.name.as_deref());
        object.optional_text(key!("assignee"), task.assignee.as_deref());
        object.end();
    }
    out.push(']');
}

fn activity_id<'p>(process: &'p Process, task: &TaskRow) -> &'p str {
    let element = process.elements.get(task.element.0 as usize);
    element.map_or("", |element| &element.id)
}

/// A task, wherever it comes from.
pub struct Task<'a> {
    id: Id,
    activity_id: &'a str,
    name: Option<&'a str>,
    description: Option<&'a str>,
    instance: Id,
    definition: Definition<'a>,
    execution: Id,
    assignee: Option<&'a str>,
    owner: Option<&'a str>,
    delegation: Option<Delegation>,
    priority: i32,
    due_ms: Option<i64>,
    category: Option<&'a str>,
    form_key: Option<&'a str>,
    parent_task: Option<Id>,
    suspended: bool,
    created_ms: i64,
    claimed_ms: Option<i64>,
    finished: Option<(i64, Option<&'a str>)>,
}

impl<'a> Task<'a> {
    /// Of the views.
    pub fn of_view(view: views::Task<'a>) -> Self {
        let id = view.id();
        Task {
            id,
            activity_id: view.activity_id(),
            name: view.name(),
            description: view.description(),
            instance: id.root.child(view.instance().number()),
            definition: Definition {
                key: view.definition_key(),
                version: view.definition_version(),
                number: view.definition().0,
            },
            execution: view.execution(),
            assignee: view.assignee(),
            owner: view.owner(),
            delegation: view.delegation(),
            priority: view.priority(),
            due_ms: view.due_ms(),
            category: view.category(),
            form_key: view.form_key(),
            parent_task: view.parent_task(),
            suspended: view.suspended(),
            created_ms: view.created_ms(),
            claimed_ms: view.claimed_ms(),
            finished: None,
        }
    }

    /// Of an entity.
    pub fn of_row(root: RootId, row: &'a TaskRow, published: &'a Published) -> Self {
        Task {
            id: root.child(row.number),
            activity_id: activity_id(&published.definition.process, row),
            name: row.name.as_deref(),
            description: row.description.as_deref(),
            instance: root.child(row.instance),
            definition: Definition::of(published),
            execution: root.child(row.execution),
            assignee: row.assignee.as_deref(),
            owner: row.owner.as_deref(),
            delegation: row.delegation,
            priority: row.priority,
            due_ms: row.due_ms,
            category: row.category.as_deref(),
            form_key: row.form_key.as_deref(),
            parent_task: row.parent_task.map(|number| root.child(number)),
            suspended: row.suspended,
            created_ms: row.created_ms,
            claimed_ms: row.claimed_ms,
            finished: None,
        }
    }

    /// A finished one; the version of its definition is not kept with it.
    pub fn of_finished(row: &'a archive::FinishedTask, version: u32) -> Self {
        let root = row.id.root;
        Task {
            id: row.id,
            activity_id: &row.activity_id,
            name: row.name.as_deref(),
            description: row.description.as_deref(),
            instance: root.child(row.instance),
            definition: Definition {
                key: &row.key,
                version,
                number: row.definition.0,
            },
            execution: root.child(row.execution),
            assignee: row.assignee.as_deref(),
            owner: row.owner.as_deref(),
            delegation: row.delegation,
            priority: row.priority,
            due_ms: row.due_ms,
            category: row.category.as_deref(),
            form_key: row.form_key.as_deref(),
            parent_task: row.parent_task.map(|number| root.child(number)),
            suspended: false,
            created_ms: row.created_ms,
            claimed_ms: row.claimed_ms,
            finished: Some((row.ended_ms, row.delete_reason.as_deref())),
        }
    }

    /// The task; where in the output that lies which is another text for another task like it.
    pub fn push(&self, out: &mut String) -> Seams {
        let root = RootText::of(self.id.root);
        let mut object = Object::begin(out);
        let id = object.id_in(key!("id"), &root, self.id.number);
        object.text(key!("activityId"), self.activity_id);
        object.optional_text(key!("name"), self.name);
        object.optional_text(key!("description"), self.description);
        let instance = object.id_in(key!("instanceId"), &root, self.instance.number);
        self.definition.push_id(key!("definitionId"), &mut object);
        object.text(key!("processDefinitionKey"), self.definition.key);
        let execution = object.id_in(key!("executionId"), &root, self.execution.number);
        let assignee = object.noted(|object| push_assignee(self.assignee, object));
        object.optional_text(key!("owner"), self.owner);
        object.optional_text(key!("delegationState"), self.delegation.map(delegation));
        object.number(key!("priority"), i64::from(self.priority));
        let due = object.optional_instant(key!("dueAt"), self.due_ms);
        object.optional_text(key!("category"), self.category);
        object.optional_text(key!("formKey"), self.form_key);
        object.optional_id(key!("parentTaskId"), self.parent_task);
        object.boolean(key!("suspended"), self.suspended);
        let created = object.instant(key!("createdAt"), self.created_ms);
        let claimed = object.optional_instant(key!("claimedAt"), self.claimed_ms);
        if let Some((ended_ms, delete_reason)) = self.finished {
            object.instant(key!("endedAt"), ended_ms);
            object.number(key!("durationMs"), ended_ms - self.created_ms);
            object.optional_text(key!("deleteReason"), delete_reason);
        }
        object.end();
        Seams {
            roots: [id, instance, execution],
            assignee,
            times: [due, Some(created), claimed],
        }
    }
}

/// Where the members of a task lie in the output that are its own.
pub struct Seams {
    /// The root in its ids.
    pub roots: [usize; 3],
    /// The assignee's member.
    pub assignee: Range<usize>,
    /// When it is due, was created and was claimed; behind the others.
    pub times: [Option<Range<usize>>; 3],
}

/// Who does a task.
pub fn push_assignee(assignee: Option<&str>, object: &mut Object<'_>) {
    object.optional_text(key!("assignee"), assignee);
}

fn delegation(delegation: Delegation) -> &'static str {
    match delegation {
        Delegation::Pending => "pending",
        Delegation::Resolved => "resolved",
    }
}
