//! A watcher: it says messages and hears them, and keeps a picture of what it has seen.
//! Never: waits longer than anything here takes.

use crate::support::{Client, Server};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};
use tokio_tungstenite::tungstenite::{
    Message, WebSocket, client::client_with_config, protocol::WebSocketConfig,
};

/// Longer than anything here takes.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A connection.
pub struct Watcher {
    socket: WebSocket<TcpStream>,
}

/// Starts an instance.
pub fn start(client: &mut Client, key: &str, business_key: &str) -> Value {
    let body = json!({ "definitionKey": key, "businessKey": business_key });
    client.native("POST", "/instances", Some(&body))
}

/// The ids of items.
pub fn ids(items: &[Value]) -> Vec<&str> {
    items
        .iter()
        .map(|item| item["id"].as_str().unwrap())
        .collect()
}

impl Watcher {
    /// Connects, and says nothing.
    pub fn silent(address: SocketAddr) -> Watcher {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        let url = format!("ws://{address}/api/v1/live");
        let config = WebSocketConfig::default()
            .max_message_size(None)
            .max_frame_size(None);
        let (socket, _) = client_with_config(url, stream, Some(config)).unwrap();
        Watcher { socket }
    }

    /// Connects and is welcome.
    pub fn connect(server: &Server) -> Watcher {
        Watcher::with_token(server.address(), None)
    }

    /// The same with a token.
    pub fn with_token(address: SocketAddr, token: Option<&str>) -> Watcher {
        let mut watcher = Watcher::silent(address);
        let mut hello = json!({ "op": "hello" });
        if let Some(token) = token {
            hello["token"] = json!(token);
        }
        watcher.say(&hello);
        let welcome = watcher.hear();
        assert_eq!(welcome["op"], "welcome", "{welcome}");
        watcher
    }

    pub fn say(&mut self, message: &Value) {
        self.say_text(&message.to_string());
    }

    pub fn say_text(&mut self, text: &str) {
        self.socket.send(Message::text(text)).unwrap();
    }

    /// The next message.
    pub fn hear(&mut self) -> Value {
        match self.try_hear() {
            Ok(message) => message,
            Err(code) => panic!("the connection has ended with {code:?}"),
        }
    }

    /// The next message, or the code with which the connection has ended; 0: without one.
    pub fn try_hear(&mut self) -> Result<Value, u16> {
        let begun = Instant::now();
        loop {
            // A ping is no message.
            assert!(begun.elapsed() < PATIENCE, "nothing was heard in time");
            match self.socket.read() {
                Ok(Message::Text(text)) => return Ok(serde_json::from_str(&text).unwrap()),
                Ok(Message::Close(frame)) => {
                    return Err(frame.map_or(0, |frame| u16::from(frame.code)));
                }
                Ok(_) => {}
                Err(error) => {
                    let timed_out = matches!(
                        &error,
                        tokio_tungstenite::tungstenite::Error::Io(io)
                            if io.kind() == std::io::ErrorKind::WouldBlock
                    );
                    assert!(!timed_out, "nothing was heard in time");
                    return Err(0);
                }
            }
        }
    }

    /// Hears until one message is so; all that were heard, it the last.
    pub fn until(&mut self, such: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut heard = Vec::new();
        loop {
            let message = self.hear();
            let is_it = such(&message);
            heard.push(message);
            if is_it {
                return heard;
            }
        }
    }

    /// Subscribes; the items of its whole state, and the last sequence.
    pub fn subscribe(&mut self, id: &str, topic: &str, more: Value) -> (Vec<Value>, String) {
        let mut message = json!({ "op": "subscribe", "id": id, "topic": topic });
        if let (Some(message), Value::Object(more)) = (message.as_object_mut(), more) {
            message.extend(more);
        }
        self.say(&message);
        let mut items = Vec::new();
        loop {
            let page = self.hear();
            if page["op"] == "reset" {
                continue;
            }
            assert_eq!(
                (&page["op"], &page["id"]),
                (&json!("state"), &json!(id)),
                "{page}"
            );
            items.extend(page["items"].as_array().unwrap().clone());
            if page["more"] == false {
                return (items, page["seq"].as_str().unwrap().to_owned());
            }
        }
    }

    /// The next change of a subscription: its kind and its item.
    pub fn change(&mut self, id: &str) -> (String, Value) {
        let heard = self.until(|message| message["id"] == id);
        let change = heard.last().unwrap();
        assert_eq!(change["op"], "change", "{change}");
        (
            change["kind"].as_str().unwrap().to_owned(),
            change["item"].clone(),
        )
    }
}

/// What somebody has seen of one topic.
#[derive(Debug, Default)]
pub struct Picture {
    pub items: BTreeMap<String, Value>,
    pub seq: Option<String>,
    /// Pages of a state that is not whole yet.
    pending: bool,
    pub resets: usize,
}

impl Picture {
    /// Takes a message over.
    pub fn take(&mut self, message: &Value) {
        let id = |item: &Value| item["id"].as_str().unwrap().to_owned();
        match message["op"].as_str().unwrap() {
            "state" => {
                if !std::mem::replace(&mut self.pending, message["more"] == true) {
                    self.items.clear();
                }
                for item in message["items"].as_array().unwrap() {
                    self.items.insert(id(item), item.clone());
                }
            }
            "change" if message["kind"] == "ended" => {
                self.items.remove(&id(&message["item"]));
            }
            "change" => {
                self.items
                    .insert(id(&message["item"]), message["item"].clone());
            }
            "reset" => {
                self.resets += 1;
                self.seq = None;
                self.pending = false;
                return;
            }
            other => panic!("{other}: {message}"),
        }
        self.seq = Some(message["seq"].as_str().unwrap().to_owned());
    }

    /// The connection was cut.
    pub fn cut(&mut self) {
        self.pending = false;
    }
}
