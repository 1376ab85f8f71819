//! Robots that poll: each executes a job, takes one, and says at once that it succeeded.
//! Never: more than one request on its way.

use super::{super::BenchError, together, wire::Wire, world::World};
use serde_json::{Value, json};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::Barrier;

/// A poll waits no longer.
const WAIT_MS: u64 = 1_000;
/// A last poll waits so long for what is on its way.
const LINGER_MS: u64 = 100;

/// How a robot works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Execute, take, result: one request each; what it is offered it has accepted.
    Steps,
    /// The same, and it accepts by a message of its own.
    Accepting,
    /// A poll carries the result of the last run and brings the next offer.
    Batched,
}

/// One window: all robots at once; how many results were taken, and in how long.
pub async fn window(
    world: &World,
    robots: usize,
    length: Duration,
    manner: Manner,
) -> Result<(u64, Duration), BenchError> {
    let ready = Arc::new(Barrier::new(robots + 1));
    let mut tasks = Vec::with_capacity(robots);
    // A person has only so many sign-ins at a time: one is shared.
    let signed_in = Wire::sign_in(&world.address, &world.sign_in()).await?;
    for number in 0..robots {
        let person = Wire::with_token(&world.address, signed_in.token()).await?;
        let wire = Wire::sign_in(&world.address, &world.robot_sign_in(number)).await?;
        let mut robot = Robot {
            person,
            wire,
            execute: world.execute_path(),
            session: String::new(),
            n: 0,
            messages: Vec::new(),
        };
        robot.hello(manner != Manner::Accepting).await?;
        let ready = Arc::clone(&ready);
        tasks.push(tokio::spawn(async move {
            ready.wait().await;
            let until = Instant::now() + length;
            let done = match manner {
                Manner::Steps => robot.step_by_step(until, false).await,
                Manner::Accepting => robot.step_by_step(until, true).await,
                Manner::Batched => robot.batched(until).await,
            };
            robot.leave().await?;
            done
        }));
    }
    ready.wait().await;
    together(tasks, Instant::now()).await
}

struct Robot {
    person: Wire,
    wire: Wire,
    execute: String,
    session: String,
    n: u64,
    /// What came and was not looked at.
    messages: Vec<Value>,
}

impl Robot {
    async fn hello(&mut self, auto_accept: bool) -> Result<(), BenchError> {
        let hello = json!({"type": "hello", "protocol": 1, "version": "bench", "accepting": true,
            "autoAccept": auto_accept, "capabilities": ["python"], "runs": []});
        let body = json!({"n": 0, "waitMs": WAIT_MS, "messages": [hello]});
        let answer = self.wire.ask("/robothub/poll", &body.to_string()).await?;
        self.session = answer["session"].as_str().unwrap_or_default().to_owned();
        self.keep(answer);
        self.wanted("welcome", &[]).await?;
        Ok(())
    }

    async fn poll(&mut self, messages: &[Value], wait_ms: u64) -> Result<(), BenchError> {
        self.n += 1;
        let body =
            json!({"session": self.session, "n": self.n, "waitMs": wait_ms, "messages": messages});
        let answer = self.wire.ask("/robothub/poll", &body.to_string()).await?;
        self.keep(answer);
        Ok(())
    }

    fn keep(&mut self, mut answer: Value) {
        if let Value::Array(messages) = answer["messages"].take() {
            self.messages.extend(messages);
        }
    }

    /// Says something and waits for a message of this type.
    async fn wanted(&mut self, kind: &str, said: &[Value]) -> Result<Value, BenchError> {
        if !said.is_empty() {
            self.poll(said, WAIT_MS).await?;
        }
        for _ in 0..30 {
            let found = self.messages.iter().position(|m| m["type"] == kind);
            if let Some(at) = found {
                return Ok(self.messages.swap_remove(at));
            }
            self.poll(&[], WAIT_MS).await?;
        }
        Err(BenchError::Client(format!("no {kind} came")))
    }

    async fn step_by_step(&mut self, until: Instant, accepts: bool) -> Result<u64, BenchError> {
        let mut done = 0;
        while Instant::now() < until {
            self.person.ask(&self.execute, "{}").await?;
            let Some(offer) = self.offered(until).await? else {
                break;
            };
            if accepts {
                self.wanted("start", &[of_run("accept", &offer)]).await?;
            }
            self.wanted("ack", &[result(&offer)]).await?;
            done += 1;
        }
        Ok(done)
    }

    /// The next offer; none: the window is over, and others have taken the jobs that there are.
    async fn offered(&mut self, until: Instant) -> Result<Option<Value>, BenchError> {
        loop {
            let found = self.messages.iter().position(|m| m["type"] == "offer");
            if let Some(at) = found {
                return Ok(Some(self.messages.swap_remove(at)));
            }
            if Instant::now() > until {
                return Ok(None);
            }
            self.poll(&[], WAIT_MS).await?;
        }
    }

    async fn batched(&mut self, until: Instant) -> Result<u64, BenchError> {
        let mut done = 0;
        let mut said = Vec::new();
        while Instant::now() < until {
            self.person.ask(&self.execute, "{}").await?;
            self.poll(&said, WAIT_MS).await?;
            (done, said) = self.look(done);
        }
        // What it was given while it stopped it has begun: it says how that ended, too.
        said.push(json!({"type": "accepting", "value": false}));
        while !said.is_empty() {
            self.poll(&said, LINGER_MS).await?;
            (done, said) = self.look(done);
        }
        Ok(done)
    }

    /// Counts the results that were taken, and answers the offers.
    fn look(&mut self, done: u64) -> (u64, Vec<Value>) {
        let messages = std::mem::take(&mut self.messages);
        let taken = messages.iter().filter(|m| m["accepted"] == true).count();
        let offers = messages.iter().filter(|m| m["type"] == "offer");
        (done + taken as u64, offers.map(result).collect())
    }

    async fn leave(&mut self) -> Result<(), BenchError> {
        self.poll(&[json!({"type": "bye"})], 0).await
    }
}

fn of_run(kind: &str, offer: &Value) -> Value {
    json!({"type": kind, "runInstanceId": offer["runInstanceId"], "fence": offer["fence"]})
}

fn result(offer: &Value) -> Value {
    let mut result = of_run("result", offer);
    result["status"] = json!("Succeeded");
    result["exitCode"] = json!(0);
    result
}
