//! Random walks over executions: robots whose messages come doubled, late, out of order or never; cancels, pauses and
//! time at any moment. The invariants hold after every step, and in the end every job ends.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on fails")]

mod support;

use codec::Tenant;
use proptest::prelude::*;
use rpa::{
    Guid,
    argument::Source,
    execution::{
        Claim, ClaimedState, Command, Effect, Execution, OnFailure, Outcome, Phase, Reject,
        ResultStatus, Run, RunResult, Scope, Tell, decide,
        rows::{self, GroupRow, JobRow, RunRow},
        stored,
    },
    terms::Direction,
    waiting::Waiting,
};
use std::collections::{BTreeMap, BTreeSet};
use support::{START_MS, TIMES, argument, new_job, stamp, start};

const ROBOTS: u128 = 4;

/// One step: what happens, and numbers that choose to whom.
type Step = (u8, u16, u16, u8);

/// What a robot was given once; it may say anything about it at any time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Given {
    robot: Guid,
    run: Guid,
    fence: u64,
}

#[derive(Default)]
struct Seen {
    given: Vec<Given>,
    /// Runs that have ended, as they ended.
    ended: BTreeMap<Guid, Run>,
    /// Runs whose result was taken.
    taken: BTreeSet<Guid>,
    /// Who was told to start a run, with which fence.
    started: BTreeMap<Guid, (Guid, u64)>,
    fences: BTreeMap<Guid, u64>,
    group: Option<GroupRow>,
    jobs: BTreeMap<Guid, JobRow>,
    runs: BTreeMap<Guid, RunRow>,
    waiting: Waiting,
}

struct Walk {
    execution: Execution,
    replayed: Execution,
    now_ms: i64,
    next_run: u128,
    seen: Seen,
}

impl Walk {
    fn new(shape: u8, on_failure: OnFailure) -> Walk {
        let steps: &[u32] = match shape % 3 {
            0 => &[0, 0],
            1 => &[0, 1, 2],
            _ => &[0, 0, 1, 2, 2],
        };
        let jobs = steps.iter().zip(1_u128..).map(|(step, number)| {
            let mut job = new_job(number, *step, u32::from(shape) % 4);
            job.max_run_seconds = (number % 2 == 0).then_some(60);
            job.skipped = shape > 200 && number == 2;
            job.arguments = vec![argument("x", Direction::InOut, Some("1"), Source::Previous)];
            job
        });
        let execution = Execution::new(Guid(0xe), Tenant(1));
        let mut walk = Walk {
            replayed: execution.clone(),
            execution,
            now_ms: START_MS,
            next_run: 0x100,
            seen: Seen::default(),
        };
        let start = start(jobs.collect(), on_failure);
        walk.send(Command::Start(Box::new(start)));
        walk
    }

    fn send(&mut self, command: Command) {
        let before = self.execution.clone();
        let Ok(decision) = decide(&mut self.execution, command, self.now_ms, &TIMES) else {
            assert_eq!(self.execution, before, "a refusal changed something");
            return;
        };
        let bytes = stored::encode_events(&decision.events);
        for event in stored::decode_events(&bytes).unwrap() {
            self.replayed.apply(&event);
        }
        assert_eq!(self.replayed, self.execution, "replay is not life");
        for (before, now) in before.jobs().iter().zip(self.execution.jobs()) {
            assert_eq!(before == now, before.etag() == now.etag(), "{before:?}");
        }
        assert_eq!(
            before == self.execution,
            before.etag() == self.execution.etag()
        );
        self.see(rows::changed(&self.execution, &decision.events));
        for effect in &decision.effects {
            if let Effect::Tell {
                robot,
                run,
                fence,
                what,
            } = effect
            {
                self.told(*robot, *run, *fence, *what);
            }
        }
        self.check();
    }

    fn see(&mut self, rows: rows::Rows) {
        if rows.group.is_some() {
            self.seen.group = rows.group;
        }
        for row in rows.jobs {
            match row.waiting_job(1) {
                Some(job) => self.seen.waiting.put(job),
                None => self.seen.waiting.remove(row.id),
            }
            self.seen.jobs.insert(row.id, row);
        }
        self.seen
            .runs
            .extend(rows.runs.into_iter().map(|row| (row.id, row)));
    }

