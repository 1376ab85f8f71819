//! A session by HTTP: the same messages, carried by one request after the other.
//!
//! ```text
//!  POST {hub}/poll {session, n, waitMs, messages} ─▶ {session, messages}
//! ```
//! A request that failed is sent again with its number, so nothing is lost and nothing counts twice.

use super::{
    link::{Closed, Course, Event, Events, Outgoing, heartbeat},
    net::{self, Answer},
    options::Connection,
    token::{TokenError, Tokens},
};
use hyper::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout},
};

/// The server may hold a request so long when nothing is going on.
const IDLE_WAIT: Duration = Duration::from_secs(20);
/// And so long while there is a run: what it says must not wait.
const BUSY_WAIT: Duration = Duration::from_millis(500);
/// An answer comes at the latest so long after what was asked for.
const ANSWER: Duration = Duration::from_secs(30);
const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;
/// Messages of one request.
const MESSAGES: usize = 3;
/// How often a request is sent again.
const TRIES: u32 = 5;
const TRY_AGAIN: Duration = Duration::from_millis(300);

#[derive(Deserialize)]
struct Reply {
    session: Value,
    #[serde(default)]
    messages: Vec<Value>,
}

/// What a request ended with.
enum Turn {
    Reply(Reply),
    Bye(Value),
}

struct Session<'a> {
    connection: &'a Connection,
    tokens: &'a mut Tokens,
    id: Option<Value>,
    number: u64,
    /// Whether there is an offer or a run.
    is_busy: bool,
    every: Duration,
}

/// Carries messages until the session ends.
pub async fn session(
    connection: &Connection,
    tokens: &mut Tokens,
    events: &Events,
    course: &mut Course,
) -> Closed {
    let (sender, mut outgoing) = mpsc::unbounded_channel();
    if events.send(Event::Up(sender)).await.is_err() {
        return Closed::Bye;
    }
    let mut session = Session {
        connection,
        tokens,
        id: None,
        number: 0,
        is_busy: false,
        every: IDLE_WAIT,
    };
    let mut waiting = Vec::new();
    // Hello comes first.
    match outgoing.recv().await {
        Some(Outgoing::Say(hello)) => waiting.push(hello),
        Some(Outgoing::Bye(_)) | None => return Closed::Bye,
    }
    loop {
        while let Ok(message) = outgoing.try_recv() {
            match message {
                Outgoing::Say(message) => waiting.push(message),
                Outgoing::Bye(message) => return session.bye(waiting, message).await,
            }
        }
        let begun = Instant::now();
        let batch: Vec<Value> = waiting.drain(..waiting.len().min(MESSAGES)).collect();
        let is_more = !waiting.is_empty();
        session.number += 1;
        let mut asked = Box::pin(session.ask(&batch, is_more));
        let turn = loop {
            tokio::select! {
                answer = &mut asked => break answer.map(Turn::Reply),
                message = outgoing.recv() => match message {
                    Some(Outgoing::Say(message)) => waiting.push(message),
                    Some(Outgoing::Bye(message)) => {
                        // An answer that is due soon is taken along; a longer wait is given up.
                        timeout(2 * BUSY_WAIT, &mut asked).await.ok();
                        break Ok(Turn::Bye(message));
                    }
                    None => return Closed::Bye,
                },
            }
        };
        drop(asked);
        let reply = match turn {
            Err(closed) => return closed,
            Ok(Turn::Bye(bye)) => return session.bye(waiting, bye).await,
            Ok(Turn::Reply(reply)) => reply,
        };
        session.id = Some(reply.session);
        let (mut happened, mut closed) = (vec![Event::Contact(begun)], None);
        for message in reply.messages {
            if let Some(every) = heartbeat(&message) {
                course.was_welcomed = true;
                session.every = every;
            }
            session.note(&message);
            closed = closed.or_else(|| close_of(&message));
            happened.push(Event::Heard(message));
        }
        for event in happened {
            if events.send(event).await.is_err() {
                return Closed::Bye;
            }
        }
        if let Some(closed) = closed {
            return closed;
        }
    }
}

