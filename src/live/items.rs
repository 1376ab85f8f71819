//! How instances, tasks, incidents and definitions are shown, and what filters ask of them.
//! Never: shows what the views do not have, but for what was last known of something that is gone.

use crate::{
    api::{
        definitions, incidents,
        json::{Object, key},
        render::{Definition, Instance, Task},
    },
    server::State,
};
use actors::{
    definitions::Published,
    live::{Key, Last, LastTask, Shown},
    views,
};
use bpmn::rows::{Identity, IdentityLink, IncidentKind, InstanceRow};
use codec::{DefinitionId, Id};
use std::sync::Arc;

type Facts = Vec<(&'static str, Box<str>)>;

fn fact(facts: &mut Facts, name: &'static str, value: impl Into<Box<str>>) {
    facts.push((name, value.into()));
}

fn shown(json: String, facts: Facts, ended: bool) -> Shown {
    Shown {
        json: json.into(),
        facts,
        department: None,
        ended,
    }
}

/// An instance.
pub fn instance(state: &State, key: &Key, gone: Option<&Last>) -> Option<Shown> {
    if let Some(Last::Instance(row, published)) = gone {
        return Some(ended_instance(key, row, published));
    }
    let views = state.engine.views.read();
    let found = views.instance(key.tenant, key.instance_id())?;
    let mut facts = instance_facts(
        found.id(),
        found.definition_key(),
        found.super_instance(),
        found.business_key(),
        found.state(),
    );
    let id = definition_text(
        found.definition_key(),
        found.definition_version(),
        found.definition(),
    );
    fact(&mut facts, "definitionId", id);
    let mut json = String::with_capacity(512);
    Instance::of_view(found).push(&mut json);
    Some(shown(json, facts, found.ended().is_some()))
}

fn ended_instance(key: &Key, row: &InstanceRow, published: &Published) -> Shown {
    let root = key.instance_id().root;
    let ended_state = match &row.ended {
        Some(ended) if ended.cancelled => views::State::Cancelled,
        Some(_) => views::State::Completed,
        None => views::State::Active,
    };
    let mut facts = instance_facts(
        key.instance_id(),
        &published.definition.process.key,
        row.super_instance.map(|number| root.child(number)),
        row.business_key.as_deref(),
        ended_state,
    );
    fact(&mut facts, "definitionId", &*published.id);
    let mut json = String::with_capacity(512);
    Instance::of_row(root, row, Definition::of(published)).push(&mut json);
    shown(json, facts, true)
}

fn definition_text(key: &str, version: u32, id: DefinitionId) -> String {
    format!("{key}:{version}:{}", id.0)
}

fn instance_facts(
    id: Id,
    definition_key: &str,
    super_instance: Option<Id>,
    business_key: Option<&str>,
    state: views::State,
) -> Facts {
    let mut facts = Facts::with_capacity(6);
    fact(&mut facts, "id", id.to_string());
    fact(&mut facts, "definitionKey", definition_key);
    fact(&mut facts, "state", state.name());
    if let Some(id) = super_instance {
        fact(&mut facts, "superInstanceId", id.to_string());
    }
    if let Some(key) = business_key {
        fact(&mut facts, "businessKey", key);
    }
    facts
}

/// A task.
pub fn task(state: &State, key: &Key, gone: Option<&Last>) -> Option<Shown> {
    if let Some(Last::Task(last)) = gone {
        return Some(done_task(key, last));
    }
    let views = state.engine.views.read();
    let found = views.task(key.tenant, key.instance_id())?;
    let facts = task_facts(
        found.instance().id(),
        found.definition_key(),
        found.assignee(),
        found.links(),
    );
    let mut json = String::with_capacity(512);
    Task::of_view(found).push(&mut json);
    Some(shown(json, facts, false))
}

fn done_task(key: &Key, last: &LastTask) -> Shown {
    let process_key = &last.definition.definition.process.key;
    let facts = task_facts(
        last.instance,
        process_key,
        last.assignee.as_deref(),
        &last.links,
    );
    let mut json = String::with_capacity(192);
    let mut object = Object::begin(&mut json);
    object.id(key!("id"), key.instance_id());
    object.id(key!("instanceId"), last.instance);
    object.text(key!("processDefinitionKey"), process_key);
    object.optional_text(key!("assignee"), last.assignee.as_deref());
    object.end();
    shown(json, facts, true)
}

fn task_facts(
    instance: Id,
    definition_key: &str,
    assignee: Option<&str>,
    links: &[IdentityLink],
) -> Facts {
    let mut facts = Facts::with_capacity(3 + 2 * links.len());
    fact(&mut facts, "instanceId", instance.to_string());
    fact(&mut facts, "processDefinitionKey", definition_key);
    if let Some(assignee) = assignee {
        // Nobody may claim what somebody has.
        fact(&mut facts, "assignee", assignee);
        return facts;
    }
    let candidates = links
        .iter()
        .filter(|link| link.link_type == IdentityLink::CANDIDATE);
    for link in candidates {
        match &link.who {
            Identity::User(user) => fact(&mut facts, "candidateUser", format!("user {user}")),
            Identity::Group(group) => {
                fact(&mut facts, "candidateUser", format!("group {group}"));
                fact(&mut facts, "candidateGroup", group.as_str());
            }
        }
    }
    facts
}

/// An incident.
pub fn incident(state: &State, key: &Key, gone: Option<&Last>) -> Option<Shown> {
    if let Some(Last::Incident(instance, published, kind)) = gone {
        let definition_key = &published.definition.process.key;
        let mut json = String::with_capacity(128);
        let mut object = Object::begin(&mut json);
        object.id(key!("id"), key.instance_id());
        object.text(key!("type"), kind.name());
        object.id(key!("instanceId"), *instance);
        object.end();
        let facts = incident_facts(*instance, definition_key, *kind);
        return Some(shown(json, facts, true));
    }
    let views = state.engine.views.read();
    let found = views.incident(key.tenant, key.instance_id())?;
    let instance = found.instance();
    let facts = incident_facts(instance.id(), found.definition_key(), found.kind());
    let mut json = String::with_capacity(256);
    incidents::push(found, &mut json);
    Some(shown(json, facts, false))
}

fn incident_facts(instance: Id, definition_key: &str, kind: IncidentKind) -> Facts {
    let mut facts = Facts::with_capacity(3);
    fact(&mut facts, "instanceId", instance.to_string());
    fact(&mut facts, "definitionKey", definition_key);
    fact(&mut facts, "type", kind.name());
    facts
}

/// A definition with its counts.
pub fn definition(state: &State, key: &Key, gone: Option<&Last>) -> Option<Shown> {
    let (published, ended): (Arc<Published>, bool) = match gone {
        Some(Last::Definition(published)) => (Arc::clone(published), true),
        Some(_) | None => {
            let found = state.engine.catalog.get(key.definition_id())?;
            let is_ours = found.definition.tenant == key.tenant && !found.leaving;
            (Some(found).filter(|_| is_ours)?, false)
        }
    };
    let counts = {
        let views = state.engine.views.read();
        views.definition_counts(key.tenant, key.definition_id())
    };
    let mut json = String::with_capacity(512);
    definitions::push_with_counts(&published, counts, &mut json);
    let mut facts = Facts::with_capacity(1);
    fact(&mut facts, "key", published.definition.process.key.as_str());
    Some(shown(json, facts, ended))
}
