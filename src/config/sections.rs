//! The sections of `config.toml` and their defaults. `config.toml` in the repository explains every one; a test keeps
//! the two the same. Never: holds a knob that nothing obeys.

use super::{duration, size, text};
use jiff::tz::TimeZone;
use org::Guid;
use serde::Deserialize;
use std::{path::PathBuf, time::Duration};

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

/// When a write counts as kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Durability {
    /// It is answered once it has been synced to the disk.
    Sync,
    /// It may be lost for 100 ms after its answer, when the machine fails.
    Async,
}

/// Which clock the engine's timers follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Clock {
    /// The machine's.
    Real,
    /// One that stands until it is moved through the API: for tests.
    Manual,
}

/// Whether an API asks who one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Auth {
    /// It lets everyone in who reaches it.
    Open,
    /// It wants a bearer token.
    Token,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people on a terminal, else JSON.
    Auto,
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// `[engine]`: the engine and its bounds.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Engine {
    /// Which clock timers follow.
    pub clock: Clock,
    /// The zone of times that name none.
    #[serde(deserialize_with = "text::time_zone")]
    pub time_zone: TimeZone,
    /// Hosts that run entities; 0 = one for each processor.
    #[serde(deserialize_with = "text::workers")]
    pub workers: usize,
    /// Memory for entities that are awake, in bytes.
    #[serde(deserialize_with = "size::deserialize")]
    pub live_bytes: u64,
    /// Time for all scripts of one command.
    #[serde(deserialize_with = "duration::deserialize")]
    pub script_time: Duration,
    /// Memory of one script, in bytes.
    #[serde(deserialize_with = "size::deserialize")]
    pub script_memory: u64,
}

/// `[http]`: bounds of every listener.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    /// Open connections.
    #[serde(deserialize_with = "text::positive")]
    pub connections: usize,
    /// Requests in progress.
    #[serde(deserialize_with = "text::positive")]
    pub in_flight: usize,
    /// Bodies of all requests in progress together, in bytes.
    #[serde(deserialize_with = "size::deserialize")]
    pub in_flight_bytes: u64,
    /// A request's head, in bytes.
    #[serde(deserialize_with = "size::deserialize")]
    pub header_bytes: u64,
    /// Lines of a request's head.
    #[serde(deserialize_with = "text::positive")]
    pub header_count: usize,
    /// Time for a request's head.
    #[serde(deserialize_with = "duration::deserialize")]
    pub header_time: Duration,
    /// A request's body, in bytes, where its endpoint sets no other bound.
    #[serde(deserialize_with = "size::deserialize")]
    pub body_bytes: u64,
    /// Time for a request's body.
    #[serde(deserialize_with = "duration::deserialize")]
    pub body_time: Duration,
    /// Slowest average pace of a body, in bytes per second.
    #[serde(deserialize_with = "size::deserialize")]
    pub body_rate: u64,
    /// Time for which a body may be slower than that.
    #[serde(deserialize_with = "duration::deserialize")]
    pub body_grace: Duration,
    /// Time for which a client may take none of its answer.
    #[serde(deserialize_with = "duration::deserialize")]
    pub write_time: Duration,
    /// Time that a connection may lie idle between requests.
    #[serde(deserialize_with = "duration::deserialize")]
    pub idle: Duration,
    /// Time for requests in progress to end when the server stops.
    #[serde(deserialize_with = "duration::deserialize")]
    pub drain: Duration,
    /// Further names under which this server is called.
    #[serde(deserialize_with = "text::hosts")]
    pub hosts: Vec<String>,
    /// Sites whose pages may use the APIs.
    #[serde(deserialize_with = "text::origins")]
    pub allowed_origins: Vec<String>,
}

/// `[public_url]`: how the outside calls this server; without slashes at the end.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PublicUrl {
    /// Where the APIs are reached.
    #[serde(deserialize_with = "text::optional_url")]
    pub gateway: Option<String>,
    /// Where people and programs sign in.
    #[serde(deserialize_with = "text::optional_url")]
    pub sso: Option<String>,
}

/// `[auth]`: signing in.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SignIn {
    /// Failed sign-ins of one name from one address after which the next one must wait.
    #[serde(deserialize_with = "text::positive")]
    pub login_failures: u32,
    /// For how long a used refresh token is only refused; later it ends the whole sign-in.
    #[serde(deserialize_with = "duration::deserialize")]
    pub refresh_grace: Duration,
    /// The company of callers who bring no token; none = the first one that was made.
    #[serde(deserialize_with = "text::optional_guid")]
    pub company: Option<Guid>,
}

/// `[process_center]`: the documented process-center API.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProcessCenter {
    /// Whether it asks who one is.
    pub auth: Auth,
    /// Whether it may be open to a network.
    pub allow_open_network: bool,
    /// A directory whose models are deployed at start, when it exists; empty = none.
    pub auto_deploy: PathBuf,
}

/// `[api]`: the engine's own API.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Api {
    /// Whether it asks who one is.
    pub auth: Auth,
    /// Whether it may be open to a network.
    pub allow_open_network: bool,
    /// Idempotency keys that are remembered.
    #[serde(deserialize_with = "text::positive")]
    pub idempotency_keys: u32,
    /// How long they are remembered, in hours.
    #[serde(deserialize_with = "text::positive")]
    pub idempotency_hours: u32,
}

