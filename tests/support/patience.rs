//! Waiting for what nobody tells across processes.
//!
//! Owns: that such a wait has a bound. Never: used where a request can wait by itself.

use std::{
    thread,
    time::{Duration, Instant},
};

/// Nothing that a test waits for takes so long.
const BOUND: Duration = Duration::from_secs(90);
/// Pause between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Looks until there is something.
///
/// # Panics
/// When there is nothing for too long.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < BOUND, "not in {BOUND:?}: {what}");
        thread::park_timeout(LOOK_AGAIN);
    }
}
