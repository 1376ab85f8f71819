//! From a command to a decision: one arm for each command.
//! Never: what a command does (`control`, `tasks`, `timers`).

use super::command::{Command, Outcome};
use super::refusal::Refusal;
use super::run::Run;
use super::{Decision, Instance, Refused, control, external, tasks, timers};
use crate::host::Host;

pub(super) fn decide(
    instance: &mut Instance,
    command: Command,
    host: &mut dyn Host,
) -> Result<Decision, Refused> {
    if let Err(refusal) = admit(instance, &command) {
        return Err(Refused {
            refusal,
            dirty: false,
        });
    }
    let user = user(&command);
    let mut run = Run::new(instance, host, user);
    let outcome = dispatch(&mut run, command).and_then(|outcome| {
        run.run_to_the_end()?;
        Ok(outcome)
    });
    let events = run.work.events;
    match outcome {
        Ok(outcome) => Ok(Decision { events, outcome }),
        Err(refusal) => Err(Refused {
            refusal,
            dirty: !events.is_empty(),
        }),
    }
}

/// Everything but a start needs a root that runs.
fn admit(instance: &Instance, command: &Command) -> Result<(), Refusal> {
    let starts = matches!(command, Command::Start(_));
    match (starts, instance.is_started(), instance.is_ended()) {
        (true, true, _) => Err(Refusal::AlreadyStarted),
        (true, false, _) | (false, true, false) => Ok(()),
        (false, true, true) => Err(Refusal::InstanceEnded),
        (false, false, _) => Err(Refusal::InstanceNotFound(0)),
    }
}

/// Who is authenticated while the command is decided.
fn user(command: &Command) -> Option<String> {
    match command {
        Command::Start(start) => start.start_user.clone(),
        Command::CompleteTask { user, .. } => user.clone(),
        Command::CompleteOwnTask { .. }
        | Command::ClaimTask { .. }
        | Command::AssignTask { .. }
        | Command::DelegateTask { .. }
        | Command::ResolveTask { .. }
        | Command::UpdateTask { .. }
        | Command::AddLink { .. }
        | Command::RemoveLink { .. }
        | Command::SetVariables { .. }
        | Command::SubmitForm { .. }
        | Command::Trigger { .. }
        | Command::FireTimer { .. }
        | Command::MoveTimer { .. }
        | Command::FailTimer { .. }
        | Command::Suspend { .. }
        | Command::Activate { .. }
        | Command::Delete { .. }
        | Command::CompleteWork { .. }
        | Command::FailWork { .. }
        | Command::HoldWork { .. }
        | Command::RetryIncident { .. } => None,
    }
}

fn dispatch(run: &mut Run<'_>, command: Command) -> Result<Outcome, Refusal> {
    match command {
        Command::Start(start) => {
            control::start(run, *start)?;
            return Ok(Outcome::Started);
        }
        Command::CompleteTask {
            task,
            user: _,
            variables,
            transient,
            local,
        } => tasks::complete(run, task, variables, transient, local),
        Command::CompleteOwnTask {
            task,
            owner,
            variables,
            transient,
        } => tasks::complete_own(run, task, &owner, variables, transient),
        Command::ClaimTask { task, user } => tasks::claim(run, task, user),
        Command::AssignTask { task, user } => tasks::assign(run, task, user),
        Command::DelegateTask { task, user } => tasks::delegate(run, task, user),
        Command::ResolveTask {
            task,
            variables,
            transient,
        } => tasks::resolve(run, task, variables, transient),
        Command::UpdateTask { task, patch } => tasks::update(run, task, *patch),
        Command::AddLink { task, link } => tasks::link(run, task, link),
        Command::RemoveLink { task, link } => tasks::unlink(run, task, link),
        Command::SetVariables {
            target,
            local,
            set,
            remove,
        } => control::set_variables(run, target, local, set, remove),
        Command::SubmitForm {
            task,
            properties,
            complete,
        } => tasks::submit_form(run, task, properties, complete),
        Command::Trigger {
            instance,
            activity,
            variables,
            transient,
        } => control::trigger(run, instance, &activity, variables, transient),
        Command::FireTimer { timer } => timers::fire(run, timer),
        Command::MoveTimer { timer, due_ms } => timers::reschedule(run, timer, due_ms),
        Command::FailTimer { timer, message } => timers::fail(run, timer, message),
        Command::Suspend {
            instance,
            include_called,
        } => control::suspend(run, instance, include_called),
        Command::Activate {
            instance,
            include_called,
        } => control::activate(run, instance, include_called),
        Command::Delete { instance, reason } => control::delete(run, instance, reason),
        Command::CompleteWork { work, results } => external::complete(run, work, results),
        Command::FailWork {
            work,
            code,
            message,
        } => external::fail(run, work, &code, message),
        Command::HoldWork { work, message } => external::hold(run, work, message),
        Command::RetryIncident { incident } => timers::retry(run, incident),
    }?;
    Ok(Outcome::Done)
}
