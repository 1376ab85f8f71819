//! A hub that does what a test tells it: tokens, packages, robots over WebSocket and by polling.
//!
//! Owns: the server's side of the transport. Never: decides what to say; the stories do.

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response,
    body::Incoming,
    header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_PROTOCOL, UPGRADE},
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use tokio::{
    net::TcpListener,
    sync::{Mutex as AsyncMutex, mpsc},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        handshake::derive_accept_key,
        protocol::{CloseFrame, Role},
    },
};

/// Nothing that a story waits for takes longer.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// What the hub does beside carrying messages.
#[derive(Default)]
pub struct Manners {
    /// The token endpoint's refusal; none: it grants.
    pub refuses_secret: bool,
    /// Everything answers 503.
    pub is_down: bool,
    /// WebSockets answer 404.
    pub has_no_socket: bool,
    /// So many answers to polls are lost on the way.
    pub lost_answers: u32,
    /// How often each package was fetched.
    pub fetched: BTreeMap<String, u32>,
    packages: BTreeMap<String, Vec<u8>>,
}

/// What a story does on a line.
enum Act {
    Say(Value),
    Close(u16),
    Cut,
}

/// A robot's connection, as a story sees it.
pub struct Line {
    heard: mpsc::UnboundedReceiver<Value>,
    acts: mpsc::UnboundedSender<Act>,
    /// How it came.
    pub by_poll: bool,
}

struct Session {
    heard: mpsc::UnboundedSender<Value>,
    acts: mpsc::UnboundedReceiver<Act>,
    last: Option<(u64, Value)>,
}

struct Inner {
    manners: Mutex<Manners>,
    lines: mpsc::UnboundedSender<Line>,
    sessions: Mutex<BTreeMap<String, Arc<AsyncMutex<Session>>>>,
}

/// The hub.
pub struct Hub {
    /// Where it listens.
    pub address: SocketAddr,
    inner: Arc<Inner>,
    lines: mpsc::UnboundedReceiver<Line>,
}

impl Hub {
    /// Begins to listen.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, lines) = mpsc::unbounded_channel();
        let inner = Arc::new(Inner {
            manners: Mutex::default(),
            lines: sender,
            sessions: Mutex::default(),
        });
        let serving = Arc::clone(&inner);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let inner = Arc::clone(&serving);
                let service = service_fn(move |request| {
                    let inner = Arc::clone(&inner);
                    async move { Ok::<_, Infallible>(inner.answer(request).await) }
                });
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .with_upgrades();
                tokio::spawn(async move { connection.await.unwrap_or_default() });
            }
        });
        Self {
            address,
            inner,
            lines,
        }
    }

    /// What the hub does from now on.
    pub fn manners(&self) -> MutexGuard<'_, Manners> {
        self.inner.manners.lock().unwrap()
    }

    /// Serves a package; what an offer says of it.
    pub fn package(&self, name: &str, bytes: Vec<u8>) -> Value {
        let package = json!({
            "versionId": "3f2504e0-4f89-41d3-9a0c-0305e82c3301", "name": name, "version": "1.0.0",
            "sha256": super::packages::sha256(&bytes), "size": bytes.len(),
            "url": format!("http://{}/package/{name}?signature=abc", self.address),
        });
        self.manners().packages.insert(name.to_owned(), bytes);
        package
    }

    /// The next robot that connects.
    pub async fn line(&mut self) -> Line {
        let line = timeout(PATIENCE, self.lines.recv()).await;
        line.expect("no robot connects").expect("the hub has ended")
    }

    /// The next robot that connects, after hello and welcome with the verdict on all its runs; and its hello.
    pub async fn greeted(&mut self, verdict: &str) -> (Line, Value) {
        let mut line = self.line().await;
        let hello = line.next().await;
        assert_eq!(hello["type"], "hello");
        line.welcome(&hello, verdict, (30_000, 300_000));
        (line, hello)
    }
}

