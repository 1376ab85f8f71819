//! Task queues: durable messages that wait for consumers, or start workflows.
//! Owns: how they look, and that nobody binds what they may not execute. Never: decides which message is next.

mod bindings;
mod messages;

use super::{
    body::Body,
    call::{Answered, Call, done, new_id, ok},
    form::{self, Field, Form, Kind, field},
    json::Object,
    page::{self, Listed},
    problem::Refused,
    table::{Endpoint, delete, get, patch, post},
};
use org::{Guid, Permission as P};
use rpa::{
    queue::{Change, Command, NewQueue, Queue, Settings},
    terms::{Label, Meta},
};

const SETTINGS: &[Field] = &[
    field("maxDeliveries", Kind::Natural),
    field("ttl", Kind::Text),
];
const NEW: Form = &[form::NEW_NAME, form::NOTES, form::PLACE, SETTINGS];
const CHANGE: Form = &[form::NAME, form::NOTES, form::ETAG, SETTINGS];

/// The lines of the table.
pub fn endpoints() -> Vec<Endpoint> {
    let mut all = vec![
        get("/openapi/taskqueues", P::TaskQueueView, list, "Task queues").lists(),
        post(
            "/openapi/taskqueues",
            P::TaskQueueCreate,
            create,
            "Make a task queue",
        )
        .takes(NEW),
        get(
            "/openapi/taskqueues/{id}",
            P::TaskQueueView,
            show,
            "A task queue",
        ),
        patch(
            "/openapi/taskqueues/{id}",
            P::TaskQueueEdit,
            change,
            "Change a task queue",
        )
        .takes(CHANGE),
        delete(
            "/openapi/taskqueues/{id}",
            P::TaskQueueDelete,
            remove,
            "Delete a task queue with its messages",
        ),
    ];
    all.extend(messages::endpoints());
    all.extend(bindings::endpoints());
    all
}

/// A queue as lists show it.
pub(crate) struct Row {
    id: rpa::Guid,
    settings: Settings,
    messages: usize,
    ready: usize,
}

impl Row {
    /// None: it was never made, or is deleted.
    pub fn of(queue: &Queue) -> Option<Row> {
        Some(Row {
            id: queue.id(),
            settings: queue.settings()?.clone(),
            messages: queue.messages_len(),
            ready: queue.ready_len(),
        })
    }

    fn push(&self, company: Guid, out: &mut String) {
        let settings = &self.settings;
        let mut object = Object::begin(out);
        object.id("id", self.id);
        object.label(&settings.label);
        object.number("maxDeliveries", settings.max_deliveries.into());
        object.maybe_text("ttl", settings.ttl_ms.map(iso).as_deref());
        object.count("messageCount", self.messages);
        object.count("readyCount", self.ready);
        object.meta("TaskQueue", company, &settings.meta);
        object.end();
    }

    /// The item, as JSON.
    pub fn text(&self, company: Guid) -> String {
        let mut out = String::new();
        self.push(company, &mut out);
        out
    }

    /// The department whose rights decide who sees it.
    pub fn department(&self) -> rpa::Guid {
        self.settings.meta.department
    }
}

impl Listed for Row {
    fn id(&self) -> rpa::Guid {
        self.id
    }

    fn meta(&self) -> &Meta {
        &self.settings.meta
    }

    fn label(&self) -> &Label {
        &self.settings.label
    }
}

/// Milliseconds as an ISO 8601 duration.
fn iso(ms: i64) -> String {
    jiff::SignedDuration::from_millis(ms).to_string()
}

/// Looks at the queue that the path names, when the caller may do `permission` with it; what is seen is durable.
async fn look<T>(call: &Call, permission: P, view: impl FnOnce(&Queue) -> T) -> Result<T, Refused> {
    let id = call.id("id")?;
    let unknown = || Refused::unknown("task queue", &id.to_string());
    let engine = &call.state.engine;
    let cell = engine.queues.get(id);
    let cell = cell.filter(|cell| cell.tenant == call.tenant());
    let cell = cell.ok_or_else(unknown)?;
    let seen = cell.peek(|queue| {
        let department = queue.settings()?.meta.department;
        Some((department, view(queue)))
    });
    let (department, seen) = seen.flatten().ok_or_else(unknown)?;
    call.check(permission, department)?;
    engine.barrier().await;
    Ok(seen)
}

/// The same without a look.
async fn permitted(call: &Call, permission: P) -> Result<rpa::Guid, Refused> {
    look(call, permission, Queue::id).await
}

/// `GET /openapi/taskqueues`
async fn list(call: Call) -> Answered {
    let query = call.resource_query()?;
    let scope = call.scope(P::TaskQueueView)?;
    let engine = &call.state.engine;
    let cells = engine.queues.all().into_iter();
    let own = cells.filter(|cell| cell.tenant == call.tenant());
    let rows: Vec<Row> = own
        .filter_map(|cell| cell.peek(Row::of).flatten())
        .collect();
    engine.barrier().await;
    let (count, page) = query.page(&scope, rows.iter());
    page::list(count, page, |row, out| row.push(call.visitor.company, out))
}

/// `GET /openapi/taskqueues/{id}`
async fn show(call: Call) -> Answered {
    let row = look(&call, P::TaskQueueView, Row::of).await?;
    ok(row
        .map(|row| row.text(call.visitor.company))
        .unwrap_or_default())
}

/// `POST /openapi/taskqueues`
async fn create(call: Call) -> Answered {
    let body = call.body()?;
    let place = call.place(&body, P::TaskQueueCreate)?;
    let new = NewQueue {
        department: place.department,
        label: body.label()?,
        max_deliveries: body.unsigned("maxDeliveries")?,
        ttl_ms: ttl(&body)?.flatten(),
        by: place.by.clone(),
    };
    let made = call
        .state
        .engine
        .create_queue(new_id()?, place.tenant, new, Row::of)
        .await?;
    ok(made.map(|row| row.text(place.company)).unwrap_or_default())
}

/// `PATCH /openapi/taskqueues/{id}`
async fn change(call: Call) -> Answered {
    let body = call.body()?;
    let id = permitted(&call, P::TaskQueueEdit).await?;
    let change = Command::Change(Box::new(Change {
        etag: body.etag()?,
        label: body.label()?,
        max_deliveries: body.unsigned("maxDeliveries")?,
        ttl_ms: ttl(&body)?,
        by: call.by(),
    }));
    let engine = &call.state.engine;
    let changed = engine.order_queue(id, change, |queue, _| Row::of(queue));
    let row = changed.await?;
    ok(row
        .map(|row| row.text(call.visitor.company))
        .unwrap_or_default())
}

/// `DELETE /openapi/taskqueues/{id}`
async fn remove(call: Call) -> Answered {
    let id = permitted(&call, P::TaskQueueDelete).await?;
    let engine = &call.state.engine;
    engine.order_queue(id, Command::Delete, |_, _| ()).await?;
    done()
}

/// A time to live: an ISO 8601 duration; an empty text says for ever.
fn ttl(body: &Body) -> Result<Option<Option<i64>>, Refused> {
    let Some(text) = body.text("ttl")? else {
        return Ok(None);
    };
    if text.trim().is_empty() {
        return Ok(Some(None));
    }
    let read = text.trim().parse::<jiff::SignedDuration>().ok();
    let ms = read.and_then(|length| i64::try_from(length.as_millis()).ok());
    let ms = ms.ok_or_else(|| Refused::field("ttl", "an ISO 8601 duration, such as PT1H"))?;
    Ok(Some(Some(ms)))
}
