//! What a queue's messages start: executions, once each, and their ends told to the queue.
//! Never: starts one that stands in the archive.

use super::{AGAIN, Cell, Look};
use crate::{bridge::machine, core::Core, executions, failure::Failure};
use rpa::{
    Guid,
    argument::{self, Argument},
    execution::{Execution, Outcome, Startup, Subject},
    queue::{Command, Queue, Run, pointer},
    registry::{Refusal, State, Target, plan},
    terms::{Direction, JobStartupType},
};
use std::{sync::Arc, time::Duration};

/// Where a queue's jobs come from.
const SOURCE: &str = "TaskQueue";

/// The queue that started an execution.
pub(super) fn queue_of(execution: &Execution) -> Option<Guid> {
    let startup = &execution.start()?.startup;
    if startup.kind != JobStartupType::TaskQueue {
        return None;
    }
    startup.id.as_ref()?.parse().ok()
}

/// Starts what a queue has just recorded. It may be there already: then it is looked at.
pub(super) fn start(core: &Arc<Core>, queue: Guid, execution: Guid) {
    let Some(cell) = core.queues.get(queue) else {
        return;
    };
    let wanted = cell.peek(|queue| execute(core, queue, execution));
    let Some(Some((execute, run))) = wanted else {
        // Somebody has taken the message away meanwhile.
        let failure = Some("its message is gone".to_owned());
        return cell.tell(core, Command::Ended { execution, failure });
    };
    let target = Target::Workflow(run.workflow);
    let decide = |state: &State| {
        let (events, _) = executions::start(core, state, &execute, target, None)?;
        Ok((events, ()))
    };
    core.registry.decide(core, decide, |started| {
        let core = Arc::clone(core);
        let binding = run.binding;
        Box::new(move || after(&core, queue, (execution, binding), started))
    });
}

fn after(
    core: &Arc<Core>,
    queue: Guid,
    (execution, binding): (Guid, Guid),
    started: Result<(), Failure>,
) {
    let Some(cell) = core.queues.get(queue) else {
        return;
    };
    match started {
        Ok(()) | Err(Failure::Registry(Refusal::IdTaken(_))) => {
            core.queues.look([Look::Run { queue, execution }]);
            if cell.freed(binding) {
                tracing::info!(%queue, %binding, "a binding of a task queue starts its workflow again");
                core.queues.look([Look::Queue(queue)]);
            }
        }
        Err(Failure::Overloaded { .. } | Failure::DiskFull) => {
            again(core, Look::Start { queue, execution }, AGAIN);
        }
        Err(failure) if is_of_message(&failure) => {
            let failure = Some(failure.to_string());
            cell.tell(core, Command::Ended { execution, failure });
        }
        Err(failure) => {
            let why = failure.to_string();
            if cell.stall(binding).is_none() {
                tracing::warn!(%queue, %binding, why, "a binding of a task queue cannot start its workflow");
            }
            let pause = cell.refused(binding, &why, core.clock.real_ms());
            cell.tell(core, Command::StartRefused { execution });
            again(core, Look::Queue(queue), pause);
        }
    }
}

/// Whether another message may well be started: then it is this one that is delivered in vain.
fn is_of_message(failure: &Failure) -> bool {
    match failure {
        Failure::Registry(Refusal::Value(_)) | Failure::Refused(_) | Failure::Panicked => true,
        Failure::Registry(Refusal::Improper { field, .. }) => *field == "arguments",
        _ => false,
    }
}

/// What is to be looked at of a run that recovery found.
pub(super) fn resumed(core: &Core, queue: Guid, execution: Guid) -> Look {
    let in_memory = core.executions.get(execution).is_some();
    let archived = || core.archiver.archive.execution(execution);
    match in_memory || !matches!(archived(), Ok(None)) {
        true => Look::Run { queue, execution },
        false => Look::Start { queue, execution },
    }
}

/// What the execution is to be; none: the queue no longer wants it.
fn execute(core: &Core, queue: &Queue, execution: Guid) -> Option<(plan::Execute, Run)> {
    let run = queue.run(execution)?.clone();
    let name = queue.settings()?.label.name.clone();
    let message = queue.message(run.message)?;
    let given = run.mapping.iter().filter_map(|(argument, path)| {
        let value = pointer::find(&message.body, path)?;
        Some(Argument {
            value: argument::to_text(value),
            ..Argument::new(argument, "System.String", Direction::In)
        })
    });
    let execute = plan::Execute {
        tenant: queue.tenant(),
        execution,
        created: machine(core),
        startup: Startup {
            kind: JobStartupType::TaskQueue,
            id: Some(queue.id().to_string()),
            name: Some(name),
        },
        source: Some(SOURCE.to_owned()),
        activity: None,
        overrides: plan::Overrides {
            arguments: given.collect(),
            subject: Subject {
                id: Some(run.message.to_string()),
                name: None,
                kind: Some("TaskQueueMessage".to_owned()),
            },
            ..plan::Overrides::default()
        },
    };
    Some((execute, run))
}

/// Tells the queue how far a run is: it runs, it has ended, it stands in the archive; or it was never started.
pub(super) fn settle(core: &Arc<Core>, queue: Guid, execution: Guid) {
    let in_memory = core.executions.get(execution);
    if let Some(cell) = in_memory {
        match cell.peek(end_of) {
            Some(Some(failure)) => ended(core, queue, execution, failure),
            Some(None) => tell(core, queue, Command::Started { execution }),
            None => {}
        }
        return;
    }
    let known = core
        .queues
        .get(queue)
        .and_then(|cell: Arc<Cell>| cell.peek(|queue| queue.run(execution).is_some()));
    if known != Some(true) {
        return;
    }
    let then = Arc::clone(core);
    core.runtime
        .spawn_blocking(move || match then.archiver.archive.execution(execution) {
            Ok(Some(found)) => ended(&then, queue, execution, end_of(&found).flatten()),
            Ok(None) => then.queues.look([Look::Start { queue, execution }]),
            Err(error) => {
                tracing::warn!(%execution, %error, "whether a job has ended could not be read");
                again(&then, Look::Run { queue, execution }, AGAIN);
            }
        });
}

/// Looks once more after a while.
fn again(core: &Arc<Core>, look: Look, after: Duration) {
    let then = Arc::clone(core);
    core.runtime.spawn(async move {
        tokio::time::sleep(after).await;
        then.queues.look([look]);
    });
}

/// Whether it has ended, and why not well if so.
fn end_of(execution: &Execution) -> Option<Option<String>> {
    if !execution.has_ended() {
        return None;
    }
    let badly = execution
        .jobs()
        .iter()
        .find_map(|job| match job.outcome()? {
            Outcome::Succeeded => None,
            Outcome::Failed => Some(format!("job {} failed", job.spec.id)),
            Outcome::Cancelled => Some(format!("job {} was cancelled", job.spec.id)),
        });
    Some(badly)
}

fn ended(core: &Arc<Core>, queue: Guid, execution: Guid, failure: Option<String>) {
    tell(core, queue, Command::Started { execution });
    tell(core, queue, Command::Ended { execution, failure });
}

fn tell(core: &Arc<Core>, queue: Guid, command: Command) {
    if let Some(cell) = core.queues.get(queue) {
        cell.tell(core, command);
    }
}
