//! A server of the built program, on a directory and a port of its own.
//!
//! Owns: the process; it ends with the test, and its log is shown when the test fails. Never: waits without a bound.
//!
//! ```text
//!  Setup ─▶ config.toml ─▶ loomwork serve --listen 127.0.0.1:0 ─▶ <data>/listen.addr ─▶ /readyz answers 200
//! ```

use super::{Client, http::Request};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// A start that takes longer has failed; a debug build on a busy machine stays far below.
const START_BOUND: Duration = Duration::from_secs(90);
/// Pause between two looks at a process that has not yet written its address: no event tells of that across processes.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// How to serve.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    root: Vec<String>,
    tables: Vec<(String, Vec<String>)>,
    environment: Vec<(String, String)>,
}

impl Setup {
    /// The defaults: durable, real clock, no models deployed at start.
    pub fn new() -> Setup {
        Setup::default().set("process_center", "auto_deploy", "\"\"")
    }

    /// Sets a key of a table (`""`: of the file itself) to this TOML text; a later one replaces an earlier.
    pub fn set(mut self, table: &str, key: &str, value: &str) -> Setup {
        let line = format!("{key} = {value}");
        let lines = if table.is_empty() {
            &mut self.root
        } else if let Some(at) = self.tables.iter().position(|(name, _)| name == table) {
            &mut self.tables[at].1
        } else {
            self.tables.push((table.to_owned(), Vec::new()));
            let last = self.tables.len() - 1;
            &mut self.tables[last].1
        };
        lines.retain(|old| !old.starts_with(&format!("{key} = ")));
        lines.push(line);
        self
    }

    /// Time stands still until a test moves it.
    pub fn manual_clock(self) -> Setup {
        self.set("engine", "clock", "\"manual\"")
    }

    /// Sets an environment variable of the server.
    pub fn environment(mut self, name: &str, value: &str) -> Setup {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    fn toml(&self) -> String {
        let mut text = self.root.join("\n") + "\n";
        for (table, lines) in &self.tables {
            text.push_str(&format!("[{table}]\n{}\n", lines.join("\n")));
        }
        text
    }
}

/// A server that runs, or ran.
pub struct Server {
    directory: TempDir,
    setup: Setup,
    child: Option<Child>,
    address: Option<SocketAddr>,
}

impl Server {
    /// Starts one on fresh data and waits until it is ready.
    ///
    /// # Panics
    /// When it does not become ready.
    pub fn start(setup: Setup) -> Server {
        let mut server = Server::prepared(setup);
        server.start_again();
        server
    }

    /// A directory and a configuration, not started yet: for a test that first puts something there.
    pub fn prepared(setup: Setup) -> Server {
        let directory = TempDir::with_prefix("loomwork-test-")
            .unwrap_or_else(|error| panic!("no temporary directory: {error}"));
        let server = Server {
            directory,
            setup,
            child: None,
            address: None,
        };
        write(&server.config_path(), &server.setup.toml());
        server
    }

    /// Starts on the data that is there and waits until it is ready.
    ///
    /// # Panics
    /// When it runs already, or does not become ready.
    pub fn start_again(&mut self) {
        self.start_at("127.0.0.1:0");
    }

    /// The same where it listened before: for those who know its address and come again by themselves.
    ///
    /// # Panics
    /// When it never ran, runs already, or does not become ready.
    pub fn start_again_here(&mut self) {
        let address = self.address().to_string();
        self.start_at(&address);
    }

    fn start_at(&mut self, listen: &str) {
        assert!(self.child.is_none(), "the server runs already");
        // The address of an earlier run must not be taken for this one's.
        let _ = fs::remove_file(self.address_path());
        self.child = Some(self.spawn_at("server", listen));
        let begun = Instant::now();
        let address = loop {
            if let Some(address) = self.written_address() {
                break address;
            }
            self.assert_alive();
            assert!(
                begun.elapsed() < START_BOUND,
                "not ready in {START_BOUND:?}"
            );
            std::thread::park_timeout(LOOK_AGAIN);
        };
        self.address = Some(address);
        let ready = Client::new(address).try_send(&Request::get("/readyz"));
        match ready {
            Ok(answer) if answer.status == 200 => {}
            other => panic!("/readyz after the start: {other:?}"),
        }
    }

