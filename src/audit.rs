//! The audit trail: every operator's change, with who, what, when and from where.
//!
//! Owns: what a row says. It is in `history.db` before the change begins, and what became of it before the answer leaves:
//! no change is without a row, also when the client or the server goes in between. Never: lets a handler begin without
//! its row; keeps what was sent beyond the names of its members and the ids among them.
//!
//! ```text
//!  request ─▶ row: begun ─▶ durable ─▶ handler ─▶ row: ended ─▶ durable ─▶ answer
//!     └─ no room for it ────┴─▶ refused: nothing was changed, and no value was read
//! ```

mod direct;

pub use direct::{Direct, NoRow, seed};

use crate::{
    access::{Caller, Visitor},
    http::{Body, Context, Fault, Handler, Method, Params, Request, Response, Route, StatusCode},
    server::State,
    sso::secret,
};
use actors::{
    Engine, Failure,
    archive::{AuditEntry, AuditOutcome, AuditRow},
    executions::trail,
};
use codec::Tenant;
use serde_json::Value;
use std::{panic::resume_unwind, time::Duration};
use tokio::sync::oneshot;

/// The archive has so long to take a row: a disk that others fill keeps a sync waiting for 10 s and more.
const WITHIN: Duration = Duration::from_secs(30);
/// Characters of a detail, at most.
const DETAIL_CHARS: usize = 1_000;
/// Whoever is refused because there can be no row now comes again after so many seconds.
const AGAIN_S: u32 = 5;

/// The code of a success in an answer of process-center.
const DONE: &str = "000000";

/// What a route does, for the trail.
#[derive(Clone, Copy)]
struct Doing {
    path: &'static str,
    has_id: bool,
}

/// A route whose every call stands in the trail.
pub fn audited(route: Route<State>) -> Route<State> {
    let doing = Doing::of(&route);
    route.around(
        move |state, request, params| doing.entry(state, request, params),
        |state, entry, handler| Box::pin(follow(state, entry, handler)),
    )
}

/// A route that makes jobs: those say themselves, durably, whose they are, so that nobody waits for the trail. Its row is
/// made again from them when a crash takes it.
pub fn noted(route: Route<State>) -> Route<State> {
    let doing = Doing::of(&route);
    route.around(
        move |state, request, params| doing.entry(state, request, params),
        |state, entry, handler| Box::pin(async { Ok(note(state, entry, handler).await) }),
    )
}

async fn follow(
    state: Context<State>,
    entry: AuditEntry,
    handler: Handler,
) -> Result<Response, Fault> {
    match state.engine.has_room() {
        Ok(()) => {}
        Err(Failure::DiskFull) => return Err(Fault::DiskFull),
        Err(_) => return Err(without_row()),
    }
    // A client that goes does not end what it began.
    let task = tokio::spawn(async move {
        let id = entry.id;
        if !put(&state.engine, AuditRow::Begun(entry)).await {
            return Err(without_row());
        }
        let response = handler().await;
        let ended = AuditRow::Ended(outcome(id, &response));
        // The row that it began is there in any case.
        put(&state.engine, ended).await;
        Ok(response)
    });
    match task.await {
        Ok(response) => response,
        Err(stopped) => match stopped.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(_) => Err(without_row()),
        },
    }
}

fn without_row() -> Fault {
    Fault::Overloaded {
        retry_after_s: AGAIN_S,
    }
}

async fn note(state: Context<State>, entry: AuditEntry, handler: Handler) -> Response {
    let response = handler().await;
    if response.status.is_success() {
        let mut entry = entry;
        // A row that was made again after a crash is this one; so is that of a repeated request.
        let answer = answered(&response);
        let execution = answer.as_ref().and_then(execution);
        entry.id = execution.map_or(entry.id, trail::row_id);
        let ended = outcome_of(entry.id, &response, answer.as_ref());
        let rows = [AuditRow::Begun(entry), AuditRow::Ended(ended)];
        state.engine.keeper.note_audit(rows);
    }
    response
}

/// Whether the row is durable.
async fn put(engine: &Engine, row: AuditRow) -> bool {
    let (sender, receiver) = oneshot::channel();
    // Whoever waited may have given up.
    let kept = Box::new(move || sender.send(()).unwrap_or_default());
    engine.keeper.put_audit(row, kept);
    let waited = tokio::time::timeout(WITHIN, receiver).await;
    let is_kept = matches!(waited, Ok(Ok(())));
    if !is_kept {
        let within_s = WITHIN.as_secs();
        tracing::error!(within_s, "the audit trail has not taken a row");
    }
    is_kept
}

impl Doing {
    fn of(route: &Route<State>) -> Self {
        Doing {
            path: route.path,
            has_id: route.path.contains("{id}"),
        }
    }

    fn entry(self, state: &State, request: &Request, params: &Params) -> AuditEntry {
        let extensions = &request.extensions;
        let (actor, actor_name, tenant, department) =
            match (extensions.get::<Visitor>(), extensions.get::<Caller>()) {
                (Some(visitor), _) => (
                    visitor.id.to_string(),
                    visitor.name.clone(),
                    visitor.tenant,
                    visitor.department,
                ),
                (None, Some(caller)) => {
                    let principal = caller.principal.clone();
                    let actor = principal.unwrap_or_else(|| "anybody".to_owned());
                    (actor.clone(), actor, caller.tenant, None)
                }
                (None, None) => (
                    "anybody".to_owned(),
                    "anybody".to_owned(),
                    state.tenant,
                    None,
                ),
            };
        let (resource_type, action) = naming(self.path, &request.method);
        AuditEntry {
            id: random_id(),
            at_ms: state.engine.clock.now_ms(),
            tenant,
            actor,
            actor_name,
            action,
            resource_type,
            resource_id: self.has_id.then(|| params.get("id").to_owned()),
            company: company(&state.engine, tenant),
            department: department.map(|id| id.to_string()),
            from: request.peer.ip().to_string(),
            detail: detail(request),
        }
    }
}

