//! A robot connects: executions say what becomes of what it has, the archive where they have left memory, then it is
//! welcome.
//! Owns: that the welcome comes after all of them have answered, and everything else behind it.
//! Never: lets a robot forget what is known in either place; its unsent lines would be gone.

use super::{
    message::{Close, Hello, RunRef, ToRobot},
    robot::{Greeting, Message, State, Talk},
};
use crate::executions::Cell;
use ractor::ActorRef;
use rpa::{
    execution::{Claim, Command, Verdict},
    registry::Action,
    terms::Stamp,
};
use std::{collections::BTreeMap, sync::Arc, time::Instant};
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
        let (cells, elsewhere) = self.concerned(&hello.runs);
        let greeting = Greeting {
            open: cells.len() + 1,
            ..Greeting::default()
        };
        self.session = Some(Talk {
            number,
            outbox,
            accepting: hello.accepting,
            auto_accept: hello.auto_accept,
            heard: Instant::now(),
            greeting: Some(greeting),
            late: None,
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
        if elsewhere.is_empty() {
            self.greeted(myself, number);
        } else {
            self.judge(myself, number, elsewhere);
        }
    }

    /// The executions in memory that have a word about what the robot has, and the claims that none of them knows.
    fn concerned(&self, claims: &[Claim]) -> (Vec<Arc<Cell>>, Vec<Claim>) {
        let core = &self.core;
        let jobs = core.jobs.read();
        let mut cells = BTreeMap::new();
        for (_, execution) in jobs.held_by(self.id) {
            cells.extend(core.executions.get(execution).map(|cell| (execution, cell)));
        }
        let mut elsewhere = Vec::new();
        for claim in claims {
            let row = jobs.run(claim.run);
            let cell = row.and_then(|row| core.executions.get(row.execution));
            match cell {
                Some(cell) => drop(cells.insert(cell.id, cell)),
                None => elsewhere.push(*claim),
            }
        }
        (cells.into_values().collect(), elsewhere)
    }

    /// Asks the archive about claims. In this order: what leaves memory is in the archive before.
    fn judge(&self, myself: &ActorRef<Message>, number: u64, claims: Vec<Claim>) {
        let (core, actor) = (Arc::clone(&self.core), myself.clone());
        let runtime = core.runtime.clone();
        runtime.spawn_blocking(move || {
            let archive = &core.archiver.archive;
            let judged = claims.into_iter().map(|claim| {
                let run = RunRef {
                    run: claim.run,
                    fence: claim.fence,
                };
                let verdict = match archive.execution_of_run(claim.run)? {
                    Some(_) => claim.state.when_over(),
                    None => Verdict::Forget,
                };
                Ok((run, verdict))
            });
            let judged: crate::archive::Result<Vec<_>> = judged.collect();
            let verdicts = judged
                .map_err(|error| tracing::warn!(%error, "runs could not be looked up"))
                .ok();
            // Gone with its session.
            let _ = actor.cast(Message::Judged { number, verdicts });
        });
    }

    /// The archive has answered; none: it cannot be read now, and the robot is to come again.
    pub(super) fn judged(
        &mut self,
        myself: &ActorRef<Message>,
        number: u64,
        verdicts: Option<Vec<(RunRef, Verdict)>>,
    ) {
        if !self.is_session(number) {
            return;
        }
        let Some(verdicts) = verdicts else {
            self.disconnect(Some(Close::Full));
            return;
        };
        let session = self.session.as_mut();
        if let Some(greeting) = session.and_then(|session| session.greeting.as_mut()) {
            greeting.verdicts.extend(verdicts);
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
