//! The order of creation, and the keys that indexes are sorted by.
//! Never: reads a clock; time comes with the rows.
//!
//! ```text
//!  order  =  [ milliseconds since 1970: 44 bits | number in the root, or a counter where others came before: 20 bits ]
//! ```

/// Bits of the counter.
const COUNTER_BITS: u32 = 20;
/// The last instant that an order can hold: the year 2527.
const MAX_MS: i64 = (1 << 44) - 1;

/// Gives orders to what is created.
#[derive(Default)]
pub(super) struct Clock {
    last: u64,
    /// The last order of what was created before a restart.
    past: u64,
    /// How many orders do not say the time of creation, because it was before that of an earlier creation.
    skewed: usize,
}

impl Clock {
    /// The order of what is created now, at this time: above all that was given before. What one root creates in a
    /// millisecond of its own has the order that it has again after a restart.
    pub fn next(&mut self, created_ms: i64, number: u32) -> u64 {
        let order = order_at(created_ms, number).max(self.last + 1);
        self.last = order;
        order
    }

    /// The order of what was created before a restart: behind what was loaded just before it, if that has the same time.
    pub fn past(&mut self, created_ms: i64, number: u32) -> u64 {
        let order = order_at(created_ms, number);
        let next = self.past + 1;
        self.past = if time_of(next) == time_of(order) {
            order.max(next)
        } else {
            order
        };
        self.last = self.last.max(self.past);
        self.past
    }

    /// Counts rows whose order does not say their time, when they come and go.
    pub fn count_skewed(&mut self, came: bool) {
        if came {
            self.skewed += 1;
        } else {
            self.skewed -= 1;
        }
    }

    /// Whether the order of creation is the order of the times of creation.
    pub fn tells_time(&self) -> bool {
        self.skewed == 0
    }
}

/// The order that time and number in the root give.
pub fn order_at(created_ms: i64, number: u32) -> u64 {
    order_of(created_ms) + u64::from(number % (1 << COUNTER_BITS))
}

/// The least order of an instant.
fn order_of(ms: i64) -> u64 {
    ms.clamp(0, MAX_MS).cast_unsigned() << COUNTER_BITS
}

/// The time of creation that an order says.
#[inline]
pub(super) fn time_of(order: u64) -> i64 {
    (order >> COUNTER_BITS).cast_signed()
}

/// An instant as a number that sorts the same.
pub(super) fn sortable(ms: i64) -> u64 {
    (ms ^ i64::MIN).cast_unsigned()
}

/// An order and the slot that has it: 12 bytes, since most of an index's cost is this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stamp([u32; 3]);

impl Stamp {
    /// The key of a slot with this order.
    pub fn new(order: u64, slot: u32) -> Self {
        Stamp([(order >> 32) as u32, order as u32, slot])
    }

    /// The order.
    pub fn order(self) -> u64 {
        u64::from(self.0[0]) << 32 | u64::from(self.0[1])
    }

    /// The slot.
    pub fn slot(self) -> u32 {
        self.0[2]
    }
}

/// A due time, then the order of creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Dated {
    /// Due, `sortable`.
    pub due: u64,
    /// The order of the task, or of the timer's instance.
    pub order: u64,
    /// The number in the root.
    pub number: u32,
    /// The slot.
    pub slot: u32,
}

impl Dated {
    /// Below everything that is due at this instant or later.
    pub fn first_at(ms: i64) -> Self {
        Dated {
            due: sortable(ms),
            order: 0,
            number: 0,
            slot: 0,
        }
    }
}
