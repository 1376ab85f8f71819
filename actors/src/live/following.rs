//! Somebody's place in the log.
//! Never: outlives its interest in the index: the drop of one takes the other along.

use super::{Live, Topic, entry::Entry, interest::Interest, log::Begun};
use std::sync::Arc;

/// A place in the log of a topic.
pub struct Following {
    live: Arc<Live>,
    topic: Topic,
    interest: Arc<Interest>,
    boot: u64,
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
            boot: begun.boot,
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

    /// The last change of all by now.
    pub fn last(&self) -> u64 {
        self.live.log.read().last()
    }

    /// A sequence as clients see it: it grows with every change, also over a restart.
    pub fn text(&self, seq: u64) -> String {
        format!("{:016x}{seq:016x}", self.boot)
    }

    /// The same while what comes is not whole yet: between what was before and the sequence, and nothing can be resumed
    /// from it.
    pub fn unfinished(&self, seq: u64) -> String {
        let mut text = self.text(seq.saturating_sub(1));
        text.push('p');
        text
    }

    /// Whether something may have come since this was asked last.
    pub fn take_dirty(&self) -> bool {
        self.interest.take_dirty()
    }

    /// Goes on, by as many changes at most.
    pub fn step(&mut self, limit: usize) -> Step {
        let log = self.live.log.read();
        let found = if self.interest.is_narrow() {
            self.interest.take_waiting(limit)
        } else {
            log.behind(self.topic, self.interest.tenant, self.cursor, limit)
        };
        let Some(entries) = found else {
            return Step::Lost;
        };
        let is_full = entries.len() == limit;
        let last = entries.last().map(|entry| entry.seq);
        self.cursor = match last {
            Some(last) if is_full => last.max(self.cursor),
            Some(_) | None => log.last(),
        };
        Step::Changes(entries)
    }

    /// What lies behind the place, by as many changes at most, without going on; none: it begins anew with the next step.
    pub fn peek(&self, limit: usize) -> Option<Vec<Arc<Entry>>> {
        if self.interest.is_narrow() {
            return self.interest.waiting();
        }
        let log = self.live.log.read();
        log.behind(self.topic, self.interest.tenant, self.cursor, limit)
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.live.log.write().leave(self.topic, &self.interest);
    }
}
