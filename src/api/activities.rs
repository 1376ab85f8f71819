//! `GET /instances/{id}/activities`: what an instance did and does, in order of start; and what it waits for from outside.
//! Never: keeps history; the entity's chunks and the archive do.

use super::{
    common::{self, Answered},
    json::{Object, key},
    page,
    problem::Refused,
    subject::{self, Subject},
};
use crate::{
    http::{Context, Params, Request},
    server::State,
};
use actors::entity;
use bpmn::{
    archive::EndedInstance,
    history,
    model::{Element, ElementIndex, Kind, Process},
};
use codec::{DefinitionId, Id, RootId, Tenant};
use std::{collections::HashSet, sync::Arc};

/// An activity, from an entity's history or from the archive.
struct Activity {
    number: u32,
    execution: u32,
    parent_execution: Option<u32>,
    element: ElementIndex,
    task: Option<u32>,
    called_instance: Option<u32>,
    assignee: Option<String>,
    started_ms: i64,
    ended_ms: Option<i64>,
    delete_reason: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Open,
    Finished,
    Any,
}

/// `GET /instances/{id}/activities`
pub async fn list(state: Context<State>, request: Request, params: Params) -> Answered {
    let id = Subject::Instance.parse(params.get("id"))?;
    let wanted = match request.query.get("state") {
        None | Some("any") => Wanted::Any,
        Some("open") => Wanted::Open,
        Some("finished") => Wanted::Finished,
        Some(other) => return Err(Refused::parameter("state", other)),
    };
    let tenant = common::tenant(&state, &request);
    let (definition, all) = find(&state, tenant, id).await?;
    answer(&state, &request, id.root, definition, all, wanted)
}

/// The activities of an instance and its definition, wherever it is.
async fn find(
    state: &Arc<State>,
    tenant: Tenant,
    id: Id,
) -> Result<(DefinitionId, Vec<Activity>), Refused> {
    let in_memory = subject::look(state, tenant, id, move |seen, row| {
        let entries = entity::history(seen.chunks, seen.instance)?;
        let own = history::activities(&entries).into_iter();
        let own = own.filter(|activity| activity.instance == id.number);
        Ok::<_, codec::DecodeError>((row.definition, own.map(of_history).collect::<Vec<_>>()))
    });
    match in_memory.await? {
        Some(found) => {
            found.map_err(|error| actors::Failure::Quarantined(error.to_string()).into())
        }
        None => Ok(of_archive(subject::archived(state, tenant, id).await?)),
    }
}

/// All activities of an instance in order of their numbers, each with its JSON and whether it has ended.
pub async fn rendered(
    state: &Arc<State>,
    tenant: Tenant,
    id: Id,
) -> Result<Vec<(u32, String, bool)>, Refused> {
    let (definition, all) = find(state, tenant, id).await?;
    let bodies = bodies(&all);
    let published = state.engine.catalog.get(definition);
    let process = published
        .as_ref()
        .map(|published| &*published.definition.process);
    let mut rendered: Vec<_> = all
        .iter()
        .map(|activity| {
            let mut json = String::new();
            push(id.root, process, activity, &bodies, &mut json);
            (activity.number, json, activity.ended_ms.is_some())
        })
        .collect();
    rendered.sort_by_key(|(number, _, _)| *number);
    Ok(rendered)
}

fn answer(
    state: &State,
    request: &Request,
    root: RootId,
    definition: DefinitionId,
    mut all: Vec<Activity>,
    wanted: Wanted,
) -> Answered {
    let bodies = bodies(&all);
    all.retain(|activity| match wanted {
        Wanted::Open => activity.ended_ms.is_none(),
        Wanted::Finished => activity.ended_ms.is_some(),
        Wanted::Any => true,
    });
    let published = state.engine.catalog.get(definition);
    let process = published
        .as_ref()
        .map(|published| &*published.definition.process);
    page::of_all(
        request,
        &all,
        |activity| u64::from(activity.number),
        |activity, out| {
            push(root, process, activity, &bodies, out);
        },
    )
}

