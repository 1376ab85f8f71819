//! The hub's actor: it takes what the publisher has handed over into the log, and forgets what nobody follows.
//!
//! Never: lets a change that cannot be taken over stop those behind it; then all followers begin anew. One that dies all
//! the same is started again by its supervisor, and all followers begin anew, too.

use super::Live;
use ractor::{Actor, ActorProcessingErr, ActorRef, SpawnErr, SupervisionEvent};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

/// Between two looks at what nobody follows any more.
const SWEEP: Duration = Duration::from_secs(30);

/// What the hub is told.
pub enum Message {
    /// There is something in the inbox.
    Look,
    /// It is time to look for what nobody follows.
    Sweep,
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
        myself.send_interval(SWEEP, || Message::Sweep);
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
            Message::Sweep => live.sweep(),
        }
        Ok(())
    }
}

struct Supervisor;

impl Actor for Supervisor {
    type Msg = ();
    type State = Arc<Live>;
    type Arguments = Arc<Live>;

    async fn pre_start(
        &self,
        myself: ActorRef<()>,
        live: Arc<Live>,
    ) -> Result<Arc<Live>, ActorProcessingErr> {
        start_hub(&myself, &live).await?;
        Ok(live)
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<()>,
        event: SupervisionEvent,
        live: &mut Arc<Live>,
    ) -> Result<(), ActorProcessingErr> {
        match event {
            SupervisionEvent::ActorFailed(_, error) => {
                tracing::error!(%error, "the hub of the live feed died; all followers begin anew");
            }
            SupervisionEvent::ActorTerminated(..) => {}
            SupervisionEvent::ActorStarted(_) | SupervisionEvent::ProcessGroupChanged(_) => {
                return Ok(());
            }
        }
        live.forget_all();
        start_hub(&myself, live).await?;
        Ok(())
    }
}

async fn start_hub(supervisor: &ActorRef<()>, live: &Arc<Live>) -> Result<(), SpawnErr> {
    let (actor, _) =
        Actor::spawn_linked(None, Hub, Arc::clone(live), supervisor.get_cell()).await?;
    *live.hub.lock() = Some(actor);
    // What has come meanwhile has told nobody.
    live.told.store(false, std::sync::atomic::Ordering::SeqCst);
    live.wake();
    Ok(())
}

/// Starts it with its supervisor.
pub async fn start(live: &Arc<Live>) -> Result<(), SpawnErr> {
    Actor::spawn(None, Supervisor, Arc::clone(live)).await?;
    Ok(())
}
