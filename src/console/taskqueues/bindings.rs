//! The bindings of a task queue: which workflow its messages start, and how.
//! Owns: that nobody binds a workflow that they may not execute.

use super::super::{
    body::Body,
    call::{Answered, Call, done, new_id, ok},
    form::{self, Field, Form, Kind, field, required},
    json::Object,
    page,
    problem::Refused,
    table::{Endpoint, delete, get, patch, post},
};
use super::look;
use actors::queues::Stall;
use org::Permission as P;
use rpa::{
    queue::{Binding, Command, Concurrency, Queue, RemoveWhen},
    terms::etag_of,
};

const SETTINGS: &[Field] = &[
    field("mapping", Kind::Pairs),
    field(
        "concurrency",
        Kind::Word(|| CONCURRENCIES.map(|it| it.name()).to_vec()),
    ),
    field(
        "removeWhen",
        Kind::Word(|| REMOVALS.map(|it| it.name()).to_vec()),
    ),
    field("enabled", Kind::Boolean),
];
const NEW: Form = &[&[required("workflowId", Kind::Id)], SETTINGS, form::ETAG];
const CHANGE: Form = &[&[field("workflowId", Kind::Id)], SETTINGS, form::ETAG];
const CONCURRENCIES: [Concurrency; 3] = [
    Concurrency::Parallel,
    Concurrency::Serial,
    Concurrency::SkipWhileRunning,
];
const REMOVALS: [RemoveWhen; 2] = [RemoveWhen::Started, RemoveWhen::Succeeded];

/// The lines of the table.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get(
            "/openapi/taskqueues/{id}/bindings",
            P::TaskQueueView,
            list,
            "What the messages of a task queue start",
        )
        .query(&["PageIndex", "PageSize"]),
        post(
            "/openapi/taskqueues/{id}/bindings",
            P::TaskQueueEdit,
            create,
            "Let the messages of a task queue start a workflow",
        )
        .takes(NEW),
        get(
            "/openapi/taskqueues/{id}/bindings/{bindingId}",
            P::TaskQueueView,
            show,
            "A binding",
        ),
        patch(
            "/openapi/taskqueues/{id}/bindings/{bindingId}",
            P::TaskQueueEdit,
            change,
            "Change a binding",
        )
        .takes(CHANGE),
        delete(
            "/openapi/taskqueues/{id}/bindings/{bindingId}",
            P::TaskQueueEdit,
            remove,
            "Delete a binding; what runs goes on",
        ),
    ]
}

fn push(binding: &Binding, stall: Option<&Stall>, out: &mut String) {
    let mut object = Object::begin(out);
    object.id("id", binding.id);
    object.id("workflowId", binding.workflow);
    let mapping = binding.mapping.iter().map(|(name, path)| (name, path));
    object.pairs("mapping", mapping);
    object.text("concurrency", binding.concurrency.name());
    object.text("removeWhen", binding.remove_when.name());
    object.boolean("enabled", binding.enabled);
    object.maybe_instant("stalledAt", stall.map(|stall| stall.since_ms));
    object.maybe_text("stallReason", stall.map(|stall| stall.why.as_str()));
    object.stamp("createdAt", "createdBy", "createdByName", &binding.created);
    object.text("eTag", &etag_of(binding));
    object.end();
}

fn text(binding: &Binding, stall: Option<&Stall>) -> String {
    let mut out = String::new();
    push(binding, stall, &mut out);
    out
}

/// Why a binding starts nothing now.
fn stall(call: &Call, queue: rpa::Guid, binding: &Binding) -> Option<Stall> {
    let cell = call.state.engine.queues.get(queue)?;
    cell.stall(binding.id)
}

/// The binding that the path names.
async fn found(call: &Call, permission: P) -> Result<(rpa::Guid, Binding), Refused> {
    let id = call.id("bindingId")?;
    let seen = look(call, permission, |queue: &Queue| {
        (queue.id(), queue.binding(id).cloned())
    });
    let (queue, binding) = seen.await?;
    let binding = binding.ok_or_else(|| Refused::unknown("binding", &id.to_string()))?;
    Ok((queue, binding))
}

