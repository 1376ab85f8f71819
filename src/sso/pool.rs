//! Threads for work that takes long: comparing passwords.
//!
//! Owns: the turns. Every address has a queue of its own and the addresses take turns, so a stranger's flood fills only
//! the stranger's queue. Never: takes more than it will do in a few seconds.
//!
//! ```text
//!  10.0.0.1  ▮▮▮▮▮▮▮▮ full: refused
//!  10.0.0.2  ▮                        ──▶ one of each in turn ──▶ threads
//! ```

use parking_lot::{Condvar, Mutex};
use std::{
    collections::{BTreeMap, VecDeque},
    io,
    net::IpAddr,
    sync::Arc,
    thread,
};
use tokio::sync::oneshot;

/// Threads; each takes 19 MiB while it works.
const THREADS: usize = 2;
/// Work of one address that waits: about a second of it.
const WAITING_OF_ADDRESS: usize = 64;
/// Work that waits altogether.
const WAITING: usize = 512;

type Work = Box<dyn FnOnce() + Send>;

/// The threads and what waits for them.
pub struct Pool {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    queues: Mutex<Queues>,
    changed: Condvar,
}

#[derive(Default)]
struct Queues {
    by_address: BTreeMap<IpAddr, VecDeque<Work>>,
    /// The addresses with work, in the order of their turns.
    turns: VecDeque<IpAddr>,
    waiting: usize,
    ended: bool,
}

/// Too much waits already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl Pool {
    /// Starts the threads.
    pub fn start() -> io::Result<Self> {
        let shared = Arc::<Shared>::default();
        for n in 0..THREADS {
            let shared = Arc::clone(&shared);
            let name = format!("password-{n}");
            thread::Builder::new()
                .name(name)
                .spawn(move || shared.work())?;
        }
        Ok(Pool { shared })
    }

    /// Does some work in its address's turn.
    pub async fn run<T: Send + 'static>(
        &self,
        address: IpAddr,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Full> {
        let (sender, receiver) = oneshot::channel();
        let work = Box::new(move || {
            // Whoever asked may have gone; then there is nothing to compare any more.
            if !sender.is_closed() {
                let _ = sender.send(work());
            }
        });
        self.shared.queues.lock().push(address, work)?;
        self.shared.changed.notify_one();
        receiver.await.map_err(|_| Full)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.queues.lock().ended = true;
        self.shared.changed.notify_all();
    }
}

impl Queues {
    fn push(&mut self, address: IpAddr, work: Work) -> Result<(), Full> {
        let queue = self.by_address.entry(address).or_default();
        if queue.len() >= WAITING_OF_ADDRESS || self.waiting >= WAITING {
            if queue.is_empty() {
                self.by_address.remove(&address);
            }
            return Err(Full);
        }
        if queue.is_empty() {
            self.turns.push_back(address);
        }
        queue.push_back(work);
        self.waiting += 1;
        Ok(())
    }

    fn pop(&mut self) -> Option<Work> {
        let address = self.turns.pop_front()?;
        let queue = self.by_address.get_mut(&address)?;
        let work = queue.pop_front()?;
        if queue.is_empty() {
            self.by_address.remove(&address);
        } else {
            self.turns.push_back(address);
        }
        self.waiting -= 1;
        Some(work)
    }
}

impl Shared {
    fn work(&self) {
        let mut queues = self.queues.lock();
        while !queues.ended {
            match queues.pop() {
                Some(work) => {
                    parking_lot::MutexGuard::unlocked(&mut queues, work);
                }
                None => self.changed.wait(&mut queues),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Full, Queues, WAITING_OF_ADDRESS};
    use parking_lot::Mutex;
    use std::{net::IpAddr, sync::Arc};

    #[test]
    fn addresses_take_turns_and_a_full_queue_is_only_its_own() {
        let [flood, owner] = [[10, 0, 0, 1], [10, 0, 0, 2]].map(IpAddr::from);
        let order = Arc::new(Mutex::new(Vec::new()));
        let note = |who: &'static str| {
            let order = Arc::clone(&order);
            Box::new(move || order.lock().push(who))
        };
        let mut queues = Queues::default();
        for _ in 0..WAITING_OF_ADDRESS {
            assert_eq!(queues.push(flood, note("flood")), Ok(()));
        }
        assert_eq!(queues.push(flood, note("flood")), Err(Full));
        assert_eq!(queues.push(owner, note("owner")), Ok(()));
        while let Some(work) = queues.pop() {
            work();
        }
        let order = order.lock();
        assert_eq!(order.len(), WAITING_OF_ADDRESS + 1);
        assert_eq!(order[1], "owner", "the second turn is the owner's");
        assert!(queues.by_address.is_empty() && queues.turns.is_empty() && queues.waiting == 0);
    }
}
