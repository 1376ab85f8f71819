//! What is over and not yet delivered: results and logs, sent until they are acknowledged.
//! Never: gives up a result or a line.

use super::Agent;
use crate::robot::{
    Error, failed,
    logs::Logs,
    messages::{self, Run},
    store::Home,
};
use serde_json::{Value, json};
use std::{io, time::Duration};
use tokio::{sync::mpsc::UnboundedSender, time::Instant};

/// What is not acknowledged after this is sent again.
const AGAIN: Duration = Duration::from_secs(10);

/// A run that is over.
pub(super) struct Past {
    home: Home,
    logs: Logs,
    result: Option<Value>,
    /// When something of it was sent last over this connection.
    sent_at: Option<Instant>,
    is_result_sent: bool,
}

impl Past {
    /// With what is not safe yet.
    pub(super) fn new(home: Home, logs: Logs, result: Option<Value>) -> Self {
        Self {
            home,
            logs,
            result,
            sent_at: None,
            is_result_sent: false,
        }
    }

    /// Whether its result is still to be acknowledged.
    pub(super) fn has_result(&self) -> bool {
        self.result.is_some()
    }

    /// When it is sent again.
    pub(super) fn again_at(&self) -> Option<Instant> {
        Some(self.sent_at? + AGAIN)
    }

    /// What was sent may be lost.
    pub(super) fn send_again(&mut self) {
        self.logs.rewind();
        self.is_result_sent = false;
        self.sent_at = None;
    }

    fn is_delivered(&self) -> bool {
        self.result.is_none() && self.logs.is_safe()
    }
}

/// Sends the logs that are next; whether there were any.
fn send_logs(
    run: &Run,
    logs: &mut Logs,
    out: &UnboundedSender<super::Outgoing>,
) -> io::Result<bool> {
    let mut has_sent = false;
    while let Some(entries) = logs.batch()? {
        let message = messages::about("logs", run, json!({ "entries": entries }));
        // A connection that has just ended says so itself.
        out.send(super::Outgoing::Say(message)).unwrap_or_default();
        has_sent = true;
    }
    Ok(has_sent)
}

impl Agent {
    /// Keeps a run that is over until the server has everything of it.
    pub(super) fn keep(
        &mut self,
        run: Run,
        home: Home,
        result: Option<Value>,
    ) -> Result<(), Error> {
        let logs = home.logs().map_err(failed("opening logs"))?;
        let past = Past::new(home, logs, result);
        if past.is_delivered() {
            return past.home.remove().map_err(failed("removing a run"));
        }
        self.past.insert(run, past);
        Ok(())
    }

    /// Sends what is to be sent.
    pub(super) fn deliver(&mut self) -> Result<(), Error> {
        let Some(out) = self.out.clone().filter(|_| self.is_welcome) else {
            return Ok(());
        };
        if let Some(current) = &mut self.current {
            let run = current.offer.run();
            if let super::Phase::Running(running) = &mut current.phase
                && !running.is_forgotten
            {
                send_logs(&run, &mut running.logs, &out).map_err(failed("reading logs"))?;
            }
        }
        let now = Instant::now();
        for (run, past) in &mut self.past {
            if past.again_at().is_some_and(|at| at <= now) {
                past.send_again();
            }
            let mut has_sent =
                send_logs(run, &mut past.logs, &out).map_err(failed("reading logs"))?;
            if let Some(result) = past.result.clone().filter(|_| !past.is_result_sent) {
                let message = messages::about("result", run, result);
                out.send(super::Outgoing::Say(message)).unwrap_or_default();
                past.is_result_sent = true;
                has_sent = true;
            }
            if has_sent {
                past.sent_at = Some(now);
            }
        }
        self.let_go()
    }

    /// A new connection: nobody knows what of the last one has arrived.
    pub(super) fn send_all_again(&mut self) {
        if let Some(running) = self.running() {
            running.logs.rewind();
        }
        self.past.values_mut().for_each(Past::send_again);
    }

    /// Logs are safe.
    pub(super) fn on_logs_safe(&mut self, id: &str, seq: u64) -> Result<(), Error> {
        let is_current = self
            .current
            .as_ref()
            .is_some_and(|current| current.offer.run_instance_id == id);
        if let Some(running) = self.running().filter(|_| is_current) {
            running
                .logs
                .acknowledge(seq)
                .map_err(failed("keeping a mark"))?;
        }
        for (run, past) in &mut self.past {
            if run.run_instance_id == id {
                past.logs
                    .acknowledge(seq)
                    .map_err(failed("keeping a mark"))?;
            }
        }
        self.deliver()
    }

    /// A result is safe, or of no use.
    pub(super) fn on_result_safe(&mut self, run: &Run) -> Result<(), Error> {
        if let Some(past) = self.past.get_mut(run) {
            past.result = None;
            let forgotten = past.home.forget_result();
            forgotten.map_err(failed("removing a result"))?;
        }
        self.let_go()
    }

    /// The server does not know this run.
    pub(super) fn forget_past(&mut self, run: &Run) -> Result<(), Error> {
        match self.past.remove(run) {
            Some(past) => past.home.remove().map_err(failed("removing a run")),
            None => Ok(()),
        }
    }

    /// Removes what is delivered.
    fn let_go(&mut self) -> Result<(), Error> {
        let delivered = self.past.extract_if(.., |_, past| past.is_delivered());
        for (_, past) in delivered {
            past.home.remove().map_err(failed("removing a run"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a story that cannot go on fails")]

    use super::*;
    use crate::robot::{logs::Voice, messages::Offer, store::Store};

    #[test]
    fn a_line_is_kept_however_often_it_is_sent_in_vain() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let offer: Offer = serde_json::from_value(json!({
            "runInstanceId": "run-1", "fence": 1, "jobId": "job-1", "attempt": 1,
            "package": { "sha256": "", "size": 0, "url": "" },
        }))
        .unwrap();
        let home = store.accept(&offer).unwrap();
        let mut logs = home.logs().unwrap();
        let line = (Voice::Output, "one".to_owned());
        logs.add("2026-01-01T00:00:00Z", &[line]).unwrap();
        // Its result is safe.
        let mut past = Past::new(home, logs, None);
        for _ in 0..1_000 {
            assert!(past.logs.batch().unwrap().is_some() && !past.is_delivered());
            past.send_again();
        }
        past.logs.batch().unwrap();
        past.logs.acknowledge(1).unwrap();
        assert!(past.is_delivered());
    }
}
