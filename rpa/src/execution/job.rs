//! A job and its run instances: what they are made of, and what follows from that alone.
//! Core types and disk types are the same here: they never change, a new shape is a new version.
//! Never: changes itself; `apply` does.

use super::start::NewJob;
use crate::{
    Guid,
    terms::{JobState, Stamp},
};
use codec::Value;
use serde::{Deserialize, Serialize};

/// A job: one intended run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// What it is to do.
    pub spec: NewJob,
    /// Where it is in its life.
    pub phase: Phase,
    /// What is to be said about its end, or about its last attempt.
    pub message: Option<String>,
    /// When its first attempt began, milliseconds since 1970.
    pub started_ms: Option<i64>,
    /// When it ended, milliseconds since 1970.
    pub finished_ms: Option<i64>,
    /// When somebody wanted it cancelled, milliseconds since 1970.
    pub cancel_requested_ms: Option<i64>,
    /// Who changed it last.
    pub modified: Option<Stamp>,
    /// The fence of its last offer; 0 before the first.
    pub fence: u64,
    /// Its workflow is gone: no further attempt.
    pub no_retry: bool,
    /// Robots that refused it, and until when (milliseconds since 1970) they are not asked again.
    pub avoid: Vec<(Guid, i64)>,
    /// Its attempts, in order; the last one may be on offer.
    pub runs: Vec<Run>,
}

/// Where a job is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Its step is not reached.
    Blocked,
    /// It waits for a robot.
    Waiting,
    /// Its last run is offered to a robot.
    Offered {
        /// Until when the robot may accept, milliseconds since 1970.
        expires_ms: i64,
    },
    /// Its last run is a robot's.
    Active,
    /// It is over.
    Ended(Outcome),
}

/// How something ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// Well.
    Succeeded,
    /// Not well.
    Failed,
    /// From outside.
    Cancelled,
}

/// A run instance: one attempt on one robot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Its id.
    pub id: Guid,
    /// The robot that has it, or was offered it last.
    pub robot: Guid,
    /// What the robot is called.
    pub robot_name: String,
    /// The fence of its last offer.
    pub fence: u64,
    /// Where it is in its life.
    pub state: RunState,
    /// Its first offer, milliseconds since 1970.
    pub offered_ms: i64,
    /// Its accept, milliseconds since 1970.
    pub started_ms: Option<i64>,
    /// Its end, milliseconds since 1970.
    pub finished_ms: Option<i64>,
    /// How long it ran before its last pause, in milliseconds.
    pub ran_ms: i64,
    /// Since when it runs, milliseconds since 1970; none while it is paused.
    pub running_since_ms: Option<i64>,
    /// What the robot was asked for and has not confirmed.
    pub wish: Option<Wish>,
    /// It is to end.
    pub stop: Option<Stop>,
    /// What is known of its end.
    pub end: Option<RunEnd>,
}

/// Where a run is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunState {
    /// No robot has accepted it.
    Offered,
    /// Its robot runs it.
    Running,
    /// Its robot has stopped it for a while.
    Paused,
    /// It is over.
    Ended(Outcome),
}

/// What a robot was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wish {
    /// Stop for a while.
    Pause,
    /// Go on.
    Resume,
}

/// Why and until when a run is to end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// Why.
    pub reason: StopReason,
    /// What is said about it.
    pub message: Option<String>,
    /// When it counts as ended without the robot's word, milliseconds since 1970.
    pub deadline_ms: i64,
}

/// Why a run is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StopReason {
    /// Its job is cancelled.
    Cancelled,
    /// It ran too long.
    TimeLimit,
}

/// What is known of a run's end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunEnd {
    /// Who ended it.
    pub cause: EndCause,
    /// The process's exit code.
    pub exit_code: Option<i32>,
    /// Out and InOut values by name, in the robot's order.
    pub outputs: Vec<(String, Value)>,
    /// What is said about it.
    pub message: Option<String>,
}

/// Who ended a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EndCause {
    /// The robot, by its result.
    Result,
    /// The robot, which cannot run this package at all.
    Unsupported,
    /// The server: the robot was silent for too long.
    Lost,
    /// The server: the robot came back without it.
    Restarted,
    /// The server: it was to be cancelled.
    Cancelled,
    /// The server: it ran too long.
    TimeLimit,
}

