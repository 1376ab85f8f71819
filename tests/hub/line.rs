//! A robot that says what a story says, over a WebSocket or by polling.
//!
//! Owns: the transport. Never: answers anything by itself.

use crate::support::{
    Answer, Client, Request, Server,
    console::{ROBOT, SECRET, robot_token},
};
use serde_json::{Value, json};
use std::{collections::VecDeque, io::Write, net::TcpStream, time::Duration};
use tokio_tungstenite::tungstenite::{
    Error, Message, WebSocket,
    client::{IntoClientRequest, client},
};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a robot says that it is there.
pub fn hello() -> Value {
    json!({
        "type": "hello", "protocol": 1, "version": "1.0", "capabilities": ["sh"], "accepting": true, "runs": [],
    })
}

/// A message about a run.
pub fn about(kind: &str, offer: &Value) -> Value {
    json!({
        "type": kind, "runInstanceId": offer["runInstanceId"], "fence": offer["fence"],
    })
}

/// A robot's WebSocket.
pub struct Socket(WebSocket<TcpStream>);

impl Socket {
    /// Connects with a token.
    pub fn open(server: &Server, token: &str) -> Socket {
        let address = server.address();
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let url = format!("ws://{address}/robothub");
        let mut request = url.into_client_request().expect("a request");
        let bearer = format!("Bearer {token}").parse().expect("a header");
        request.headers_mut().insert("authorization", bearer);
        let protocol = "loomwork.robot.v1".parse().expect("a header");
        request
            .headers_mut()
            .insert("sec-websocket-protocol", protocol);
        match client(request, stream) {
            Ok((socket, _)) => Socket(socket),
            Err(error) => panic!("no WebSocket: {error}"),
        }
    }

    /// The robot of the seed, before its hello.
    pub fn of_robot(server: &Server) -> Socket {
        Socket::open(server, &robot_token(server, ROBOT, SECRET))
    }

    /// The robot of the seed, welcomed.
    pub fn welcomed(server: &Server) -> Socket {
        let mut socket = Socket::of_robot(server);
        socket.say(&hello());
        let welcome = socket.hear();
        assert_eq!(welcome["type"], "welcome", "{welcome}");
        socket
    }

    /// Says something.
    pub fn say(&mut self, message: &Value) {
        self.send(Message::text(message.to_string()));
    }

    /// Sends a frame.
    pub fn send(&mut self, message: Message) {
        self.0.send(message).expect("a connection that takes it");
    }

    /// Sends bytes that need not be a frame.
    pub fn send_raw(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).expect("a connection");
    }

    /// The next message.
    pub fn hear(&mut self) -> Value {
        loop {
            match self.0.read().expect("a message") {
                Message::Text(text) => return serde_json::from_str(&text).expect("JSON"),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("no message but {other:?}"),
            }
        }
    }

    /// The messages until the server ends the connection, and the code with which it does.
    pub fn end(mut self) -> (Vec<Value>, u16) {
        let mut heard = Vec::new();
        loop {
            match self.0.read() {
                Ok(Message::Text(text)) => heard.push(serde_json::from_str(&text).expect("JSON")),
                Ok(Message::Close(Some(frame))) => return (heard, frame.code.into()),
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                Ok(other) => panic!("no end but {other:?}"),
                Err(Error::ConnectionClosed) => panic!("an end without a code"),
                Err(error) => panic!("no end but {error}"),
            }
        }
    }
}

/// A robot that polls. Every request is sent twice: the answer is the same.
pub struct Polling {
    client: Client,
    session: Value,
    number: u64,
    saying: Vec<Value>,
    heard: VecDeque<Value>,
}

/// One request of a robot that polls.
pub fn poll(client: &mut Client, body: &Value) -> Answer {
    client.send(&Request::post("/robothub/poll").json(body))
}

impl Polling {
    /// The robot of the seed, welcomed.
    pub fn welcomed(server: &Server) -> Polling {
        let token = robot_token(server, ROBOT, SECRET);
        let mut polling = Polling {
            client: server.client().with_token(&token),
            session: Value::Null,
            number: 1,
            saying: Vec::new(),
            heard: VecDeque::new(),
        };
        let body = json!({"n": 1, "messages": [hello()]});
        let told = poll(&mut polling.client, &body).expect(200).json();
        polling.session = told["session"].clone();
        assert_eq!(told["messages"][0]["type"], "welcome", "{told}");
        polling
    }

    fn hear(&mut self) -> Value {
        while self.heard.is_empty() {
            self.number += 1;
            let body = json!({
                "session": self.session, "n": self.number, "waitMs": 10_000,
                "messages": std::mem::take(&mut self.saying),
            });
            let told = poll(&mut self.client, &body).expect(200).json();
            let again = poll(&mut self.client, &body).expect(200).json();
            assert_eq!(told, again);
            let messages = told["messages"].as_array().expect("messages");
            self.heard.extend(messages.iter().cloned());
        }
        self.heard.pop_front().expect("a message")
    }
}

/// A robot, whichever way it came.
pub enum Line {
    /// Over a WebSocket.
    Socket(Box<Socket>),
    /// By polling.
    Polling(Box<Polling>),
}

impl Line {
    /// Says something, with the next question when it polls.
    pub fn say(&mut self, message: &Value) {
        match self {
            Line::Socket(socket) => socket.say(message),
            Line::Polling(polling) => polling.saying.push(message.clone()),
        }
    }

    /// The next message.
    pub fn hear(&mut self) -> Value {
        match self {
            Line::Socket(socket) => socket.hear(),
            Line::Polling(polling) => polling.hear(),
        }
    }

    /// The next message, which must be of this type.
    #[track_caller]
    pub fn hears(&mut self, kind: &str) -> Value {
        let message = self.hear();
        assert_eq!(message["type"], kind, "{message}");
        message
    }
}
