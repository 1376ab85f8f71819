//! The actions of conformance scenarios.
//! Never: an expectation (see `expect`).

use super::expect;
use super::scenario::{Bound, Outcome, Run, text, variables};
use super::world::Timer;
use bpmn::instance::{Command, Refusal, Start, VariableTarget};
use bpmn::rows::{Identity, IdentityLink};
use bpmn::schedule;
use codec::{RootId, Tenant};
use serde_json::Value as Json;

impl Run<'_> {
    pub fn act(&mut self, step: &Json) -> Outcome {
        let fails = step.get("fails") == Some(&Json::Bool(true));
        let kind = text(step, "do").unwrap_or_default();
        match kind {
            "deploy" => return self.deploy(&step["files"], fails, text(step, "as")),
            "undeploy" => {
                let name = text(step, "deployment").unwrap_or_default();
                let Some(Bound::Deployment(deployment)) = self.names.get(name).copied() else {
                    return Err(format!("'{name}' is no deployment"));
                };
                let cascade = step.get("cascade") == Some(&Json::Bool(true));
                return judge(self.world.undeploy(deployment, cascade), fails);
            }
            "completeAll" => return self.complete_all(step),
            "advance" => return self.advance(step),
            "fire" => return self.fire(step, fails),
            _ => {}
        }
        let outcome = self.refusable(kind, step)?;
        judge(
            outcome.map_err(|refusal| format!("{}: {refusal}", refusal.code())),
            fails,
        )
    }

    fn refusable(&mut self, kind: &str, step: &Json) -> Result<Result<(), Refusal>, String> {
        if kind == "start" {
            return Ok(self.start(step));
        }
        if matches!(kind, "suspend" | "activate") && step.get("key").is_some() {
            self.world
                .suspend_definition(text(step, "key").unwrap_or_default(), kind == "suspend");
            return Ok(Ok(()));
        }
        // Nobody listens: neither messages nor signals are part of what runs here.
        if matches!(kind, "message" | "signal") {
            return Ok(Err(Refusal::NotWaiting(kind.to_owned())));
        }
        let (root, command) = self.command(kind, step)?;
        Ok(self.world.command(root, command))
    }

    fn start(&mut self, step: &Json) -> Result<(), Refusal> {
        let key = text(step, "key").unwrap_or_default();
        let definition = bpmn::Host::latest_definition(&self.world.outside, Tenant(0), key)
            .ok_or_else(|| Refusal::UnknownDefinition(key.to_owned()))?;
        let mut start = Start::new(definition);
        start.variables = variables(step, "variables");
        start.transient = variables(step, "transientVariables");
        start.business_key = text(step, "businessKey").map(str::to_owned);
        start.start_user = text(step, "user").map(str::to_owned);
        let root = self.world.start(start)?;
        if let Some(name) = text(step, "as") {
            self.names.insert(name.to_owned(), Bound::Inside(root, 0));
        }
        Ok(())
    }

    fn command(&self, kind: &str, step: &Json) -> Result<(RootId, Command), String> {
        let user = text(step, "user").map(str::to_owned);
        if let Some(selector) = step.get("task") {
            let (root, task) = self.one_task(selector)?;
            return Ok((root, self.task_command(kind, step, task, user)?));
        }
        let (root, instance) = self.instance(step)?;
        let command = match kind {
            "trigger" => Command::Trigger {
                instance,
                activity: text(step, "activity").unwrap_or_default().to_owned(),
                variables: variables(step, "variables"),
                transient: variables(step, "transientVariables"),
            },
            "suspend" => Command::Suspend {
                instance,
                include_called: false,
            },
            "activate" => Command::Activate {
                instance,
                include_called: false,
            },
            "delete" => Command::Delete {
                instance,
                reason: text(step, "reason").map(str::to_owned),
            },
            "setVariables" | "removeVariables" => {
                set_variables(step, VariableTarget::Instance(instance))
            }
            other => return Err(format!("unknown action {other}")),
        };
        Ok((root, command))
    }

    fn task_command(
        &self,
        kind: &str,
        step: &Json,
        task: u32,
        user: Option<String>,
    ) -> Result<Command, String> {
        Ok(match kind {
            "complete" => Command::CompleteTask {
                task,
                user,
                variables: variables(step, "variables"),
                transient: variables(step, "transientVariables"),
                local: Vec::new(),
            },
            "claim" | "unclaim" => Command::ClaimTask { task, user },
            "assign" => Command::AssignTask { task, user },
            "delegate" => Command::DelegateTask {
                task,
                user: user.unwrap_or_default(),
            },
            "resolve" => Command::ResolveTask {
                task,
                variables: variables(step, "variables"),
                transient: variables(step, "transientVariables"),
            },
            "addCandidate" => {
                let who = match user {
                    Some(user) => Identity::User(user),
                    None => Identity::Group(text(step, "group").unwrap_or_default().to_owned()),
                };
                let link_type = IdentityLink::CANDIDATE.to_owned();
                Command::AddLink {
                    task,
                    link: IdentityLink { link_type, who },
                }
            }
            "setVariables" | "removeVariables" => set_variables(step, VariableTarget::Task(task)),
            other => return Err(format!("unknown action {other}")),
        })
    }

    fn complete_all(&mut self, step: &Json) -> Outcome {
        let selector = serde_json::json!({ "instance": step["instance"] });
        for _ in 0..200 {
            let Some((root, task)) = self.tasks(&selector)?.into_iter().next() else {
                return Ok(());
            };
            let command = Command::CompleteTask {
                task: task.number,
                user: None,
                variables: Vec::new(),
                transient: Vec::new(),
                local: Vec::new(),
            };
            self.world
                .command(root, command)
                .map_err(|refusal| refusal.to_string())?;
        }
        Err("still tasks after 200 completions".to_owned())
    }

    fn advance(&mut self, step: &Json) -> Outcome {
        let outside = &self.world.outside;
        let to_ms = match (text(step, "by"), text(step, "to")) {
            (Some(by), _) => {
                schedule::duration(by, outside.now_ms, &outside.zone).map_err(|e| e.to_string())?
            }
            (None, Some(to)) => codec::instant::parse(to, &outside.zone).ok_or("not an instant")?,
            (None, None) => return Err("neither by nor to".to_owned()),
        };
        self.world.advance(to_ms)
    }

    fn fire(&mut self, step: &Json, fails: bool) -> Outcome {
        let matching: Vec<Timer> = self.timer_views(step)?;
        for timer in matching {
            match self.world.fire(&timer) {
                Err(Refusal::TimerNotFound(_) | Refusal::InstanceEnded) => {}
                other => judge(other.map_err(|refusal| refusal.to_string()), fails)?,
            }
        }
        Ok(())
    }

    fn timer_views(&self, step: &Json) -> Result<Vec<Timer>, String> {
        let views = expect::timers(self, step)?;
        Ok(views.into_iter().map(|view| view.timer).collect())
    }
}

fn set_variables(step: &Json, target: VariableTarget) -> Command {
    let names = step.get("names").and_then(Json::as_array).cloned();
    let remove = names.unwrap_or_default();
    Command::SetVariables {
        target,
        local: step.get("local") == Some(&Json::Bool(true)),
        set: variables(step, "variables"),
        remove: remove
            .iter()
            .filter_map(Json::as_str)
            .map(str::to_owned)
            .collect(),
    }
}

fn judge(outcome: Outcome, fails: bool) -> Outcome {
    match (outcome, fails) {
        (Ok(()), false) | (Err(_), true) => Ok(()),
        (Ok(()), true) => Err("was accepted, must be refused".to_owned()),
        (Err(why), false) => Err(format!("was refused: {why}")),
    }
}
