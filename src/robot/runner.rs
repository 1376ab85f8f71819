//! One run: a fresh copy of its package, its process group, its time limit, its outcome.
//! Owns: what of the run is on the machine, until none of it is. Never: speaks to the server.
//!
//! ```text
//!  unpack ─▶ begin ─▶ running ⇄ paused ─▶ ended ─▶ the rest of the group is killed ─▶ Outcome
//!                        └─ stop: SIGTERM ─ grace ─▶ SIGKILL ─┘
//! ```

use super::{
    cache::{self, CacheError, Packages},
    contents::{self, ContentsError},
    left_over,
    logs::Voice,
    messages::{Offer, Reason, Run},
    process::{self, Begun, Group},
    store::Home,
};
use rustix::process::Signal;
use serde_json::{Map, Value, json};
use std::{
    fs, io,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::ExitStatus,
    time::Duration,
};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until, timeout},
};

/// What a run has to end by itself when its time is over.
const GRACE: Duration = Duration::from_secs(5);
/// What still holds the output open so long after the end is not waited for.
const DRAIN: Duration = Duration::from_secs(5);
/// Bytes of a result: it must fit a frame.
const RESULT_BYTES: u64 = 512 * 1024;

/// What is asked of a run.
#[derive(Clone, Copy, Debug)]
pub enum Order {
    /// Stand still.
    Pause,
    /// Go on.
    Resume,
    /// End, for a reason, in this time or by force.
    Stop(Why, Duration),
}

/// Why a run is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The server wants it.
    Cancelled,
    /// It ran too long.
    TimeLimit,
    /// The server has given it up by now.
    NoContact,
    /// The robot ends.
    Leaving,
}

/// What a run says.
#[derive(Debug)]
pub enum Report {
    /// Whether the package of an offer can be run here.
    Ready(Result<(), (Reason, String)>),
    /// A line of output.
    Line(Voice, String),
    /// It stands still.
    Paused,
    /// It goes on.
    Resumed,
    /// None of it runs any more: its result, without which run.
    Ended(Value),
}

/// What to run.
pub struct Job {
    /// The offer, with everything that the start has added.
    pub offer: Offer,
    /// Its folder.
    pub home: Home,
    /// Where packages are.
    pub packages: Packages,
}

/// Where reports go.
pub type Reports = mpsc::Sender<(Run, Report)>;

/// The file and the command of an offer's package, or why there is none.
pub async fn prepare(
    offer: &Offer,
    packages: Packages,
) -> Result<(PathBuf, Vec<String>), (Reason, String)> {
    let file = cache::package(packages, offer.package.clone()).await;
    let file = file.map_err(|error| {
        let reason = match &error {
            CacheError::Io(_) => Reason::Other,
            CacheError::Improper(_) | CacheError::Fetch(_) | CacheError::Differs(_) => {
                Reason::Package
            }
        };
        (reason, error.to_string())
    })?;
    let path = file.clone();
    let command = cache::on_disk(move || Ok(contents::command(&path))).await;
    let command = command.map_err(|error| (Reason::Other, error.to_string()))?;
    let command = command.map_err(|error| {
        let reason = match &error {
            ContentsError::Package(_) => Reason::Package,
            ContentsError::Malformed(_) | ContentsError::Unsupported(_) => Reason::Unsupported,
            ContentsError::Lacks(_) => Reason::Other,
        };
        (reason, error.to_string())
    })?;
    Ok((file, command))
}

/// Runs it to its end.
pub async fn run(job: Job, mut orders: mpsc::UnboundedReceiver<Order>, reports: Reports) {
    let run = job.offer.run();
    let mut early = Vec::new();
    let begun = tokio::select! {
        begun = begin(&job) => begun.map_err(|message| failed(None, message)),
        why = stopped(&mut orders, &mut early) => Err(stopped_by(why, None)),
    };
    let outcome = match begun {
        Ok(begun) => supervise(&job, begun, (&mut orders, early), &reports).await,
        Err(outcome) => outcome,
    };
    let home = job.home.clone();
    let cleared = cache::on_disk(move || {
        home.clear();
        Ok(())
    });
    if let Err(error) = cleared.await {
        tracing::warn!(%error, "removing a run's copy failed");
    }
    // Nobody hears it only when the robot has ended.
    reports.send((run, Report::Ended(outcome))).await.ok();
}

