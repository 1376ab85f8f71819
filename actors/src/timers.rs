//! Timers: fires what is due, in order of due time; with a manual clock only when told.
//!
//! Owns: when to look again. The due times themselves are derived from the views, never persisted here.
//! Never: loses a failure; work that fails is recorded at its instance, which tries again later or shows an incident.
//!
//! ```text
//!  publisher ── something changed ──▶ look: next due ─▶ sleep until then ─▶ fire all that are due ─▶ look again
//! ```

use crate::{
    cause::Cause, commit::Space, core::Core, definitions::Message, failure::Failure, schedules,
};
use bpmn::Command;
use codec::Id;
use parking_lot::Mutex;
use rpa::Guid;
use std::{collections::HashSet, sync::Arc, time::Duration};
use tokio::{
    sync::{Notify, oneshot},
    task::JoinSet,
};

/// Firings on their way at a time.
const AT_A_TIME: usize = 256;
/// With nothing due, look again at the latest after so long: the machine's clock may have been set.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A timer that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Due {
    /// Of an instance.
    Instance(Id),
    /// Of a start event, by its number.
    Start(u64),
    /// Of a schedule: its id, and when the firing is due, milliseconds since 1970.
    Schedule(Guid, i64),
}

/// The service.
pub struct Timers {
    changed: Notify,
    firing: Mutex<HashSet<Due>>,
    began_ms: i64,
}

impl Timers {
    /// Of a server that begins at this instant, milliseconds since 1970.
    pub fn new(began_ms: i64) -> Self {
        Timers {
            changed: Notify::default(),
            firing: Mutex::default(),
            began_ms,
        }
    }

    /// When the server began, milliseconds since 1970: what was due before was missed.
    pub fn began_ms(&self) -> i64 {
        self.began_ms
    }

    /// Something was published that may be due earlier.
    pub fn look_again(&self) {
        self.changed.notify_one();
    }
}

/// Runs until the server stops; only with the real clock.
pub async fn run(core: Arc<Core>) {
    let mut running = JoinSet::new();
    loop {
        let now_ms = core.clock.now_ms();
        // On a full disk nothing is decided; what is due stays due.
        let most = match core.queue.space() {
            Space::Open => AT_A_TIME,
            Space::Short | Space::Full => 0,
        };
        let mut due = due(&core, now_ms, most);
        due.truncate(most);
        let mut began = 0;
        for (_, timer) in due {
            if !core.timers.firing.lock().insert(timer) {
                continue;
            }
            began += 1;
            let core = Arc::clone(&core);
            running.spawn(async move {
                // Its failure is recorded at its instance. A schedule's is not: it stays due, and is not tried at once.
                let fired = fire(&core, timer, None).await;
                if let (Err(failure), Due::Schedule(id, _)) = (fired, timer) {
                    tracing::warn!(schedule = %id, %failure, "a schedule could not fire; it is tried again");
                    tokio::time::sleep(LOOK_EVERY).await;
                }
                core.timers.firing.lock().remove(&timer);
            });
        }
        while running.len() >= AT_A_TIME {
            running.join_next().await;
        }
        while running.try_join_next().is_some() {}
        if began > 0 {
            continue;
        }
        let next = next_due_ms(&core).filter(|_| most > 0);
        let wait = next
            .map_or(LOOK_EVERY, |ms| {
                Duration::from_millis(u64::try_from(ms - core.clock.now_ms()).unwrap_or(1))
            })
            .clamp(Duration::from_millis(1), LOOK_EVERY);
        tokio::select! {
            () = core.timers.changed.notified() => {}
            () = tokio::time::sleep(wait) => {}
            _ = running.join_next(), if !running.is_empty() => {}
        }
    }
}

/// What is due at an instant, in order of due time.
pub fn due(core: &Core, now_ms: i64, limit: usize) -> Vec<(i64, Due)> {
    let mut due: Vec<(i64, Due)> = core
        .views
        .read()
        .next_due(now_ms)
        .take(limit)
        .map(|due| (due.due_ms, Due::Instance(due.id)))
        .collect();
    due.extend(
        core.catalog
            .due_starts(now_ms)
            .into_iter()
            .map(|(due_ms, number)| (due_ms, Due::Start(number))),
    );
    core.registry.look(|registry| {
        let schedules = registry.due(now_ms).take(limit);
        due.extend(schedules.filter_map(|schedule| {
            let due_ms = schedule.next_ms?;
            Some((due_ms, Due::Schedule(schedule.id, due_ms)))
        }));
    });
    due.sort();
    due
}

/// When the next timer is due.
pub fn next_due_ms(core: &Core) -> Option<i64> {
    let instance = core
        .views
        .read()
        .next_due(i64::MAX)
        .next()
        .map(|due| due.due_ms);
    let start = core.catalog.next_start_ms();
    let schedule = core.registry.look(|registry| registry.next_due_ms());
    instance.into_iter().chain(start).chain(schedule).min()
}

/// Fires a timer, due or not. A failure is answered and recorded at the instance: a retry less, due again later.
pub async fn fire(core: &Arc<Core>, timer: Due, cause: Option<Cause>) -> Result<(), Failure> {
    match timer {
        Due::Instance(id) => {
            let command = Command::FireTimer { timer: id.number };
            let fired = core.command(id.root, command, cause, |_| ()).await;
            if let Err(failure @ (Failure::Refused(_) | Failure::Panicked)) = &fired
                && !is_gone(failure)
            {
                let failed = Command::FailTimer {
                    timer: id.number,
                    message: failure.to_string(),
                };
                // The timer may have gone in between.
                let _ = core.command(id.root, failed, None, |_| ()).await;
            }
            fired
        }
        Due::Start(number) => {
            let (sender, receiver) = oneshot::channel();
            let Some(actor) = core.definitions.get() else {
                return Err(Failure::Stopping);
            };
            let reply = Box::new(move |result| drop(sender.send(result)));
            actor
                .cast(Message::FireStart { number, reply })
                .map_err(|_| Failure::Stopping)?;
            receiver.await.unwrap_or(Err(Failure::Stopping))
        }
        Due::Schedule(id, due_ms) => schedules::fire(core, id, due_ms).await,
    }
}

/// Whether the timer no longer exists or may not fire now, which is no failure of its work.
fn is_gone(failure: &Failure) -> bool {
    match failure {
        Failure::Refused(refusal) => matches!(
            refusal,
            bpmn::Refusal::TimerNotFound(_)
                | bpmn::Refusal::InstanceEnded
                | bpmn::Refusal::InstanceSuspended
        ),
        _ => false,
    }
}
