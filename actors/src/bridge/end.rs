//! How an execution ended, as its activity is told.
//! Never: tells of one that runs.

use super::{CANCELLED, FAILED};
use bpmn::Command;
use codec::Value;
use rpa::execution::{Execution, Job, Outcome};

/// The end of an execution.
pub(super) enum End {
    /// All jobs succeeded: what they gave, in the order of their numbers.
    Succeeded(Vec<(String, Value)>),
    /// A job failed: why.
    Failed(String),
    /// A job was cancelled, and none failed: why.
    Cancelled(String),
}

/// Its end, when it has one.
pub(super) fn of(execution: &Execution) -> Option<End> {
    if !execution.has_ended() {
        return None;
    }
    let first = |outcome: Outcome| {
        let mut jobs = execution.jobs().iter();
        jobs.find(|job| job.outcome() == Some(outcome))
    };
    Some(match (first(Outcome::Failed), first(Outcome::Cancelled)) {
        (Some(job), _) => End::Failed(why(job, "failed")),
        (None, Some(job)) => End::Cancelled(why(job, "was cancelled")),
        (None, None) => {
            let outputs = execution.jobs().iter().flat_map(Job::outputs);
            End::Succeeded(outputs.cloned().collect())
        }
    })
}

fn why(job: &Job, what: &str) -> String {
    let of_run = job.last_run().and_then(|run| run.end.as_ref());
    let message = of_run.and_then(|end| end.message.as_ref());
    let message = job.message.as_ref().or(message);
    let (name, id) = (&job.spec.name, job.spec.id);
    match message {
        Some(message) => format!("job {id} of '{name}' {what}: {message}"),
        None => format!("job {id} of '{name}' {what}"),
    }
}

impl End {
    /// What the instance is told about its work.
    pub fn into_command(self, work: u32) -> Command {
        let failed = |code: &str, message| Command::FailWork {
            work,
            code: code.to_owned(),
            message,
        };
        match self {
            End::Succeeded(results) => Command::CompleteWork { work, results },
            End::Failed(message) => failed(FAILED, message),
            End::Cancelled(message) => failed(CANCELLED, message),
        }
    }
}
