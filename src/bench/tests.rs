//! The bench's own arithmetic and its client, against the yardstick and a small server of the front end.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::net::TcpListener;

use super::{
    client, control, echo,
    histogram::Histogram,
    model,
    plan::{Latency, Outcome, Pace, Plan, Until, Work},
    processes,
    reply::{Replies, first_task},
    report::{Aim, Finding, Report},
    windows::{Round, Rounds, median},
};
use crate::http::{
    Api, Context, Gate, Limits, Params, Problem, Request, Response, Route, Router, StatusCode,
    serve,
};

#[test]
fn percentiles_are_within_a_bucket_of_the_truth() {
    let mut histogram = Histogram::new();
    for ns in 1..=100_000 {
        histogram.record(ns);
    }
    for (share, truth) in [
        (0.5, 50_000.0),
        (0.99, 99_000.0),
        (0.999, 99_900.0),
        (1.0, 100_000.0),
    ] {
        let found = histogram.percentile_ns(share) as f64;
        assert!((found - truth).abs() <= truth / 64.0, "{share}: {found}");
    }
    let latency = histogram.latency();
    assert!((latency.max_us - 100.0).abs() < f64::EPSILON);
    let mut extremes = Histogram::new();
    extremes.record(0);
    extremes.record(u64::MAX);
    assert_eq!(extremes.percentile_ns(0.5), 0);
    assert_eq!(Histogram::new().percentile_ns(0.5), 0);
}

#[test]
fn the_first_task_of_an_answer_is_found() {
    let rows: &[(&str, Option<&str>)] = &[
        (
            r#"{"id":"7","state":"active","tasks":[{"id":"7-1","name":"a"},{"id":"7-2"}]}"#,
            Some("7-1"),
        ),
        (
            r#"{"tasks":[{"activityId":"approve","id":"9"}]}"#,
            Some("9"),
        ),
        (r#"{"id":"7","tasks":[]}"#, None),
        (r#"{"id":"7"}"#, None),
        ("", None),
    ];
    for (body, task) in rows {
        assert_eq!(first_task(body.as_bytes()), *task, "{body}");
    }
}

#[test]
fn figures_are_read_from_their_texts() {
    let metrics = "# HELP a x\na 3\na_more 9\nb{q=\"1\"} 2\nb{q=\"2\"} 0.5\n";
    assert_eq!(control::gauge_in(metrics, "a"), Some(3.0));
    assert_eq!(control::gauge_in(metrics, "b"), Some(2.5));
    assert_eq!(control::gauge_in(metrics, "c"), None);
    let status = "Name:\tx\nVmRSS:\t  2048 kB\nThreads:\t1\n";
    assert_eq!(processes::resident_in(status), Some(2048 * 1024));
    assert_eq!(processes::resident_in("Name:\tx\n"), None);
}

fn outcome(done: u64, p999_us: f64) -> Outcome {
    Outcome {
        done,
        elapsed_s: 1.0,
        latency: Latency {
            p999_us,
            ..Latency::default()
        },
        ..Outcome::default()
    }
}

fn round(ours: u64, theirs: u64, fdatasync_us: f64) -> Round {
    Round {
        ours: outcome(ours, 1.0),
        theirs: outcome(theirs, 1.0),
        fdatasync_us,
        counts: true,
    }
}

#[test]
fn rounds_under_an_unequal_disk_do_not_count() {
    let rounds = Rounds::judged(vec![
        round(50, 100, 100.0),
        round(60, 100, 110.0),
        round(10, 100, 400.0),
        round(70, 100, 149.0),
        round(90, 100, 60.0),
    ]);
    assert_eq!(rounds.tally(), (3, 5));
    assert!((rounds.ratio(1.0) - 0.6).abs() < 1e-9);
    assert!((rounds.ratio(0.5) - 1.2).abs() < 1e-9);
    assert!((median(vec![4.0, 1.0, 3.0, 2.0]) - 2.5).abs() < 1e-9);
}

#[test]
fn a_figure_is_held_against_its_aim() {
    let rows = [
        (Aim::at_least(0.4, 0.6), 0.6, "goal"),
        (Aim::at_least(0.4, 0.6), 0.5, "first"),
        (Aim::at_least(0.4, 0.6), 0.3, "missed"),
        (Aim::at_most(6.0, 2.0), 2.0, "goal"),
        (Aim::at_most(6.0, 2.0), 5.0, "first"),
        (Aim::at_most(6.0, 2.0), 7.0, "missed"),
    ];
    for (aim, value, verdict) in rows {
        assert_eq!(aim.verdict(value), verdict, "{aim:?} {value}");
    }
    let report = Report {
        server: "{\"durability\":\"sync\"}".into(),
        findings: vec![Finding {
            name: "restart".into(),
            value: 3.0,
            unit: " s",
            aim: Some(Aim::at_most(6.0, 2.0)),
            note: "a note".into(),
            rounds: None,
        }],
        left_out: vec!["tail".into()],
    };
    let table = report.table();
    for part in [
        "durability",
        "restart",
        "3.000 s",
        "first",
        "a note",
        "left out: tail",
    ] {
        assert!(table.contains(part), "{part}: {table}");
    }
}

fn on_a_runtime<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(work)
}

async fn echoing() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    tokio::spawn(echo::serve(listener));
    address
}

fn plan(address: &str, work: Work, pace: Pace, until: Until) -> Plan {
    Plan {
        address: address.to_owned(),
        connections: 4,
        work,
        pace,
        until,
    }
}

