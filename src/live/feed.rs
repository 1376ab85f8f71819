//! What all connections of the feed share: how many there are, that the server leaves, the figures of this second, and
//! activities as they were rendered last.

use super::{activities::Shared, figures::Figures};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::sync::watch;

/// What all connections share.
pub struct Feed {
    open: Arc<AtomicUsize>,
    leaving: watch::Sender<bool>,
    pub(super) figures: Figures,
    pub(super) activities: Shared,
}

impl Default for Feed {
    fn default() -> Self {
        Feed {
            open: Arc::default(),
            leaving: watch::Sender::new(false),
            figures: Figures::default(),
            activities: Shared::default(),
        }
    }
}

/// A connection that counts while it lives.
pub struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Feed {
    /// Counts a connection; none: there are as many as may be.
    pub(super) fn count(&self, limit: usize) -> Option<Counted> {
        let before = self.open.fetch_add(1, Ordering::Relaxed);
        let counted = Counted(Arc::clone(&self.open));
        (before < limit).then_some(counted)
    }

    /// How many connections are open.
    pub fn len(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All connections end: the server leaves.
    pub fn leave(&self) {
        self.leaving.send_replace(true);
    }

    /// Turns true when the server leaves.
    pub(super) fn leaving(&self) -> watch::Receiver<bool> {
        self.leaving.subscribe()
    }
}