    fn told(&mut self, robot: Guid, run: Guid, fence: u64, what: Tell) {
        match what {
            Tell::Offer { auto_accept } => {
                let job = self.execution.run(run).unwrap().1.spec.id;
                let last = self.seen.fences.insert(job, fence);
                assert!(
                    last.is_none_or(|last| last < fence),
                    "fence {fence} after {last:?}"
                );
                self.seen.given.push(Given { robot, run, fence });
                if auto_accept {
                    self.told(robot, run, fence, Tell::Start);
                }
            }
            Tell::Start => {
                let first = *self.seen.started.entry(run).or_insert((robot, fence));
                assert_eq!(first, (robot, fence), "run {run} was started twice");
                let (_, job, _) = self.execution.run(run).unwrap();
                assert_eq!(job.phase, Phase::Active, "started before it was accepted");
            }
            Tell::AckResult(Ok(())) => assert!(self.seen.taken.insert(run), "{run} taken twice"),
            Tell::AckResult(Err(_))
            | Tell::Withdraw
            | Tell::Pause
            | Tell::Resume
            | Tell::Cancel { .. }
            | Tell::Verdict(_) => {}
        }
    }

    fn check(&mut self) {
        for job in self.execution.jobs() {
            let succeeded = job
                .runs
                .iter()
                .filter(|run| run.outcome() == Some(Outcome::Succeeded));
            assert!(succeeded.count() <= 1, "two runs of a job succeeded");
            assert!(
                job.attempts() <= job.spec.max_retry_count + 1,
                "too many attempts"
            );
            for (at, run) in job.runs.iter().enumerate() {
                assert_eq!(
                    run.outcome().is_some(),
                    run.end.is_some(),
                    "an end without a cause"
                );
                if run.outcome().is_none() {
                    assert_eq!(at + 1, job.runs.len(), "an open run that is not the last");
                    assert!(job.outcome().is_none(), "a job ended before its run");
                    continue;
                }
                let first = self.seen.ended.entry(run.id).or_insert_with(|| run.clone());
                assert_eq!(first, run, "a run ended twice");
            }
            if job.outcome() == Some(Outcome::Succeeded) {
                assert_eq!(job.last_run().unwrap().outcome(), Some(Outcome::Succeeded));
            }
            assert_eq!(job.outcome().is_some(), job.finished_ms.is_some());
        }
        let all = rows::of(&self.execution);
        assert_eq!(self.seen.group, all.group);
        assert_eq!(
            self.seen.jobs.values().cloned().collect::<Vec<_>>(),
            sorted(all.jobs, |row| row.id)
        );
        assert_eq!(
            self.seen.runs.values().cloned().collect::<Vec<_>>(),
            sorted(all.runs, |row| row.id)
        );
        let waiting = self
            .execution
            .jobs()
            .iter()
            .filter(|job| job.phase == Phase::Waiting);
        assert_eq!(self.seen.waiting.len(), waiting.count());
    }

    fn step(&mut self, (what, which, other, how): Step) {
        let jobs = self.execution.jobs();
        let job = jobs[usize::from(which) % jobs.len()].spec.id;
        let robot = Guid(1 + u128::from(other) % ROBOTS);
        let by = stamp(self.now_ms);
        let command = match what % 13 {
            0..=2 => return self.offer(robot, how),
            3..=6 => match self.message(which, how) {
                Some(command) => command,
                None => return,
            },
            7 => self.hello(robot, how),
            8 => match how % 3 {
                0 => Command::Lose { robot },
                _ => Command::Disconnect { robot },
            },
            9 => match how % 4 {
                0 => Command::Resume { job },
                1 => Command::SetPriority {
                    job,
                    priority: u32::from(other) % 6000,
                    etag: None,
                    by,
                },
                _ => Command::Pause { job },
            },
            10 if how % 4 == 0 => Command::Cancel {
                scope: if how % 8 == 0 {
                    Scope::All
                } else {
                    Scope::Job(job)
                },
                by,
                message: None,
                disconnected: vec![Guid(u128::from(other) % 9)],
            },
            11 if how == 7 => Command::ForgetWorkflow {
                workflow: Guid(0x5),
            },
            _ => {
                self.now_ms += i64::from(other) * 2;
                Command::Tick
            }
        };
        self.send(command);
    }

