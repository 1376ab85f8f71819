//! The client's side, which blocks: a command line has nothing else to do.
//! Never: opens the data; a caller that reaches no server does that under the data's own lock.

use super::{Answer, Request};
use std::{
    io::{self, Read, Write},
    os::unix::net::UnixStream,
    path::Path,
};

/// An answer is never longer, in bytes: a hundred thousand tokens.
const MAX_ANSWER_BYTES: u64 = 16 * 1024 * 1024;

/// What became of a call.
#[derive(Debug, PartialEq, Eq)]
pub enum Reached {
    /// A server runs on this data and has said this.
    Server(Answer),
    /// No server listens: the data may be opened (its lock still decides).
    Nobody,
}

/// Why a server that listens gave no answer. What was asked may have been done.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The socket refused or failed.
    #[error("the running server cannot be reached over {path}: {error}")]
    Socket {
        /// The socket.
        path: String,
        /// What the machine says.
        error: io::Error,
    },
    /// What it said is no answer; an empty one means that the server hung up.
    #[error("the running server gave no answer that is understood: {0}")]
    Malformed(String),
}

/// Asks the server behind this socket and waits for its answer, however long that takes.
pub fn call(path: &Path, request: &Request) -> Result<Reached, ControlError> {
    let failed = |error| ControlError::Socket {
        path: path.display().to_string(),
        error,
    };
    let mut stream = match UnixStream::connect(path) {
        Ok(stream) => stream,
        Err(error) if nobody_listens(&error) => return Ok(Reached::Nobody),
        Err(error) => return Err(failed(error)),
    };
    let mut line = serde_json::to_vec(request).map_err(|error| failed(error.into()))?;
    line.push(b'\n');
    stream.write_all(&line).map_err(failed)?;
    let mut answer = Vec::new();
    stream
        .take(MAX_ANSWER_BYTES)
        .read_to_end(&mut answer)
        .map_err(failed)?;
    serde_json::from_slice(&answer)
        .map(Reached::Server)
        .map_err(|error| ControlError::Malformed(error.to_string()))
}

/// The socket does not exist, or is what a server left behind that ended without closing it.
fn nobody_listens(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
    )
}
