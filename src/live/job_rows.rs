//! Jobs and runs that may pass a filter, as their rows tell.
//! Never: walks over more rows than a part has while it holds them.

use super::{filter::Filter, listing::PAGE};
use crate::server::State;
use actors::{
    jobs::{JobPlace, JobViews},
    live::{Key, Topic},
};
use codec::Tenant;
use rpa::{
    Guid,
    execution::rows::{JobRow, RunRow},
    terms::JobState,
};

/// Rows that are looked at before others may go on.
const WALKED: usize = 4_000;

/// What is asked of a job's row; none: anything.
struct Wanted {
    workflows: Option<Vec<Guid>>,
    executions: Option<Vec<Guid>>,
    robots: Option<Vec<Guid>>,
    queues: Option<Vec<Guid>>,
    states: Option<Vec<JobState>>,
}

impl Wanted {
    fn of(filter: &Filter) -> Self {
        let guids = |name| filter.values(name).map(|_| filter.guids(name));
        let states = filter.values("state").map(|states| {
            let states = states.iter();
            states.filter_map(|name| JobState::read(name)).collect()
        });
        Wanted {
            workflows: guids("workflowId"),
            executions: guids("jobGroupId"),
            robots: guids("robotId"),
            queues: guids("queueId"),
            states,
        }
    }

    fn passes(&self, row: &JobRow) -> bool {
        let any = |wanted: &Option<Vec<Guid>>, is: Option<Guid>| match (wanted, is) {
            (None, _) => true,
            (Some(wanted), Some(is)) => wanted.contains(&is),
            (Some(_), None) => false,
        };
        let states = self.states.as_ref();
        let state = match states {
            Some(states) => states.contains(&row.state),
            None => !row.state.is_final(),
        };
        state
            && any(&self.workflows, Some(row.workflow))
            && any(&self.executions, Some(row.execution))
            && any(&self.robots, row.robot)
            && any(&self.queues, Some(row.queue))
    }
}

/// The jobs that a filter names, or those of the executions that it names; none: it names neither.
pub fn named_jobs(state: &State, tenant: Tenant, filter: &Filter) -> Option<Vec<Key>> {
    let wanted = Wanted::of(filter);
    let named = filter.part_ids();
    if named.is_none() && wanted.executions.is_none() {
        return None;
    }
    let jobs = state.engine.jobs.read();
    let ids = named.unwrap_or_else(|| {
        let executions = wanted.executions.iter().flatten();
        let members = executions.flat_map(|id| jobs.members(*id));
        members.copied().collect()
    });
    let rows = ids.into_iter().filter_map(|id| jobs.job(id));
    let own = rows.filter(|row| row.tenant == tenant && wanted.passes(row));
    let keys = own.map(|row| Key::of_guid(Topic::Jobs, tenant, row.id));
    Some(keys.collect())
}

/// A page of jobs behind a place, and where the next one begins.
pub fn jobs(
    state: &State,
    tenant: Tenant,
    filter: &Filter,
    mut after: Option<JobPlace>,
) -> (Vec<Key>, Option<JobPlace>) {
    let wanted = Wanted::of(filter);
    let mut page = Vec::new();
    loop {
        let jobs = state.engine.jobs.read();
        let mut walked = 0;
        for (place, row) in jobs.jobs_behind(tenant, after).take(WALKED) {
            if wanted.passes(row) {
                if page.len() == PAGE {
                    return (page, after);
                }
                page.push(Key::of_guid(Topic::Jobs, tenant, row.id));
            }
            after = Some(place);
            walked += 1;
        }
        if walked < WALKED {
            return (page, None);
        }
    }
}

/// The runs of the jobs that a filter names; none: it names none.
pub fn named_runs(state: &State, tenant: Tenant, filter: &Filter) -> Option<Vec<Key>> {
    let named = filter.part_ids()?;
    let jobs = state.engine.jobs.read();
    let mut keys = Vec::new();
    for id in named {
        let Some(job) = jobs.job(id).filter(|job| job.tenant == tenant) else {
            continue;
        };
        let own = jobs.attempts(job.execution).filter(|run| run.job == id);
        keys.extend(in_order(tenant, own));
    }
    Some(keys)
}

/// Puts at least a page of runs before those that are there, the last one first, unless there are no more; gives where
/// the next ones begin.
pub fn runs(
    state: &State,
    tenant: Tenant,
    keys: &mut Vec<Key>,
    mut after: Option<JobPlace>,
) -> Option<JobPlace> {
    let mut found = Vec::new();
    let enough = PAGE.saturating_sub(keys.len());
    let more = loop {
        if found.len() > enough {
            break true;
        }
        let jobs = state.engine.jobs.read();
        let mut walked = 0;
        for (place, row) in jobs.jobs_behind(tenant, after).take(WALKED) {
            after = Some(place);
            walked += 1;
            // Those of an execution come with its first job.
            if jobs.members(row.execution).first() == Some(&row.id) {
                found.extend(of_execution(&jobs, tenant, row.execution));
                if found.len() > enough {
                    break;
                }
            }
        }
        if walked < WALKED && found.len() <= enough {
            break false;
        }
    };
    found.reverse();
    found.append(keys);
    *keys = found;
    after.filter(|_| more)
}

fn of_execution(jobs: &JobViews, tenant: Tenant, execution: Guid) -> Vec<Key> {
    in_order(tenant, jobs.attempts(execution))
}

fn in_order<'r>(tenant: Tenant, runs: impl Iterator<Item = &'r RunRow>) -> Vec<Key> {
    let mut runs: Vec<_> = runs.collect();
    runs.sort_unstable_by_key(|run| (run.job, run.attempt));
    let keys = runs.iter().map(|run| Key::of_run(tenant, run.job, run.id));
    keys.collect()
}
