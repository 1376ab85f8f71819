//! The connection with the server, kept up: a WebSocket, or polling where there is none; again and again.
//! Owns: tokens, back-off, when there is no sense in trying again. Never: knows what is said over it.

use super::{
    Error,
    net::NetError,
    options::Options,
    poll,
    socket::{self, Handshake},
    token::{TokenError, Tokens},
};
use serde_json::Value;
use std::time::Duration;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep},
};

/// The first wait before connecting again; doubled each time.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// A connection that lasted so long was a good one: the next wait is short again.
const GOOD: Duration = Duration::from_secs(10);
/// Events that wait for the robot.
const EVENTS: usize = 64;

/// What happens on the link.
pub enum Event {
    /// A new connection: hello is what it waits for.
    Up(mpsc::UnboundedSender<Outgoing>),
    /// A message.
    Heard(Value),
    /// The server has heard this robot at that time, or later.
    Contact(Instant),
    /// The connection is gone.
    Down,
    /// There will be no other.
    Over(Error),
}

/// What to send.
pub enum Outgoing {
    /// A message.
    Say(Value),
    /// The last one.
    Bye(Value),
}

/// Where events go.
pub type Events = mpsc::Sender<Event>;

/// How a connection ended.
#[derive(Debug)]
pub enum Closed {
    /// By the robot itself.
    Bye,
    /// By the server, with a code of the protocol.
    Code(u16, String),
    /// The server does not accept the token.
    Token,
    /// The network, the server, or something between.
    Lost(String),
    /// Not asked for any more.
    Refused(String),
}

/// What a session tells the link beside its end.
#[derive(Default)]
pub struct Course {
    /// Whether the server has welcomed the robot: it was a good connection.
    pub was_welcomed: bool,
}

/// Keeps a connection up until one says that this is the end, or nobody listens any more.
pub fn keep(options: Options) -> mpsc::Receiver<Event> {
    let (events, receiver) = mpsc::channel(EVENTS);
    tokio::spawn(keep_up(options, events));
    receiver
}

async fn keep_up(options: Options, events: Events) {
    let mut tokens = Tokens::default();
    let (mut wait, mut refusals) = (FIRST_WAIT, 0);
    loop {
        let mut course = Course::default();
        let begun = Instant::now();
        let closed = session(&options, &mut tokens, &events, &mut course).await;
        if events.send(Event::Down).await.is_err() {
            return;
        }
        if course.was_welcomed {
            refusals = 0;
        }
        if course.was_welcomed && begun.elapsed() >= GOOD {
            wait = FIRST_WAIT;
        }
        let over = match closed {
            Closed::Bye => return,
            Closed::Refused(cause) => Some(Error::Secret(cause)),
            Closed::Code(4409, _) => Some(Error::Newer),
            Closed::Code(4426, cause) => Some(Error::Version(cause)),
            Closed::Code(4401, _) | Closed::Token => {
                // A new token may do; whether the secret still counts is the token endpoint's to say.
                tokens.forget();
                refusals += 1;
                (refusals > 3).then(|| Error::Secret("its token is not accepted".to_owned()))
            }
            Closed::Code(code, cause) => {
                tracing::warn!(code, cause, "the server closed the connection");
                None
            }
            Closed::Lost(cause) => {
                tracing::warn!(cause, "no connection with the server");
                None
            }
        };
        if let Some(error) = over {
            events.send(Event::Over(error)).await.ok();
            return;
        }
        sleep(jittered(wait)).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

async fn session(
    options: &Options,
    tokens: &mut Tokens,
    events: &Events,
    course: &mut Course,
) -> Closed {
    let connection = &options.connection;
    let token = match tokens.token(connection).await {
        Ok(token) => token,
        Err(TokenError::Refused(cause)) => return Closed::Refused(cause),
        Err(error @ TokenError::Later(..)) => return Closed::Lost(error.to_string()),
    };
    if !options.poll {
        let begun = Instant::now();
        match socket::open(&connection.hub, &token).await {
            Handshake::Done(socket) => {
                events.send(Event::Contact(begun)).await.ok();
                return socket::session(*socket, events, course).await;
            }
            Handshake::Closed(closed) => return closed,
            Handshake::Impossible(cause) => {
                tracing::warn!(cause, "no WebSocket to the server; polling instead");
            }
        }
    }
    poll::session(connection, tokens, events, course).await
}

impl From<NetError> for Closed {
    fn from(error: NetError) -> Self {
        Closed::Lost(error.to_string())
    }
}

/// Between a half and the whole of it, so that many robots do not come at once.
fn jittered(wait: Duration) -> Duration {
    let random = getrandom::u32().unwrap_or_default();
    wait / 2 + wait.mul_f64(f64::from(random) / f64::from(u32::MAX) / 2.0)
}

/// How often the server wants to hear from the robot, when this message says it.
pub fn heartbeat(message: &Value) -> Option<Duration> {
    if message["type"] != "welcome" {
        return None;
    }
    let every = message["heartbeatMs"].as_u64()?;
    Some(Duration::from_millis(every.clamp(50, 600_000)))
}
