//! A connection by WebSocket: frames, heartbeats, pings that prove contact.
//! Never: looks into a message further than for the beat.

use super::{
    link::{Closed, Course, Event, Events, Outgoing, heartbeat},
    messages::{FRAME_BYTES, SUBPROTOCOL},
    net::{Address, Stream},
};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::{
    sync::mpsc,
    time::{Instant, Interval, MissedTickBehavior, interval_at, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        Error as WsError, Message,
        client::IntoClientRequest,
        protocol::{CloseFrame, WebSocketConfig},
    },
};

/// A handshake takes no longer; something between holds it back otherwise.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Sending a frame takes no longer.
const SEND: Duration = Duration::from_secs(30);
/// Until the server says how often.
const BEAT: Duration = Duration::from_secs(10);

/// A connection.
pub type Socket = WebSocketStream<Stream>;

/// What became of a handshake.
pub enum Handshake {
    /// There is a connection.
    Done(Box<Socket>),
    /// There is none, and polling would not fare better.
    Closed(Closed),
    /// The server can be reached, but not so.
    Impossible(String),
}

/// Connects.
pub async fn open(hub: &Address, token: &str) -> Handshake {
    let stream = match hub.connect().await {
        Ok(stream) => stream,
        Err(error) => return Handshake::Closed(error.into()),
    };
    let url = format!("ws://{}{}", hub.authority(), hub.path());
    let request = url.into_client_request().and_then(|mut request| {
        let headers = request.headers_mut();
        headers.insert("sec-websocket-protocol", SUBPROTOCOL.parse()?);
        headers.insert("authorization", format!("Bearer {token}").parse()?);
        Ok(request)
    });
    let request = match request {
        Ok(request) => request,
        Err(error) => return Handshake::Closed(Closed::Lost(error.to_string())),
    };
    let config = WebSocketConfig::default()
        .read_buffer_size(16 * 1024)
        .max_message_size(Some(FRAME_BYTES))
        .max_frame_size(Some(FRAME_BYTES));
    let shaken = client_async_with_config(request, stream, Some(config));
    match timeout(HANDSHAKE, shaken).await {
        Ok(Ok((socket, _))) => Handshake::Done(Box::new(socket)),
        Ok(Err(WsError::Http(answer))) => match answer.status().as_u16() {
            401 => Handshake::Closed(Closed::Token),
            429 | 503 => Handshake::Closed(Closed::Lost(answer.status().to_string())),
            _ => Handshake::Impossible(answer.status().to_string()),
        },
        Ok(Err(error)) => Handshake::Impossible(error.to_string()),
        Err(_) => Handshake::Impossible("no answer to the handshake".to_owned()),
    }
}

/// The pings of a connection: at most one is under way.
struct Pulse {
    beat: Interval,
    every: Duration,
    number: u64,
    under_way: Option<Instant>,
}

impl Pulse {
    fn new(every: Duration) -> Self {
        let mut beat = interval_at(Instant::now() + every, every);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            beat,
            every,
            number: 0,
            under_way: None,
        }
    }

    fn set(&mut self, every: Duration) {
        let number = self.number;
        *self = Self {
            number,
            ..Self::new(every)
        };
    }

    /// What to ping with; none when the last one has not come back for too long.
    fn ping(&mut self) -> Option<Option<Bytes>> {
        match self.under_way {
            Some(since) if since.elapsed() > 2 * self.every => None,
            Some(_) => Some(None),
            None => {
                self.number += 1;
                self.under_way = Some(Instant::now());
                Some(Some(Bytes::copy_from_slice(&self.number.to_be_bytes())))
            }
        }
    }

    /// When the server has heard us, if this answers the last ping.
    fn pong(&mut self, payload: &[u8]) -> Option<Instant> {
        if payload == self.number.to_be_bytes() {
            self.under_way.take()
        } else {
            None
        }
    }
}

/// Carries messages until the connection ends.
pub async fn session(mut socket: Socket, events: &Events, course: &mut Course) -> Closed {
    let (sender, mut outgoing) = mpsc::unbounded_channel();
    if events.send(Event::Up(sender)).await.is_err() {
        return Closed::Bye;
    }
    let mut pulse = Pulse::new(BEAT);
    loop {
        let sent = tokio::select! {
            frame = socket.next() => match take(frame, &mut pulse, course) {
                Taken::Event(event) => {
                    if events.send(event).await.is_err() {
                        return Closed::Bye;
                    }
                    Ok(())
                }
                Taken::Nothing => Ok(()),
                Taken::End(closed) => return closed,
            },
            message = outgoing.recv() => match message {
                Some(Outgoing::Say(message)) => say(&mut socket, &message).await,
                Some(Outgoing::Bye(message)) => {
                    // The server need not answer: it has been told.
                    say(&mut socket, &message).await.ok();
                    timeout(SEND, socket.close(None)).await.ok();
                    return Closed::Bye;
                }
                None => return Closed::Bye,
            },
            _ = pulse.beat.tick() => match pulse.ping() {
                None => return Closed::Lost("the server does not answer".to_owned()),
                Some(ping) => beat(&mut socket, ping).await,
            },
        };
        if let Err(cause) = sent {
            return Closed::Lost(cause);
        }
    }
}

async fn beat(socket: &mut Socket, ping: Option<Bytes>) -> Result<(), String> {
    say(socket, &json!({ "type": "heartbeat" })).await?;
    match ping {
        Some(payload) => send(socket, Message::Ping(payload)).await,
        None => Ok(()),
    }
}

async fn say(socket: &mut Socket, message: &Value) -> Result<(), String> {
    send(socket, Message::text(message.to_string())).await
}

async fn send(socket: &mut Socket, message: Message) -> Result<(), String> {
    let sent = timeout(SEND, socket.send(message)).await;
    sent.map_err(|_| "sending takes too long".to_owned())?
        .map_err(|error| error.to_string())
}

/// What a frame means.
enum Taken {
    Event(Event),
    Nothing,
    End(Closed),
}

fn take(frame: Option<Result<Message, WsError>>, pulse: &mut Pulse, course: &mut Course) -> Taken {
    let lost = |cause: String| Taken::End(Closed::Lost(cause));
    match frame {
        None => lost("the connection ended".to_owned()),
        Some(Err(error)) => lost(error.to_string()),
        Some(Ok(Message::Text(text))) => match serde_json::from_str(&text) {
            Ok(message) => {
                if let Some(every) = heartbeat(&message) {
                    course.was_welcomed = true;
                    pulse.set(every);
                }
                Taken::Event(Event::Heard(message))
            }
            Err(error) => lost(format!("what the server says is no JSON: {error}")),
        },
        Some(Ok(Message::Pong(payload))) => pulse
            .pong(&payload)
            .map_or(Taken::Nothing, |at| Taken::Event(Event::Contact(at))),
        Some(Ok(Message::Close(Some(CloseFrame { code, reason })))) => {
            Taken::End(Closed::Code(code.into(), reason.to_string()))
        }
        Some(Ok(Message::Close(None))) => lost("the server closed the connection".to_owned()),
        Some(Ok(Message::Binary(_) | Message::Ping(_) | Message::Frame(_))) => Taken::Nothing,
    }
}