/// Waits for a stop; what else is asked meanwhile is kept.
async fn stopped(orders: &mut mpsc::UnboundedReceiver<Order>, early: &mut Vec<Order>) -> Why {
    loop {
        match orders.recv().await {
            Some(Order::Stop(why, _)) => return why,
            Some(order @ (Order::Pause | Order::Resume)) => early.push(order),
            None => return Why::Leaving,
        }
    }
}

/// Fetches, unpacks, begins. Nothing is awaited after the process is there, so that dropping this leaves none.
async fn begin(job: &Job) -> Result<Begun, String> {
    let prepared = prepare(&job.offer, job.packages.clone()).await;
    let (file, command) = prepared.map_err(|(_, message)| message)?;
    let (home, values) = (job.home.clone(), job.offer.values());
    let written = cache::on_disk(move || {
        contents::unpack(&file, &home.work())?;
        home.write_arguments(&serde_json::to_vec(&values)?)
    });
    let text = |error: io::Error| format!("the run cannot begin: {error}");
    written.await.map_err(text)?;
    let variables = [
        ("LOOMWORK_ARGUMENTS", job.home.arguments().into()),
        ("LOOMWORK_RESULT", job.home.out().into()),
        ("LOOMWORK_JOB_ID", job.offer.job_id.clone().into()),
        ("LOOMWORK_RUN_ID", job.offer.run_instance_id.clone().into()),
        ("LOOMWORK_ATTEMPT", job.offer.attempt.to_string().into()),
    ];
    let begun = process::begin(&command, &job.home.work(), &variables).map_err(text)?;
    let identity = left_over::identity(begun.pid);
    job.home.write_process(&identity).map_err(text)?;
    Ok(begun)
}

/// What is to happen with a running group, and when.
struct Watch {
    group: Group,
    /// How long it may still run, counted from `since` while it is not paused.
    left: Option<Duration>,
    since: Instant,
    is_paused: bool,
    stopped: Option<Why>,
    kill_at: Option<Instant>,
}

impl Watch {
    /// The next thing that happens by the clock.
    fn due(&self) -> Option<Instant> {
        if self.stopped.is_some() {
            return self.kill_at;
        }
        let left = self.left.filter(|_| !self.is_paused)?;
        Some(self.since + left)
    }

    fn stop(&mut self, why: Why, grace: Duration) {
        let at = Instant::now() + grace;
        self.stopped.get_or_insert(why);
        self.kill_at = Some(self.kill_at.map_or(at, |before| before.min(at)));
        self.group.signal(Signal::TERM);
        // What stands still hears nothing.
        self.group.signal(Signal::CONT);
        self.is_paused = false;
    }

    fn on_time(&mut self) {
        if self.stopped.is_none() {
            self.stop(Why::TimeLimit, GRACE);
        } else {
            self.group.signal(Signal::KILL);
            self.kill_at = None;
        }
    }

    /// Does as asked; what to report.
    fn obey(&mut self, order: Order) -> Option<Report> {
        match order {
            Order::Stop(why, grace) => {
                self.stop(why, grace);
                None
            }
            Order::Pause | Order::Resume if self.stopped.is_some() => None,
            Order::Pause => {
                if !self.is_paused {
                    self.group.signal(Signal::STOP);
                    let used = self.since.elapsed();
                    self.left = self.left.map(|left| left.saturating_sub(used));
                    self.is_paused = true;
                }
                Some(Report::Paused)
            }
            Order::Resume => {
                if self.is_paused {
                    self.group.signal(Signal::CONT);
                    self.since = Instant::now();
                    self.is_paused = false;
                }
                Some(Report::Resumed)
            }
        }
    }
}

