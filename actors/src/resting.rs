//! Who rests: live entities in the order in which they were last looked at, bounded by bytes.
//! Never: rests what runs, what was used since it was last looked at, or what is not durable.

use crate::slot::Slot;
use parking_lot::Mutex;
use std::{collections::VecDeque, sync::Arc};

/// Entities looked at in one go; so the cost of a run stays small.
const LOOKS_AT_ONCE: usize = 4;

/// The resting queue.
pub struct Resting {
    inner: Mutex<Inner>,
    most_bytes: usize,
}

struct Inner {
    queue: VecDeque<Arc<Slot>>,
    bytes: usize,
}

impl Resting {
    /// Lets live entities take about this many bytes.
    pub fn new(most_bytes: usize) -> Self {
        Resting {
            inner: Mutex::new(Inner {
                queue: VecDeque::new(),
                bytes: 0,
            }),
            most_bytes,
        }
    }

    /// An entity ran: it stands at the end of the queue; those at the front rest while there are too many.
    pub fn ran(&self, slot: &Arc<Slot>, durable: u64) {
        if let Some(bytes) = slot.enter_resting_queue() {
            let mut inner = self.inner.lock();
            inner.bytes += bytes;
            inner.queue.push_back(Arc::clone(slot));
        }
        for _ in 0..LOOKS_AT_ONCE {
            let Some(oldest) = self.take_oldest_of_too_many() else {
                return;
            };
            // Resting encodes the entity: other hosts must not wait for that.
            let rested = oldest.rest(durable);
            let mut inner = self.inner.lock();
            match rested {
                Some(bytes) => inner.bytes = inner.bytes.saturating_sub(bytes),
                None => inner.queue.push_back(oldest),
            }
        }
    }

    fn take_oldest_of_too_many(&self) -> Option<Arc<Slot>> {
        let mut inner = self.inner.lock();
        if inner.bytes <= self.most_bytes {
            return None;
        }
        inner.queue.pop_front()
    }

    /// About how many bytes live entities take, for figures.
    pub fn bytes(&self) -> usize {
        self.inner.lock().bytes
    }
}
