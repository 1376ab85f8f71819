//! Walks over the rows of jobs and runs, from any place on: so nobody has to hold them for longer than a part takes.
//! Never: collects them.

use super::{JobViews, Place};
use codec::Tenant;
use rpa::{
    Guid,
    execution::rows::{JobRow, RunRow},
};
use std::ops::Bound;

/// Where a walk over a company's jobs has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobPlace(Place);

impl JobViews {
    /// The jobs of a company in memory behind a place, the oldest first.
    pub fn jobs_behind(
        &self,
        tenant: Tenant,
        after: Option<JobPlace>,
    ) -> impl Iterator<Item = (JobPlace, &JobRow)> {
        let first = Bound::Included((tenant, i64::MIN, Guid::NIL, 0));
        let from = after.map_or(first, |after| Bound::Excluded(after.0));
        let places = self.created.range((from, Bound::Unbounded));
        let own = places.take_while(move |((owner, ..), _)| *owner == tenant);
        own.filter_map(|(place, id)| Some((JobPlace(*place), self.jobs.get(id)?)))
    }

    /// The jobs of an execution in memory, in the order of their numbers.
    pub fn members(&self, execution: Guid) -> &[Guid] {
        self.members.get(&execution).map_or(&[], Vec::as_slice)
    }

    /// The run instances of an execution in memory.
    pub fn attempts(&self, execution: Guid) -> impl Iterator<Item = &RunRow> {
        let runs = self.attempts.get(&execution).into_iter().flatten();
        runs.filter_map(|id| self.runs.get(id))
    }
}
