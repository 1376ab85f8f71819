//! How long commands take, counted in buckets that widen with the time: four a doubling, so a figure is at most a fifth too high.
//! Owns: its counts only, from the start of the server on. Never: waits, or counts one exactly.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Buckets of a doubling.
const STEPS: usize = 4;
/// Doublings from a microsecond on: the last bucket begins at some nine hours.
const DOUBLINGS: usize = 35;
const BUCKETS: usize = STEPS * DOUBLINGS;

/// Counts that many threads add to.
pub struct Latencies {
    counts: [AtomicU64; BUCKETS],
}

impl Default for Latencies {
    fn default() -> Self {
        Latencies {
            counts: [const { AtomicU64::new(0) }; BUCKETS],
        }
    }
}

/// Counts at one moment, or between two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts(Vec<u64>);

impl Latencies {
    /// Something has taken so long.
    pub fn record(&self, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.counts[bucket(us)].fetch_add(1, Ordering::Relaxed);
    }

    /// All that was recorded so far.
    pub fn counts(&self) -> Counts {
        let counts = self.counts.iter();
        Counts(counts.map(|count| count.load(Ordering::Relaxed)).collect())
    }
}

impl Counts {
    /// What has come since an earlier look.
    pub fn since(&self, earlier: &Counts) -> Counts {
        let both = self.0.iter().zip(&earlier.0);
        Counts(both.map(|(now, then)| now.saturating_sub(*then)).collect())
    }

    /// How many.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// What this share of all have not taken longer than, in microseconds, up to the width of its bucket; none: there is nothing.
    pub fn percentile_us(&self, share: f64) -> Option<u64> {
        let total = self.total();
        let wanted = ((total as f64 * share).ceil() as u64).clamp(1, total.max(1));
        let mut seen = 0;
        for (bucket, count) in self.0.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return Some(top_us(bucket));
            }
        }
        None
    }
}

/// The doubling of a time, and the step in it.
fn bucket(us: u64) -> usize {
    let us = us.max(1);
    let doubling = us.ilog2() as usize;
    let step = match doubling {
        0 => 0,
        1 => ((us - 2) * 2) as usize,
        _ => ((us >> (doubling - 2)) & 3) as usize,
    };
    (doubling * STEPS + step).min(BUCKETS - 1)
}

/// Where a bucket ends.
fn top_us(bucket: usize) -> u64 {
    let (doubling, step) = (bucket / STEPS, bucket % STEPS);
    let from = 1_u64 << doubling;
    from + from * (step as u64 + 1) / STEPS as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_at_most_a_quarter_too_high_and_never_too_low() {
        for us in [1, 2, 3, 4, 7, 8, 100, 1_000, 999_999, 60_000_000] {
            let latencies = Latencies::default();
            latencies.record(Duration::from_micros(us));
            let told = latencies.counts().percentile_us(0.5);
            let told = told.unwrap_or_default();
            assert!(told >= us && told <= us + us / 4 + 1, "{us}: {told}");
        }
    }

    #[test]
    fn what_has_come_since_is_told_apart_from_what_was_before() {
        let latencies = Latencies::default();
        latencies.record(Duration::from_secs(10));
        let before = latencies.counts();
        assert_eq!(before.since(&before).percentile_us(0.99), None);
        for ms in 1..=100 {
            latencies.record(Duration::from_millis(ms));
        }
        let since = latencies.counts().since(&before);
        assert_eq!(since.total(), 100);
        let p99 = since.percentile_us(0.99).unwrap_or_default();
        assert!((99_000..125_000).contains(&p99), "{p99}");
        latencies.record(Duration::MAX);
        assert_eq!(latencies.counts().total(), 102);
    }
}
