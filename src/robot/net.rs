//! A small HTTP client: one request per connection, every answer bounded in time and size.
//! Never: follows a redirect, keeps a secret, knows what is asked.

use super::trust::Trust;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, Response, StatusCode, Uri, body::Incoming, header::HOST};
use hyper_util::rt::TokioIo;
use std::{fmt, io, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};

/// Connecting takes no longer.
const CONNECT: Duration = Duration::from_secs(10);

/// Bytes in both directions, over TLS or not.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A connection.
pub type Stream = Box<dyn Duplex>;

/// Where something is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Whom to believe who is there; none: without TLS.
    trust: Option<Trust>,
    host: String,
    port: u16,
    path: String,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// The network or the other side failed.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// What was said is not HTTP.
    #[error("{0}")]
    Http(#[from] hyper::Error),
    /// It took too long.
    #[error("no answer in time")]
    Late,
    /// The answer is longer than any that makes sense.
    #[error("the answer is too long")]
    Long,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its body.
    pub body: Vec<u8>,
}

impl Address {
    /// Reads an `http://` or `https://` URL.
    pub fn read(url: &str, trust: &Trust) -> Result<Self, &'static str> {
        let uri: Uri = url.trim().parse().map_err(|_| "it is no URL")?;
        let (trust, port) = match uri.scheme_str() {
            Some("http" | "ws") => (None, 80),
            Some("https" | "wss") => (Some(trust.clone()), 443),
            Some(_) | None => return Err("it is no http:// or https:// URL"),
        };
        let host = uri.host().filter(|host| !host.is_empty());
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(Self {
            trust,
            host: host.ok_or("it names no host")?.to_owned(),
            port: uri.port_u16().unwrap_or(port),
            path: path.to_owned(),
        })
    }

    /// The same place, some steps below.
    pub fn below(&self, name: &str) -> Self {
        Self {
            path: format!("{}/{name}", self.path.trim_end_matches('/')),
            ..self.clone()
        }
    }

    /// The path, with its query.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What the Host header says.
    pub fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// A connection.
    pub async fn connect(&self) -> Result<Stream, NetError> {
        // A literal IPv6 address stands in brackets in a URL, and without them before a resolver.
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        let stream = timeout(CONNECT, TcpStream::connect((host, self.port)))
            .await
            .map_err(|_| NetError::Late)??;
        stream.set_nodelay(true)?;
        let Some(trust) = &self.trust else {
            return Ok(Box::new(stream));
        };
        let secured = timeout(CONNECT, trust.secure(host, stream)).await;
        Ok(Box::new(secured.map_err(|_| NetError::Late)??))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the query: signatures are in it.
        let path = self.path.split('?').next().unwrap_or_default();
        let scheme = if self.trust.is_some() {
            "https"
        } else {
            "http"
        };
        write!(formatter, "{scheme}://{}:{}{path}", self.host, self.port)
    }
}

/// Asks, and gives the answer with its body still to be read.
pub async fn open(
    address: &Address,
    method: Method,
    headers: &[(&str, String)],
    body: Vec<u8>,
) -> Result<Response<Incoming>, NetError> {
    let stream = address.connect().await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    // It ends with the answer's body, or when that is dropped; its failure is seen there.
    tokio::spawn(async move { connection.await.unwrap_or_default() });
    let mut request = Request::builder()
        .method(method)
        .uri(address.path())
        .header(HOST, address.authority());
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let request = request
        .body(Full::new(Bytes::from(body)))
        .map_err(io::Error::other)?;
    Ok(sender.send_request(request).await?)
}

/// Asks, and reads the answer: no later than `within`, no longer than `max_bytes`.
pub async fn ask(
    address: &Address,
    method: Method,
    headers: &[(&str, String)],
    body: Vec<u8>,
    (within, max_bytes): (Duration, usize),
) -> Result<Answer, NetError> {
    let whole = async {
        let response = open(address, method, headers, body).await?;
        let (parts, mut incoming) = response.into_parts();
        let mut body = Vec::new();
        while let Some(frame) = incoming.frame().await {
            let frame = frame?;
            let data = frame.data_ref().map_or(&[][..], |data| data);
            if body.len() + data.len() > max_bytes {
                return Err(NetError::Long);
            }
            body.extend_from_slice(data);
        }
        Ok(Answer {
            status: parts.status,
            body,
        })
    };
    timeout(within, whole).await.map_err(|_| NetError::Late)?
}

#[cfg(test)]
mod tests;
