//! The hub's actor: it takes in what the publisher has handed over.
//! Never: dies of a message: what one has broken is forgotten, and all followers begin anew.

use super::Live;
use ractor::{Actor, ActorProcessingErr, ActorRef, SpawnErr};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

/// Between two looks at what nobody follows any more.
const SWEEP: Duration = Duration::from_secs(30);

/// What the hub is told.
pub enum Message {
    /// There is something in the inbox, or it is time to look for topics that nobody follows.
    Look,
}

struct Hub;

impl Actor for Hub {
    type Msg = Message;
    type State = Arc<Live>;
    type Arguments = Arc<Live>;

    async fn pre_start(
        &self,
        myself: ActorRef<Message>,
        live: Arc<Live>,
    ) -> Result<Arc<Live>, ActorProcessingErr> {
        myself.send_interval(SWEEP, || Message::Look);
        Ok(live)
    }

    async fn handle(
        &self,
        _myself: ActorRef<Message>,
        message: Message,
        live: &mut Arc<Live>,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            Message::Look => {
                let taken = catch_unwind(AssertUnwindSafe(|| live.take_in()));
                if taken.is_err() {
                    tracing::error!("a change could not be told; all followers begin anew");
                    live.forget_all();
                }
            }
        }
        Ok(())
    }
}

/// Starts it.
pub async fn start(live: &Arc<Live>) -> Result<ActorRef<Message>, SpawnErr> {
    let (actor, _) = Actor::spawn(None, Hub, Arc::clone(live)).await?;
    Ok(actor)
}
