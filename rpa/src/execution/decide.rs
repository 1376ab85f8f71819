//! What a command leads to, or why it is refused.
//!
//! Owns: the order of decisions. Events are applied at once, so that later ones see the earlier; a refusal comes only
//! before the first event, so that it has changed nothing.
//! Never: changes the state but by applying events.

mod offers;
mod reports;
mod stops;

use super::{
    Command, Effect, EndCause, Event, Execution, Job, OnFailure, Outcome, Passed, Phase, Run,
    RunEnd, RunState, Scope, Start, Tell, Times, Wish,
};
use crate::{Guid, argument, argument::Source, limits, terms::JobState};

/// Why a command changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It began before.
    #[error("the execution has begun already")]
    AlreadyStarted,
    /// It has no job, too many, or an id twice.
    #[error("the execution's jobs are improper: {0}")]
    ImproperJobs(&'static str),
    /// No such job here.
    #[error("there is no such job")]
    UnknownJob,
    /// The job has ended.
    #[error("the job has ended already")]
    AlreadyEnded,
    /// The job has not ended.
    #[error("the job has not ended")]
    NotEnded,
    /// The job is not queued.
    #[error("the job is not queued any more")]
    NotQueued,
    /// The job is not running.
    #[error("the job is not running")]
    NotRunning,
    /// The job is not paused.
    #[error("the job is not paused")]
    NotPaused,
    /// The job is to be cancelled.
    #[error("the job is being cancelled")]
    BeingCancelled,
    /// It was changed since the caller read it.
    #[error("the job was changed in between; read it again")]
    Changed,
    /// The job does not wait for a robot, or not for this one.
    #[error("the job does not wait for this robot")]
    NotWaiting,
    /// No such priority.
    #[error("a priority lies between 0 and {}", limits::PRIORITY)]
    ImproperPriority,
}

impl Refusal {
    /// The stable name that APIs show.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::AlreadyStarted => "already-started",
            Refusal::ImproperJobs(_) => "improper-jobs",
            Refusal::UnknownJob => "unknown-job",
            Refusal::AlreadyEnded => "already-ended",
            Refusal::NotEnded => "not-ended",
            Refusal::NotQueued => "not-queued",
            Refusal::NotRunning => "not-running",
            Refusal::NotPaused => "not-paused",
            Refusal::BeingCancelled => "being-cancelled",
            Refusal::Changed => "changed",
            Refusal::NotWaiting => "not-waiting",
            Refusal::ImproperPriority => "improper-priority",
        }
    }
}

/// A robot's text, cut to what is kept.
fn kept(text: String) -> String {
    text.chars().take(limits::TEXT_CHARS).collect()
}

/// What a command leads to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    /// Facts, applied already; none: nothing has changed.
    pub events: Vec<Event>,
    /// What is to be sent when the facts are durable.
    pub effects: Vec<Effect>,
}

/// Decides a command at an instant (milliseconds since 1970) and applies what follows.
pub fn decide(
    execution: &mut Execution,
    command: Command,
    at_ms: i64,
    times: &Times,
) -> Result<Decision, Refusal> {
    let mut deciding = Deciding {
        execution,
        at_ms,
        times: *times,
        cancels_others: false,
        decision: Decision::default(),
    };
    deciding.command(command)?;
    deciding.advance();
    Ok(deciding.decision)
}

struct Deciding<'a> {
    execution: &'a mut Execution,
    at_ms: i64,
    times: Times,
    /// The other jobs are being cancelled, so that the end of one of them cancels none again.
    cancels_others: bool,
    decision: Decision,
}