    /// Runs the program on this data and configuration without waiting; output goes to `<name>.log`.
    pub fn spawn(&self, name: &str) -> Child {
        self.spawn_at(name, "127.0.0.1:0")
    }

    fn spawn_at(&self, name: &str, listen: &str) -> Child {
        let log = self.log(name);
        let copy = log
            .try_clone()
            .unwrap_or_else(|error| panic!("log file: {error}"));
        self.command(&["serve", "--listen", listen])
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(copy)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start the server: {error}"))
    }

    /// The program with these arguments, and `--config` and `--data` of this server behind them.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loomwork"));
        command
            .args(arguments)
            .arg("--config")
            .arg(self.config_path())
            .arg("--data")
            .arg(self.data())
            .current_dir(self.directory.path())
            .envs(self.setup.environment.iter().map(|(n, v)| (n, v)));
        command
    }

    /// Ends it at once, as `kill -9` and a power cut of the process do.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Either may fail only because the process has ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Asks it to stop (SIGTERM) and waits.
    ///
    /// # Panics
    /// When it does not run.
    pub fn stop(&mut self) -> ExitStatus {
        let Some(mut child) = self.child.take() else {
            panic!("the server does not run");
        };
        let pid = Pid::from_child(&child);
        kill_process(pid, Signal::TERM).unwrap_or_else(|error| panic!("SIGTERM: {error}"));
        child
            .wait()
            .unwrap_or_else(|error| panic!("waiting for the end: {error}"))
    }

    /// Stops it and starts it on the same data.
    pub fn restart(&mut self) {
        let status = self.stop();
        assert!(status.success(), "SIGTERM ended it with {status}");
        self.start_again();
    }

    /// Where it listens.
    ///
    /// # Panics
    /// When it never ran.
    pub fn address(&self) -> SocketAddr {
        match self.address {
            Some(address) => address,
            None => panic!("the server never ran"),
        }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn base(&self) -> String {
        format!("http://{}", self.address())
    }

    /// A new client.
    pub fn client(&self) -> Client {
        Client::new(self.address())
    }

    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// The directory that holds data, configuration and logs; the server's working directory.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Resident memory in bytes.
    ///
    /// # Panics
    /// When it does not run.
    pub fn resident_bytes(&self) -> u64 {
        let id = self.child.as_ref().map_or(0, Child::id);
        let status = read(Path::new(&format!("/proc/{id}/status")));
        let kib = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok());
        match kib {
            Some(kib) => kib * 1024,
            None => panic!("no VmRSS of process {id}"),
        }
    }

    /// Everything that it wrote to its log.
    pub fn log_text(&self) -> String {
        read(&self.directory.path().join("server.log"))
    }

    /// # Panics
    /// When it has ended.
    pub fn assert_alive(&mut self) {
        let ended = match &mut self.child {
            Some(child) => child.try_wait().ok().flatten(),
            None => None,
        };
        if let Some(status) = ended {
            panic!("the server ended by itself with {status}");
        }
    }

    fn log(&self, name: &str) -> File {
        let path = self.directory.path().join(format!("{name}.log"));
        File::options()
            .create(true)
            .append(true)
            .open(&path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    fn config_path(&self) -> PathBuf {
        self.directory.path().join("config.toml")
    }

    fn address_path(&self) -> PathBuf {
        self.data().join("listen.addr")
    }

    fn written_address(&self) -> Option<SocketAddr> {
        let text = fs::read_to_string(self.address_path()).ok()?;
        // The line is whole when its end is there.
        text.strip_suffix('\n')?.lines().next()?.parse().ok()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let log = fs::read_to_string(self.directory.path().join("server.log"));
            let log = log.unwrap_or_default();
            let start = log.len().saturating_sub(8_000);
            let start = (start..log.len()).find(|at| log.is_char_boundary(*at));
            eprintln!("--- the server's log\n{}", &log[start.unwrap_or(0)..]);
        }
    }
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
