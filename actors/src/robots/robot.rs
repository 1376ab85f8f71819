//! The actor of one robot: its session, what it has, and when it was heard.
//!
//! Owns: that it has one connection and one offer or run at a time, and what becomes of its runs when it is silent.
//! Never: persists anything, or awaits another actor.
//!
//! ```text
//!  disconnected ──hello──▶ greeting: executions say what becomes of what it has ──all said──▶ welcome
//!       ▲                                                                                       │
//!       │ closed, silent, newer, secret ended                             idle ◀──▶ offered, running
//!       └───────────────────────────────────────────────────────────────────────────────────────┘
//!  disconnected for too long: what it has is lost
//! ```

use super::{
    late::Late,
    message::{Close, FromRobot, Hello, RunRef, ToRobot},
};
use crate::{core::Core, executions::Cell, failure::Failure};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use rpa::{
    Guid,
    execution::{Command, Tell, Verdict},
    terms::ConsoleManagement,
    waiting::WaitingJob,
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::mpsc, task::JoinHandle};

/// A job whose offer could not be decided waits so long before it is offered again.
const AGAIN: Duration = Duration::from_secs(1);

/// What a robot's actor is told.
pub enum Message {
    /// A connection, and what the robot said first.
    Connected {
        /// The connection.
        number: u64,
        /// What it is told goes there.
        outbox: mpsc::Sender<ToRobot>,
        /// What it said.
        hello: Box<Hello>,
    },
    /// It has said something.
    Said {
        /// On this connection.
        number: u64,
        /// What.
        said: Box<FromRobot>,
    },
    /// A connection has ended.
    Closed {
        /// Which.
        number: u64,
    },
    /// An execution has answered a hello.
    Greeted {
        /// On this connection.
        number: u64,
    },
    /// The archive has been asked about what it claims to have.
    Judged {
        /// On this connection.
        number: u64,
        /// What becomes of that; none: the archive cannot be read now.
        verdicts: Option<Vec<(RunRef, Verdict)>>,
    },
    /// An execution has something for it.
    Tell {
        /// The execution.
        cell: Arc<Cell>,
        /// About which run.
        run: RunRef,
        /// What.
        what: Tell,
    },
    /// An execution has taken an offer, or not.
    Offered {
        /// What was taken from those that wait.
        job: WaitingJob,
        /// Whether it waits no more.
        given: bool,
    },
    /// There may be something to do, or something to wait for.
    Look,
    /// Its connection is to end.
    End(Close),
}

/// The actor.
pub struct Robot;

/// What it knows; in memory only.
pub struct State {
    pub(super) core: Arc<Core>,
    pub(super) id: Guid,
    pub(super) session: Option<Talk>,
    /// An offer is being decided.
    pub(super) offering: bool,
    /// Since when it has no connection.
    pub(super) alone_since: Instant,
    timer: Option<JoinHandle<()>>,
}

/// A connection from the inside.
pub struct Talk {
    pub(super) number: u64,
    pub(super) outbox: mpsc::Sender<ToRobot>,
    pub(super) accepting: bool,
    pub(super) auto_accept: bool,
    pub(super) heard: Instant,
    /// While executions are asked what becomes of what the robot has.
    pub(super) greeting: Option<Greeting>,
    /// Lines of what has left memory.
    pub(super) late: Option<Late>,
}

/// What comes together before the welcome.
#[derive(Default)]
pub struct Greeting {
    /// Who has not answered: executions, and what asks the archive.
    pub(super) open: usize,
    pub(super) verdicts: Vec<(RunRef, Verdict)>,
    /// What is sent behind the welcome.
    pub(super) later: Vec<ToRobot>,
}

impl Actor for Robot {
    type Msg = Message;
    type State = State;
    type Arguments = (Arc<Core>, Guid);

    async fn pre_start(
        &self,
        myself: ActorRef<Message>,
        (core, id): (Arc<Core>, Guid),
    ) -> Result<State, ActorProcessingErr> {
        let mut state = State {
            core,
            id,
            session: None,
            offering: false,
            alone_since: Instant::now(),
            timer: None,
        };
        state.watch(&myself);
        Ok(state)
    }

    async fn handle(
        &self,
        myself: ActorRef<Message>,
        message: Message,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            Message::Connected {
                number,
                outbox,
                hello,
            } => state.connected(&myself, number, outbox, *hello),
            Message::Said { number, said } => state.said(&myself, number, *said),
            Message::Closed { number } => {
                if state.is_session(number) {
                    state.disconnect(None);
                }
            }
            Message::Greeted { number } => state.greeted(&myself, number),
            Message::Judged { number, verdicts } => state.judged(&myself, number, verdicts),
            Message::Tell { cell, run, what } => state.tell(&cell, run, what),
            Message::Offered { job, given } => {
                state.offering = false;
                if !given {
                    state.core.jobs.write().put_back(job);
                }
            }
            Message::Look => {}
            Message::End(close) => state.disconnect(Some(close)),
        }
        state.look(&myself);
        state.watch(&myself);
        Ok(())
    }
}

impl State {
    pub(super) fn is_session(&self, number: u64) -> bool {
        let session = self.session.as_ref();
        session.is_some_and(|session| session.number == number)
    }

    /// Writes to the robot; one that reads too slowly is cut off.
    pub(super) fn send(&mut self, message: ToRobot) {
        let Some(session) = self.session.as_mut() else {
            return;
        };
        if let Some(greeting) = session.greeting.as_mut() {
            greeting.later.push(message);
            return;
        }
        if session.outbox.try_send(message).is_err() {
            self.disconnect(Some(Close::Slow));
        }
    }

