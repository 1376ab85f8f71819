//! Just enough of HTTP to know where an answer ends. Owns a connection's read buffer; must never allocate per answer.

use std::io;

use tokio::{io::AsyncReadExt, net::TcpStream};

/// More of an answer than any server here sends: past it something is wrong.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// What has been read from one connection.
#[derive(Debug)]
pub(super) struct Replies {
    buffer: Vec<u8>,
    filled: usize,
    /// End of the answer that was given out last.
    taken: usize,
}

/// One answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reply<'b> {
    pub(super) status: u16,
    pub(super) body: &'b [u8],
}

/// Where an answer's parts lie in the buffer.
struct Shape {
    status: u16,
    body: usize,
    end: usize,
}

impl Replies {
    pub(super) fn new() -> Self {
        Self {
            buffer: vec![0; 16 * 1024],
            filled: 0,
            taken: 0,
        }
    }

    /// Reads the next answer.
    pub(super) async fn next(&mut self, stream: &mut TcpStream) -> io::Result<Reply<'_>> {
        self.buffer.copy_within(self.taken..self.filled, 0);
        self.filled -= self.taken;
        self.taken = 0;
        let shape = loop {
            if let Some(shape) = shape(&self.buffer[..self.filled])? {
                break shape;
            }
            if self.filled == self.buffer.len() {
                if self.filled >= MAX_BYTES {
                    return Err(invalid("an answer is too long"));
                }
                self.buffer.resize(self.filled * 2, 0);
            }
            let read = stream.read(&mut self.buffer[self.filled..]).await?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.filled += read;
        };
        self.taken = shape.end;
        Ok(Reply {
            status: shape.status,
            body: &self.buffer[shape.body..shape.end],
        })
    }
}

/// The first answer in `bytes`, when it is there as a whole.
fn shape(bytes: &[u8]) -> io::Result<Option<Shape>> {
    let Some(head_end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = &bytes[..head_end];
    let status = head.get(9..12).and_then(number);
    let status = status.ok_or_else(|| invalid("no status"))?;
    let length = content_length(head).ok_or_else(|| invalid("an answer without Content-Length"))?;
    let body = head_end + 4;
    let end = body + length;
    Ok((bytes.len() >= end).then_some(Shape {
        status: status as u16,
        body,
        end,
    }))
}

fn content_length(head: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"content-length:";
    let mut lines = head.split(|byte| *byte == b'\n');
    let line = lines
        .find(|line| line.len() > NAME.len() && line[..NAME.len()].eq_ignore_ascii_case(NAME))?;
    number(line[NAME.len()..].trim_ascii())
}

fn number(digits: &[u8]) -> Option<usize> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// The id of the first task in the answer to a start.
pub(super) fn first_task(body: &[u8]) -> Option<&str> {
    let after = |text: &'static [u8], from: &'_ [u8]| {
        let at = from.windows(text.len()).position(|part| part == text)?;
        Some(at + text.len())
    };
    let tasks = &body[after(b"\"tasks\":[", body)?..];
    let id = &tasks[after(b"\"id\":\"", tasks)?..];
    let end = id.iter().position(|byte| *byte == b'"')?;
    std::str::from_utf8(&id[..end]).ok()
}

fn invalid(message: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}
