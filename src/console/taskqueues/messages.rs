//! The messages of a task queue: put, received with a lock, given back, looked at.

use super::super::{
    body::Body,
    call::{Answered, Call, done, new_id, ok},
    form::{Field, Form, Kind, field, required},
    json::{Object, array},
    page,
    problem::Refused,
    query::ListQuery,
    table::{Endpoint, delete, get, post},
};
use super::{look, permitted, ttl};
use actors::queues::Received;
use org::{Guid, Permission as P};
use rpa::{
    limits,
    queue::{AT_ONCE, Command, Message, MessageState, NewMessage},
};
use std::time::Duration;

/// How long a receiver has a message when it does not say, in milliseconds.
const LOCK_MS: i64 = 30_000;
/// The longest lock, in milliseconds.
const MAX_LOCK_MS: i64 = 12 * 3600 * 1000;
/// The longest wait for a message, in milliseconds.
const MAX_WAIT_MS: i64 = 60_000;

const MESSAGE: Form = &[&[
    field("body", Kind::Any),
    field("priority", Kind::Natural),
    field("ttl", Kind::Text),
    field("dedupKey", Kind::Text),
]];
const RECEIVE: Form = &[&[
    field("max", Kind::Natural),
    field("lockMs", Kind::Integer),
    field("waitMs", Kind::Integer),
]];
const RECEIPT: &[Field] = &[required("receipt", Kind::Id)];
const SETTLE: Form = &[RECEIPT];
const DEAD_LETTER: Form = &[RECEIPT, &[field("reason", Kind::Text)]];

/// The lines of the table.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let receive_summary =
        "Receive the next messages, each with a receipt; with waitMs when there is one";
    vec![
        get(
            "/openapi/taskqueues/{id}/messages",
            P::TaskQueueView,
            peek,
            "The messages of a task queue, without receiving them",
        )
        .lists()
        .query(&["State"]),
        post(
            "/openapi/taskqueues/{id}/messages",
            P::TaskQueueSend,
            send,
            "Put a message, or several in an array, into a task queue",
        )
        .takes_many(MESSAGE),
        post(
            "/openapi/taskqueues/{id}/messages/receive",
            P::TaskQueueReceive,
            receive,
            receive_summary,
        )
        .takes(RECEIVE)
        .waits(),
        post(
            "/openapi/taskqueues/{id}/messages/{messageId}/complete",
            P::TaskQueueReceive,
            complete,
            "Be done with a message that was received",
        )
        .takes(SETTLE),
        post(
            "/openapi/taskqueues/{id}/messages/{messageId}/release",
            P::TaskQueueReceive,
            release,
            "Give a message back that was received",
        )
        .takes(SETTLE),
        post(
            "/openapi/taskqueues/{id}/messages/{messageId}/dead-letter",
            P::TaskQueueReceive,
            dead_letter,
            "Put a message that was received to the dead letters",
        )
        .takes(DEAD_LETTER),
        delete(
            "/openapi/taskqueues/{id}/messages/{messageId}",
            P::TaskQueueEdit,
            remove,
            "Take a message away, wherever it is",
        ),
    ]
}

fn push(message: &Message, receipt: Option<rpa::Guid>, out: &mut String) {
    let mut object = Object::begin(out);
    object.id("id", message.id);
    let body = codec::json::to_json(&message.body).to_string();
    object.name("body").push_str(&body);
    object.number("priority", message.priority.into());
    object.text("state", message.state.name());
    object.number("deliveryCount", message.deliveries.into());
    object.maybe_text("dedupKey", message.dedup_key.as_deref());
    object.maybe_instant("expiresAt", message.expires_ms);
    match &message.state {
        MessageState::Ready => {}
        MessageState::Locked { until_ms, .. } => object.instant("lockedUntil", *until_ms),
        MessageState::Running { execution } => object.id("jobGroupId", *execution),
        MessageState::Dead { why, at_ms } => {
            object.text("reason", why);
            object.instant("deadAt", *at_ms);
        }
    }
    object.maybe_id("receipt", receipt);
    object.stamp("createdAt", "createdBy", "createdByName", &message.created);
    object.end();
}

/// `GET /openapi/taskqueues/{id}/messages`: in the order in which they came, unless another one is asked for.
async fn peek(call: Call) -> Answered {
    let query = call.list_query()?;
    let states = call.query().words("State", state)?;
    let by_priority = call.query().word("OrderBy", by_priority)?.unwrap_or(false);
    let descending = call.query().boolean("IsDesc")?.unwrap_or(false);
    let (skipped, size) = (query.skipped(), query.page_size);
    let seen = look(&call, P::TaskQueueView, |queue| {
        let is_wanted =
            |message: &&Message| states.is_empty() || states.contains(&message.state.name());
        let messages = queue.messages().filter(is_wanted);
        let mut messages: Vec<&Message> = messages.filter(|one| takes(&query, one)).collect();
        if by_priority {
            messages.sort_by_key(|message| message.priority);
        }
        if descending {
            messages.reverse();
        }
        let page = messages.iter().skip(skipped).take(size);
        let page: Vec<Message> = page.map(|message| (*message).clone()).collect();
        (messages.len(), page)
    });
    let (count, page) = seen.await?;
    page::list(count, page, |message, out| push(&message, None, out))
}

