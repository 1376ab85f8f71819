//! Hosts: a small pool of supervised actors, each lent to one slot after another.
//!
//! Owns: the run queue, who is free, and what happens when a host dies. Never: loses mail or a state with a host;
//! what a host works on lies in its desk, which its supervisor takes over.
//!
//! ```text
//!  schedule(slot) ─▶ [run queue] ─▶ free host: desk = (slot, body) ─▶ message after message, at most 64 in a row
//!                                     │ panic
//!                                     ▼
//!                     supervisor: rebuild(base, records), answer the message that did it, new host, run the slot on
//! ```

use crate::{
    core::Core,
    desk::{Desk, Finished},
    slot::Slot,
};
use parking_lot::Mutex;
use ractor::{Actor, ActorProcessingErr, ActorRef, SupervisionEvent};
use std::{
    collections::VecDeque,
    sync::{Arc, OnceLock, Weak},
};

/// Slots that a host runs before it lets other tasks of its thread go on.
const SLOTS_BEFORE_YIELD: usize = 16;

/// A pool of hosts with one run queue.
pub struct Pool {
    /// For logs.
    name: &'static str,
    runs: Mutex<Runs>,
    desks: Vec<Mutex<Desk>>,
    core: OnceLock<Weak<Core>>,
    /// Threads of its own, for as long as the pool lives.
    threads: Mutex<Option<tokio::runtime::Runtime>>,
}

struct Runs {
    queue: VecDeque<Arc<Slot>>,
    free: Vec<usize>,
    hosts: Vec<Option<ActorRef<Wake>>>,
}

/// Tells a host that the run queue is not empty.
pub struct Wake;

impl Pool {
    /// A pool without hosts yet.
    pub fn new(name: &'static str, hosts: usize) -> Arc<Pool> {
        Arc::new(Pool {
            name,
            runs: Mutex::new(Runs {
                queue: VecDeque::new(),
                free: Vec::with_capacity(hosts),
                hosts: vec![None; hosts],
            }),
            desks: (0..hosts).map(|_| Mutex::new(Desk::default())).collect(),
            core: OnceLock::new(),
            threads: Mutex::new(None),
        })
    }

    /// Keeps the runtime that its hosts run on.
    pub fn keep(&self, threads: tokio::runtime::Runtime) {
        *self.threads.lock() = Some(threads);
    }

    /// Lets its own threads go, in the background.
    pub fn release(&self) {
        if let Some(threads) = self.threads.lock().take() {
            threads.shutdown_background();
        }
    }

    /// Starts the supervisor and its hosts on the current runtime.
    pub async fn start(self: &Arc<Self>, core: &Arc<Core>) -> Result<(), ractor::SpawnErr> {
        // Set once; a second start would only set the same core again.
        let _ = self.core.set(Arc::downgrade(core));
        Actor::spawn(None, Supervisor, Arc::clone(self)).await?;
        Ok(())
    }

    /// Hands a slot that runs to a free host.
    pub fn schedule(&self, slot: Arc<Slot>) {
        let mut runs = self.runs.lock();
        runs.queue.push_back(slot);
        let host = runs
            .free
            .pop()
            .and_then(|index| runs.hosts.get(index).cloned().flatten());
        drop(runs);
        if let Some(host) = host {
            // A host that just died is replaced, and the new one looks at the queue first.
            let _ = host.cast(Wake);
        }
    }

    /// Slots that wait for a host.
    pub fn backlog(&self) -> usize {
        self.runs.lock().queue.len()
    }

    fn take(&self, host: usize) -> Option<Arc<Slot>> {
        let mut runs = self.runs.lock();
        let slot = runs.queue.pop_front();
        if slot.is_none() && !runs.free.contains(&host) {
            runs.free.push(host);
        }
        slot
    }

    /// Runs one slot at this host's desk.
    fn run(&self, host: usize, slot: Arc<Slot>) {
        let Some(core) = self.core.get().and_then(Weak::upgrade) else {
            return;
        };
        let mut desk = self.desks[host].lock();
        desk.take_over(slot);
        if let Finished::Yielded(slot) = desk.run(&core) {
            drop(desk);
            core.schedule(slot);
        }
    }

    fn clear_up(&self, host: usize) {
        let Some(core) = self.core.get().and_then(Weak::upgrade) else {
            return;
        };
        let slot = self.desks[host].lock().clear_up(&core);
        if let Some(slot) = slot {
            core.schedule(slot);
        }
    }
}

struct Host;

struct HostState {
    pool: Arc<Pool>,
    index: usize,
}

impl Actor for Host {
    type Msg = Wake;
    type State = HostState;
    type Arguments = HostState;

    async fn pre_start(
        &self,
        myself: ActorRef<Wake>,
        state: HostState,
    ) -> Result<HostState, ActorProcessingErr> {
        myself.cast(Wake)?;
        Ok(state)
    }

    async fn handle(
        &self,
        _myself: ActorRef<Wake>,
        _wake: Wake,
        state: &mut HostState,
    ) -> Result<(), ActorProcessingErr> {
        let mut in_a_row = 0;
        while let Some(slot) = state.pool.take(state.index) {
            state.pool.run(state.index, slot);
            in_a_row += 1;
            if in_a_row == SLOTS_BEFORE_YIELD {
                in_a_row = 0;
                tokio::task::yield_now().await;
            }
        }
        Ok(())
    }
}

struct Supervisor;

struct Supervised {
    pool: Arc<Pool>,
    /// Which host each actor is.
    ids: Vec<Option<ractor::ActorId>>,
}

impl Supervised {
    async fn spawn(
        &mut self,
        index: usize,
        myself: &ActorRef<()>,
    ) -> Result<(), ActorProcessingErr> {
        let state = HostState {
            pool: Arc::clone(&self.pool),
            index,
        };
        let (host, _) = Actor::spawn_linked(None, Host, state, myself.get_cell()).await?;
        self.ids[index] = Some(host.get_id());
        self.pool.runs.lock().hosts[index] = Some(host);
        Ok(())
    }
}

impl Actor for Supervisor {
    type Msg = ();
    type State = Supervised;
    type Arguments = Arc<Pool>;

    async fn pre_start(
        &self,
        myself: ActorRef<()>,
        pool: Arc<Pool>,
    ) -> Result<Supervised, ActorProcessingErr> {
        let hosts = pool.desks.len();
        let mut state = Supervised {
            pool,
            ids: vec![None; hosts],
        };
        for index in 0..hosts {
            state.spawn(index, &myself).await?;
        }
        Ok(state)
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<()>,
        event: SupervisionEvent,
        state: &mut Supervised,
    ) -> Result<(), ActorProcessingErr> {
        if let SupervisionEvent::ActorFailed(who, reason) = event {
            let index = state.ids.iter().position(|id| *id == Some(who.get_id()));
            if let Some(index) = index {
                tracing::error!(pool = state.pool.name, host = index, %reason, "a host died: its slot is rebuilt");
                state.pool.clear_up(index);
                state.spawn(index, &myself).await?;
            }
        }
        Ok(())
    }
}
