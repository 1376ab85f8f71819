//! The process group of a run: begun behind a gate, signalled as a whole, its output cut into lines.
//! Never: knows why it is signalled.

use super::logs::Voice;
use rustix::process::{Pid, Signal, kill_process_group};
use std::{ffi::OsString, io, path::Path, process::Stdio};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
};

/// Bytes of a line; longer ones are cut into several.
const LINE_BYTES: usize = 8 * 1024;
/// Nothing of the package runs before a line is read: until then its robot has not kept which process it is,
/// and a robot that dies lets the reading fail.
const GATE: &str = r#"read -r go || exit 125; exec "$@" </dev/null"#;

/// A process group.
#[derive(Clone, Copy, Debug)]
pub struct Group(Pid);

/// What was begun.
pub struct Begun {
    /// The first process.
    pub child: Child,
    /// It and all that it starts.
    pub group: Group,
    /// Its number.
    pub pid: i32,
    /// What holds it back.
    pub gate: Gate,
    /// Its standard output.
    pub output: ChildStdout,
    /// Its standard error.
    pub error: ChildStderr,
}

/// Holds a process back; dropped, it ends without having run.
pub struct Gate(ChildStdin);

impl Gate {
    /// Lets it run.
    pub async fn open(mut self) -> io::Result<()> {
        self.0.write_all(b"go\n").await?;
        self.0.shutdown().await
    }
}

impl Group {
    /// Sends a signal to all of it; a group that has ended is no fault.
    pub fn signal(self, signal: Signal) {
        match kill_process_group(self.0, signal) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => {}
            Err(error) => tracing::warn!(%error, "signalling a run failed"),
        }
    }
}

/// Begins a command in a folder.
pub fn begin(
    command: &[String],
    folder: &Path,
    variables: &[(&str, OsString)],
) -> io::Result<Begun> {
    let mut child = Command::new("sh")
        .args(["-c", GATE, "sh"])
        .args(command)
        .current_dir(folder)
        // The robot's secret is not the package's.
        .env_remove("LOOMWORK_CONNECTION")
        .env("PYTHONUNBUFFERED", "1")
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()?;
    let gone = || io::Error::other("a process without its pipes");
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok());
    let pid = pid.ok_or_else(gone)?;
    Ok(Begun {
        group: Group(Pid::from_raw(pid).ok_or_else(gone)?),
        pid,
        gate: Gate(child.stdin.take().ok_or_else(gone)?),
        output: child.stdout.take().ok_or_else(gone)?,
        error: child.stderr.take().ok_or_else(gone)?,
        child,
    })
}

/// Reads lines until the end, and gives each to `line`; ends early when that says no.
pub async fn lines(
    mut from: impl AsyncRead + Unpin,
    voice: Voice,
    line: impl AsyncFn(Voice, String) -> bool,
) -> io::Result<()> {
    let mut kept = Vec::with_capacity(2 * LINE_BYTES);
    loop {
        let read = from.read_buf(&mut kept).await?;
        let mut begin = 0;
        while let Some(length) = next(&kept[begin..], read == 0) {
            let text = text(&kept[begin..begin + length]);
            if !line(voice, text).await {
                return Ok(());
            }
            begin += length;
        }
        kept.drain(..begin);
        if read == 0 {
            return Ok(());
        }
    }
}

/// How many bytes the next line has, with its end; none when that is not there yet.
fn next(bytes: &[u8], is_all: bool) -> Option<usize> {
    let head = &bytes[..bytes.len().min(LINE_BYTES)];
    if let Some(at) = head.iter().position(|byte| *byte == b'\n') {
        return Some(at + 1);
    }
    if bytes.len() <= LINE_BYTES {
        return (is_all && !bytes.is_empty()).then_some(bytes.len());
    }
    // Not in the middle of a character.
    let is_start = |at: &usize| bytes[*at] & 0b1100_0000 != 0b1000_0000;
    (LINE_BYTES - 3..=LINE_BYTES)
        .rev()
        .find(is_start)
        .or(Some(LINE_BYTES))
}

fn text(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    text.trim_end_matches('\n')
        .trim_end_matches('\r')
        .to_owned()
}
