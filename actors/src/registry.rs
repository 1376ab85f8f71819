//! What is configured for robots: the ledger around `rpa::registry`.
//!
//! Owns: that a deletion counts the jobs that are open at that instant, or ends them, and that an execute is planned on
//! what is decided, not on what is shown. Never: decides what `rpa` decides.

use crate::{
    core::Core,
    executions,
    failure::Failure,
    ledger::{Law, Ledger},
    publisher::Change,
    record,
};
use rpa::registry::{self, Action, Command, Event, Reply, State, stored};
use std::sync::Arc;

/// What is configured.
pub type Registry = Ledger<Configured>;

/// The law of `rpa::registry`.
pub struct Configured;

impl Law for Configured {
    type State = State;
    type Event = Event;
    const KIND: u16 = record::kind::REGISTRY;

    fn apply(state: &mut State, event: &Event) {
        state.apply(event);
    }

    fn encode_events(events: &[Event]) -> Vec<u8> {
        stored::encode_events(events)
    }

    fn encode_state(state: &State) -> Vec<u8> {
        stored::encode_state(state)
    }

    fn change(events: Vec<Event>) -> Change {
        Change::Registry(events)
    }
}

impl Registry {
    /// Decides a command; answers when it is durable. What the command says about open jobs and connections is looked
    /// up here, and a workflow that goes takes its jobs with it.
    pub async fn command(&self, core: &Arc<Core>, command: Command) -> Result<Reply, Failure> {
        let _admitted = core.admit()?;
        self.settle(core, |state| {
            let mut command = command;
            core.closing.check(state, command.tenant, &command.action)?;
            fill_in(core, state, &mut command.action);
            let gone = match &command.action {
                Action::DeleteWorkflow { id } => Some(*id),
                _ => None,
            };
            let decision = registry::decide(state, command)?;
            if let Some(workflow) = gone {
                executions::forget_workflow(core, workflow);
            }
            Ok((decision.events, decision.reply))
        })
        .await
    }

    /// Decides all of these, one after the other, in one record; or none of them.
    pub async fn commands(&self, core: &Core, commands: Vec<Command>) -> Result<(), Failure> {
        let _admitted = core.admit()?;
        self.settle(core, |state| {
            let mut state = state.clone();
            let mut events = Vec::new();
            for mut command in commands {
                core.closing
                    .check(&state, command.tenant, &command.action)?;
                fill_in(core, &state, &mut command.action);
                let decision = registry::decide(&state, command)?;
                for event in &decision.events {
                    state.apply(event);
                }
                events.extend(decision.events);
            }
            Ok((events, ()))
        })
        .await
    }
}

fn fill_in(core: &Core, state: &State, action: &mut Action) {
    match action {
        Action::DeleteGroup { id, open_jobs } => {
            let group = *id;
            *open_jobs = core.executions.open_jobs(|job| job.spec.queue == group);
        }
        Action::DeleteRobot {
            id,
            connected,
            open_jobs,
        } => {
            let robot = *id;
            let queue = state.robot_connecting(robot).map(|robot| robot.queue);
            *connected = core.jobs.read().is_connected(robot);
            *open_jobs = core.executions.open_jobs(|job| {
                Some(job.spec.queue) == queue
                    || job.open_run().is_some_and(|run| run.robot == robot)
            });
        }
        Action::DeleteAsset { id, open_jobs } => {
            let asset = Some(*id);
            *open_jobs = core.executions.open_jobs(|job| {
                let mut arguments = job.spec.arguments.iter();
                arguments.any(|sourced| sourced.argument.asset_id() == asset)
            });
        }
        _ => {}
    }
}
