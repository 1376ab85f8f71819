//! Idempotent requests: the same key, path and body by the same principal gets the first answer again.
//!
//! Owns: which requests are in flight and the answers that are remembered (24 hours, or until so many newer ones exist).
//! Never: remembers a refusal, or an answer before its record is durable.
//!
//! ```text
//!  absent ──begin──▶ in flight ──settle (record durable)──▶ answered ──too old / too many──▶ absent
//!                      │ abandon (refused)                      │ begin, same body: the answer; other body: conflict
//!                      ▼                                        ▼
//!                    absent, waiters try again
//! ```

use crate::{
    failure::Failure,
    message::{Remember, Remembered, Rendered},
};
use parking_lot::Mutex;
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};
use tokio::sync::watch;

/// The table of keys.
pub struct Idempotency {
    table: Mutex<Table>,
    most: usize,
    keep_ms: i64,
}

struct Table {
    entries: HashMap<u128, Entry>,
    /// Answered keys, oldest first.
    order: VecDeque<u128>,
}

enum Entry {
    InFlight { body: u128, done: watch::Sender<()> },
    Answered(Remembered),
}

/// A request in flight. Dropped before its answer was settled (a refusal, nothing changed, nobody waits any more),
/// it is as if it had never been.
pub struct InFlight<'a> {
    keys: &'a Idempotency,
    request: Remember,
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        // Leaves alone what has been settled.
        self.keys.abandon(self.request);
    }
}

/// What a request finds.
pub enum Begin {
    /// It is the first: it must `settle` or `abandon`.
    First,
    /// It was answered before.
    Again(Arc<Rendered>),
    /// Another is in flight: begin again when this changes.
    Wait(watch::Receiver<()>),
}

impl Idempotency {
    /// Remembers at most `most` answers for `keep_ms` milliseconds.
    pub fn new(most: usize, keep_ms: i64) -> Self {
        Idempotency {
            table: Mutex::new(Table {
                entries: HashMap::new(),
                order: VecDeque::new(),
            }),
            most,
            keep_ms,
        }
    }

    /// Looks a request up and marks it as in flight when it is the first.
    pub fn begin(&self, request: Remember, now_ms: i64) -> Result<Begin, Failure> {
        let mut table = self.table.lock();
        table.forget_before(now_ms - self.keep_ms);
        match table.entries.get(&request.key) {
            Some(Entry::Answered(remembered)) if remembered.request.body == request.body => {
                Ok(Begin::Again(Arc::clone(&remembered.answer)))
            }
            Some(Entry::InFlight { body, done }) if *body == request.body => {
                Ok(Begin::Wait(done.subscribe()))
            }
            Some(_) => Err(Failure::IdempotencyConflict),
            None => {
                let entry = Entry::InFlight {
                    body: request.body,
                    done: watch::Sender::new(()),
                };
                table.entries.insert(request.key, entry);
                Ok(Begin::First)
            }
        }
    }

    /// The request's record is durable: from now on it is answered with this.
    pub fn settle(&self, remembered: Remembered) {
        let mut table = self.table.lock();
        let key = remembered.request.key;
        let before = table.entries.insert(key, Entry::Answered(remembered));
        if !matches!(before, Some(Entry::Answered(_))) {
            table.order.push_back(key);
        }
        while table.order.len() > self.most {
            if let Some(oldest) = table.order.pop_front() {
                table.entries.remove(&oldest);
            }
        }
    }

    /// Holds the first request while it is carried out.
    pub fn hold(&self, request: Remember) -> InFlight<'_> {
        InFlight {
            keys: self,
            request,
        }
    }

    /// The request was refused or changed nothing: it is as if it had never been.
    pub fn abandon(&self, request: Remember) {
        let mut table = self.table.lock();
        if let Some(Entry::InFlight { .. }) = table.entries.get(&request.key) {
            table.entries.remove(&request.key);
        }
    }

    /// All remembered answers, oldest first, for a snapshot.
    pub fn all(&self) -> Vec<Remembered> {
        let table = self.table.lock();
        let answered = table
            .order
            .iter()
            .filter_map(|key| match table.entries.get(key) {
                Some(Entry::Answered(remembered)) => Some(remembered.clone()),
                Some(Entry::InFlight { .. }) | None => None,
            });
        answered.collect()
    }

    /// How many answers are remembered, and the age of the oldest in milliseconds.
    pub fn window(&self, now_ms: i64) -> (usize, i64) {
        let table = self.table.lock();
        let oldest = table.order.front().and_then(|key| table.entries.get(key));
        let age = match oldest {
            Some(Entry::Answered(remembered)) => now_ms - remembered.at_ms,
            Some(Entry::InFlight { .. }) | None => 0,
        };
        (table.order.len(), age)
    }
}

impl Table {
    fn forget_before(&mut self, ms: i64) {
        while let Some(key) = self.order.front() {
            match self.entries.get(key) {
                Some(Entry::Answered(remembered)) if remembered.at_ms >= ms => return,
                _ => {
                    self.entries.remove(key);
                    self.order.pop_front();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(key: u128, at_ms: i64) -> Remembered {
        Remembered {
            request: Remember { key, body: 1 },
            at_ms,
            answer: Arc::new(Rendered {
                status: 200,
                location: String::new(),
                body: key.to_string().into_bytes(),
            }),
        }
    }

    #[test]
    fn the_first_answer_is_given_again_until_it_is_too_old_or_too_many_are_newer() {
        let keys = Idempotency::new(2, 100);
        let request = Remember { key: 1, body: 1 };
        assert!(matches!(keys.begin(request, 0), Ok(Begin::First)));
        assert!(matches!(keys.begin(request, 0), Ok(Begin::Wait(_))));
        let other = Remember { key: 1, body: 2 };
        assert!(matches!(
            keys.begin(other, 0),
            Err(Failure::IdempotencyConflict)
        ));
        keys.settle(answered(1, 0));
        assert!(matches!(keys.begin(request, 50), Ok(Begin::Again(a)) if a.body == b"1"));
        assert!(matches!(
            keys.begin(other, 50),
            Err(Failure::IdempotencyConflict)
        ));
        assert_eq!(keys.window(60), (1, 60));
        assert!(matches!(keys.begin(request, 101), Ok(Begin::First)));
        keys.abandon(request);
        for key in 2..=4 {
            keys.settle(answered(key, 101));
        }
        assert_eq!(
            keys.all().iter().map(|r| r.request.key).collect::<Vec<_>>(),
            [3, 4]
        );
    }

    #[tokio::test]
    async fn a_waiter_is_woken_when_the_first_request_is_refused() {
        let keys = Idempotency::new(2, 100);
        let request = Remember { key: 1, body: 1 };
        assert!(matches!(keys.begin(request, 0), Ok(Begin::First)));
        let Ok(Begin::Wait(mut done)) = keys.begin(request, 0) else {
            panic!("the second request must wait");
        };
        keys.abandon(request);
        assert!(done.changed().await.is_err());
        assert!(matches!(keys.begin(request, 0), Ok(Begin::First)));
    }
}
