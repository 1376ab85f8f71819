//! Many sorted streams, each made by a thread of its own, as one sorted stream.
//!
//! Owns: the order. Never: lets a thread run far ahead of who takes.
//!
//! ```text
//!  thread: items ──batches──▶ ┐
//!  thread: items ──batches──▶ ┼─ the least first ──▶ take
//!  thread: items ──batches──▶ ┘
//! ```

use std::{
    io,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread, vec,
};

/// Items handed over at once.
const BATCH: usize = 256;
/// Batches that may wait.
const BATCHES: usize = 4;

/// What stands in order.
pub(super) trait Sorted {
    /// Its place: ascending in each stream.
    fn place(&self) -> u128;
}

/// Gives all items of all sources to `take`, in order; `items` of a source run on its thread.
pub(super) fn merge<S: Send, T: Sorted + Send, I: Iterator<Item = T>>(
    sources: Vec<S>,
    items: impl Fn(S) -> I + Sync,
    mut take: impl FnMut(T),
) -> io::Result<()> {
    let items = &items;
    thread::scope(|scope| {
        let mut all_received = Vec::new();
        for source in sources {
            let (batches, received) = sync_channel(BATCHES);
            all_received.push(received);
            thread::Builder::new()
                .name("loading".into())
                .spawn_scoped(scope, move || send_all(items(source), &batches))?;
        }
        // All of them run before the first is waited for.
        let mut streams: Vec<_> = all_received.into_iter().map(Stream::new).collect();
        while let Some(least) = streams
            .iter_mut()
            .filter_map(|stream| Some((stream.next.as_ref()?.place(), stream)))
            .min_by_key(|(place, _)| *place)
        {
            if let Some(item) = least.1.advance() {
                take(item);
            }
        }
        Ok(())
    })
}

fn send_all<T>(items: impl Iterator<Item = T>, batches: &SyncSender<Vec<T>>) {
    let mut items = items.peekable();
    while items.peek().is_some() {
        let batch = items.by_ref().take(BATCH).collect();
        if batches.send(batch).is_err() {
            // Who takes has panicked.
            return;
        }
    }
}

/// The items of one thread.
struct Stream<T> {
    received: Receiver<Vec<T>>,
    batch: vec::IntoIter<T>,
    next: Option<T>,
}

impl<T> Stream<T> {
    fn new(received: Receiver<Vec<T>>) -> Self {
        let mut stream = Stream {
            received,
            batch: Vec::new().into_iter(),
            next: None,
        };
        stream.advance();
        stream
    }

    /// Gives the next item, and waits for the one behind it; none of either at the end.
    fn advance(&mut self) -> Option<T> {
        let mut behind = self.batch.next();
        while behind.is_none()
            && let Ok(batch) = self.received.recv()
        {
            self.batch = batch.into_iter();
            behind = self.batch.next();
        }
        std::mem::replace(&mut self.next, behind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Sorted for u128 {
        fn place(&self) -> u128 {
            *self
        }
    }

    #[test]
    fn items_of_every_source_come_in_order_however_many_there_are() {
        for sources in [0, 1, 2, 5] {
            let count = 3_000 * sources;
            let sources: Vec<u128> = (0..sources).collect();
            let step = sources.len();
            let mut taken = Vec::new();
            // The last one has nothing.
            let items = |first: u128| {
                (first..count)
                    .step_by(step)
                    .filter(move |n| first < 4 || *n == 0)
            };
            merge(sources, items, |item| taken.push(item)).expect("merged");
            let wanted: Vec<u128> = (0..count).filter(|n| step < 5 || n % 5 < 4).collect();
            assert_eq!(taken, wanted);
        }
    }

    #[test]
    #[should_panic(expected = "a scoped thread panicked")]
    fn a_thread_that_panics_is_not_taken_for_one_that_has_ended() {
        let items = |source: u128| (source..10).inspect(|n| assert!(*n < 5, "on purpose"));
        merge(vec![0, 7], items, drop).expect("threads");
    }
}
