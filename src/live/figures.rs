//! Rates, latencies and counts, made once a second for all who look.
//!
//! Owns: that a company sees what is its own; how the machine is, only the first company does: it runs it.
//! Never: walks over what is counted already.

use crate::server::State;
use actors::{Engine, jobs::RobotStatus, latency};
use codec::Tenant;
use parking_lot::Mutex;
use rpa::terms::JobState;
use serde_json::{Value, json};
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
    machine: Option<Machine>,
    json: Arc<str>,
}

/// What rates are made of.
struct Machine {
    at: Instant,
    sequence: u64,
    commands: latency::Counts,
}

impl Machine {
    fn now(engine: &Engine) -> Self {
        Machine {
            at: Instant::now(),
            sequence: engine.queue.durable(),
            commands: engine.admission.latencies().counts(),
        }
    }
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
        let mut figures = company(&state.engine, tenant);
        let runs_it = tenant == state.tenant;
        let now = runs_it.then(|| Machine::now(&state.engine));
        if let Some(now) = &now {
            let before = before.and_then(|before| before.machine.as_ref());
            let own = machine(state, before, now);
            if let (Value::Object(figures), Value::Object(own)) = (&mut figures, own) {
                figures.extend(own);
            }
        }
        let json: Arc<str> = figures.to_string().into();
        if made.len() >= KEPT {
            made.clear();
        }
        let figures = Made {
            at: Instant::now(),
            machine: now,
            json: Arc::clone(&json),
        };
        made.insert(tenant, figures);
        json
    }
}

/// Counts of what a company has, by state.
fn company(engine: &Engine, tenant: Tenant) -> Value {
    let counts = engine.views.read().counts(tenant);
    let mut robots = [
        (RobotStatus::Disconnected, 0_usize),
        (RobotStatus::Ready, 0),
        (RobotStatus::Busy, 0),
    ];
    let ids: Vec<_> = engine.registry.look(|registry| {
        let robots = registry.robots(tenant);
        robots.map(|robot| robot.id).collect()
    });
    let jobs = engine.jobs.read();
    for id in ids {
        let status = jobs.presence().status(id);
        let same = robots.iter_mut().filter(|(known, _)| *known == status);
        same.for_each(|(_, count)| *count += 1);
    }
    let robots = robots.map(|(status, count)| (status.name().to_owned(), json!(count)));
    let open = [JobState::Queued, JobState::Running, JobState::Paused];
    let open = open.map(|state| {
        let count = jobs.in_state(tenant, state);
        (state.name().to_owned(), json!(count))
    });
    json!({
        "instances": {
            "running": counts.running,
            "suspended": counts.suspended,
        },
        "tasks": counts.tasks,
        "timers": counts.timers,
        "incidents": counts.incidents,
        "jobs": Value::Object(open.into_iter().collect()),
        "jobsWaiting": jobs.waiting_of(tenant),
        "robots": Value::Object(robots.into_iter().collect()),
    })
}

/// How the machine is, and what it has done since it was looked at before.
fn machine(state: &State, before: Option<&Machine>, now: &Machine) -> Value {
    let engine = &state.engine;
    let mut rates = (0.0, 0.0);
    let mut commands = now.commands.since(&now.commands);
    if let Some(before) = before {
        let seconds = now.at.duration_since(before.at).as_secs_f64().max(0.001);
        commands = now.commands.since(&before.commands);
        let records = now.sequence.saturating_sub(before.sequence);
        rates = (records as f64 / seconds, commands.total() as f64 / seconds);
    }
    let round = |rate: f64| (rate * 10.0).round() / 10.0;
    let ms = |share: f64| {
        let us = commands.percentile_us(share);
        us.map(|us| us as f64 / 1_000.0)
    };
    let snapshots = engine.snapshots();
    let last = snapshots.last().map(|last| {
        json!({
            "secondsAgo": last.at.elapsed().as_secs(),
            "tookMs": u64::try_from(last.took.as_millis()).unwrap_or(u64::MAX),
            "entities": last.entities,
            "bytes": last.bytes,
        })
    });
    json!({
        "commands": {
            "perSecond": round(rates.1),
            "p50Ms": ms(0.5),
            "p99Ms": ms(0.99),
            "underWay": engine.admission.under_way(),
        },
        "journal": {
            "sequence": now.sequence,
            "recordsPerSecond": round(rates.0),
            "heldBytes": engine.journal().held_bytes(),
            "backlog": engine.queue.backlog(),
        },
        "snapshots": {
            "failing": snapshots.failure().is_some(),
            "last": last,
        },
        "archiveBacklog": engine.archiver.backlog(),
        "liveBytes": engine.resting.bytes(),
        "watchers": state.live.len(),
        "uptimeSeconds": state.started.elapsed().as_secs(),
    })
}
