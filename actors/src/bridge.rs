//! The bridge between processes and robots: work that activities ask for, and the executions that do it.
//!
//! Owns: that what one side has recorded reaches the other, once, also after a crash. It looks at both sides and does
//! what is missing, so nothing that was sent needs to be kept: an execution's id follows from its activity's.
//! Never: makes an actor wait for another; decides what a result means (the instance does) or what a job does.
//!
//! ```text
//!            the instance's work          the execution         what is done
//!            ─────────────────────        ─────────────         ─────────────────────────────
//!            open                         none                  it is started
//!            open                         ended                 its end is told to the instance
//!            gone (done, failed, left)    runs                  it is cancelled
//!            gone                         ended                 it is told so: it may leave memory
//! ```
//!
//! It looks when work or its instance changes, when an execution ends, and at each start at everything.

mod end;
mod messages;

use crate::{
    commit::Space,
    core::Core,
    executions::{self, Cell, cancel_command},
    failure::Failure,
    slot::Peek,
};
use bpmn::{
    Command as InstanceCommand, Refusal,
    rows::{RowChanges, WorkRequest, WorkRow},
};
use codec::{Id, RootId, Tenant, Value};
use parking_lot::Mutex;
use rpa::{
    Guid,
    argument::{self, Argument},
    execution::{Command, Startup, Subject},
    registry::{State, Target, plan},
    terms::{Direction, Stamp},
};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};
use tokio::sync::Notify;

/// The principal of what the server does by itself.
const MACHINE: Guid = Guid(org::Guid::MACHINE.0);
/// What did not work for want of room is tried again after so long.
const AGAIN: Duration = Duration::from_secs(1);
/// Where a process's jobs come from.
const SOURCE: &str = "Process";
/// The BPMN errors that a job's end can be.
const FAILED: &str = "RPA_FAILED";
const CANCELLED: &str = "RPA_CANCELLED";

/// Work that is open, as it is durable.
#[derive(Clone)]
struct Work {
    tenant: Tenant,
    row: Arc<WorkRow>,
}

/// What is open, and where to look next.
#[derive(Default)]
pub struct Bridge {
    works: Mutex<HashMap<Id, Work>>,
    waiting: Mutex<BTreeSet<Id>>,
    changed: Notify,
}

impl Bridge {
    /// What one durable record of an instance has changed.
    pub fn publish(&self, root: RootId, tenant: Tenant, changes: &RowChanges) {
        if changes.works.is_empty() && changes.gone_works.is_empty() {
            return;
        }
        {
            let mut works = self.works.lock();
            for number in &changes.gone_works {
                works.remove(&root.child(*number));
            }
        }
        self.put(root, tenant, &changes.works);
        let gone = changes.gone_works.iter().map(|number| root.child(*number));
        self.look_at(gone);
    }

    /// What recovery found open.
    pub fn put(&self, root: RootId, tenant: Tenant, rows: &[WorkRow]) {
        if rows.is_empty() {
            return;
        }
        let mut works = self.works.lock();
        for row in rows {
            let row = Arc::new(row.clone());
            works.insert(root.child(row.number), Work { tenant, row });
        }
        drop(works);
        self.look_at(rows.iter().map(|row| root.child(row.number)));
    }

    /// How much work is open.
    pub fn open_works(&self) -> usize {
        self.works.lock().len()
    }

    fn work(&self, id: Id) -> Option<Work> {
        self.works.lock().get(&id).cloned()
    }

    fn look_at(&self, ids: impl IntoIterator<Item = Id>) {
        self.waiting.lock().extend(ids);
        self.changed.notify_one();
    }

    /// An execution has ended durably.
    pub fn ended(&self, cell: &Cell) {
        let activity = cell.peek(|execution| execution.start().and_then(|start| start.activity));
        self.look_at(activity.flatten());
    }
}

/// Runs until the server stops.
pub async fn run(core: Arc<Core>) {
    loop {
        core.bridge.changed.notified().await;
        while core.queue.space() != Space::Open {
            // Nothing is decided on a full disk.
            tokio::time::sleep(AGAIN).await;
        }
        let waiting = std::mem::take(&mut *core.bridge.waiting.lock());
        for id in waiting {
            settle(&core, id);
        }
    }
}

/// After recovery everything is looked at once.
pub fn resume(core: &Arc<Core>) {
    let awaited = core.executions.all().into_iter().filter_map(|cell| {
        let activity = cell.peek(|execution| {
            let start = execution.start().filter(|_| !execution.is_finished());
            start.and_then(|start| start.activity)
        });
        activity.flatten()
    });
    core.bridge.look_at(awaited.collect::<Vec<_>>());
}

/// Does what is missing on either side.
fn settle(core: &Arc<Core>, id: Id) {
    let cell = core.executions.get(Guid::of_activity(id));
    match (core.bridge.work(id), cell) {
        (Some(work), None) if work.row.held => {}
        (Some(work), None) => match &work.row.request {
            WorkRequest::Robot { workflow, inputs } => start(core, id, &work, workflow, inputs),
            WorkRequest::Message { queue, body } => messages::put(core, id, &work, queue, body),
        },
        (Some(work), Some(cell)) => {
            let waits = !work.row.suspended && !work.row.held;
            let end = cell.peek(end::of).flatten().filter(|_| waits);
            if let Some(end) = end {
                tell(core, id, end.into_command(id.number));
            }
        }
        (None, Some(cell)) => let_go(core, id, &cell),
        (None, None) => {}
    }
}

