//! The processes of a run: the measured servers, the yardstick, the load clients. Owns their start and their end; must
//! never leave one behind.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::{
    BenchError,
    control::Target,
    plan::{Outcome, Plan},
};

/// How long a server may take to become ready; a million instances have to be recovered in it.
const READY: Duration = Duration::from_secs(300);
const READY_LOOK: Duration = Duration::from_millis(5);
/// So that only time leads to a snapshot: no run's journal grows by this much.
const SNAPSHOT_JOURNAL: &str = "1024GiB";

/// How to start the measured server.
#[derive(Clone, Debug)]
pub(super) struct Recipe {
    /// Arguments with `{data}`, `{listen}` and `{config}`.
    pub(super) arguments: String,
    /// The directory that holds the data directories.
    pub(super) home: PathBuf,
}

/// A server of ours.
pub(super) struct Server {
    child: Child,
    pub(super) target: Target,
    recipe: Recipe,
    data: PathBuf,
    snapshots_every: &'static str,
    /// Then its log is kept.
    failed: bool,
}

impl Recipe {
    /// Starts a server on empty data in `name`, and waits until it is ready.
    pub(super) fn start(
        &self,
        name: &str,
        snapshots_every: &'static str,
    ) -> Result<Server, BenchError> {
        let data = self.home.join(name);
        // The keys of other data would not fit.
        for left in [&data, &data.with_extension("keys")] {
            if left.exists() {
                fs::remove_dir_all(left)?;
            }
        }
        fs::create_dir_all(&data)?;
        let target = Target::new(&free_address()?);
        let child = self.spawn(&data, &target, snapshots_every)?;
        let mut server = Server {
            child,
            target,
            recipe: self.clone(),
            data,
            snapshots_every,
            failed: false,
        };
        server.wait_ready()?;
        server.target.deploy()?;
        Ok(server)
    }

    fn spawn(
        &self,
        data: &Path,
        target: &Target,
        snapshots_every: &str,
    ) -> Result<Child, BenchError> {
        let config = self.home.join("bench.toml");
        fs::write(
            &config,
            format!(
                "[snapshots]\nevery = \"{snapshots_every}\"\njournal_bytes = \"{SNAPSHOT_JOURNAL}\"\n"
            ),
        )?;
        let log = fs::File::create(data.with_extension("log"))?;
        let fill = |argument: &str| {
            argument
                .replace("{data}", &data.to_string_lossy())
                .replace("{listen}", &target.authority)
                .replace("{config}", &config.to_string_lossy())
        };
        let arguments = self.arguments.split_whitespace().map(fill);
        let child = Command::new(std::env::current_exe()?)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        Ok(child)
    }
}

impl Server {
    fn wait_ready(&mut self) -> Result<Duration, BenchError> {
        let begin = Instant::now();
        while !self.target.is_ready() {
            if let Some(status) = self.child.try_wait()? {
                self.failed = true;
                let log = self.data.with_extension("log");
                return Err(BenchError::Ended {
                    status: status.to_string(),
                    log,
                });
            }
            if begin.elapsed() > READY {
                return Err(BenchError::NotReady);
            }
            std::thread::sleep(READY_LOOK);
        }
        Ok(begin.elapsed())
    }

    /// Kills the server without warning, starts it on the same data, and says how long that took until it was ready.
    pub(super) fn crash_and_restart(&mut self) -> Result<Duration, BenchError> {
        self.child.kill()?;
        self.child.wait()?;
        self.target = Target::new(&free_address()?);
        let begin = Instant::now();
        self.child = self
            .recipe
            .spawn(&self.data, &self.target, self.snapshots_every)?;
        self.wait_ready()?;
        Ok(begin.elapsed())
    }

    /// Resident bytes.
    pub(super) fn resident_bytes(&self) -> Result<u64, BenchError> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        resident_in(&status).ok_or(BenchError::NoFigure("VmRSS"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to do.
        let _killed = self.child.kill();
        let _reaped = self.child.wait();
        let _removed = fs::remove_dir_all(&self.data);
        let _removed = fs::remove_dir_all(self.data.with_extension("keys"));
        if !self.failed {
            let _removed = fs::remove_file(self.data.with_extension("log"));
        }
    }
}

/// Resident bytes in the text of `/proc/PID/status`.
pub(super) fn resident_in(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// A loopback port that was free a moment ago.
fn free_address() -> Result<String, BenchError> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    Ok(listener.local_addr()?.to_string())
}

/// The yardstick's process.
pub(super) struct Echo {
    child: Child,
    pub(super) target: Target,
}

impl Echo {
    pub(super) fn start() -> Result<Self, BenchError> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("bench-echo")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        Ok(Self {
            child,
            target: Target::new(line.trim()),
        })
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Runs one window of load in a process of its own.
pub(super) fn load(plan: &Plan) -> Result<Outcome, BenchError> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg("bench-client")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(&serde_json::to_vec(plan)?)?;
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        return Err(BenchError::Client(output.status.to_string()));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