#[test]
fn the_yardstick_answers_the_same_bytes_and_the_client_counts_them() {
    on_a_runtime(async {
        let address = echoing().await;
        let mut stream = tokio::net::TcpStream::connect(&address)
            .await
            .expect("a connection");
        let mut replies = Replies::new();
        let requests = format!(
            "{}{}{}",
            model::post(&address, "/x", "{\"a\":1}"),
            model::get(&address, "/?100000"),
            model::get(&address, "/"),
        );
        tokio::io::AsyncWriteExt::write_all(&mut stream, requests.as_bytes())
            .await
            .expect("to send");
        for expected in [&b"{\"a\":1}"[..], &[b' '; 100_000], b""] {
            let reply = replies.next(&mut stream).await.expect("an answer");
            assert!(
                (reply.status, reply.body) == (200, expected),
                "{} bytes",
                reply.body.len()
            );
        }

        let work = Work::Same {
            request: model::start(&address),
        };
        let counted = plan(&address, work, Pace::Closed, Until::Count { pieces: 1_000 });
        let outcome = client::run(counted).await.expect("an outcome");
        assert_eq!((outcome.done, outcome.refused), (1_000, 0));
        assert!(outcome.latency.p50_us > 0.0 && outcome.latency.p50_us <= outcome.latency.max_us);
    });
}

#[test]
fn an_open_loop_keeps_its_rate() {
    on_a_runtime(async {
        let address = echoing().await;
        let work = Work::Same {
            request: model::start(&address),
        };
        let until = Until::Time {
            warm_ms: 0,
            run_ms: 500,
        };
        let pace = Pace::Open { per_second: 400.0 };
        let outcome = client::run(plan(&address, work, pace, until))
            .await
            .expect("an outcome");
        // 200 are due, never more; on a busy machine the last ones are still under way when the window ends.
        assert!((100..=200).contains(&outcome.done), "{}", outcome.done);
    });
}

#[derive(Default)]
struct Engine {
    started: AtomicU64,
    completed: AtomicU64,
}

async fn start(engine: Context<Engine>, _: Request, _: Params) -> Response {
    let id = engine.started.fetch_add(1, Ordering::Relaxed);
    let body = format!("{{\"id\":\"{id}\",\"tasks\":[{{\"id\":\"{id}-1\"}}]}}");
    Response::json(StatusCode::CREATED, body)
}

async fn complete(engine: Context<Engine>, _: Request, params: Params) -> Response {
    if !params.get("id").ends_with("-1") {
        return Response::new(StatusCode::NOT_FOUND);
    }
    engine.completed.fetch_add(1, Ordering::Relaxed);
    Response::json(StatusCode::OK, "{}")
}

async fn stalls(engine: Context<Engine>, _: Request, _: Params) -> Response {
    if engine.started.fetch_add(1, Ordering::Relaxed) == 0 {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Response::json(StatusCode::OK, "{}")
}

async fn refuses(_: Context<Engine>, _: Request, _: Params) -> Response {
    Response::text(StatusCode::SERVICE_UNAVAILABLE, "busy")
}

async fn engine() -> (String, Arc<Engine>, tokio::sync::watch::Sender<bool>) {
    let engine = Arc::new(Engine::default());
    let routes = vec![
        Route::post("/api/v1/instances", start),
        Route::post("/api/v1/tasks/{id}/complete", complete),
        Route::get("/stalls", stalls),
        Route::get("/refuses", refuses),
    ];
    let router = Router::new(Arc::clone(&engine), Gate::default())
        .mount(Api::new("engine", &[""], &Problem, routes))
        .expect("a good table");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let (end, shutdown) = tokio::sync::watch::channel(false);
    tokio::spawn(serve(
        listener,
        Arc::new(router),
        Limits::default(),
        shutdown,
    ));
    (address, engine, end)
}

#[test]
fn a_pair_is_a_start_and_the_completion_of_its_task() {
    on_a_runtime(async {
        let (address, engine, _end) = engine().await;
        let work = Work::Pair {
            start: model::start(&address),
            authority: address.clone(),
        };
        let counted = plan(&address, work, Pace::Closed, Until::Count { pieces: 100 });
        let outcome = client::run(counted).await.expect("an outcome");
        assert_eq!((outcome.done, outcome.refused), (100, 0));
        assert_eq!(engine.started.load(Ordering::Relaxed), 100);
        assert_eq!(engine.completed.load(Ordering::Relaxed), 100);
    });
}

#[test]
fn refusals_are_counted_and_the_first_is_kept() {
    on_a_runtime(async {
        let (address, _engine, _end) = engine().await;
        let work = Work::Same {
            request: model::get(&address, "/refuses"),
        };
        let counted = plan(&address, work, Pace::Closed, Until::Count { pieces: 10 });
        let outcome = client::run(counted).await.expect("an outcome");
        assert_eq!((outcome.done, outcome.refused), (0, 10));
        assert_eq!(outcome.first_refusal.as_deref(), Some("503 busy"));
    });
}

#[test]
fn an_open_loop_times_requests_from_when_they_were_due() {
    on_a_runtime(async {
        let (address, _engine, _end) = engine().await;
        let work = Work::Same {
            request: model::get(&address, "/stalls"),
        };
        let begun = Instant::now();
        let until = Until::Time {
            warm_ms: 0,
            run_ms: 400,
        };
        let stalled = Plan {
            connections: 1,
            ..plan(&address, work, Pace::Open { per_second: 100.0 }, until)
        };
        let outcome = client::run(stalled).await.expect("an outcome");
        assert!(begun.elapsed() >= Duration::from_millis(200));
        // One answer took 200 ms; some twenty were due meanwhile, and waited for it: the median of 40 shows it.
        assert!(outcome.latency.p50_us > 1_000.0, "{:?}", outcome.latency);
        assert!(outcome.latency.p99_us > 150_000.0, "{:?}", outcome.latency);
    });
}
