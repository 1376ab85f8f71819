//! What is to be sent once a decision is durable. Core types only.
//! Never: holds what the state holds; who sends looks arguments and names up there.

use super::Outcome;
use crate::Guid;

/// Something to be done when the events are durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Tell a robot something about a run.
    Tell {
        /// The robot.
        robot: Guid,
        /// The run.
        run: Guid,
        /// The fence that the robot used, or is given.
        fence: u64,
        /// What.
        what: Tell,
    },
    /// A job has ended.
    JobEnded {
        /// The job.
        job: Guid,
        /// How.
        outcome: Outcome,
    },
    /// All jobs have ended; when an activity waits, it is told until it acknowledges.
    Ended,
}

/// What a robot is told about a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tell {
    /// Here is work.
    Offer {
        /// The offer is its own start, so it carries the assets.
        auto_accept: bool,
    },
    /// Run it.
    Start,
    /// The offer no longer stands.
    Withdraw,
    /// Stop for a while.
    Pause,
    /// Go on.
    Resume,
    /// End it.
    Cancel {
        /// When it must be dead, in milliseconds from now.
        kill_after_ms: i64,
    },
    /// The answer to a claim at hello.
    Verdict(Verdict),
    /// Its result was taken, or not; either way it need not be sent again.
    AckResult(Result<(), AckReason>),
}

/// Why a result was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AckReason {
    /// It is of an older attempt or offer, or of a run that has ended otherwise.
    Stale,
    /// It was taken before.
    Duplicate,
}

/// The answer to a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Run it; [`Tell::Start`] follows.
    Start,
    /// Go on with it, or send its result.
    Continue,
    /// End it.
    Cancel,
    /// Drop it.
    Forget,
}
