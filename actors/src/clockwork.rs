//! Moving the clock: with a manual clock each timer's due time becomes now in turn, then the target.
//!
//! Owns: that everything due has run, also what that makes due, before the caller is answered.
//! Never: fires more than `MAX_FIRINGS` in one step.

use crate::{
    cause::Cause,
    core::Core,
    engine::Engine,
    failure::Failure,
    publisher::{Change, Publication},
    record,
    timers::{self, Due},
};
use codec::Id;
use snapshots::Record;
use std::{collections::HashSet, sync::Arc, time::Duration};
use tokio::sync::oneshot;

/// Firings of one step of the clock (engine API).
pub const MAX_FIRINGS: u32 = 100_000;
/// `settle` waits at most so long for what is under way.
const SETTLE: Duration = Duration::from_secs(30);

impl Engine {
    /// Sets the manual clock, running what becomes due on the way in order of due time.
    pub async fn set_clock(&self, target_ms: i64) -> Result<(), Failure> {
        if !self.clock.is_manual() {
            return Err(Failure::ClockIsReal);
        }
        let _admitted = self.admit()?;
        let _one_at_a_time = self.clock_step.lock().await;
        let core = self.core();
        let mut fired = 0;
        run_due(core, target_ms, &mut fired).await?;
        record_now(core, target_ms).await
    }

    /// Runs what is due and waits until nothing due is left.
    pub async fn settle(&self) -> Result<bool, Failure> {
        let core = self.core();
        if core.clock.is_manual() {
            let _one_at_a_time = self.clock_step.lock().await;
            let mut fired = 0;
            run_due(core, core.clock.now_ms(), &mut fired).await?;
            return Ok(true);
        }
        let settled = async {
            while !timers::due(core, core.clock.now_ms(), 1).is_empty() {
                core.timers.look_again();
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        Ok(tokio::time::timeout(SETTLE, settled).await.is_ok())
    }

    /// Fires a timer now, due or not.
    pub async fn fire_timer(&self, id: Id) -> Result<(), Failure> {
        let _admitted = self.admit()?;
        timers::fire(self.core(), Due::Instance(id), None).await
    }

    /// Fires a start timer now, due or not.
    pub async fn fire_start_timer(&self, number: u64) -> Result<(), Failure> {
        let _admitted = self.admit()?;
        timers::fire(self.core(), Due::Start(number), None).await
    }
}

/// Fires everything due up to the target. What failed is due again later; it is not tried twice at one instant.
async fn run_due(core: &Arc<Core>, target_ms: i64, fired: &mut u32) -> Result<(), Failure> {
    let mut failed: HashSet<(i64, Due)> = HashSet::new();
    loop {
        core.barrier().await;
        let due = timers::due(core, target_ms, 64);
        let next = due.into_iter().find(|entry| !failed.contains(entry));
        let Some((due_ms, timer)) = next else {
            return Ok(());
        };
        *fired += 1;
        if *fired > MAX_FIRINGS {
            return Err(Failure::TooManyFirings(MAX_FIRINGS));
        }
        if due_ms > core.clock.now_ms() {
            record_now(core, due_ms).await?;
        }
        let (cause, settled) = Cause::new();
        if timers::fire(core, timer, Some(cause)).await.is_err() {
            failed.insert((due_ms, timer));
        }
        settled.wait().await;
    }
}

/// Records where the clock stands; it stands there when that is durable.
pub async fn record_now(core: &Arc<Core>, now_ms: i64) -> Result<(), Failure> {
    let (sender, receiver) = oneshot::channel();
    let record = Record {
        kind: record::kind::CLOCK,
        version: record::VERSION,
        entity: 0,
        payload: now_ms.to_le_bytes().to_vec(),
    };
    // The receiver waits below.
    let answer = Box::new(move || {
        let _ = sender.send(());
    });
    core.queue.push(record, |sequence| Publication {
        sequence,
        change: Change::Clock(now_ms),
        answer: Some(answer),
        cause: None,
    });
    receiver.await.map_err(|_| Failure::Stopping)
}
