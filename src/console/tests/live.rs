//! What the live feed shows of robots and their work, and to whom.

mod topics;

use super::{
    ADMIN, FOREIGN, NOBODY, SALES, SALES_ADMIN, Server, VIEWER, limits,
    world::{Speaker, World},
};
use crate::http;
use actors::robots::message::FromRobot;
use futures_util::{SinkExt, StreamExt};
use rpa::execution::ResultStatus;
use serde_json::{Value, json};
use std::{collections::VecDeque, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    time::timeout,
};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

struct Watcher {
    socket: WebSocketStream<TcpStream>,
    /// What was heard while something else was waited for.
    kept: VecDeque<Value>,
}

impl Watcher {
    async fn connect(address: SocketAddr, token: &str) -> Watcher {
        let stream = TcpStream::connect(address).await.expect("a connection");
        let url = format!("ws://{address}/api/v1/live");
        let (socket, _) = client_async(url, stream).await.expect("a handshake");
        let mut watcher = Watcher {
            socket,
            kept: VecDeque::new(),
        };
        watcher.say(json!({ "op": "hello", "token": token })).await;
        assert_eq!(watcher.hear().await["op"], "welcome");
        watcher
    }

    async fn say(&mut self, message: Value) {
        let text = Message::text(message.to_string());
        self.socket.send(text).await.expect("a connection");
    }

    async fn hear(&mut self) -> Value {
        loop {
            let heard = timeout(PATIENCE, self.socket.next()).await;
            let message = heard.expect("a message in time").expect("a connection");
            if let Message::Text(text) = message.expect("a frame") {
                return serde_json::from_str(&text).expect("JSON");
            }
        }
    }

    /// Subscribes; the first answer.
    async fn subscribe(&mut self, topic: &str, filter: Value) -> Value {
        let wanted =
            json!({ "op": "subscribe", "id": topic, "topic": topic, "filter": filter, "every": 0 });
        self.say(wanted).await;
        self.of(topic).await
    }

    /// The next message of a subscription.
    async fn of(&mut self, id: &str) -> Value {
        if let Some(at) = self.kept.iter().position(|message| message["id"] == id) {
            return self.kept.remove(at).unwrap_or_default();
        }
        loop {
            let message = self.hear().await;
            if message["id"] == id {
                return message;
            }
            self.kept.push_back(message);
        }
    }

    /// Hears until a change of a subscription is so; all of them up to it.
    async fn until(&mut self, id: &str, such: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut heard = Vec::new();
        loop {
            let message = self.of(id).await;
            let is_it = such(&message);
            heard.push(message);
            if is_it {
                return heard;
            }
        }
    }
}

struct Listening {
    address: SocketAddr,
    stop: watch::Sender<bool>,
}

impl Listening {
    async fn on(server: &Server) -> Listening {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = watch::channel(false);
        let serving = http::serve(listener, Arc::clone(&server.router), limits(), stopped);
        tokio::spawn(serving);
        Listening { address, stop }
    }
}

