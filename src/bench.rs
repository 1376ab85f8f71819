//! `loomwork bench`: measures a server over real HTTP against bare hyper, in alternating windows of one run. Owns the
//! processes, the load and the arithmetic; must never reach into the server, which is measured as its clients see it.
//!
//! ```text
//!             ┌─ bench-client ─▶ loomwork serve     window, window, ...
//!  bench ─────┤   (one per window)                  each beside the other side's, fdatasync taken around both
//!             └─ bench-client ─▶ bench-echo         bare hyper
//!             └─ bench-watchers ─▶ loomwork serve   the live feed's crowd
//! ```

mod client;
mod control;
mod disk;
mod echo;
mod histogram;
mod jobs;
mod live;
mod many;
mod measures;
mod model;
mod plan;
mod processes;
mod reply;
mod report;
#[cfg(test)]
mod tests;
mod windows;

use std::{
    io::{self, Read, Write},
    path::PathBuf,
};

use clap::{Args, ValueEnum};

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Measure {
    /// Durable starts ÷ bare hyper echoing the same POST.
    Start,
    /// Start + complete ÷ half the bare hyper rate.
    Pair,
    /// Pages of the task list ÷ a bare hyper GET of the same size.
    Read,
    /// Time until all ended instances are archived after a load of pairs.
    Archive,
    /// Resident bytes per waiting instance, and the rate with many waiting ÷ the rate with none.
    Waiting,
    /// Time from a crash until ready, with many waiting.
    Restart,
    /// p99.9 of starts at half the saturation rate with snapshots ÷ without.
    Tail,
}

/// What else can be measured.
#[derive(clap::Subcommand, Clone, Debug)]
pub enum What {
    /// Jobs and robots against beanstalkd.
    Jobs(jobs::JobsArgs),
    /// Watchers of the live feed: what they cost, and how soon they see.
    Live(live::LiveArgs),
}

/// The command line of `loomwork bench`.
#[derive(Args, Clone, Debug)]
pub struct BenchArgs {
    /// Something else than instances.
    #[command(subcommand)]
    pub what: Option<What>,
    /// Measure only these (otherwise all that can be measured).
    #[arg(long, value_enum, value_delimiter = ',')]
    pub only: Vec<Measure>,
    /// A running server's `host:port`, in place of one that the bench starts; then what needs a restart is left out.
    #[arg(long)]
    pub base: Option<String>,
    /// Directory for the measured servers' data; fdatasync is measured there too.
    #[arg(long, default_value = "bench-data")]
    pub home: PathBuf,
    /// Arguments that start the server; `{data}`, `{listen}` and `{config}` are filled in.
    #[arg(
        long,
        default_value = "serve --config {config} --data {data} --listen {listen}"
    )]
    pub server: String,
    /// Connections.
    #[arg(long, default_value_t = 64)]
    pub connections: usize,
    /// Connections of the second look, where the disk limits the first (0 = none).
    #[arg(long, default_value_t = 512)]
    pub many_connections: usize,
    /// Windows of each side.
    #[arg(long, default_value_t = 3)]
    pub windows: usize,
    /// Length of a window, in milliseconds.
    #[arg(long, default_value_t = 2_000)]
    pub window_ms: u64,
    /// Time before a window that does not count, in milliseconds.
    #[arg(long, default_value_t = 500)]
    pub warm_ms: u64,
    /// Waiting instances for what is measured with many.
    #[arg(long, default_value_t = 100_000)]
    pub waiting: u64,
    /// File for the results as JSON (`-` = stdout, in place of the table).
    #[arg(long)]
    pub json: Option<PathBuf>,
}

/// Why a run came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The machine said no.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A message between our own processes was not understood.
    #[error("between the bench's processes: {0}")]
    Json(#[from] serde_json::Error),
    /// The server refused what every measure needs.
    #[error("{what} was refused: {status} {body}")]
    Refused {
        /// What was asked.
        what: &'static str,
        /// The status.
        status: u16,
        /// The body.
        body: String,
    },
    /// The server ended by itself.
    #[error("the server ended ({status}); its log is {log}")]
    Ended {
        /// Its exit status.
        status: String,
        /// Its log.
        log: PathBuf,
    },
    /// The server did not become ready.
    #[error("the server did not become ready")]
    NotReady,
    /// A load client failed.
    #[error("a load client failed: {0}")]
    Client(String),
    /// A window without one good answer.
    #[error("{side} answered nothing well: {why}")]
    NothingDone {
        /// Which side.
        side: &'static str,
        /// The first refusal.
        why: String,
    },
    /// A figure of the machine is missing.
    #[error("the machine does not show {0}")]
    NoFigure(&'static str),
}

/// Runs the bench and prints what it found.
pub fn run(args: &BenchArgs) -> Result<(), BenchError> {
    match &args.what {
        Some(What::Jobs(jobs)) => return jobs::run(jobs),
        Some(What::Live(live)) => return live::run(live),
        None => {}
    }
    let report = measures::run(args)?;
    let json = serde_json::to_string_pretty(&report)?;
    let mut stdout = io::stdout().lock();
    match &args.json {
        Some(path) if path.as_os_str() == "-" => writeln!(stdout, "{json}")?,
        Some(path) => {
            std::fs::write(path, json)?;
            write!(stdout, "{}", report.table())?;
        }
        None => write!(stdout, "{}", report.table())?,
    }
    Ok(())
}

/// The hidden `bench-client`: one window, as JSON from stdin to stdout.
pub fn client() -> Result<(), BenchError> {
    let mut plan = Vec::new();
    io::stdin().read_to_end(&mut plan)?;
    let plan = serde_json::from_slice(&plan)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let outcome = runtime.block_on(client::run(plan))?;
    io::stdout().write_all(&serde_json::to_vec(&outcome)?)?;
    Ok(())
}

/// The hidden `bench-watchers`: a crowd of the live feed, until stdin ends.
pub fn watchers() -> Result<(), BenchError> {
    live::watchers::serve()
}

/// The hidden `bench-echo`: bare hyper, until stdin ends.
pub fn echo() -> Result<(), BenchError> {
    Ok(echo::run()?)
}
