//! Packages made for a story, and the pipes by which a story holds a run and sees it end.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    fs,
    io::{Cursor, Read, Write},
    path::{Path, PathBuf},
    process::Command,
};
use zip::{ZipWriter, write::SimpleFileOptions};

/// A digest in hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A package with these entries.
pub fn package(entries: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in entries {
        let options = SimpleFileOptions::default().unix_permissions(0o755);
        writer.start_file(*name, options).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A package of one shell script.
pub fn script(text: &str) -> Vec<u8> {
    package(&[("main.sh", text)])
}

/// A project file that names an entry.
pub fn project(entry: &str) -> String {
    let project = json!({ "ProjectName": "p", "Version": "1.0.0", "ProjectEntryItem": entry });
    project.to_string()
}

/// An offer of a package.
pub fn offer(run: &str, fence: u64, package: &Value) -> Value {
    json!({
        "type": "offer", "runInstanceId": run, "fence": fence, "jobId": "job-1", "attempt": 2,
        "workflowId": "w1", "workflowName": "w", "acceptWithinMs": 10_000, "package": package, "arguments": {},
    })
}

/// A message about an offer.
pub fn about(kind: &str, offer: &Value) -> Value {
    json!({
        "type": kind, "runInstanceId": offer["runInstanceId"], "fence": offer["fence"],
        "assets": {}, "killAfterMs": 30_000,
    })
}

/// A pipe in the file system.
pub struct Pipe(pub PathBuf);

impl Pipe {
    /// Makes it.
    pub fn new(folder: &Path, name: &str) -> Self {
        let path = folder.join(name);
        let made = Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        Pipe(path)
    }

    /// Lets the script go on that reads from it.
    pub async fn release(&self) {
        let path = self.0.clone();
        let written = tokio::task::spawn_blocking(move || fs::write(path, b"go\n"));
        written.await.unwrap().unwrap();
    }

    /// Holds it open for reading, as soon as somebody writes to it.
    pub async fn opened(&self) -> Held {
        let path = self.0.clone();
        let opened = tokio::task::spawn_blocking(move || fs::File::open(path));
        let opened = tokio::time::timeout(super::hub::PATIENCE, opened).await;
        Held(opened.expect("nobody writes").unwrap().unwrap())
    }
}

/// A pipe that somebody writes to, or did.
pub struct Held(fs::File);

impl Held {
    /// What is written to it until all who hold it open have ended.
    pub async fn until_end(mut self) -> String {
        let read = tokio::task::spawn_blocking(move || {
            let mut text = String::new();
            self.0.read_to_string(&mut text).unwrap();
            text
        });
        let read = tokio::time::timeout(super::hub::PATIENCE, read).await;
        read.expect("the run does not end").unwrap()
    }
}

/// The state letter of a process; none when it has ended.
pub fn state_of(pid: &str) -> Option<char> {
    let text = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).ok()?;
    let state = text.rsplit_once(')')?.1.trim().chars().next()?;
    (state != 'Z').then_some(state)
}
