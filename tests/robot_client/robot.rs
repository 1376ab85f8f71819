//! A robot's process, as an operator has it.

use super::hub::{Hub, PATIENCE};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};
use tempfile::TempDir;
use tokio::{
    process::{Child, Command},
    time::timeout,
};

/// A robot and its directory.
pub struct Robot {
    child: Child,
    /// For what a story leaves beside the robot.
    pub folder: TempDir,
    options: Vec<&'static str>,
}

/// What a robot with this hub is told.
pub fn connection(hub: &Hub) -> String {
    let address = hub.address;
    format!(
        "HubUrl=http://{address}/robothub;ClientId=r1;ClientSecret=s+cret=;AuthenticationUrl=http://{address}/connect/token"
    )
}

fn spawn(hub: &Hub, folder: &Path, options: &[&'static str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_loomwork"))
        .arg("robot")
        .arg("--dir")
        .arg(folder.join("state"))
        .args(options)
        .env("LOOMWORK_CONNECTION", connection(hub))
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

impl Robot {
    /// Starts one.
    pub fn start(hub: &Hub, options: &[&'static str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            child: spawn(hub, folder.path(), options),
            folder,
            options: options.to_vec(),
        }
    }

    /// `kill -9`, and on again with the same directory.
    pub async fn kill_and_restart(&mut self, hub: &Hub) {
        self.kill_and_restart_after(hub, |_| {}).await;
    }

    /// The same, with something done to its directory between.
    pub async fn kill_and_restart_after(&mut self, hub: &Hub, between: impl FnOnce(&Path)) {
        self.child.kill().await.unwrap();
        between(&self.place("state"));
        self.child = spawn(hub, self.folder.path(), &self.options);
    }

    /// SIGTERM.
    pub fn terminate(&self) {
        let pid = self.child.id().and_then(|pid| i32::try_from(pid).ok());
        let pid = rustix::process::Pid::from_raw(pid.unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    }

    /// Its exit code, once it ends, and what it said.
    pub async fn end(self) -> (Option<i32>, String) {
        let output = timeout(PATIENCE, self.child.wait_with_output()).await;
        let output = output.expect("the robot does not end").unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), said)
    }

    /// The names of the runs on its disk.
    pub fn runs(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path().join("state/runs")).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect()
    }

    /// Where stories put what is theirs.
    pub fn place(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}
