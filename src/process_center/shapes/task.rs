//! TaskInfo, TaskState and identity links.
//! System keys win over variables of the same name; all variables also stand in `variables`.

use super::{definition, suspension};
use crate::process_center::{dates, variables};
use actors::{definitions::Catalog, views};
use bpmn::{
    Instance,
    rows::{Delegation, Identity, TaskRow},
};
use codec::RootId;
use serde_json::{Map, Value as Json, json};

/// An open task with every variable that is visible from it; none: it is no longer open.
pub fn info(catalog: &Catalog, instance: &Instance, number: u32) -> Option<Json> {
    let rows = &instance.rows_ref().tasks;
    let row = rows.iter().find(|row| row.number == number)?;
    let visible = variables::write(&instance.task_variables(number));
    let mut info = visible.clone();
    let id = instance.root().child(number).to_string();
    info.insert("taskId".to_owned(), id.into());
    let entity = state(catalog, instance.root(), row);
    info.insert("taskEntity".to_owned(), entity);
    info.insert("variables".to_owned(), visible.into());
    Some(info.into())
}

fn state(catalog: &Catalog, root: RootId, row: &TaskRow) -> Json {
    let id = |number: u32| root.child(number).to_string();
    let published = catalog.get(row.definition);
    let elements = published.as_ref().map(|p| &p.definition.process.elements);
    let element = elements.and_then(|elements| elements.get(row.element.0 as usize));
    let mut state = object(json!({
        "id": id(row.number),
        "name": row.name,
        "assignee": row.assignee,
        "owner": row.owner,
        "priority": row.priority,
        "executionId": id(row.execution),
        "processInstanceId": id(row.instance),
        "processDefinitionId": definition(catalog, row.definition),
        "taskDefinitionKey": element.map(|element| element.id.as_str()),
        "formKey": row.form_key,
        "category": row.category,
        "tenantId": "",
        "createTime": dates::text(row.created_ms),
        "suspensionState": suspension(row.suspended),
    }));
    let delegation = row.delegation.map(|delegation| match delegation {
        Delegation::Pending => "PENDING",
        Delegation::Resolved => "RESOLVED",
    });
    let only_if_set = [
        ("description", row.description.clone()),
        ("dueDate", row.due_ms.map(dates::text)),
        ("parentTaskId", row.parent_task.map(id)),
        ("delegationState", delegation.map(str::to_owned)),
        ("claimTime", row.claimed_ms.map(dates::text)),
    ];
    for (key, value) in only_if_set {
        if let Some(value) = value {
            state.insert(key.to_owned(), value.into());
        }
    }
    state.into()
}

/// A task's links in the order of their addition, then its assignee, then its owner.
pub fn links(task: views::Task<'_>) -> Json {
    let id = task.id().to_string();
    let mut links: Vec<Json> = task
        .links()
        .iter()
        .map(|link| {
            let (key, kind, who) = match &link.who {
                Identity::User(user) => ("userId", "user", user),
                Identity::Group(group) => ("groupId", "group", group),
            };
            // A task has a link only once, so this names it for good.
            let link_id = format!("{id}:{}:{kind}:{who}", link.link_type);
            json!({"id": link_id, "type": link.link_type, key: who, "taskId": id})
        })
        .collect();
    let rest = [("assignee", task.assignee()), ("owner", task.owner())];
    for (link_type, user) in rest {
        if let Some(user) = user {
            links.push(json!({"id": null, "type": link_type, "userId": user, "taskId": id}));
        }
    }
    links.into()
}

fn object(json: Json) -> Map<String, Json> {
    match json {
        Json::Object(object) => object,
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
            Map::new()
        }
    }
}
