//! A watcher's connection, with buffers so small that ten thousand of them fit.
//! Never: understands an item.

use super::super::BenchError;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Message, protocol::WebSocketConfig},
};

const BUFFER_BYTES: usize = 4 * 1024;

/// A connection that has been welcomed.
pub struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// Connects and says hello.
    pub async fn open(address: &str) -> Result<Self, BenchError> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER_BYTES)
            .write_buffer_size(0);
        let url = format!("ws://{address}/api/v1/live");
        let opened = client_async_with_config(url, stream, Some(config)).await;
        let (socket, _) = opened.map_err(|error| BenchError::Client(error.to_string()))?;
        let mut socket = Socket(socket);
        socket.say(json!({"op": "hello"})).await?;
        match socket.next().await {
            Some(text) if text.contains("\"welcome\"") => Ok(socket),
            other => Err(BenchError::Client(format!("no welcome, but {other:?}"))),
        }
    }

    /// Sends a message.
    pub async fn say(&mut self, message: Value) -> Result<(), BenchError> {
        let sent = self.0.send(Message::text(message.to_string())).await;
        sent.map_err(|error| BenchError::Client(error.to_string()))
    }

    /// Subscribes, and waits for the whole first state.
    pub async fn subscribe(&mut self, message: Value) -> Result<(), BenchError> {
        self.say(message).await?;
        loop {
            match self.next().await {
                Some(text) if text.ends_with("\"more\":false}") => return Ok(()),
                Some(text) if text.contains("\"op\":\"problem\"") => {
                    return Err(BenchError::Client(text));
                }
                Some(_) => {}
                None => return Err(BenchError::Client("a watcher was cut".to_owned())),
            }
        }
    }

    /// The next message; none: the connection has ended.
    pub async fn next(&mut self) -> Option<String> {
        loop {
            match self.0.next().await?.ok()? {
                Message::Text(text) => return Some(text.as_str().to_owned()),
                Message::Close(_) => return None,
                Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }
}