/// Starts the execution that does the work. It may be there already: then nothing happens.
fn start(core: &Arc<Core>, id: Id, work: &Work, workflow: &str, inputs: &[(String, Value)]) {
    let created = machine(core);
    let execute = plan::Execute {
        tenant: work.tenant,
        execution: Guid::of_activity(id),
        created,
        startup: Startup::manual(),
        source: Some(SOURCE.to_owned()),
        activity: Some(id),
        overrides: plan::Overrides {
            arguments: inputs.iter().map(argument_of).collect(),
            subject: subject(core, id, &work.row),
            ..plan::Overrides::default()
        },
    };
    let decide = |state: &State| {
        let target = target(state, work.tenant, workflow)?;
        let (events, _) = executions::start(core, state, &execute, target, None)?;
        Ok((events, ()))
    };
    core.registry.decide(core, decide, |started| {
        let core = Arc::clone(core);
        Box::new(move || {
            if let Err(failure) = started {
                not_started(&core, id, &failure);
            }
        })
    });
}

/// A refusal is the work's failure; what passes is tried again.
fn not_started(core: &Arc<Core>, id: Id, failure: &Failure) {
    match failure {
        Failure::Registry(rpa::registry::Refusal::IdTaken(_)) => {}
        Failure::Overloaded { .. } | Failure::DiskFull => look_later(core, id),
        _ => tell(
            core,
            id,
            InstanceCommand::FailWork {
                work: id.number,
                code: FAILED.to_owned(),
                message: failure.to_string(),
            },
        ),
    }
}

fn look_later(core: &Arc<Core>, id: Id) {
    let then = Arc::clone(core);
    core.runtime.spawn(async move {
        tokio::time::sleep(AGAIN).await;
        then.bridge.look_at([id]);
    });
}

/// The workflow with this id, else the only one of the company with this name.
fn target(state: &State, tenant: Tenant, named: &str) -> Result<Target, Failure> {
    let named = named.trim();
    if let Ok(id) = named.parse::<Guid>()
        && state.workflow(tenant, id).is_some()
    {
        return Ok(Target::Workflow(id));
    }
    let mut found = state
        .workflows(tenant)
        .filter(|workflow| workflow.label.name == named);
    let why = match (found.next(), found.next()) {
        (Some(workflow), None) => return Ok(Target::Workflow(workflow.id)),
        (None, _) => format!("there is no workflow '{named}'"),
        (Some(_), Some(_)) => {
            format!("there are several workflows named '{named}': give the id of one")
        }
    };
    Err(Failure::Registry(rpa::registry::Refusal::Improper {
        field: "workflow",
        why,
    }))
}

/// Tells the instance how its work ended. What comes of it is looked at when its record is durable.
fn tell(core: &Arc<Core>, id: Id, command: InstanceCommand) {
    let then = Arc::clone(core);
    core.runtime.spawn(async move {
        let told = then.command(id.root, command, None, |_| ()).await;
        let message = match told {
            Err(failure @ Failure::Panicked) => failure.to_string(),
            Err(Failure::Refused(refusal)) if !is_over(&refusal) => refusal.to_string(),
            // It is taken, no longer wanted, or taken when the instance goes on.
            Ok(()) | Err(_) => return,
        };
        let hold = InstanceCommand::HoldWork {
            work: id.number,
            message,
        };
        if let Err(failure) = then.command(id.root, hold, None, |_| ()).await {
            tracing::warn!(activity = %id, %failure, "a job's result could not be taken");
        }
    });
}

/// Whether the work is no longer open, or no result is taken now.
fn is_over(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::WorkNotFound(_) | Refusal::InstanceEnded | Refusal::InstanceSuspended
    )
}

/// Nobody waits for the execution any more.
fn let_go(core: &Arc<Core>, id: Id, cell: &Arc<Cell>) {
    let slot = core.directory.get(id.root);
    if slot.is_some_and(|slot| matches!(slot.peek(), Peek::Quarantined(_))) {
        // Whether it waits is not known while its instance is set aside.
        return;
    }
    let state = cell.peek(|execution| {
        let awaited = execution.is_awaited() && !execution.is_finished();
        awaited.then(|| execution.has_ended())
    });
    match state.flatten() {
        Some(true) => cell.tell(core, Command::Acknowledge),
        Some(false) => {
            let message = "the process has left the task".to_owned();
            cell.tell(core, cancel_command(core, cell, machine(core), message));
        }
        None => {}
    }
}

/// The server itself, now.
pub(crate) fn machine(core: &Core) -> Stamp {
    Stamp {
        at_ms: core.clock.real_ms(),
        by: MACHINE,
        by_name: org::Guid::MACHINE_NAME.to_owned(),
    }
}

/// What the job is about: the process instance.
fn subject(core: &Core, id: Id, row: &WorkRow) -> Subject {
    let definition = core.catalog.get(row.definition);
    Subject {
        id: Some(id.root.child(row.instance).to_string()),
        name: definition.map(|published| published.definition.process.key.clone()),
        kind: Some("ProcessInstance".to_owned()),
    }
}

/// A value as an argument: its type counts only where the workflow declares none.
fn argument_of((name, value): &(String, Value)) -> Argument {
    let type_name = match value {
        Value::Bool(_) => "System.Boolean",
        Value::Int(_) => "System.Int64",
        Value::Double(_) => "System.Double",
        _ => "System.String",
    };
    Argument {
        value: argument::to_text(value),
        ..Argument::new(name, type_name, Direction::In)
    }
}
