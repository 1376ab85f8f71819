//! What each connection is doing and since when, and the look at all of them that cuts the late ones. Owns the
//! phases, the coarse clock and the registry of open connections; must never cost a request more than a few stores.
//!
//! ```text
//!            first byte          request read          answer made            all written
//!   Idle ───────────────▶ Head ───────────────▶ Busy ───────────────▶ Answered ───────────▶ Idle
//!  idle_ms               header_ms            (body limits)          (write_ms)
//!                                                                        └─ body unread ─▶ Lingering ─▶ closed
//! ```
//!
//! hyper's own header timeout arms a timer for each request and knows neither idleness nor a client that does not
//! read; one look per tick over all connections costs nothing per request.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering},
    },
    task::Waker,
};

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::Limits;

/// How long a client may take to notice that its unread body is not wanted.
const LINGER_MS: u64 = 1_000;

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Phase {
    Idle,
    Head,
    Busy,
    Answered,
    Lingering,
}

/// What the server wants of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Order {
    Run,
    /// End after the request in progress.
    Drain,
    /// End now.
    Cut,
}

/// One connection's state; written by its own task, read by the look.
#[derive(Debug)]
pub(super) struct Pulse {
    phase: AtomicU8,
    since: AtomicU32,
    /// Tick at which a write first found the client's window full; 0 = it is not.
    blocked: AtomicU32,
    /// Whether a body on the wire has not been read to its end.
    unread: AtomicBool,
    order: AtomicU8,
    waker: OnceLock<Waker>,
    connections: Arc<Connections>,
}

/// The open connections of one server.
#[derive(Debug)]
pub(super) struct Connections {
    /// Ticks since the start, from 1.
    now: AtomicU32,
    open: Mutex<Open>,
    /// Told whenever a connection ends.
    pub(super) ended: Notify,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    by_number: BTreeMap<u64, Arc<Pulse>>,
}

impl Pulse {
    pub(super) fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Relaxed) {
            0 => Phase::Idle,
            1 => Phase::Head,
            2 => Phase::Busy,
            3 => Phase::Answered,
            _ => Phase::Lingering,
        }
    }

    pub(super) fn enter(&self, phase: Phase) {
        let now = self.connections.now.load(Ordering::Relaxed);
        self.since.store(now, Ordering::Relaxed);
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    /// Notes whether the last write could go on.
    pub(super) fn wrote(&self, blocked: bool) {
        let was = self.blocked.load(Ordering::Relaxed);
        if blocked != (was != 0) {
            let now = self.connections.now.load(Ordering::Relaxed);
            self.blocked
                .store(if blocked { now } else { 0 }, Ordering::Relaxed);
        }
    }

    pub(super) fn set_unread(&self, unread: bool) {
        self.unread.store(unread, Ordering::Relaxed);
    }

    pub(super) fn unread(&self) -> bool {
        self.unread.load(Ordering::Relaxed)
    }

    /// What the server wants; `waker` is woken when that changes. A task's waker stays the same for its life.
    pub(super) fn order(&self, waker: &Waker) -> Order {
        self.waker.get_or_init(|| waker.clone());
        match self.order.load(Ordering::SeqCst) {
            0 => Order::Run,
            1 => Order::Drain,
            _ => Order::Cut,
        }
    }

    fn tell(&self, order: Order) {
        self.order.fetch_max(order as u8, Ordering::SeqCst);
        if let Some(waker) = self.waker.get() {
            waker.wake_by_ref();
        }
    }

    fn late(&self, now: u32, limits: &Limits, tick_ms: u64) -> bool {
        let waited = |since: u32| u64::from(now.saturating_sub(since)) * tick_ms;
        let blocked = self.blocked.load(Ordering::Relaxed);
        if blocked != 0 && waited(blocked) > limits.write_ms {
            return true;
        }
        let since = waited(self.since.load(Ordering::Relaxed));
        match self.phase() {
            Phase::Idle => since > limits.idle_ms,
            Phase::Head => since > limits.header_ms,
            Phase::Lingering => since > LINGER_MS,
            Phase::Busy | Phase::Answered => false,
        }
    }
}

impl Connections {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            now: AtomicU32::new(1),
            open: Mutex::default(),
            ended: Notify::new(),
        })
    }

    /// Takes up a connection, unless `max` are open.
    pub(super) fn open(self: &Arc<Self>, max: usize) -> Option<(u64, Arc<Pulse>)> {
        let mut open = self.open.lock();
        if open.by_number.len() >= max {
            return None;
        }
        let pulse = Arc::new(Pulse {
            // A connection that never says anything is late like a head that never ends.
            phase: AtomicU8::new(Phase::Head as u8),
            since: AtomicU32::new(self.now.load(Ordering::Relaxed)),
            blocked: AtomicU32::new(0),
            unread: AtomicBool::new(false),
            order: AtomicU8::new(Order::Run as u8),
            waker: OnceLock::new(),
            connections: Arc::clone(self),
        });
        let number = open.next;
        open.next += 1;
        open.by_number.insert(number, Arc::clone(&pulse));
        Some((number, pulse))
    }

    pub(super) fn close(&self, number: u64) {
        self.open.lock().by_number.remove(&number);
        self.ended.notify_waiters();
    }

    pub(super) fn count(&self) -> usize {
        self.open.lock().by_number.len()
    }

    /// Gives an order to all.
    pub(super) fn tell_all(&self, order: Order) {
        for pulse in self.open.lock().by_number.values() {
            pulse.tell(order);
        }
    }

    /// One tick: cuts what is late.
    pub(super) fn look(&self, limits: &Limits, tick_ms: u64) {
        let now = self.now.fetch_add(1, Ordering::Relaxed) + 1;
        for pulse in self.open.lock().by_number.values() {
            if pulse.late(now, limits, tick_ms) {
                pulse.tell(Order::Cut);
            }
        }
    }
}
