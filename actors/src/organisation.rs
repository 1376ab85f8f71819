//! Identities, people, programs and tokens: the ledger around `org`.
//! Never: decides what `org` decides.

use crate::{
    core::Core,
    failure::Failure,
    ledger::{Law, Ledger},
    publisher::Change,
    record,
};
use org::{Command, Event, State, stored};

/// Who is known here.
pub type Organisation = Ledger<Identities>;

/// The law of `org`.
pub struct Identities;

impl Law for Identities {
    type State = State;
    type Event = Event;
    const KIND: u16 = record::kind::ORGANISATION;

    fn apply(state: &mut State, event: &Event) {
        state.apply(event);
    }

    fn encode_events(events: &[Event]) -> Vec<u8> {
        stored::encode_events(events)
    }

    fn encode_state(state: &State) -> Vec<u8> {
        stored::encode_state(state)
    }

    fn change(events: Vec<Event>) -> Change {
        Change::Organisation(events)
    }
}

impl Organisation {
    /// Decides a command; answers when it is durable.
    pub async fn command(&self, core: &Core, command: Command) -> Result<(), Failure> {
        let _admitted = core.admit()?;
        self.settle(core, |state| Ok((org::decide(state, command)?, ())))
            .await
    }
}