impl Line {
    /// The next message.
    pub async fn any(&mut self) -> Value {
        let message = timeout(PATIENCE, self.heard.recv()).await;
        let message = message.expect("the robot says nothing");
        message.expect("the connection has ended")
    }

    /// The next message that is no heartbeat.
    pub async fn next(&mut self) -> Value {
        loop {
            let message = self.any().await;
            if message["type"] != "heartbeat" {
                return message;
            }
        }
    }

    /// The next message of a type; logs before it are passed over, anything else must not come.
    pub async fn wait(&mut self, kind: &str) -> Value {
        loop {
            let message = self.next().await;
            if message["type"] == kind {
                return message;
            }
            assert_eq!(message["type"], "logs", "instead of {kind}: {message}");
        }
    }

    /// Waits until a line of a run's log is there.
    pub async fn wait_for_line(&mut self, text: &str) {
        loop {
            let message = self.next().await;
            assert_eq!(message["type"], "logs", "instead of '{text}': {message}");
            let entries = message["entries"].as_array().unwrap();
            if entries.iter().any(|entry| entry["message"] == text) {
                return;
            }
        }
    }

    /// Says something.
    pub fn say(&self, message: Value) {
        self.acts.send(Act::Say(message)).unwrap();
    }

    /// Welcomes, with one verdict on all runs.
    pub fn welcome(&self, hello: &Value, verdict: &str, times: (u64, u64)) {
        let mut runs = hello["runs"].clone();
        for run in runs.as_array_mut().unwrap() {
            run["verdict"] = json!(verdict);
        }
        self.say(json!({
            "type": "welcome", "robotId": "r1", "heartbeatMs": times.0, "lostAfterMs": times.1, "runs": runs,
        }));
    }

    /// Closes with a code.
    pub fn close(&self, code: u16) {
        self.acts.send(Act::Close(code)).unwrap();
    }

    /// Cuts the connection without a word.
    pub fn cut(&self) {
        self.acts.send(Act::Cut).unwrap();
    }
}

