//! A server on a free port and a raw client, for tests of what only a socket shows.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    thread::JoinHandle,
    time::Duration,
};

use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
};

use super::{App, app, router};
use crate::http::{Limits, Router, serve};

/// Longer than any test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) struct Running {
    pub(super) address: SocketAddr,
    pub(super) app: Arc<App>,
    pub(super) entries: mpsc::UnboundedReceiver<()>,
    shutdown: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    pub(super) fn start(limits: Limits) -> Self {
        Self::with(limits, |router| router)
    }

    pub(super) fn with(limits: Limits, change: impl FnOnce(Router<App>) -> Router<App>) -> Self {
        let (app, entries) = app();
        let router = Arc::new(change(router(Arc::clone(&app))));
        let (shutdown, ending) = watch::channel(false);
        let (told, address) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
                told.send(listener.local_addr().expect("an address"))
                    .expect("the test");
                serve(listener, router, limits, ending)
                    .await
                    .expect("to end well");
            });
        });
        Self {
            address: address.recv().expect("the server"),
            app,
            entries,
            shutdown,
            thread: Some(thread),
        }
    }

    pub(super) fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.address).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
        Client {
            stream,
            rest: Vec::new(),
        }
    }

    /// Sends all of `bytes` and reads until the server closes.
    pub(super) fn exchange(&self, bytes: &[u8]) -> String {
        let mut client = self.connect();
        client.send(bytes);
        client.read_out()
    }

    /// Waits until the held handler has been entered once more.
    pub(super) fn entered(&mut self) {
        self.entries.blocking_recv().expect("an entry");
    }

    pub(super) fn shut_down(&self) {
        self.shutdown.send_replace(true);
    }

    pub(super) fn join(&mut self) {
        self.shut_down();
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the server's thread");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.join();
        }
    }
}

pub(super) struct Client {
    pub(super) stream: TcpStream,
    rest: Vec<u8>,
}

impl Client {
    pub(super) fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("to send");
    }

    /// All until the server closes; a reset counts as the end.
    pub(super) fn read_out(&mut self) -> String {
        let mut all = std::mem::take(&mut self.rest);
        let mut piece = [0; 4096];
        loop {
            match self.stream.read(&mut piece) {
                Ok(0) => break,
                Ok(read) => all.extend_from_slice(&piece[..read]),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
                Err(error) => panic!("the server neither answered nor closed: {error}"),
            }
        }
        String::from_utf8_lossy(&all).into_owned()
    }

    /// One whole answer with a Content-Length: head and body.
    pub(super) fn answer(&mut self) -> (String, String) {
        let end = loop {
            if let Some(end) = self.rest.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            self.more();
        };
        let head = String::from_utf8_lossy(&self.rest[..end]).to_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |text| text.parse().expect("a number"));
        while self.rest.len() < end + length {
            self.more();
        }
        let body = String::from_utf8_lossy(&self.rest[end..end + length]).into_owned();
        self.rest.drain(..end + length);
        (head, body)
    }

    fn more(&mut self) {
        let mut piece = [0; 4096];
        let read = self.stream.read(&mut piece).expect("more of the answer");
        assert!(
            read > 0,
            "closed within an answer: {:?}",
            String::from_utf8_lossy(&self.rest)
        );
        self.rest.extend_from_slice(&piece[..read]);
    }
}

/// The status of an answer's text.
pub(super) fn status(answer: &str) -> u16 {
    let code = answer.split(' ').nth(1).unwrap_or("0");
    code.parse().unwrap_or(0)
}
