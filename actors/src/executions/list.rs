//! Lists of jobs over what is in memory and what has ended.
//! Owns: the filter, the order and the page. Never: shows a job twice or of another company.

use crate::{engine::Engine, failure::Failure};
use codec::Tenant;
use rpa::{
    Guid,
    execution::rows::JobRow,
    terms::{JobStartupType, JobState},
};
use std::{cmp::Ordering, sync::Arc};

/// Instants, in milliseconds since 1970, both included.
#[derive(Clone, Copy, Debug, Default)]
pub struct Range {
    /// The first.
    pub from_ms: Option<i64>,
    /// The last.
    pub to_ms: Option<i64>,
}

/// Which jobs. Filters combine with AND; an empty one lets everything pass.
#[derive(Clone, Debug, Default)]
pub struct JobFilter {
    /// Whose.
    pub tenant: Tenant,
    /// In one of these departments.
    pub departments: Option<Vec<Guid>>,
    /// These.
    pub ids: Vec<Guid>,
    /// In one of these states.
    pub states: Vec<JobState>,
    /// Of this workflow.
    pub workflow: Option<Guid>,
    /// Run by this robot last.
    pub robot: Option<Guid>,
    /// Waiting or having waited in this group.
    pub queue: Option<Guid>,
    /// Of this execution.
    pub execution: Option<Guid>,
    /// Started so.
    pub startup: Option<JobStartupType>,
    /// Started by this.
    pub startup_id: Option<String>,
    /// With this text in the name of the workflow or of the package, in any case.
    pub search: Option<String>,
    /// With this text in the name of the workflow, in any case.
    pub name: Option<String>,
    /// With this text in the name of the package, in any case.
    pub package_name: Option<String>,
    /// Created then.
    pub created: Range,
    /// Started then.
    pub started: Range,
    /// Ended then.
    pub finished: Range,
}

/// What a list is ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobKey {
    /// Creation.
    CreatedAt,
    /// The first attempt.
    StartedAt,
    /// The end.
    FinishedAt,
    /// Priority.
    Priority,
}

/// The order of a list.
#[derive(Clone, Copy, Debug)]
pub struct JobOrder {
    /// By what.
    pub key: JobKey,
    /// The largest first.
    pub descending: bool,
}

/// A page of a list.
#[derive(Clone, Copy, Debug)]
pub struct JobPage {
    /// Jobs before it.
    pub offset: usize,
    /// Jobs in it, at most.
    pub limit: usize,
}

impl Range {
    pub(super) fn holds(self, ms: Option<i64>) -> bool {
        let from = self
            .from_ms
            .is_none_or(|from| ms.is_some_and(|ms| ms >= from));
        let to = self.to_ms.is_none_or(|to| ms.is_some_and(|ms| ms <= to));
        from && to
    }
}

impl JobFilter {
    /// Whether a job is wanted.
    pub fn passes(&self, job: &JobRow) -> bool {
        let any = |wanted: Option<Guid>, is: Guid| wanted.is_none_or(|wanted| wanted == is);
        let has = |wanted: &Option<String>, text: &str| {
            let wanted = wanted.as_deref().map(str::to_lowercase);
            wanted.is_none_or(|wanted| text.to_lowercase().contains(&wanted))
        };
        let departments = self.departments.as_ref();
        self.tenant == job.tenant
            && departments.is_none_or(|wanted| wanted.contains(&job.department))
            && (self.ids.is_empty() || self.ids.contains(&job.id))
            && (self.states.is_empty() || self.states.contains(&job.state))
            && any(self.workflow, job.workflow)
            && self.robot.is_none_or(|wanted| job.robot == Some(wanted))
            && any(self.queue, job.queue)
            && any(self.execution, job.execution)
            && self.startup.is_none_or(|wanted| wanted == job.startup)
            && (self.startup_id.is_none() || self.startup_id == job.startup_id)
            && (has(&self.search, &job.name) || has(&self.search, &job.package_name))
            && has(&self.name, &job.name)
            && has(&self.package_name, &job.package_name)
            && self.created.holds(Some(job.created_ms))
            && self.started.holds(job.started_ms)
            && self.finished.holds(job.finished_ms)
    }
}

impl JobOrder {
    fn compare(self, left: &JobRow, right: &JobRow) -> Ordering {
        let by_key = match self.key {
            JobKey::CreatedAt => Ordering::Equal,
            JobKey::StartedAt => left.started_ms.cmp(&right.started_ms),
            JobKey::FinishedAt => left.finished_ms.cmp(&right.finished_ms),
            JobKey::Priority => left.priority.cmp(&right.priority),
        };
        let created = |job: &JobRow| (job.created_ms, job.execution, job.number);
        let order = by_key.then_with(|| created(left).cmp(&created(right)));
        match self.descending {
            true => order.reverse(),
            false => order,
        }
    }

    /// Puts jobs in order.
    pub fn sort(self, jobs: &mut [JobRow]) {
        jobs.sort_by(|left, right| self.compare(left, right));
    }

    /// The same order in SQL: there, too, what is absent comes before what is there.
    pub fn sql(self) -> String {
        let direction = if self.descending { "DESC" } else { "ASC" };
        let key = match self.key {
            JobKey::CreatedAt => None,
            JobKey::StartedAt => Some("started_ms"),
            JobKey::FinishedAt => Some("finished_ms"),
            JobKey::Priority => Some("priority"),
        };
        let keys = key.into_iter().chain(["created_ms", "execution", "number"]);
        let keys: Vec<String> = keys.map(|key| format!("{key} {direction}")).collect();
        keys.join(", ")
    }
}

impl Engine {
    /// A page of jobs, and how many there are in all.
    pub async fn list_jobs(
        &self,
        filter: JobFilter,
        order: JobOrder,
        page: JobPage,
    ) -> Result<(u64, Vec<JobRow>), Failure> {
        let memory: Vec<JobRow> = {
            let jobs = self.jobs.read();
            let rows = jobs.jobs(filter.tenant).filter(|job| filter.passes(job));
            rows.cloned().collect()
        };
        let core = Arc::clone(self.core());
        self.archived(move |archive| {
            let is_open = |id| {
                let jobs = core.jobs.read();
                jobs.job(id).is_some_and(|job| job.finished_ms.is_none())
            };
            archive.jobs(&filter, order, page, (memory, &is_open))
        })
        .await
    }
}
