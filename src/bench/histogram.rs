//! Latencies, counted in buckets that widen with the value (1/64 at most between neighbours). Owns its counts only.

use super::plan::Latency;

/// Buckets per doubling.
const STEPS: u64 = 64;
/// Doublings past the exact range: 2^40 ns is 18 minutes.
const DOUBLINGS: u64 = 35;

/// Counts of durations in nanoseconds.
#[derive(Clone, Debug)]
pub(super) struct Histogram {
    counts: Vec<u64>,
    total: u64,
    max_ns: u64,
}

impl Histogram {
    pub(super) fn new() -> Self {
        Self {
            counts: vec![0; (STEPS * (DOUBLINGS + 1)) as usize],
            total: 0,
            max_ns: 0,
        }
    }

    pub(super) fn record(&mut self, ns: u64) {
        let last = self.counts.len() - 1;
        self.counts[bucket(ns).min(last)] += 1;
        self.total += 1;
        self.max_ns = self.max_ns.max(ns);
    }

    /// The smallest recorded value, to the bucket's precision, that `share` of all are not above.
    pub(super) fn percentile_ns(&self, share: f64) -> u64 {
        let wanted = ((self.total as f64 * share).ceil() as u64).max(1);
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return top(index as u64).min(self.max_ns);
            }
        }
        self.max_ns
    }

    pub(super) fn latency(&self) -> Latency {
        let micros = |ns: u64| ns as f64 / 1_000.0;
        Latency {
            p50_us: micros(self.percentile_ns(0.5)),
            p99_us: micros(self.percentile_ns(0.99)),
            p999_us: micros(self.percentile_ns(0.999)),
            max_us: micros(self.max_ns),
        }
    }
}

/// Values below `STEPS` have a bucket each; from there each doubling has `STEPS` of them.
fn bucket(ns: u64) -> usize {
    if ns < STEPS {
        return ns as usize;
    }
    let doubling = u64::from(ns.ilog2()) - u64::from(STEPS.ilog2());
    let within = (ns >> doubling) - STEPS;
    (STEPS * (doubling + 1) + within) as usize
}

/// The largest value of a bucket.
fn top(index: u64) -> u64 {
    if index < STEPS {
        return index;
    }
    let doubling = index / STEPS - 1;
    let within = index % STEPS;
    ((STEPS + within + 1) << doubling) - 1
}
