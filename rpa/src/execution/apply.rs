//! The only way to change an execution. Owns: `apply`; it is total: an event that fits nothing changes nothing.
//! Never: judges; what it applies was decided.

use super::{
    Event, Execution, Job, Outcome, Passed, Phase, Run, RunEnd, RunState, Stop, Wish,
    event::OfferEnd,
};

impl Execution {
    /// Takes a fact over.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Started(start) => {
                let mut start = start.clone();
                let created_ms = start.created.at_ms;
                let jobs = std::mem::take(&mut start.jobs);
                self.jobs = jobs
                    .into_iter()
                    .map(|job| Job::new(job, created_ms))
                    .collect();
                self.start = Some(start);
            }
            Event::StepReached { step, passed } => self.reach(*step, passed),
            Event::Ended { at_ms } => self.finished_ms = Some(*at_ms),
            Event::Acknowledged => self.acknowledged = true,
            Event::Offered { .. }
            | Event::OfferEnded { .. }
            | Event::Accepted { .. }
            | Event::PauseRequested { .. }
            | Event::ResumeRequested { .. }
            | Event::Paused { .. }
            | Event::Resumed { .. }
            | Event::StopRequested { .. }
            | Event::CancelRequested { .. }
            | Event::RunEnded { .. }
            | Event::JobEnded { .. }
            | Event::PriorityChanged { .. }
            | Event::RetriesForfeited { .. } => {
                let number = event.job().unwrap_or_default();
                if let Some(job) = self.job_mut(number) {
                    job.apply(event);
                }
            }
        }
    }

    fn reach(&mut self, step: u32, passed: &[Passed]) {
        self.step = step;
        for value in passed {
            let Some(job) = self.job_mut(value.job) else {
                continue;
            };
            let arguments = job.spec.arguments.iter_mut();
            for sourced in arguments.filter(|sourced| sourced.argument.name == value.name) {
                sourced.argument.value.clone_from(&value.value);
                sourced.argument.asset = None;
            }
        }
        for job in &mut self.jobs {
            if job.spec.step == step && job.phase == Phase::Blocked {
                job.phase = Phase::Waiting;
            }
        }
    }
}

impl Job {
    fn apply(&mut self, event: &Event) {
        match event {
            Event::Offered { expires_ms, .. } => {
                self.offer(event);
                self.phase = Phase::Offered {
                    expires_ms: *expires_ms,
                };
            }
            Event::OfferEnded {
                why: OfferEnd::Rejected(_) | OfferEnd::TimedOut | OfferEnd::Cut,
                avoid_until_ms,
                ..
            } => self.end_offer(*avoid_until_ms),
            Event::Accepted { at_ms, .. } => self.begin(*at_ms),
            Event::RunEnded {
                outcome,
                end,
                at_ms,
                ..
            } => self.end_run(*outcome, end, *at_ms),
            Event::JobEnded {
                outcome,
                message,
                at_ms,
                ..
            } => self.end(*outcome, message.as_ref(), *at_ms),
            Event::CancelRequested { at_ms, by, .. } => {
                self.cancel_requested_ms = Some(*at_ms);
                if by.is_some() {
                    self.modified.clone_from(by);
                }
            }
            Event::PriorityChanged { priority, by, .. } => {
                self.spec.priority = *priority;
                self.modified = Some(by.clone());
            }
            Event::RetriesForfeited { .. } => self.no_retry = true,
            Event::PauseRequested { .. }
            | Event::ResumeRequested { .. }
            | Event::Paused { .. }
            | Event::Resumed { .. }
            | Event::StopRequested { .. } => self.with_run(|run| run.apply(event)),
            // The execution's own; they name no job.
            Event::Started(_)
            | Event::StepReached { .. }
            | Event::Ended { .. }
            | Event::Acknowledged => {}
        }
    }

