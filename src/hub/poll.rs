//! The hub without WebSocket: the same messages, carried by requests.
//!
//! Owns: the sessions that poll, the numbers of their requests, the answers that are given again.
//! Never: loses a message that a repetition asks for again; holds a session that nobody polls for.
//!
//! ```text
//!  {n: 1, messages: [hello…]}          ─▶ {session: S, messages: [welcome…]}
//!  {session: S, n: 2, waitMs, messages} ─▶ waits until there is something ─▶ {session: S, messages}
//!  {session: S, n: 2, …} again          ─▶ the same answer          an unknown session ─▶ 409: say hello again
//! ```

use super::{
    MESSAGE_BYTES,
    frames::{self, Malformed},
    read::{self, Read},
    write,
};
use crate::{
    access::Robot,
    http::{Context, Fault, Params, Request, Response, StatusCode},
    server::State,
};
use actors::robots::{
    Outbox, Session,
    message::{Close, FromRobot, ToRobot},
};
use dashmap::DashMap;
use rpa::Guid;
use serde_json::{Map, Value, json};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout, timeout_at},
};

/// The longest wait, in milliseconds.
const WAIT_MS: u64 = 60_000;
/// Acknowledgements alone wait so long for company: the next offer comes one record later.
const LINGER: Duration = Duration::from_millis(10);
/// A session that polls comes again within so long, or says hello anew.
const WELCOME_WITHIN: Duration = Duration::from_secs(30);

/// The sessions that poll.
#[derive(Default)]
pub struct Polls {
    sessions: DashMap<Guid, Arc<Mutex<Polling>>>,
}

struct Polling {
    robot: Guid,
    session: Session,
    outbox: Outbox,
    n: u64,
    /// What the request with this number was answered; none: its client went before.
    answer: Option<String>,
    /// What it is to be answered so far.
    pending: Vec<String>,
    ended: bool,
}

/// What a request says.
struct Asked {
    session: Option<Guid>,
    n: u64,
    wait: Duration,
    messages: Vec<Map<String, Value>>,
    /// How long all of it is.
    bytes: usize,
}

impl Polls {
    /// Forgets the sessions that have ended.
    fn sweep(&self) {
        self.sessions.retain(|_, polling| match polling.try_lock() {
            Ok(polling) => !polling.ended && !polling.outbox.is_closed(),
            // Somebody polls.
            Err(_) => true,
        });
    }
}

/// `POST /robothub/poll`
pub async fn poll(
    state: Context<State>,
    mut request: Request,
    _: Params,
) -> Result<Response, Fault> {
    let robot = request.extensions.remove::<Robot>();
    let robot = robot.ok_or(Fault::Panicked)?;
    let asked = asked(&request)?;
    let polls = &state.polls;
    let Some(id) = asked.session else {
        polls.sweep();
        return hello(&state, &robot, asked).await;
    };
    let polling = polls.sessions.get(&id).map(|found| Arc::clone(&found));
    let unknown = || refuse(StatusCode::CONFLICT, "unknown-session", "say hello again");
    let Some(polling) = polling else {
        return Ok(unknown());
    };
    let mut polling = polling.lock().await;
    if polling.robot != robot.id || polling.ended {
        return Ok(unknown());
    }
    if asked.n == polling.n
        && let Some(answer) = &polling.answer
    {
        return Ok(Response::json(StatusCode::OK, answer.clone()));
    }
    if asked.n != polling.n && asked.n != polling.n + 1 {
        let detail = format!("the next n is {}", polling.n + 1);
        return Ok(refuse(StatusCode::CONFLICT, "out-of-order", &detail));
    }
    // Who polls is there.
    polling.session.say(FromRobot::Heartbeat);
    if asked.n != polling.n {
        match read_all(&asked.messages, asked.bytes) {
            Ok(said) => said.into_iter().for_each(|said| polling.session.say(said)),
            Err(reason) => {
                polling.ended = true;
                drop(polling);
                polls.sessions.remove(&id);
                return Ok(malformed(&reason));
            }
        }
        polling.n = asked.n;
        polling.answer = None;
        polling.pending.clear();
    }
    let answered = collect(&state, &mut polling, id, asked.wait).await;
    if polling.ended {
        drop(polling);
        polls.sessions.remove(&id);
    }
    Ok(answered)
}

