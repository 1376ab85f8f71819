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

use super::message::{Close, FromRobot, Hello, RunRef, ToRobot};
use crate::{core::Core, executions::Cell};
use ractor::{Actor, ActorProcessingErr, ActorRef, SpawnErr, SupervisionEvent};
use rpa::{
    Guid,
    execution::{Command, Tell, Verdict},
    registry::Action,
    terms::{ConsoleManagement, Stamp},
    waiting::WaitingJob,
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::mpsc, task::JoinHandle};

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
        /// Whether it is this robot's now.
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
}

/// What comes together before the welcome.
#[derive(Default)]
pub struct Greeting {
    /// Executions that have not answered.
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

    fn connected(
        &mut self,
        myself: &ActorRef<Message>,
        number: u64,
        outbox: mpsc::Sender<ToRobot>,
        hello: Hello,
    ) {
        if self.session.is_some() {
            self.disconnect(Some(Close::Newer));
        }
        let core = Arc::clone(&self.core);
        {
            let mut jobs = core.jobs.write();
            jobs.presence.seen(self.id, core.clock.real_ms());
            jobs.presence.set_taken(self.id);
        }
        self.report(&hello);
        let mut executions: Vec<Guid> = {
            let jobs = core.jobs.read();
            let held = jobs.held_by(self.id).into_iter().map(|(_, it)| it);
            let claimed = hello.runs.iter();
            let claimed = claimed.filter_map(|claim| Some(jobs.run(claim.run)?.execution));
            held.chain(claimed).collect()
        };
        executions.sort_unstable();
        executions.dedup();
        let mut greeting = Greeting::default();
        for claim in &hello.runs {
            let known = core.jobs.read().run(claim.run).is_some();
            if !known {
                let run = RunRef {
                    run: claim.run,
                    fence: claim.fence,
                };
                greeting.verdicts.push((run, Verdict::Forget));
            }
        }
        let cells: Vec<_> = executions
            .iter()
            .filter_map(|id| core.executions.get(*id))
            .collect();
        greeting.open = cells.len() + 1;
        self.session = Some(Talk {
            number,
            outbox,
            accepting: hello.accepting,
            auto_accept: hello.auto_accept,
            heard: Instant::now(),
            greeting: Some(greeting),
        });
        for cell in cells {
            let command = Command::Hello {
                robot: self.id,
                claims: hello.runs.clone(),
            };
            let actor = myself.clone();
            cell.command(
                &core,
                command,
                |_, _| (),
                |_| {
                    // Gone with its session.
                    Box::new(move || drop(actor.cast(Message::Greeted { number })))
                },
            );
        }
        self.greeted(myself, number);
    }

    /// Keeps what the robot says about itself, if that is new.
    fn report(&self, hello: &Hello) {
        let core = Arc::clone(&self.core);
        let found = core.registry.look(|state| {
            let robot = state.robot_connecting(self.id)?;
            let new = robot.reported != hello.reported;
            new.then(|| (robot.meta.tenant, robot.label.name.clone()))
        });
        let Some((tenant, by_name)) = found else {
            return;
        };
        let command = rpa::registry::Command {
            tenant,
            by: Stamp {
                at_ms: core.clock.real_ms(),
                by: self.id,
                by_name,
            },
            action: Action::ReportRobot {
                id: self.id,
                reported: hello.reported.clone(),
            },
        };
        let runtime = core.runtime.clone();
        runtime.spawn(async move {
            if let Err(failure) = core.registry.command(&core, command).await {
                tracing::warn!(%failure, "what a robot says about itself was not kept");
            }
        });
    }

    /// An execution has answered; after the last one the robot is welcome.
    fn greeted(&mut self, myself: &ActorRef<Message>, number: u64) {
        if !self.is_session(number) {
            return;
        }
        let Some(session) = self.session.as_mut() else {
            return;
        };
        let Some(greeting) = session.greeting.as_mut() else {
            return;
        };
        greeting.open -= 1;
        if greeting.open > 0 {
            return;
        }
        let Greeting {
            verdicts, later, ..
        } = session.greeting.take().unwrap_or_default();
        // It is ready, or busy, before it hears that it is welcome; an offer comes behind its record.
        self.look(myself);
        self.send(ToRobot::Welcome(verdicts));
        for message in later {
            self.send(message);
        }
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
    fn look(&mut self, myself: &ActorRef<Message>) {
        let Some(session) = self.session.as_ref() else {
            return;
        };
        if self.offering || session.greeting.is_some() {
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
                let given = result.is_ok();
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
        for (_, execution) in held {
            super::order(&self.core, execution, Command::Lose { robot: self.id });
        }
        // The rows follow; a full disk may need another try.
        Some(Duration::from_secs(1))
    }
}

/// A new random id.
fn new_guid() -> Guid {
    Guid(uuid::Uuid::now_v7().as_u128())
}

/// Watches over robots: one that dies is started again, without a session.
struct Supervisor;

impl Actor for Supervisor {
    type Msg = ();
    type State = (Arc<Core>, Guid);
    type Arguments = (Arc<Core>, Guid);

    async fn pre_start(
        &self,
        _myself: ActorRef<()>,
        state: (Arc<Core>, Guid),
    ) -> Result<Self::State, ActorProcessingErr> {
        Ok(state)
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<()>,
        event: SupervisionEvent,
        (core, robot): &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        if let SupervisionEvent::ActorFailed(_, error) = event {
            tracing::error!(%robot, %error, "a robot's actor died; its connection ends");
            core.robots.forget(*robot);
            core.jobs.write().presence.remove(*robot);
            if !core.jobs.read().held_by(*robot).is_empty() {
                let (core, robot) = (Arc::clone(core), *robot);
                tokio::spawn(async move { core.robots.actor(&core, robot).await });
            }
            myself.stop(None);
        }
        Ok(())
    }
}

/// Starts a robot's actor under a supervisor.
pub async fn start(core: &Arc<Core>, robot: Guid) -> Result<ActorRef<Message>, SpawnErr> {
    let (supervisor, _) = Actor::spawn(None, Supervisor, (Arc::clone(core), robot)).await?;
    let linked = supervisor.get_cell();
    let (actor, _) = Actor::spawn_linked(None, Robot, (Arc::clone(core), robot), linked).await?;
    Ok(actor)
}
