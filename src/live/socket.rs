//! A connection of the feed.
//!
//! Owns: the hello in time, its subscriptions, pings, and every way in which it ends. Never: holds more frames for a reader
//! than `[live] max_buffer`: it goes on when the reader has taken them, with the newest state.
//!
//! ```text
//!  101 ─▶ hello in time ─▶ welcome ─▶ message │ something is due │ tick: token, ping, silence │ the server leaves
//!                                        └──────────────┴──▶ frames ─▶ taken in time ─▶ again … ─▶ close with its code
//! ```

use super::{
    MESSAGE_BYTES,
    feed::Counted,
    frames,
    message::{self, Refused, Said},
    subscription::{Scene, Subscription},
    viewer::Viewer,
};
use crate::{
    config,
    http::{Context, Fault, Params, Request, Response},
    server::State,
    websocket::{self, Heard, Socket},
};
use bytes::Bytes;
use futures_util::SinkExt;
use hyper::upgrade::Upgraded;
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until, timeout},
};
use tokio_tungstenite::tungstenite::{Message, protocol::WebSocketConfig};

/// A hello comes within so long.
const HELLO_WITHIN: Duration = Duration::from_secs(10);
/// A socket's buffer for reading, in bytes: there are many sockets, and their messages are small.
const READ_BYTES: usize = 1024;
/// Frames are gathered up to so many bytes before the system is called.
const WRITE_BYTES: usize = 4 * 1024;

/// Why a connection ends.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    /// The other side has ended it.
    Gone,
    /// It ends with this code.
    With(u16, &'static str),
}

/// No hello, or something else before it.
const NO_HELLO: End = End::With(4400, "the first message is a hello");
/// The token is not good, or good no more.
const NO_TOKEN: End = End::With(4401, "a valid token is required");
/// The reader is too slow.
const SLOW: End = End::With(4408, "frames were not taken in time");
/// Nothing was heard of the client.
const SILENT: End = End::With(4410, "nothing was heard for too long");
/// There are too many connections.
const FULL: End = End::With(4429, "too many connections");
/// The server leaves.
const LEAVING: End = End::With(1001, "the server stops");

/// `GET /api/v1/live`
pub async fn connect(
    state: Context<State>,
    mut request: Request,
    _: Params,
) -> Result<Response, Fault> {
    websocket::upgrade(&mut request, None, "watchers", async move |upgraded| {
        serve(&state, upgraded).await;
    })
}

async fn serve(state: &Arc<State>, upgraded: Upgraded) {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BYTES)
        .write_buffer_size(WRITE_BYTES)
        .max_write_buffer_size(usize::MAX)
        .max_message_size(Some(MESSAGE_BYTES))
        .max_frame_size(Some(MESSAGE_BYTES));
    let mut socket = websocket::open(upgraded, config).await;
    let end = match state.live.count(state.config.live.connections) {
        Some(counted) => Box::pin(talk(state, &mut socket, counted)).await,
        None => FULL,
    };
    match end {
        End::Gone => Box::pin(websocket::leave(&mut socket)).await,
        End::With(code, reason) => Box::pin(websocket::close(&mut socket, code, reason)).await,
    }
}

/// The way to the reader.
pub struct Out<'s> {
    socket: &'s mut Socket,
    bytes: usize,
    limits: &'s config::Live,
}

impl Out<'_> {
    /// Sends a message, sooner or later; waits while the reader has not taken what it was sent before.
    pub async fn send(&mut self, text: String) -> Result<(), End> {
        self.bytes += text.len();
        self.within(Message::text(text)).await?;
        if self.bytes as u64 >= self.limits.max_buffer / 2 {
            self.flush().await?;
        }
        Ok(())
    }

    async fn within(&mut self, message: Message) -> Result<(), End> {
        match timeout(self.limits.stall, self.socket.feed(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(SLOW),
        }
    }

    /// Waits until the reader's machine has taken everything.
    pub async fn flush(&mut self) -> Result<(), End> {
        self.bytes = 0;
        match timeout(self.limits.stall, self.socket.flush()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(SLOW),
        }
    }
}

