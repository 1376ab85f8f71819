//! The jobs that wait for robots, by group: highest priority first, then in the order in which they were made.
//!
//! Owns: which job an idle robot gets, over all of its groups. Derived from rows of executions; never persisted.
//! Never: knows which robots are idle.

use crate::Guid;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

/// A job that waits for a robot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingJob {
    /// The job.
    pub job: Guid,
    /// Its execution.
    pub execution: Guid,
    /// The place of its execution among all: one that was made earlier has a smaller one.
    pub order: u64,
    /// The group that it waits in.
    pub queue: Guid,
    /// Larger comes earlier.
    pub priority: u32,
    /// Its creation, milliseconds since 1970: tells those apart whose place is not known.
    pub created_ms: i64,
    /// Its number in its execution: the order of what was made at once.
    pub number: u32,
    /// Robots that refused it, and until when (milliseconds since 1970) they are not asked again.
    pub avoid: Vec<(Guid, i64)>,
}

/// Where a job stands in its group.
type Place = (Reverse<u32>, u64, i64, Guid, u32, Guid);

/// All jobs that wait.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    jobs: BTreeMap<Guid, WaitingJob>,
    queues: BTreeMap<Guid, BTreeSet<Place>>,
}

impl WaitingJob {
    fn place(&self) -> Place {
        (
            Reverse(self.priority),
            self.order,
            self.created_ms,
            self.execution,
            self.number,
            self.job,
        )
    }

    fn avoids(&self, robot: Guid, now_ms: i64) -> bool {
        let mut avoid = self.avoid.iter();
        avoid.any(|(avoided, until_ms)| *avoided == robot && *until_ms > now_ms)
    }
}

impl Waiting {
    /// A job waits from now on, or waits differently.
    pub fn put(&mut self, job: WaitingJob) {
        self.remove(job.job);
        self.queues
            .entry(job.queue)
            .or_default()
            .insert(job.place());
        self.jobs.insert(job.job, job);
    }

    /// A job no longer waits.
    pub fn remove(&mut self, job: Guid) {
        let Some(job) = self.jobs.remove(&job) else {
            return;
        };
        if let Some(queue) = self.queues.get_mut(&job.queue) {
            queue.remove(&job.place());
            if queue.is_empty() {
                self.queues.remove(&job.queue);
            }
        }
    }

    /// The job that an idle robot gets: of all its groups the highest priority, then the oldest.
    pub fn choose(
        &self,
        robot: Guid,
        queues: impl IntoIterator<Item = Guid>,
        now_ms: i64,
    ) -> Option<&WaitingJob> {
        let firsts = queues.into_iter().filter_map(|queue| {
            let mut jobs = self.in_order(queue);
            jobs.find(|job| !job.avoids(robot, now_ms))
        });
        firsts.min_by_key(|job| job.place())
    }

    /// When a job that now avoids this robot stops to do so, milliseconds since 1970: then it is time to choose again.
    pub fn next_choice_ms(
        &self,
        robot: Guid,
        queues: impl IntoIterator<Item = Guid>,
        now_ms: i64,
    ) -> Option<i64> {
        let jobs = queues.into_iter().flat_map(|queue| self.in_order(queue));
        let avoided = jobs.flat_map(|job| &job.avoid);
        let mine = avoided.filter(|(avoided, until_ms)| *avoided == robot && *until_ms > now_ms);
        mine.map(|(_, until_ms)| *until_ms).min()
    }

    /// The jobs of a group, the first to run first.
    pub fn in_order(&self, queue: Guid) -> impl Iterator<Item = &WaitingJob> {
        let places = self.queues.get(&queue).into_iter().flatten();
        places.filter_map(|(_, _, _, _, _, job)| self.jobs.get(job))
    }

    /// Whether a job waits in a group.
    pub fn any_in(&self, queue: Guid) -> bool {
        self.queues.contains_key(&queue)
    }

    /// How many jobs wait.
    pub fn len(&self) -> usize {
        self.jobs.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }
}

#[cfg(test)]
mod tests;
