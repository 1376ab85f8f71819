//! The engine's clock: real, or set by hand (`[engine] clock = "manual"`).
//!
//! Owns: what time it is for BPMN. Tokens, locks and retention use the real time.
//! Never: goes on by itself when it is manual.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

/// The clock that the processes see.
pub struct Clock {
    manual: Option<AtomicI64>,
}

/// Milliseconds since 1970 by the machine's clock.
pub fn real_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        })
}

impl Clock {
    /// The real clock.
    pub fn real() -> Self {
        Clock { manual: None }
    }

    /// A clock that stands at this instant until it is set.
    pub fn manual(now_ms: i64) -> Self {
        Clock {
            manual: Some(AtomicI64::new(now_ms)),
        }
    }

    /// Now, in milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        match &self.manual {
            Some(now) => now.load(Ordering::Acquire),
            None => real_ms(),
        }
    }

    /// The machine's clock, whatever the processes see.
    pub fn real_ms(&self) -> i64 {
        real_ms()
    }

    /// Whether it is set by hand.
    pub fn is_manual(&self) -> bool {
        self.manual.is_some()
    }

    /// Sets a manual clock; false: it is real.
    pub fn set(&self, now_ms: i64) -> bool {
        match &self.manual {
            Some(now) => {
                now.store(now_ms, Ordering::Release);
                true
            }
            None => false,
        }
    }
}