/// A connection after its hello.
struct Talk<'s> {
    state: &'s Arc<State>,
    viewer: Viewer,
    wake: Arc<Notify>,
    subscriptions: Vec<Subscription>,
    heard: Instant,
    pinged: Instant,
}

/// What a message that arrives is, when it is not text.
fn heard(heard: Heard) -> Result<Option<String>, End> {
    match heard {
        Heard::Text(text) => Ok(Some(text.as_str().to_owned())),
        Heard::Control => Ok(None),
        Heard::Binary => Err(End::With(1003, "messages are text")),
        Heard::TooLarge => Err(End::With(1009, "a message is at most 1 MiB")),
        Heard::NotUtf8 => Err(End::With(1007, "text is UTF-8")),
        Heard::Violation => Err(End::With(1002, "not as RFC 6455 says")),
        Heard::Gone => Err(End::Gone),
    }
}

async fn talk(state: &Arc<State>, socket: &mut Socket, _counted: Counted) -> End {
    let said = timeout(HELLO_WITHIN, async {
        loop {
            match heard(websocket::heard(socket).await) {
                Ok(None) => {}
                Ok(Some(text)) => return Ok(text),
                Err(end) => return Err(end),
            }
        }
    });
    let said = match said.await {
        Ok(Ok(text)) => message::read(&text),
        Ok(Err(end)) => return end,
        Err(_) => return NO_HELLO,
    };
    let Ok(Said::Hello { token, company }) = said else {
        return NO_HELLO;
    };
    let limits = &state.config.live;
    let mut out = Out {
        socket,
        bytes: 0,
        limits,
    };
    let viewer = match Viewer::admit(state, token, company) {
        Ok(viewer) => viewer,
        Err(refused) => {
            return say(&mut out, frames::problem(&refused))
                .await
                .unwrap_or(NO_TOKEN);
        }
    };
    if let Some(end) = say(&mut out, frames::welcome(limits.subscriptions)).await {
        return end;
    }
    let now = Instant::now();
    let mut talk = Talk {
        state,
        viewer,
        wake: Arc::default(),
        subscriptions: Vec::new(),
        heard: now,
        pinged: now,
    };
    match talk.go_on(socket).await {
        Ok(()) => End::Gone,
        Err(end) => end,
    }
}

/// Says one thing; gives how it ended, if that did.
async fn say(out: &mut Out<'_>, text: String) -> Option<End> {
    if let Err(end) = out.send(text).await {
        return Some(end);
    }
    out.flush().await.err()
}

