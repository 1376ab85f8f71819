//! Reading a body from the wire under limits of length, time and pace. Owns those three refusals; must never buffer
//! more than the route's limit, nor copy a body that came in one frame.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use super::{Fault, Limits, admission::Held, pulse::Pulse};

/// A refused body up to this is read, so that its connection can go on.
const DISCARD_BYTES: u64 = 64 * 1024;

/// A body that is still coming, as a streamed route's handler takes it.
#[derive(Debug)]
pub struct BodyStream {
    incoming: Incoming,
    limit_bytes: u64,
    received: u64,
    pace: Pace,
    /// Told when all has been read: until then the connection cannot be used again.
    pulse: Option<Arc<Pulse>>,
}

/// The time by which the next bytes must have come.
#[derive(Debug)]
struct Pace {
    body: Duration,
    grace: Duration,
    bytes_per_second: u64,
    /// Made when the body first has to be waited for; most bodies are there with their heads.
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl Pace {
    /// Ready when the client is too late, having sent `received` bytes.
    fn poll_late(&mut self, cx: &mut Context<'_>, received: u64) -> Poll<()> {
        let fresh = || {
            let now = Instant::now();
            (now, Box::pin(sleep_until(now)))
        };
        let (start, sleep) = self.waiting.get_or_insert_with(fresh);
        let earned = Duration::from_secs(received / self.bytes_per_second.max(1));
        let deadline = *start + self.body.min(self.grace.saturating_add(earned));
        if sleep.deadline() != deadline {
            sleep.as_mut().reset(deadline);
        }
        sleep.as_mut().poll(cx)
    }
}

impl BodyStream {
    pub(super) fn new(incoming: Incoming, limits: &Limits, pulse: Arc<Pulse>) -> Self {
        let pulse = (!incoming.is_end_stream()).then(|| {
            pulse.set_unread(true);
            pulse
        });
        Self {
            incoming,
            limit_bytes: 0,
            received: 0,
            pace: Pace {
                body: Duration::from_millis(limits.body_ms),
                grace: Duration::from_millis(limits.body_grace_ms),
                bytes_per_second: limits.body_bytes_per_second,
                waiting: None,
            },
            pulse,
        }
    }

    /// Sets the limit, and refuses at once a body that says that it is longer. A handler of a streamed route that is
    /// slow itself is not the client's fault: on a streamed route only the waits for bytes count, so `whole` = false.
    pub(super) fn limit(&mut self, limit_bytes: u64, whole: bool) -> Result<(), Fault> {
        self.limit_bytes = limit_bytes;
        if !whole {
            self.pace.body = Duration::MAX;
        }
        match self.declared() {
            Some(length) if length > limit_bytes => Err(Fault::BodyTooLarge { limit_bytes }),
            Some(_) | None => Ok(()),
        }
    }

    /// The body's length, when the client said it.
    pub fn declared(&self) -> Option<u64> {
        self.incoming.size_hint().exact()
    }

    /// The next piece; none at the end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Fault> {
        poll_fn(|cx| self.poll_chunk(cx)).await
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Fault>> {
        loop {
            let Poll::Ready(frame) = Pin::new(&mut self.incoming).poll_frame(cx) else {
                ready!(self.pace.poll_late(cx, self.received));
                return Poll::Ready(Err(Fault::BodyTooSlow));
            };
            let data = match frame {
                None => {
                    self.ended();
                    return Poll::Ready(Ok(None));
                }
                Some(Err(_)) => return Poll::Ready(Err(Fault::malformed("the body broke off"))),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => data,
                    // Trailers mean nothing here.
                    Err(_) => continue,
                },
            };
            self.received += data.len() as u64;
            if self.received > self.limit_bytes {
                let limit_bytes = self.limit_bytes;
                return Poll::Ready(Err(Fault::BodyTooLarge { limit_bytes }));
            }
            if self.incoming.is_end_stream() {
                self.ended();
            }
            return Poll::Ready(Ok(Some(data)));
        }
    }

    fn ended(&mut self) {
        if let Some(pulse) = self.pulse.take() {
            pulse.set_unread(false);
        }
    }

    /// Reads and drops a body that says that it is short; leaves any other.
    pub(super) async fn discard(mut self) {
        if self
            .declared()
            .is_some_and(|length| length <= DISCARD_BYTES)
        {
            self.limit_bytes = DISCARD_BYTES;
            while let Ok(Some(_)) = self.chunk().await {}
        }
    }

    /// All of it. Bytes past the free ones are counted in `held`.
    pub(super) async fn whole(mut self, held: &mut Held<'_>) -> Result<Bytes, Fault> {
        if self.pulse.is_none() {
            return Ok(Bytes::new());
        }
        if let Some(length) = self.declared() {
            held.grow_to(length)?;
        }
        let Some(first) = self.chunk().await? else {
            return Ok(Bytes::new());
        };
        if self.pulse.is_none() {
            return Ok(first);
        }
        // A length is only a claim until the bytes are here: memory follows what has come.
        let mut all = BytesMut::with_capacity(first.len() * 2);
        all.extend_from_slice(&first);
        while let Some(next) = self.chunk().await? {
            held.grow_to(self.received)?;
            all.extend_from_slice(&next);
        }
        Ok(all.freeze())
    }
}

impl Body for BodyStream {
    type Data = Bytes;
    type Error = Fault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Fault>>> {
        let piece = ready!(self.poll_chunk(cx));
        Poll::Ready(piece.transpose().map(|piece| piece.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.pulse.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
