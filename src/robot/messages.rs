//! What robot and server say to each other: wire types, one JSON object a message.
//! Owns: names and shapes. Never: decides what follows from them; unknown fields and types are no fault.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

/// The subprotocol of the WebSocket.
pub const SUBPROTOCOL: &str = "loomwork.robot.v1";
/// The protocol's version.
const PROTOCOL: u32 = 1;
/// A frame is never longer, in bytes.
pub const FRAME_BYTES: usize = 1024 * 1024;

/// One offer of one run: what the protocol calls R.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// The run.
    pub run_instance_id: String,
    /// Which offer of its job; grows.
    pub fence: u64,
}

/// Where the bytes of a package are, and which they are.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PackageRef {
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// Its version's number.
    #[serde(default)]
    pub version: String,
    /// Digest of its bytes, in hexadecimal digits.
    pub sha256: String,
    /// Number of its bytes.
    pub size: u64,
    /// Where it can be fetched, for an hour.
    pub url: String,
}

/// An argument of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ArgumentValue {
    /// Its value; none when it has none.
    pub value: Option<Value>,
}

/// What is offered.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Offer {
    /// The run.
    pub run_instance_id: String,
    /// Which offer.
    pub fence: u64,
    /// Its job.
    pub job_id: String,
    /// Which attempt of the job, from 1.
    pub attempt: u64,
    /// Its workflow's name.
    #[serde(default)]
    pub workflow_name: String,
    /// How long it may run, without pauses.
    pub max_run_ms: Option<u64>,
    /// How long the offer holds.
    #[serde(default = "accept_within_ms")]
    pub accept_within_ms: u64,
    /// What to run.
    pub package: PackageRef,
    /// What it gets.
    #[serde(default)]
    pub arguments: Map<String, Value>,
    /// Only when the offer is a start.
    pub assets: Option<Map<String, Value>>,
}

fn accept_within_ms() -> u64 {
    10_000
}

impl Offer {
    /// Which run, which offer.
    pub fn run(&self) -> Run {
        Run {
            run_instance_id: self.run_instance_id.clone(),
            fence: self.fence,
        }
    }

    /// What the package gets: values by name, assets over them.
    pub fn values(&self) -> Map<String, Value> {
        let mut values = Map::new();
        for (name, argument) in &self.arguments {
            let found: Result<ArgumentValue, _> = serde_json::from_value(argument.clone());
            if let Some(value) = found.ok().and_then(|argument| argument.value) {
                values.insert(name.clone(), value);
            }
        }
        values.extend(self.assets.clone().unwrap_or_default());
        values
    }
}

/// What the server wants of a run that hello has named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// A start follows.
    Start,
    /// Go on.
    Continue,
    /// Cancel it.
    Cancel,
    /// The server knows no such run.
    Forget,
}

/// A run of a welcome.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Judged {
    run_instance_id: String,
    fence: u64,
    /// What to do.
    pub verdict: Verdict,
}

impl Judged {
    /// Which run.
    pub fn run(&self) -> Run {
        Run {
            run_instance_id: self.run_instance_id.clone(),
            fence: self.fence,
        }
    }
}

/// The answer to hello.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Welcome {
    /// After so long without contact the server gives a run up.
    pub lost_after_ms: u64,
    /// What to do with the runs that hello named.
    #[serde(default)]
    pub runs: Vec<Judged>,
}

