//! A robot connects: executions say what becomes of what it has, then it is welcome.
//! Owns: that the welcome comes after all of them have answered, and everything else behind it.

use super::{
    message::{Close, Hello, RunRef, ToRobot},
    robot::{Greeting, Message, State, Talk},
};
use ractor::ActorRef;
use rpa::{
    Guid,
    execution::{Command, Verdict},
    registry::Action,
    terms::Stamp,
};
use std::{sync::Arc, time::Instant};
use tokio::sync::mpsc;

impl State {
    /// The robot has said hello on a new connection.
    pub(super) fn connected(
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
        core.live.robot_changed(&core, self.id);
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
    pub(super) fn greeted(&mut self, myself: &ActorRef<Message>, number: u64) {
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
}