fn random_id() -> rpa::Guid {
    // Without randomness the machine is not fit to serve; a row with a known id is still better than none.
    secret::guid().map_or(rpa::Guid::NIL, |id| rpa::Guid(id.0))
}

fn company(engine: &Engine, tenant: Tenant) -> Option<String> {
    engine.organisation.look(|organisation| {
        let company = organisation.tenancy.company_of(tenant);
        company.map(|company| company.id.to_string())
    })
}

/// The kind of thing and what is done with it, of a pattern such as `/openapi/workflows/{id}/execute`.
fn naming(path: &str, method: &Method) -> (String, String) {
    let mut words = path
        .split('/')
        .filter(|word| !word.is_empty() && !word.starts_with('{'));
    let first = words.next().unwrap_or_default();
    // Of the engine's API the version follows.
    let prefixed = matches!(first, "openapi" | "v2" | "api");
    let resource = if prefixed {
        words.find(|word| *word != "v1").unwrap_or_default()
    } else {
        first
    };
    let rest: Vec<&str> = words.collect();
    let word = match *method {
        Method::POST if rest.is_empty() => "create",
        Method::POST => "",
        Method::PUT => "put",
        Method::PATCH => "change",
        Method::DELETE => "delete",
        _ => "read",
    };
    let parts = rest.into_iter().chain((!word.is_empty()).then_some(word));
    (singular(resource), parts.collect::<Vec<_>>().join("."))
}

fn singular(resource: &str) -> String {
    let known = match resource {
        "packages" => "Package",
        "preloadedVersionFiles" => "PackageUpload",
        "queues" => "Queue",
        "robots" => "Robot",
        "workflows" => "Workflow",
        "workflowlayouts" => "WorkflowLayout",
        "jobs" => "Job",
        "jobgroups" => "JobGroup",
        "runinstances" => "RunInstance",
        "schedules" => "Schedule",
        "assets" => "Asset",
        "taskqueues" => "TaskQueue",
        "webhooks" => "Webhook",
        "companies" => "Company",
        "departments" => "Department",
        "companyusers" => "CompanyUser",
        "roles" => "Role",
        "apikeys" => "ApiKey",
        "deployments" => "Deployment",
        "definitions" => "Definition",
        "instances" => "Instance",
        "incidents" => "Incident",
        "timers" => "Timer",
        "clock" => "Clock",
        "processCtr" => "Process",
        "identityCtr" => "Identity",
        other => other,
    };
    known.to_owned()
}

/// The parameters and the names of the body's members, with the ids among their values.
fn detail(request: &Request) -> Option<String> {
    let mut parts: Vec<String> = request
        .query
        .iter()
        .map(|(name, value)| with_ids(name, &[value]))
        .collect();
    if let Ok(Value::Object(members)) = serde_json::from_slice::<Value>(&request.body) {
        for (name, value) in &members {
            let texts: Vec<&str> = match value {
                Value::String(text) => vec![text],
                Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
                _ => Vec::new(),
            };
            parts.push(with_ids(name, &texts));
        }
    }
    let text: String = parts.join(", ").chars().take(DETAIL_CHARS).collect();
    (!text.is_empty()).then_some(text)
}

/// A member's name; with its values where it says that they are ids, and they are: a password may look like one.
fn with_ids(name: &str, texts: &[&str]) -> String {
    let lower = name.to_ascii_lowercase();
    if !lower.ends_with("id") && !lower.ends_with("ids") {
        return name.to_owned();
    }
    let ids = texts.iter().map(|text| text.parse::<rpa::Guid>());
    match ids.collect::<Result<Vec<_>, _>>() {
        Ok(ids) if !ids.is_empty() => {
            let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
            format!("{name}={}", ids.join(" "))
        }
        Ok(_) | Err(_) => name.to_owned(),
    }
}

/// The execution that an answer shows: a job group, or its jobs.
fn execution(answer: &Value) -> Option<rpa::Guid> {
    let group = answer.get("jobs").and(answer.get("id"));
    let id = group.or_else(|| answer.get(0)?.get("jobGroupId"))?;
    id.as_str()?.parse().ok()
}

/// What a success says.
fn answered(response: &Response) -> Option<Value> {
    match &response.body {
        Body::Full(bytes) if response.status.is_success() => serde_json::from_slice(bytes).ok(),
        _ => None,
    }
}

fn outcome(id: rpa::Guid, response: &Response) -> AuditOutcome {
    outcome_of(id, response, answered(response).as_ref())
}

fn outcome_of(id: rpa::Guid, response: &Response, answer: Option<&Value>) -> AuditOutcome {
    let mut outcome = AuditOutcome {
        id,
        status: response.status.as_u16(),
        resource_id: None,
        department: None,
    };
    if let Some(answer) = answer {
        let made = if answer.is_array() {
            &answer[0]
        } else {
            answer
        };
        // Of process-center a refusal is a success of HTTP.
        if answer["rtnCode"].as_str().is_some_and(|code| code != DONE) {
            outcome.status = StatusCode::BAD_REQUEST.as_u16();
        }
        let text = |name: &str| made[name].as_str().map(str::to_owned);
        outcome.resource_id = text("id").or_else(|| text("packageId"));
        outcome.department = text("departmentId");
    }
    outcome
}

#[cfg(test)]
mod tests;
