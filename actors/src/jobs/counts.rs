//! How many jobs there are of a company in each state, counted as rows change.
//! Never: walks over rows.

use super::JobViews;
use codec::Tenant;
use rpa::{execution::rows::JobRow, terms::JobState};
use std::collections::BTreeMap;

/// Jobs in memory.
#[derive(Default)]
pub(super) struct JobCounts {
    by_state: BTreeMap<(Tenant, JobState), usize>,
    waiting: BTreeMap<Tenant, usize>,
}

impl JobCounts {
    /// A row is there.
    pub fn put(&mut self, row: &JobRow) {
        *self.by_state.entry((row.tenant, row.state)).or_default() += 1;
        if row.waiting {
            *self.waiting.entry(row.tenant).or_default() += 1;
        }
    }

    /// A row is there no more.
    pub fn take(&mut self, row: &JobRow) {
        if let Some(count) = self.by_state.get_mut(&(row.tenant, row.state)) {
            *count -= 1;
        }
        if row.waiting
            && let Some(count) = self.waiting.get_mut(&row.tenant)
        {
            *count -= 1;
        }
    }
}

impl JobViews {
    /// How many jobs of a company are in a state; of those that have ended only what is still in memory.
    pub fn in_state(&self, tenant: Tenant, state: JobState) -> usize {
        let count = self.counts.by_state.get(&(tenant, state));
        count.copied().unwrap_or_default()
    }

    /// How many jobs of a company wait for a robot.
    pub fn waiting_of(&self, tenant: Tenant) -> usize {
        self.counts
            .waiting
            .get(&tenant)
            .copied()
            .unwrap_or_default()
    }
}
