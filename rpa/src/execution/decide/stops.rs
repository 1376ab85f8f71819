//! Everything that ends or holds a job from outside: cancel, pause, time limits, lost robots, deleted workflows.
//! Owns: how long a robot's word is waited for, and what counts without it.

use super::{
    Deciding, EndCause, Event, Guid, JobState, Outcome, Phase, Refusal, Run, RunEnd, RunState,
    Scope, Tell, Wish, limits,
};
use crate::{
    execution::{OfferEnd, StopReason},
    terms::{Stamp, is_stale},
};

impl RunEnd {
    /// An end that the robot did not report.
    pub(super) fn without_result(cause: EndCause, message: &str) -> Self {
        RunEnd {
            cause,
            exit_code: None,
            outputs: Vec::new(),
            message: Some(message.to_owned()),
        }
    }
}

impl Deciding<'_> {
    pub(super) fn cancel(
        &mut self,
        scope: Scope,
        by: &Stamp,
        message: Option<&String>,
        disconnected: &[Guid],
    ) -> Result<(), Refusal> {
        let numbers = match scope {
            Scope::Job(id) => {
                let (number, job) = self.execution.job(id).ok_or(Refusal::UnknownJob)?;
                if job.outcome().is_some() {
                    return Err(Refusal::AlreadyEnded);
                }
                vec![number]
            }
            Scope::All => self.open_jobs(),
        };
        if numbers.is_empty() {
            return Err(Refusal::AlreadyEnded);
        }
        let message = message.map_or("cancelled", String::as_str);
        for number in numbers {
            self.cancel_job(number, Some(by), message, disconnected);
        }
        Ok(())
    }

    /// Cancels every job that has not ended, because of another one.
    pub(super) fn cancel_others(&mut self, message: &'static str) {
        if std::mem::replace(&mut self.cancels_others, true) {
            return;
        }
        for number in self.open_jobs() {
            self.cancel_job(number, None, message, &[]);
        }
        self.cancels_others = false;
    }

    fn cancel_job(
        &mut self,
        number: u32,
        by: Option<&Stamp>,
        message: &str,
        disconnected: &[Guid],
    ) {
        let Some(job) = self.execution.job_numbered(number) else {
            return;
        };
        if job.outcome().is_some() {
            return;
        }
        let (phase, open) = (job.phase, job.open_run().cloned());
        if job.cancel_requested_ms.is_none() {
            self.emit(Event::CancelRequested {
                job: number,
                at_ms: self.at_ms,
                by: by.cloned(),
            });
        }
        match (phase, open) {
            (Phase::Active, Some(run)) => {
                let cancelled = |reason| reason == StopReason::Cancelled;
                if !run.stop.as_ref().is_some_and(|stop| cancelled(stop.reason)) {
                    self.stop(number, &run, StopReason::Cancelled, message);
                }
                if disconnected.contains(&run.robot) {
                    self.end_stopped(number);
                }
            }
            (Phase::Blocked | Phase::Waiting | Phase::Offered { .. } | Phase::Active, open) => {
                self.end_without_run(number, phase, open, Outcome::Cancelled, message);
            }
            (Phase::Ended(_), _) => {}
        }
    }

    /// Ends a job that no robot runs, with the run that may be on offer.
    fn end_without_run(
        &mut self,
        number: u32,
        phase: Phase,
        open: Option<Run>,
        outcome: Outcome,
        message: &str,
    ) {
        if let Some(run) = open {
            let end = RunEnd::without_result(EndCause::Cancelled, message);
            self.end_run(number, Outcome::Cancelled, end);
            if let Phase::Offered { .. } = phase {
                self.tell(run.robot, run.id, run.fence, Tell::Withdraw);
            }
        }
        self.end_job(number, outcome, Some(message.to_owned()));
    }

    fn stop(&mut self, number: u32, run: &Run, reason: StopReason, message: &str) {
        let kill_after_ms = self.times.cancel_after_ms;
        self.emit(Event::StopRequested {
            job: number,
            reason,
            message: Some(message.to_owned()),
            deadline_ms: self.at_ms.saturating_add(kill_after_ms),
        });
        self.tell(run.robot, run.id, run.fence, Tell::Cancel { kill_after_ms });
    }

    /// Ends a run that is to end, without its robot's word.
    pub(super) fn end_stopped(&mut self, number: u32) {
        let run = self
            .execution
            .job_numbered(number)
            .and_then(|job| job.open_run());
        let Some(stop) = run.and_then(|run| run.stop.clone()) else {
            return;
        };
        let (cause, outcome) = match stop.reason {
            StopReason::Cancelled => (EndCause::Cancelled, Outcome::Cancelled),
            StopReason::TimeLimit => (EndCause::TimeLimit, Outcome::Failed),
        };
        let message = stop.message.unwrap_or_default();
        self.finish_run(number, outcome, RunEnd::without_result(cause, &message));
    }

    /// Ends an active run that the robot no longer has: as it was to end, else as a failure.
    pub(super) fn end_by_server(&mut self, number: u32, cause: EndCause, message: &str) {
        let run = self
            .execution
            .job_numbered(number)
            .and_then(|job| job.open_run());
        if run.is_some_and(|run| run.stop.is_some()) {
            self.end_stopped(number);
        } else {
            self.finish_run(
                number,
                Outcome::Failed,
                RunEnd::without_result(cause, message),
            );
        }
    }

    /// The phase of a job whose open run this robot has, and whether it is to end; asked anew for each job, because the
    /// end of one may end others.
    fn held_by(&self, robot: Guid, number: u32) -> Option<(Phase, bool)> {
        let job = self.execution.job_numbered(number)?;
        let run = job.open_run().filter(|run| run.robot == robot)?;
        Some((job.phase, run.stop.is_some()))
    }

    pub(super) fn disconnect(&mut self, robot: Guid) {
        for number in self.open_jobs() {
            match self.held_by(robot, number) {
                Some((Phase::Offered { .. }, _)) => self.end_offer(number, OfferEnd::Cut, false),
                Some((Phase::Active, true)) => self.end_stopped(number),
                Some((
                    Phase::Active | Phase::Blocked | Phase::Waiting | Phase::Ended(_),
                    true | false,
                ))
                | None => {}
            }
        }
    }

    pub(super) fn lose(&mut self, robot: Guid) {
        for number in self.open_jobs() {
            match self.held_by(robot, number) {
                Some((Phase::Offered { .. }, _)) => self.end_offer(number, OfferEnd::Cut, false),
                Some((Phase::Active, _)) => {
                    self.end_by_server(number, EndCause::Lost, "robot lost");
                }
                Some((Phase::Blocked | Phase::Waiting | Phase::Ended(_), _)) | None => {}
            }
        }
    }

    pub(super) fn pause(&mut self, job: Guid) -> Result<(), Refusal> {
        let (number, run) = self.held_run(job, Refusal::NotRunning)?;
        match (run.state, run.wish) {
            (RunState::Running, Some(Wish::Pause)) => Ok(()),
            (RunState::Running, _) => {
                self.emit(Event::PauseRequested { job: number });
                self.tell(run.robot, run.id, run.fence, Tell::Pause);
                Ok(())
            }
            (RunState::Paused | RunState::Offered | RunState::Ended(_), _) => {
                Err(Refusal::NotRunning)
            }
        }
    }

    pub(super) fn resume(&mut self, job: Guid) -> Result<(), Refusal> {
        let (number, run) = self.held_run(job, Refusal::NotPaused)?;
        match (run.state, run.wish) {
            (RunState::Paused, Some(Wish::Resume)) => Ok(()),
            (RunState::Paused, _) => {
                self.emit(Event::ResumeRequested { job: number });
                self.tell(run.robot, run.id, run.fence, Tell::Resume);
                Ok(())
            }
            (RunState::Running | RunState::Offered | RunState::Ended(_), _) => {
                Err(Refusal::NotPaused)
            }
        }
    }

    /// The number and run of a job that a robot runs; `otherwise` if none does.
    fn held_run(&self, job: Guid, otherwise: Refusal) -> Result<(u32, Run), Refusal> {
        let (number, job) = self.execution.job(job).ok_or(Refusal::UnknownJob)?;
        if job.cancel_requested_ms.is_some() && job.outcome().is_none() {
            return Err(Refusal::BeingCancelled);
        }
        match (job.phase, job.open_run()) {
            (Phase::Active, Some(run)) => Ok((number, run.clone())),
            (
                Phase::Active
                | Phase::Blocked
                | Phase::Waiting
                | Phase::Offered { .. }
                | Phase::Ended(_),
                _,
            ) => Err(otherwise),
        }
    }

    pub(super) fn set_priority(
        &mut self,
        job: Guid,
        priority: u32,
        etag: Option<&str>,
        by: Stamp,
    ) -> Result<(), Refusal> {
        let (number, job) = self.execution.job(job).ok_or(Refusal::UnknownJob)?;
        if is_stale(&job.etag(), etag) {
            return Err(Refusal::Changed);
        }
        if job.state() != JobState::Queued {
            return Err(Refusal::NotQueued);
        }
        if priority > limits::PRIORITY {
            return Err(Refusal::ImproperPriority);
        }
        if job.spec.priority != priority {
            self.emit(Event::PriorityChanged {
                job: number,
                priority,
                by,
            });
        }
        Ok(())
    }

    pub(super) fn forget_workflow(&mut self, workflow: Guid) {
        for number in self.open_jobs() {
            let Some(job) = self.execution.job_numbered(number) else {
                continue;
            };
            if job.spec.workflow != workflow || job.outcome().is_some() {
                continue;
            }
            let (phase, state, forgotten) = (job.phase, job.state(), job.no_retry);
            let (open, last) = (job.open_run().cloned(), job.message.clone());
            match (phase, state) {
                (_, JobState::Queued) => {
                    let outcome = Outcome::Cancelled;
                    self.end_without_run(number, phase, open, outcome, "workflow deleted");
                }
                (Phase::Active, _) => {
                    if !forgotten {
                        self.emit(Event::RetriesForfeited { job: number });
                    }
                }
                // Its last attempt failed and no other follows.
                (Phase::Blocked | Phase::Waiting | Phase::Offered { .. } | Phase::Ended(_), _) => {
                    let message = last.unwrap_or_else(|| "workflow deleted".to_owned());
                    self.end_without_run(number, phase, open, Outcome::Failed, &message);
                }
            }
        }
    }

    pub(super) fn tick(&mut self) {
        for number in self.open_jobs() {
            let Some(job) = self.execution.job_numbered(number) else {
                continue;
            };
            if job.due_ms().is_none_or(|due_ms| due_ms > self.at_ms) {
                continue;
            }
            let (phase, open) = (job.phase, job.open_run().cloned());
            match (phase, open) {
                (Phase::Offered { .. }, Some(run)) => {
                    self.end_offer(number, OfferEnd::TimedOut, true);
                    self.tell(run.robot, run.id, run.fence, Tell::Withdraw);
                }
                (Phase::Active, Some(run)) if run.stop.is_some() => self.end_stopped(number),
                (Phase::Active, Some(run)) => {
                    self.stop(number, &run, StopReason::TimeLimit, "time limit");
                }
                (
                    Phase::Offered { .. }
                    | Phase::Active
                    | Phase::Blocked
                    | Phase::Waiting
                    | Phase::Ended(_),
                    _,
                ) => {}
            }
        }
    }
}
