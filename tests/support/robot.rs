//! Robots as processes of their own: the built-in one and the example in Python.
//!
//! Owns: the process, which ends with the test, and the directory that it finds again. Never: speaks for it.

use super::Server;
use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// Which program.
#[derive(Clone, Copy, Debug)]
pub enum Program {
    /// `loomwork robot`.
    BuiltIn,
    /// `examples/robot.py`.
    Example,
}

/// A robot that runs, or ran.
pub struct Robot {
    program: Program,
    connection: String,
    folder: PathBuf,
    options: Vec<&'static str>,
    child: Option<Child>,
}

impl Robot {
    /// Starts `loomwork robot`.
    pub fn start(server: &Server, id: &str, secret: &str) -> Robot {
        Robot::start_program(Program::BuiltIn, server, id, secret, &[])
    }

    /// Starts a robot with these options.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start_program(
        program: Program,
        server: &Server,
        id: &str,
        secret: &str,
        options: &[&'static str],
    ) -> Robot {
        let base = server.base();
        let folder = server.directory().join(format!("robot-{id}"));
        std::fs::create_dir_all(&folder)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut robot = Robot {
            program,
            connection: format!(
                "HubUrl={base}/robothub;ClientId={id};ClientSecret={secret};AuthenticationUrl={base}/connect/token"
            ),
            folder,
            options: options.to_vec(),
            child: None,
        };
        robot.start_again();
        robot
    }

    /// Starts it on what it has on its disk.
    ///
    /// # Panics
    /// When it runs already, or cannot be started.
    pub fn start_again(&mut self) {
        assert!(self.child.is_none(), "the robot runs already");
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.folder.join("robot.log"))
            .unwrap_or_else(|error| panic!("the robot's log: {error}"));
        let mut command = match self.program {
            Program::BuiltIn => {
                let mut command = Command::new(env!("CARGO_BIN_EXE_loomwork"));
                command
                    .arg("robot")
                    .arg("--dir")
                    .arg(self.folder.join("state"));
                command
            }
            Program::Example => {
                let mut command = Command::new("python3");
                let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/robot.py");
                command.arg("-B").arg(example);
                command
            }
        };
        let child = command
            .args(&self.options)
            .current_dir(&self.folder)
            .env("LOOMWORK_CONNECTION", &self.connection)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        self.child = Some(child.unwrap_or_else(|error| panic!("cannot start the robot: {error}")));
    }

    /// Ends it at once, as `kill -9` does.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Either may fail only because the process has ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Robot {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.folder.join("robot.log"));
            eprintln!("--- {}\n{}", self.folder.display(), log.unwrap_or_default());
        }
    }
}
