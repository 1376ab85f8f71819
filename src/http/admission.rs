//! How much is taken on at once. Owns two counters (requests in progress, bytes of bodies held) and the refusal past
//! them; must never queue.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Fault;

/// A body up to this is not counted: connections are bounded, so these are too.
const FREE_BODY_BYTES: u64 = 64 * 1024;

/// The counters of one router.
#[derive(Debug)]
pub(super) struct Admission {
    requests: AtomicU64,
    body_bytes: AtomicU64,
    max_requests: u64,
    max_body_bytes: u64,
}

/// A place among the requests in progress, or none for a request that waits.
#[derive(Debug)]
pub(super) struct Permit<'a>(Option<&'a AtomicU64>);

/// Bytes of a body that are counted until this is dropped.
#[derive(Debug)]
pub(super) struct Held<'a> {
    admission: &'a Admission,
    bytes: u64,
}

impl Admission {
    pub(super) fn new(max_requests: u64, max_body_bytes: u64) -> Self {
        Self {
            requests: AtomicU64::new(0),
            body_bytes: AtomicU64::new(0),
            max_requests,
            max_body_bytes,
        }
    }

    /// Takes a place for one request; one that `waits` needs none.
    pub(super) fn enter(&self, waits: bool) -> Result<Permit<'_>, Fault> {
        if waits {
            return Ok(Permit(None));
        }
        let permit = Permit(Some(&self.requests));
        if self.requests.fetch_add(1, Ordering::Relaxed) >= self.max_requests {
            return Err(busy());
        }
        Ok(permit)
    }

    pub(super) fn hold(&self) -> Held<'_> {
        Held {
            admission: self,
            bytes: 0,
        }
    }
}

impl Held<'_> {
    /// Counts a body that has grown to `bytes`.
    pub(super) fn grow_to(&mut self, bytes: u64) -> Result<(), Fault> {
        if bytes <= FREE_BODY_BYTES || bytes <= self.bytes {
            return Ok(());
        }
        // In doubling steps: a body of many frames touches the shared counter a few times only.
        let wanted = bytes.next_power_of_two();
        let more = wanted - self.bytes;
        self.bytes = wanted;
        let before = self.admission.body_bytes.fetch_add(more, Ordering::Relaxed);
        if before.saturating_add(more) > self.admission.max_body_bytes {
            return Err(busy());
        }
        Ok(())
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if let Some(requests) = self.0 {
            requests.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if self.bytes > 0 {
            self.admission
                .body_bytes
                .fetch_sub(self.bytes, Ordering::Relaxed);
        }
    }
}

fn busy() -> Fault {
    Fault::Overloaded { retry_after_s: 1 }
}
