//! What the stories share: a company with a package, a group, robots and a workflow, and robots that speak by hand.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on fails")]

use actors::{
    Engine, Failure, Options,
    executions::{JobFilter, JobKey, JobOrder, JobPage},
    options::RobotTimes,
    robots::{
        Outbox, Session,
        message::{FromRobot, Hello, RunRef, ToRobot},
    },
};
use codec::Tenant;
use rpa::{
    Guid,
    execution::{Claim, Command, ResultStatus, RunResult, Startup, rows::JobRow},
    package::Metadata,
    registry::{
        Action, LabelSettings, NewVersion, Reported, RobotSettings, Target, WorkflowSettings,
        plan::{Execute, Overrides},
    },
    terms::{Sha256, Stamp},
};
use std::{path::Path, time::Duration};
use tempfile::TempDir;

pub const TENANT: Tenant = Tenant(1);
pub const DEPARTMENT: Guid = Guid(0xd);
pub const GROUP: Guid = Guid(0x7);
pub const WORKFLOW: Guid = Guid(0x5);
/// Longer than anything here takes; shorter than anybody waits.
const PATIENCE: Duration = Duration::from_secs(20);

pub fn robot_id(number: u128) -> Guid {
    Guid(0xb00 + number)
}

pub fn stamp() -> Stamp {
    Stamp {
        at_ms: 1,
        by: Guid(0xa),
        by_name: "ann".to_owned(),
    }
}

pub fn options(data: &Path) -> Options {
    Options {
        robots: RobotTimes {
            lost_after: Duration::from_millis(200),
            offer_within: Duration::from_secs(10),
            ..RobotTimes::default()
        },
        ..Options::new(data)
    }
}

pub async fn open(options: Options) -> Engine {
    match actors::open(options).await {
        Ok(engine) => engine,
        Err(error) => panic!("the data do not open: {error}"),
    }
}

pub async fn close(engine: Engine) {
    let stopped = tokio::task::spawn_blocking(move || engine.stop()).await;
    assert!(stopped.is_ok());
}

fn label(name: &str) -> LabelSettings {
    LabelSettings {
        name: Some(name.to_owned()),
        ..LabelSettings::default()
    }
}

pub async fn change(engine: &Engine, action: Action) -> Result<rpa::registry::Reply, Failure> {
    let command = rpa::registry::Command {
        tenant: TENANT,
        by: stamp(),
        action,
    };
    engine.change_registry(command).await
}

/// A package, a group with so many robots, and a workflow that targets the group.
pub async fn furnish(engine: &Engine, robots: u128, settings: WorkflowSettings) {
    let upload = Action::UploadVersion {
        department: DEPARTMENT,
        new: NewVersion {
            package: Guid(0x50),
            version: Guid(0x51),
            metadata: Metadata {
                name: "Add".to_owned(),
                version: "1.0.0".to_owned(),
                ..Metadata::default()
            },
            sha256: Sha256([7; 32]),
            size: 1,
        },
    };
    change(engine, upload).await.unwrap();
    let group = Action::CreateGroup {
        id: GROUP,
        department: DEPARTMENT,
        label: label("g"),
    };
    change(engine, group).await.unwrap();
    for number in 1..=robots {
        let robot = Action::CreateRobot {
            id: robot_id(number),
            queue: Guid(0xc00 + number),
            department: DEPARTMENT,
            settings: RobotSettings {
                label: label(&format!("r{number}")),
                management: None,
            },
        };
        change(engine, robot).await.unwrap();
    }
    let members = Action::AddRobots {
        group: GROUP,
        robots: (1..=robots).map(robot_id).collect(),
    };
    change(engine, members).await.unwrap();
    let workflow = Action::CreateWorkflow {
        id: WORKFLOW,
        department: DEPARTMENT,
        settings: WorkflowSettings {
            label: label("w"),
            package: Some(Guid(0x50)),
            queue: Some(GROUP),
            ..settings
        },
    };
    change(engine, workflow).await.unwrap();
}

pub fn execute_of(execution: Guid, overrides: Overrides) -> Execute {
    Execute {
        tenant: TENANT,
        execution,
        created: stamp(),
        startup: Startup::manual(),
        source: None,
        activity: None,
        overrides,
    }
}

