//! What follows from a message of the server.
//! Never: does what is meant for another offer than the one in hand.

use super::{Agent, Current, Phase};
use crate::robot::{
    Error, failed,
    messages::{Heard, KILL_AFTER_MS, Run, Verdict, Welcome},
    runner::{self, Order, Why},
};
use serde_json::Map;
use std::time::Duration;

impl Agent {
    /// Does what a message says.
    pub(super) fn on_heard(&mut self, heard: Heard) -> Result<(), Error> {
        match heard {
            Heard::Welcome(welcome) => self.on_welcome(welcome),
            Heard::Offer(offer) => self.on_offer(*offer),
            Heard::Start(run, assets) => self.on_start(&run, assets),
            Heard::Withdraw(run) => {
                if self.is_current(&run) {
                    return self.drop_promise();
                }
                Ok(())
            }
            Heard::Pause(run) => {
                self.order(&run, Order::Pause);
                Ok(())
            }
            Heard::Resume(run) => {
                self.order(&run, Order::Resume);
                Ok(())
            }
            Heard::Cancel(run, kill_after_ms) => self.on_cancel(&run, kill_after_ms),
            Heard::LogsSafe(id, seq) => self.on_logs_safe(&id, seq),
            Heard::ResultSafe(run, is_taken, reason) => {
                if !is_taken {
                    tracing::info!(run = run.run_instance_id, reason, "a result does not count");
                }
                self.on_result_safe(&run)
            }
            Heard::Problem(code, message) => {
                tracing::warn!(code, message, "the server has a problem");
                Ok(())
            }
            Heard::Unknown(kind) => {
                tracing::debug!(kind, "a message of an unknown type");
                Ok(())
            }
        }
    }

    fn is_current(&self, run: &Run) -> bool {
        let current = self.current.as_ref();
        current.is_some_and(|current| current.offer.run() == *run)
    }

    fn order(&mut self, run: &Run, order: Order) {
        if !self.is_current(run) {
            return;
        }
        if let Some(running) = self.running() {
            // A run that cannot hear has ended; its report is on the way.
            running.orders.send(order).unwrap_or_default();
        }
    }

    fn on_welcome(&mut self, welcome: Welcome) -> Result<(), Error> {
        self.is_welcome = true;
        self.lost_after = Duration::from_millis(welcome.lost_after_ms);
        self.send_all_again();
        for judged in &welcome.runs {
            let run = judged.run();
            match judged.verdict {
                // A start follows, or it goes on as it does.
                Verdict::Start | Verdict::Continue => {}
                Verdict::Cancel => self.on_cancel(&run, KILL_AFTER_MS)?,
                Verdict::Forget => self.forget(&run)?,
            }
        }
        self.deliver()
    }

    fn forget(&mut self, run: &Run) -> Result<(), Error> {
        if !self.is_current(run) {
            return self.forget_past(run);
        }
        if let Some(running) = self.running() {
            running.is_forgotten = true;
            self.stop(Why::Cancelled, Duration::ZERO);
            return Ok(());
        }
        self.drop_promise()
    }

    fn on_cancel(&mut self, run: &Run, kill_after_ms: u64) -> Result<(), Error> {
        if !self.is_current(run) {
            // It is over: its result is on the way, or will be.
            return Ok(());
        }
        if self.running().is_some() {
            self.stop(Why::Cancelled, Duration::from_millis(kill_after_ms));
            return Ok(());
        }
        if let Some(Current {
            phase: Phase::Accepted(home),
            ..
        }) = self.current.take()
        {
            let result = runner::result("Cancelled", None, Map::new(), None);
            home.finish(&result).map_err(failed("keeping a result"))?;
            self.keep(run.clone(), home, Some(result))?;
        }
        self.deliver()
    }
}
