//! What has happened in an execution. Disk type: variants are only added at the end, and none of them ever changes.

use super::{Outcome, RunEnd, Start, StopReason};
use crate::{Guid, execution::Reject, terms::Stamp};
use serde::{Deserialize, Serialize};

/// A fact, in the past tense. `job` is a job's number, from 1; a run is always the last one of its job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// The execution began with these jobs.
    Started(Box<Start>),
    /// The jobs of a step wait for robots from now on.
    StepReached {
        /// The step, from 0.
        step: u32,
        /// Values that earlier steps gave.
        passed: Vec<Passed>,
    },
    /// A run is offered to a robot.
    Offered {
        /// The job.
        job: u32,
        /// The run: a new one, or the one that nobody accepted yet.
        run: Guid,
        /// The fence of the offer.
        fence: u64,
        /// The robot.
        robot: Guid,
        /// What the robot is called.
        robot_name: String,
        /// When, milliseconds since 1970.
        at_ms: i64,
        /// Until when the robot may accept, milliseconds since 1970.
        expires_ms: i64,
    },
    /// An offer came to nothing; the same run will be offered again.
    OfferEnded {
        /// The job.
        job: u32,
        /// Why.
        why: OfferEnd,
        /// Until when the robot is not asked again, milliseconds since 1970.
        avoid_until_ms: Option<i64>,
    },
    /// The robot has the run: the attempt has begun.
    Accepted {
        /// The job.
        job: u32,
        /// When, milliseconds since 1970.
        at_ms: i64,
    },
    /// The robot was asked to stop for a while.
    PauseRequested {
        /// The job.
        job: u32,
    },
    /// The robot was asked to go on.
    ResumeRequested {
        /// The job.
        job: u32,
    },
    /// The robot has stopped for a while.
    Paused {
        /// The job.
        job: u32,
        /// When, milliseconds since 1970.
        at_ms: i64,
    },
    /// The robot goes on.
    Resumed {
        /// The job.
        job: u32,
        /// When, milliseconds since 1970.
        at_ms: i64,
    },
    /// The run is to end.
    StopRequested {
        /// The job.
        job: u32,
        /// Why.
        reason: StopReason,
        /// What is said about it.
        message: Option<String>,
        /// When it counts as ended without the robot's word, milliseconds since 1970.
        deadline_ms: i64,
    },
    /// Somebody wanted the job cancelled.
    CancelRequested {
        /// The job.
        job: u32,
        /// When, milliseconds since 1970.
        at_ms: i64,
        /// Who; none: it follows from another job's end.
        by: Option<Stamp>,
    },
    /// The run has ended.
    RunEnded {
        /// The job.
        job: u32,
        /// How.
        outcome: Outcome,
        /// What is known of it.
        end: Box<RunEnd>,
        /// When, milliseconds since 1970.
        at_ms: i64,
    },
    /// The job has ended.
    JobEnded {
        /// The job.
        job: u32,
        /// How.
        outcome: Outcome,
        /// What is said about it.
        message: Option<String>,
        /// When, milliseconds since 1970.
        at_ms: i64,
    },
    /// The job has another priority.
    PriorityChanged {
        /// The job.
        job: u32,
        /// Larger runs earlier.
        priority: u32,
        /// Who wanted it.
        by: Stamp,
    },
    /// The job gets no further attempt.
    RetriesForfeited {
        /// The job.
        job: u32,
    },
    /// All jobs have ended.
    Ended {
        /// When, milliseconds since 1970.
        at_ms: i64,
    },
    /// Who waited knows of the end.
    Acknowledged,
}

/// A value that an earlier step gave to an argument.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passed {
    /// The number of the job that gets it.
    pub job: u32,
    /// The argument.
    pub name: String,
    /// The value, as text.
    pub value: Option<String>,
}

/// Why an offer came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OfferEnd {
    /// The robot refused.
    Rejected(Reject),
    /// The robot did not answer in time.
    TimedOut,
    /// The robot's connection ended.
    Cut,
}

impl Event {
    /// The number of the job that it is about; none: it is about all of them.
    pub fn job(&self) -> Option<u32> {
        match self {
            Event::Started(_)
            | Event::StepReached { .. }
            | Event::Ended { .. }
            | Event::Acknowledged => None,
            Event::Offered { job, .. }
            | Event::OfferEnded { job, .. }
            | Event::Accepted { job, .. }
            | Event::PauseRequested { job }
            | Event::ResumeRequested { job }
            | Event::Paused { job, .. }
            | Event::Resumed { job, .. }
            | Event::StopRequested { job, .. }
            | Event::CancelRequested { job, .. }
            | Event::RunEnded { job, .. }
            | Event::JobEnded { job, .. }
            | Event::PriorityChanged { job, .. }
            | Event::RetriesForfeited { job } => Some(*job),
        }
    }
}
