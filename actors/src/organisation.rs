//! Identities and tokens: one owner around `org`, and the published state that readers see.
//!
//! Owns: their order. Never: decides what `org` decides; shows what is not durable.

use crate::{
    core::Core,
    failure::Failure,
    publisher::{Change, Publication},
    record,
};
use org::{Command, Event, State, stored};
use parking_lot::{Mutex, RwLock};
use snapshots::Record;
use tokio::sync::oneshot;

/// The identities.
pub struct Organisation {
    /// What is decided; the lock is the mailbox, deciding takes microseconds.
    deciding: Mutex<Deciding>,
    published: RwLock<State>,
}

struct Deciding {
    state: State,
    sequence: u64,
}

impl Organisation {
    /// What recovery found.
    pub fn new(state: State, sequence: u64) -> Self {
        Organisation {
            deciding: Mutex::new(Deciding {
                state: state.clone(),
                sequence,
            }),
            published: RwLock::new(state),
        }
    }

    /// Decides a command; answers when it is durable.
    pub async fn command(&self, core: &Core, command: Command) -> Result<(), Failure> {
        let _admitted = core
            .admission
            .admit(core.queue.is_full(), core.archiver.backlog())?;
        let (sender, receiver) = oneshot::channel();
        {
            let mut deciding = self.deciding.lock();
            let decided = org::decide(&deciding.state, command);
            let (events, answer) = match decided {
                Ok(events) => (events, Ok(())),
                Err(refusal) => (Vec::new(), Err(Failure::Organisation(refusal))),
            };
            // Whoever asked may have gone.
            let answer = Box::new(move || drop(sender.send(answer)));
            if events.is_empty() {
                core.queue.push_barrier(Publication::barrier(answer));
            } else {
                for event in &events {
                    deciding.state.apply(event);
                }
                let record = Record {
                    kind: record::kind::ORGANISATION,
                    version: record::VERSION,
                    entity: 0,
                    payload: stored::encode_events(&events),
                };
                deciding.sequence = core.queue.push(record, |sequence| Publication {
                    sequence,
                    change: Change::Organisation(events),
                    answer: Some(answer),
                    cause: None,
                });
            }
        }
        receiver.await.unwrap_or(Err(Failure::Stopping))
    }

    /// The publisher shows what is durable.
    pub fn publish(&self, events: &[Event]) {
        let mut published = self.published.write();
        for event in events {
            published.apply(event);
        }
    }

    /// Looks at what is durable.
    pub fn look<T>(&self, view: impl FnOnce(&State) -> T) -> T {
        view(&self.published.read())
    }

    /// The bytes and the last sequence, for a snapshot.
    pub fn save(&self) -> (Vec<u8>, u64) {
        let deciding = self.deciding.lock();
        (stored::encode_state(&deciding.state), deciding.sequence)
    }
}
