//! Somebody's place in the log.
//! Never: outlives its interest in the index: the drop of one takes the other along.

use super::{
    Live, Topic,
    entry::Entry,
    log::{Begun, Interest},
};
use std::sync::Arc;

/// A place in the log of a topic.
pub struct Following {
    live: Arc<Live>,
    topic: Topic,
    interest: Arc<Interest>,
    cursor: u64,
    resumed: bool,
}

/// What lies behind the place.
pub enum Step {
    /// These, the oldest first; the place is behind them now. There may be more when they are as many as were asked for.
    Changes(Vec<Arc<Entry>>),
    /// Some of them are not known any more: follow anew.
    Lost,
}

impl Following {
    pub(super) fn new(live: Arc<Live>, topic: Topic, begun: Begun) -> Self {
        Following {
            live,
            topic,
            interest: begun.interest,
            cursor: begun.cursor,
            resumed: begun.resumed,
        }
    }

    /// Whether all that changed since the sequence asked for comes.
    pub fn resumed(&self) -> bool {
        self.resumed
    }

    /// The last change that was seen.
    pub fn cursor(&self) -> u64 {
        self.cursor
    }

    /// A sequence as clients see it.
    pub fn text(&self, seq: u64) -> String {
        self.live.log.read().text(seq)
    }

    /// Whether something may have come since this was asked last.
    pub fn take_dirty(&self) -> bool {
        self.interest.take_dirty()
    }

    /// Goes on. A follower of parts gets all that waits at once.
    pub fn step(&mut self, limit: usize) -> Step {
        if self.interest.is_narrow() {
            let Some(entries) = self.interest.take_waiting() else {
                return Step::Lost;
            };
            if let Some(last) = entries.last() {
                self.cursor = self.cursor.max(last.seq);
            }
            return Step::Changes(entries);
        }
        let log = self.live.log.read();
        let tenant = self.interest.tenant();
        match log.behind(self.topic, tenant, self.cursor, limit) {
            None => Step::Lost,
            Some(entries) => {
                // What is other companies' is passed by, so that it is not walked over again.
                let full = entries.len() == limit;
                let last = entries.last().map(|entry| entry.seq);
                self.cursor = match last {
                    Some(last) if full => last,
                    Some(_) | None => log.last(),
                };
                Step::Changes(entries)
            }
        }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.live.log.write().leave(self.topic, &self.interest);
    }
}
