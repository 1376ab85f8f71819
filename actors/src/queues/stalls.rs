//! Bindings whose starts are refused: why, and when one message may try again.
//!
//! Owns: how long a binding is left alone, longer with each refusal. Presence, not state: after a start every binding
//! tries at once. Never: is saved.

use rpa::Guid;
use std::{collections::BTreeMap, time::Duration};

/// The first pause, and the longest, in milliseconds.
const FIRST_MS: i64 = 1_000;
const LONGEST_MS: i64 = 30_000;

/// Why a binding starts nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stall {
    /// What refused its last start, for people.
    pub why: String,
    /// Since when, milliseconds since 1970.
    pub since_ms: i64,
    /// When it may try again, milliseconds since 1970.
    again_ms: i64,
    pause_ms: i64,
}

/// All such bindings of a queue.
#[derive(Default)]
pub struct Stalls {
    bindings: BTreeMap<Guid, Stall>,
}

impl Stalls {
    /// A start was refused; gives how long nothing is tried.
    pub fn refused(&mut self, binding: Guid, why: &str, now_ms: i64) -> Duration {
        let stall = self.bindings.entry(binding).or_insert_with(|| Stall {
            why: String::new(),
            since_ms: now_ms,
            again_ms: now_ms,
            pause_ms: 0,
        });
        why.clone_into(&mut stall.why);
        // Others that were begun before the first refusal count with it.
        if stall.again_ms <= now_ms {
            stall.pause_ms = (2 * stall.pause_ms).clamp(FIRST_MS, LONGEST_MS);
            stall.again_ms = now_ms.saturating_add(stall.pause_ms);
        }
        Duration::from_millis((stall.again_ms - now_ms).unsigned_abs())
    }

    /// A start succeeded, or the binding is another one now; whether it had been refused.
    pub fn free(&mut self, binding: Guid) -> bool {
        self.bindings.remove(&binding).is_some()
    }

    /// Why this one starts nothing.
    pub fn get(&self, binding: Guid) -> Option<Stall> {
        self.bindings.get(&binding).cloned()
    }

    /// All of them, and whether one message may try at an instant, milliseconds since 1970.
    pub fn at(&self, now_ms: i64) -> BTreeMap<Guid, bool> {
        let all = self.bindings.iter();
        all.map(|(binding, stall)| (*binding, stall.again_ms <= now_ms))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_with_each_try_and_end_with_a_start() {
        let (binding, mut stalls) = (Guid(1), Stalls::default());
        let mut now_ms = 7;
        for pause_ms in [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000] {
            let pause = Duration::from_millis(pause_ms);
            assert_eq!(stalls.refused(binding, "no target", now_ms), pause);
            // What was begun beside it does not make it longer.
            assert_eq!(stalls.refused(binding, "no target", now_ms), pause);
            assert_eq!(stalls.at(now_ms), BTreeMap::from([(binding, false)]));
            now_ms += i64::try_from(pause_ms).expect("a pause");
            assert_eq!(stalls.at(now_ms), BTreeMap::from([(binding, true)]));
        }
        assert_eq!(stalls.get(binding).map(|stall| stall.since_ms), Some(7));
        assert!(stalls.free(binding) && !stalls.free(binding));
        assert_eq!(stalls.at(now_ms), BTreeMap::new());
    }
}
