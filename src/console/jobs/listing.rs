//! Lists of jobs: what the parameters of both generations mean.

use super::render;
use crate::console::{
    call::{Answered, Call, Scope},
    page,
    problem::Refused,
    query::Query,
};
use actors::executions::{JobFilter, JobKey, JobOrder, JobPage, Range};
use org::Permission;
use rpa::{
    Guid,
    execution::Execution,
    terms::{JobStartupType, JobState},
};
use std::collections::BTreeMap;

/// Parameters of `GET /openapi/jobs` beside those of every list.
pub const JOBS: [&str; 8] = [
    "States",
    "WorkflowId",
    "RobotId",
    "QueueId",
    "JobGroupId",
    "StartupType",
    "StartupId",
    "PackageName",
];
/// Parameters of `GET /v2/jobs` beside those.
pub const V2_JOBS: [&str; 10] = [
    "queryTimeType",
    "WorkflowName",
    "StartCreateTime",
    "EndCreateTime",
    "StartRunTime",
    "EndRunTime",
    "StartFinishTime",
    "EndFinishTime",
    "StartQueryTime",
    "EndQueryTime",
];

/// `GET /openapi/jobs`
pub async fn list(call: Call) -> Answered {
    let list = call.list_query()?;
    let query = call.query();
    let filter = JobFilter {
        created: Range {
            from_ms: list.start_ms,
            to_ms: list.end_ms,
        },
        name: query.text("Name").map(str::to_owned),
        search: query.text("SearchString").map(str::to_owned),
        states: query.words("States", JobState::read)?,
        ..common(&call, query)?
    };
    answer(&call, filter).await
}

/// `GET /v2/jobs`
pub async fn list_v2(call: Call) -> Answered {
    let query = call.query();
    let range = |from: &str, to: &str| {
        Ok::<_, Refused>(Range {
            from_ms: query.instant(from)?,
            to_ms: query.instant(to)?,
        })
    };
    let mut filter = JobFilter {
        created: range("StartCreateTime", "EndCreateTime")?,
        started: range("StartRunTime", "EndRunTime")?,
        finished: range("StartFinishTime", "EndFinishTime")?,
        // Of the workflow or of the package.
        search: query
            .text("Name")
            .or_else(|| query.text("SearchString"))
            .map(str::to_owned),
        name: query.text("WorkflowName").map(str::to_owned),
        states: query.words("States", read_v2_state)?,
        ..common(&call, query)?
    };
    let asked = range("StartQueryTime", "EndQueryTime")?;
    if asked.from_ms.is_some() || asked.to_ms.is_some() {
        let kind = query.word("queryTimeType", TimeKind::read)?;
        match kind.unwrap_or(TimeKind::Created) {
            TimeKind::Created => filter.created = both(filter.created, asked),
            TimeKind::Started => filter.started = both(filter.started, asked),
            TimeKind::Finished => filter.finished = both(filter.finished, asked),
        }
    }
    answer(&call, filter).await
}

/// Which instant of a job a range is about.
#[derive(Clone, Copy)]
enum TimeKind {
    Created,
    Started,
    Finished,
}

impl TimeKind {
    fn read(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            // Of all of them, creation is the one that every job has.
            "createdat" | "0" | "all" | "3" => Some(TimeKind::Created),
            "startedat" | "1" => Some(TimeKind::Started),
            "finishedat" | "2" => Some(TimeKind::Finished),
            _ => None,
        }
    }
}

fn both(left: Range, right: Range) -> Range {
    Range {
        from_ms: left.from_ms.max(right.from_ms),
        to_ms: match (left.to_ms, right.to_ms) {
            (Some(left), Some(right)) => Some(left.min(right)),
            (left, right) => left.or(right),
        },
    }
}

/// The departments of a scope, for the engine's filters.
pub fn departments(scope: Scope) -> Option<Vec<Guid>> {
    match scope {
        Scope::All => None,
        Scope::Only(departments) => Some(departments.into_iter().map(|id| Guid(id.0)).collect()),
    }
}