    /// The robot takes what the queue chooses for it.
    fn offer(&mut self, robot: Guid, how: u8) {
        let chosen = self.seen.waiting.choose(robot, [Guid(0x7)], self.now_ms);
        let Some(job) = chosen.map(|waiting| waiting.job) else {
            return;
        };
        self.next_run += 1;
        self.send(Command::Offer {
            job,
            run: Guid(self.next_run),
            robot,
            robot_name: format!("r{}", robot.0),
            accept_within_ms: 10_000,
            auto_accept: how.is_multiple_of(4),
        });
    }

    /// Something about anything that any robot was ever given; more often about the latest.
    fn message(&self, which: u16, how: u8) -> Option<Command> {
        let given = &self.seen.given;
        let back = usize::from(which % 4) * usize::from(which) / 4;
        let Given { robot, run, fence } =
            *given.get(given.len().checked_sub(1)?.saturating_sub(back))?;
        let fence = if how == 0 { fence + 1 } else { fence };
        let result = |status| Command::ReportResult {
            robot,
            run,
            fence,
            result: RunResult {
                outputs: vec![("x".into(), i64::from(how).into())],
                ..RunResult::of(status)
            },
        };
        let reject = |reason| Command::Reject {
            robot,
            run,
            fence,
            reason,
            message: None,
        };
        Some(match how % 12 {
            0..=4 => Command::Accept { robot, run, fence },
            5 => reject(Reject::Busy),
            6 if how > 200 => reject(Reject::Unsupported),
            6 => reject(Reject::Other),
            7 => Command::ReportPaused { robot, run, fence },
            8 => Command::ReportResumed { robot, run, fence },
            9 => result(ResultStatus::Succeeded),
            10 => result(ResultStatus::Failed),
            _ => result(ResultStatus::Cancelled),
        })
    }

    /// It names some of what it was given, in some state.
    fn hello(&self, robot: Guid, how: u8) -> Command {
        let states = [
            ClaimedState::Accepted,
            ClaimedState::Running,
            ClaimedState::Paused,
            ClaimedState::Finished,
        ];
        let given = self.seen.given.iter().filter(|given| given.robot == robot);
        let named = given
            .enumerate()
            .filter(|(at, _)| (usize::from(how) >> (at % 6)) & 1 == 0);
        let claims = named.map(|(at, given)| Claim {
            run: given.run,
            fence: given.fence,
            state: states[(usize::from(how) + at) % states.len()],
        });
        Command::Hello {
            robot,
            claims: claims.collect(),
        }
    }

    /// From here on all goes well: every job comes to its end.
    fn finish(&mut self) {
        let fresh = Guid(99);
        for _ in 0..200 {
            for robot in (1..=ROBOTS).map(Guid) {
                self.send(Command::Lose { robot });
            }
            self.now_ms += 100_000;
            self.send(Command::Tick);
            self.offer(fresh, 1);
            if let Some(Given { robot, run, fence }) = self
                .seen
                .given
                .last()
                .copied()
                .filter(|given| given.robot == fresh)
            {
                self.send(Command::Accept { robot, run, fence });
                let result = RunResult::of(ResultStatus::Succeeded);
                self.send(Command::ReportResult {
                    robot,
                    run,
                    fence,
                    result,
                });
            }
            if self.execution.has_ended() {
                break;
            }
        }
        assert!(
            self.execution.has_ended(),
            "{}",
            rpa::execution::text::render(&self.execution)
        );
        assert_eq!(self.execution.due_ms(), None);
        assert!(self.execution.is_finished() && self.seen.waiting.is_empty());
    }
}

fn sorted<T>(mut rows: Vec<T>, id: impl Fn(&T) -> Guid) -> Vec<T> {
    rows.sort_by_key(id);
    rows
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]
    #[test]
    fn every_attempt_has_one_end_no_job_succeeds_twice_and_every_job_ends(
        shape in any::<u8>(),
        on_failure in prop_oneof![
            Just(OnFailure::CancelLaterSteps), Just(OnFailure::Continue), Just(OnFailure::CancelAll)
        ],
        steps in proptest::collection::vec(any::<Step>(), 0..120),
    ) {
        let mut walk = Walk::new(shape, on_failure);
        for step in steps {
            walk.step(step);
        }
        walk.finish();
        let bytes = stored::encode_execution(&walk.execution);
        prop_assert_eq!(stored::decode_execution(&bytes), Ok(walk.execution));
    }
}