fn items(state: &Value) -> &[Value] {
    assert_eq!(state["op"], "state", "{state}");
    state["items"].as_array().map_or(&[], Vec::as_slice)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_seen_from_its_start_to_its_end_with_its_robot_and_its_log() {
    let server = Server::start().await;
    let world = World::new(&server).await;
    let listening = Listening::on(&server).await;
    let mut watcher = Watcher::connect(listening.address, ADMIN).await;
    assert!(items(&watcher.subscribe("jobs", json!({})).await).is_empty());
    let robots = watcher
        .subscribe("robots", json!({ "id": world.robots[0] }))
        .await;
    assert_eq!(items(&robots)[0]["status"], "Disconnected", "{robots}");

    let mut robot = Speaker::connect(&server, &world.robots[0]).await;
    let is_ready = |change: &Value| change["item"]["status"] == "Ready";
    watcher.until("robots", is_ready).await;
    let job = world.execute(&server, &world.workflow, "{}").await;
    let heard = watcher.until("jobs", |_| true).await;
    assert_eq!(
        (&heard[0]["kind"], &heard[0]["item"]["id"]),
        (&json!("created"), &json!(job))
    );
    let run = robot.starts().await;
    watcher
        .until("jobs", |change| change["item"]["state"] == "Running")
        .await;
    let is_at_it = |change: &Value| change["item"]["currentJobId"] == job.as_str();
    watcher.until("robots", is_at_it).await;

    robot.says(FromRobot::Progress {
        run,
        percent: Some(40.0),
        text: Some("half way".to_owned()),
    });
    let is_on = |change: &Value| change["item"]["progressText"] == "half way";
    watcher.until("robots", is_on).await;

    let runs = watcher.subscribe("runs", json!({ "jobId": job })).await;
    assert_eq!(items(&runs)[0]["id"], run.run.to_string());
    let of_run = json!({ "runInstanceId": run.run.to_string() });
    assert!(items(&watcher.subscribe("logs", of_run).await).is_empty());
    robot.logs(run, 5).await;
    let lines = watcher
        .until("logs", |change| change["item"]["seq"] == 5)
        .await;
    let told: Vec<_> = lines
        .iter()
        .map(|line| line["item"]["seq"].clone())
        .collect();
    assert_eq!(json!(told), json!([1, 2, 3, 4, 5]), "each once, in order");

    robot.reports(run, ResultStatus::Succeeded).await;
    let end = watcher
        .until("jobs", |change| change["kind"] == "ended")
        .await;
    assert_eq!(
        end.last().map(|end| &end["item"]["state"]),
        Some(&json!("Succeeded"))
    );
    watcher
        .until("runs", |change| change["kind"] == "ended")
        .await;
    // What has ended is not there for whoever looks later either.
    let leave = json!({ "op": "unsubscribe", "id": "runs" });
    watcher.say(leave).await;
    let runs = watcher.subscribe("runs", json!({ "jobId": job })).await;
    assert!(items(&runs).is_empty(), "{runs}");
    watcher.until("robots", is_ready).await;
    drop(watcher);
    listening.stop.send(true).expect("a server");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn robots_and_their_work_are_shown_to_whoever_may_see_them() {
    let server = Server::start().await;
    let world = World::new(&server).await;
    let listening = Listening::on(&server).await;
    let topics = ["jobs", "robots", "groups", "runs", "taskqueues"];
    let rows = [
        (ADMIN, Some((1, 2))),
        (VIEWER, Some((1, 2))),
        // Sales has none of its own.
        (SALES_ADMIN, Some((0, 0))),
        (FOREIGN, Some((0, 0))),
        (NOBODY, None),
    ];
    let job = world.execute(&server, &world.workflow, "{}").await;
    let mut watchers = Vec::new();
    for (token, sees) in rows {
        let mut watcher = Watcher::connect(listening.address, token).await;
        for topic in topics {
            let told = watcher.subscribe(topic, json!({})).await;
            match sees {
                None => assert_eq!(told["status"], 403, "{token} {topic}: {told}"),
                Some((jobs, robots)) => {
                    let count = match topic {
                        "robots" => robots,
                        "runs" | "taskqueues" => 0,
                        _ => jobs,
                    };
                    assert_eq!(items(&told).len(), count, "{token} {topic}: {told}");
                }
            }
        }
        watchers.push((token, watcher));
    }
    let mut robot = Speaker::connect(&server, &world.robots[0]).await;
    let run = robot.starts().await;
    robot.logs(run, 2).await;
    let theirs = World::foreign(&server).await;
    let json = [("content-type", "application/json")];
    let queue = "POST /openapi/taskqueues";
    let made = server.send(ADMIN, queue, &json, r#"{"name":"q"}"#);
    let queue = made.await.json()["id"].as_str().map(str::to_owned);
    let of_sales = [json[0], ("departmentid", SALES)];
    let group = "POST /openapi/queues";
    let made = server.send(ADMIN, group, &of_sales, r#"{"name":"g of sales"}"#);
    let of_sales = made.await.json()["id"].as_str().map(str::to_owned);
    let mut hidden = vec![job, world.group, run.run.to_string()];
    hidden.extend(world.robots);
    hidden.extend(queue);
    let shows_none = |message: &Value| {
        let text = message.to_string();
        assert!(!hidden.iter().any(|id| text.contains(id)), "{text}");
    };
    for (token, mut watcher) in watchers {
        match token {
            FOREIGN => {
                let is_own = |change: &Value| change["item"]["id"] == theirs.group.as_str();
                let heard = watcher.until("groups", is_own).await;
                heard.iter().for_each(shows_none);
                let log = json!({ "runInstanceId": run.run.to_string() });
                assert!(items(&watcher.subscribe("logs", log).await).is_empty());
                watcher.kept.iter().for_each(shows_none);
            }
            SALES_ADMIN => {
                let is_own = |change: &Value| change["item"]["id"].as_str() == of_sales.as_deref();
                let heard = watcher.until("groups", is_own).await;
                heard.iter().for_each(shows_none);
                watcher.kept.iter().for_each(shows_none);
            }
            ADMIN | VIEWER => {
                let runs = |change: &Value| change["item"]["state"] == "Running";
                watcher.until("jobs", runs).await;
            }
            _ => {
                watcher.subscribe("figures", json!({})).await;
                assert!(watcher.kept.is_empty(), "{token}: {:?}", watcher.kept);
            }
        }
    }
    listening.stop.send(true).expect("a server");
    server.stop().await;
}
