//! A recorded trace, and what stands for its ids, its tokens and its files.
//! Never: sends anything.

use crate::support::Request;
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Headers that the sender's library makes by itself for each connection.
const OF_THE_CONNECTION: [&str; 3] = ["host", "content-length", "connection"];

/// A recorded request.
pub struct Line {
    pub method: String,
    pub path: String,
    headers: Vec<(String, String)>,
    body: String,
}

/// A trace that is being sent.
pub struct Trace {
    lines: Vec<Line>,
    /// Recorded ids and ours.
    ids: Vec<(String, String)>,
    /// The access token.
    pub token: String,
    /// Path and query of the last channel.
    pub upload: String,
    package: PathBuf,
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

impl Trace {
    /// Of a file `NAME.jsonl`.
    pub fn read(folder: &Path, name: &str) -> Trace {
        let text = read(&folder.join(format!("{name}.jsonl")));
        let text = String::from_utf8_lossy(&text).into_owned();
        Trace {
            lines: text.lines().map(line).collect(),
            ids: Vec::new(),
            token: String::new(),
            upload: String::new(),
            package: folder.join("EmptyPackage.dgs"),
        }
    }

    /// Its requests.
    pub fn take_lines(&mut self) -> Vec<Line> {
        std::mem::take(&mut self.lines)
    }

    /// From now on `id` stands for `recorded`.
    pub fn put(&mut self, recorded: &str, id: &Value) {
        let Some(id) = id.as_str() else {
            panic!("no id for {recorded}: {id}");
        };
        self.ids.retain(|(known, _)| known != recorded);
        self.ids.push((recorded.to_owned(), id.to_owned()));
    }

    fn filled(&self, text: &str) -> String {
        let mut filled = text.replace("<token>", &self.token);
        for (recorded, id) in &self.ids {
            filled = filled.replace(recorded, id);
        }
        filled
    }

    /// The request as it is sent now.
    pub fn request(&self, line: &Line) -> Request {
        let path = match line.path.starts_with("/upload/") {
            true => self.upload.clone(),
            false => self.filled(&line.path),
        };
        let mut request = Request::new(&line.method, &path);
        for (name, value) in &line.headers {
            if !OF_THE_CONNECTION.contains(&name.to_ascii_lowercase().as_str()) {
                request = request.header(name, &self.filled(value));
            }
        }
        match line.body.as_str() {
            // Nothing, with its length.
            "" => request.bare_body(Vec::new()),
            "<6809 bytes>" => request.bare_body(read(&self.package)),
            body => request.bare_body(self.filled(body)),
        }
    }
}

fn line(text: &str) -> Line {
    let line: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let word = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
    let headers = line["headers"].as_object().into_iter().flatten();
    let headers = headers.map(|(name, value)| {
        let value = value.as_str().unwrap_or_default();
        (name.clone(), value.to_owned())
    });
    Line {
        method: word("method"),
        path: word("path"),
        headers: headers.collect(),
        body: word("body"),
    }
}