/// What the server says.
#[derive(Debug)]
pub enum Heard {
    /// The answer to hello.
    Welcome(Welcome),
    /// A run is offered.
    Offer(Box<Offer>),
    /// It may begin.
    Start(Run, Map<String, Value>),
    /// An offer holds no longer.
    Withdraw(Run),
    /// Stop for a while.
    Pause(Run),
    /// Go on.
    Resume(Run),
    /// End it, in so many milliseconds by force.
    Cancel(Run, u64),
    /// Logs of a run up to a number are safe.
    LogsSafe(String, u64),
    /// A result has arrived; whether it counts, and why not.
    ResultSafe(Run, bool, Option<String>),
    /// For the robot's own log.
    Problem(String, String),
    /// From a newer server.
    Unknown(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Rest {
    assets: Map<String, Value>,
    kill_after_ms: Option<u64>,
    of: String,
    run_instance_id: String,
    seq: u64,
    accepted: bool,
    reason: Option<String>,
    code: String,
    message: String,
}

/// How long a cancelled run has when the server does not say.
pub const KILL_AFTER_MS: u64 = 30_000;

impl Heard {
    /// Reads a message.
    pub fn read(message: &Value) -> Result<Self, String> {
        let kind = message["type"].as_str().ok_or("it has no type")?;
        let rest = || read::<Rest>(message);
        Ok(match kind {
            "welcome" => Heard::Welcome(read(message)?),
            "offer" => Heard::Offer(read(message)?),
            "start" => Heard::Start(read(message)?, rest()?.assets),
            "withdraw" => Heard::Withdraw(read(message)?),
            "pause" => Heard::Pause(read(message)?),
            "resume" => Heard::Resume(read(message)?),
            "cancel" => Heard::Cancel(
                read(message)?,
                rest()?.kill_after_ms.unwrap_or(KILL_AFTER_MS),
            ),
            "ack" => {
                let rest = rest()?;
                match rest.of.as_str() {
                    "logs" => Heard::LogsSafe(rest.run_instance_id, rest.seq),
                    "result" => Heard::ResultSafe(read(message)?, rest.accepted, rest.reason),
                    other => Heard::Unknown(format!("ack of {other}")),
                }
            }
            "problem" => {
                let rest = rest()?;
                Heard::Problem(rest.code, rest.message)
            }
            other => Heard::Unknown(other.to_owned()),
        })
    }
}

fn read<T: DeserializeOwned>(message: &Value) -> Result<T, String> {
    serde_json::from_value(message.clone()).map_err(|error| error.to_string())
}

/// How far a run is that hello names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Accepted; no start yet.
    Accepted,
    /// Its process runs.
    Running,
    /// Its process stands still.
    Paused,
    /// Its result waits to be acknowledged.
    Finished,
}

impl Stage {
    fn name(self) -> &'static str {
        match self {
            Stage::Accepted => "accepted",
            Stage::Running => "running",
            Stage::Paused => "paused",
            Stage::Finished => "finished",
        }
    }
}

/// Why an offer is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// There is a run already, or the robot is about to end.
    Busy,
    /// It is nothing that any robot of this kind can run.
    Unsupported,
    /// Its bytes cannot be had, or are not what they should be.
    Package,
    /// This machine is not fit for it now.
    Other,
}

impl Reason {
    fn name(self) -> &'static str {
        match self {
            Reason::Busy => "busy",
            Reason::Unsupported => "unsupported",
            Reason::Package => "package",
            Reason::Other => "other",
        }
    }
}

/// The first message.
pub fn hello(capabilities: &[&str], state: (bool, bool), runs: &[(Run, Stage)]) -> Value {
    let (accepting, auto_accept) = state;
    let runs: Vec<Value> = runs
        .iter()
        .map(|(run, stage)| of_run(run, json!({ "state": stage.name() })))
        .collect();
    let version = env!("CARGO_PKG_VERSION");
    json!({
        "type": "hello", "protocol": PROTOCOL, "version": version, "capabilities": capabilities,
        "accepting": accepting, "autoAccept": auto_accept, "runs": runs,
    })
}

/// A message about a run.
pub fn about(kind: &str, run: &Run, rest: Value) -> Value {
    let mut message = json!({ "type": kind });
    if let (Value::Object(into), Value::Object(from)) = (&mut message, of_run(run, rest)) {
        into.extend(from);
    }
    message
}

/// A refusal of an offer.
pub fn reject(run: &Run, reason: Reason, message: &str) -> Value {
    about(
        "reject",
        run,
        json!({ "reason": reason.name(), "message": message }),
    )
}

fn of_run(run: &Run, rest: Value) -> Value {
    let mut object = json!({ "runInstanceId": run.run_instance_id, "fence": run.fence });
    if let (Value::Object(into), Value::Object(from)) = (&mut object, rest) {
        into.extend(from);
    }
    object
}