impl Deciding<'_> {
    fn command(&mut self, command: Command) -> Result<(), Refusal> {
        match command {
            Command::Start(start) => self.start(start),
            Command::Offer { .. } => self.offer(command),
            Command::Accept { robot, run, fence } => {
                self.accept(robot, run, fence);
                Ok(())
            }
            Command::Reject { .. } => {
                self.reject(command);
                Ok(())
            }
            Command::ReportPaused { robot, run, fence } => {
                self.report_paused(robot, run, fence);
                Ok(())
            }
            Command::ReportResumed { robot, run, fence } => {
                self.report_resumed(robot, run, fence);
                Ok(())
            }
            Command::ReportResult {
                robot,
                run,
                fence,
                result,
            } => {
                self.report_result(robot, run, fence, result);
                Ok(())
            }
            Command::Hello { robot, claims } => {
                self.hello(robot, &claims);
                Ok(())
            }
            Command::Disconnect { robot } => {
                self.disconnect(robot);
                Ok(())
            }
            Command::Lose { robot } => {
                self.lose(robot);
                Ok(())
            }
            Command::Cancel {
                scope,
                by,
                message,
                disconnected,
            } => self.cancel(scope, &by, message.as_ref(), &disconnected),
            Command::Pause { job } => self.pause(job),
            Command::Resume { job } => self.resume(job),
            Command::SetPriority {
                job,
                priority,
                etag,
                by,
            } => self.set_priority(job, priority, etag.as_deref(), by),
            Command::ForgetWorkflow { workflow } => {
                self.forget_workflow(workflow);
                Ok(())
            }
            Command::Acknowledge => {
                if self.execution.has_ended() && !self.execution.acknowledged {
                    self.emit(Event::Acknowledged);
                }
                Ok(())
            }
            Command::Tick => {
                self.tick();
                Ok(())
            }
        }
    }

    fn emit(&mut self, event: Event) {
        self.execution.apply(&event);
        self.decision.events.push(event);
    }

    fn tell(&mut self, robot: Guid, run: Guid, fence: u64, what: Tell) {
        self.decision.effects.push(Effect::Tell {
            robot,
            run,
            fence,
            what,
        });
    }

    fn start(&mut self, start: Box<Start>) -> Result<(), Refusal> {
        if self.execution.start.is_some() {
            return Err(Refusal::AlreadyStarted);
        }
        let jobs = &start.jobs;
        if jobs.is_empty() || jobs.len() > limits::JOBS {
            return Err(Refusal::ImproperJobs("none, or too many"));
        }
        let sourced = jobs.iter().flat_map(|job| &job.arguments);
        let values = argument::value_bytes(sourced.map(|sourced| &sourced.argument));
        if values > limits::EXECUTION_VALUES_BYTES {
            return Err(Refusal::ImproperJobs("their values are too large"));
        }
        let mut ids: Vec<Guid> = jobs.iter().map(|job| job.id).collect();
        ids.sort_unstable();
        if ids.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Refusal::ImproperJobs("an id stands there twice"));
        }
        let gaps = jobs
            .windows(2)
            .any(|pair| !(0..=1).contains(&pair[1].step.wrapping_sub(pair[0].step)));
        if jobs[0].step != 0 || gaps {
            return Err(Refusal::ImproperJobs("the steps are not in order"));
        }
        self.emit(Event::Started(start));
        let skipped: Vec<Guid> = self
            .execution
            .jobs
            .iter()
            .filter(|job| job.spec.skipped)
            .map(|job| job.spec.id)
            .collect();
        for job in skipped {
            let outcome = Outcome::Cancelled;
            self.decision
                .effects
                .push(Effect::JobEnded { job, outcome });
        }
        Ok(())
    }

    /// A copy of the number, job and open run of the robot that this message is about; none: it fits no current run.
    fn current(&self, robot: Guid, run: Guid, fence: u64) -> Option<(u32, Job, Run)> {
        let (number, job, _) = self.execution.run(run)?;
        let open = job.open_run()?;
        let fits = open.id == run && open.fence == fence && open.robot == robot;
        let held = match job.phase {
            Phase::Offered { .. } | Phase::Active => true,
            Phase::Blocked | Phase::Waiting | Phase::Ended(_) => false,
        };
        (fits && held).then(|| (number, job.clone(), open.clone()))
    }

    fn end_run(&mut self, number: u32, outcome: Outcome, end: RunEnd) {
        self.emit(Event::RunEnded {
            job: number,
            outcome,
            end: Box::new(end),
            at_ms: self.at_ms,
        });
    }

    /// The run has ended and its job with it, unless another attempt follows.
    fn finish_run(&mut self, number: u32, outcome: Outcome, end: RunEnd) {
        self.end_run(number, outcome, end);
        let retries = self
            .execution
            .job_numbered(number)
            .is_some_and(Job::may_retry);
        if outcome != Outcome::Failed || !retries {
            self.end_job(number, outcome, None);
        }
    }

    fn end_job(&mut self, number: u32, outcome: Outcome, message: Option<String>) {
        let Some(job) = self.execution.job_numbered(number) else {
            return;
        };
        if job.outcome().is_some() {
            return;
        }
        let id = job.spec.id;
        self.emit(Event::JobEnded {
            job: number,
            outcome,
            message,
            at_ms: self.at_ms,
        });
        self.decision
            .effects
            .push(Effect::JobEnded { job: id, outcome });
        let on_failure = self.execution.start().map(|start| start.on_failure);
        if outcome != Outcome::Succeeded && on_failure == Some(OnFailure::CancelAll) {
            self.cancel_others("another job of the same task did not succeed");
        }
    }

    /// Goes on to the next step when the jobs of this one have ended, as often as that is so.
    fn advance(&mut self) {
        while self.execution.start.is_some() && !self.execution.has_ended() {
            if self
                .execution
                .jobs
                .iter()
                .all(|job| job.outcome().is_some())
            {
                self.emit(Event::Ended { at_ms: self.at_ms });
                self.decision.effects.push(Effect::Ended);
                return;
            }
            let step = self.execution.step;
            let mut jobs = self
                .execution
                .jobs
                .iter()
                .filter(|job| job.spec.step == step);
            if !jobs.all(|job| job.outcome().is_some()) {
                return;
            }
            match self.obstacle(step) {
                Some(obstacle) => self.cancel_others(obstacle),
                None => {
                    let passed = self.passed_to(step + 1);
                    self.emit(Event::StepReached {
                        step: step + 1,
                        passed,
                    });
                }
            }
        }
    }

    /// Why nothing follows an ended step; none: the next one does.
    fn obstacle(&self, step: u32) -> Option<&'static str> {
        let jobs = || {
            self.execution
                .jobs
                .iter()
                .filter(|job| job.spec.step == step)
        };
        let cancelled = |job: &Job| job.outcome() == Some(Outcome::Cancelled) && !job.spec.skipped;
        if jobs().any(cancelled) {
            return Some("an earlier step was cancelled");
        }
        let on_failure = self.execution.start().map(|start| start.on_failure);
        let failed = jobs().any(|job| job.outcome() != Some(Outcome::Succeeded));
        (failed && on_failure != Some(OnFailure::Continue)).then_some("an earlier step failed")
    }

    /// What the jobs of a step get from earlier steps: of one name the latest value.
    fn passed_to(&self, step: u32) -> Vec<Passed> {
        let given = |name: &str| {
            let earlier = self.execution.jobs.iter().rev();
            earlier
                .filter(|job| job.spec.step < step)
                .flat_map(|job| job.outputs().iter().rev())
                .find(|(output, _)| output == name)
                .map(|(_, value)| argument::to_text(value))
        };
        let mut passed = Vec::new();
        for (number, job) in self.execution.numbered() {
            if job.spec.step != step || job.outcome().is_some() {
                continue;
            }
            for sourced in &job.spec.arguments {
                let name = &sourced.argument.name;
                if sourced.source == Source::Previous
                    && sourced.argument.goes_in()
                    && let Some(value) = given(name)
                {
                    passed.push(Passed {
                        job: number,
                        name: name.clone(),
                        value,
                    });
                }
            }
        }
        passed
    }

    /// The numbers of the jobs that have not ended.
    fn open_jobs(&self) -> Vec<u32> {
        let open = self
            .execution
            .numbered()
            .filter(|(_, job)| job.outcome().is_none());
        open.map(|(number, _)| number).collect()
    }
}
