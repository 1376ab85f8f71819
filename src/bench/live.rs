//! `loomwork bench live`: what watchers cost the engine, and how soon they see what was written.
//!
//! Owns: the arithmetic and the order of windows. Never: reaches into the server; watchers come by WebSocket.
//!
//! ```text
//!  idle     many watchers of one instance each, nothing happens: resident bytes per watcher
//!  silent   1,000 watchers, 100 of them never read and watch everything   ┐ starts with them ÷ starts without,
//!  many     10,000 watchers, 100 of them of the overview                  ┘ alternating windows of one server
//!  delay    open loop at half the saturation: from the answer of a write to its frame with `every: 0`
//! ```

mod delay;
pub(super) mod socket;
pub(super) mod watchers;

use super::{
    BenchError,
    histogram::Histogram,
    model,
    plan::{Latency, Outcome, Pace, Plan, Until, Work},
    processes::{self, Recipe, Server},
    windows,
};
use clap::Args;
use std::path::PathBuf;
use watchers::{Crowd, Watchers};

/// The command line of `loomwork bench live`.
#[derive(Args, Clone, Debug)]
pub struct LiveArgs {
    /// Directory for the measured server's data; fdatasync is measured there too.
    #[arg(long, default_value = "bench-data")]
    pub home: PathBuf,
    /// Connections of the load.
    #[arg(long, default_value_t = 64)]
    pub connections: usize,
    /// Windows of each side.
    #[arg(long, default_value_t = 3)]
    pub windows: usize,
    /// Length of a window, in milliseconds.
    #[arg(long, default_value_t = 3_000)]
    pub window_ms: u64,
    /// Watchers of the largest crowd; each of them but `overview` watches one instance.
    #[arg(long, default_value_t = 10_000)]
    pub watchers: usize,
    /// Watchers of the overview in it: counts of each definition, and figures.
    #[arg(long, default_value_t = 100)]
    pub overview: usize,
    /// Watchers beside those that never read.
    #[arg(long, default_value_t = 900)]
    pub readers: usize,
    /// Watchers of all instances that never read.
    #[arg(long, default_value_t = 100)]
    pub silent: usize,
    /// Length of the window in which the delay is measured, in milliseconds.
    #[arg(long, default_value_t = 10_000)]
    pub delay_ms: u64,
}

/// Watchers take changes together that lie so close, in milliseconds.
const EVERY_MS: u64 = 250;
/// Before a window of load counts.
const WARM_MS: u64 = 500;

/// Runs the bench and prints what it found.
pub fn run(args: &LiveArgs) -> Result<(), BenchError> {
    std::fs::create_dir_all(&args.home)?;
    let home = args.home.canonicalize()?;
    let recipe = Recipe {
        arguments: "serve --config {config} --data {data} --listen {listen}".to_owned(),
        home,
    };
    let server = recipe.start("live", "24h")?;
    let bench = Bench { args, server };
    let narrow = args.watchers.saturating_sub(args.overview);
    let watched = bench.watched(narrow.max(args.readers))?;
    bench.idle(&watched)?;
    let silent = Crowd {
        narrow: watched[..args.readers].to_vec(),
        silent: args.silent,
        ..bench.crowd()
    };
    let name = format!(
        "starts with {} watchers, {} of them silent, ÷ with none",
        args.readers + args.silent,
        args.silent
    );
    bench.against_none(&name, &silent, "aim 0.95")?;
    let many = Crowd {
        narrow: watched[..narrow].to_vec(),
        overview: args.overview,
        ..bench.crowd()
    };
    let name = format!("starts with {} watchers ÷ with none", args.watchers);
    bench.against_none(&name, &many, "aim 0.7, goal 0.9")?;
    bench.delay(&watched)
}

struct Bench<'a> {
    args: &'a LiveArgs,
    server: Server,
}

