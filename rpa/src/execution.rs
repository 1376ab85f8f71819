//! One execution: the jobs of one execute or one layout run, their run instances, attempts and fences, as one unit.
//!
//! Owns: the whole life of a job, what a robot's message means for it, the order of a layout's steps, what is due when.
//! Never: knows who is connected or idle, reads a clock, sends anything; what is to be sent is an [`Effect`].
//!
//! ```text
//!           step reached        Offer                  Accept              result Succeeded
//!  Blocked ────────────▶ Waiting ────▶ Offered ───────────────▶ Active ─────────────────────▶ Ended
//!     │                   │  ▲ ▲          │ refused, timed out,  │  │ Running ⇄ Paused          ▲ ▲
//!     │                   │  │ └──────────┘ cut: same run, next  │  │                           │ │
//!     │                   │  │              fence                │  └ result, stop confirmed ───┘ │
//!     │                   │  └──────── failed or lost, a retry is left: a new run                 │
//!     └───────────────────┴──────────────────────── cancelled ───────────────────────────────────┘
//!
//!  job:  Queued until its first accept, then Running (also while a retry waits), Paused while its run is
//!  run:  one attempt on one robot; it is offered with a fence that grows with every offer of its job, and has one end
//! ```
//!
//! A message of a robot never fails: what fits no current run changes nothing and is answered so.

mod apply;
mod command;
mod decide;
mod effect;
mod etag;
mod event;
mod job;
pub mod rows;
mod start;
pub mod stored;
pub mod text;

pub use command::{Claim, ClaimedState, Command, Reject, ResultStatus, RunResult, Scope, Times};
pub use decide::{Decision, Refusal, decide};
pub use effect::{AckReason, Effect, Tell, Verdict};
pub use event::{Event, OfferEnd, Passed};
pub use job::{EndCause, Job, Outcome, Phase, Run, RunEnd, RunState, Stop, StopReason, Wish};
pub use start::{NewJob, OnFailure, Owner, PackageReference, Start, Startup, Subject};

use crate::Guid;
use codec::Tenant;
use serde::{Deserialize, Serialize};

/// An execution. Before its [`Command::Start`] it is empty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    id: Guid,
    tenant: Tenant,
    /// What started it; its list of jobs is empty, they are in `jobs`.
    start: Option<Box<Start>>,
    jobs: Vec<Job>,
    /// The step that was reached, from 0.
    step: u32,
    finished_ms: Option<i64>,
    /// Who waits for its end knows of it.
    acknowledged: bool,
}

impl Execution {
    /// An execution that nothing has started yet.
    pub fn new(id: Guid, tenant: Tenant) -> Self {
        Execution {
            id,
            tenant,
            start: None,
            jobs: Vec::new(),
            step: 0,
            finished_ms: None,
            acknowledged: false,
        }
    }

    /// Its id: the id of the job group.
    pub fn id(&self) -> Guid {
        self.id
    }

    /// The company.
    pub fn tenant(&self) -> Tenant {
        self.tenant
    }

    /// What started it, without its jobs; none before that.
    pub fn start(&self) -> Option<&Start> {
        self.start.as_deref()
    }

    /// All jobs, in the order of their numbers.
    pub fn jobs(&self) -> &[Job] {
        &self.jobs
    }

    /// The job with this number, from 1.
    pub fn job_numbered(&self, number: u32) -> Option<&Job> {
        self.jobs.get(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    /// The number and the job with this id.
    pub fn job(&self, id: Guid) -> Option<(u32, &Job)> {
        self.numbered().find(|(_, job)| job.spec.id == id)
    }

    /// The number of the job, the job and the run with this id.
    pub fn run(&self, id: Guid) -> Option<(u32, &Job, &Run)> {
        let mut jobs = self.numbered();
        jobs.find_map(|(number, job)| {
            Some((number, job, job.runs.iter().find(|run| run.id == id)?))
        })
    }

    /// When the last job ended, milliseconds since 1970.
    pub fn finished_ms(&self) -> Option<i64> {
        self.finished_ms
    }

    /// When the first attempt began, milliseconds since 1970.
    pub fn started_ms(&self) -> Option<i64> {
        self.jobs.iter().filter_map(|job| job.started_ms).min()
    }

    /// Whether all jobs have ended.
    pub fn has_ended(&self) -> bool {
        self.finished_ms.is_some()
    }

    /// Whether nothing will happen any more: it may leave memory.
    pub fn is_finished(&self) -> bool {
        self.has_ended() && (self.acknowledged || !self.is_awaited())
    }

    /// Whether an activity of a process waits for its end.
    pub fn is_awaited(&self) -> bool {
        self.start
            .as_ref()
            .is_some_and(|start| start.activity.is_some())
    }

    /// The next instant at which [`Command::Tick`] has something to do, milliseconds since 1970.
    pub fn due_ms(&self) -> Option<i64> {
        self.jobs.iter().filter_map(Job::due_ms).min()
    }

    /// What is still to be sent after a recovery: effects are derived from the state, never replayed. Robots say hello
    /// again and are answered then.
    pub fn outstanding(&self) -> Vec<Effect> {
        if self.has_ended() && !self.is_finished() {
            return vec![Effect::Ended];
        }
        Vec::new()
    }

    /// A new execution of an ended job, with the same settings and arguments. Whether what it needs is still there is
    /// the registry's to say.
    pub fn retry(
        &self,
        job: Guid,
        new_job: Guid,
        created: crate::terms::Stamp,
    ) -> Result<Start, Refusal> {
        let (Some(start), Some((_, old))) = (self.start(), self.job(job)) else {
            return Err(Refusal::UnknownJob);
        };
        if old.outcome().is_none() {
            return Err(Refusal::NotEnded);
        }
        let mut spec = old.spec.clone();
        spec.id = new_job;
        spec.step = 0;
        spec.label = "1".to_owned();
        spec.skipped = false;
        Ok(Start {
            owner: Owner::Workflow(spec.workflow),
            name: spec.name.clone(),
            startup: Startup::manual(),
            activity: None,
            retry_of: Some(job),
            created,
            jobs: vec![spec],
            ..start.clone()
        })
    }

    fn numbered(&self) -> impl Iterator<Item = (u32, &Job)> {
        (1_u32..).zip(&self.jobs)
    }

    fn job_mut(&mut self, number: u32) -> Option<&mut Job> {
        let at = usize::try_from(number).ok()?.checked_sub(1)?;
        self.jobs.get_mut(at)
    }
}
