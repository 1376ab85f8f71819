//! A robot's connection, as the hub holds it.
//! Never: knows whether it is a WebSocket or polls.

use super::{
    message::{FromRobot, ToRobot},
    robot::Message,
};
use ractor::ActorRef;
use tokio::sync::mpsc;

/// What the hub is to write, in order.
pub type Outbox = mpsc::Receiver<ToRobot>;

/// A connection; dropped, it has ended.
pub struct Session {
    number: u64,
    actor: ActorRef<Message>,
}

impl Session {
    pub(super) fn new(number: u64, actor: ActorRef<Message>) -> Self {
        Session { number, actor }
    }

    /// The robot has said something.
    pub fn say(&self, said: FromRobot) {
        // An actor that has died has dropped the outbox: the hub sees that.
        let _ = self.actor.cast(Message::Said {
            number: self.number,
            said: Box::new(said),
        });
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // As in `say`.
        let _ = self.actor.cast(Message::Closed {
            number: self.number,
        });
    }
}
