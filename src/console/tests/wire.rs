//! Uploads over a real connection: in pieces, broken off, and too long.

use super::{ADMIN, Server, dgs, limits};
use crate::http;
use std::{sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
    time::timeout,
};

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(30);

struct Listening {
    server: Server,
    address: std::net::SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<std::io::Result<()>>,
}

impl Listening {
    async fn start() -> Self {
        let server = Server::start().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = watch::channel(false);
        let serving = http::serve(listener, Arc::clone(&server.router), limits(), stopped);
        let task = tokio::spawn(serving);
        Listening {
            server,
            address,
            stop,
            task,
        }
    }

    /// A connection on which the head of an upload was sent.
    async fn begin(&self, framing: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address)
            .await
            .expect("a connection");
        let head = format!(
            "PUT /openapi/packages HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {ADMIN}\r\n{framing}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.expect("a head");
        stream
    }

    async fn stop(self) {
        self.stop.send(true).expect("a server");
        self.task.await.expect("a task").expect("an end");
        self.server.stop().await;
    }
}

/// The status line and what follows, up to the end of the body or the connection.
async fn answer(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let read = timeout(LONG, stream.read(&mut piece))
            .await
            .expect("in time");
        match read {
            Ok(0) | Err(_) => break,
            Ok(length) => all.extend_from_slice(&piece[..length]),
        }
        let text = String::from_utf8_lossy(&all);
        let body = text.split_once("\r\n\r\n").map(|(_, body)| body);
        if body.is_some_and(|body| body.ends_with('}')) {
            break;
        }
    }
    String::from_utf8_lossy(&all).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_in_pieces_is_one_file() {
    let listening = Listening::start().await;
    let mut stream = listening.begin("Transfer-Encoding: chunked").await;
    for piece in dgs("Add", "1", "x").chunks(100) {
        let head = format!("{:x}\r\n", piece.len());
        for part in [head.as_bytes(), piece, b"\r\n"] {
            stream.write_all(part).await.expect("a piece");
        }
    }
    stream.write_all(b"0\r\n\r\n").await.expect("the end");
    let told = answer(&mut stream).await;
    assert!(
        told.starts_with("HTTP/1.1 200") && told.contains("\"packageName\":\"Add\""),
        "{told}"
    );
    listening.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_file_leaves_nothing() {
    let listening = Listening::start().await;
    let file = dgs("Add", "1", "x");
    let mut stream = listening
        .begin(&format!("Content-Length: {}", file.len()))
        .await;
    stream
        .write_all(&file[..file.len() / 2])
        .await
        .expect("a half");
    stream.shutdown().await.expect("an end");
    let told = answer(&mut stream).await;
    assert!(
        told.is_empty() || told.starts_with("HTTP/1.1 400"),
        "{told}"
    );
    drop(stream);
    // The server has ended its connections when it has stopped.
    listening.stop.send(true).expect("a server");
    listening.task.await.expect("a task").expect("an end");
    assert_eq!(listening.server.blobs(), 0);
    let told = listening
        .server
        .ask("GET /openapi/packages", "")
        .await
        .json();
    assert_eq!(told["count"], 0);
    listening.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_too_long_is_refused_by_what_it_says() {
    let listening = Listening::start().await;
    let rows = [
        ("/openapi/packages", 200 * 1024 * 1024_u64, "413"),
        (
            "/openapi/uploads/x?expires=1&signature=AA",
            2 * 1024 * 1024 * 1024,
            "403",
        ),
    ];
    for (path, limit, at_limit) in rows {
        for (length, status) in [(limit + 1, "413"), (limit, at_limit)] {
            if status == at_limit && at_limit == "413" && length == limit {
                // As long as it may be: it is waited for.
                continue;
            }
            let mut stream = TcpStream::connect(listening.address)
                .await
                .expect("a connection");
            let head = format!(
                "PUT {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {ADMIN}\r\nContent-Length: {length}\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).await.expect("a head");
            let told = answer(&mut stream).await;
            assert!(
                told.starts_with(&format!("HTTP/1.1 {status}")),
                "{path} {length}: {told}"
            );
            assert!(told.contains("application/problem+json"), "{told}");
        }
    }
    assert_eq!(listening.server.blobs(), 0);
    let mut stream = listening.begin("X: no length").await;
    let told = answer(&mut stream).await;
    assert!(told.starts_with("HTTP/1.1 411"), "{told}");
    listening.stop().await;
}