/// The end of the session, when a message says it.
fn close_of(message: &Value) -> Option<Closed> {
    let code = message["closeCode"].as_u64()?;
    let is_end = message["type"] == "problem" && message["code"] == "closed";
    let cause = message["message"].as_str().unwrap_or_default().to_owned();
    is_end.then(|| Closed::Code(u16::try_from(code).unwrap_or_default(), cause))
}

impl Session<'_> {
    fn body(&self, messages: &[Value], wait: Duration) -> Value {
        let wait_ms = u64::try_from(wait.as_millis()).unwrap_or_default();
        let mut body = json!({ "n": self.number, "waitMs": wait_ms, "messages": messages });
        if let Some(id) = &self.id {
            body["session"] = id.clone();
        }
        body
    }

    /// One request, again and again until it has an answer.
    async fn ask(&mut self, messages: &[Value], is_more: bool) -> Result<Reply, Closed> {
        messages.iter().for_each(|message| self.note(message));
        let wait = if is_more || !messages.is_empty() {
            Duration::ZERO
        } else if self.is_busy {
            BUSY_WAIT
        } else {
            IDLE_WAIT
        };
        let wait = wait.min(self.every);
        let beat = [json!({ "type": "heartbeat" })];
        let messages = if messages.is_empty() { &beat } else { messages };
        let body = self.body(messages, wait);
        let (mut tries, mut refusals) = (0, 0);
        loop {
            let cause = match self.post(&body, wait + ANSWER).await? {
                Ok(answer) => match answer.status.as_u16() {
                    200 => {
                        let reply = serde_json::from_slice(&answer.body);
                        let fault = |error| Closed::Lost(format!("its answer is none: {error}"));
                        return reply.map_err(fault);
                    }
                    401 if refusals == 0 => {
                        refusals += 1;
                        self.tokens.forget();
                        continue;
                    }
                    401 => return Err(Closed::Token),
                    409 => return Err(Closed::Lost("the session is not known".to_owned())),
                    500.. => answer.status.to_string(),
                    _ => return Err(Closed::Lost(answer.status.to_string())),
                },
                Err(error) => error,
            };
            tries += 1;
            if tries >= TRIES {
                return Err(Closed::Lost(cause));
            }
            sleep(TRY_AGAIN).await;
        }
    }

    async fn post(
        &mut self,
        body: &Value,
        within: Duration,
    ) -> Result<Result<Answer, String>, Closed> {
        let token = match self.tokens.token(self.connection).await {
            Ok(token) => token,
            Err(TokenError::Refused(cause)) => return Err(Closed::Refused(cause)),
            Err(error @ TokenError::Later(..)) => return Ok(Err(error.to_string())),
        };
        let headers = [
            ("authorization", format!("Bearer {token}")),
            ("content-type", "application/json".to_owned()),
        ];
        let bytes = body.to_string().into_bytes();
        let address = self.connection.hub.below("poll");
        let limits = (within, MAX_ANSWER_BYTES);
        let answer = net::ask(&address, Method::POST, &headers, bytes, limits).await;
        Ok(answer.map_err(|error| error.to_string()))
    }

    /// The last request; an answer to it changes nothing.
    async fn bye(&mut self, mut messages: Vec<Value>, bye: Value) -> Closed {
        messages.push(bye);
        self.number += 1;
        let body = self.body(&messages, Duration::ZERO);
        if let Err(closed) = self.post(&body, Duration::from_secs(2)).await {
            tracing::debug!(?closed, "saying bye failed");
        }
        Closed::Bye
    }

    /// Learns from a message whether a run is going on.
    fn note(&mut self, message: &Value) {
        let is = |kind: &str| message["type"] == kind;
        let has_runs = message["runs"]
            .as_array()
            .is_some_and(|runs| !runs.is_empty());
        if is("offer") || is("start") || (is("hello") && has_runs) {
            self.is_busy = true;
        }
        if is("reject") || is("withdraw") || (is("ack") && message["of"] == "result") {
            self.is_busy = false;
        }
    }
}
