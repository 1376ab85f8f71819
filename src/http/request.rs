//! A request as a handler sees it: head and body complete, bounded, decoded where that is every API's need. Owns the
//! views of it (query, form, multipart); must never read from a socket.

use std::net::SocketAddr;

use bytes::Bytes;
use hyper::{
    HeaderMap, Method, Uri,
    header::{self, HeaderName},
    http::Extensions,
    upgrade::OnUpgrade,
};

use super::{BodyStream, Fault, Pairs, Part, multipart, path};

/// A request's head as hyper gives it: method, target, headers, extensions.
pub type Head = hyper::http::request::Parts;

/// What [`super::Router::handle`] takes: a head, a body that may not have been read yet, and both ends' addresses.
#[derive(Debug)]
pub struct Arrival {
    /// Method, target, headers.
    pub head: Head,
    /// The body.
    pub body: Payload,
    /// The client's address.
    pub peer: SocketAddr,
    /// The address at which it reached us.
    pub local: SocketAddr,
}

/// A body that is there, or one still on the wire.
#[derive(Debug)]
pub enum Payload {
    /// All of it.
    Whole(Bytes),
    /// To be read under limits.
    Wire(BodyStream),
}

impl Payload {
    /// Reads and drops a short body, unless the client waits to be told to send it.
    pub(super) async fn discard(self, headers: &HeaderMap) {
        if let Self::Wire(wire) = self
            && !headers.contains_key(header::EXPECT)
        {
            wire.discard().await;
        }
    }
}

/// A complete request.
#[derive(Debug)]
pub struct Request {
    /// The method as sent: a GET's handler also sees HEAD.
    pub method: Method,
    /// The target as sent.
    pub uri: Uri,
    /// The query's pairs.
    pub query: Pairs,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body; empty on a streamed route.
    pub body: Bytes,
    /// The client's address.
    pub peer: SocketAddr,
    /// What the API's guard left for its handlers.
    pub extensions: Extensions,
    pub(super) stream: Option<BodyStream>,
}

impl Request {
    /// The path as sent, still encoded.
    pub fn path(&self) -> &str {
        self.uri.path()
    }

    /// The path's segments, decoded.
    pub fn segments(&self) -> Result<Vec<Box<str>>, Fault> {
        let decoded = path::decoded(self.uri.path())?;
        let segments = decoded.split('/').skip(1);
        Ok(segments.map(path::restored).collect())
    }

    /// A header's text; none when absent or not visible ASCII.
    pub fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The content type without its parameters, in lower case; empty when there is none.
    pub fn content_type(&self) -> String {
        let whole = self.header(&header::CONTENT_TYPE).unwrap_or("");
        let essence = whole.split(';').next().unwrap_or("").trim();
        essence.to_ascii_lowercase()
    }

    /// Whether the body says that it is JSON (`application/json` or any `+json`).
    pub fn is_json(&self) -> bool {
        let essence = self.content_type();
        essence == "application/json" || essence.ends_with("+json")
    }

    /// Parameters as a servlet sees them: the query's, then those of a form body.
    pub fn form(&self) -> Result<Pairs, Fault> {
        let mut pairs = self.query.clone();
        if self.content_type() == "application/x-www-form-urlencoded" {
            pairs.append(&self.body)?;
        }
        Ok(pairs)
    }

    /// The parts of a multipart body, in order.
    pub async fn multipart(&self) -> Result<Vec<Part>, Fault> {
        multipart::parts(self.header(&header::CONTENT_TYPE), self.body.clone()).await
    }

    /// The body of a streamed route, once.
    pub fn take_stream(&mut self) -> Option<BodyStream> {
        self.stream.take()
    }

    /// The parts of a streamed multipart body, one after the other.
    pub fn multipart_stream(&mut self) -> Result<multer::Multipart<'static>, Fault> {
        let stream = self.stream.take();
        multipart::streamed(self.header(&header::CONTENT_TYPE), stream)
    }

    /// The connection itself, once, when the client asked for an upgrade and it is answered with 101.
    pub fn take_upgrade(&mut self) -> Option<OnUpgrade> {
        self.extensions.remove::<OnUpgrade>()
    }
}

impl Arrival {
    /// A request that came from nowhere, for callers without a socket: loopback at both ends, `Host: localhost`.
    pub fn local(method: Method, uri: Uri, body: impl Into<Bytes>) -> Self {
        let (mut head, ()) = hyper::Request::new(()).into_parts();
        head.method = method;
        head.uri = uri;
        let host = header::HeaderValue::from_static("localhost");
        head.headers.insert(header::HOST, host);
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            head,
            body: Payload::Whole(body.into()),
            peer: loopback,
            local: loopback,
        }
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: header::HeaderValue) -> Self {
        self.head.headers.append(name, value);
        self
    }
}
