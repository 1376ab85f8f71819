//! What the bench asks of a load client's process, and what that answers. Wire types between two processes of one
//! binary, as JSON on stdin and stdout; never stored.

use serde::{Deserialize, Serialize};

/// One window of load.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    /// `host:port` of the server.
    pub(super) address: String,
    pub(super) connections: usize,
    pub(super) work: Work,
    pub(super) pace: Pace,
    pub(super) until: Until,
}

/// What each connection does over and over; requests are whole HTTP messages.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Work {
    /// One request.
    Same { request: String },
    /// A start, then the completion of its first task; `authority` names the server in the second request.
    Pair { start: String, authority: String },
}

/// When the next request is sent.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) enum Pace {
    /// When the answer to the last one is there.
    Closed,
    /// At a fixed rate over all connections, whether answers come or not.
    Open { per_second: f64 },
}

/// When a window ends.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) enum Until {
    /// After `warm_ms`, which do not count, and `run_ms`, which do.
    Time { warm_ms: u64, run_ms: u64 },
    /// After so many pieces of work.
    Count { pieces: u64 },
}

/// What a window came to.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Outcome {
    /// Pieces of work (requests, or pairs) that ended well in the time that counts.
    pub(super) done: u64,
    /// Answers that were not 2xx.
    pub(super) refused: u64,
    /// The first of those, shortened.
    pub(super) first_refusal: Option<String>,
    pub(super) elapsed_s: f64,
    /// Of single requests.
    pub(super) latency: Latency,
}

/// Percentiles in microseconds.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Latency {
    pub(super) p50_us: f64,
    pub(super) p99_us: f64,
    pub(super) p999_us: f64,
    pub(super) max_us: f64,
}

impl Outcome {
    /// Pieces of work per second.
    pub(super) fn per_second(&self) -> f64 {
        if self.elapsed_s > 0.0 {
            self.done as f64 / self.elapsed_s
        } else {
            0.0
        }
    }
}
