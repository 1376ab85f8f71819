//! `loomwork bench jobs`: robots by the dozen that run nothing, against beanstalkd with an fsync for every job.
//!
//! Owns: the arithmetic and the order of windows. Never: reaches into the server; robots speak to it as robots do.
//!
//! ```text
//!  one request a step   execute │ poll: offer │ poll: result                              ┐
//!  accepting            execute │ poll: offer │ poll: accept, start │ poll: result        │ alternating windows
//!  batched              execute │ poll: result of the last run, the next offer            ├ with beanstalkd -f 0:
//!  beanstalkd           put     │ reserve     │ delete                                    ┘ the same connections
//!  crowd                1,000 WebSockets with heartbeats, 50 jobs/s: from execute to offer
//! ```

mod beanstalk;
mod crowd;
mod robots;
mod wire;
mod world;

use super::{BenchError, disk, histogram::Histogram, windows::median};
use clap::Args;
use robots::Manner;
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

/// The command line of `loomwork bench jobs`.
#[derive(Args, Clone, Debug)]
pub struct JobsArgs {
    /// Directory for the measured servers' data; fdatasync is measured there too.
    #[arg(long, default_value = "bench-data")]
    pub home: PathBuf,
    /// Robots that take part in the windows.
    #[arg(long, default_value_t = 64)]
    pub robots: usize,
    /// Windows of each side.
    #[arg(long, default_value_t = 3)]
    pub windows: usize,
    /// Length of a window, in milliseconds.
    #[arg(long, default_value_t = 3_000)]
    pub window_ms: u64,
    /// Robots of the crowd (0 = none).
    #[arg(long, default_value_t = 1_000)]
    pub crowd: usize,
    /// Jobs per second for the crowd.
    #[arg(long, default_value_t = 50)]
    pub rate: u64,
    /// Length of the crowd's window, in milliseconds.
    #[arg(long, default_value_t = 20_000)]
    pub crowd_ms: u64,
}

/// What one window has done.
#[derive(Clone, Copy, Debug)]
struct Window {
    per_second: f64,
    fdatasync_us: f64,
}

/// Runs the bench and prints what it found.
pub fn run(args: &JobsArgs) -> Result<(), BenchError> {
    std::fs::create_dir_all(&args.home)?;
    let world = world::World::start(&args.home, args.robots.max(args.crowd))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let queue = beanstalk::Queue::start(&args.home)?;
    if queue.is_none() {
        println!("beanstalkd is not installed: rates are told without a ratio");
    }
    let length = Duration::from_millis(args.window_ms);
    let (mut steps, mut accepting, mut batched) = (Vec::new(), Vec::new(), Vec::new());
    let mut queued = Vec::new();
    for _ in 0..args.windows {
        let manners = [
            (Manner::Steps, &mut steps),
            (Manner::Accepting, &mut accepting),
            (Manner::Batched, &mut batched),
        ];
        for (manner, windows) in manners {
            let fdatasync_us = disk::fdatasync_p50_us(&args.home)?;
            let work = robots::window(&world, args.robots, length, manner);
            let done = runtime.block_on(work)?;
            windows.push(window(done, fdatasync_us));
            if let Some(queue) = &queue {
                let fdatasync_us = disk::fdatasync_p50_us(&args.home)?;
                let work = beanstalk::window(queue.address(), args.robots, length);
                let done = runtime.block_on(work)?;
                queued.push(window(done, fdatasync_us));
            }
        }
    }
    let line = |name: &str, windows: &[Window]| {
        let rate = median(windows.iter().map(|it| it.per_second).collect());
        let sync = median(windows.iter().map(|it| it.fdatasync_us).collect());
        println!("{name}: {rate:.0} jobs/s (fdatasync {sync:.0} µs)");
        rate
    };
    println!(
        "{} robots, {} windows of {length:?}",
        args.robots, args.windows
    );
    let one = line("one request a step", &steps);
    let four = line("the same, accepting by a request", &accepting);
    let many = line("batched", &batched);
    if queue.is_some() {
        let other = line("beanstalkd -f 0", &queued);
        println!(
            "one request a step ÷ beanstalkd: {:.2}  (aim 1.0, goal 1.8)",
            one / other
        );
        println!("accepting by a request ÷ beanstalkd: {:.2}", four / other);
        println!(
            "batched ÷ beanstalkd: {:.2}  (aim 3, goal 10)",
            many / other
        );
    }
    if args.crowd > 0 {
        let length = Duration::from_millis(args.crowd_ms);
        let told = runtime.block_on(crowd::run(&world, args.crowd, args.rate, length))?;
        let ms = |share| told.percentile_ns(share) as f64 / 1e6;
        println!(
            "{} connected robots, {} jobs/s: from execute to offer p50 {:.2} ms, p99 {:.2} ms",
            args.crowd,
            args.rate,
            ms(0.5),
            ms(0.99)
        );
    }
    Ok(())
}

fn window((done, elapsed): (u64, Duration), fdatasync_us: f64) -> Window {
    Window {
        per_second: done as f64 / elapsed.as_secs_f64(),
        fdatasync_us,
    }
}

/// Waits for all of them; what they have done together, and in how long.
async fn together(
    tasks: Vec<tokio::task::JoinHandle<Result<u64, BenchError>>>,
    begun: Instant,
) -> Result<(u64, Duration), BenchError> {
    let mut done = 0;
    for task in tasks {
        let counted = task.await;
        done += counted.map_err(|error| BenchError::Client(error.to_string()))??;
    }
    Ok((done, begun.elapsed()))
}

/// Latencies of the crowd.
type Told = Histogram;
