//! Definitions: lists, one by id, its model, its state.
//! Never: a version decides what is the latest; the catalog says that.

use super::{
    common::{self, Answered},
    instances::WantedState,
    json::{Object, key},
    page,
    problem::Refused,
    render,
};
use crate::{
    http::{Context, HeaderValue, Params, Request, Response, StatusCode},
    server::State,
};
use actors::{definitions::Published, views::Counts};
use bpmn::model::Kind;
use codec::DefinitionId;
use serde::Deserialize;
use std::sync::Arc;

/// The definition with this id, or 404.
pub fn find(state: &State, request: &Request, id: &str) -> Result<Arc<Published>, Refused> {
    let tenant = common::tenant(state, request);
    let found = state.engine.catalog.find(tenant, id);
    found.filter(|published| !published.leaving).ok_or_else(|| {
        let detail = format!("there is no process definition with the id '{id}'");
        Refused::not_found("definition-not-found", detail)
    })
}

/// A definition.
pub fn push(published: &Published, out: &mut String) {
    let mut object = Object::begin(out);
    push_members(published, &mut object);
    object.end();
}

/// A definition, and how many of its instances run and of its incidents are open.
pub fn push_with_counts(published: &Published, counts: Counts, out: &mut String) {
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let mut object = Object::begin(out);
    push_members(published, &mut object);
    object.number(key!("running"), number(counts.running));
    object.number(key!("incidents"), number(counts.incidents));
    object.end();
}

fn push_members(published: &Published, object: &mut Object<'_>) {
    let process = &published.definition.process;
    object.text(key!("id"), &published.id);
    object.text(key!("key"), &process.key);
    object.number(key!("version"), i64::from(published.definition.version));
    object.optional_text(key!("name"), process.name.as_deref());
    object.optional_text(key!("description"), process.description.as_deref());
    object.optional_text(key!("category"), process.category.as_deref());
    object.text(key!("deploymentId"), &published.deployment.to_string());
    object.text(key!("resourceName"), &published.resource);
    object.text(key!("state"), state_name(published));
    object.optional_text(key!("startFormKey"), start_form_key(published));
    object.instant(key!("deployedAt"), published.deployed_ms);
}

fn state_name(published: &Published) -> &'static str {
    if published.definition.suspended {
        "suspended"
    } else {
        "active"
    }
}

fn start_form_key(published: &Published) -> Option<&str> {
    let process = &published.definition.process;
    let start = process.none_start_event()?;
    match &process.element(start).kind {
        Kind::StartEvent(start) => start.form_key.as_deref(),
        _ => None,
    }
}

/// `GET /definitions`
pub async fn list(state: Context<State>, request: Request, _params: Params) -> Answered {
    let tenant = common::tenant(&state, &request);
    let keys = common::all(&request, "key");
    let mut suspended = Vec::new();
    for name in request.query.all("state") {
        suspended.push(match name {
            "suspended" => true,
            "active" => false,
            other => return Err(Refused::parameter("state", other)),
        });
    }
    let latest = common::flag(&request, "latest")?.unwrap_or(false);
    let catalog = &state.engine.catalog;
    let is_latest = |published: &Published| {
        let newest = catalog.latest(tenant, &published.definition.process.key);
        newest.is_some_and(|newest| newest.definition.id == published.definition.id)
    };
    let mut all = catalog.definitions(tenant);
    all.retain(|published| {
        (keys.is_empty() || keys.contains(&published.definition.process.key))
            && (suspended.is_empty() || suspended.contains(&published.definition.suspended))
            && (!latest || is_latest(published))
    });
    all.reverse();
    let newest_first = |published: &Arc<Published>| u64::MAX - published.definition.id.0;
    page::of_all(&request, &all, newest_first, |published, out| {
        push(published, out)
    })
}

/// `GET /definitions/{id}`
pub async fn get(state: Context<State>, request: Request, params: Params) -> Answered {
    let published = find(&state, &request, params.get("id"))?;
    one(&published)
}

fn one(published: &Published) -> Answered {
    let mut body = String::with_capacity(512);
    push(published, &mut body);
    common::ok(body)
}

/// `GET /definitions/{id}/xml`
pub async fn xml(state: Context<State>, request: Request, params: Params) -> Answered {
    let published = find(&state, &request, params.get("id"))?;
    let catalog = &state.engine.catalog;
    let resource = catalog.resource(published.deployment, &published.resource);
    let resource = resource.ok_or_else(|| {
        Refused::not_found("definition-not-found", "its deployment has been removed")
    })?;
    let content_type = HeaderValue::from_static("application/xml");
    Ok(Response::typed(
        StatusCode::OK,
        content_type,
        resource.bytes.to_vec(),
    ))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StateBody {
    state: WantedState,
    #[serde(default)]
    include_instances: bool,
}

/// `PUT /definitions/{id}/state`
pub async fn set_state(state: Context<State>, request: Request, params: Params) -> Answered {
    let body = common::body(&request)?;
    let published = find(&state, &request, params.get("id"))?;
    change_state(&state, published.definition.id, body).await
}

/// `PUT /definitions/by-key/{key}/state`
pub async fn set_state_by_key(state: Context<State>, request: Request, params: Params) -> Answered {
    let body = common::body(&request)?;
    let key = params.get("key");
    let latest = state
        .engine
        .catalog
        .latest(common::tenant(&state, &request), key);
    let published = latest.ok_or_else(|| {
        let detail = format!("there is no process definition with the key '{key}'");
        Refused::not_found("definition-not-found", detail)
    })?;
    change_state(&state, published.definition.id, body).await
}

async fn change_state(state: &State, id: DefinitionId, body: StateBody) -> Answered {
    let suspended = body.state == WantedState::Suspended;
    let engine = &state.engine;
    engine
        .set_definition_state(id.0, suspended, body.include_instances)
        .await?;
    let published = engine.catalog.get(id).ok_or_else(|| {
        Refused::not_found("definition-not-found", "the definition has been removed")
    })?;
    one(&published)
}

/// What names the definition with this number, for rows that keep only the number.
pub fn version(state: &State, id: DefinitionId) -> u32 {
    let published = state.engine.catalog.get(id);
    published.map_or(0, |published| render::Definition::of(&published).version)
}