impl Bench<'_> {
    fn crowd(&self) -> Crowd {
        Crowd {
            address: self.server.target.authority.clone(),
            narrow: Vec::new(),
            overview: 0,
            silent: 0,
            every_ms: EVERY_MS,
        }
    }

    /// Waiting instances, one for each watcher.
    fn watched(&self, count: usize) -> Result<Vec<String>, BenchError> {
        let until = Until::Count {
            pieces: count as u64,
        };
        self.load(Pace::Closed, until)?;
        self.server.target.instances(count)
    }

    fn load(&self, pace: Pace, until: Until) -> Result<Outcome, BenchError> {
        let outcome = processes::load(&self.plan(pace, until))?;
        if outcome.done == 0 {
            let why = outcome.first_refusal.unwrap_or_default();
            let side = "the server";
            return Err(BenchError::NothingDone { side, why });
        }
        Ok(outcome)
    }

    fn plan(&self, pace: Pace, until: Until) -> Plan {
        let authority = &self.server.target.authority;
        Plan {
            address: authority.clone(),
            connections: self.args.connections,
            work: Work::Same {
                request: model::start(authority),
            },
            pace,
            until,
        }
    }

    fn window(&self) -> Until {
        Until::Time {
            warm_ms: WARM_MS,
            run_ms: self.args.window_ms,
        }
    }

    fn idle(&self, watched: &[String]) -> Result<(), BenchError> {
        let crowd = Crowd {
            narrow: watched.to_vec(),
            ..self.crowd()
        };
        let before = self.server.resident_bytes()?;
        let watchers = Watchers::start(&crowd)?;
        let grown = self.server.resident_bytes()?.saturating_sub(before);
        let each = grown as f64 / watched.len().max(1) as f64;
        watchers.end()?;
        println!(
            "resident bytes per idle watcher: {each:.0} B  (of {}; aim 12,288 B)",
            watched.len()
        );
        Ok(())
    }

    /// Alternating windows with a crowd and without, the order changing.
    fn against_none(&self, name: &str, crowd: &Crowd, aim: &str) -> Result<(), BenchError> {
        let (mut most_bytes, mut frames, mut cut) = (0, 0, 0);
        let with_crowd = || {
            let resident = self.server.resident_bytes()?;
            let watchers = Watchers::start(crowd)?;
            let outcome = self.load(Pace::Closed, self.window())?;
            let grown = self.server.resident_bytes()?.saturating_sub(resident);
            most_bytes = grown.max(most_bytes);
            let seen = watchers.end()?;
            frames += seen.frames;
            cut += seen.cut;
            Ok(outcome)
        };
        let without = || self.load(Pace::Closed, self.window());
        let (windows, home) = (self.args.windows, &self.args.home);
        let rounds = windows::alternate_by(windows, home, with_crowd, without)?;
        let (counted, all) = rounds.tally();
        println!(
            "{name}: {:.2}  ({:.0}/s ÷ {:.0}/s; {frames} frames, {cut} watchers cut, memory grew by {} MiB at most in a window, \
             new instances with it; {counted} of {all} rounds count; {aim})",
            rounds.ratio(1.0),
            rounds.median_of(|round| round.ours.per_second()),
            rounds.median_of(|round| round.theirs.per_second()),
            most_bytes >> 20,
        );
        Ok(())
    }

    fn delay(&self, watched: &[String]) -> Result<(), BenchError> {
        let saturated = self.load(Pace::Closed, self.window())?.per_second();
        let per_second = saturated / 2.0;
        let until = Until::Time {
            warm_ms: WARM_MS,
            run_ms: self.args.delay_ms,
        };
        let plan = self.plan(Pace::Open { per_second }, until);
        let probed = &watched[..watched.len().min(delay::PROBED)];
        let address = self.server.target.authority.clone();
        let told = std::thread::scope(|scope| {
            let load = scope.spawn(|| processes::load(&plan));
            let told = delay::run(&address, probed, self.args.delay_ms);
            match load.join() {
                Ok(loaded) => loaded.and(told),
                Err(_) => Err(BenchError::Client("the load ended in a panic".to_owned())),
            }
        })?;
        let Latency { p50_us, p99_us, .. } = Histogram::latency(&told);
        println!(
            "from the answer of a write to its frame, at {per_second:.0} starts/s: p50 {:.2} ms, p99 {:.2} ms",
            p50_us / 1e3,
            p99_us / 1e3
        );
        Ok(())
    }
}
