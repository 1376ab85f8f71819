//! The way to the reader: what was said and not taken yet.
//!
//! Owns: that no more of it waits here than `[live] max_buffer`, and that a reader which takes nothing is left. Never: waits;
//! whoever says something asks first whether there is room, and comes again with the newest state when there was none.
//!
//! ```text
//!  nothing waits ─▶ some does ─▶ half of the bound ─▶ full: nothing more is said until all of it is taken
//!                      └─ nothing taken for [live] stall ─▶ 4408
//! ```

use super::socket::End;
use crate::{
    config,
    websocket::{self, Heard, Socket},
};
use bytes::Bytes;
use futures_util::{Sink, SinkExt};
use std::{future::poll_fn, pin::Pin, task::Poll};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

/// The head of a frame at most, in bytes.
const HEAD_BYTES: u64 = 10;

/// The reader is too slow.
pub const SLOW: End = End::With(4408, "frames were not taken in time");

/// The way to the reader.
pub struct Out {
    socket: Socket,
    max_buffer: u64,
    stall: std::time::Duration,
    /// How much will have been written when all that was said is.
    end: u64,
    /// Something was said since all was taken.
    waits: bool,
    /// The reader's system did not take all of it at once.
    blocked: bool,
    /// Since when nothing more is said.
    full_since: Option<Instant>,
    /// When something was taken last, or could have been first.
    taken: Instant,
}

/// What has come of it.
pub enum Turn {
    /// Something has arrived.
    Heard(Heard),
    /// Something was taken. `late`: the reader had to read for it.
    Taken { late: bool },
}

impl Out {
    /// Nothing is said yet.
    pub fn new(socket: Socket, limits: &config::Live) -> Self {
        Out {
            socket,
            max_buffer: limits.max_buffer,
            stall: limits.stall,
            end: 0,
            waits: false,
            blocked: false,
            full_since: None,
            taken: Instant::now(),
        }
    }

    /// The connection.
    pub fn socket(&mut self) -> &mut Socket {
        &mut self.socket
    }

    /// Bytes of what was said that are still here.
    pub fn unsent(&self) -> u64 {
        self.end.saturating_sub(self.written())
    }

    fn written(&self) -> u64 {
        self.socket.get_ref().written()
    }

    /// Since when nothing more is said but what has to be.
    pub fn full_since(&self) -> Option<Instant> {
        self.full_since
    }

    /// Bytes of a page at most; one item may be longer.
    pub fn page_bytes(&self) -> usize {
        usize::try_from(self.max_buffer / 4).unwrap_or(usize::MAX)
    }

    /// Whether a message of so many bytes may be said now. If not, nothing more is until all that waits was taken; so one
    /// that is longer than the bound goes alone.
    pub fn has_room(&mut self, bytes: usize) -> bool {
        let unsent = self.unsent();
        let fits = unsent == 0 || unsent + bytes as u64 + HEAD_BYTES <= self.max_buffer;
        if !fits && self.full_since.is_none() {
            self.full_since = Some(Instant::now());
        }
        self.full_since.is_none()
    }

    /// Says something. What does not fit ends it: it was not asked whether there is room.
    pub fn send(&mut self, text: String) -> Result<(), End> {
        let (unsent, bytes) = (self.unsent(), text.len() as u64 + HEAD_BYTES);
        if unsent > 0 && unsent + bytes > self.max_buffer {
            return Err(SLOW);
        }
        self.say(Message::text(text), bytes)
    }

    /// Asks whether somebody is there.
    pub fn ping(&mut self) -> Result<(), End> {
        self.say(Message::Ping(Bytes::new()), HEAD_BYTES)
    }

    fn say(&mut self, message: Message, bytes: u64) -> Result<(), End> {
        let before = self.written();
        if !std::mem::replace(&mut self.waits, true) {
            self.end = before;
            self.taken = Instant::now();
        }
        self.end += bytes;
        // It never waits: what the system does not take is kept.
        if Pin::new(&mut self.socket).start_send(message).is_err() {
            return Err(End::Gone);
        }
        if self.written() > before {
            self.taken = Instant::now();
        }
        if self.unsent() >= self.max_buffer / 2 && self.full_since.is_none() {
            self.full_since = Some(Instant::now());
        }
        Ok(())
    }

    /// When the reader is left unless something is taken.
    pub fn stalls(&self) -> Option<Instant> {
        self.waits.then(|| self.taken + self.stall)
    }

    /// What comes next: something arrives, or something is taken.
    pub async fn turn(&mut self) -> Turn {
        let mut before = self.written();
        poll_fn(|context| {
            if self.waits {
                let flushed = self.socket.poll_flush_unpin(context);
                let late = self.blocked;
                match flushed {
                    Poll::Ready(Ok(())) => {
                        self.all_taken();
                        return Poll::Ready(Turn::Taken { late });
                    }
                    Poll::Ready(Err(_)) => return Poll::Ready(Turn::Heard(Heard::Gone)),
                    Poll::Pending => self.blocked = true,
                }
                let now = self.written();
                if now > std::mem::replace(&mut before, now) {
                    self.taken = Instant::now();
                    return Poll::Ready(Turn::Taken { late });
                }
            }
            websocket::poll_heard(&mut self.socket, context).map(Turn::Heard)
        })
        .await
    }

    fn all_taken(&mut self) {
        self.waits = false;
        self.blocked = false;
        self.full_since = None;
        self.end = self.written();
    }

    /// Waits until all that was said is taken.
    pub async fn flush(&mut self) -> Result<(), End> {
        match tokio::time::timeout(self.stall, self.socket.flush()).await {
            Ok(Ok(())) => {
                self.all_taken();
                Ok(())
            }
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(SLOW),
        }
    }
}
