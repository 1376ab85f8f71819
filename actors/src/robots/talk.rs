//! What a connected robot says, and what it is told.
//! Owns: the translation between messages and commands. Never: decides what they mean; executions do.

use super::{
    message::{Close, FromRobot, Line, RunRef, ToRobot},
    offer,
    robot::{Message, State},
};
use crate::{archive::LogEntry, executions::Cell, jobs::Progress};
use ractor::ActorRef;
use rpa::{
    Guid,
    execution::{AckReason, Command, EndCause, Execution, Tell},
};
use std::{sync::Arc, time::Instant};

/// Batches of lines that may wait to be kept; past it robots that send more are cut off and come again.
const LINES_BACKLOG: usize = 5_000;

impl FromRobot {
    /// Whether a decision follows from it.
    fn changes_something(&self) -> bool {
        match self {
            FromRobot::Accept(_)
            | FromRobot::Reject { .. }
            | FromRobot::Paused(_)
            | FromRobot::Resumed(_)
            | FromRobot::Result { .. } => true,
            FromRobot::Heartbeat
            | FromRobot::Accepting(_)
            | FromRobot::Bye
            | FromRobot::Progress { .. }
            | FromRobot::Logs { .. } => false,
        }
    }
}

impl State {
    /// The robot has said something.
    pub(super) fn said(&mut self, myself: &ActorRef<Message>, number: u64, said: FromRobot) {
        if !self.is_session(number) {
            return;
        }
        if let Some(session) = self.session.as_mut() {
            session.heard = Instant::now();
        }
        let now_ms = self.core.clock.real_ms();
        self.core.jobs.write().presence.seen(self.id, now_ms);
        if said.changes_something() && self.core.queue.is_full() {
            // Nothing is decided on a full disk. The robot keeps what it has and says it again.
            self.disconnect(Some(Close::Full));
            return;
        }
        self.core.live.robot_changed(&self.core, self.id);
        let robot = self.id;
        match said {
            FromRobot::Heartbeat => {}
            FromRobot::Progress { run, percent, text } => {
                let progress = Progress {
                    run: run.run,
                    percent,
                    text,
                };
                self.core.jobs.write().presence.progressed(robot, progress);
                self.core.live.robot_changed(&self.core, robot);
            }
            FromRobot::Accepting(value) => {
                if let Some(session) = self.session.as_mut() {
                    session.accepting = value;
                }
            }
            FromRobot::Bye => self.disconnect(Some(Close::Leaving)),
            FromRobot::Accept(RunRef { run, fence }) => {
                let known = self.order(run, Command::Accept { robot, run, fence });
                if !known {
                    self.send(ToRobot::Withdraw(RunRef { run, fence }));
                }
            }
            FromRobot::Reject {
                run: RunRef { run, fence },
                reason,
                message,
            } => {
                let command = Command::Reject {
                    robot,
                    run,
                    fence,
                    reason,
                    message,
                };
                self.order(run, command);
            }
            FromRobot::Paused(RunRef { run, fence }) => {
                self.order(run, Command::ReportPaused { robot, run, fence });
            }
            FromRobot::Resumed(RunRef { run, fence }) => {
                self.order(run, Command::ReportResumed { robot, run, fence });
            }
            FromRobot::Logs { run, lines } => self.logs(myself, run, lines),
            FromRobot::Result { run, result } => {
                let RunRef { run: id, fence } = run;
                let command = Command::ReportResult {
                    robot,
                    run: id,
                    fence,
                    result,
                };
                if !self.order(id, command) {
                    self.late_result(run);
                }
            }
        }
    }

    /// Sends a command to the execution of a run; false: it is not in memory.
    fn order(&self, run: Guid, command: Command) -> bool {
        let found = self.core.jobs.read().run(run).map(|row| row.execution);
        let cell = found.and_then(|execution| self.core.executions.get(execution));
        match cell {
            Some(cell) => {
                cell.tell(&self.core, command);
                true
            }
            None => false,
        }
    }

