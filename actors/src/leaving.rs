//! That the server leaves, for those who wait until something happens.
//!
//! Owns: that they stop waiting at once, and answer what there is. Must never: end work that is under way.

use std::{future::Future, time::Duration};
use tokio::sync::watch;

/// Told once.
#[derive(Debug, Default)]
pub struct Leaving(watch::Sender<bool>);

impl Leaving {
    /// Nobody waits from now on.
    pub fn tell(&self) {
        self.0.send_replace(true);
    }

    /// Waits until `event` has come, but no longer than this, and not when the server leaves. Says whether it leaves.
    pub async fn or(&self, event: impl Future, at_most: Duration) -> bool {
        let mut told = self.0.subscribe();
        tokio::select! {
            // It lives as long as this.
            _ = told.wait_for(|told| *told) => true,
            _ = tokio::time::timeout(at_most, event) => false,
        }
    }
}
