//! The machine: `/healthz`, `/readyz`, `/metrics`.
//! Owns: what an operator's tools are told. Never: waits for the disk.

use crate::{
    config::Durability,
    http::{Api, Context, HeaderValue, Params, Problem, Request, Response, Route, StatusCode},
    server::State,
};
use actors::Engine;
use serde_json::json;
use std::fmt::Write as _;

/// The routes.
pub fn api() -> Api<State> {
    Api::new(
        "machine",
        &["/healthz", "/readyz", "/metrics"],
        &Problem,
        vec![
            Route::get("/healthz", alive).summary("The process answers"),
            Route::get("/readyz", ready).summary("Recovered and writable"),
            Route::get("/metrics", metrics).summary("Figures for Prometheus"),
        ],
    )
}

async fn alive(_state: Context<State>, _request: Request, _params: Params) -> Response {
    Response::text(StatusCode::OK, "alive\n")
}

/// 200 when writes are accepted, else 503 with the reason; snapshots and the archive only warn.
/// `docs/engine-api.md` says what each field means.
async fn ready(state: Context<State>, _request: Request, _params: Params) -> Response {
    let engine = &state.engine;
    let full = engine.queue.is_full();
    let set_aside = engine.snapshots().set_aside();
    let body = json!({
        "ready": !full,
        "durability": match state.config.durability {
            Durability::Sync => "sync",
            Durability::Async => "async",
        },
        "diskFull": full,
        "snapshotFailure": engine.snapshots().failure(),
        "snapshotSetAside": (!set_aside.is_empty()).then(|| set_aside.join(", ")),
        "archiveFailure": engine.archiver.failure().or_else(|| engine.keeper.failure()).or_else(|| engine.archiver.archive.damage()),
        "archiveBacklog": engine.archiver.backlog(),
    });
    let status = if full {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::OK
    };
    Response::json(status, body.to_string())
}

async fn metrics(state: Context<State>, _request: Request, _params: Params) -> Response {
    let mut out = String::with_capacity(2048);
    let gauges = work(&state).into_iter().chain(machinery(&state.engine));
    for (name, help, value) in gauges {
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}"
        );
    }
    let content_type = HeaderValue::from_static("text/plain; version=0.0.4");
    Response::typed(StatusCode::OK, content_type, out)
}

/// A gauge: its name, what it says, its value.
type Gauge = (&'static str, &'static str, u64);

/// What there is to do.
fn work(state: &State) -> [Gauge; 9] {
    let engine = &state.engine;
    let (keys, oldest_ms) = engine.idempotency.window(engine.clock.real_ms());
    let counts = engine.views.read().counts(state.tenant);
    [
        (
            "loomwork_uptime_seconds",
            "Seconds since the start",
            state.started.elapsed().as_secs(),
        ),
        (
            "loomwork_instances_running",
            "Instances that run or are suspended",
            counts.running as u64,
        ),
        (
            "loomwork_tasks_open",
            "Open user tasks",
            counts.tasks as u64,
        ),
        (
            "loomwork_timers_waiting",
            "Timers that wait",
            counts.timers as u64,
        ),
        (
            "loomwork_incidents_open",
            "Open incidents",
            counts.incidents as u64,
        ),
        (
            "loomwork_commands_under_way",
            "Commands under way",
            engine.admission.under_way() as u64,
        ),
        (
            "loomwork_watchers",
            "Connections of the live feed",
            state.live.len() as u64,
        ),
        (
            "loomwork_idempotency_keys",
            "Remembered answers",
            keys as u64,
        ),
        (
            "loomwork_idempotency_window_seconds",
            "Age of the oldest remembered answer",
            u64::try_from(oldest_ms / 1000).unwrap_or(0),
        ),
    ]
}

/// How memory, journal, snapshots and archive are.
fn machinery(engine: &Engine) -> [Gauge; 10] {
    let snapshot = engine.snapshots().last();
    [
        (
            "loomwork_roots_in_memory",
            "Root instances in memory",
            engine.directory.len() as u64,
        ),
        (
            "loomwork_live_bytes",
            "About how many bytes live entities take",
            engine.resting.bytes() as u64,
        ),
        (
            "loomwork_journal_sequence",
            "Sequence of the last durable record",
            engine.queue.durable(),
        ),
        (
            "loomwork_journal_held_bytes",
            "Bytes of journal segments in use",
            engine.journal().held_bytes(),
        ),
        (
            "loomwork_journal_backlog",
            "Publications that wait for the disk",
            engine.queue.backlog() as u64,
        ),
        (
            "loomwork_archive_backlog",
            "Ended instances that wait for the archive",
            engine.archiver.backlog() as u64,
        ),
        (
            "loomwork_snapshot_sequence",
            "Sequence up to which the last snapshot since the start has every record; 0 without one",
            snapshot.map_or(0, |snapshot| snapshot.sequence),
        ),
        (
            "loomwork_snapshot_failing",
            "1 while the last snapshot failed",
            u64::from(engine.snapshots().failure().is_some()),
        ),
        (
            "loomwork_snapshots_set_aside",
            "Damaged snapshots that the start passed over",
            engine.snapshots().set_aside().len() as u64,
        ),
        (
            "loomwork_archive_failing",
            "1 while the archive cannot be written",
            u64::from(engine.archiver.failure().is_some()),
        ),
    ]
}

#[cfg(test)]
mod tests;