impl Outcome {
    /// The job's state with this outcome.
    pub fn state(self) -> JobState {
        match self {
            Outcome::Succeeded => JobState::Succeeded,
            Outcome::Failed => JobState::Failed,
            Outcome::Cancelled => JobState::Cancelled,
        }
    }
}

impl Job {
    pub(super) fn new(spec: NewJob, created_ms: i64) -> Self {
        let skipped = spec.skipped;
        let phase = match spec.step {
            _ if skipped => Phase::Ended(Outcome::Cancelled),
            0 => Phase::Waiting,
            1.. => Phase::Blocked,
        };
        Job {
            spec,
            phase,
            message: skipped.then(|| "no robot was available".to_owned()),
            started_ms: None,
            finished_ms: skipped.then_some(created_ms),
            cancel_requested_ms: None,
            modified: None,
            fence: 0,
            no_retry: false,
            avoid: Vec::new(),
            runs: Vec::new(),
        }
    }

    /// The state that APIs show.
    pub fn state(&self) -> JobState {
        match self.phase {
            Phase::Ended(outcome) => outcome.state(),
            Phase::Active
                if self
                    .last_run()
                    .is_some_and(|run| run.state == RunState::Paused) =>
            {
                JobState::Paused
            }
            Phase::Active | Phase::Offered { .. } | Phase::Waiting | Phase::Blocked => {
                match self.started_ms {
                    Some(_) => JobState::Running,
                    None => JobState::Queued,
                }
            }
        }
    }

    /// How it ended; none before that.
    pub fn outcome(&self) -> Option<Outcome> {
        match self.phase {
            Phase::Ended(outcome) => Some(outcome),
            Phase::Blocked | Phase::Waiting | Phase::Offered { .. } | Phase::Active => None,
        }
    }

    /// Its last run, which may be on offer.
    pub fn last_run(&self) -> Option<&Run> {
        self.runs.last()
    }

    /// Its last run, if it has not ended.
    pub fn open_run(&self) -> Option<&Run> {
        self.runs.last().filter(|run| run.outcome().is_none())
    }

    /// Attempts that began.
    pub fn attempts(&self) -> u32 {
        let begun = self.runs.iter().filter(|run| run.started_ms.is_some());
        u32::try_from(begun.count()).unwrap_or(u32::MAX)
    }

    /// Attempts after the first.
    pub fn retried_count(&self) -> u32 {
        self.attempts().saturating_sub(1)
    }

    /// Out and InOut values of the attempt that succeeded.
    pub fn outputs(&self) -> &[(String, Value)] {
        let succeeded = |run: &&Run| run.outcome() == Some(Outcome::Succeeded);
        let end = self
            .runs
            .iter()
            .find(succeeded)
            .and_then(|run| run.end.as_ref());
        end.map_or(&[], |end| &end.outputs)
    }

    /// Whether a failure now leads to another attempt.
    pub(super) fn may_retry(&self) -> bool {
        let cancelled = self.cancel_requested_ms.is_some();
        !self.no_retry && !cancelled && self.attempts() <= self.spec.max_retry_count
    }

    /// When something becomes due in it, milliseconds since 1970.
    pub(super) fn due_ms(&self) -> Option<i64> {
        match self.phase {
            Phase::Offered { expires_ms } => Some(expires_ms),
            Phase::Active => {
                let run = self.last_run()?;
                match &run.stop {
                    Some(stop) => Some(stop.deadline_ms),
                    None => self.limit_ms(run),
                }
            }
            Phase::Blocked | Phase::Waiting | Phase::Ended(_) => None,
        }
    }

    /// When the run has run too long, milliseconds since 1970; none while it is paused.
    pub(super) fn limit_ms(&self, run: &Run) -> Option<i64> {
        let limit_ms = i64::from(self.spec.max_run_seconds?) * 1000;
        Some(
            run.running_since_ms?
                .saturating_add((limit_ms - run.ran_ms).max(0)),
        )
    }
}

impl Run {
    /// How it ended; none before that.
    pub fn outcome(&self) -> Option<Outcome> {
        match self.state {
            RunState::Ended(outcome) => Some(outcome),
            RunState::Offered | RunState::Running | RunState::Paused => None,
        }
    }

    /// The status that APIs show: one that is on offer counts as running.
    pub fn status(&self) -> JobState {
        match self.state {
            RunState::Offered | RunState::Running => JobState::Running,
            RunState::Paused => JobState::Paused,
            RunState::Ended(outcome) => outcome.state(),
        }
    }
}