impl Talk<'_> {
    async fn go_on(&mut self, socket: &mut Socket) -> Result<(), End> {
        let mut leaving = self.state.live.leaving();
        // A guard of the watched value must not be held over an await: only the fact is kept.
        let mut left = pin!(async { leaving.wait_for(|leaving| *leaving).await.is_ok() });
        loop {
            let tick = self.next_tick();
            let due = self.subscriptions.iter().filter_map(|one| one.due).min();
            let wake = Arc::clone(&self.wake);
            tokio::select! {
                message = websocket::heard(socket) => {
                    self.heard = Instant::now();
                    if let Some(text) = heard(message)? {
                        Box::pin(self.hear(socket, &text)).await?;
                    }
                }
                () = wake.notified() => {
                    self.subscriptions.iter_mut().for_each(Subscription::look);
                }
                () = sleep_until(due.map_or(tick, |due| due.min(tick))) => {
                    Box::pin(self.flush_due(socket)).await?;
                    self.tick(socket).await?;
                }
                _ = &mut left => return Err(LEAVING),
            }
        }
    }

    fn next_tick(&self) -> Instant {
        let limits = &self.state.config.live;
        (self.pinged + limits.ping).min(self.heard + limits.silence)
    }

    /// A token is asked about again, a silent client is pinged, or left.
    async fn tick(&mut self, socket: &mut Socket) -> Result<(), End> {
        let limits = &self.state.config.live;
        if self.heard.elapsed() >= limits.silence {
            return Err(SILENT);
        }
        if self.pinged.elapsed() < limits.ping {
            return Ok(());
        }
        self.pinged = Instant::now();
        self.check(socket).await?;
        let mut out = self.out(socket);
        out.within(Message::Ping(Bytes::new())).await?;
        out.flush().await
    }

    fn out<'o>(&self, socket: &'o mut Socket) -> Out<'o>
    where
        Self: 'o,
    {
        Out {
            socket,
            bytes: 0,
            limits: &self.state.config.live,
        }
    }

    /// Ends it when the token is good no more.
    async fn check(&self, socket: &mut Socket) -> Result<(), End> {
        if self.viewer.is_good(self.state) {
            return Ok(());
        }
        let refused = Refused {
            id: None,
            status: 401,
            code: "unauthorized",
            title: "the token is good no more".to_owned(),
        };
        let mut out = self.out(socket);
        Err(say(&mut out, frames::problem(&refused))
            .await
            .unwrap_or(NO_TOKEN))
    }

    async fn flush_due(&mut self, socket: &mut Socket) -> Result<(), End> {
        let now = Instant::now();
        let is_due = |one: &Subscription| one.due.is_some_and(|due| due <= now);
        if !self.subscriptions.iter().any(is_due) {
            return Ok(());
        }
        self.check(socket).await?;
        let scene = Scene {
            state: self.state,
            viewer: &self.viewer,
            wake: &self.wake,
        };
        let mut out = Out {
            socket,
            bytes: 0,
            limits: &self.state.config.live,
        };
        for subscription in self.subscriptions.iter_mut().filter(|one| is_due(one)) {
            subscription.flush(&scene, &mut out).await?;
        }
        out.flush().await
    }

    async fn hear(&mut self, socket: &mut Socket, text: &str) -> Result<(), End> {
        let done = match message::read(text) {
            Err(refused) => Err(refused),
            Ok(Said::Hello { token, company }) => {
                let again = Viewer::admit(self.state, token, company);
                match again {
                    Err(refused) => {
                        let mut out = self.out(socket);
                        let said = say(&mut out, frames::problem(&refused)).await;
                        return Err(said.unwrap_or(NO_TOKEN));
                    }
                    Ok(viewer) if viewer.is(&self.viewer) => {
                        self.viewer = viewer;
                        let welcome = frames::welcome(self.state.config.live.subscriptions);
                        let mut out = self.out(socket);
                        return say(&mut out, welcome).await.map_or(Ok(()), Err);
                    }
                    Ok(_) => Err(Refused::new(
                        None,
                        "somebody-else",
                        "a connection stays with who has said hello first",
                    )),
                }
            }
            Ok(Said::Subscribe(wanted)) => return self.subscribe(socket, wanted).await,
            Ok(Said::Unsubscribe { id }) => {
                let before = self.subscriptions.len();
                self.subscriptions.retain(|one| one.id != id);
                if self.subscriptions.len() < before {
                    Ok(())
                } else {
                    let title = format!("there is no subscription '{id}'");
                    Err(Refused::new(Some(&id), "unknown-subscription", title))
                }
            }
        };
        match done {
            Ok(()) => Ok(()),
            Err(refused) => {
                let mut out = self.out(socket);
                say(&mut out, frames::problem(&refused))
                    .await
                    .map_or(Ok(()), Err)
            }
        }
    }

    async fn subscribe(
        &mut self,
        socket: &mut Socket,
        wanted: message::Subscribe,
    ) -> Result<(), End> {
        self.check(socket).await?;
        let scene = Scene {
            state: self.state,
            viewer: &self.viewer,
            wake: &self.wake,
        };
        let mut out = Out {
            socket,
            bytes: 0,
            limits: &self.state.config.live,
        };
        let id = wanted.id.clone();
        let asked = wanted.resume.is_some();
        let begun = if self.subscriptions.iter().any(|one| one.id == id) {
            let title = format!("the id '{id}' is in use");
            Err(Refused::new(Some(&id), "id-in-use", title))
        } else if self.subscriptions.len() >= self.state.config.live.subscriptions {
            let title = "there are as many subscriptions as may be";
            Err(Refused::new(Some(&id), "too-many-subscriptions", title))
        } else {
            Subscription::begin(&scene, wanted)
        };
        match begun {
            Err(refused) => out.send(frames::problem(&refused)).await?,
            Ok(mut subscription) => {
                subscription.open(&scene, &mut out, asked).await?;
                self.subscriptions.push(subscription);
            }
        }
        out.flush().await
    }
}
