//! Which robots are connected, and which of them are idle, by group.
//! Never: is saved; after a start nobody is connected.

use rpa::Guid;
use std::collections::{BTreeMap, BTreeSet};

/// How a robot is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RobotStatus {
    /// No connection.
    Disconnected,
    /// Connected, with nothing to do.
    Ready,
    /// Connected, with something to do.
    Busy,
}

impl RobotStatus {
    /// The name that APIs show.
    pub fn name(self) -> &'static str {
        match self {
            RobotStatus::Disconnected => "Disconnected",
            RobotStatus::Ready => "Ready",
            RobotStatus::Busy => "Busy",
        }
    }
}

/// The robots that are connected.
#[derive(Default)]
pub struct Presence {
    robots: BTreeMap<Guid, Robot>,
    idle: BTreeMap<Guid, BTreeSet<Guid>>,
    /// When robots were heard last, milliseconds since 1970; also those whose connection has ended.
    heard: BTreeMap<Guid, i64>,
}

#[derive(Default)]
struct Robot {
    /// The groups that it asks, while it is idle.
    queues: Vec<Guid>,
    idle: bool,
    /// It was woken for a job of this group and has not taken it yet.
    woken: Option<Guid>,
    /// It has nothing to do; also while it takes no work.
    ready: bool,
    /// How far it is, as it said last.
    progress: Option<Progress>,
}

/// How far a robot is with a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// With what.
    pub run: Guid,
    /// Of 100.
    pub percent: Option<f64>,
    /// In words.
    pub text: Option<String>,
}

impl Presence {
    /// A robot has connected, or was heard.
    pub fn seen(&mut self, robot: Guid, at_ms: i64) {
        self.robots.entry(robot).or_default();
        self.heard.insert(robot, at_ms);
    }

    /// A robot has said how far it is.
    pub fn progressed(&mut self, robot: Guid, progress: Progress) {
        if let Some(known) = self.robots.get_mut(&robot) {
            known.progress = Some(progress);
        }
    }

    /// How far a robot is with a run, as it said last.
    pub fn progress(&self, robot: Guid, run: Guid) -> Option<&Progress> {
        let progress = self.robots.get(&robot)?.progress.as_ref();
        progress.filter(|progress| progress.run == run)
    }

    /// A robot is registered no more.
    pub fn forget(&mut self, robot: Guid) {
        self.heard.remove(&robot);
    }

    /// A robot's connection has ended.
    pub fn remove(&mut self, robot: Guid) {
        self.leave(robot);
        self.robots.remove(&robot);
    }

    /// It waits for a job of these groups.
    pub fn set_idle(&mut self, robot: Guid, queues: &[Guid]) {
        self.leave(robot);
        if let Some(known) = self.robots.get_mut(&robot) {
            known.idle = true;
            known.ready = true;
            known.queues = queues.to_vec();
            for queue in queues {
                self.idle.entry(*queue).or_default().insert(robot);
            }
        }
    }

    /// It has something to do.
    pub fn set_taken(&mut self, robot: Guid) {
        self.leave(robot);
        if let Some(known) = self.robots.get_mut(&robot) {
            known.ready = false;
        }
    }

    /// It is to look for a job of this group.
    pub fn set_woken(&mut self, robot: Guid, queue: Guid) {
        self.set_taken(robot);
        if let Some(known) = self.robots.get_mut(&robot) {
            known.woken = Some(queue);
        }
    }

    /// How many robots are about to take a job of this group.
    pub fn woken_in(&self, queue: Guid) -> usize {
        let robots = self.robots.values();
        robots.filter(|known| known.woken == Some(queue)).count()
    }

    /// It has nothing to do, and takes no work.
    pub fn set_resting(&mut self, robot: Guid) {
        self.leave(robot);
        if let Some(known) = self.robots.get_mut(&robot) {
            known.ready = true;
        }
    }

    fn leave(&mut self, robot: Guid) {
        let Some(known) = self.robots.get_mut(&robot) else {
            return;
        };
        known.idle = false;
        known.woken = None;
        for queue in std::mem::take(&mut known.queues) {
            if let Some(idle) = self.idle.get_mut(&queue) {
                idle.remove(&robot);
                if idle.is_empty() {
                    self.idle.remove(&queue);
                }
            }
        }
    }

    /// How it is shown.
    pub fn status(&self, robot: Guid) -> RobotStatus {
        match self.robots.get(&robot) {
            None => RobotStatus::Disconnected,
            Some(known) if known.ready => RobotStatus::Ready,
            Some(_) => RobotStatus::Busy,
        }
    }

    /// When it was heard last, milliseconds since 1970; none: not since the server's start.
    pub fn last_seen_ms(&self, robot: Guid) -> Option<i64> {
        self.heard.get(&robot).copied()
    }

    /// The idle robots of a group.
    pub fn idle_in(&self, queue: Guid) -> impl Iterator<Item = Guid> + '_ {
        self.idle.get(&queue).into_iter().flatten().copied()
    }

    /// The groups that an idle robot asks.
    pub fn queues_of(&self, robot: Guid) -> &[Guid] {
        self.robots
            .get(&robot)
            .map_or(&[], |known| known.queues.as_slice())
    }

    /// How many are connected.
    pub fn len(&self) -> usize {
        self.robots.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.robots.is_empty()
    }
}
