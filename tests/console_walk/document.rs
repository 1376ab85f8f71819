//! The commands of `docs/console.md`, run as they are written.
//!
//! Owns: the shell that runs them, which does not outlive the test. Never: leaves a block out.

use rustix::process::{Pid, Signal, kill_process_group};
use std::{
    fs,
    net::TcpListener,
    os::unix::process::CommandExt,
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

/// Longer than all commands together take.
const PATIENCE: Duration = Duration::from_secs(180);

/// All blocks of shell commands.
fn commands(text: &str) -> String {
    let mut commands = String::new();
    let mut inside = false;
    for line in text.lines() {
        match line {
            "```sh" => inside = true,
            "```" => inside = false,
            line if inside => {
                commands.push_str(line);
                commands.push('\n');
            }
            _ => {}
        }
    }
    commands
}

/// An address at which nobody listens.
fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    listener.local_addr().expect("an address").to_string()
}

#[test]
fn the_commands_of_the_document_lead_to_a_finished_job() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("docs/console.md")).expect("the document");
    let folder = tempfile::tempdir().expect("a directory");
    let program = Path::new(env!("CARGO_BIN_EXE_loomwork"));
    let path = std::env::var("PATH").unwrap_or_default();
    let beside = program.parent().expect("a directory").display();
    let child = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &commands(&text)])
        .current_dir(folder.path())
        .env("PATH", format!("{beside}:{path}"))
        .env("LISTEN", free_address())
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a shell");
    let group = Pid::from_child(&child);
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || done.send(child.wait_with_output()));
    let output = is_done.recv_timeout(PATIENCE);
    // A block that failed leaves the server and the robot behind.
    let _ = kill_process_group(group, Signal::KILL);
    let output = output.expect("an end in time").expect("an output");
    let said = String::from_utf8_lossy(&output.stdout);
    let complaints = String::from_utf8_lossy(&output.stderr);
    let log = fs::read_to_string(folder.path().join("server.log")).unwrap_or_default();
    assert!(output.status.success(), "{said}\n{complaints}\n{log}");
    for expected in [
        "\"Succeeded\"",
        "\"42\"",
        "\"hi\"",
        "T00:30:00.000Z",
        "\"create\"",
    ] {
        assert!(said.contains(expected), "no {expected} in {said}");
    }
}
