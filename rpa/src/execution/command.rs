//! What callers, robots and time may ask of an execution. Core types only: a command is never persisted.

use super::{RunEnd, Start, Verdict};
use crate::{Guid, terms::Stamp};

/// A wish, or a robot's message.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Begin. Once.
    Start(Box<Start>),
    /// Give the waiting job to an idle robot.
    Offer {
        /// The job.
        job: Guid,
        /// The id of its run, if this is a new attempt.
        run: Guid,
        /// The robot.
        robot: Guid,
        /// What the robot is called.
        robot_name: String,
        /// How long the robot may think, in milliseconds.
        accept_within_ms: i64,
        /// The robot takes everything: the offer is its own start.
        auto_accept: bool,
    },
    /// A robot takes what it was offered.
    Accept {
        /// The robot.
        robot: Guid,
        /// The run.
        run: Guid,
        /// The fence of the offer.
        fence: u64,
    },
    /// A robot does not take what it was offered.
    Reject {
        /// The robot.
        robot: Guid,
        /// The run.
        run: Guid,
        /// The fence of the offer.
        fence: u64,
        /// Why.
        reason: Reject,
        /// Why, for people.
        message: Option<String>,
    },
    /// A robot has stopped its run for a while.
    ReportPaused {
        /// The robot.
        robot: Guid,
        /// The run.
        run: Guid,
        /// The fence of its offer.
        fence: u64,
    },
    /// A robot's run goes on.
    ReportResumed {
        /// The robot.
        robot: Guid,
        /// The run.
        run: Guid,
        /// The fence of its offer.
        fence: u64,
    },
    /// A robot's run has ended.
    ReportResult {
        /// The robot.
        robot: Guid,
        /// The run.
        run: Guid,
        /// The fence of its offer.
        fence: u64,
        /// How.
        result: RunResult,
    },
    /// A robot has connected and says what it has.
    Hello {
        /// The robot.
        robot: Guid,
        /// All that it says it has; what belongs to other executions is left aside.
        claims: Vec<Claim>,
    },
    /// A robot's connection has ended.
    Disconnect {
        /// The robot.
        robot: Guid,
    },
    /// A robot was silent for too long: what it runs is lost.
    Lose {
        /// The robot.
        robot: Guid,
    },
    /// End jobs.
    Cancel {
        /// Which.
        scope: Scope,
        /// Who wants it.
        by: Stamp,
        /// What is said about it.
        message: Option<String>,
        /// Robots that are not connected: nobody waits for their word.
        disconnected: Vec<Guid>,
    },
    /// Stop a running job for a while.
    Pause {
        /// The job.
        job: Guid,
    },
    /// Let a paused job go on.
    Resume {
        /// The job.
        job: Guid,
    },
    /// Let a queued job run earlier or later.
    SetPriority {
        /// The job.
        job: Guid,
        /// Larger runs earlier.
        priority: u32,
        /// What the caller has seen.
        etag: Option<String>,
        /// Who wants it.
        by: Stamp,
    },
    /// The workflow was deleted: its queued jobs end, its running ones are not retried.
    ForgetWorkflow {
        /// The workflow.
        workflow: Guid,
    },
    /// The activity that waited knows of the end.
    Acknowledge,
    /// Do what is due.
    Tick,
}

/// Which jobs are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One.
    Job(Guid),
    /// All that have not ended.
    All,
}

/// Why a robot refuses an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Reject {
    /// It has something else to do.
    Busy,
    /// It cannot run such a package: the job fails.
    Unsupported,
    /// It could not get the package.
    Package,
    /// Something else.
    Other,
}

/// A robot's result.
#[derive(Clone, Debug, PartialEq)]
pub struct RunResult {
    /// How the run ended.
    pub status: ResultStatus,
    /// The process's exit code.
    pub exit_code: Option<i32>,
    /// Out and InOut values by name.
    pub outputs: Vec<(String, codec::Value)>,
    /// What is said about it.
    pub message: Option<String>,
}

/// How a robot says that its run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultStatus {
    /// Well.
    Succeeded,
    /// Not well.
    Failed,
    /// It was told to, by the server or at the robot.
    Cancelled,
}

/// What a robot says it has when it connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The run.
    pub run: Guid,
    /// The fence of its offer.
    pub fence: u64,
    /// How far it is.
    pub state: ClaimedState,
}

/// How far a robot says it is with a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimedState {
    /// Accepted, not started.
    Accepted,
    /// Running.
    Running,
    /// Stopped for a while.
    Paused,
    /// Ended; the result follows.
    Finished,
}

impl ClaimedState {
    /// What becomes of a run that its job has done with.
    pub fn when_over(self) -> Verdict {
        match self {
            ClaimedState::Accepted => Verdict::Forget,
            ClaimedState::Running | ClaimedState::Paused => Verdict::Cancel,
            // Its result is answered as stale or as a duplicate, and its logs are kept.
            ClaimedState::Finished => Verdict::Continue,
        }
    }
}

/// The configured times that decisions need, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// How long a robot may take to confirm a cancel.
    pub cancel_after_ms: i64,
    /// How long a robot that refused a job is not asked again.
    pub avoid_ms: i64,
}

impl Default for Times {
    fn default() -> Self {
        Times {
            cancel_after_ms: 30_000,
            avoid_ms: crate::limits::AVOID_MS,
        }
    }
}

impl RunResult {
    /// A result that says only how it ended.
    pub fn of(status: ResultStatus) -> Self {
        RunResult {
            status,
            exit_code: None,
            outputs: Vec::new(),
            message: None,
        }
    }

    pub(super) fn into_end(self, cause: super::EndCause) -> RunEnd {
        RunEnd {
            cause,
            exit_code: self.exit_code,
            outputs: self.outputs,
            message: self.message,
        }
    }
}
