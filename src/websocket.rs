//! The server's side of a WebSocket (RFC 6455): what robots' connections and the live feed need both.
//!
//! Owns: the handshake over hyper, what arrives as text or as a reason to end, and the end with its code.
//! Never: knows a message.
//!
//! ```text
//!  GET, Upgrade ─▶ 101 ─▶ Socket ─▶ heard: text │ control (answered on the way) │ the end and its code ─▶ close
//! ```

mod counted;

use crate::http::{Fault, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use counted::Counted;
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use std::{
    future::poll_fn,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::timeout;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message, Utf8Bytes,
        error::CapacityError,
        handshake::derive_accept_key,
        protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode},
    },
};

/// A connection; it counts the bytes that its system has taken.
pub type Socket = WebSocketStream<Counted<TokioIo<Upgraded>>>;

/// A close frame may take so long to leave, and the other side's to come.
const CLOSE_WITHIN: Duration = Duration::from_secs(10);
/// A close frame's reason is at most 123 bytes.
const REASON_CHARS: usize = 100;

/// What has arrived.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    /// A whole text message.
    Text(Utf8Bytes),
    /// A control frame; it is answered.
    Control,
    /// A binary message.
    Binary,
    /// A message or a frame beyond the bound.
    TooLarge,
    /// Text that is not UTF-8.
    NotUtf8,
    /// A violation of the protocol.
    Violation,
    /// The other side has ended it.
    Gone,
}

/// Answers the handshake; `serve` runs when the connection is a WebSocket. `who` is named in refusals.
pub fn upgrade<F>(
    request: &mut Request,
    subprotocol: Option<&'static str>,
    who: &'static str,
    serve: impl FnOnce(Upgraded) -> F + Send + 'static,
) -> Result<Response, Fault>
where
    F: Future<Output = ()> + Send,
{
    let key = request.header(&header::SEC_WEBSOCKET_KEY);
    let accept = key.map(|key| derive_accept_key(key.as_bytes()));
    let version = request.header(&header::SEC_WEBSOCKET_VERSION) == Some("13");
    let (Some(accept), true) = (accept, version) else {
        return Err(Fault::malformed(format!(
            "{who} connect by WebSocket, version 13"
        )));
    };
    if let Some(name) = subprotocol
        && !speaks(request, name)
    {
        return Err(Fault::malformed(format!("the subprotocol is {name}")));
    }
    let Some(upgrade) = request.take_upgrade() else {
        return Err(Fault::malformed(format!("{who} connect by WebSocket")));
    };
    tokio::spawn(async move {
        match upgrade.await {
            Ok(upgraded) => serve(upgraded).await,
            Err(error) => tracing::debug!(%error, "an upgrade broke off"),
        }
    });
    let accept = HeaderValue::try_from(accept).map_err(|_| Fault::Panicked)?;
    let fixed = |name: HeaderName, value: &'static str| (name, HeaderValue::from_static(value));
    let named = subprotocol.map(|name| fixed(header::SEC_WEBSOCKET_PROTOCOL, name));
    let mut response = Response::new(StatusCode::SWITCHING_PROTOCOLS);
    for (name, value) in [
        fixed(header::CONNECTION, "Upgrade"),
        fixed(header::UPGRADE, "websocket"),
        (header::SEC_WEBSOCKET_ACCEPT, accept),
    ]
    .into_iter()
    .chain(named)
    {
        response = response.header(name, value);
    }
    Ok(response)
}

fn speaks(request: &Request, name: &str) -> bool {
    let offered = request.header(&header::SEC_WEBSOCKET_PROTOCOL);
    let mut offered = offered.unwrap_or_default().split(',');
    offered.any(|offered| offered.trim().eq_ignore_ascii_case(name))
}

/// The socket of an upgraded connection.
pub async fn open(upgraded: Upgraded, config: WebSocketConfig) -> Socket {
    let io = Counted::new(TokioIo::new(upgraded));
    WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await
}

/// What arrives next.
pub async fn heard(socket: &mut Socket) -> Heard {
    poll_fn(|context| poll_heard(socket, context)).await
}

/// The same, to be polled beside other things.
pub fn poll_heard(socket: &mut Socket, context: &mut Context<'_>) -> Poll<Heard> {
    socket.poll_next_unpin(context).map(arrived)
}

fn arrived(next: Option<Result<Message, Error>>) -> Heard {
    match next {
        Some(Ok(Message::Text(text))) => Heard::Text(text),
        Some(Ok(Message::Binary(_))) => Heard::Binary,
        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Heard::Control,
        Some(Ok(Message::Close(_))) | None => Heard::Gone,
        Some(Err(Error::Capacity(CapacityError::MessageTooLong { .. }))) => Heard::TooLarge,
        Some(Err(Error::Utf8(_))) => Heard::NotUtf8,
        Some(Err(Error::Protocol(_))) => Heard::Violation,
        Some(Err(_)) => Heard::Gone,
    }
}

/// Ends the connection with a code, and waits a while for the other side to end it too.
pub async fn close(socket: &mut Socket, code: u16, reason: &str) {
    let reason: String = reason.chars().take(REASON_CHARS).collect();
    let frame = CloseFrame {
        code: CloseCode::from(code),
        reason: reason.into(),
    };
    // It may be gone; then there is nobody to tell.
    let _ = timeout(CLOSE_WITHIN, socket.close(Some(frame))).await;
    leave(socket).await;
}

/// Lets the other side's end be answered.
pub async fn leave(socket: &mut Socket) {
    // As above.
    let _ = timeout(CLOSE_WITHIN, async {
        let _ = socket.flush().await;
        while let Some(Ok(_)) = socket.next().await {}
    })
    .await;
}
