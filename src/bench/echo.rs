//! The yardstick: bare hyper that answers a POST with its own body and a GET with as many bytes as its query says.
//! Runs in a process of its own, under the same runtime and allocator as the server; must never do anything more.

use std::{
    convert::Infallible,
    io::{self, Read, Write},
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{self, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

/// Serves on a free loopback port, which it prints, until stdin ends.
pub(super) fn run() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        io::stdout().flush()?;
        let (ended, end) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            // Whatever ends stdin ends us: the bench is gone.
            let _ended = io::stdin().read_to_end(&mut Vec::new());
            let _heard = ended.send(());
        });
        tokio::select! {
            served = serve(listener) => served,
            _ = end => Ok(()),
        }
    })
}

/// Serves forever.
pub(super) async fn serve(listener: TcpListener) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(connection(stream));
    }
}

async fn connection(stream: TcpStream) {
    let service = service_fn(answer);
    let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    // A load client closes when its window ends.
    let _closed = served.await;
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    if head.method == Method::GET {
        let bytes = head.uri.query().and_then(|query| query.parse().ok());
        return Ok(json(Bytes::from(vec![b' '; bytes.unwrap_or(0)])));
    }
    match body.collect().await {
        Ok(body) => Ok(json(body.to_bytes())),
        Err(_) => {
            let mut response = Response::new(Full::new(Bytes::new()));
            *response.status_mut() = StatusCode::BAD_REQUEST;
            Ok(response)
        }
    }
}

fn json(body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    let value = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, value);
    response
}
