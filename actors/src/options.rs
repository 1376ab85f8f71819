//! What the engine is told at its start. Plain data; where it comes from is the caller's business.

use crate::{admission::Bounds, scripts::ScriptLimits};
use codec::Tenant;
use snapshots::Durability;
use std::{path::PathBuf, time::Duration};

/// The engine's options.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the data lie.
    pub data: PathBuf,
    /// When an answered write is durable.
    pub durability: Durability,
    /// The clock is set by hand.
    pub manual_clock: bool,
    /// The zone of times that name none.
    pub time_zone: jiff::tz::TimeZone,
    /// The company of callers without one.
    pub tenant: Tenant,
    /// Hosts on the runtime.
    pub hosts: usize,
    /// Threads for definitions with scripts.
    pub script_threads: usize,
    /// Limits of scripts.
    pub script_limits: ScriptLimits,
    /// Time for all scripts of one command, in milliseconds.
    pub script_budget_ms: u64,
    /// Bytes that live entities may take.
    pub live_bytes: usize,
    /// Who is let in.
    pub bounds: Bounds,
    /// Size of a journal segment, in bytes.
    pub segment_bytes: u64,
    /// The journal may hold so many bytes that no snapshot has made needless.
    pub journal_limit_bytes: u64,
    /// A snapshot is taken when the journal has grown by so many bytes (or by the last snapshot's size).
    pub snapshot_journal_bytes: u64,
    /// And at the latest so long after a change.
    pub snapshot_every: Duration,
    /// Snapshots are written at no more than so many bytes a second.
    pub snapshot_bytes_per_second: Option<u64>,
    /// Remembered answers, at most.
    pub idempotency_keys: usize,
    /// And for how long.
    pub idempotency_keep: Duration,
    /// Ended instances are deleted after so long; none: never.
    pub retention: Option<Duration>,
}