/// What messages are ordered by: their priority, or when they came.
fn by_priority(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "createdat" | "0" => Some(false),
        "priority" | "3" => Some(true),
        _ => None,
    }
}

/// A message is called by its key.
fn takes(list: &ListQuery, message: &Message) -> bool {
    let key = message.dedup_key.as_deref().unwrap_or_default();
    let created_ms = message.created.at_ms;
    list.passes(Guid(message.id.0), created_ms, key, |needle| {
        needle.is_in(key) || needle.is_in(&codec::json::to_json(&message.body).to_string())
    })
}

fn state(text: &str) -> Option<&'static str> {
    let all = ["Ready", "Locked", "Running", "Dead"];
    all.into_iter().find(|name| name.eq_ignore_ascii_case(text))
}

/// `POST /openapi/taskqueues/{id}/messages`
async fn send(call: Call) -> Answered {
    let bodies = Body::many(&call.request)?;
    let id = permitted(&call, P::TaskQueueSend).await?;
    let mut messages = Vec::with_capacity(bodies.len());
    for body in &bodies {
        messages.push(NewMessage {
            id: new_id()?,
            body: match body.get("body") {
                Some(value) => codec::json::from_plain_json(value.clone()),
                None => codec::Value::Null,
            },
            priority: body
                .unsigned("priority")?
                .unwrap_or(limits::DEFAULT_PRIORITY),
            ttl_ms: ttl(body)?.flatten(),
            dedup_key: body.text("dedupKey")?.filter(|key| !key.is_empty()),
        });
    }
    let put = Command::Put {
        messages,
        by: call.by(),
    };
    let engine = &call.state.engine;
    let ids = engine.order_queue(id, put, |_, decision| decision.messages.clone());
    let ids = ids.await?;
    page::list(ids.len(), ids, |id, out| {
        let mut object = Object::begin(out);
        object.id("id", id);
        object.end();
    })
}

/// `POST /openapi/taskqueues/{id}/messages/receive`
async fn receive(call: Call) -> Answered {
    let body = call.body()?;
    let max = body.unsigned("max")?.unwrap_or(1);
    let max = usize::try_from(max)
        .ok()
        .filter(|max| (1..=AT_ONCE).contains(max));
    let max = max.ok_or_else(|| Refused::field("max", "between 1 and 1000"))?;
    let lock_ms = body.integer("lockMs")?.unwrap_or(LOCK_MS);
    if !(1..=MAX_LOCK_MS).contains(&lock_ms) {
        return Err(Refused::field("lockMs", "between 1 and 43200000"));
    }
    let wait_ms = body.integer("waitMs")?.unwrap_or(0).clamp(0, MAX_WAIT_MS);
    let id = permitted(&call, P::TaskQueueReceive).await?;
    let mut receipts = Vec::with_capacity(max);
    for _ in 0..max {
        receipts.push(new_id()?);
    }
    let wait = Duration::from_millis(wait_ms.unsigned_abs());
    let received = call
        .state
        .engine
        .receive(id, &receipts, lock_ms, wait)
        .await?;
    let mut out = String::new();
    let mut object = Object::begin(&mut out);
    object.count("count", received.len());
    array(object.name("list"), received, |it: Received, out| {
        push(&it.message, Some(it.receipt), out);
    });
    object.end();
    ok(out)
}

async fn settle(
    call: Call,
    command: impl FnOnce(rpa::Guid, rpa::Guid, &Body) -> Result<Command, Refused>,
) -> Answered {
    let body = call.body()?;
    let message = call.id("messageId")?;
    let id = permitted(&call, P::TaskQueueReceive).await?;
    let receipt = rpa::Guid(body.required_id("receipt")?.0);
    let command = command(message, receipt, &body)?;
    call.state
        .engine
        .order_queue(id, command, |_, _| ())
        .await?;
    done()
}

/// `POST …/complete`
async fn complete(call: Call) -> Answered {
    settle(call, |message, receipt, _| {
        Ok(Command::Complete { message, receipt })
    })
    .await
}

/// `POST …/release`
async fn release(call: Call) -> Answered {
    settle(call, |message, receipt, _| {
        Ok(Command::Release { message, receipt })
    })
    .await
}

/// `POST …/dead-letter`
async fn dead_letter(call: Call) -> Answered {
    settle(call, |message, receipt, body| {
        let why = body.text("reason")?;
        Ok(Command::DeadLetter {
            message,
            receipt,
            why: why.unwrap_or_else(|| "its receiver could not do anything with it".to_owned()),
        })
    })
    .await
}

/// `DELETE …/messages/{messageId}`
async fn remove(call: Call) -> Answered {
    let message = call.id("messageId")?;
    let id = permitted(&call, P::TaskQueueEdit).await?;
    let command = Command::Remove { message };
    call.state
        .engine
        .order_queue(id, command, |_, _| ())
        .await?;
    done()
}
