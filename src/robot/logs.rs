//! The log of one run: lines on disk, numbered from 1, sent until the server has them.
//!
//! Owns: numbers, what is sent next, how much may be under way. Never: sends.
//!
//! ```text
//!  |---- safe ----|---- in flight ----|---- to be sent ----|
//!                 ▲ after a cut it is sent again from here
//! ```

use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    fs::{self, File, OpenOptions},
    io::{self, BufRead, Seek, SeekFrom, Write},
    os::unix::fs::FileExt,
    path::PathBuf,
};

/// Bytes of a batch: with its frame around it well under the megabyte that a frame may have.
const BATCH_BYTES: usize = 256 * 1024;
/// Entries of a batch.
const BATCH_ENTRIES: usize = 500;
/// Batches that may be under way.
const IN_FLIGHT: usize = 4;
/// Bytes that one run may log.
const RUN_BYTES: u64 = 64 * 1024 * 1024;

/// Who speaks how loud.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// The package's standard output.
    Output,
    /// The package's standard error.
    Error,
    /// The robot itself.
    Robot,
}

/// The log of one run.
#[derive(Debug)]
pub struct Logs {
    file: File,
    safe_path: PathBuf,
    /// Number of the last entry.
    last: u64,
    /// Bytes of the file.
    end: u64,
    safe: Mark,
    sent: Mark,
    in_flight: VecDeque<Mark>,
}

/// Up to an entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Mark {
    seq: u64,
    offset: u64,
}

impl Logs {
    /// Opens or makes it; half a line at the end is cut off.
    pub fn open(path: PathBuf, safe_path: PathBuf) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let mut file = options.read(true).append(true).create(true).open(path)?;
        let safe = fs::read_to_string(&safe_path).unwrap_or_default();
        let mut numbers = safe.split_whitespace().map(str::parse);
        let safe = match (numbers.next(), numbers.next(), numbers.next()) {
            (Some(Ok(seq)), Some(Ok(offset)), Some(Ok(0))) => Mark { seq, offset },
            // Sent again from the beginning: the server knows by the numbers what it has.
            _ => Mark::default(),
        };
        let length = file.metadata()?.len();
        let safe = Mark {
            offset: safe.offset.min(length),
            ..safe
        };
        file.seek(SeekFrom::Start(safe.offset))?;
        let (mut last, mut end) = (safe.seq, safe.offset);
        let mut reader = io::BufReader::new(&file);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line)? > 0 {
            let entry: Option<Value> = serde_json::from_slice(&line).ok();
            let seq = entry.and_then(|entry| entry["seq"].as_u64());
            let (Some(seq), Some(b'\n')) = (seq, line.last()) else {
                break;
            };
            last = seq;
            end += line.len() as u64;
            line.clear();
        }
        file.set_len(end)?;
        Ok(Self {
            file,
            safe_path,
            last,
            end,
            safe,
            sent: safe,
            in_flight: VecDeque::new(),
        })
    }

    /// Adds lines.
    pub fn add(&mut self, at: &str, lines: &[(Voice, String)]) -> io::Result<()> {
        let mut bytes = Vec::new();
        for (voice, text) in lines {
            let used = self.end + bytes.len() as u64;
            if used > RUN_BYTES {
                break;
            }
            self.last += 1;
            entry(&mut bytes, self.last, at, *voice, text)?;
            if self.end + bytes.len() as u64 > RUN_BYTES {
                self.last += 1;
                let text = "there is more output than 64 MiB; the rest is not kept";
                entry(&mut bytes, self.last, at, Voice::Robot, text)?;
            }
        }
        self.file.write_all(&bytes)?;
        self.end += bytes.len() as u64;
        Ok(())
    }

    /// What to send next; none while enough is under way, or all is.
    pub fn batch(&mut self) -> io::Result<Option<Vec<Value>>> {
        if self.in_flight.len() >= IN_FLIGHT || self.sent.offset >= self.end {
            return Ok(None);
        }
        let left = usize::try_from(self.end - self.sent.offset).unwrap_or(BATCH_BYTES);
        let mut bytes = vec![0; left.min(BATCH_BYTES)];
        self.file.read_exact_at(&mut bytes, self.sent.offset)?;
        let mut entries = Vec::new();
        let mut rest = &bytes[..];
        let mut line = Vec::new();
        while entries.len() < BATCH_ENTRIES {
            line.clear();
            rest.read_until(b'\n', &mut line)?;
            if line.last() != Some(&b'\n') {
                break;
            }
            let entry: Value = serde_json::from_slice(&line)?;
            self.sent.seq = entry["seq"].as_u64().unwrap_or(self.sent.seq);
            self.sent.offset += line.len() as u64;
            entries.push(entry);
        }
        self.in_flight.push_back(self.sent);
        Ok(Some(entries))
    }

    /// The server has all up to this number.
    pub fn acknowledge(&mut self, seq: u64) -> io::Result<()> {
        let before = self.safe;
        while let Some(mark) = self.in_flight.front().filter(|mark| mark.seq <= seq) {
            self.safe = *mark;
            self.in_flight.pop_front();
        }
        if self.safe != before {
            // A zero behind them: half a number is not mistaken for one.
            let text = format!("{} {} 0", self.safe.seq, self.safe.offset);
            match fs::write(&self.safe_path, text) {
                // What ran has deleted its folder: nothing is sent from there after a restart.
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }

    /// What is under way may be lost: it is sent again.
    pub fn rewind(&mut self) {
        self.sent = self.safe;
        self.in_flight.clear();
    }

    /// Whether the server has everything.
    pub fn is_safe(&self) -> bool {
        self.safe.offset >= self.end
    }
}

fn entry(into: &mut Vec<u8>, seq: u64, at: &str, voice: Voice, text: &str) -> io::Result<()> {
    let (level, kind) = match voice {
        Voice::Output => ("Info", "Business"),
        Voice::Error => ("Error", "Business"),
        Voice::Robot => ("Error", "System"),
    };
    let entry = json!({ "seq": seq, "at": at, "level": level, "logType": kind, "message": text });
    serde_json::to_writer(&mut *into, &entry)?;
    into.push(b'\n');
    Ok(())
}
