//! Lists of job groups, many executions read at once, and an end that is awaited.
//! Never: shows a group twice or of another company.

use super::{Cell, JobPage, Range};
use crate::{core::Core, engine::Engine, failure::Failure};
use codec::Tenant;
use rpa::{
    Guid,
    execution::{Command, Decision, Execution, Owner, Scope, rows::GroupRow},
    terms::Stamp,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

/// Which job groups. Filters combine with AND.
#[derive(Clone, Debug, Default)]
pub struct GroupFilter {
    /// Whose.
    pub tenant: Tenant,
    /// In one of these departments.
    pub departments: Option<Vec<Guid>>,
    /// These.
    pub ids: Option<Vec<Guid>>,
    /// Executions of this workflow or layout.
    pub owner: Option<Guid>,
    /// With this text in the name, in any case.
    pub name: Option<String>,
    /// The same, asked in another way.
    pub search: Option<String>,
    /// Created then.
    pub created: Range,
    /// What they are ordered by.
    pub key: GroupKey,
    /// The largest first.
    pub descending: bool,
}

/// What a list of job groups is ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GroupKey {
    /// Creation.
    #[default]
    CreatedAt,
    /// The first attempt.
    StartedAt,
    /// The end.
    FinishedAt,
    /// The name, in lower case.
    Name,
}

/// Where a group stands: what it is ordered by, its creation, its id. What is absent comes before what is there.
pub(crate) type GroupPlace = (Option<i64>, String, i64, Guid);

impl GroupKey {
    /// Where a group stands.
    pub(crate) fn place(self, group: &GroupRow) -> GroupPlace {
        let (ms, name) = match self {
            GroupKey::CreatedAt => (None, String::new()),
            GroupKey::StartedAt => (group.started_ms, String::new()),
            GroupKey::FinishedAt => (group.finished_ms, String::new()),
            GroupKey::Name => (None, group.name.to_lowercase()),
        };
        (ms, name, group.created_ms, group.id)
    }

    /// The same in SQL: an instant and a text.
    pub(crate) fn columns(self) -> (&'static str, &'static str) {
        match self {
            GroupKey::CreatedAt => ("NULL", "''"),
            GroupKey::StartedAt => ("started_ms", "''"),
            GroupKey::FinishedAt => ("finished_ms", "''"),
            GroupKey::Name => ("NULL", "name"),
        }
    }
}

impl GroupFilter {
    /// Whether a group is wanted.
    pub fn passes(&self, group: &GroupRow) -> bool {
        let (Owner::Workflow(owner) | Owner::Layout(owner)) = group.owner;
        let among = |wanted: &Option<Vec<Guid>>, id: Guid| {
            wanted.as_ref().is_none_or(|wanted| wanted.contains(&id))
        };
        self.tenant == group.tenant
            && among(&self.departments, group.department)
            && among(&self.ids, group.id)
            && self.owner.is_none_or(|wanted| wanted == owner)
            && [&self.name, &self.search]
                .into_iter()
                .flatten()
                .all(|text| {
                    let name = group.name.to_lowercase();
                    name.contains(&text.to_lowercase())
                })
            && self.created.holds(Some(group.created_ms))
    }
}

impl Engine {
    /// A page of job groups, and how many there are in all.
    pub async fn list_groups(
        &self,
        filter: GroupFilter,
        page: JobPage,
    ) -> Result<(u64, Vec<Guid>), Failure> {
        let memory: Vec<GroupRow> = {
            let jobs = self.jobs.read();
            let groups = jobs.groups(filter.tenant);
            groups
                .filter(|group| filter.passes(group))
                .cloned()
                .collect()
        };
        let core = Arc::clone(self.core());
        self.archived(move |archive| {
            let is_open = |id| {
                let jobs = core.jobs.read();
                jobs.group(id)
                    .is_some_and(|group| group.finished_ms.is_none())
            };
            archive.groups(&filter, page, (&memory, &is_open))
        })
        .await
    }

    /// Reads many executions, in memory or archived; what is gone or of another company is left out.
    pub async fn look_executions<T: Send + 'static>(
        &self,
        tenant: Tenant,
        ids: impl IntoIterator<Item = Guid>,
        view: impl Fn(&Execution) -> T + Clone + Send + 'static,
    ) -> Result<BTreeMap<Guid, T>, Failure> {
        let mut seen = BTreeMap::new();
        let mut ended = Vec::new();
        for id in BTreeSet::from_iter(ids) {
            if self.executions.get(id).is_none() {
                ended.push(id);
                continue;
            }
            match self.look_execution(tenant, id, view.clone()).await {
                Ok(view) => {
                    seen.insert(id, view);
                }
                // It has been set aside, or has just gone: the others are shown.
                Err(Failure::NotFound | Failure::Quarantined(_)) => {}
                Err(failure) => return Err(failure),
            }
        }
        if ended.is_empty() {
            return Ok(seen);
        }
        let found = self.archived(move |archive| archive.executions(&ended));
        for execution in found.await? {
            if execution.tenant() == tenant {
                seen.insert(execution.id(), view(&execution));
            }
        }
        Ok(seen)
    }

    /// Cancels jobs of an execution; robots that are not connected now are not waited for.
    pub async fn cancel_jobs<T: Send + 'static>(
        &self,
        execution: Guid,
        scope: Scope,
        by: Stamp,
        view: impl FnOnce(&Execution, &Decision) -> T,
    ) -> Result<T, Failure> {
        let cell = self.executions.get(execution).ok_or(Failure::NotFound)?;
        let command = Command::Cancel {
            scope,
            by,
            message: None,
            disconnected: disconnected(self.core(), &cell),
        };
        self.order_execution(execution, command, view).await
    }

    /// Waits until a job in memory has ended, the time is over, or the server leaves.
    pub async fn await_job(&self, job: Guid, at_most: Duration) {
        let end = self.jobs.write().until_end(job);
        if let Some(end) = end {
            // Closed, out of time or leaving: whoever waits looks anew.
            self.leaving.or(end, at_most).await;
        }
    }
}

/// What cancels all jobs of an execution.
pub(crate) fn cancel_command(core: &Core, cell: &Cell, by: Stamp, message: String) -> Command {
    Command::Cancel {
        scope: Scope::All,
        by,
        message: Some(message),
        disconnected: disconnected(core, cell),
    }
}

/// The robots that have something of an execution and are not connected now.
fn disconnected(core: &Core, cell: &Cell) -> Vec<Guid> {
    let holders = cell.peek(|execution| {
        let runs = execution.jobs().iter().filter_map(|job| job.open_run());
        runs.map(|run| run.robot).collect::<BTreeSet<_>>()
    });
    let jobs = core.jobs.read();
    let holders = holders.unwrap_or_default().into_iter();
    holders.filter(|robot| !jobs.is_connected(*robot)).collect()
}
