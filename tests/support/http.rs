//! Requests and answers of HTTP/1.1 as bytes, for tests that must say exactly what goes over the wire.
//!
//! Owns: building a request, reading an answer. Never: hides a status or follows a redirect.

use serde_json::Value;
use std::io::{self, BufRead, Read};

/// A request, built step by step.
#[derive(Clone, Debug)]
pub struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Request {
    /// Any method; `path` is sent as it is.
    pub fn new(method: &str, path: &str) -> Request {
        Request {
            method: method.to_owned(),
            target: path.to_owned(),
            headers: Vec::new(),
            body: None,
        }
    }

    /// A GET.
    pub fn get(path: &str) -> Request {
        Request::new("GET", path)
    }

    /// A POST.
    pub fn post(path: &str) -> Request {
        Request::new("POST", path)
    }

    /// Adds query parameters, percent-encoded.
    pub fn query(mut self, pairs: &[(&str, &str)]) -> Request {
        for (name, value) in pairs {
            self.target
                .push(if self.target.contains('?') { '&' } else { '?' });
            encode(name, &mut self.target);
            self.target.push('=');
            encode(value, &mut self.target);
        }
        self
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Request {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A body of this type.
    pub fn body(self, content_type: &str, body: impl Into<Vec<u8>>) -> Request {
        self.header("Content-Type", content_type).bare_body(body)
    }

    /// A body without a type.
    pub fn bare_body(mut self, body: impl Into<Vec<u8>>) -> Request {
        self.body = Some(body.into());
        self
    }

    /// A JSON body.
    pub fn json(self, value: &Value) -> Request {
        self.body("application/json", value.to_string())
    }

    /// A form body.
    pub fn form(self, pairs: &[(&str, &str)]) -> Request {
        let mut text = String::new();
        for (name, value) in pairs {
            if !text.is_empty() {
                text.push('&');
            }
            encode(name, &mut text);
            text.push('=');
            encode(value, &mut text);
        }
        self.body("application/x-www-form-urlencoded", text)
    }

    /// The method.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Path and query.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The bytes on the wire.
    pub fn bytes(&self, host: &str) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        let given = |wanted: &str| {
            self.headers
                .iter()
                .any(|(name, _)| name.eq_ignore_ascii_case(wanted))
        };
        if !given("host") {
            head.push_str(&format!("Host: {host}\r\n"));
        }
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let writes = matches!(self.method.as_str(), "POST" | "PUT" | "PATCH");
        let body = self.body.as_deref().unwrap_or_default();
        if (self.body.is_some() || writes) && !given("content-length") {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(body);
        bytes
    }
}

/// Percent-encodes everything that is not unreserved.
pub fn encode(text: &str, into: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            into.push(byte as char);
        } else {
            into.push_str(&format!("%{byte:02X}"));
        }
    }
}

/// An answer, completely read.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// All headers in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body as text; what is not UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| {
            panic!("not JSON ({error}): {} {:.500}", self.status, self.text())
        })
    }

    /// The answer, when its status is this one.
    ///
    /// # Panics
    /// When it is another.
    pub fn expect(self, status: u16) -> Answer {
        assert_eq!(self.status, status, "answered {:.2000}", self.text());
        self
    }

    /// Reads one answer to a request of this method.
    pub fn read(from: &mut impl BufRead, method: &str) -> io::Result<Answer> {
        let mut answer = Answer::read_head(from)?;
        while answer.status == 100 {
            answer = Answer::read_head(from)?;
        }
        let none = method == "HEAD" || matches!(answer.status, 101 | 204 | 304);
        if none {
            return Ok(answer);
        }
        if answer
            .header("transfer-encoding")
            .is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"))
        {
            read_chunks(from, &mut answer.body)?;
        } else if let Some(length) = answer.header("content-length") {
            let length: usize = length.parse().map_err(|_| broken("bad content length"))?;
            answer.body.resize(length, 0);
            from.read_exact(&mut answer.body)?;
        } else {
            from.read_to_end(&mut answer.body)?;
        }
        Ok(answer)
    }

    fn read_head(from: &mut impl BufRead) -> io::Result<Answer> {
        let first = line(from)?;
        let status = first
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .ok_or_else(|| broken("no status line"))?;
        let mut headers = Vec::new();
        loop {
            let next = line(from)?;
            if next.is_empty() {
                break;
            }
            let (name, value) = next.split_once(':').ok_or_else(|| broken("bad header"))?;
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
        Ok(Answer {
            status,
            headers,
            body: Vec::new(),
        })
    }
}

fn read_chunks(from: &mut impl BufRead, body: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let size = line(from)?;
        let size = size.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).map_err(|_| broken("bad chunk size"))?;
        let start = body.len();
        body.resize(start + size, 0);
        from.read_exact(&mut body[start..])?;
        line(from)?;
        if size == 0 {
            return Ok(());
        }
    }
}

fn line(from: &mut impl BufRead) -> io::Result<String> {
    let mut bytes = Vec::new();
    from.read_until(b'\n', &mut bytes)?;
    if bytes.pop() != Some(b'\n') {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    String::from_utf8(bytes).map_err(|_| broken("a head that is not text"))
}

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
