//! Robots: each that has connected, or has something, is an actor.
//!
//! Owns: who they are, how what is to be sent reaches them, and when something is due in executions.
//! Never: persists anything; what is durable is in executions and in the registry.
//!
//! ```text
//!  hub ─▶ connect ─▶ Robot (actor): session, slot, heartbeat ──Offer, Accept, Result…──▶ Execution
//!                      ▲  Tell, Look                                                        │
//!                      └───────────────────── publisher: effects, rows ◀── durable ◀────────┘
//! ```

mod due;
mod greeting;
mod late;
pub mod message;
mod offer;
mod robot;
mod session;
mod supervisor;
mod talk;

pub use session::{Outbox, Session};

use crate::{core::Core, executions::Cell};
use dashmap::DashMap;
use message::{Close, Hello};
use ractor::ActorRef;
use robot::Message;
use rpa::{
    Guid,
    execution::{Command, Effect},
    registry::{Event, Kind},
};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tokio::sync::{Notify, mpsc};

/// Messages to a robot that may wait to be written: one that reads no more is cut off.
const OUTBOX: usize = 256;

/// The robots.
#[derive(Default)]
pub struct Robots {
    actors: DashMap<Guid, ActorRef<Message>>,
    /// One robot is made at a time, so that it is made once.
    making: tokio::sync::Mutex<()>,
    sessions: AtomicU64,
    due: Notify,
}

impl Robots {
    /// A robot has connected and said hello. What it is told comes out of the outbox; none: nothing can be decided now.
    pub async fn connect(
        &self,
        core: &Arc<Core>,
        robot: Guid,
        hello: Hello,
    ) -> Option<(Session, Outbox)> {
        if core.queue.is_full() {
            return None;
        }
        let (sender, outbox) = mpsc::channel(OUTBOX);
        let number = self.sessions.fetch_add(1, Ordering::Relaxed) + 1;
        let actor = self.actor(core, robot).await?;
        let connected = Message::Connected {
            number,
            outbox: sender,
            hello: Box::new(hello),
        };
        actor.cast(connected).ok()?;
        Some((Session::new(number, actor), outbox))
    }

    async fn actor(&self, core: &Arc<Core>, robot: Guid) -> Option<ActorRef<Message>> {
        if let Some(actor) = self.actors.get(&robot) {
            return Some(actor.clone());
        }
        let _making = self.making.lock().await;
        if let Some(actor) = self.actors.get(&robot) {
            return Some(actor.clone());
        }
        match supervisor::start(core, robot).await {
            Ok(actor) => {
                self.actors.insert(robot, actor.clone());
                Some(actor)
            }
            Err(error) => {
                tracing::error!(%robot, %error, "a robot's actor could not be started");
                None
            }
        }
    }

    /// An actor has ended: the next one is a new one.
    fn forget(&self, robot: Guid) {
        self.actors.remove(&robot);
    }

    fn cast(&self, robot: Guid, message: Message) {
        if let Some(actor) = self.actors.get(&robot) {
            // One that has just died is replaced by its supervisor, which looks at everything anew.
            let _ = actor.cast(message);
        }
    }

    /// Sends what is due to be sent. Who is not connected hears of it at the next hello.
    pub fn release(&self, cell: &Arc<Cell>, effect: Effect) {
        match effect {
            Effect::Tell {
                robot,
                run,
                fence,
                what,
            } => self.cast(
                robot,
                Message::Tell {
                    cell: Arc::clone(cell),
                    run: message::RunRef { run, fence },
                    what,
                },
            ),
            // Who waits for jobs reads their rows.
            Effect::JobEnded { .. } | Effect::Ended => {}
        }
    }

    /// Jobs wait in these groups: one idle robot for each looks.
    pub fn wake(&self, core: &Core, queues: &[Guid]) {
        for queue in queues {
            let woken = core.jobs.write().wake(*queue, core.clock.real_ms());
            if let Some(robot) = woken {
                self.cast(robot, Message::Look);
            }
        }
    }

    /// What these robots have has changed.
    pub fn look(&self, robots: &[Guid]) {
        for robot in robots {
            self.cast(*robot, Message::Look);
        }
    }

    /// Something may be due earlier.
    pub fn due_changed(&self) {
        self.due.notify_one();
    }

    /// Who may work where has changed.
    pub fn registry_changed(&self, core: &Core, events: &[Event]) {
        for event in events {
            match event {
                Event::RobotSaved(robot) => self.cast(robot.id, Message::Look),
                Event::GroupSaved(_) => self.all(|| Message::Look),
                Event::Removed {
                    kind: Kind::Robot,
                    id,
                } => {
                    self.evict(*id);
                    core.jobs.write().presence.forget(*id);
                }
                Event::Removed {
                    kind: Kind::Group, ..
                } => self.all(|| Message::Look),
                _ => {}
            }
        }
    }

    fn all(&self, message: impl Fn() -> Message) {
        for actor in &self.actors {
            // As in `cast`.
            let _ = actor.cast(message());
        }
    }

    /// A robot's secret has ended: its connection ends.
    pub fn evict(&self, robot: Guid) {
        self.cast(robot, Message::End(Close::Secret));
    }

    /// The server leaves: all connections end.
    pub fn leave(&self) {
        self.all(|| Message::End(Close::Leaving));
    }
}

/// Starts what watches over time: what is due, and the robots that had something before the start.
pub async fn start(core: &Arc<Core>) {
    let holders = core.jobs.read().holders();
    for robot in holders {
        // It waits from now on as if it had just disconnected: leases begin anew with the server.
        core.robots.actor(core, robot).await;
    }
    core.runtime.spawn(due::run(Arc::clone(core)));
}

/// Sends a command to an execution for a robot.
fn order(core: &Arc<Core>, execution: Guid, command: Command) {
    if let Some(cell) = core.executions.get(execution) {
        cell.tell(core, command);
    }
}
