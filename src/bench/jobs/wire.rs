//! One kept connection that asks and hears JSON.
//! Never: retries.

use super::super::{BenchError, reply::Replies};
use serde_json::Value;
use tokio::{io::AsyncWriteExt, net::TcpStream};

/// A connection.
pub struct Wire {
    stream: TcpStream,
    replies: Replies,
    address: String,
    token: String,
}

impl Wire {
    /// Connects with a token.
    pub async fn with_token(address: &str, token: &str) -> Result<Self, BenchError> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Wire {
            stream,
            replies: Replies::new(),
            address: address.to_owned(),
            token: token.to_owned(),
        })
    }

    /// Connects and signs in with this form.
    pub async fn sign_in(address: &str, form: &str) -> Result<Self, BenchError> {
        let mut wire = Wire::with_token(address, "").await?;
        let typed = "application/x-www-form-urlencoded";
        let answer = wire.post("/connect/token", typed, form).await?;
        let token = answer["access_token"].as_str();
        let missing = || BenchError::Client("an answer without a token".to_owned());
        wire.token = token.ok_or_else(missing)?.to_owned();
        Ok(wire)
    }

    /// The bearer token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Posts JSON and reads JSON.
    pub async fn ask(&mut self, path: &str, body: &str) -> Result<Value, BenchError> {
        self.post(path, "application/json", body).await
    }

    async fn post(&mut self, path: &str, typed: &str, body: &str) -> Result<Value, BenchError> {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: {typed}\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            self.token,
            body.len()
        );
        self.stream.write_all(request.as_bytes()).await?;
        let reply = self.replies.next(&mut self.stream).await?;
        if reply.status != 200 {
            return Err(BenchError::Refused {
                what: "a request of the job bench",
                status: reply.status,
                body: String::from_utf8_lossy(reply.body).into_owned(),
            });
        }
        Ok(serde_json::from_slice(reply.body)?)
    }
}
