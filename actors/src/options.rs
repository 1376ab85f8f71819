//! What the engine is told at its start. Plain data; where it comes from is the caller's business.

use crate::{admission::Bounds, scripts::ScriptLimits};
use codec::Tenant;
use snapshots::{Durability, MAX_RECORD_BYTES};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// What a segment's header and a record's frame take of a segment, at most.
const SEGMENT_OVERHEAD_BYTES: u64 = 256;

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
    /// Times of robots.
    pub robots: RobotTimes,
}

/// The times that robots and their runs are held to (spec/robot-protocol.md, rule 8).
#[derive(Clone, Copy, Debug)]
pub struct RobotTimes {
    /// How often a robot says that it is there.
    pub heartbeat: Duration,
    /// After so much silence it counts as disconnected.
    pub silent_after: Duration,
    /// After so long without a connection its run counts as lost.
    pub lost_after: Duration,
    /// So long it may think about an offer.
    pub offer_within: Duration,
    /// What decisions about runs need.
    pub execution: rpa::execution::Times,
}

impl Default for RobotTimes {
    fn default() -> Self {
        RobotTimes {
            heartbeat: Duration::from_secs(30),
            silent_after: Duration::from_secs(90),
            lost_after: Duration::from_secs(300),
            offer_within: Duration::from_secs(10),
            execution: rpa::execution::Times::default(),
        }
    }
}

impl Options {
    /// The largest record: 16 MiB, or what a segment holds.
    pub fn record_limit_bytes(&self) -> usize {
        let segment = self.segment_bytes.saturating_sub(SEGMENT_OVERHEAD_BYTES);
        usize::try_from(segment).map_or(MAX_RECORD_BYTES, |bytes| bytes.min(MAX_RECORD_BYTES))
    }

    /// For a small engine on these data, durable, with the real clock and UTC.
    pub fn new(data: &Path) -> Self {
        Options {
            data: data.to_owned(),
            durability: Durability::Sync,
            manual_clock: false,
            time_zone: jiff::tz::TimeZone::UTC,
            tenant: Tenant(0),
            hosts: 2,
            script_threads: 1,
            script_limits: ScriptLimits::default(),
            script_budget_ms: 1000,
            live_bytes: 1 << 20,
            bounds: Bounds {
                commands: 1000,
                archive_backlog: 1000,
            },
            segment_bytes: 32 << 20,
            journal_limit_bytes: 1 << 30,
            snapshot_journal_bytes: 1 << 30,
            snapshot_every: Duration::from_secs(3600),
            snapshot_bytes_per_second: None,
            idempotency_keys: 1000,
            idempotency_keep: Duration::from_secs(3600),
            retention: None,
            robots: RobotTimes::default(),
        }
    }
}
