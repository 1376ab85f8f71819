//! Serving: from a configuration to a running server, and back to nothing on SIGTERM.
//!
//! Owns: the order of start and stop. Never: answers a request itself.
//!
//! ```text
//!  config ─▶ engine opens the data ─▶ keys, first start ─▶ auto-deployment ─▶ listeners ─▶ ready … SIGTERM ─▶ drain ─▶ snapshot ─▶ exit 0
//! ```

mod state;

pub use state::State;

use crate::{
    api,
    config::{self, Auth, Config},
    console,
    control::{ControlSocket, socket_path},
    demo,
    http::{self, Gate, GateConfig, Limits, Router},
    hub, live, logging, machine, process_center, sso,
    tokens::Control,
};
use actors::{Options, admission::Bounds, options::RobotTimes, scripts::ScriptLimits};
use codec::Tenant;
use snapshots::Durability;
use std::{
    error::Error,
    net::SocketAddr,
    process::{Command, ExitStatus},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};

/// Threads that run scripts.
const SCRIPT_THREADS: usize = 2;
/// Commands under way at a time, beyond what HTTP lets in at a time: batches inside one request.
const COMMANDS: usize = 65_536;
/// The journal may hold so much that no snapshot has made needless, as a multiple of what leads to a snapshot.
const JOURNAL_LIMIT_FACTOR: u64 = 16;
/// And never less than so many segments: whole ones are trimmed, and those between two snapshots cannot be.
const JOURNAL_LIMIT_SEGMENTS: u64 = 8;
/// Tells a child of `--restart` which process started it.
const SUPERVISOR: &str = "LOOMWORK_SUPERVISOR";
/// A server that ended within this is not started again at once.
const CRASH_PAUSE: Duration = Duration::from_secs(1);

/// What went wrong, for the person who started it.
pub type Failed = Box<dyn Error + Send + Sync>;

/// What a special way of serving does beside it.
#[derive(Default)]
pub struct Extra {
    /// Deploy this model at the first start, and say what to do with it.
    pub example: Option<(&'static str, &'static [u8])>,
    /// Printed when ready; `{base}` is the address.
    pub greeting: Option<&'static str>,
    /// A page to look at, served as `/demo`.
    pub page: Option<&'static str>,
    /// Make new keys when those of the data are gone.
    pub new_keys: bool,
}

/// Serves until told to stop.
pub fn serve(config: Config, extra: Extra) -> Result<(), Failed> {
    logging::start(&config.log);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(run(config, extra))
}

async fn run(config: Config, extra: Extra) -> Result<(), Failed> {
    let begun = Instant::now();
    // Before the data are touched: a first start shows the password once, and not where nobody can sign in.
    let (listeners, addresses) = bind(&config.listen).await?;
    let state = Arc::new(State::open(config, extra.new_keys).await?);
    let engine = state.engine.clone();
    let config = &state.config;
    process_center::deploy_at_start(&state).await?;
    if let Some((name, model)) = extra.example {
        process_center::deploy_example(&state, name, model).await?;
    }
    let router = Arc::new(router(&state, extra.page)?);
    // Before anybody can know that it serves: whoever ends it then ends it in order.
    let mut signals = Signals::new()?;
    let (stop, stopped) = watch::channel(false);
    state.set_public_urls(&addresses);
    let mut listening = Vec::new();
    for listener in listeners {
        let serving = http::serve(
            listener,
            Arc::clone(&router),
            limits(config),
            stopped.clone(),
        );
        listening.push(tokio::spawn(serving));
    }
    let sweeping = console::sweeping::go_on(Arc::clone(&state), stopped.clone());
    let sweeping = tokio::spawn(sweeping);
    let control = start_control(&state, stopped.clone());
    say_ready(config, &addresses, begun, &extra)?;
    signals.recv().await;
    tracing::info!("stopping: requests under way are finished, then a snapshot is taken");
    engine.leave();
    // The receivers live in the tasks that are awaited below.
    let _ = stop.send(true);
    state.live.leave();
    for task in listening {
        task.await??;
    }
    if let Some(control) = control {
        control.await?;
    }
    sweeping.await?;
    tokio::task::spawn_blocking(move || engine.stop()).await?;
    tracing::info!("stopped");
    Ok(())
}