/// The first request of a session.
async fn hello(state: &Context<State>, robot: &Robot, asked: Asked) -> Result<Response, Fault> {
    let (first, later) = match asked.messages.split_first() {
        Some((first, later)) => (read_one(first, asked.bytes), read_all(later, asked.bytes)),
        None => return Ok(malformed(&Malformed::NoHello)),
    };
    let (hello, later) = match (first, later) {
        (Ok(Read::Hello(hello)), Ok(later)) => (*hello, later),
        (Ok(Read::Said(_) | Read::Unknown), _) => return Ok(malformed(&Malformed::NoHello)),
        (Err(reason), _) | (_, Err(reason)) => return Ok(malformed(&reason)),
    };
    // As a socket's hello: looked at before and after.
    if !robot.may_stay(state) {
        return Ok(secret_ended());
    }
    let core = state.engine.core();
    let connected = state.engine.robots.connect(core, robot.id, hello).await;
    let (session, outbox) = connected.ok_or(Fault::Overloaded { retry_after_s: 5 })?;
    if !robot.may_stay(state) {
        return Ok(secret_ended());
    }
    for said in later {
        session.say(said);
    }
    let mut id = [0; 16];
    getrandom::fill(&mut id).map_err(|_| Fault::Panicked)?;
    let id = Guid(u128::from_be_bytes(id));
    let mut polling = Polling {
        robot: robot.id,
        session,
        outbox,
        n: asked.n,
        answer: None,
        pending: Vec::new(),
        ended: false,
    };
    let answered = collect(state, &mut polling, id, asked.wait.max(WELCOME_WITHIN)).await;
    if !polling.ended {
        let polling = Arc::new(Mutex::new(polling));
        state.polls.sessions.insert(id, polling);
    }
    Ok(answered)
}

/// Waits for something to say, then says all there is.
async fn collect(state: &State, polling: &mut Polling, id: Guid, wait: Duration) -> Response {
    let deadline = Instant::now() + wait;
    let mut next = match polling.pending.is_empty() {
        true => timeout_at(deadline, polling.outbox.recv()).await.ok(),
        // Its client went while this was on its way.
        false => polling.outbox.try_recv().ok().map(Some),
    };
    while let Some(message) = next {
        let Some(message) = message else {
            polling.ended = true;
            break;
        };
        if let ToRobot::Close(close) = message {
            polling.ended = true;
            if close == Close::Secret {
                return secret_ended();
            }
            polling.pending.push(write::closed(frames::close(close)));
            break;
        }
        let is_ack = matches!(message, ToRobot::AckLogs { .. } | ToRobot::AckResult { .. });
        let written = write::write(state, polling.robot, &message);
        polling.pending.extend(written);
        let linger = if is_ack { LINGER } else { Duration::ZERO };
        next = match polling.outbox.try_recv() {
            Ok(message) => Some(Some(message)),
            Err(_) => timeout(linger, polling.outbox.recv()).await.ok(),
        };
    }
    // Each is JSON already.
    let answer = format!(
        "{{\"session\":\"{id}\",\"messages\":[{}]}}",
        polling.pending.join(",")
    );
    polling.answer = Some(answer.clone());
    Response::json(StatusCode::OK, answer)
}

/// What a robot says after its hello.
fn read_all(messages: &[Map<String, Value>], bytes: usize) -> Result<Vec<FromRobot>, Malformed> {
    let mut all = Vec::new();
    for message in messages {
        match read_one(message, bytes)? {
            Read::Said(said) => all.push(said),
            Read::Unknown => {}
            Read::Hello(_) => return Err(Malformed::Again),
        }
    }
    Ok(all)
}

/// Reads a message of a request that has so many bytes.
fn read_one(message: &Map<String, Value>, bytes: usize) -> Result<Read, Malformed> {
    // Only a longer request can hold one that is too long.
    if bytes > MESSAGE_BYTES {
        let text = serde_json::to_string(message);
        if text.is_ok_and(|text| text.len() > MESSAGE_BYTES) {
            return Err(Malformed::TooLarge);
        }
    }
    read::message(message)
}

fn asked(request: &Request) -> Result<Asked, Fault> {
    let wrong = |why: &'static str| Fault::malformed(why);
    let Ok(Value::Object(mut body)) = serde_json::from_slice::<Value>(&request.body) else {
        return Err(wrong("the body is a JSON object"));
    };
    let session = match body.get("session") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => {
            // A text that is no session of ours is an unknown one.
            Some(text.parse().unwrap_or(Guid::NIL))
        }
        Some(_) => return Err(wrong("session is a text")),
    };
    let n = body.get("n").and_then(Value::as_u64);
    let wait_ms = match body.get("waitMs") {
        None | Some(Value::Null) => 0,
        Some(value) => value
            .as_u64()
            .ok_or_else(|| wrong("waitMs is a number from 0"))?,
    };
    let messages = match body.remove("messages") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(items)) => items,
        Some(_) => return Err(wrong("messages is a list")),
    };
    let messages = messages.into_iter().map(|message| match message {
        Value::Object(fields) => Ok(fields),
        _ => Err(wrong("a message is a JSON object with a type")),
    });
    Ok(Asked {
        session,
        n: n.ok_or_else(|| wrong("n is a number from 0"))?,
        wait: Duration::from_millis(wait_ms.min(WAIT_MS)),
        messages: messages.collect::<Result<_, _>>()?,
        bytes: request.body.len(),
    })
}

fn secret_ended() -> Response {
    let detail = frames::close(Close::Secret).1;
    refuse(StatusCode::UNAUTHORIZED, "secret-ended", detail)
}

fn malformed(reason: &Malformed) -> Response {
    refuse(StatusCode::BAD_REQUEST, reason.name(), &reason.to_string())
}

fn refuse(status: StatusCode, code: &str, detail: &str) -> Response {
    let body = json!({"title": code, "status": status.as_u16(), "code": code, "detail": detail});
    Response::json(status, body.to_string())
}