    fn offer(&mut self, event: &Event) {
        let Event::Offered {
            run,
            fence,
            robot,
            robot_name,
            at_ms,
            ..
        } = event
        else {
            return;
        };
        self.fence = *fence;
        if self.open_run().is_none() {
            self.runs.push(Run::offered(*run, *at_ms));
        }
        self.with_run(|run| {
            run.fence = *fence;
            run.robot = *robot;
            run.robot_name.clone_from(robot_name);
        });
    }

    fn end_offer(&mut self, avoid_until_ms: Option<i64>) {
        self.phase = Phase::Waiting;
        let robot = self.runs.last().map(|run| run.robot);
        if let (Some(robot), Some(until_ms)) = (robot, avoid_until_ms) {
            self.avoid.retain(|(avoided, _)| *avoided != robot);
            self.avoid.push((robot, until_ms));
        }
    }

    fn begin(&mut self, at_ms: i64) {
        self.phase = Phase::Active;
        self.avoid.clear();
        self.message = None;
        self.started_ms = self.started_ms.or(Some(at_ms));
        self.with_run(|run| {
            run.state = RunState::Running;
            run.started_ms = Some(at_ms);
            run.running_since_ms = Some(at_ms);
        });
    }

    fn end_run(&mut self, outcome: Outcome, end: &RunEnd, at_ms: i64) {
        self.phase = Phase::Waiting;
        self.message.clone_from(&end.message);
        self.with_run(|run| {
            run.state = RunState::Ended(outcome);
            run.finished_ms = Some(at_ms);
            run.settle(at_ms);
            (run.wish, run.stop) = (None, None);
            run.end = Some(end.clone());
        });
    }

    fn end(&mut self, outcome: Outcome, message: Option<&String>, at_ms: i64) {
        self.phase = Phase::Ended(outcome);
        self.finished_ms = Some(at_ms);
        self.avoid.clear();
        if let Some(message) = message {
            self.message = Some(message.clone());
        }
    }

    fn with_run(&mut self, change: impl FnOnce(&mut Run)) {
        if let Some(run) = self.runs.last_mut() {
            change(run);
        }
    }
}

impl Run {
    fn offered(id: crate::Guid, at_ms: i64) -> Self {
        Run {
            id,
            robot: crate::Guid::NIL,
            robot_name: String::new(),
            fence: 0,
            state: RunState::Offered,
            offered_ms: at_ms,
            started_ms: None,
            finished_ms: None,
            ran_ms: 0,
            running_since_ms: None,
            wish: None,
            stop: None,
            end: None,
        }
    }

    fn apply(&mut self, event: &Event) {
        match event {
            Event::PauseRequested { .. } => self.wish = Some(Wish::Pause),
            Event::ResumeRequested { .. } => self.wish = Some(Wish::Resume),
            Event::Paused { at_ms, .. } => {
                self.state = RunState::Paused;
                self.settle(*at_ms);
                self.wish = self.wish.filter(|wish| *wish == Wish::Resume);
            }
            Event::Resumed { at_ms, .. } => {
                self.state = RunState::Running;
                self.running_since_ms = Some(*at_ms);
                self.wish = self.wish.filter(|wish| *wish == Wish::Pause);
            }
            Event::StopRequested {
                reason,
                message,
                deadline_ms,
                ..
            } => {
                self.stop = Some(Stop {
                    reason: *reason,
                    message: message.clone(),
                    deadline_ms: *deadline_ms,
                });
            }
            // The job's or the execution's own.
            Event::Started(_)
            | Event::StepReached { .. }
            | Event::Offered { .. }
            | Event::OfferEnded { .. }
            | Event::Accepted { .. }
            | Event::CancelRequested { .. }
            | Event::RunEnded { .. }
            | Event::JobEnded { .. }
            | Event::PriorityChanged { .. }
            | Event::RetriesForfeited { .. }
            | Event::Ended { .. }
            | Event::Acknowledged => {}
        }
    }

    /// Adds the time since it runs to the time that it ran.
    fn settle(&mut self, at_ms: i64) {
        if let Some(since_ms) = self.running_since_ms.take() {
            self.ran_ms += (at_ms - since_ms).max(0);
        }
    }
}