impl Inner {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let path = request.uri().path().to_owned();
        if self.manners.lock().unwrap().is_down {
            return plain(503, Vec::new());
        }
        match path.as_str() {
            "/connect/token" => self.token(request).await,
            "/robothub" => self.socket(request),
            "/robothub/poll" => self.poll(request).await,
            other => {
                let mut manners = self.manners.lock().unwrap();
                let name = other.trim_start_matches("/package/").to_owned();
                *manners.fetched.entry(name.clone()).or_default() += 1;
                match manners.packages.get(&name) {
                    Some(bytes) => plain(200, bytes.clone()),
                    None => plain(404, Vec::new()),
                }
            }
        }
    }

    async fn token(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let form = request.into_body().collect().await.unwrap().to_bytes();
        let form = String::from_utf8(form.to_vec()).unwrap();
        let is_right = form.contains("grant_type=client_credentials")
            && form.contains("client_id=r1")
            && form.contains("client_secret=s%2Bcret%3D");
        if self.manners.lock().unwrap().refuses_secret || !is_right {
            return object(401, &json!({ "error": "invalid_client" }));
        }
        object(
            200,
            &json!({ "access_token": "abc", "token_type": "Bearer", "expires_in": 3600 }),
        )
    }

    fn line(&self, by_poll: bool) -> Session {
        let (said, heard) = mpsc::unbounded_channel();
        let (acts, acted) = mpsc::unbounded_channel();
        let line = Line {
            heard,
            acts,
            by_poll,
        };
        // A story that is over needs no more robots.
        self.lines.send(line).ok();
        Session {
            heard: said,
            acts: acted,
            last: None,
        }
    }

    fn socket(&self, mut request: Request<Incoming>) -> Response<Full<Bytes>> {
        if self.manners.lock().unwrap().has_no_socket {
            return plain(404, Vec::new());
        }
        let header = |name: &str| request.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("authorization"), "Bearer abc");
        assert_eq!(header("sec-websocket-protocol"), "loomwork.robot.v1");
        let accept = derive_accept_key(header("sec-websocket-key").as_bytes());
        let upgrade = hyper::upgrade::on(&mut request);
        let session = self.line(false);
        tokio::spawn(async move {
            let stream = TokioIo::new(upgrade.await.unwrap());
            let socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
            carry(socket, session).await;
        });
        Response::builder()
            .status(101)
            .header(CONNECTION, "Upgrade")
            .header(UPGRADE, "websocket")
            .header(SEC_WEBSOCKET_ACCEPT, accept)
            .header(SEC_WEBSOCKET_PROTOCOL, "loomwork.robot.v1")
            .body(Full::default())
            .unwrap()
    }

    async fn poll(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let body: Value = serde_json::from_slice(&body).unwrap();
        let number = body["n"].as_u64().unwrap();
        let (id, session) = {
            let mut sessions = self.sessions.lock().unwrap();
            let id = body["session"].as_str().map(str::to_owned);
            let id = id.unwrap_or_else(|| format!("s{}", sessions.len()));
            if body["session"].is_null() {
                let session = Arc::new(AsyncMutex::new(self.line(true)));
                sessions.insert(id.clone(), session);
            }
            let Some(session) = sessions.get(&id) else {
                return plain(409, Vec::new());
            };
            (id, Arc::clone(session))
        };
        let mut session = session.lock().await;
        let reply = match &session.last {
            Some((last, reply)) if *last == number => reply.clone(),
            Some((last, _)) => {
                assert!(number > *last);
                session.turn(&id, &body).await
            }
            None => session.turn(&id, &body).await,
        };
        session.last = Some((number, reply.clone()));
        if reply["gone"] == true {
            return plain(409, Vec::new());
        }
        let mut manners = self.manners.lock().unwrap();
        if manners.lost_answers > 0 {
            manners.lost_answers -= 1;
            return plain(502, Vec::new());
        }
        object(200, &reply)
    }
}

impl Session {
    async fn turn(&mut self, id: &str, body: &Value) -> Value {
        for message in body["messages"].as_array().unwrap() {
            self.heard.send(message.clone()).ok();
        }
        let mut messages = Vec::new();
        let wait = Duration::from_millis(body["waitMs"].as_u64().unwrap());
        let mut next = timeout(wait, self.acts.recv()).await.unwrap_or_default();
        while let Some(act) = next {
            match act {
                Act::Say(message) => messages.push(message),
                Act::Close(code) => messages.push(json!({
                    "type": "problem", "code": "closed", "closeCode": code, "message": "closed",
                })),
                Act::Cut => return json!({ "gone": true }),
            }
            next = self.acts.try_recv().ok();
        }
        json!({ "session": id, "messages": messages })
    }
}

async fn carry<S>(mut socket: WebSocketStream<S>, mut session: Session)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    loop {
        tokio::select! {
            frame = socket.next() => match frame {
                Some(Ok(Message::Text(text))) => {
                    assert!(text.len() <= 1024 * 1024, "a frame of {} bytes", text.len());
                    session.heard.send(serde_json::from_str(&text).unwrap()).ok();
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {}
            },
            act = session.acts.recv() => match act {
                Some(Act::Say(message)) => {
                    socket.send(Message::text(message.to_string())).await.ok();
                }
                Some(Act::Close(code)) => {
                    let frame = CloseFrame { code: code.into(), reason: "as told".into() };
                    socket.close(Some(frame)).await.ok();
                }
                Some(Act::Cut) | None => return,
            },
        }
    }
}

fn plain(status: u16, body: Vec<u8>) -> Response<Full<Bytes>> {
    Response::builder()
        .status(status)
        .body(Full::new(Bytes::from(body)))
        .unwrap()
}

fn object(status: u16, value: &Value) -> Response<Full<Bytes>> {
    plain(status, value.to_string().into_bytes())
}
