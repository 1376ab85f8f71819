//! A crowd of watchers in a process of its own (the hidden `bench-watchers`), and the hand that starts and ends it.
//! Never: more than one thread, so that it leaves the processors to the server.
//!
//! ```text
//!  bench ── Crowd as a line of JSON ──▶ bench-watchers: connects all ── "ready" ──▶ bench: a window of load
//!        ── end of stdin ─────────────▶ counts what came            ── Seen ─────▶
//! ```

use super::{super::BenchError, socket::Socket};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    cell::Cell,
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdout, Command, Stdio},
    rc::Rc,
};
use tokio::{sync::Semaphore, task::LocalSet};

/// Connections that are being made at a time.
const AT_ONCE: usize = 64;

/// Who watches.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Crowd {
    /// `host:port`.
    pub address: String,
    /// Instances with one watcher each.
    pub narrow: Vec<String>,
    /// Watchers of all definitions' counts and of figures.
    pub overview: usize,
    /// Watchers of all instances that never read.
    pub silent: usize,
    /// Coalescing, in milliseconds.
    pub every_ms: u64,
}

/// What they saw.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Seen {
    /// Frames that came after the first states.
    pub frames: u64,
    /// Readers whose connection the server ended.
    pub cut: u64,
}

/// A crowd that watches.
pub struct Watchers {
    child: Child,
    told: BufReader<ChildStdout>,
}

impl Watchers {
    /// Starts the process and waits until everybody has their first state.
    pub fn start(crowd: &Crowd) -> Result<Self, BenchError> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("bench-watchers")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let missing = || BenchError::Client("watchers without pipes".to_owned());
        let stdout = child.stdout.take().ok_or_else(missing)?;
        let mut watchers = Watchers {
            child,
            told: BufReader::new(stdout),
        };
        if let Some(stdin) = &mut watchers.child.stdin {
            let mut line = serde_json::to_vec(crowd)?;
            line.push(b'\n');
            stdin.write_all(&line)?;
        }
        if watchers.line()? != "ready" {
            return Err(BenchError::Client("the watchers did not connect".into()));
        }
        Ok(watchers)
    }

    fn line(&mut self) -> Result<String, BenchError> {
        let mut line = String::new();
        self.told.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }

    /// Ends the process; what its watchers saw.
    pub fn end(mut self) -> Result<Seen, BenchError> {
        drop(self.child.stdin.take());
        Ok(serde_json::from_str(&self.line()?)?)
    }
}

impl Drop for Watchers {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to do.
        let _killed = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// The hidden `bench-watchers`.
pub fn serve() -> Result<(), BenchError> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    let crowd: Crowd = serde_json::from_str(&line)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let seen = runtime.block_on(LocalSet::new().run_until(watch(crowd)))?;
    println!("{}", serde_json::to_string(&seen)?);
    Ok(())
}

async fn watch(crowd: Crowd) -> Result<Seen, BenchError> {
    let seen = Rc::new(Cell::new(Seen::default()));
    let places = Rc::new(Semaphore::new(AT_ONCE));
    let every = crowd.every_ms;
    let mut wanted = Vec::new();
    for id in &crowd.narrow {
        let filter = json!({"id": id});
        wanted.push(vec![
            json!({"op": "subscribe", "id": "one", "topic": "instances", "filter": filter, "every": every}),
        ]);
    }
    for _ in 0..crowd.overview {
        let of =
            |topic: &str| json!({"op": "subscribe", "id": topic, "topic": topic, "every": every});
        wanted.push(vec![of("definitions"), of("figures")]);
    }
    let mut connecting = Vec::with_capacity(wanted.len());
    for subscriptions in wanted {
        let (address, places) = (crowd.address.clone(), Rc::clone(&places));
        connecting.push(tokio::task::spawn_local(async move {
            let _place = places.acquire().await;
            let mut socket = Socket::open(&address).await?;
            for subscription in subscriptions {
                socket.subscribe(subscription).await?;
            }
            Ok::<_, BenchError>(socket)
        }));
    }
    for connecting in connecting {
        let connected = connecting.await;
        let socket = connected.map_err(|error| BenchError::Client(error.to_string()))??;
        tokio::task::spawn_local(read(socket, Rc::clone(&seen)));
    }
    let mut silent = Vec::with_capacity(crowd.silent);
    for _ in 0..crowd.silent {
        let mut socket = Socket::open(&crowd.address).await?;
        let all = json!({"op": "subscribe", "id": "all", "topic": "instances", "every": every});
        socket.say(all).await?;
        silent.push(socket);
    }
    println!("ready");
    // Nothing more is said: the end of stdin is the end of the window.
    let ended =
        tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink()));
    ended
        .await
        .map_err(|error| BenchError::Client(error.to_string()))??;
    drop(silent);
    Ok(seen.get())
}

async fn read(mut socket: Socket, seen: Rc<Cell<Seen>>) {
    let count = |more: fn(&mut Seen)| {
        let mut all = seen.get();
        more(&mut all);
        seen.set(all);
    };
    while socket.next().await.is_some() {
        count(|seen| seen.frames += 1);
    }
    count(|seen| seen.cut += 1);
}