/// Listens everywhere before the first request is answered: answers name the addresses.
async fn bind(wanted: &[SocketAddr]) -> Result<(Vec<TcpListener>, Vec<SocketAddr>), Failed> {
    let (mut listeners, mut addresses) = (Vec::new(), Vec::new());
    for address in wanted {
        let listener = TcpListener::bind(address)
            .await
            .map_err(|error| format!("cannot listen on {address}: {error}"))?;
        addresses.push(listener.local_addr()?);
        listeners.push(listener);
    }
    Ok((listeners, addresses))
}

fn start_control(
    state: &Arc<State>,
    mut stopped: watch::Receiver<bool>,
) -> Option<tokio::task::JoinHandle<()>> {
    match ControlSocket::bind(&socket_path(&state.config.data)) {
        Ok(socket) => {
            let handler = Arc::new(Control::new(Arc::clone(state)));
            let shutdown = async move {
                // The sender lives until the server stops.
                let _ = stopped.wait_for(|stopped| *stopped).await;
            };
            Some(tokio::spawn(socket.serve(handler, shutdown)))
        }
        Err(error) => {
            tracing::warn!(%error, "no control socket: `loomwork token` and `backup` cannot reach this server");
            None
        }
    }
}

fn say_ready(
    config: &Config,
    addresses: &[SocketAddr],
    begun: Instant,
    extra: &Extra,
) -> Result<(), Failed> {
    let lines: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    let written = std::fs::write(config.data.join("listen.addr"), lines.join("\n") + "\n");
    if let Err(error) = written {
        tracing::warn!(%error, "listen.addr could not be written");
    }
    let durability = match config.durability {
        config::Durability::Sync => "sync",
        config::Durability::Async => "async: up to 100 ms of answered writes may be lost",
    };
    let ms = begun.elapsed().as_millis();
    tracing::info!(listen = %lines.join(", "), %durability, start_ms = ms, "serving");
    if let (Some(greeting), Some(base)) = (extra.greeting, lines.first()) {
        println!("{}", greeting.replace("{base}", &format!("http://{base}")));
    }
    Ok(())
}

