//! An answer before it is on the wire. Owns its status, headers and body (whole, or in pieces as the client takes
//! them); must never block a worker while it is sent.

use std::{
    convert::Infallible,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::{
    HeaderMap, StatusCode,
    body::{Frame, SizeHint},
    header::{self, HeaderName, HeaderValue},
};
use tokio::sync::mpsc;

/// An answer: status, headers, body.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers; `Content-Length` and `Date` are added on the wire.
    pub headers: HeaderMap,
    /// The body.
    pub body: Body,
}

/// A body: empty, whole, or in pieces.
#[derive(Default)]
pub enum Body {
    /// No bytes.
    #[default]
    Empty,
    /// All at once.
    Full(Bytes),
    /// Pieces made when the client takes them; each must be made quickly, without waiting.
    Chunks(Box<dyn Iterator<Item = Bytes> + Send>),
    /// Pieces that another task or thread sends.
    Channel(mpsc::Receiver<Bytes>),
}

/// The sending side of a [`Body::Channel`]. Dropped = the body's end.
pub type BodySender = mpsc::Sender<Bytes>;

impl Response {
    /// An answer without body.
    pub fn new(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Body::Empty,
        }
    }

    /// An answer with a whole body of a given type.
    pub fn typed(status: StatusCode, content_type: HeaderValue, body: impl Into<Bytes>) -> Self {
        Self::new(status)
            .header(header::CONTENT_TYPE, content_type)
            .full(body)
    }

    /// `application/json`, already rendered.
    pub fn json(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Self::typed(status, HeaderValue::from_static("application/json"), body)
    }

    /// `text/plain` in UTF-8.
    pub fn text(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Self::typed(
            status,
            HeaderValue::from_static("text/plain; charset=utf-8"),
            body,
        )
    }

    /// Sets a header, in place of one of that name.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sets a whole body.
    #[must_use]
    pub fn full(mut self, body: impl Into<Bytes>) -> Self {
        self.body = Body::Full(body.into());
        self
    }

    /// Sets a body of pieces that are made as the client takes them.
    #[must_use]
    pub fn chunks(mut self, chunks: impl Iterator<Item = Bytes> + Send + 'static) -> Self {
        self.body = Body::Chunks(Box::new(chunks));
        self
    }

    /// Sets a body that is fed through the returned sender, at most `pieces` ahead of the client.
    #[must_use]
    pub fn channel(mut self, pieces: usize) -> (Self, BodySender) {
        let (sender, receiver) = mpsc::channel(pieces.max(1));
        self.body = Body::Channel(receiver);
        (self, sender)
    }

    /// As the answer to HEAD: the same headers, no body.
    pub(super) fn without_body(mut self) -> Self {
        let length = match &self.body {
            Body::Empty => Some(0),
            Body::Full(bytes) => Some(bytes.len()),
            Body::Chunks(_) | Body::Channel(_) => None,
        };
        if let Some(length) = length {
            self.headers
                .insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
        self.body = Body::Empty;
        self
    }
}

impl Body {
    /// Whether it is known as a whole.
    pub(super) fn is_whole(&self) -> bool {
        match self {
            Self::Empty | Self::Full(_) => true,
            Self::Chunks(_) | Self::Channel(_) => false,
        }
    }

    /// All of it; waits for the pieces. For callers without a socket.
    pub async fn collect(mut self) -> Bytes {
        let mut all = bytes::BytesMut::new();
        while let Some(piece) = std::future::poll_fn(|cx| self.poll_piece(cx)).await {
            all.extend_from_slice(&piece);
        }
        all.freeze()
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        match self {
            Self::Empty => Poll::Ready(None),
            Self::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                *self = Self::Empty;
                Poll::Ready((!bytes.is_empty()).then_some(bytes))
            }
            Self::Chunks(chunks) => Poll::Ready(chunks.next()),
            Self::Channel(receiver) => receiver.poll_recv(cx),
        }
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.poll_piece(cx)
            .map(|piece| piece.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Full(bytes) => bytes.is_empty(),
            Self::Chunks(_) | Self::Channel(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Chunks(_) | Self::Channel(_) => SizeHint::default(),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Full(bytes) => write!(f, "Full({} bytes)", bytes.len()),
            Self::Chunks(_) => f.write_str("Chunks"),
            Self::Channel(_) => f.write_str("Channel"),
        }
    }
}
