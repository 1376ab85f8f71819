//! HistoryState: one activity of an instance, running or ended.

use crate::process_center::dates;
use actors::definitions::{Catalog, Published};
use bpmn::{
    archive::EndedInstance,
    history::{self, Entry},
    model::ElementIndex,
};
use codec::{DefinitionId, Id};
use serde_json::{Value as Json, json};

/// What a row is made from, whichever side it comes from.
struct Activity<'a> {
    number: u32,
    execution: u32,
    element: ElementIndex,
    task: Option<u32>,
    called: Option<u32>,
    assignee: Option<&'a str>,
    started_ms: i64,
    ended_ms: Option<i64>,
    delete_reason: Option<&'a str>,
}

/// The activities of an instance in memory, in the order of their start.
pub fn of_entries(
    catalog: &Catalog,
    id: Id,
    definition: DefinitionId,
    entries: &[Entry],
) -> Vec<Json> {
    let published = catalog.get(definition);
    let activities = history::activities(entries);
    activities
        .iter()
        .filter(|activity| activity.instance == id.number)
        .map(|activity| Activity {
            number: activity.number,
            execution: activity.execution,
            element: activity.element,
            task: activity.task,
            called: activity.called_instance,
            assignee: activity.assignee.as_deref(),
            started_ms: activity.started_ms,
            ended_ms: activity.ended_ms,
            delete_reason: activity.delete_reason.as_deref(),
        })
        .map(|activity| state(published.as_deref(), id, &activity))
        .collect()
}

/// The activities of an archived instance, in the order of their start.
pub fn of_ended(catalog: &Catalog, id: Id, ended: &EndedInstance) -> Vec<Json> {
    let published = catalog.get(ended.row.definition);
    let activities = ended.activities.iter().map(|activity| Activity {
        number: activity.number,
        execution: activity.execution,
        element: activity.element,
        task: activity.task,
        called: activity.called_instance,
        assignee: activity.assignee.as_deref(),
        started_ms: activity.started_ms,
        ended_ms: activity.ended_ms,
        delete_reason: activity.delete_reason.as_deref(),
    });
    activities
        .map(|activity| state(published.as_deref(), id, &activity))
        .collect()
}

fn state(published: Option<&Published>, instance: Id, activity: &Activity<'_>) -> Json {
    let id = |number: u32| instance.root.child(number).to_string();
    let element = published.and_then(|published| {
        let elements = &published.definition.process.elements;
        elements.get(activity.element.0 as usize)
    });
    let duration = activity.ended_ms.map(|ended| ended - activity.started_ms);
    json!({
        "id": id(activity.number),
        "activityId": element.map(|element| element.id.as_str()),
        "activityName": element.and_then(|element| element.name.as_deref()),
        "activityType": element.map(|element| element.kind.type_name()),
        "executionId": id(activity.execution),
        "taskId": activity.task.map(id),
        "calledProcessInstanceId": activity.called.map(id),
        "assignee": activity.assignee,
        "startTime": dates::text(activity.started_ms),
        "endTime": activity.ended_ms.map(dates::text),
        "durationInMillis": duration,
        "deleteReason": activity.delete_reason,
        "processInstanceId": instance.to_string(),
        "processDefinitionId": published.map(super::definition_id),
    })
}
