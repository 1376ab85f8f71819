//! What is due in executions: offers that time out, runs that run too long, cancels that nobody confirms.
//! Owns: when to look again. Never: decides, the execution does; spins on one that cannot decide.
//!
//! ```text
//!  due ─▶ Tick ─▶ no longer due
//!           └──── due as before ─▶ again after a while ─▶ due as before ─▶ it is set aside
//! ```

use crate::core::Core;
use rpa::{Guid, execution::Command};
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

/// With nothing due, look again at the latest after so long: the machine's clock may have been set.
const LOOK_EVERY_MS: i64 = 1_000;
/// What was not done is tried again after so long.
const AGAIN: Duration = Duration::from_secs(1);

/// What was due and could not be done, and when that was.
type Stuck = BTreeMap<(i64, Guid), Instant>;

/// Runs until the server stops.
pub async fn run(core: Arc<Core>) {
    let mut stuck = Stuck::new();
    while !core.queue.is_closed() {
        let now_ms = core.clock.real_ms();
        let (due, next_ms) = {
            let jobs = core.jobs.read();
            (jobs.due(now_ms), jobs.next_due_ms(now_ms))
        };
        stuck.retain(|place, _| due.contains(place));
        let mut ready = due;
        ready.retain(|place| {
            let since = stuck.get(place);
            since.is_none_or(|since| since.elapsed() >= AGAIN)
        });
        // On a full disk nothing is decided; what is due stays due.
        if !ready.is_empty() && !core.queue.is_full() {
            for (_, execution) in &ready {
                super::order(&core, *execution, Command::Tick);
            }
            // What was decided is shown before it is looked again.
            core.barrier().await;
            let mut left = core.jobs.read().due(now_ms);
            left.retain(|place| ready.contains(place));
            for place in left {
                failed(&core, &mut stuck, place);
            }
            continue;
        }
        let wait_ms = next_ms.map_or(LOOK_EVERY_MS, |next_ms| next_ms - now_ms);
        let wait_ms = wait_ms.clamp(1, LOOK_EVERY_MS).unsigned_abs();
        let changed = core.robots.due.notified();
        // Either way it is looked again.
        let _ = tokio::time::timeout(Duration::from_millis(wait_ms), changed).await;
    }
}

/// It is due as before.
fn failed(core: &Arc<Core>, stuck: &mut Stuck, place: (i64, Guid)) {
    let again = stuck.insert(place, Instant::now()).is_some();
    if let Some(cell) = core.executions.get(place.1).filter(|_| again) {
        cell.set_aside(core, "what is due in it cannot be decided");
    }
}