async fn supervise(
    job: &Job,
    begun: Begun,
    (orders, early): (&mut mpsc::UnboundedReceiver<Order>, Vec<Order>),
    reports: &Reports,
) -> Value {
    let run = job.offer.run();
    let Begun {
        mut child,
        group,
        gate,
        output,
        error,
        pid: _,
    } = begun;
    let line = {
        let (run, reports) = (run.clone(), reports.clone());
        async move |voice, text| {
            let report = (run.clone(), Report::Line(voice, text));
            reports.send(report).await.is_ok()
        }
    };
    let output = tokio::spawn(process::lines(output, Voice::Output, line.clone()));
    let error = tokio::spawn(process::lines(error, Voice::Error, line));
    let mut watch = Watch {
        group,
        left: job.offer.max_run_ms.map(Duration::from_millis),
        since: Instant::now(),
        is_paused: false,
        stopped: None,
        kill_at: None,
    };
    // A pause that is asked for already stops it before its first instruction.
    for order in early {
        if let Some(report) = watch.obey(order) {
            reports.send((run.clone(), report)).await.ok();
        }
    }
    if let Err(error) = gate.open().await {
        tracing::warn!(%error, "a run ended before it began");
    }
    let status = loop {
        let due = watch.due();
        tokio::select! {
            status = child.wait() => break status,
            order = orders.recv() => {
                // The robot is gone: nobody is left to hear of this run.
                let order = order.unwrap_or(Order::Stop(Why::Leaving, Duration::ZERO));
                if let Some(report) = watch.obey(order) {
                    reports.send((run.clone(), report)).await.ok();
                }
            }
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => watch.on_time(),
        }
    };
    group.signal(Signal::KILL);
    for mut reader in [output, error] {
        if timeout(DRAIN, &mut reader).await.is_err() {
            reader.abort();
        }
    }
    match status {
        Ok(status) => outcome(&watch, status, &job.home.out()),
        Err(error) => failed(None, format!("the run was lost: {error}")),
    }
}

fn outcome(watch: &Watch, status: ExitStatus, out: &Path) -> Value {
    let code = status.code();
    match watch.stopped {
        Some(why) => stopped_by(why, code),
        None => match (code, arguments(out)) {
            (Some(0), Ok(arguments)) => result("Succeeded", code, arguments, None),
            (Some(0), Err(fault)) => failed(code, format!("malformed result: {fault}")),
            (Some(number), _) => failed(code, format!("exit code {number}")),
            (None, _) => {
                let signal = status.signal().unwrap_or_default();
                failed(None, format!("ended by signal {signal}"))
            }
        },
    }
}

fn stopped_by(why: Why, code: Option<i32>) -> Value {
    match why {
        Why::Cancelled => result("Cancelled", code, Map::new(), None),
        Why::TimeLimit => failed(code, "time limit".to_owned()),
        Why::NoContact => failed(code, "no contact with the server".to_owned()),
        Why::Leaving => failed(code, "robot stopped".to_owned()),
    }
}

/// What the package says it gives back.
fn arguments(out: &Path) -> Result<Map<String, Value>, String> {
    let found = match fs::symlink_metadata(out) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Map::new()),
        Err(error) => return Err(error.to_string()),
    };
    if !found.is_file() {
        return Err("it is no file".to_owned());
    }
    if found.len() > RESULT_BYTES {
        return Err("it is longer than 512 KiB".to_owned());
    }
    let bytes = fs::read(out).map_err(|error| error.to_string())?;
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(arguments)) => Ok(arguments),
        Ok(_) => Err("it is no JSON object".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn failed(code: Option<i32>, message: String) -> Value {
    result("Failed", code, Map::new(), Some(message))
}

/// A result, without which run it is of.
pub fn result(
    status: &str,
    code: Option<i32>,
    arguments: Map<String, Value>,
    message: Option<String>,
) -> Value {
    let mut result = json!({ "status": status, "arguments": arguments });
    if let Some(code) = code {
        result["exitCode"] = json!(code);
    }
    if let Some(message) = message {
        result["message"] = json!(message);
    }
    result
}
