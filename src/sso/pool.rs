//! Threads for work that takes long: comparing passwords.
//!
//! Owns: the turns. Every network has a queue of its own and the networks take turns, so a stranger's flood fills only
//! the stranger's queue; where all that waits is too much, the longest queue loses what came last, so a flood from many
//! networks keeps nobody out who asks for little. Never: takes more than it will do in a few seconds.
//!
//! ```text
//!  10.0.0.1   ▮▮▮▮▮▮▮▮ full: refused
//!  10.0.0.2   ▮                        ──▶ one of each in turn ──▶ threads
//!  2001:db8:: ▮▮                       of all addresses that begin so
//! ```

use super::network;
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
/// Work of one network that waits: about a second of it.
const WAITING_OF_NETWORK: usize = 64;
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
    by_network: BTreeMap<IpAddr, VecDeque<Work>>,
    /// The networks with work, in the order of their turns.
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

    /// Does some work in the turn of the address's network.
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
        self.shared.queues.lock().push(network(address), work)?;
        self.shared.changed.notify_one();
        // It may have had to go for somebody who asks for less.
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
    fn push(&mut self, network: IpAddr, work: Work) -> Result<(), Full> {
        let own = self.by_network.get(&network).map_or(0, VecDeque::len);
        if own >= WAITING_OF_NETWORK {
            return Err(Full);
        }
        if self.waiting >= WAITING {
            self.make_room(own + 1)?;
        }
        if own == 0 {
            self.turns.push_back(network);
        }
        self.by_network.entry(network).or_default().push_back(work);
        self.waiting += 1;
        Ok(())
    }

    /// Takes the last away from the longest queue, if that is longer than this one becomes.
    fn make_room(&mut self, length: usize) -> Result<(), Full> {
        let longest = self.by_network.values_mut().max_by_key(|queue| queue.len());
        let longest = longest.filter(|queue| queue.len() > length).ok_or(Full)?;
        longest.pop_back();
        self.waiting -= 1;
        Ok(())
    }

    fn pop(&mut self) -> Option<Work> {
        let network = self.turns.pop_front()?;
        let queue = self.by_network.get_mut(&network)?;
        let work = queue.pop_front()?;
        if queue.is_empty() {
            self.by_network.remove(&network);
        } else {
            self.turns.push_back(network);
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
    use super::{Full, Queues, WAITING, WAITING_OF_NETWORK, network};
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
        for _ in 0..WAITING_OF_NETWORK {
            assert_eq!(queues.push(flood, note("flood")), Ok(()));
        }
        assert_eq!(queues.push(flood, note("flood")), Err(Full));
        assert_eq!(queues.push(owner, note("owner")), Ok(()));
        while let Some(work) = queues.pop() {
            work();
        }
        let order = order.lock();
        assert_eq!(order.len(), WAITING_OF_NETWORK + 1);
        assert_eq!(order[1], "owner", "the second turn is the owner's");
        assert!(queues.by_network.is_empty() && queues.turns.is_empty() && queues.waiting == 0);
    }

    #[test]
    fn a_flood_from_many_networks_keeps_nobody_out_who_asks_for_little() {
        let mut queues = Queues::default();
        let strangers = (0..=255).map(|n| IpAddr::from([10, 0, 0, n]));
        let refused = strangers.flat_map(|stranger| [stranger; WAITING_OF_NETWORK]);
        let refused = refused.filter(|stranger| queues.push(*stranger, Box::new(|| ())).is_err());
        assert!(refused.count() > 0);
        assert_eq!(queues.waiting, WAITING);
        let owner = IpAddr::from([192, 0, 2, 1]);
        assert_eq!(queues.push(owner, Box::new(|| ())), Ok(()));
        let counted = queues.by_network.values().map(|queue| queue.len()).sum();
        assert_eq!((queues.waiting, counted), (WAITING, WAITING));
        assert_eq!(queues.by_network.len(), queues.turns.len());
    }

    #[test]
    fn all_addresses_of_a_household_are_one_network() {
        let rows = [
            ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", true),
            ("2001:db8:0:1::1", "2001:db8:0:2::1", false),
            ("::ffff:10.0.0.1", "10.0.0.1", true),
            ("10.0.0.1", "10.0.0.2", false),
        ];
        for (one, other, same) in rows {
            let [a, b] = [one, other].map(|text| network(text.parse().expect("an address")));
            assert_eq!(a == b, same, "{one} {other}");
        }
    }
}
