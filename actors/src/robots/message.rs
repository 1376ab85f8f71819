//! What robots and the server say to each other (spec/robot-protocol.md), as values: how it is written is the hub's.
//! Never: carries a secret; an asset is named, the hub puts its value in.

use codec::Value;
use rpa::{
    Guid,
    argument::Argument,
    execution::{AckReason, Claim, PackageReference, Reject, RunResult, Verdict},
    registry::Reported,
};

/// The names of one run at one robot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunRef {
    /// The run instance.
    pub run: Guid,
    /// The fence of its offer.
    pub fence: u64,
}

/// A robot says who it is and what it has.
#[derive(Clone, Debug, PartialEq)]
pub struct Hello {
    /// What it says about itself.
    pub reported: Reported,
    /// Whether it takes work now.
    pub accepting: bool,
    /// It takes everything that it is offered.
    pub auto_accept: bool,
    /// What it has.
    pub runs: Vec<Claim>,
}

/// A line of a run's log, as the robot has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number in the run, from 1.
    pub seq: u64,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// `Debug`, `Info` or `Error`.
    pub level: String,
    /// `System` or `Business`.
    pub kind: String,
    /// The text.
    pub message: String,
}

/// What a robot says after its hello.
#[derive(Clone, Debug, PartialEq)]
pub enum FromRobot {
    /// It is there.
    Heartbeat,
    /// It takes work, or takes none.
    Accepting(bool),
    /// It leaves.
    Bye,
    /// It takes what it was offered.
    Accept(RunRef),
    /// It does not.
    Reject {
        /// What.
        run: RunRef,
        /// Why.
        reason: Reject,
        /// Why, for people.
        message: Option<String>,
    },
    /// How far it is.
    Progress {
        /// With what.
        run: RunRef,
        /// Of 100.
        percent: Option<f64>,
        /// In words.
        text: Option<String>,
    },
    /// It has stopped for a while.
    Paused(RunRef),
    /// It goes on.
    Resumed(RunRef),
    /// Lines of a log.
    Logs {
        /// Of what.
        run: RunRef,
        /// The lines.
        lines: Vec<Line>,
    },
    /// A run has ended.
    Result {
        /// Which.
        run: RunRef,
        /// How.
        result: RunResult,
    },
}

/// Work.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// The run.
    pub run: RunRef,
    /// Its job.
    pub job: Guid,
    /// Which attempt it is, from 1.
    pub attempt: u32,
    /// The workflow.
    pub workflow: Guid,
    /// What the workflow is called.
    pub workflow_name: String,
    /// The longest time that it may run, in milliseconds.
    pub max_run_ms: Option<i64>,
    /// How long the robot may think, in milliseconds.
    pub accept_within_ms: i64,
    /// What it runs.
    pub package: PackageReference,
    /// Its arguments and their values.
    pub arguments: Vec<(Argument, Option<Value>)>,
    /// The assets of its arguments, when the offer is its own start.
    pub assets: Option<Vec<(String, Guid)>>,
}

/// What a robot is told.
#[derive(Clone, Debug, PartialEq)]
pub enum ToRobot {
    /// It is known; what becomes of what it has.
    Welcome(Vec<(RunRef, Verdict)>),
    /// Here is work.
    Offer(Box<Offer>),
    /// Run it.
    Start {
        /// What.
        run: RunRef,
        /// The assets of its arguments.
        assets: Vec<(String, Guid)>,
    },
    /// The offer no longer stands.
    Withdraw(RunRef),
    /// Stop for a while.
    Pause(RunRef),
    /// Go on.
    Resume(RunRef),
    /// End it.
    Cancel {
        /// What.
        run: RunRef,
        /// When it must be dead, in milliseconds from now.
        kill_after_ms: i64,
    },
    /// Lines up to this number are kept.
    AckLogs {
        /// Of which run.
        run: Guid,
        /// The number.
        seq: u64,
    },
    /// A result need not be sent again.
    AckResult {
        /// Of which run.
        run: RunRef,
        /// Taken, or why not.
        taken: Result<(), AckReason>,
    },
    /// The connection ends.
    Close(Close),
}

/// Why a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    /// Its token or its secret has ended, or the robot is gone.
    Secret,
    /// It was silent for too long.
    Silent,
    /// The robot has a newer one.
    Newer,
    /// It reads too slowly.
    Slow,
    /// Nothing more can be kept now: the disk is full, or the archive is behind.
    Full,
    /// The robot leaves, or the server does.
    Leaving,
}
