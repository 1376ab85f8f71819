//! From a key to what is shown of it, for every topic whose changes are remembered.

use super::{items, resources};
use crate::server::State;
use actors::live::{Entry, Key, Last, Shown, Topic};
use std::sync::Arc;

/// Something may be there, but cannot be shown now: the archive does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotNow;

/// How something is shown now; none: it is not there.
pub async fn show(
    state: &Arc<State>,
    key: &Key,
    gone: Option<&Last>,
) -> Result<Option<Shown>, NotNow> {
    Ok(match key.topic {
        Topic::Instances => items::instance(state, key, gone),
        Topic::Tasks => items::task(state, key, gone),
        Topic::Incidents => items::incident(state, key, gone),
        Topic::Definitions => items::definition(state, key, gone),
        Topic::Jobs => return resources::job(state, key).await,
        Topic::Runs => return resources::run(state, key).await,
        Topic::Robots => resources::robot(state, key, gone),
        Topic::Groups => resources::group(state, key, gone),
        Topic::TaskQueues => resources::taskqueue(state, key, gone).await,
        Topic::Activities | Topic::Logs | Topic::Figures => None,
    })
}

/// How a change is shown, rendered by the first who asks.
pub async fn shown(state: &Arc<State>, entry: &Entry) -> Result<Option<Arc<Shown>>, NotNow> {
    let render = || show(state, &entry.key, entry.gone.as_ref());
    entry.shown(render).await
}

/// An item of which nothing is told but its id.
pub fn only_id(key: &Key) -> String {
    match key.topic {
        Topic::Instances | Topic::Tasks | Topic::Incidents | Topic::Activities => {
            format!("{{\"id\":\"{}\"}}", key.instance_id())
        }
        _ => format!("{{\"id\":\"{}\"}}", key.guid()),
    }
}