/// Executions and elements that other activities of the same element run under: bodies of multi-instance activities.
fn bodies(all: &[Activity]) -> HashSet<(u32, ElementIndex)> {
    let inner = all
        .iter()
        .filter_map(|a| Some((a.parent_execution?, a.element)));
    inner.collect()
}

fn push(
    root: RootId,
    process: Option<&Process>,
    activity: &Activity,
    bodies: &HashSet<(u32, ElementIndex)>,
    out: &mut String,
) {
    let element = process.and_then(|process| process.elements.get(activity.element.0 as usize));
    let repeats = element.is_some_and(|element| element.multi_instance.is_some());
    let body = repeats && bodies.contains(&(activity.execution, activity.element));
    let mut object = Object::begin(out);
    object.id(key!("id"), root.child(activity.number));
    object.text(
        key!("activityId"),
        element.map_or("", |element| &element.id),
    );
    object.optional_text(
        key!("activityName"),
        element.and_then(|e| e.name.as_deref()),
    );
    object.optional_text(
        key!("activityType"),
        element.map(|element| element.kind.type_name()),
    );
    object.id(key!("executionId"), root.child(activity.execution));
    let child = |number: u32| root.child(number);
    object.optional_id(
        key!("parentExecutionId"),
        activity.parent_execution.map(child),
    );
    object.optional_id(key!("taskId"), activity.task.map(child));
    object.optional_id(
        key!("calledInstanceId"),
        activity.called_instance.map(child),
    );
    let robot = !body && element.is_some_and(|element| matches!(element.kind, Kind::RobotTask(_)));
    let group = robot.then(|| rpa::Guid::of_activity(root.child(activity.number)).to_string());
    object.optional_text(key!("jobGroupId"), group.as_deref());
    object.optional_text(key!("assignee"), activity.assignee.as_deref());
    object.instant(key!("startedAt"), activity.started_ms);
    object.optional_instant(key!("endedAt"), activity.ended_ms);
    let duration_ms = activity
        .ended_ms
        .map(|ended_ms| ended_ms - activity.started_ms);
    object.optional_number(key!("durationMs"), duration_ms);
    object.optional_text(key!("deleteReason"), activity.delete_reason.as_deref());
    object.boolean(
        key!("container"),
        body || element.is_some_and(is_sub_process),
    );
    object.end();
}

fn is_sub_process(element: &Element) -> bool {
    matches!(element.kind, Kind::SubProcess(_))
}

fn of_history(row: history::ActivityRow) -> Activity {
    Activity {
        number: row.number,
        execution: row.execution,
        parent_execution: row.parent_execution,
        element: row.element,
        task: row.task,
        called_instance: row.called_instance,
        assignee: row.assignee,
        started_ms: row.started_ms,
        ended_ms: row.ended_ms,
        delete_reason: row.delete_reason,
    }
}

fn of_archive(ended: EndedInstance) -> (DefinitionId, Vec<Activity>) {
    let activities = ended.activities.into_iter().map(|row| Activity {
        number: row.number,
        execution: row.execution,
        parent_execution: row.parent_execution,
        element: row.element,
        task: row.task,
        called_instance: row.called_instance,
        assignee: row.assignee,
        started_ms: row.started_ms,
        ended_ms: row.ended_ms,
        delete_reason: row.delete_reason,
    });
    (ended.row.definition, activities.collect())
}

/// `GET /instances/{id}/subscriptions`: models with message or signal events are refused at deployment, so nothing waits.
pub async fn subscriptions(state: Context<State>, request: Request, params: Params) -> Answered {
    let id = Subject::Instance.parse(params.get("id"))?;
    let tenant = common::tenant(&state, &request);
    let known = state.engine.views.read().instance(tenant, id).is_some();
    if !known && subject::archived_row(&state, tenant, id).await?.is_none() {
        return Err(Subject::Instance.unknown(params.get("id")));
    }
    page::of_all(&request, &[], |()| 0, |(), _| {})
}
