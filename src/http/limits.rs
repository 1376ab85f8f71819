//! The numbers that bound every connection and request. Owns nothing else; must never be read from a request.

/// Bounds of one listener. Every queue, buffer and wait of the front end is under one of these.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Open connections; one more is answered 503 and closed.
    pub connections: usize,
    /// Bytes of a request's head; more is 431.
    pub header_bytes: usize,
    /// Header lines of a request; more is 431.
    pub header_count: usize,
    /// Time from a request's first byte (or the connection's start) to the end of its head.
    pub header_ms: u64,
    /// Time that a connection may lie idle between requests.
    pub idle_ms: u64,
    /// Time for a whole body that is read before its handler runs.
    pub body_ms: u64,
    /// Time for which a body may fall behind `body_bytes_per_second`.
    pub body_grace_ms: u64,
    /// Slowest average pace of a body, after the grace.
    pub body_bytes_per_second: u64,
    /// Time for which a client may take none of its answer.
    pub write_ms: u64,
    /// Time for requests in progress to end after a shutdown began.
    pub drain_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 16_384,
            header_bytes: 32 * 1024,
            header_count: 90,
            header_ms: 10_000,
            idle_ms: 75_000,
            body_ms: 60_000,
            body_grace_ms: 5_000,
            body_bytes_per_second: 4_096,
            write_ms: 30_000,
            drain_ms: 10_000,
        }
    }
}

impl Limits {
    /// Period of the look at all connections, in milliseconds: an eighth of the shortest wait, so that a wait ends
    /// at most that much late.
    pub(super) fn tick_ms(&self) -> u64 {
        let shortest = self.header_ms.min(self.idle_ms).min(self.write_ms);
        (shortest / 8).clamp(5, 1_000)
    }
}