/// `GET …/bindings`
async fn list(call: Call) -> Answered {
    let query = call.list_query()?;
    let seen = look(&call, P::TaskQueueView, |queue| {
        (queue.id(), queue.bindings().to_vec())
    });
    let (queue, bindings) = seen.await?;
    let page = bindings.iter().skip(query.skipped()).take(query.page_size);
    page::list(bindings.len(), page, |binding, out| {
        push(binding, stall(&call, queue, binding).as_ref(), out);
    })
}

/// `GET …/bindings/{bindingId}`
async fn show(call: Call) -> Answered {
    let (queue, binding) = found(&call, P::TaskQueueView).await?;
    ok(text(&binding, stall(&call, queue, &binding).as_ref()))
}

/// `POST …/bindings`
async fn create(call: Call) -> Answered {
    let body = call.body()?;
    let queue = look(&call, P::TaskQueueEdit, Queue::id).await?;
    let binding = Binding {
        id: new_id()?,
        workflow: rpa::Guid(body.required_id("workflowId")?.0),
        mapping: Vec::new(),
        concurrency: Concurrency::Parallel,
        remove_when: RemoveWhen::Succeeded,
        enabled: true,
        created: call.by(),
    };
    save(&call, queue, binding, &body).await
}

/// `PATCH …/bindings/{bindingId}`
async fn change(call: Call) -> Answered {
    let body = call.body()?;
    let (queue, mut binding) = found(&call, P::TaskQueueEdit).await?;
    if let Some(workflow) = body.id("workflowId")? {
        binding.workflow = rpa::Guid(workflow.0);
    }
    save(&call, queue, binding, &body).await
}

async fn save(call: &Call, queue: rpa::Guid, mut binding: Binding, body: &Body) -> Answered {
    if let Some(mapping) = body.pairs("mapping")? {
        binding.mapping = mapping;
    }
    if let Some(concurrency) = body.word("concurrency", concurrency)? {
        binding.concurrency = concurrency;
    }
    if let Some(remove_when) = body.word("removeWhen", remove_when)? {
        binding.remove_when = remove_when;
    }
    if let Some(enabled) = body.boolean("enabled")? {
        binding.enabled = enabled;
    }
    // One that starts nothing may be kept though its workflow is gone.
    if binding.enabled || body.id("workflowId")?.is_some() {
        may_execute(call, binding.workflow)?;
    }
    // What was saved tries at once.
    let answer = text(&binding, None);
    let command = Command::SaveBinding {
        binding: Box::new(binding),
        etag: body.etag()?,
    };
    call.state
        .engine
        .order_queue(queue, command, |_, _| ())
        .await?;
    ok(answer)
}

/// Whoever binds a workflow executes it.
fn may_execute(call: &Call, workflow: rpa::Guid) -> Result<(), Refused> {
    let department = call.state.engine.registry.look(|registry| {
        let found = registry.workflow(call.tenant(), workflow);
        found.map(|found| found.meta.department)
    });
    let department =
        department.ok_or_else(|| Refused::field("workflowId", "the id of a workflow"))?;
    call.check(P::WorkflowExecute, department)
}

fn concurrency(word: &str) -> Option<Concurrency> {
    CONCURRENCIES
        .into_iter()
        .find(|it| it.name().eq_ignore_ascii_case(word))
}

fn remove_when(word: &str) -> Option<RemoveWhen> {
    REMOVALS
        .into_iter()
        .find(|it| it.name().eq_ignore_ascii_case(word))
}

/// `DELETE …/bindings/{bindingId}`
async fn remove(call: Call) -> Answered {
    let (queue, binding) = found(&call, P::TaskQueueEdit).await?;
    let command = Command::RemoveBinding {
        binding: binding.id,
    };
    call.state
        .engine
        .order_queue(queue, command, |_, _| ())
        .await?;
    done()
}
