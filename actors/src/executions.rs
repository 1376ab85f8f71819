//! The executions in memory: each a virtual actor with its own mailbox.
//!
//! Owns: who is in memory, how an execute becomes an execution, and what reaches all executions of a workflow.
//! Never: decides what `rpa` decides, awaits anything while it holds an execution.
//!
//! ```text
//!  execute ─▶ registry's lock: plan ─▶ Cell: Started ─▶ record ┐
//!                              count the trigger    ─▶ record ┴▶ … durable ─▶ rows, effects ─▶ answer
//!  order   ─▶ Cell: decide ─▶ record ─▶ … durable ─▶ rows, effects ─▶ answer
//! ```
//!
//! Deciding what becomes of a job takes microseconds and runs nobody's code, so an execution needs no host: whoever
//! sends a message holds its lock and decides. A panic ends the message only; the state is rebuilt.

mod cell;
mod forgotten;
mod groups;
mod keeper;
mod list;
mod live;
mod recovered;
pub mod trail;

pub use cell::{Cell, ExecutionChange};
pub(crate) use forgotten::forget_workflow;
pub use forgotten::resume;
pub use groups::{GroupFilter, GroupKey};
pub(crate) use groups::{GroupPlace, cancel_command};
pub use keeper::{Keeper, Kept};
pub use list::{JobFilter, JobKey, JobOrder, JobPage, Range};
pub use live::Live;
pub use recovered::Recovered;

use crate::{
    archive::{self, Archive},
    core::Core,
    engine::Engine,
    failure::Failure,
    jobs::Changed,
    message::{Remember, Rendered},
};
use codec::Tenant;
use dashmap::{DashMap, Entry};
use rpa::{
    Guid,
    execution::{Command, Decision, Effect, Execution, Job, Start},
    registry::{self, Action, State, Target, plan},
};
use std::sync::Arc;
use tokio::sync::oneshot;

/// All executions in memory.
#[derive(Default)]
pub struct Executions {
    cells: DashMap<Guid, Arc<Cell>>,
}

impl Executions {
    /// The execution with this id.
    pub fn get(&self, id: Guid) -> Option<Arc<Cell>> {
        self.cells.get(&id).map(|cell| Arc::clone(&cell))
    }

    /// Puts one in; false: the id is taken.
    pub fn insert(&self, cell: Arc<Cell>) -> bool {
        match self.cells.entry(cell.id) {
            Entry::Occupied(_) => false,
            Entry::Vacant(place) => {
                place.insert(cell);
                true
            }
        }
    }

    /// Takes one out.
    pub fn remove(&self, id: Guid) {
        self.cells.remove(&id);
    }

