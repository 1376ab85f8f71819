//! What is shown of the executions in memory, and which jobs and robots wait for each other.
//!
//! Owns: rows of job groups, jobs and run instances; the jobs that wait in groups; the robots that are connected and
//! idle. All of it follows from what is durable and from who is connected; nothing of it is saved.
//! Never: decides. A job that a robot takes leaves the waiting ones at once, so that no other robot asks for it.
//!
//! ```text
//!  published rows ─▶ waiting jobs ─┐
//!                                  ├─▶ wake: one idle robot that would get something ─▶ it asks: take
//!  robots ─▶ connected, idle ──────┘
//! ```

mod counts;
mod presence;
mod walk;

pub use presence::{Presence, Progress, RobotStatus};
pub use walk::JobPlace;

use codec::Tenant;
use counts::JobCounts;
use rpa::{
    Guid,
    execution::rows::{GroupRow, JobRow, Rows, RunRow},
    waiting::{Waiting, WaitingJob},
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tokio::sync::oneshot;

/// Where a job stands in the order of creation: company, time, execution, number.
type Place = (Tenant, i64, Guid, u32);

/// Who is to look after rows have changed.
#[derive(Default)]
pub struct Changed {
    /// Groups in which a job waits from now on, once for each job.
    pub queues: Vec<Guid>,
    /// Robots that are free of something.
    pub robots: Vec<Guid>,
}

/// The rows and what waits.
#[derive(Default)]
pub struct JobViews {
    groups: HashMap<Guid, GroupRow>,
    jobs: HashMap<Guid, JobRow>,
    runs: HashMap<Guid, RunRow>,
    /// The jobs of an execution, in the order of their numbers.
    members: HashMap<Guid, Vec<Guid>>,
    /// The run instances of an execution.
    attempts: HashMap<Guid, Vec<Guid>>,
    created: BTreeMap<Place, Guid>,
    /// Executions by the instant at which something is due in them.
    due: BTreeSet<(i64, Guid)>,
    /// What robots have: run and execution by robot.
    held: BTreeSet<(Guid, Guid, Guid)>,
    waiting: Waiting,
    /// Groups in which jobs will wait as soon as what was decided is published, by execution.
    expected: HashMap<Guid, Vec<Guid>>,
    counts: JobCounts,
    /// Who waits for the end of a job: told by the drop of what is kept here.
    ends: HashMap<Guid, Vec<oneshot::Sender<()>>>,
    pub(crate) presence: Presence,
}

impl JobViews {
    /// Takes changed rows of an execution over, which has this place among all; gives the groups in which a job waits
    /// from now on, and the robots that have something else than before.
    pub fn apply(&mut self, rows: Rows, order: u64) -> Changed {
        let mut changed = Changed::default();
        if let Some(group) = rows.group {
            self.expected.remove(&group.id);
            if let Some(old) = self.groups.get(&group.id)
                && let Some(due_ms) = old.due_ms
            {
                self.due.remove(&(due_ms, old.id));
            }
            if let Some(due_ms) = group.due_ms {
                self.due.insert((due_ms, group.id));
            }
            self.groups.insert(group.id, group);
        }
        for run in rows.runs {
            if let Some(old) = self.runs.get(&run.id)
                && self.held.remove(&(old.robot, old.id, old.execution))
                && !run.held
            {
                changed.robots.push(old.robot);
            }
            if run.held && !run.robot.is_nil() {
                self.held.insert((run.robot, run.id, run.execution));
            }
            let (id, execution) = (run.id, run.execution);
            if self.runs.insert(id, run).is_none() {
                self.attempts.entry(execution).or_default().push(id);
            }
        }
        for job in rows.jobs {
            match job.waiting_job(order) {
                Some(waiting) => {
                    changed.queues.push(waiting.queue);
                    self.waiting.put(waiting);
                }
                None => self.waiting.remove(job.id),
            }
            self.put_job(job);
        }
        changed
    }

    fn put_job(&mut self, job: JobRow) {
        let place = place(&job);
        if self.created.insert(place, job.id).is_none() {
            self.members.entry(job.execution).or_default().push(job.id);
        }
        if job.state.is_final() {
            self.ends.remove(&job.id);
        }
        self.counts.put(&job);
        if let Some(before) = self.jobs.insert(job.id, job) {
            self.counts.take(&before);
        }
    }

    /// Closes when the job has ended; none: it has, or it is not in memory.
    pub fn until_end(&mut self, job: Guid) -> Option<oneshot::Receiver<()>> {
        self.jobs.get(&job).filter(|row| !row.state.is_final())?;
        let (sender, receiver) = oneshot::channel();
        let waiting = self.ends.entry(job).or_default();
        // Who has stopped to wait is forgotten here, so there are never more than wait.
        waiting.retain(|sender| !sender.is_closed());
        waiting.push(sender);
        Some(receiver)
    }

    /// An execution cannot be decided any more: nothing is due in it, no robot is asked for it, and what robots have of
    /// it keeps them from nothing else. Gives those robots.
    pub fn stand_still(&mut self, execution: Guid) -> Vec<Guid> {
        if let Some(group) = self.groups.get_mut(&execution)
            && let Some(due_ms) = group.due_ms.take()
        {
            self.due.remove(&(due_ms, execution));
        }
        for id in self.members.get(&execution).into_iter().flatten() {
            self.waiting.remove(*id);
            if let Some(job) = self.jobs.get_mut(id) {
                job.waiting = false;
            }
        }
        let mut freed = Vec::new();
        for id in self.attempts.get(&execution).into_iter().flatten() {
            if let Some(run) = self.runs.get_mut(id)
                && std::mem::take(&mut run.held)
                && self.held.remove(&(run.robot, run.id, execution))
            {
                freed.push(run.robot);
            }
        }
        freed
    }

    /// An execution was decided whose jobs will wait in these groups, once for each job.
    pub fn expect(&mut self, execution: Guid, queues: Vec<Guid>) {
        self.expected.insert(execution, queues);
    }

    /// An execution is in the archive now, or did not come about.
    pub fn remove(&mut self, execution: Guid) {
        self.expected.remove(&execution);
        if let Some(group) = self.groups.remove(&execution)
            && let Some(due_ms) = group.due_ms
        {
            self.due.remove(&(due_ms, execution));
        }
        let members = self.members.remove(&execution).unwrap_or_default();
        for id in &members {
            self.waiting.remove(*id);
            self.ends.remove(id);
            if let Some(job) = self.jobs.remove(id) {
                self.created.remove(&place(&job));
                self.counts.take(&job);
            }
        }
        for id in self.attempts.remove(&execution).unwrap_or_default() {
            if let Some(run) = self.runs.remove(&id) {
                self.held.remove(&(run.robot, run.id, run.execution));
            }
        }
    }

    /// An execution's row.
    pub fn group(&self, id: Guid) -> Option<&GroupRow> {
        self.groups.get(&id)
    }

    /// All executions of a company in memory.
    pub fn groups(&self, tenant: Tenant) -> impl Iterator<Item = &GroupRow> {
        let groups = self.groups.values();
        groups.filter(move |group| group.tenant == tenant)
    }

    /// A job's row.
    pub fn job(&self, id: Guid) -> Option<&JobRow> {
        self.jobs.get(&id)
    }

    /// A run instance's row.
    pub fn run(&self, id: Guid) -> Option<&RunRow> {
        self.runs.get(&id)
    }

    /// The run instances of a company in memory.
    pub fn runs(&self, tenant: Tenant) -> impl Iterator<Item = &RunRow> {
        let runs = self.runs.values();
        runs.filter(move |run| run.tenant == tenant)
    }

    /// The jobs of a company in memory, the oldest first.
    pub fn jobs(&self, tenant: Tenant) -> impl DoubleEndedIterator<Item = &JobRow> {
        let from = (tenant, i64::MIN, Guid::NIL, 0);
        let to = (Tenant(tenant.0.saturating_add(1)), i64::MIN, Guid::NIL, 0);
        let places = self.created.range(from..to);
        places.filter_map(|(_, id)| self.jobs.get(id))
    }

    /// The executions in which something is due, and since when, milliseconds since 1970.
    pub fn due(&self, now_ms: i64) -> BTreeSet<(i64, Guid)> {
        let due = self.due.iter().take_while(|(due_ms, _)| *due_ms <= now_ms);
        due.copied().collect()
    }

    /// When something is due after an instant, both in milliseconds since 1970.
    pub fn next_due_ms(&self, now_ms: i64) -> Option<i64> {
        let later = self.due.range((now_ms.saturating_add(1), Guid::NIL)..);
        later.map(|(due_ms, _)| *due_ms).next()
    }

    /// What a robot has: runs and their executions.
    pub fn held_by(&self, robot: Guid) -> Vec<(Guid, Guid)> {
        let from = (robot, Guid::NIL, Guid::NIL);
        let held = self.held.range(from..);
        let mine = held.take_while(|(holder, _, _)| *holder == robot);
        mine.map(|(_, run, execution)| (*run, *execution)).collect()
    }

    /// The robots that have something.
    pub fn holders(&self) -> BTreeSet<Guid> {
        self.held.iter().map(|(robot, _, _)| *robot).collect()
    }

    /// Whether a robot of the group is free for a job that comes now: ready, and no earlier job waits for it, nor will.
    pub fn has_free_robot(&self, queue: Guid) -> bool {
        // A job that a robot was woken for waits until that takes it.
        let idle = self.presence.idle_in(queue).count() + self.presence.woken_in(queue);
        let expected = self.expected.values().flatten();
        let expected = expected.filter(|wanted| **wanted == queue).count();
        let before = self.waiting.in_order(queue).take(idle).count();
        before + expected < idle
    }

    /// Whether a robot is connected.
    pub fn is_connected(&self, robot: Guid) -> bool {
        self.presence.status(robot) != RobotStatus::Disconnected
    }

    /// The robots' presence.
    pub fn presence(&self) -> &Presence {
        &self.presence
    }

    /// Gives an idle robot the best job of its groups and takes it from the waiting ones. None: the robot stays idle.
    pub fn take(&mut self, robot: Guid, queues: &[Guid], now_ms: i64) -> Option<WaitingJob> {
        let chosen = self.waiting.choose(robot, queues.iter().copied(), now_ms);
        let Some(chosen) = chosen.cloned() else {
            self.presence.set_idle(robot, queues);
            return None;
        };
        self.waiting.remove(chosen.job);
        self.presence.set_taken(robot);
        Some(chosen)
    }

    /// A job that was taken was not given away after all.
    pub fn put_back(&mut self, job: WaitingJob) {
        if let Some(row) = self.jobs.get(&job.job)
            && row.waiting
        {
            self.waiting.put(job);
        }
    }

    /// When a job stops to avoid this robot, milliseconds since 1970.
    pub fn next_choice_ms(&self, robot: Guid, queues: &[Guid], now_ms: i64) -> Option<i64> {
        self.waiting
            .next_choice_ms(robot, queues.iter().copied(), now_ms)
    }

    /// An idle robot of the group that would get something; it counts as busy until it says otherwise.
    pub fn wake(&mut self, queue: Guid, now_ms: i64) -> Option<Guid> {
        if !self.waiting.any_in(queue) {
            return None;
        }
        let gets_something = |robot: &Guid| {
            let queues = self.presence.queues_of(*robot).iter().copied();
            self.waiting.choose(*robot, queues, now_ms).is_some()
        };
        let robot = self.presence.idle_in(queue).find(gets_something)?;
        self.presence.set_woken(robot, queue);
        Some(robot)
    }
}

fn place(job: &JobRow) -> Place {
    (job.tenant, job.created_ms, job.execution, job.number)
}
