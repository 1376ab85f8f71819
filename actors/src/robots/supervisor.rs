//! Who starts robots' actors and what happens when one dies.
//! Never: keeps anything of a session; the robot connects again.

use super::robot::{Message, Robot};
use crate::core::Core;
use ractor::{Actor, ActorProcessingErr, ActorRef, SpawnErr, SupervisionEvent};
use rpa::Guid;
use std::sync::Arc;

/// Watches over robots: one that dies is started again, without a session.
struct Supervisor;

impl Actor for Supervisor {
    type Msg = ();
    type State = (Arc<Core>, Guid);
    type Arguments = (Arc<Core>, Guid);

    async fn pre_start(
        &self,
        _myself: ActorRef<()>,
        state: (Arc<Core>, Guid),
    ) -> Result<Self::State, ActorProcessingErr> {
        Ok(state)
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<()>,
        event: SupervisionEvent,
        (core, robot): &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        if let SupervisionEvent::ActorFailed(_, error) = event {
            tracing::error!(%robot, %error, "a robot's actor died; its connection ends");
            core.robots.forget(*robot);
            core.jobs.write().presence.remove(*robot);
            core.live.robot_changed(core, *robot);
            if !core.jobs.read().held_by(*robot).is_empty() {
                let (core, robot) = (Arc::clone(core), *robot);
                tokio::spawn(async move { core.robots.actor(&core, robot).await });
            }
            myself.stop(None);
        }
        Ok(())
    }
}

/// Starts a robot's actor under a supervisor.
pub async fn start(core: &Arc<Core>, robot: Guid) -> Result<ActorRef<Message>, SpawnErr> {
    let (supervisor, _) = Actor::spawn(None, Supervisor, (Arc::clone(core), robot)).await?;
    let linked = supervisor.get_cell();
    let (actor, _) = Actor::spawn_linked(None, Robot, (Arc::clone(core), robot), linked).await?;
    Ok(actor)
}
