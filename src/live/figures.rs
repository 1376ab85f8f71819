//! Rates and counts, made once a second for all who look.
//! Never: shows one company what another has; what is not a company's is the machine's.

use crate::server::State;
use codec::Tenant;
use parking_lot::Mutex;
use serde_json::json;
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

/// Between two of them.
pub const EVERY: Duration = Duration::from_secs(1);
/// Companies whose figures are kept; each look makes what is missing.
const KEPT: usize = 1_000;

/// The figures of this second.
#[derive(Default)]
pub struct Figures {
    made: Mutex<HashMap<Tenant, Made>>,
}

struct Made {
    at: Instant,
    sequence: u64,
    json: Arc<str>,
}

impl Figures {
    /// The figures of a company, at most a second old.
    pub fn of(&self, state: &State, tenant: Tenant) -> Arc<str> {
        let mut made = self.made.lock();
        let before = made.get(&tenant);
        if let Some(before) = before
            && before.at.elapsed() < EVERY.mul_f64(0.9)
        {
            return Arc::clone(&before.json);
        }
        let (now, sequence) = (Instant::now(), state.engine.queue.durable());
        let rate = before.map_or(0.0, |before| {
            let seconds = now.duration_since(before.at).as_secs_f64();
            sequence.saturating_sub(before.sequence) as f64 / seconds.max(0.001)
        });
        let json: Arc<str> = render(state, tenant, sequence, rate).into();
        if made.len() >= KEPT {
            made.clear();
        }
        made.insert(
            tenant,
            Made {
                at: now,
                sequence,
                json: Arc::clone(&json),
            },
        );
        json
    }
}

fn render(state: &State, tenant: Tenant, sequence: u64, rate: f64) -> String {
    let engine = &state.engine;
    let counts = engine.views.read().counts(tenant);
    let (waiting, robots) = {
        let jobs = engine.jobs.read();
        let robots = engine.registry.look(|registry| {
            let robots = registry.robots(tenant);
            robots.filter(|robot| jobs.is_connected(robot.id)).count()
        });
        let waiting = jobs.jobs(tenant).filter(|job| job.waiting).count();
        (waiting, robots)
    };
    json!({
        "instances": {
            "running": counts.running,
            "suspended": counts.suspended,
        },
        "tasks": counts.tasks,
        "timers": counts.timers,
        "incidents": counts.incidents,
        "jobsWaiting": waiting,
        "robotsConnected": robots,
        "journal": {
            "sequence": sequence,
            "recordsPerSecond": (rate * 10.0).round() / 10.0,
            "heldBytes": engine.journal().held_bytes(),
            "backlog": engine.queue.backlog(),
        },
        "snapshotFailing": engine.snapshots().failure().is_some(),
        "archiveBacklog": engine.archiver.backlog(),
        "commandsUnderWay": engine.admission.under_way(),
        "watchers": state.live.len(),
        "uptimeSeconds": state.started.elapsed().as_secs(),
    })
    .to_string()
}