/// Executes the workflow; the id of its only job.
pub async fn execute(engine: &Engine, execution: u128, overrides: Overrides) -> Guid {
    let execute = execute_of(Guid(execution), overrides);
    let target = Target::Workflow(WORKFLOW);
    let jobs = engine
        .execute(execute, target, |execution| {
            let jobs = execution.jobs().iter();
            jobs.map(|job| job.spec.id).collect::<Vec<_>>()
        })
        .await
        .unwrap();
    assert_eq!(jobs.len(), 1);
    jobs[0]
}

/// All jobs, the oldest first.
pub async fn jobs(engine: &Engine) -> Vec<JobRow> {
    let filter = JobFilter {
        tenant: TENANT,
        ..JobFilter::default()
    };
    let order = JobOrder {
        key: JobKey::CreatedAt,
        descending: false,
    };
    let page = JobPage {
        offset: 0,
        limit: 10_000,
    };
    let (total, rows) = engine.list_jobs(filter, order, page).await.unwrap();
    assert_eq!(total, rows.len() as u64, "a job counts once");
    rows
}

/// A job's row, when it is such.
pub async fn job_when(engine: &Engine, job: Guid, such: impl Fn(&JobRow) -> bool) -> JobRow {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let found = jobs(engine).await.into_iter().find(|row| row.id == job);
        match found {
            Some(row) if such(&row) => return row,
            other => assert!(tokio::time::Instant::now() < deadline, "still {other:?}"),
        }
        engine.barrier().await;
    }
}

pub async fn order(engine: &Engine, execution: u128, command: Command) -> Result<(), Failure> {
    let ordered = engine.order_execution(Guid(execution), command, |_, _| ());
    ordered.await
}

/// A robot that says what the story says.
pub struct Speaker {
    session: Session,
    outbox: Outbox,
}

impl Speaker {
    /// Connects and waits for the welcome; gives its verdicts.
    pub async fn connect(
        engine: &Engine,
        number: u128,
        auto_accept: bool,
        runs: Vec<Claim>,
    ) -> (Speaker, Vec<(RunRef, rpa::execution::Verdict)>) {
        let hello = Hello {
            reported: Reported::default(),
            accepting: true,
            auto_accept,
            runs,
        };
        let connected = engine
            .robots
            .connect(engine.core(), robot_id(number), hello)
            .await;
        let (session, outbox) = connected.unwrap();
        let mut speaker = Speaker { session, outbox };
        match speaker.hears().await {
            ToRobot::Welcome(verdicts) => (speaker, verdicts),
            other => panic!("no welcome but {other:?}"),
        }
    }

    pub fn says(&self, said: FromRobot) {
        self.session.say(said);
    }

    /// The next message.
    pub async fn hears(&mut self) -> ToRobot {
        let heard = tokio::time::timeout(PATIENCE, self.outbox.recv()).await;
        heard.expect("a message in time").expect("a session")
    }

    /// The next message, which is an offer.
    pub async fn offered(&mut self) -> Box<actors::robots::message::Offer> {
        match self.hears().await {
            ToRobot::Offer(offer) => offer,
            other => panic!("no offer but {other:?}"),
        }
    }

    /// Takes the next offer and is told to start.
    pub async fn starts(&mut self) -> (RunRef, Guid) {
        let offer = self.offered().await;
        self.says(FromRobot::Accept(offer.run));
        match self.hears().await {
            ToRobot::Start { run, .. } => assert_eq!(run, offer.run),
            other => panic!("no start but {other:?}"),
        }
        (offer.run, offer.job)
    }

    /// Reports a result and waits for its answer.
    pub async fn reports(
        &mut self,
        run: RunRef,
        status: ResultStatus,
    ) -> Result<(), rpa::execution::AckReason> {
        self.says(FromRobot::Result {
            run,
            result: RunResult::of(status),
        });
        loop {
            match self.hears().await {
                ToRobot::AckResult { run: of, taken } if of == run => return taken,
                ToRobot::AckLogs { .. } => {}
                other => panic!("no answer to the result but {other:?}"),
            }
        }
    }
}

/// What a crash leaves: what is on the disk now, without any stop.
pub fn crashed(engine: &Engine, data: &Path) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for directory in ["journal", "snapshots"] {
        copy_directory(&data.join(directory), &copy.path().join(directory));
    }
    let history = copy.path().join("history.db");
    engine.archiver.archive.copy_to(&history).unwrap();
    copy
}

fn copy_directory(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        // A segment that is being prepared gets its name meanwhile; nothing stands in it yet.
        if let Err(error) = std::fs::copy(entry.path(), to.join(entry.file_name())) {
            assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{error}");
        }
    }
}
