//! Causes: what was set off, and when all of it has happened.
//!
//! A cause travels in the envelope of a message as a cloned guard. When the last clone is gone, all that followed from it
//! is done, and the waiter wakes. There is no registry. Never: makes one actor wait for another.

use std::sync::Arc;
use tokio::sync::oneshot;

/// A guard; clones belong to the same cause.
#[derive(Clone)]
pub struct Cause(#[expect(dead_code, reason = "dropping it is its purpose")] Arc<Guard>);

struct Guard(Option<oneshot::Sender<()>>);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(settled) = self.0.take() {
            // Nobody may be waiting any more.
            let _ = settled.send(());
        }
    }
}

/// Wakes when everything that a cause set off is done.
pub struct Settled(oneshot::Receiver<()>);

impl Cause {
    /// A new cause and its waiter.
    pub fn new() -> (Cause, Settled) {
        let (sender, receiver) = oneshot::channel();
        (Cause(Arc::new(Guard(Some(sender)))), Settled(receiver))
    }
}

impl Settled {
    /// Waits for the last guard.
    pub async fn wait(self) {
        let _ = self.0.await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_cause_settles_when_its_last_guard_is_gone() {
        let (cause, mut settled) = Cause::new();
        let other = cause.clone();
        drop(cause);
        assert!(settled.0.try_recv().is_err());
        drop(other);
        settled.wait().await;
    }
}
