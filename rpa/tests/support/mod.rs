//! An execution with its clock and the effects of its last command, for stories.
//! Never: decides anything itself.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on fails")]
#![allow(dead_code, reason = "each test binary uses another part of it")]

pub mod desk;

use codec::{Tenant, Value};
use rpa::{
    Guid,
    argument::{Argument, Source, SourcedArgument},
    execution::{
        Claim, ClaimedState, Command, Decision, Effect, Execution, NewJob, OnFailure, Owner,
        PackageReference, Refusal, Reject, ResultStatus, RunResult, Scope, Start, Startup, Subject,
        Tell, Times, decide, stored, text,
    },
    terms::{Direction, JobExecutionPolicy, Sha256, Stamp, VideoRecordMode},
};

pub const START_MS: i64 = 1_000_000;
pub const TIMES: Times = Times {
    cancel_after_ms: 30_000,
    avoid_ms: 30_000,
};

pub fn stamp(at_ms: i64) -> Stamp {
    Stamp {
        at_ms,
        by: Guid(0xa),
        by_name: "ann".to_owned(),
    }
}

/// A job with the id `10 + number`, in the group 7.
pub fn new_job(number: u128, step: u32, max_retry_count: u32) -> NewJob {
    NewJob {
        id: Guid(0x10 + number),
        step,
        label: (step + 1).to_string(),
        workflow: Guid(0x5),
        name: "w".to_owned(),
        description: None,
        package: PackageReference {
            id: Guid(0x50),
            name: "Add".to_owned(),
            version_id: Guid(0x51),
            version: "1.0.0".to_owned(),
            sha256: Sha256([7; 32]),
            size: 1234,
        },
        arguments: vec![],
        queue: Guid(0x7),
        robot: None,
        priority: 2000,
        max_retry_count,
        max_run_seconds: None,
        video: VideoRecordMode::NeverRecord,
        policy: JobExecutionPolicy::AnyTime,
        subject: Subject::default(),
        notification: None,
        skipped: false,
    }
}

pub fn start(jobs: Vec<NewJob>, on_failure: OnFailure) -> Start {
    Start {
        department: Guid(0xd),
        name: "w".to_owned(),
        owner: Owner::Workflow(Guid(0x5)),
        startup: Startup::manual(),
        source: None,
        activity: None,
        retry_of: None,
        on_failure,
        created: stamp(START_MS),
        jobs,
    }
}

pub fn argument(
    name: &str,
    direction: Direction,
    value: Option<&str>,
    source: Source,
) -> SourcedArgument {
    SourcedArgument {
        argument: Argument {
            value: value.map(str::to_owned),
            ..Argument::new(name, "System.Int32", direction)
        },
        source,
    }
}

pub struct World {
    pub execution: Execution,
    pub now_ms: i64,
    pub effects: Vec<Effect>,
    next_run: u128,
}

impl World {
    pub fn started(start: Start) -> World {
        let mut world = World {
            execution: Execution::new(Guid(0xe), Tenant(1)),
            now_ms: START_MS,
            effects: vec![],
            next_run: 0x100,
        };
        world.send(Command::Start(Box::new(start))).unwrap();
        world
    }

    /// One job, with these retries.
    pub fn of_one(max_retry_count: u32) -> World {
        let jobs = vec![new_job(1, 0, max_retry_count)];
        World::started(start(jobs, OnFailure::CancelLaterSteps))
    }

    /// Decides a command; the events survive their bytes, and the bytes of the state give it back.
    pub fn send(&mut self, command: Command) -> Result<Decision, Refusal> {
        let before = self.execution.clone();
        let decided = decide(&mut self.execution, command, self.now_ms, &TIMES);
        let mut replayed = before;
        if let Ok(decision) = &decided {
            let read = stored::decode_events(&stored::encode_events(&decision.events)).unwrap();
            for event in &read {
                replayed.apply(event);
            }
            self.effects.clone_from(&decision.effects);
        }
        assert_eq!(replayed, self.execution, "replay is not life");
        let bytes = stored::encode_execution(&self.execution);
        assert_eq!(
            stored::decode_execution(&bytes).as_ref(),
            Ok(&self.execution)
        );
        decided
    }

    pub fn wait(&mut self, ms: i64) -> &mut World {
        self.now_ms += ms;
        self
    }

