//! The load client: sends pre-rendered bytes over many connections and counts what comes back. Runs in a process of
//! its own, on one thread, the same for every server it is pointed at; must never know which one that is.
//!
//! Open loop: each connection has its own due times. A request that could not be sent when due, because the answer
//! before it was late, is timed from when it was due: waiting in our own queue is the server's latency too.

use std::{
    cell::{Cell, RefCell},
    fmt::Write as _,
    io,
    rc::Rc,
    time::{Duration, Instant},
};

use tokio::{io::AsyncWriteExt, net::TcpStream, task::LocalSet};

use super::{
    histogram::Histogram,
    model,
    plan::{Outcome, Pace, Plan, Until, Work},
    reply::{Replies, first_task},
};

/// As much of a refusal as helps.
const REFUSAL_BYTES: usize = 300;

/// What all connections of a window share.
struct Window {
    plan: Plan,
    /// Results count from here.
    from: Cell<Instant>,
    /// No request is begun after this.
    end: Cell<Instant>,
    /// Pieces still to be begun, for a window that ends by count.
    left: Cell<u64>,
    tally: RefCell<Tally>,
}

struct Tally {
    histogram: Histogram,
    done: u64,
    refused: u64,
    first_refusal: Option<String>,
}

/// Runs one window.
pub(super) async fn run(plan: Plan) -> io::Result<Outcome> {
    let mut streams = Vec::with_capacity(plan.connections);
    for _ in 0..plan.connections {
        let stream = TcpStream::connect(&plan.address).await?;
        stream.set_nodelay(true)?;
        streams.push(stream);
    }
    let begun = Instant::now();
    let (warm, run, left) = match plan.until {
        Until::Time { warm_ms, run_ms } => (warm_ms, run_ms, u64::MAX),
        // A day: such a window ends by its count.
        Until::Count { pieces } => (0, 86_400_000, pieces),
    };
    let from = begun + Duration::from_millis(warm);
    let window = Rc::new(Window {
        plan,
        from: Cell::new(from),
        end: Cell::new(from + Duration::from_millis(run)),
        left: Cell::new(left),
        tally: RefCell::new(Tally {
            histogram: Histogram::new(),
            done: 0,
            refused: 0,
            first_refusal: None,
        }),
    });
    let local = LocalSet::new();
    let mut connections = Vec::new();
    for (index, stream) in streams.into_iter().enumerate() {
        let window = Rc::clone(&window);
        connections.push(local.spawn_local(async move { window.connection(index, stream).await }));
    }
    local.await;
    for connection in connections {
        connection.await.map_err(io::Error::other)??;
    }
    Ok(window.outcome())
}

impl Window {
    fn outcome(&self) -> Outcome {
        let tally = self.tally.borrow();
        let end = match self.plan.until {
            Until::Time { .. } => self.end.get(),
            Until::Count { .. } => Instant::now(),
        };
        Outcome {
            done: tally.done,
            refused: tally.refused,
            first_refusal: tally.first_refusal.clone(),
            elapsed_s: end.duration_since(self.from.get()).as_secs_f64(),
            latency: tally.histogram.latency(),
        }
    }

    async fn connection(&self, index: usize, mut stream: TcpStream) -> io::Result<()> {
        let mut replies = Replies::new();
        let mut schedule = Schedule::new(&self.plan, index);
        let mut completion = String::new();
        let mut free = Instant::now();
        while let Some(begin) = schedule.next(free, self.end.get()).await {
            let left = self.left.get();
            if left == 0 {
                break;
            }
            self.left.set(left - 1);
            let good = match &self.plan.work {
                Work::Same { request } => {
                    let reply = exchange(&mut stream, &mut replies, request).await?;
                    self.note(reply.status, reply.body, begin)
                }
                Work::Pair { start, authority } => {
                    let reply = exchange(&mut stream, &mut replies, start).await?;
                    let task = first_task(reply.body);
                    let started = self.note(reply.status, reply.body, begin);
                    match task {
                        Some(task) if started => {
                            model::complete(&mut completion, authority, task);
                            let begin = Instant::now();
                            let reply = exchange(&mut stream, &mut replies, &completion).await?;
                            self.note(reply.status, reply.body, begin)
                        }
                        Some(_) | None => false,
                    }
                }
            };
            free = Instant::now();
            if good && free >= self.from.get() && free <= self.end.get() {
                self.tally.borrow_mut().done += 1;
            }
        }
        Ok(())
    }

    /// Counts one answer; whether it was a good one.
    fn note(&self, status: u16, body: &[u8], begin: Instant) -> bool {
        let now = Instant::now();
        if now < self.from.get() {
            return (200..300).contains(&status);
        }
        let mut tally = self.tally.borrow_mut();
        if (200..300).contains(&status) {
            let ns = now.duration_since(begin).as_nanos();
            tally
                .histogram
                .record(u64::try_from(ns).unwrap_or(u64::MAX));
            return true;
        }
        tally.refused += 1;
        tally.first_refusal.get_or_insert_with(|| {
            let shown = &body[..body.len().min(REFUSAL_BYTES)];
            let mut text = format!("{status} ");
            // Writing to a String cannot fail.
            let _written = text.write_str(&String::from_utf8_lossy(shown));
            text
        });
        false
    }
}

async fn exchange<'r>(
    stream: &mut TcpStream,
    replies: &'r mut Replies,
    request: &str,
) -> io::Result<super::reply::Reply<'r>> {
    stream.write_all(request.as_bytes()).await?;
    replies.next(stream).await
}

/// A connection's due times.
struct Schedule {
    /// None = closed loop.
    every: Option<Duration>,
    due: Instant,
}

impl Schedule {
    fn new(plan: &Plan, index: usize) -> Self {
        let now = Instant::now();
        match plan.pace {
            Pace::Closed => Self {
                every: None,
                due: now,
            },
            Pace::Open { per_second } => {
                let every =
                    Duration::from_secs_f64(plan.connections as f64 / per_second.max(0.001));
                // Spread evenly: not all connections are due at once.
                let share = index as f64 / plan.connections.max(1) as f64;
                Self {
                    every: Some(every),
                    due: now + every.mul_f64(share),
                }
            }
        }
    }

    /// Waits until the next request is due; the time from which its latency counts, or none when the window is over.
    /// `free` is when the connection's last answer was there.
    async fn next(&mut self, free: Instant, end: Instant) -> Option<Instant> {
        let Some(every) = self.every else {
            return (free < end).then_some(free);
        };
        let due = self.due;
        self.due += every;
        if due >= end {
            return None;
        }
        if free > due {
            return Some(due);
        }
        tokio::time::sleep_until(due.into()).await;
        // Our own timer is a millisecond coarse; that much is not the server's.
        Some(Instant::now())
    }
}
