//! A robot's WebSocket (RFC 6455).
//!
//! Owns: the handshake, reading and writing frames, how the connection ends.
//! Never: buffers more than one message each way.
//!
//! ```text
//!  GET, Upgrade ─▶ 101 ─▶ hello in time ─▶ read │ write, until either side ends it ─▶ close with its code
//! ```

use super::{
    MESSAGE_BYTES,
    frames::{self, Malformed},
    read::{self, Read},
    write,
};
use crate::{
    access::Robot,
    http::{Context, Fault, Params, Request, Response},
    server::State,
    websocket::{self, Heard, Socket},
};
use actors::robots::message::{Close, ToRobot};
use futures_util::SinkExt;
use hyper::upgrade::Upgraded;
use std::{borrow::Cow, time::Duration};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Message, protocol::WebSocketConfig};

/// The subprotocol.
const PROTOCOL: &str = "loomwork.robot.v1";
/// A hello comes within so long.
const HELLO_WITHIN: Duration = Duration::from_secs(10);
/// A message is taken by the robot's machine within so long.
const WRITE_WITHIN: Duration = Duration::from_secs(30);
/// A socket's buffers, in bytes: most messages are small, and there are many robots.
const BUFFER_BYTES: usize = 4 * 1024;

/// Why the connection ends.
enum End {
    /// The robot's side has ended it.
    Gone,
    /// It ends with this code.
    With(u16, Cow<'static, str>),
    /// It ends because of a message.
    Malformed(Malformed),
}

impl From<Malformed> for End {
    fn from(malformed: Malformed) -> Self {
        End::Malformed(malformed)
    }
}

/// `GET /robothub`
pub async fn connect(
    state: Context<State>,
    mut request: Request,
    _: Params,
) -> Result<Response, Fault> {
    let robot = request.extensions.remove::<Robot>();
    let robot = robot.ok_or(Fault::Panicked)?;
    websocket::upgrade(
        &mut request,
        Some(PROTOCOL),
        "robots",
        async move |upgraded| {
            serve(&state, &robot, upgraded).await;
        },
    )
}

async fn serve(state: &Context<State>, robot: &Robot, upgraded: Upgraded) {
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(2 * MESSAGE_BYTES)
        .max_message_size(Some(MESSAGE_BYTES))
        .max_frame_size(Some(MESSAGE_BYTES));
    let mut socket = websocket::open(upgraded, config).await;
    let end = talk(state, robot, &mut socket).await;
    let (code, reason) = match end {
        End::Gone => return,
        End::With(code, reason) => (code, reason),
        End::Malformed(malformed) => {
            let problem = write::problem(malformed.name(), &malformed.to_string());
            // It may be gone; then there is nobody to tell.
            let _ = timeout(WRITE_WITHIN, socket.send(Message::text(problem))).await;
            (malformed.code(), Cow::from(malformed.to_string()))
        }
    };
    websocket::close(&mut socket, code, &reason).await;
}

async fn talk(state: &Context<State>, robot: &Robot, socket: &mut Socket) -> End {
    let hello = match timeout(HELLO_WITHIN, next(socket)).await {
        Err(_) => return End::With(4408, "no hello".into()),
        Ok(Err(end)) => return end,
        Ok(Ok(Read::Hello(hello))) => *hello,
        Ok(Ok(Read::Said(_) | Read::Unknown)) => return Malformed::NoHello.into(),
    };
    let ended = || {
        let (code, reason) = frames::close(Close::Secret);
        End::With(code, reason.into())
    };
    // It came in a while ago. Looked at before, it replaces nobody who has the new secret; looked at after, it cannot
    // have come past the end of the connections that there were.
    if !robot.may_stay(state) {
        return ended();
    }
    let robots = &state.engine.robots;
    let connected = robots.connect(state.engine.core(), robot.id, hello).await;
    let Some((session, mut outbox)) = connected else {
        return End::With(1013, "nothing can be decided now, try again later".into());
    };
    if !robot.may_stay(state) {
        return ended();
    }
    loop {
        tokio::select! {
            read = next(socket) => match read {
                Ok(Read::Said(said)) => session.say(said),
                Ok(Read::Unknown) => {}
                Ok(Read::Hello(_)) => return Malformed::Again.into(),
                Err(end) => return end,
            },
            message = outbox.recv() => {
                let Some(message) = message else {
                    return End::With(1011, "the robot's actor ended".into());
                };
                if let ToRobot::Close(close) = message {
                    let (code, reason) = frames::close(close);
                    return End::With(code, reason.into());
                }
                let Some(text) = write::write(state, robot.id, &message) else { continue };
                match timeout(WRITE_WITHIN, socket.send(Message::text(text))).await {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) | Err(_) => return End::Gone,
                }
            }
        }
    }
}

/// The next message; control frames are answered on the way.
async fn next(socket: &mut Socket) -> Result<Read, End> {
    loop {
        return match websocket::heard(socket).await {
            Heard::Text(text) => Ok(read::read(&text)?),
            Heard::Control => continue,
            Heard::Binary => Err(Malformed::Binary.into()),
            Heard::TooLarge => Err(Malformed::TooLarge.into()),
            Heard::NotUtf8 | Heard::Violation => {
                Err(End::With(1002, "not as RFC 6455 says".into()))
            }
            Heard::Gone => Err(End::Gone),
        };
    }
}
