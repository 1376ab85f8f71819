//! A state with one owner that everyone reads: decided under a lock, shown when durable.
//!
//! Owns: the order of its records, and the two copies: what is decided and what is published.
//! Never: decides by itself, shows what is not durable.
//!
//! ```text
//!  settle(decide) ─▶ lock: decide(&state) ─▶ events, applied ─▶ one record ─▶ … durable ─▶ published copy ─▶ answer
//!                          └─▶ refusal: nothing changed; it leaves when what it was decided on is durable
//! ```

use crate::{
    core::Core,
    failure::Failure,
    message::Answer,
    publisher::{Change, Publication},
    record,
};
use parking_lot::{Mutex, RwLock};
use snapshots::Record;
use tokio::sync::oneshot;

/// What makes a state a ledger's: its events and its bytes.
pub trait Law {
    /// The state.
    type State: Clone + Send + Sync + 'static;
    /// A fact about it.
    type Event: Send + 'static;
    /// The kind of its records.
    const KIND: u16;

    /// Takes a fact over.
    fn apply(state: &mut Self::State, event: &Self::Event);
    /// The bytes of one record.
    fn encode_events(events: &[Self::Event]) -> Vec<u8>;
    /// The bytes in a snapshot.
    fn encode_state(state: &Self::State) -> Vec<u8>;
    /// What the publisher is told.
    fn change(events: Vec<Self::Event>) -> Change;
}

/// A state with one owner.
pub struct Ledger<L: Law> {
    /// What is decided; the lock is the mailbox, deciding takes microseconds.
    deciding: Mutex<Deciding<L::State>>,
    published: RwLock<L::State>,
}

struct Deciding<S> {
    state: S,
    sequence: u64,
}

impl<L: Law> Ledger<L> {
    /// What recovery found.
    pub fn new(state: L::State, sequence: u64) -> Self {
        Ledger {
            deciding: Mutex::new(Deciding {
                state: state.clone(),
                sequence,
            }),
            published: RwLock::new(state),
        }
    }

    /// Decides; answers when what was decided, or what the refusal rests on, is durable and visible.
    pub async fn settle<T: Send + 'static>(
        &self,
        core: &Core,
        decide: impl FnOnce(&L::State) -> Result<(Vec<L::Event>, T), Failure>,
    ) -> Result<T, Failure> {
        let (sender, receiver) = oneshot::channel();
        self.decide(core, decide, |settled| {
            // Whoever asked may have gone.
            Box::new(move || drop(sender.send(settled)))
        });
        receiver.await.unwrap_or(Err(Failure::Stopping))
    }

    /// The same without waiting: `answer` makes what leaves when it is durable.
    pub fn decide<T>(
        &self,
        core: &Core,
        decide: impl FnOnce(&L::State) -> Result<(Vec<L::Event>, T), Failure>,
        answer: impl FnOnce(Result<T, Failure>) -> Answer,
    ) {
        let mut deciding = self.deciding.lock();
        let (events, settled) = match decide(&deciding.state) {
            Ok((events, value)) => (events, Ok(value)),
            Err(failure) => (Vec::new(), Err(failure)),
        };
        if events.is_empty() {
            core.queue
                .push_barrier(Publication::barrier(answer(settled)));
            return;
        }
        let payload = L::encode_events(&events);
        if let Err(failure) = record::fits(&core.options, payload.len()) {
            core.queue
                .push_barrier(Publication::barrier(answer(Err(failure))));
            return;
        }
        for event in &events {
            L::apply(&mut deciding.state, event);
        }
        let record = Record {
            kind: L::KIND,
            version: record::VERSION,
            entity: 0,
            payload,
        };
        let answer = answer(settled);
        deciding.sequence = core.queue.push(record, |sequence| Publication {
            sequence,
            change: L::change(events),
            answer: Some(answer),
            cause: None,
        });
    }

    /// The publisher shows what is durable.
    pub fn publish(&self, events: &[L::Event]) {
        let mut published = self.published.write();
        for event in events {
            L::apply(&mut published, event);
        }
    }

    /// Looks at what is durable.
    pub fn look<T>(&self, view: impl FnOnce(&L::State) -> T) -> T {
        view(&self.published.read())
    }

    /// The bytes and the last sequence, for a snapshot.
    pub fn save(&self) -> (Vec<u8>, u64) {
        let deciding = self.deciding.lock();
        (L::encode_state(&deciding.state), deciding.sequence)
    }
}
