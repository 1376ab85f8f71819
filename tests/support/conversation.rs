//! A client with one connection that it keeps, as a program that uses the APIs has.
//!
//! Owns: the socket. Never: repeats a request by itself, except on a connection that the server had closed while it was idle.

use super::http::{Answer, Request};
use serde_json::Value;
use std::{
    io::{self, BufReader, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// No answer of a healthy server takes this long; a test that waits longer has found a hang.
pub const CLIENT_PATIENCE: Duration = Duration::from_secs(120);

/// A client of one server.
pub struct Client {
    address: SocketAddr,
    connection: Option<BufReader<TcpStream>>,
    token: Option<String>,
}

impl Client {
    /// Of the server at this address. Connects with the first request.
    pub fn new(address: SocketAddr) -> Client {
        Client {
            address,
            connection: None,
            token: None,
        }
    }

    /// Sends this bearer token from now on.
    pub fn with_token(mut self, token: &str) -> Client {
        self.token = Some(token.to_owned());
        self
    }

    /// Sends a request and reads its answer.
    ///
    /// # Panics
    /// When there is none.
    pub fn send(&mut self, request: &Request) -> Answer {
        self.try_send(request)
            .unwrap_or_else(|error| panic!("{} {}: {error}", request.method(), request.target()))
    }

    /// Sends a request and reads its answer.
    pub fn try_send(&mut self, request: &Request) -> io::Result<Answer> {
        let request = match &self.token {
            Some(token) => &request
                .clone()
                .header("Authorization", &format!("Bearer {token}")),
            None => request,
        };
        let reused = self.connection.is_some();
        match self.exchange(request) {
            Err(error) if reused && closed_while_idle(&error) => self.exchange(request),
            other => other,
        }
    }

    /// As [`Client::try_send`], but never a second time: for writes whose fate is watched.
    pub fn try_send_once(&mut self, request: &Request) -> io::Result<Answer> {
        self.exchange(request)
    }

    fn exchange(&mut self, request: &Request) -> io::Result<Answer> {
        let mut connection = match self.connection.take() {
            Some(open) => open,
            None => {
                let stream = TcpStream::connect(self.address)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(CLIENT_PATIENCE))?;
                stream.set_write_timeout(Some(CLIENT_PATIENCE))?;
                BufReader::new(stream)
            }
        };
        let bytes = request.bytes(&self.address.to_string());
        // A server may refuse a body by its head alone and close; then the answer is there all the same.
        let written = connection.get_mut().write_all(&bytes);
        let answer = match Answer::read(&mut connection, request.method()) {
            Ok(answer) => answer,
            Err(error) => return Err(written.err().unwrap_or(error)),
        };
        let closes = answer
            .header("connection")
            .is_some_and(|value| value.eq_ignore_ascii_case("close"));
        if written.is_ok() && !closes {
            self.connection = Some(connection);
        }
        Ok(answer)
    }

    /// GET, with query parameters.
    pub fn get(&mut self, path: &str, query: &[(&str, &str)]) -> Answer {
        self.send(&Request::get(path).query(query))
    }

    /// POST without a body.
    pub fn post(&mut self, path: &str, query: &[(&str, &str)]) -> Answer {
        self.send(&Request::post(path).query(query))
    }

    /// POST of JSON.
    pub fn post_json(&mut self, path: &str, query: &[(&str, &str)], body: &Value) -> Answer {
        self.send(&Request::post(path).query(query).json(body))
    }

    /// A request to the engine's own API that must succeed: any method, optional JSON body; the body of its answer.
    ///
    /// # Panics
    /// When the status is not 2xx.
    pub fn native(&mut self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let mut request = Request::new(method, &format!("/api/v1{path}"));
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = self.send(&request);
        assert!(
            (200..300).contains(&answer.status),
            "{method} {path} answered {} {:.2000}",
            answer.status,
            answer.text()
        );
        if answer.body.is_empty() {
            Value::Null
        } else {
            answer.json()
        }
    }

    /// Deploys one model through the engine's own API; the deployment.
    ///
    /// # Panics
    /// When it is refused.
    pub fn deploy(&mut self, name: &str, xml: &str) -> Value {
        let request = Request::post("/api/v1/deployments")
            .query(&[("name", name)])
            .body("application/xml", xml);
        self.send(&request).expect(201).json()
    }
}

/// The connection had ended before the server could see the request.
fn closed_while_idle(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe
    )
}
