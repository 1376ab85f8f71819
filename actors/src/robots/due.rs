//! What is due in executions: offers that time out, runs that run too long, cancels that nobody confirms.
//! Owns: when to look again. Never: decides; the execution does.

use crate::core::Core;
use rpa::execution::Command;
use std::{sync::Arc, time::Duration};

/// With nothing due, look again at the latest after so long: the machine's clock may have been set.
const LOOK_EVERY_MS: i64 = 1_000;

/// Runs until the server stops.
pub async fn run(core: Arc<Core>) {
    while !core.queue.is_closed() {
        let now_ms = core.clock.real_ms();
        let (due, next_ms) = {
            let jobs = core.jobs.read();
            (jobs.due(now_ms), jobs.next_due_ms())
        };
        // On a full disk nothing is decided; what is due stays due.
        if !due.is_empty() && !core.queue.is_full() {
            for execution in due {
                super::order(&core, execution, Command::Tick);
            }
            // What was decided is shown before it is looked again.
            core.barrier().await;
            continue;
        }
        let wait_ms = next_ms.map_or(LOOK_EVERY_MS, |next_ms| next_ms - now_ms);
        let wait_ms = wait_ms.clamp(1, LOOK_EVERY_MS).unsigned_abs();
        let changed = core.robots.due.notified();
        // Either way it is looked again.
        let _ = tokio::time::timeout(Duration::from_millis(wait_ms), changed).await;
    }
}