/// SIGTERM and SIGINT, from when this is made.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for one.
    async fn recv(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

fn router(state: &Arc<State>, page: Option<&'static str>) -> Result<Router<State>, Failed> {
    let config = &state.config;
    let public = [&config.public_url.gateway, &config.public_url.sso];
    let gate = Gate::new(&GateConfig {
        public_urls: public.into_iter().flatten().cloned().collect(),
        hosts: config.http.hosts.clone(),
        allowed_origins: config.http.allowed_origins.clone(),
    })?;
    let body_limit = config.http.body_bytes;
    let in_flight = config.http.in_flight as u64;
    let mut native = api::api();
    native.body_limit_bytes = body_limit;
    native.token_required = config.api.auth == Auth::Token;
    let mut process_center = process_center::api();
    process_center.body_limit_bytes = body_limit;
    process_center.token_required = config.process_center.auth == Auth::Token;
    let mut console = console::api();
    console.body_limit_bytes = body_limit;
    let mut live = live::api();
    live.token_required = native.token_required;
    let mut router = Router::new(Arc::clone(state), gate);
    if let Some(page) = page {
        router = router.mount(demo::page(page))?;
    }
    Ok(router
        .admitting(in_flight, config.http.in_flight_bytes)
        .mount(native)?
        .mount(live)?
        .mount(machine::api())?
        .mount(sso::api())?
        .mount(console)?
        .mount(console::channels())?
        .mount(hub::api())?
        .mount(hub::packages())?
        .mount(process_center)?)
}

fn limits(config: &Config) -> Limits {
    let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let http = &config.http;
    Limits {
        connections: http.connections,
        header_bytes: usize::try_from(http.header_bytes).unwrap_or(usize::MAX),
        header_count: http.header_count,
        header_ms: ms(http.header_time),
        idle_ms: ms(http.idle),
        body_ms: ms(http.body_time),
        body_grace_ms: ms(http.body_grace),
        body_bytes_per_second: http.body_rate,
        write_ms: ms(http.write_time),
        drain_ms: ms(http.drain),
    }
}

/// What the engine is told of a configuration.
pub fn options(config: &Config) -> Options {
    let engine = &config.engine;
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let script_ms = u64::try_from(engine.script_time.as_millis()).unwrap_or(u64::MAX);
    let bytes = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
    Options {
        data: config.data.clone(),
        durability: match config.durability {
            config::Durability::Sync => Durability::Sync,
            config::Durability::Async => Durability::Async,
        },
        manual_clock: engine.clock == config::Clock::Manual,
        time_zone: engine.time_zone.clone(),
        tenant: Tenant::default(),
        hosts: if engine.workers == 0 {
            cores
        } else {
            engine.workers
        },
        script_threads: SCRIPT_THREADS,
        script_limits: ScriptLimits {
            time_ms: script_ms,
            memory_bytes: bytes(engine.script_memory),
            ..ScriptLimits::default()
        },
        script_budget_ms: script_ms,
        live_bytes: bytes(engine.live_bytes),
        bounds: Bounds {
            commands: COMMANDS,
            archive_backlog: config.archive.backlog,
        },
        segment_bytes: config.journal.segment_bytes,
        journal_limit_bytes: config
            .snapshots
            .journal_bytes
            .saturating_mul(JOURNAL_LIMIT_FACTOR)
            .max(
                config
                    .journal
                    .segment_bytes
                    .saturating_mul(JOURNAL_LIMIT_SEGMENTS),
            ),
        snapshot_journal_bytes: config.snapshots.journal_bytes,
        snapshot_every: config.snapshots.every,
        snapshot_bytes_per_second: Some(config.snapshots.write_rate),
        idempotency_keys: config.api.idempotency_keys as usize,
        idempotency_keep: Duration::from_secs(u64::from(config.api.idempotency_hours) * 3600),
        retention: config.archive.retention,
        robots: robot_times(&config.robots),
    }
}

fn robot_times(robots: &config::Robots) -> RobotTimes {
    let ms = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    RobotTimes {
        heartbeat: robots.heartbeat,
        silent_after: robots.silent_after,
        lost_after: robots.lost_after,
        offer_within: robots.offer_within,
        execution: rpa::execution::Times {
            cancel_after_ms: ms(robots.cancel_after),
            ..rpa::execution::Times::default()
        },
    }
}

/// `--restart`: serves in a child process and starts it again whenever it ends with a failure.
pub fn serve_again_and_again() -> Result<(), Failed> {
    let program = std::env::current_exe()?;
    let arguments: Vec<_> = std::env::args_os()
        .skip(1)
        .filter(|argument| argument != "--restart")
        .collect();
    loop {
        let begun = Instant::now();
        let mut child = Command::new(&program)
            .args(&arguments)
            .env(SUPERVISOR, std::process::id().to_string())
            .spawn()?;
        let status = wait_passing_signals(&mut child)?;
        if status.success() {
            return Ok(());
        }
        eprintln!("loomwork: the server ended with {status}; it is started again");
        if begun.elapsed() < CRASH_PAUSE {
            std::thread::sleep(CRASH_PAUSE);
        }
    }
}

/// A child of `--restart` stops when its parent is gone: another one may be started on the same data.
pub fn end_with_supervisor() -> Result<(), Failed> {
    use rustix::process::{Signal, getppid, set_parent_process_death_signal};
    let Some(supervisor) = std::env::var_os(SUPERVISOR) else {
        return Ok(());
    };
    set_parent_process_death_signal(Some(Signal::TERM))?;
    let parent = getppid().map(|parent| parent.as_raw_nonzero().to_string());
    if parent.is_some_and(|parent| *parent == *supervisor) {
        Ok(())
    } else {
        // It went before its death could be told.
        Err("what was to start the server again is gone".into())
    }
}

/// Waits for the child; SIGTERM and SIGINT are handed on to it.
fn wait_passing_signals(child: &mut std::process::Child) -> Result<ExitStatus, Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let process = rustix::process::Pid::from_child(child);
    let (sender, receiver) = tokio::sync::oneshot::channel();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            // The receiver waits below.
            let _ = sender.send(child.wait());
        });
        runtime.block_on(async move {
            let mut ended = receiver;
            let mut signals = Signals::new()?;
            loop {
                tokio::select! {
                    status = &mut ended => return Ok(status??),
                    () = signals.recv() => {
                        // It may have ended already.
                        let _ = rustix::process::kill_process(process, rustix::process::Signal::TERM);
                    }
                }
            }
        })
    })
}
