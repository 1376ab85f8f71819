//! The robot: takes runs from a server over its hub, carries them out on this machine, says what became of them.
//!
//! Owns: how the parts below fit together, exit codes. Never: reaches into the server; all it knows of it is the protocol.
//!
//! ```text
//!  link (socket | poll) ──▶ agent ──▶ runner (one process group)
//!   connected, messages       │          lines, end
//!                             ▼
//!                    store (runs, logs, results on disk), cache (packages)
//! ```
//!
//! What must not be lost is on disk before it is said: a run before it is accepted, a result before it is sent.

mod agent;
mod cache;
mod contents;
mod left_over;
mod link;
mod logs;
mod messages;
mod net;
mod options;
mod poll;
mod process;
mod runner;
mod socket;
mod store;
mod token;
mod trust;

pub use options::RobotArgs;
use std::{io, process::ExitCode};

/// Why a robot ends by itself. Each has an exit code of its own, so that a supervisor knows what not to try again.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The connection string is not one.
    #[error("the connection string is not understood: {0}")]
    Connection(String),
    /// The authorities that it was told to trust cannot be read.
    #[error("the authorities in {0} cannot be used: {1}")]
    Authorities(String, io::Error),
    /// The server does not know this id and secret (any more).
    #[error("the server refuses this robot's id and secret: {0}. Ask for a new connection string")]
    Secret(String),
    /// Another robot uses the same id.
    #[error("another robot has connected with this id; only one can")]
    Newer,
    /// The server speaks another version.
    #[error("the server does not speak this robot's version of the protocol: {0}")]
    Version(String),
    /// The directory is in use by another robot.
    #[error("another robot runs on {0}")]
    InUse(String),
    /// The machine failed.
    #[error("{0}: {1}")]
    Io(String, io::Error),
}

impl Error {
    /// The exit code.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Error::Io(..) => 1,
            Error::Connection(_) | Error::Authorities(..) => 2,
            Error::Secret(_) => 3,
            Error::Newer => 4,
            Error::Version(_) => 5,
            Error::InUse(_) => 6,
        })
    }
}

/// An error of the machine, with what was being done.
fn failed(what: impl std::fmt::Display) -> impl FnOnce(io::Error) -> Error {
    move |error| Error::Io(what.to_string(), error)
}

/// Works for a server until told to stop, or until there is no sense in going on.
pub fn run(arguments: &RobotArgs) -> Result<(), Error> {
    let options = arguments.options()?;
    let store = store::Store::open(&options.dir)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(failed("starting"))?;
    let done = runtime.block_on(agent::run(options, store));
    // A download that hangs must not hold up the end.
    runtime.shutdown_background();
    done
}
