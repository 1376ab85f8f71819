//! A connection of the feed, from its upgrade to its hello, and how it ends.
//!
//! Owns: the hello in time, and the codes with which a connection ends. Never: shows anything before the hello.
//!
//! ```text
//!  101 ─▶ hello in time ─▶ welcome ─▶ Talk … ─▶ close with its code
//! ```

use super::{
    MESSAGE_BYTES,
    feed::Counted,
    frames,
    message::{self, Said},
    out::Out,
    talk::Talk,
    viewer::Viewer,
};
use crate::{
    http::{Context, Fault, Params, Request, Response},
    server::State,
    websocket::{self, Heard},
};
use hyper::upgrade::Upgraded;
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

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
pub const NO_TOKEN: End = End::With(4401, "a valid token is required");
/// There are too many connections.
const FULL: End = End::With(4429, "too many connections");

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
    let socket = websocket::open(upgraded, config).await;
    let mut out = Out::new(socket, &state.config.live);
    let end = match state.live.count(state.config.watchers()) {
        Some(counted) => Box::pin(talk(state, &mut out, counted)).await,
        None => FULL,
    };
    let socket = out.socket();
    match end {
        End::Gone => Box::pin(websocket::leave(socket)).await,
        End::With(code, reason) => Box::pin(websocket::close(socket, code, reason)).await,
    }
}

/// What arrives, when it is text; what does not end the connection is passed over.
pub fn text(heard: Heard) -> Result<Option<String>, End> {
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

async fn talk(state: &Arc<State>, out: &mut Out, _counted: Counted) -> End {
    match Box::pin(greet(state, out)).await {
        Ok(viewer) => match Talk::new(state, out, viewer).go_on().await {
            Ok(()) => End::Gone,
            Err(end) => end,
        },
        Err(end) => end,
    }
}

/// Hears the hello.
async fn greet(state: &Arc<State>, out: &mut Out) -> Result<Viewer, End> {
    let said = timeout(HELLO_WITHIN, async {
        loop {
            if let Some(said) = text(websocket::heard(out.socket()).await)? {
                return Ok(said);
            }
        }
    });
    let said = match said.await {
        Ok(said) => message::read(&said?),
        Err(_) => return Err(NO_HELLO),
    };
    let Ok(Said::Hello { token, company }) = said else {
        return Err(NO_HELLO);
    };
    match Viewer::admit(state, token, company) {
        Ok(viewer) => {
            out.send(frames::welcome(state.config.live.subscriptions))?;
            Ok(viewer)
        }
        Err(refused) => {
            out.send(frames::problem(&refused))?;
            out.flush().await?;
            Err(NO_TOKEN)
        }
    }
}
