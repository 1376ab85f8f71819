//! How jobs, runs, robots, groups and task queues are shown, and what filters ask of them: as the console shows them.
//! Never: shows one without the department whose rights decide.

use super::cases::NotNow;
use crate::{
    console::{groups, jobs::render, json::Object, robots::Found, taskqueues},
    server::State,
};
use actors::{
    Failure,
    live::{Key, Last, Shown, Topic},
};
use codec::Tenant;
use org::Guid;
use rpa::execution::Execution;
use std::sync::Arc;

type Facts = Vec<(&'static str, Box<str>)>;

/// The company's id.
fn company(state: &State, tenant: Tenant) -> Option<Guid> {
    state.engine.organisation.look(|organisation| {
        let company = organisation.tenancy.company_of(tenant);
        company.map(|company| company.id)
    })
}

fn fact(facts: &mut Facts, name: &'static str, id: rpa::Guid) {
    facts.push((name, id.to_string().into()));
}

/// What is not there is not shown; what cannot be read now is asked for again.
pub fn there<T>(found: Result<Option<T>, Failure>) -> Result<Option<T>, NotNow> {
    match found {
        Ok(found) => Ok(found),
        // It has been set aside, or has just gone.
        Err(Failure::NotFound | Failure::Quarantined(_)) => Ok(None),
        Err(_) => Err(NotNow),
    }
}

/// A job.
pub async fn job(state: &Arc<State>, key: &Key) -> Result<Option<Shown>, NotNow> {
    let Some(company) = company(state, key.tenant) else {
        return Ok(None);
    };
    let id = key.guid();
    let Some(execution) = there(state.engine.execution_of_job(id).await)? else {
        return Ok(None);
    };
    let view = move |execution: &Execution| job_of(execution, id, company);
    there(
        state
            .engine
            .look_execution(key.tenant, execution, view)
            .await,
    )
}

fn job_of(execution: &Execution, id: rpa::Guid, company: Guid) -> Option<Shown> {
    let (_, job) = execution.job(id)?;
    let mut facts = Facts::with_capacity(6);
    fact(&mut facts, "id", id);
    fact(&mut facts, "workflowId", job.spec.workflow);
    fact(&mut facts, "jobGroupId", execution.id());
    fact(&mut facts, "queueId", job.spec.queue);
    if let Some(run) = job.last_run().filter(|run| !run.robot.is_nil()) {
        fact(&mut facts, "robotId", run.robot);
    }
    facts.push(("state", job.state().name().into()));
    Some(Shown {
        json: render::job(execution, id, company)?.into(),
        facts,
        department: Some(execution.start()?.department),
        ended: job.state().is_final(),
    })
}

/// A run instance.
pub async fn run(state: &Arc<State>, key: &Key) -> Result<Option<Shown>, NotNow> {
    let Some(company) = company(state, key.tenant) else {
        return Ok(None);
    };
    let id = key.guid();
    let Some(execution) = there(state.engine.execution_of_run(id).await)? else {
        return Ok(None);
    };
    let view = move |execution: &Execution| {
        let (_, job, run) = execution.run(id)?;
        let mut json = String::new();
        render::push_run(execution, job, run, company, &mut json);
        let mut facts = Facts::with_capacity(1);
        fact(&mut facts, "jobId", job.spec.id);
        Some(Shown {
            json: json.into(),
            facts,
            department: Some(execution.start()?.department),
            ended: run.end.is_some(),
        })
    };
    there(
        state
            .engine
            .look_execution(key.tenant, execution, view)
            .await,
    )
}

/// A robot, with what it does.
pub fn robot(state: &State, key: &Key, gone: Option<&Last>) -> Option<Shown> {
    if let Some(Last::Placed(department)) = gone {
        return Some(placed(key, *department));
    }
    let (id, company) = (key.guid(), company(state, key.tenant)?);
    let registered = state.engine.registry.look(|registry| {
        let robot = registry.robot(key.tenant, id)?;
        let groups: Vec<_> = registry.groups_of_robot(id).collect();
        let found = Found::of(registry, robot);
        Some((found, robot.meta.department, groups))
    });
    let (found, department, groups) = registered?;
    let jobs = state.engine.jobs.read();
    let mut json = String::new();
    let mut object = Object::begin(&mut json);
    found.push(jobs.presence(), company, &mut object);
    let held = jobs.held_by(id);
    if let Some(run) = held.first().and_then(|(run, _)| jobs.run(*run)) {
        object.id("currentJobId", run.job);
        object.id("currentRunInstanceId", run.id);
        if let Some(progress) = jobs.presence().progress(id, run.id) {
            if let Some(percent) = progress.percent.filter(|percent| percent.is_finite()) {
                object.name("progress").push_str(&percent.to_string());
            }
            object.maybe_text("progressText", progress.text.as_deref());
        }
    }
    object.end();
    let mut facts = Facts::with_capacity(1 + groups.len());
    fact(&mut facts, "id", id);
    for group in groups {
        fact(&mut facts, "queueId", group);
    }
    Some(Shown {
        json: json.into(),
        facts,
        department: Some(department),
        ended: false,
    })
}

/// A group of robots.
pub fn group(state: &State, key: &Key, gone: Option<&Last>) -> Option<Shown> {
    if let Some(Last::Placed(department)) = gone {
        return Some(placed(key, *department));
    }
    let (id, company) = (key.guid(), company(state, key.tenant)?);
    state.engine.registry.look(|registry| {
        let group = registry.group(key.tenant, id)?;
        if group.dedicated_robot.is_some() {
            // A robot's own group is in no list.
            return None;
        }
        let mut json = String::new();
        groups::push(company, group, &mut json);
        Some(Shown {
            json: json.into(),
            facts: named(id),
            department: Some(group.meta.department),
            ended: false,
        })
    })
}

/// A task queue with its counts.
pub async fn taskqueue(state: &State, key: &Key, gone: Option<&Last>) -> Option<Shown> {
    if let Some(Last::Placed(department)) = gone {
        return Some(placed(key, *department));
    }
    let (id, company) = (key.guid(), company(state, key.tenant)?);
    let cell = state.engine.queues.get(id);
    let cell = cell.filter(|cell| cell.tenant == key.tenant)?;
    let (row, sequence) = cell.peek_with_sequence(taskqueues::Row::of)?;
    if sequence > state.engine.queue.published() {
        state.engine.barrier().await;
    }
    let row = row?;
    Some(Shown {
        json: row.text(company).into(),
        facts: named(id),
        department: Some(row.department()),
        ended: false,
    })
}

/// What filters ask of a group or a task queue: the API calls both a queue.
fn named(id: rpa::Guid) -> Facts {
    let mut facts = Facts::with_capacity(2);
    fact(&mut facts, "id", id);
    fact(&mut facts, "queueId", id);
    facts
}

/// What is left of a robot, a group or a task queue that is gone.
fn placed(key: &Key, department: rpa::Guid) -> Shown {
    let id = key.guid();
    let facts = match key.topic {
        Topic::Robots => vec![("id", id.to_string().into())],
        _ => named(id),
    };
    Shown {
        json: format!("{{\"id\":\"{id}\"}}").into(),
        facts,
        department: Some(department),
        ended: true,
    }
}
