//! What robots say about their runs: paused, resumed, results, and what they have when they connect.
//! Owns: what a late, doubled or foreign message means: nothing changes, and the robot is told.

use super::{
    Deciding, EndCause, Event, Guid, Job, Outcome, Phase, Run, RunState, Tell, Wish, kept,
};
use crate::{
    execution::{
        AckReason, Claim, ClaimedState, OfferEnd, ResultStatus, RunResult, StopReason, Verdict,
    },
    terms::Direction,
};

impl Deciding<'_> {
    pub(super) fn report_paused(&mut self, robot: Guid, run: Guid, fence: u64) {
        if let Some((number, _, run)) = self.current(robot, run, fence)
            && run.state == RunState::Running
        {
            self.emit(Event::Paused {
                job: number,
                at_ms: self.at_ms,
            });
        }
    }

    pub(super) fn report_resumed(&mut self, robot: Guid, run: Guid, fence: u64) {
        if let Some((number, _, run)) = self.current(robot, run, fence)
            && run.state == RunState::Paused
        {
            self.emit(Event::Resumed {
                job: number,
                at_ms: self.at_ms,
            });
        }
    }

    pub(super) fn report_result(
        &mut self,
        robot: Guid,
        run_id: Guid,
        fence: u64,
        mut result: RunResult,
    ) {
        let current = self.current(robot, run_id, fence);
        let Some((number, job, run)) = current.filter(|(_, job, _)| job.phase == Phase::Active)
        else {
            let reason = self.why_not_taken(robot, run_id, fence);
            self.tell(robot, run_id, fence, Tell::AckResult(Err(reason)));
            return;
        };
        let declared_in = |name: &str| {
            let mut arguments = job.spec.arguments.iter().map(|sourced| &sourced.argument);
            arguments.any(|a| a.name == name && a.direction == Direction::In)
        };
        result.outputs.retain(|(name, _)| !declared_in(name));
        result.message = result.message.map(kept);
        let stop = run
            .stop
            .as_ref()
            .map(|stop| (stop.reason, stop.message.clone()));
        let outcome = match (result.status, stop) {
            (ResultStatus::Succeeded, _) => Outcome::Succeeded,
            (
                ResultStatus::Failed | ResultStatus::Cancelled,
                Some((StopReason::TimeLimit, text)),
            ) => {
                result.message = text;
                Outcome::Failed
            }
            (ResultStatus::Cancelled, stop) => {
                result.message = result.message.or(stop.and_then(|(_, message)| message));
                Outcome::Cancelled
            }
            (ResultStatus::Failed, _) => Outcome::Failed,
        };
        self.finish_run(number, outcome, result.into_end(EndCause::Result));
        self.tell(robot, run_id, fence, Tell::AckResult(Ok(())));
    }

    fn why_not_taken(&self, robot: Guid, run: Guid, fence: u64) -> AckReason {
        let taken = self.execution.run(run).is_some_and(|(_, _, run)| {
            let by_result = run
                .end
                .as_ref()
                .is_some_and(|end| end.cause == EndCause::Result);
            by_result && run.robot == robot && run.fence == fence
        });
        if taken {
            AckReason::Duplicate
        } else {
            AckReason::Stale
        }
    }

    pub(super) fn hello(&mut self, robot: Guid, claims: &[Claim]) {
        for claim in claims {
            if self.execution.run(claim.run).is_some() {
                self.claim(robot, claim);
            }
        }
        for number in self.open_jobs() {
            let Some(job) = self.execution.job_numbered(number) else {
                continue;
            };
            let Some(run) = job.open_run().filter(|run| run.robot == robot) else {
                continue;
            };
            if claims
                .iter()
                .any(|claim| claim.run == run.id && claim.fence == run.fence)
            {
                continue;
            }
            match job.phase {
                Phase::Offered { .. } => self.end_offer(number, OfferEnd::Cut, false),
                Phase::Active => {
                    self.end_by_server(number, EndCause::Restarted, "robot restarted");
                }
                Phase::Blocked | Phase::Waiting | Phase::Ended(_) => {}
            }
        }
    }

    fn claim(&mut self, robot: Guid, claim: &Claim) {
        let Claim { run, fence, state } = *claim;
        let verdict = match self.current(robot, run, fence) {
            Some((number, job, current)) => self.claim_current(number, &job, &current, state),
            None => state.when_over(),
        };
        self.tell(robot, run, fence, Tell::Verdict(verdict));
        match verdict {
            Verdict::Start => self.tell(robot, run, fence, Tell::Start),
            Verdict::Continue if state != ClaimedState::Finished => {
                self.tell_wish(robot, run, fence);
            }
            Verdict::Continue | Verdict::Cancel | Verdict::Forget => {}
        }
    }

    fn claim_current(&mut self, number: u32, job: &Job, run: &Run, state: ClaimedState) -> Verdict {
        let at_ms = self.at_ms;
        match (job.phase, state) {
            (Phase::Offered { .. }, ClaimedState::Accepted) => {
                self.emit(Event::Accepted { job: number, at_ms });
                Verdict::Start
            }
            // Nothing may run before its start.
            (Phase::Offered { .. }, _) => {
                self.end_offer(number, OfferEnd::Cut, true);
                Verdict::Cancel
            }
            (_, ClaimedState::Finished) => Verdict::Continue,
            (_, ClaimedState::Accepted) if run.stop.is_some() => {
                self.end_stopped(number);
                Verdict::Forget
            }
            (_, ClaimedState::Running | ClaimedState::Paused) if run.stop.is_some() => {
                Verdict::Cancel
            }
            (_, ClaimedState::Accepted) => Verdict::Start,
            (_, ClaimedState::Running) => {
                if run.state == RunState::Paused {
                    self.emit(Event::Resumed { job: number, at_ms });
                }
                Verdict::Continue
            }
            (_, ClaimedState::Paused) => {
                if run.state == RunState::Running {
                    self.emit(Event::Paused { job: number, at_ms });
                }
                Verdict::Continue
            }
        }
    }

    /// Asks again for what the robot has not confirmed.
    fn tell_wish(&mut self, robot: Guid, run: Guid, fence: u64) {
        let Some((_, _, current)) = self.current(robot, run, fence) else {
            return;
        };
        match (current.wish, current.state) {
            (Some(Wish::Pause), RunState::Running) => self.tell(robot, run, fence, Tell::Pause),
            (Some(Wish::Resume), RunState::Paused) => self.tell(robot, run, fence, Tell::Resume),
            (Some(Wish::Pause | Wish::Resume) | None, _) => {}
        }
    }
}