/// `[snapshots]`: when they are taken, and how gently.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Snapshots {
    /// Longest time between a change and the snapshot that has it.
    #[serde(deserialize_with = "duration::deserialize")]
    pub every: Duration,
    /// Growth of the journal that leads to a snapshot, in bytes; at least the last snapshot's size.
    #[serde(deserialize_with = "size::deserialize")]
    pub journal_bytes: u64,
    /// Fastest pace of writing one, in bytes per second.
    #[serde(deserialize_with = "size::deserialize")]
    pub write_rate: u64,
}

/// `[journal]`: its files.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Journal {
    /// One segment, in bytes.
    #[serde(deserialize_with = "size::segment")]
    pub segment_bytes: u64,
}

/// `[robots]`: how long robots and their runs are waited for.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Robots {
    /// How often a robot says that it is there; at most a third of `lost_after`.
    #[serde(deserialize_with = "duration::deserialize")]
    pub heartbeat: Duration,
    /// After so much silence a robot counts as disconnected.
    #[serde(deserialize_with = "duration::deserialize")]
    pub silent_after: Duration,
    /// After so long without a connection a robot's run counts as lost.
    #[serde(deserialize_with = "duration::deserialize")]
    pub lost_after: Duration,
    /// So long a robot may think about an offer.
    #[serde(deserialize_with = "duration::deserialize")]
    pub offer_within: Duration,
    /// So long a robot has to confirm a cancel.
    #[serde(deserialize_with = "duration::deserialize")]
    pub cancel_after: Duration,
}

/// `[live]`: bounds of the live feed.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Live {
    /// Connections of watchers; none: three quarters of those of `[http]`.
    #[serde(deserialize_with = "text::some_positive")]
    pub connections: Option<usize>,
    /// Subscriptions of one connection.
    #[serde(deserialize_with = "text::positive")]
    pub subscriptions: usize,
    /// Frames that wait for one reader, in bytes.
    #[serde(deserialize_with = "size::deserialize")]
    pub max_buffer: u64,
    /// Entities that the filters of one connection keep in mind.
    #[serde(deserialize_with = "text::positive")]
    pub remembered: usize,
    /// Time for which a reader may take none of them.
    #[serde(deserialize_with = "duration::deserialize")]
    pub stall: Duration,
    /// How often a watcher is pinged, and its token asked about.
    #[serde(deserialize_with = "duration::deserialize")]
    pub ping: Duration,
    /// After so much silence a watcher is left.
    #[serde(deserialize_with = "duration::deserialize")]
    pub silence: Duration,
}

/// `[archive]`: what becomes of ended instances.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Archive {
    /// How long they are kept after their end; none = for ever.
    #[serde(deserialize_with = "duration::optional")]
    pub retention: Option<Duration>,
    /// Ended instances that may wait to be archived before new work is slowed down.
    #[serde(deserialize_with = "text::positive")]
    pub backlog: usize,
}

/// `[log]`: what is logged, and how.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// A level, or levels by module.
    #[serde(deserialize_with = "text::log_filter")]
    pub level: String,
    /// The form of lines.
    pub format: LogFormat,
}

impl Default for Engine {
    fn default() -> Self {
        Self {
            clock: Clock::Real,
            time_zone: TimeZone::UTC,
            workers: 0,
            live_bytes: MIB,
            script_time: Duration::from_secs(1),
            script_memory: 16 * MIB,
        }
    }
}

impl Default for Http {
    fn default() -> Self {
        Self {
            connections: 16_384,
            in_flight: 4_096,
            in_flight_bytes: 256 * MIB,
            header_bytes: 32 * KIB,
            header_count: 90,
            header_time: Duration::from_secs(10),
            body_bytes: 16 * MIB,
            body_time: Duration::from_secs(60),
            body_rate: 4 * KIB,
            body_grace: Duration::from_secs(5),
            write_time: Duration::from_secs(30),
            idle: Duration::from_secs(75),
            drain: Duration::from_secs(10),
            hosts: Vec::new(),
            allowed_origins: Vec::new(),
        }
    }
}

impl Default for SignIn {
    fn default() -> Self {
        Self {
            login_failures: 5,
            refresh_grace: Duration::from_secs(10),
            company: None,
        }
    }
}

impl Default for ProcessCenter {
    fn default() -> Self {
        Self {
            auth: Auth::Open,
            allow_open_network: false,
            auto_deploy: PathBuf::from("processes"),
        }
    }
}

impl Default for Api {
    fn default() -> Self {
        Self {
            auth: Auth::Open,
            allow_open_network: false,
            idempotency_keys: 1_000_000,
            idempotency_hours: 24,
        }
    }
}

impl Default for Snapshots {
    fn default() -> Self {
        Self {
            every: Duration::from_secs(600),
            journal_bytes: 256 * MIB,
            write_rate: 64 * MIB,
        }
    }
}

impl Default for Journal {
    fn default() -> Self {
        Self {
            segment_bytes: 32 * MIB,
        }
    }
}

impl Default for Robots {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_secs(30),
            silent_after: Duration::from_secs(90),
            lost_after: Duration::from_secs(300),
            offer_within: Duration::from_secs(10),
            cancel_after: Duration::from_secs(30),
        }
    }
}

impl Default for Live {
    fn default() -> Self {
        Self {
            connections: None,
            subscriptions: 256,
            max_buffer: MIB,
            remembered: 200_000,
            stall: Duration::from_secs(30),
            ping: Duration::from_secs(30),
            silence: Duration::from_secs(90),
        }
    }
}

impl Default for Archive {
    fn default() -> Self {
        Self {
            retention: None,
            backlog: 100_000,
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self {
            level: "info".to_owned(),
            format: LogFormat::Auto,
        }
    }
}