    /// Every execution that stood here when its shard was read.
    pub fn all(&self) -> Vec<Arc<Cell>> {
        self.cells.iter().map(|cell| Arc::clone(&cell)).collect()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// How many jobs of a department, or of all of a company, have not ended, as decided by now.
    pub fn open_jobs_in(&self, tenant: Tenant, department: Option<Guid>) -> usize {
        let cells = self.all().into_iter();
        let cells = cells.filter(|cell| cell.tenant == tenant);
        let counts = cells.filter_map(|cell| {
            cell.peek(|execution| {
                let there = execution.start()?.department;
                department.is_none_or(|id| id == there).then(|| {
                    let jobs = execution.jobs().iter();
                    jobs.filter(|job| job.outcome().is_none()).count()
                })
            })?
        });
        counts.sum()
    }

    /// How many jobs that have not ended are such, as decided by now.
    pub fn open_jobs(&self, such: impl Fn(&Job) -> bool) -> usize {
        let cells = self.cells.iter();
        let counts = cells.map(|cell| {
            cell.peek(|execution| {
                let jobs = execution.jobs().iter();
                jobs.filter(|job| job.outcome().is_none() && such(job))
                    .count()
            })
        });
        counts.map(|count| count.unwrap_or(0)).sum()
    }
}

/// Starts an execution while the registry stands still: what was planned is what is recorded.
pub fn start(
    core: &Arc<Core>,
    state: &State,
    execute: &plan::Execute,
    target: Target,
    remember: Option<(Remember, RenderExecution)>,
) -> Result<(Vec<registry::Event>, Option<Arc<Rendered>>), Failure> {
    let has_robot = |queue: Guid| core.jobs.read().has_free_robot(queue);
    let start = match target {
        Target::Workflow(id) => plan::workflow(state, execute, id, &has_robot)?,
        Target::Layout(id) => plan::layout(state, execute, id, &has_robot)?,
    };
    let count = Action::CountTriggers {
        target,
        count: 1,
        last_ms: execute.created.at_ms,
    };
    let counted = registry::decide(
        state,
        registry::Command {
            tenant: execute.tenant,
            by: execute.created.clone(),
            action: count,
        },
    )?;
    let (execution, tenant) = (execute.execution, execute.tenant);
    let started = begin(core, execution, tenant, start, remember)?;
    Ok((counted.events, started))
}

/// Puts an execution into memory and begins it, or leaves nothing behind.
fn begin(
    core: &Arc<Core>,
    execution: Guid,
    tenant: Tenant,
    start: Start,
    remember: Option<(Remember, RenderExecution)>,
) -> Result<Option<Arc<Rendered>>, Failure> {
    let cell = Arc::new(Cell::new(execution, tenant));
    if !core.executions.insert(Arc::clone(&cell)) {
        return Err(Failure::Registry(registry::Refusal::IdTaken(execution)));
    }
    let first = start
        .jobs
        .iter()
        .filter(|job| job.step == 0 && !job.skipped);
    let queues = first.map(|job| job.queue).collect();
    // Before its record can be published: that is when it is no longer expected.
    core.jobs.write().expect(execution, queues);
    let started = cell.start(core, start, remember);
    if started.is_err() {
        core.executions.remove(execution);
        core.jobs.write().remove(execution);
    }
    started
}

/// Makes the answer of an execute.
pub type RenderExecution = Box<dyn FnOnce(&Execution) -> Rendered + Send>;

/// What the registry records of a beginning, and its answer when that is remembered.
pub(crate) type Begun = (Vec<registry::Event>, Option<Arc<Rendered>>);

/// Looks at an execution that has just begun.
pub(crate) fn seen<T>(
    core: &Core,
    execution: Guid,
    view: impl FnOnce(&Execution) -> T,
) -> Result<T, Failure> {
    let cell = core.executions.get(execution);
    let seen = cell.and_then(|cell| cell.peek(view));
    seen.ok_or(Failure::Panicked)
}

impl Engine {
    /// Executes a workflow or a layout; `view` looks at what it has become, its result leaves when that is durable.
    pub async fn execute<T: Send + 'static>(
        &self,
        execute: plan::Execute,
        target: Target,
        view: impl FnOnce(&Execution) -> T,
    ) -> Result<T, Failure> {
        let _admitted = self.admit()?;
        let core = self.core();
        self.registry
            .settle(core, |state| {
                let (events, _) = start(core, state, &execute, target, None)?;
                Ok((events, seen(core, execute.execution, view)?))
            })
            .await
    }

    /// The same; a repetition of the request gets the first answer again.
    pub async fn execute_once(
        &self,
        execute: plan::Execute,
        target: Target,
        request: Remember,
        render: impl FnOnce(&Execution) -> Rendered + Send + 'static,
    ) -> Result<Arc<Rendered>, Failure> {
        let core = self.core();
        let begin = |state: &State, remember| start(core, state, &execute, target, Some(remember));
        self.begin_once(request, Box::new(render), begin).await
    }

    /// Begins an execution under the registry's lock, once for a request.
    pub(crate) async fn begin_once(
        &self,
        request: Remember,
        render: RenderExecution,
        begin: impl FnOnce(&State, (Remember, RenderExecution)) -> Result<Begun, Failure>,
    ) -> Result<Arc<Rendered>, Failure> {
        let _admitted = self.admit()?;
        if let Some(answer) = self.begin(request).await? {
            return Ok(answer);
        }
        let _in_flight = self.idempotency.hold(request);
        let settled = self.registry.settle(self.core(), |state| {
            let (events, rendered) = begin(state, (request, render))?;
            Ok((events, rendered.ok_or(Failure::Panicked)?))
        });
        settled.await
    }

