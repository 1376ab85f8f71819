//! What views show of an execution: a row for it, for each job and for each run; a function of its state.
//!
//! Owns: the summary that stands before the state in bytes at rest, so that recovery rebuilds views without decoding it.
//! Disk type: the structs never change, a new shape is a new version. Never: is needed by a decision.

use super::{Event, Execution, Job, Owner, Phase, Run};
use crate::{
    Guid,
    terms::{JobStartupType, JobState},
    waiting::WaitingJob,
};
use codec::Tenant;
use serde::{Deserialize, Serialize};

/// All rows of an execution.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rows {
    /// The execution's own; none before its start.
    pub group: Option<GroupRow>,
    /// Its jobs, in the order of their numbers.
    pub jobs: Vec<JobRow>,
    /// All runs of all jobs.
    pub runs: Vec<RunRow>,
}

/// What is shown of an execution: a job group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRow {
    /// The execution.
    pub id: Guid,
    /// The company.
    pub tenant: Tenant,
    /// The department.
    pub department: Guid,
    /// What is executed.
    pub owner: Owner,
    /// What that is called.
    pub name: String,
    /// Its start, milliseconds since 1970.
    pub created_ms: i64,
    /// The first attempt, milliseconds since 1970.
    pub started_ms: Option<i64>,
    /// Its end, milliseconds since 1970.
    pub finished_ms: Option<i64>,
    /// When something becomes due in it, milliseconds since 1970.
    pub due_ms: Option<i64>,
    /// Whether an activity waits for its end and does not know of it.
    pub awaited: bool,
}

/// What lists are made of, filtered and ordered by; the rest is in the job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRow {
    /// The job.
    pub id: Guid,
    /// Its execution.
    pub execution: Guid,
    /// Its number in the execution, from 1.
    pub number: u32,
    /// The company.
    pub tenant: Tenant,
    /// The department.
    pub department: Guid,
    /// The workflow.
    pub workflow: Guid,
    /// What the workflow is called.
    pub name: String,
    /// What its package is called.
    pub package_name: String,
    /// The version that it runs.
    pub package_version: Guid,
    /// The group that it waits in.
    pub queue: Guid,
    /// The robot of its last run.
    pub robot: Option<Guid>,
    /// The state that APIs show.
    pub state: JobState,
    /// Larger runs earlier.
    pub priority: u32,
    /// What started it.
    pub startup: JobStartupType,
    /// The schedule, or what else started it.
    pub startup_id: Option<String>,
    /// Its creation, milliseconds since 1970.
    pub created_ms: i64,
    /// Its first attempt, milliseconds since 1970.
    pub started_ms: Option<i64>,
    /// Its end, milliseconds since 1970.
    pub finished_ms: Option<i64>,
    /// Whether it waits for a robot.
    pub waiting: bool,
    /// Robots that refused it, and until when they are not asked again, milliseconds since 1970.
    pub avoid: Vec<(Guid, i64)>,
}

/// What is shown of a run in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRow {
    /// The run.
    pub id: Guid,
    /// Its job.
    pub job: Guid,
    /// Its execution.
    pub execution: Guid,
    /// The company.
    pub tenant: Tenant,
    /// The robot.
    pub robot: Guid,
    /// Which attempt it is, from 1.
    pub attempt: u32,
    /// The fence of its last offer.
    pub fence: u64,
    /// The status that APIs show.
    pub status: JobState,
    /// Whether a robot has it, or it is on offer.
    pub held: bool,
    /// Its accept, milliseconds since 1970.
    pub started_ms: Option<i64>,
    /// Its end, milliseconds since 1970.
    pub finished_ms: Option<i64>,
}

/// All rows.
pub fn of(execution: &Execution) -> Rows {
    Rows {
        group: group(execution),
        jobs: execution
            .numbered()
            .map(|(number, job)| job_row(execution, number, job))
            .collect(),
        runs: execution
            .jobs
            .iter()
            .flat_map(|job| run_rows(execution, job))
            .collect(),
    }
}

/// The rows that these events, already applied, have changed.
pub fn changed(execution: &Execution, events: &[Event]) -> Rows {
    if events.iter().any(|event| event.job().is_none()) {
        return of(execution);
    }
    let mut numbers: Vec<u32> = events.iter().filter_map(Event::job).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let mut rows = Rows {
        group: group(execution).filter(|_| !numbers.is_empty()),
        ..Rows::default()
    };
    for number in numbers {
        if let Some(job) = execution.job_numbered(number) {
            rows.jobs.push(job_row(execution, number, job));
            // Older runs have ended and never change.
            rows.runs.extend(run_rows(execution, job).last());
        }
    }
    rows
}

impl JobRow {
    /// Its place among the jobs that wait, of an execution with this place among all; none: it does not wait.
    pub fn waiting_job(&self, order: u64) -> Option<WaitingJob> {
        self.waiting.then(|| WaitingJob {
            job: self.id,
            execution: self.execution,
            order,
            queue: self.queue,
            priority: self.priority,
            created_ms: self.created_ms,
            number: self.number,
            avoid: self.avoid.clone(),
        })
    }
}

fn group(execution: &Execution) -> Option<GroupRow> {
    let start = execution.start()?;
    Some(GroupRow {
        id: execution.id,
        tenant: execution.tenant,
        department: start.department,
        owner: start.owner,
        name: start.name.clone(),
        created_ms: start.created.at_ms,
        started_ms: execution.started_ms(),
        finished_ms: execution.finished_ms,
        due_ms: execution.due_ms(),
        awaited: execution.is_awaited() && !execution.acknowledged,
    })
}

fn job_row(execution: &Execution, number: u32, job: &Job) -> JobRow {
    let start = execution.start();
    let startup = start.map(|start| &start.startup);
    let run = job.last_run().filter(|run| !run.robot.is_nil());
    JobRow {
        id: job.spec.id,
        execution: execution.id,
        number,
        tenant: execution.tenant,
        department: start.map_or(Guid::NIL, |start| start.department),
        workflow: job.spec.workflow,
        name: job.spec.name.clone(),
        package_name: job.spec.package.name.clone(),
        package_version: job.spec.package.version_id,
        queue: job.spec.queue,
        robot: run.map(|run| run.robot),
        state: job.state(),
        priority: job.spec.priority,
        startup: startup.map_or(JobStartupType::Manually, |startup| startup.kind),
        startup_id: startup.and_then(|startup| startup.id.clone()),
        created_ms: start.map_or(0, |start| start.created.at_ms),
        started_ms: job.started_ms,
        finished_ms: job.finished_ms,
        waiting: job.phase == Phase::Waiting,
        avoid: job.avoid.clone(),
    }
}

fn run_rows<'a>(
    execution: &'a Execution,
    job: &'a Job,
) -> impl DoubleEndedIterator<Item = RunRow> + 'a {
    let attempts = job.runs.iter().enumerate();
    attempts.map(move |(at, run)| RunRow {
        id: run.id,
        job: job.spec.id,
        execution: execution.id,
        tenant: execution.tenant,
        robot: run.robot,
        attempt: u32::try_from(at + 1).unwrap_or(u32::MAX),
        fence: run.fence,
        status: run.status(),
        held: is_held(job, run),
        started_ms: run.started_ms,
        finished_ms: run.finished_ms,
    })
}

fn is_held(job: &Job, run: &Run) -> bool {
    match job.phase {
        Phase::Offered { .. } | Phase::Active => run.outcome().is_none(),
        Phase::Blocked | Phase::Waiting | Phase::Ended(_) => false,
    }
}
