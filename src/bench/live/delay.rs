//! How soon a watcher sees what was answered: writes one by one, each to a task that has a watcher of its own.
//! Never: has more than one write on its way.

use super::{
    super::BenchError, super::histogram::Histogram, super::model, super::reply::Replies,
    socket::Socket,
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::{io::AsyncWriteExt, net::TcpStream, sync::mpsc, time::MissedTickBehavior};

/// Watched tasks.
pub const PROBED: usize = 64;
/// Between two writes.
const PACE: Duration = Duration::from_millis(5);
/// A frame that takes longer is lost.
const PATIENCE: Duration = Duration::from_secs(10);

/// Writes for so long; the time from each answer to its frame.
pub fn run(address: &str, instances: &[String], length_ms: u64) -> Result<Histogram, BenchError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(probe(address, instances, Duration::from_millis(length_ms)))
}

async fn probe(
    address: &str,
    instances: &[String],
    length: Duration,
) -> Result<Histogram, BenchError> {
    let (frames, mut framed) = mpsc::unbounded_channel();
    let mut writer = Writer::connect(address).await?;
    let mut tasks = Vec::with_capacity(instances.len());
    for instance in instances {
        tasks.push(writer.task_of(instance).await?);
        let mut socket = Socket::open(address).await?;
        let filter = json!({"instanceId": instance});
        socket
            .subscribe(json!({"op": "subscribe", "id": "t", "topic": "tasks", "filter": filter, "every": 0}))
            .await?;
        let frames = frames.clone();
        tokio::spawn(async move {
            while let Some(text) = socket.next().await {
                if frames.send((text, Instant::now())).is_err() {
                    return;
                }
            }
        });
    }
    let mut told = Histogram::new();
    let mut pace = tokio::time::interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let until = Instant::now() + length;
    let mut number = 0_usize;
    while Instant::now() < until {
        pace.tick().await;
        let user = format!("probe-{number}-");
        writer.assign(&tasks[number % tasks.len()], &user).await?;
        let answered = Instant::now();
        let seen = loop {
            match tokio::time::timeout(PATIENCE, framed.recv()).await {
                Ok(Some((text, at))) if text.contains(&user) => break at,
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => {
                    return Err(BenchError::Client(format!("{user} was never shown")));
                }
            }
        };
        // A frame may be read before the answer: it was not late then.
        let taken = seen.saturating_duration_since(answered);
        told.record(u64::try_from(taken.as_nanos()).unwrap_or(u64::MAX));
        number += 1;
    }
    Ok(told)
}

struct Writer {
    stream: TcpStream,
    replies: Replies,
    address: String,
}

impl Writer {
    async fn connect(address: &str) -> Result<Self, BenchError> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Writer {
            stream,
            replies: Replies::new(),
            address: address.to_owned(),
        })
    }

    async fn ask(&mut self, request: String) -> Result<Vec<u8>, BenchError> {
        self.stream.write_all(request.as_bytes()).await?;
        let reply = self.replies.next(&mut self.stream).await?;
        if !(200..300).contains(&reply.status) {
            return Err(BenchError::Refused {
                what: "a request of the live bench",
                status: reply.status,
                body: String::from_utf8_lossy(reply.body).into_owned(),
            });
        }
        Ok(reply.body.to_vec())
    }

    async fn task_of(&mut self, instance: &str) -> Result<String, BenchError> {
        let path = format!("/api/v1/tasks?instanceId={instance}");
        let list = self.ask(model::get(&self.address, &path)).await?;
        let list: Value = serde_json::from_slice(&list)?;
        let id = list["items"][0]["id"].as_str();
        let missing = || BenchError::Client(format!("{instance} has no task"));
        Ok(id.ok_or_else(missing)?.to_owned())
    }

    async fn assign(&mut self, task: &str, user: &str) -> Result<(), BenchError> {
        let path = format!("/api/v1/tasks/{task}/assign");
        let body = json!({"userId": user}).to_string();
        self.ask(model::post(&self.address, &path, &body)).await?;
        Ok(())
    }
}