    /// Repeats an ended job in an execution of its own. It needs what its job keeps, and its department; no workflow.
    pub async fn retry_job<T: Send + 'static>(
        &self,
        retry: rpa::execution::Start,
        execution: Guid,
        tenant: Tenant,
        view: impl FnOnce(&Execution) -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let _admitted = self.admit()?;
        let core = self.core();
        self.registry
            .settle(core, |state| {
                core.closing.check_repeated(retry.department)?;
                let has_robot = |queue: Guid| core.jobs.read().has_free_robot(queue);
                let start = plan::again(state, tenant, retry, &has_robot)?;
                begin(core, execution, tenant, start, None)?;
                Ok((Vec::new(), seen(core, execution, view)?))
            })
            .await
    }

    /// Sends a command to an execution; `NotFound`: it is not in memory.
    pub async fn order_execution<T: Send + 'static>(
        &self,
        execution: Guid,
        command: Command,
        view: impl FnOnce(&Execution, &Decision) -> T,
    ) -> Result<T, Failure> {
        let _admitted = self.admit()?;
        let cell = self.executions.get(execution).ok_or(Failure::NotFound)?;
        let (sender, receiver) = oneshot::channel();
        cell.command(self.core(), command, view, |result| {
            // Whoever asked may have gone.
            Box::new(move || drop(sender.send(result)))
        });
        receiver.await.unwrap_or(Err(Failure::Stopping))
    }

    /// Reads an execution, in memory or archived, as it is durable.
    pub async fn look_execution<T: Send + 'static>(
        &self,
        tenant: Tenant,
        execution: Guid,
        view: impl FnOnce(&Execution) -> T + Send + 'static,
    ) -> Result<T, Failure> {
        if let Some(cell) = self.executions.get(execution)
            && cell.tenant == tenant
        {
            let (sender, receiver) = oneshot::channel();
            cell.read(self.core(), view, |result| {
                Box::new(move || drop(sender.send(result)))
            });
            return receiver.await.unwrap_or(Err(Failure::Stopping));
        }
        let found = self.archived(move |archive| archive.execution(execution));
        let found = found.await?;
        match found {
            Some(found) if found.tenant() == tenant => Ok(view(&found)),
            Some(_) | None => Err(Failure::NotFound),
        }
    }

    /// The execution of a job, in memory or archived.
    pub async fn execution_of_job(&self, job: Guid) -> Result<Option<Guid>, Failure> {
        if let Some(row) = self.jobs.read().job(job) {
            return Ok(Some(row.execution));
        }
        self.archived(move |archive| archive.execution_of_job(job))
            .await
    }

    /// The execution of a run instance, in memory or archived.
    pub async fn execution_of_run(&self, run: Guid) -> Result<Option<Guid>, Failure> {
        if let Some(row) = self.jobs.read().run(run) {
            return Ok(Some(row.execution));
        }
        self.archived(move |archive| archive.execution_of_run(run))
            .await
    }

    /// Reads the archive, away from the runtime's workers.
    pub async fn archived<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Archive) -> archive::Result<T> + Send + 'static,
    ) -> Result<T, Failure> {
        let archiver = Arc::clone(&self.archiver);
        let read = tokio::task::spawn_blocking(move || read(&archiver.archive));
        Ok(read.await.map_err(|_| Failure::Panicked)??)
    }

    /// Changes what is configured; a workflow that goes takes its queued jobs with it.
    pub async fn change_registry(
        &self,
        command: registry::Command,
    ) -> Result<registry::Reply, Failure> {
        self.registry.command(self.core(), command).await
    }
}

/// Shows what is durable, then sends what follows from it, then lets waiting robots know.
pub fn publish(core: &Arc<Core>, changes: Vec<ExecutionChange>) {
    let mut changed = Changed::default();
    let mut finished = Vec::new();
    let mut effects = Vec::new();
    {
        let mut jobs = core.jobs.write();
        for change in changes {
            core.live.rows_changed(&jobs, &change.rows);
            let now = jobs.apply(change.rows, change.order);
            changed.queues.extend(now.queues);
            changed.robots.extend(now.robots);
            if let Some(remembered) = change.remembered {
                core.idempotency.settle(remembered);
            }
            if !change.effects.is_empty() {
                effects.push((Arc::clone(&change.cell), change.effects));
            }
            if change.finished {
                finished.push(change.cell);
            }
        }
    }
    for (cell, effects) in effects {
        for effect in effects {
            if effect == Effect::Ended {
                core.bridge.ended(&cell);
                core.queues.ended(&cell);
            }
            core.robots.release(&cell, effect);
        }
    }
    core.robots.look(&changed.robots);
    core.robots.wake(core, &changed.queues);
    core.robots.due_changed();
    if !finished.is_empty() {
        core.keeper.put(finished);
    }
}

/// The archive holds these executions now: they leave memory.
pub fn archived(core: &Core, ids: &[Guid]) {
    let mut jobs = core.jobs.write();
    for id in ids {
        jobs.remove(*id);
        core.executions.remove(*id);
    }
}