    /// A result of what is over: it was taken before, or is too late.
    fn late_result(&mut self, run: RunRef) {
        let Some(session) = self.session.as_ref() else {
            return;
        };
        let (core, outbox, robot) = (Arc::clone(&self.core), session.outbox.clone(), self.id);
        let runtime = core.runtime.clone();
        runtime.spawn_blocking(move || {
            let reason = match archived_run(&core, run.run) {
                Ok(Some(execution)) => why_not_taken(&execution, robot, run),
                Ok(None) => AckReason::Stale,
                // It is sent again, and answered then.
                Err(()) => return,
            };
            // A session that has ended since gets it at its next try.
            let _ = outbox.blocking_send(ToRobot::AckResult {
                run,
                taken: Err(reason),
            });
        });
    }

    /// Keeps lines; they are acknowledged when they survive a crash.
    fn logs(&mut self, myself: &ActorRef<Message>, run: RunRef, lines: Vec<Line>) {
        let Some(session) = self.session.as_ref() else {
            return;
        };
        if self.core.keeper.backlog() > LINES_BACKLOG {
            self.disconnect(Some(Close::Full));
            return;
        }
        let Some(last) = lines.iter().map(|line| line.seq).max() else {
            return;
        };
        let (core, outbox, robot) = (Arc::clone(&self.core), session.outbox.clone(), self.id);
        let actor = myself.clone();
        let ack = move || {
            let ack = ToRobot::AckLogs {
                run: run.run,
                seq: last,
            };
            if outbox.try_send(ack).is_err() {
                // Full or gone: the lines are sent again.
                let _ = actor.cast(Message::Look);
            }
        };
        let entries: Vec<LogEntry> = lines
            .into_iter()
            .map(|line| LogEntry {
                run: run.run,
                seq: line.seq,
                at_ms: line.at_ms,
                level: line.level,
                kind: line.kind,
                robot,
                message: line.message,
            })
            .collect();
        // As it is shown: one that is set aside has its row, too.
        let shown = core.jobs.read().run(run.run).cloned();
        match shown {
            Some(row) if row.robot == robot => {
                core.keeper.put_logs(row.tenant, entries, Box::new(ack));
            }
            // Nobody else's lines are kept under a run; the robot need not send them again.
            Some(_) => ack(),
            None => self.late_lines(run, entries, Box::new(ack)),
        }
    }

    /// An execution has something for the robot.
    pub(super) fn tell(&mut self, cell: &Cell, run: RunRef, what: Tell) {
        let message = match what {
            Tell::Offer { auto_accept } => {
                let within = self.core.options.robots.offer_within.as_millis();
                let within_ms = i64::try_from(within).unwrap_or(i64::MAX);
                match offer::offer(cell, run, within_ms, auto_accept) {
                    Some(offer) => ToRobot::Offer(offer),
                    None => return,
                }
            }
            Tell::Start => ToRobot::Start {
                run,
                assets: offer::assets(cell, run.run),
            },
            Tell::Withdraw => ToRobot::Withdraw(run),
            Tell::Pause => ToRobot::Pause(run),
            Tell::Resume => ToRobot::Resume(run),
            Tell::Cancel { kill_after_ms } => ToRobot::Cancel { run, kill_after_ms },
            Tell::Verdict(verdict) => {
                let session = self.session.as_mut();
                if let Some(greeting) = session.and_then(|session| session.greeting.as_mut()) {
                    greeting.verdicts.push((run, verdict));
                }
                return;
            }
            Tell::AckResult(taken) => ToRobot::AckResult { run, taken },
        };
        self.send(message);
    }
}

/// The archived execution of a run; an error: the archive cannot be read now.
pub(super) fn archived_run(core: &crate::core::Core, run: Guid) -> Result<Option<Execution>, ()> {
    let archive = &core.archiver.archive;
    let found = archive.execution_of_run(run).and_then(|found| match found {
        Some(execution) => archive.execution(execution),
        None => Ok(None),
    });
    found.map_err(|error| tracing::warn!(%error, "a run could not be looked up"))
}

fn why_not_taken(execution: &Execution, robot: Guid, run: RunRef) -> AckReason {
    let taken = execution.run(run.run).is_some_and(|(_, _, known)| {
        let end = known.end.as_ref();
        let by_result = end.is_some_and(|end| end.cause == EndCause::Result);
        by_result && known.robot == robot && known.fence == run.fence
    });
    match taken {
        true => AckReason::Duplicate,
        false => AckReason::Stale,
    }
}
