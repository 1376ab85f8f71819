//! Frames as bytes, for what no client library would send.
//! Never: masks or joins anything that it was not told to.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
};

use crate::watcher::PATIENCE;

/// A connection that sends what it is told.
pub struct Raw {
    stream: BufReader<TcpStream>,
}

/// What arrives.
#[derive(Debug, PartialEq, Eq)]
pub enum Got {
    Text(String),
    Pong(Vec<u8>),
    Closed(u16),
    Cut,
}

/// A frame: its first byte (FIN, RSV, opcode) and its payload, masked as clients do.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    with_mask(first, payload, true)
}

/// The same, masked or not.
pub fn with_mask(first: u8, payload: &[u8], masked: bool) -> Vec<u8> {
    let bit = if masked { 0x80 } else { 0 };
    let mut bytes = vec![first];
    match payload.len() {
        length @ 0..=125 => bytes.push(bit | length as u8),
        length @ 126..=0xffff => {
            bytes.push(bit | 126);
            bytes.extend((length as u16).to_be_bytes());
        }
        length => {
            bytes.push(bit | 127);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    let mask = [0x12, 0x34, 0x56, 0x78];
    if masked {
        bytes.extend(mask);
    }
    let hidden = payload.iter().enumerate();
    bytes.extend(hidden.map(|(n, byte)| if masked { byte ^ mask[n % 4] } else { *byte }));
    bytes
}

/// The head of a handshake with these lines, too.
pub fn handshake(address: SocketAddr, lines: &str) -> String {
    format!(
        "GET /api/v1/live HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{lines}\r\n"
    )
}

impl Raw {
    /// Sends a head; the status that it is answered.
    pub fn ask(address: SocketAddr, head: &str) -> (Raw, u16) {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut raw = Raw {
            stream: BufReader::new(stream),
        };
        raw.send(head.as_bytes());
        let mut status = 0;
        loop {
            let mut line = String::new();
            raw.stream.read_line(&mut line).unwrap();
            if let Some(rest) = line.strip_prefix("HTTP/1.1 ") {
                status = rest[..3].parse().unwrap();
            }
            if line.trim().is_empty() {
                return (raw, status);
            }
        }
    }

    /// An upgraded connection; a hello is said when it is `welcome`.
    pub fn connect(address: SocketAddr, welcome: bool) -> Raw {
        let (mut raw, status) = Raw::ask(address, &handshake(address, ""));
        assert_eq!(status, 101);
        if welcome {
            raw.send(&frame(0x81, br#"{"op":"hello"}"#));
            let told = raw.hear();
            assert!(
                matches!(&told, Got::Text(text) if text.contains("welcome")),
                "{told:?}"
            );
        }
        raw
    }

    /// Sends bytes; the other side may have ended it.
    pub fn send(&mut self, bytes: &[u8]) {
        // What comes back says it.
        let _ = self.stream.get_mut().write_all(bytes);
    }

    /// What arrives next; pings are passed over.
    pub fn hear(&mut self) -> Got {
        loop {
            let mut head = [0; 2];
            if self.stream.read_exact(&mut head).is_err() {
                return Got::Cut;
            }
            assert_eq!(head[1] & 0x80, 0, "a server does not mask");
            let length = match head[1] {
                126 => {
                    let mut long = [0; 2];
                    self.stream.read_exact(&mut long).unwrap();
                    usize::from(u16::from_be_bytes(long))
                }
                127 => {
                    let mut long = [0; 8];
                    self.stream.read_exact(&mut long).unwrap();
                    u64::from_be_bytes(long) as usize
                }
                short => usize::from(short),
            };
            let mut payload = vec![0; length];
            self.stream.read_exact(&mut payload).unwrap();
            match head[0] {
                0x81 => return Got::Text(String::from_utf8(payload).unwrap()),
                0x8a => return Got::Pong(payload),
                0x89 => {}
                0x88 if length < 2 => return Got::Closed(1005),
                0x88 => return Got::Closed(u16::from_be_bytes([payload[0], payload[1]])),
                other => panic!("a frame of type {other:#x}"),
            }
        }
    }
}