/// An id among the parameters.
pub fn id(query: Query<'_>, name: &str) -> Result<Option<Guid>, Refused> {
    Ok(query.id(name)?.map(|id| Guid(id.0)))
}

/// Ids among the parameters.
pub fn ids(query: Query<'_>) -> Result<Option<Vec<Guid>>, Refused> {
    let ids = query.ids("Ids")?;
    Ok(ids.map(|ids| ids.into_iter().map(|id| Guid(id.0)).collect()))
}

/// What both generations have.
fn common(call: &Call, query: Query<'_>) -> Result<JobFilter, Refused> {
    Ok(JobFilter {
        tenant: call.tenant(),
        departments: departments(call.scope(Permission::JobView)?),
        ids: ids(query)?.unwrap_or_default(),
        workflow: id(query, "WorkflowId")?,
        robot: id(query, "RobotId")?,
        queue: id(query, "QueueId")?,
        execution: id(query, "JobGroupId")?,
        startup: query.word("StartupType", JobStartupType::read)?,
        startup_id: query.text("StartupId").map(str::to_owned),
        package_name: query.text("PackageName").map(str::to_owned),
        ..JobFilter::default()
    })
}

/// A state as the older generation numbers them. It has two that are none here: what is allocated is offered to a robot
/// and still queued, what is cancelling runs until its robot confirms.
fn read_v2_state(text: &str) -> Option<JobState> {
    match text.to_ascii_lowercase().as_str() {
        "0" | "1" | "allocated" => Some(JobState::Queued),
        "2" | "6" | "cancelling" => Some(JobState::Running),
        "3" => Some(JobState::Failed),
        "4" => Some(JobState::Cancelled),
        "5" => Some(JobState::Succeeded),
        word if word.starts_with(|first: char| first.is_ascii_digit()) => None,
        word => JobState::read(word),
    }
}

fn read_key(text: &str) -> Option<JobKey> {
    match text.to_ascii_lowercase().as_str() {
        "createdat" | "0" => Some(JobKey::CreatedAt),
        "startedat" | "1" => Some(JobKey::StartedAt),
        "finishedat" | "2" => Some(JobKey::FinishedAt),
        "priority" | "3" => Some(JobKey::Priority),
        _ => None,
    }
}

async fn answer(call: &Call, filter: JobFilter) -> Answered {
    let list = call.list_query()?;
    let key = call.query().word("OrderBy", read_key)?;
    let order = JobOrder {
        key: key.unwrap_or(JobKey::CreatedAt),
        descending: list.descending,
    };
    let shown = JobPage {
        offset: list.skipped(),
        limit: list.page_size,
    };
    let engine = &call.state.engine;
    let states = filter.states.clone();
    let (count, rows) = engine.list_jobs(filter, order, shown).await?;
    let wanted: Vec<(Guid, Guid)> = rows.iter().map(|row| (row.execution, row.id)).collect();
    let executions: Vec<Guid> = wanted.iter().map(|(execution, _)| *execution).collect();
    let company = call.visitor.company;
    let ids: std::sync::Arc<[Guid]> = wanted.iter().map(|(_, id)| *id).collect();
    let view = move |execution: &Execution| {
        let jobs = execution.jobs().iter();
        // What has moved on since it was found is not shown as what it no longer is.
        let jobs = jobs.filter(|job| states.is_empty() || states.contains(&job.state()));
        let jobs = jobs.map(|job| job.spec.id);
        let jobs = jobs.filter(|id| ids.contains(id));
        let rendered = jobs.filter_map(|id| Some((id, render::job(execution, id, company)?)));
        rendered.collect::<BTreeMap<Guid, String>>()
    };
    let seen = engine.look_executions(call.tenant(), executions, view);
    let seen = seen.await?;
    let shown = wanted.iter();
    let shown = shown.filter_map(|(execution, id)| seen.get(execution)?.get(id));
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    page::list(count, shown, |job, out| out.push_str(job))
}
