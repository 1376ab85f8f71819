//! Incidents: work that failed and waits for someone; one retry, or a batch.
//! Never: tries the work itself; a retry makes it due again.

use super::{
    common::{self, Answered},
    json::{Object, key},
    lineage,
    order::{self, Write},
    page::{self, List, Which},
    problem::Refused,
    subject::{self, Subject},
};
use crate::{
    http::{Context, Params, Request},
    server::State,
};
use actors::{
    Failure,
    views::{self, Count, Cursor, IncidentFilter, Window},
};
use bpmn::{Command, rows::IncidentKind};
use codec::{Id, Tenant};
use serde::Deserialize;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Retries of a batch on their way at a time.
const AT_A_TIME: usize = 64;

fn kind(name: &str) -> Result<IncidentKind, Refused> {
    let found = IncidentKind::ALL
        .into_iter()
        .find(|kind| kind.name() == name);
    found.ok_or_else(|| Refused::parameter("type", name))
}

/// `GET /incidents`
pub async fn list(state: Context<State>, request: Request, _params: Params) -> Answered {
    let tenant = common::tenant(&state, &request);
    let kinds = request.query.all("type").map(kind);
    let lineage = lineage::read(&state, tenant, &request).await?;
    let filter = IncidentFilter {
        tenant,
        instances: lineage.instances,
        roots: lineage.roots,
        definitions: common::definition_ids(&state, tenant, &request),
        keys: common::all(&request, "definitionKey"),
        kinds: kinds.collect::<Result<_, _>>()?,
    };
    page_of(&state, &request, &filter)
}

/// `GET /instances/{id}/incidents`
pub async fn of_instance(state: Context<State>, request: Request, params: Params) -> Answered {
    let id = Subject::Instance.parse(params.get("id"))?;
    let tenant = common::tenant(&state, &request);
    known(&state, tenant, id).await?;
    let filter = IncidentFilter {
        tenant,
        instances: vec![id],
        ..IncidentFilter::default()
    };
    page_of(&state, &request, &filter)
}

/// 404 when there is no such instance, running or ended.
pub async fn known(state: &Arc<State>, tenant: Tenant, id: Id) -> Result<(), Refused> {
    let in_memory = state.engine.views.read().instance(tenant, id).is_some();
    if in_memory || subject::archived_row(state, tenant, id).await?.is_some() {
        return Ok(());
    }
    Err(Subject::Instance.unknown(&id.to_string()))
}

fn page_of(state: &State, request: &Request, filter: &IncidentFilter) -> Answered {
    let window = Window {
        after: page::after::<Cursor>(request)?,
        limit: page::limit(request)?,
        count: page::count(request)?,
        ..Window::default()
    };
    let views = state.engine.views.read();
    let found = views.incidents(filter, &window);
    let mut list = List::new(Which::of(request), found.items.len());
    for incident in found.items {
        push(incident, list.row());
    }
    common::ok(list.end(found.next.map(|next| next.to_string()), found.total))
}

/// An incident.
pub fn push(incident: views::Incident<'_>, out: &mut String) {
    let mut object = Object::begin(out);
    object.id(key!("id"), incident.id());
    object.text(key!("type"), incident.kind().name());
    object.id(key!("instanceId"), incident.instance().id());
    object.text(key!("activityId"), incident.activity_id());
    object.text(key!("message"), incident.message());
    object.instant(key!("occurredAt"), incident.occurred_ms());
    object.number(key!("retries"), i64::from(incident.retries()));
    object.end();
}

/// `POST /incidents/{id}/retry`: answers whether it is resolved; the work is due again and may fail again.
pub async fn retry(state: Context<State>, request: Request, params: Params) -> Answered {
    let id = Subject::Incident.parse(params.get("id"))?;
    let write = Write {
        remember: None,
        ..Write::of(&state, &request)
    };
    let command = Command::RetryIncident {
        incident: id.number,
    };
    order::order(
        &state,
        write,
        Subject::Incident,
        id,
        command,
        move |applied| {
            let open = applied.instance.rows_ref().incidents.iter();
            let resolved = open
                .into_iter()
                .all(|incident| incident.number != id.number);
            let mut body = String::with_capacity(96);
            let mut object = Object::begin(&mut body);
            object.id(key!("id"), id);
            object.boolean(key!("resolved"), resolved);
            object.end();
            order::rendered(body)
        },
    )
    .await
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Batch {
    instance_id: Option<String>,
    definition_key: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// `POST /incidents/retry`: all that pass the filter in the body; `{}` is all there are.
pub async fn retry_all(state: Context<State>, request: Request, _params: Params) -> Answered {
    let batch: Batch = common::body(&request)?;
    let tenant = common::tenant(&state, &request);
    let instance = match &batch.instance_id {
        Some(text) => Some(Subject::Instance.parse(text).map_err(|_| {
            let detail = format!("there is no process instance with the id '{text}'");
            Refused::unprocessable("instance-not-found", detail)
        })?),
        None => None,
    };
    let filter = IncidentFilter {
        tenant,
        instances: instance.into_iter().collect(),
        keys: batch.definition_key.into_iter().collect(),
        kinds: batch
            .kind
            .as_deref()
            .map(kind)
            .transpose()?
            .into_iter()
            .collect(),
        ..IncidentFilter::default()
    };
    let window = Window {
        limit: usize::MAX,
        count: Count::No,
        ..Window::default()
    };
    let ids: Vec<Id> = {
        let views = state.engine.views.read();
        let found = views.incidents(&filter, &window);
        found.items.iter().map(|incident| incident.id()).collect()
    };
    let (retried, refused) = retry_each(&state, ids).await;
    let mut body = String::with_capacity(48);
    let mut object = Object::begin(&mut body);
    object.number(key!("retried"), retried);
    object.number(key!("refused"), refused);
    object.end();
    common::ok(body)
}

/// How many were retried, and how many are gone or were refused.
async fn retry_each(state: &Arc<State>, ids: Vec<Id>) -> (i64, i64) {
    let (mut retried, mut refused) = (0, 0);
    let mut running: JoinSet<Result<(), Failure>> = JoinSet::new();
    let mut count = |done: Option<Result<Result<(), Failure>, tokio::task::JoinError>>| match done {
        Some(Ok(Ok(()))) => retried += 1,
        Some(Ok(Err(_)) | Err(_)) => refused += 1,
        None => {}
    };
    for id in ids {
        if running.len() >= AT_A_TIME {
            count(running.join_next().await);
        }
        let state = Arc::clone(state);
        running.spawn(async move {
            let command = Command::RetryIncident {
                incident: id.number,
            };
            state.engine.order(id.root, command, |_| ()).await
        });
    }
    while !running.is_empty() {
        count(running.join_next().await);
    }
    (retried, refused)
}