    /// Its connection has ended, or is to end.
    pub(super) fn disconnect(&mut self, close: Option<Close>) {
        let Some(session) = self.session.take() else {
            return;
        };
        if let Some(close) = close {
            // A full outbox: the hub sees that it is dropped.
            let _ = session.outbox.try_send(ToRobot::Close(close));
        }
        self.alone_since = Instant::now();
        self.core.jobs.write().presence.remove(self.id);
        self.core.live.robot_changed(&self.core, self.id);
        if self.core.queue.is_full() {
            // Nothing is decided now: offers time out by themselves, and runs go on.
            return;
        }
        for (_, execution) in self.held() {
            super::order(
                &self.core,
                execution,
                Command::Disconnect { robot: self.id },
            );
        }
    }

    pub(super) fn held(&self) -> Vec<(Guid, Guid)> {
        self.core.jobs.read().held_by(self.id)
    }

    /// Gives away its slot when it is free.
    pub(super) fn look(&mut self, myself: &ActorRef<Message>) {
        let Some(session) = self.session.as_ref() else {
            return;
        };
        if self.offering || session.greeting.is_some() || self.core.queue.is_full() {
            return;
        }
        let core = Arc::clone(&self.core);
        let found = core.registry.look(|state| {
            let robot = state.robot_connecting(self.id)?;
            let queues: Vec<Guid> = state.groups_of_robot(self.id).collect();
            let managed = robot.management == ConsoleManagement::Managed;
            Some((robot.label.name.clone(), queues, managed))
        });
        let Some((robot_name, queues, managed)) = found else {
            self.disconnect(Some(Close::Secret));
            return;
        };
        let taken = {
            let mut jobs = core.jobs.write();
            if !jobs.held_by(self.id).is_empty() {
                jobs.presence.set_taken(self.id);
                None
            } else if managed && session.accepting {
                jobs.take(self.id, &queues, core.clock.real_ms())
            } else {
                jobs.presence.set_resting(self.id);
                None
            }
        };
        core.live.robot_changed(&core, self.id);
        if let Some(job) = taken {
            self.offer(myself, job, robot_name);
            // Others of its groups may want what it left.
            core.robots.wake(&core, &queues);
        }
    }

    fn offer(&mut self, myself: &ActorRef<Message>, job: WaitingJob, robot_name: String) {
        let Some(session) = self.session.as_ref() else {
            return;
        };
        let Some(cell) = self.core.executions.get(job.execution) else {
            return;
        };
        self.offering = true;
        let within = self.core.options.robots.offer_within.as_millis();
        let command = Command::Offer {
            job: job.job,
            run: new_guid(),
            robot: self.id,
            robot_name,
            accept_within_ms: i64::try_from(within).unwrap_or(i64::MAX),
            auto_accept: session.auto_accept,
        };
        let actor = myself.clone();
        cell.command(
            &self.core,
            command,
            |_, _| (),
            |result| {
                // One that could not be decided is not asked for again at once.
                let failed = !matches!(result, Ok(()) | Err(Failure::Execution(_)));
                let given = result.is_ok() || failed;
                if failed {
                    put_back_later(&self.core, job.clone());
                }
                // It has no slot to give any more if it is gone.
                Box::new(move || drop(actor.cast(Message::Offered { job, given })))
            },
        );
    }

    /// Sleeps until the next instant at which silence means something.
    fn watch(&mut self, myself: &ActorRef<Message>) {
        if let Some(timer) = self.timer.take() {
            timer.abort();
        }
        let times = &self.core.options.robots;
        let wait = match &self.session {
            Some(session) => {
                let silent = times.silent_after.saturating_sub(session.heard.elapsed());
                if silent.is_zero() {
                    self.disconnect(Some(Close::Silent));
                    return self.watch(myself);
                }
                Some(silent.min(self.avoided_for().unwrap_or(silent)))
            }
            None => self.lose_or_wait(),
        };
        self.timer = wait.map(|wait| {
            let actor = myself.clone();
            self.core.runtime.spawn(async move {
                tokio::time::sleep(wait).await;
                // Dead, it needs no waking.
                let _ = actor.cast(Message::Look);
            })
        });
    }

    /// How long until a job stops to avoid this idle robot.
    fn avoided_for(&self) -> Option<Duration> {
        let now_ms = self.core.clock.real_ms();
        let jobs = self.core.jobs.read();
        let queues = jobs.presence().queues_of(self.id);
        let next_ms = jobs.next_choice_ms(self.id, queues, now_ms)?;
        let wait_ms = (next_ms - now_ms).max(1);
        Some(Duration::from_millis(wait_ms.unsigned_abs()))
    }

    /// What a robot without a connection has is lost after a while.
    fn lose_or_wait(&mut self) -> Option<Duration> {
        let held = self.held();
        if held.is_empty() {
            return None;
        }
        let lost_after = self.core.options.robots.lost_after;
        let left = lost_after.saturating_sub(self.alone_since.elapsed());
        if !left.is_zero() {
            return Some(left);
        }
        if self.core.queue.is_full() {
            return Some(Duration::from_secs(1));
        }
        for (_, execution) in held {
            super::order(&self.core, execution, Command::Lose { robot: self.id });
        }
        // The rows follow; a full disk may need another try.
        Some(Duration::from_secs(1))
    }
}

/// A job waits again after a while, if it has not been set aside.
fn put_back_later(core: &Arc<Core>, job: WaitingJob) {
    let then = Arc::clone(core);
    core.runtime.spawn(async move {
        tokio::time::sleep(AGAIN).await;
        let queue = job.queue;
        then.jobs.write().put_back(job);
        then.robots.wake(&then, &[queue]);
    });
}

/// A new random id.
fn new_guid() -> Guid {
    Guid(uuid::Uuid::now_v7().as_u128())
}