    pub fn job(&self, number: u32) -> Guid {
        self.execution.job_numbered(number).unwrap().spec.id
    }

    /// The run and fence of a job's last offer.
    pub fn last(&self, number: u32) -> (Guid, u64) {
        let run = self
            .execution
            .job_numbered(number)
            .unwrap()
            .last_run()
            .unwrap();
        (run.id, run.fence)
    }

    pub fn offer(&mut self, number: u32, robot: u128) -> &mut World {
        self.try_offer(number, robot, false).unwrap();
        self
    }

    pub fn try_offer(
        &mut self,
        number: u32,
        robot: u128,
        auto_accept: bool,
    ) -> Result<Decision, Refusal> {
        self.next_run += 1;
        self.send(Command::Offer {
            job: self.job(number),
            run: Guid(self.next_run),
            robot: Guid(robot),
            robot_name: format!("r{robot}"),
            accept_within_ms: 10_000,
            auto_accept,
        })
    }

    pub fn accept(&mut self, number: u32, robot: u128) -> &mut World {
        let (run, fence) = self.last(number);
        let robot = Guid(robot);
        self.send(Command::Accept { robot, run, fence }).unwrap();
        self
    }

    pub fn reject(&mut self, number: u32, robot: u128, reason: Reject) -> &mut World {
        let (run, fence) = self.last(number);
        let robot = Guid(robot);
        let message = None;
        self.send(Command::Reject {
            robot,
            run,
            fence,
            reason,
            message,
        })
        .unwrap();
        self
    }

    /// Offered and accepted.
    pub fn begin(&mut self, number: u32, robot: u128) -> &mut World {
        self.offer(number, robot).accept(number, robot)
    }

    pub fn result(&mut self, number: u32, robot: u128, status: ResultStatus) -> &mut World {
        self.result_with(number, robot, status, &[])
    }

    pub fn result_with(
        &mut self,
        number: u32,
        robot: u128,
        status: ResultStatus,
        outputs: &[(&str, i64)],
    ) -> &mut World {
        let (run, fence) = self.last(number);
        let exit_code = match status {
            ResultStatus::Succeeded => Some(0),
            ResultStatus::Failed => Some(1),
            ResultStatus::Cancelled => None,
        };
        let outputs = outputs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Value::Int(*value)));
        let result = RunResult {
            exit_code,
            outputs: outputs.collect(),
            ..RunResult::of(status)
        };
        let robot = Guid(robot);
        self.send(Command::ReportResult {
            robot,
            run,
            fence,
            result,
        })
        .unwrap();
        self
    }

    pub fn paused(&mut self, number: u32, robot: u128) -> &mut World {
        let (run, fence) = self.last(number);
        let robot = Guid(robot);
        self.send(Command::ReportPaused { robot, run, fence })
            .unwrap();
        self
    }

    pub fn resumed(&mut self, number: u32, robot: u128) -> &mut World {
        let (run, fence) = self.last(number);
        let robot = Guid(robot);
        self.send(Command::ReportResumed { robot, run, fence })
            .unwrap();
        self
    }

    pub fn cancel(&mut self, number: u32) -> Result<Decision, Refusal> {
        self.send(Command::Cancel {
            scope: Scope::Job(self.job(number)),
            by: stamp(self.now_ms),
            message: None,
            disconnected: vec![],
        })
    }

    pub fn hello(&mut self, robot: u128, claims: &[(u32, ClaimedState)]) -> &mut World {
        let claims = claims.iter().map(|(number, state)| {
            let (run, fence) = self.last(*number);
            Claim {
                run,
                fence,
                state: *state,
            }
        });
        let claims = claims.collect();
        self.send(Command::Hello {
            robot: Guid(robot),
            claims,
        })
        .unwrap();
        self
    }

    pub fn tick(&mut self) -> &mut World {
        self.send(Command::Tick).unwrap();
        self
    }

    pub fn text(&self) -> String {
        text::render(&self.execution)
    }

    /// What the last command tells robots.
    pub fn told(&self) -> Vec<(u128, Tell)> {
        let told = self.effects.iter().filter_map(|effect| match effect {
            Effect::Tell { robot, what, .. } => Some((robot.0, *what)),
            Effect::JobEnded { .. } | Effect::Ended => None,
        });
        told.collect()
    }
}
