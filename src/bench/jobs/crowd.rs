//! Many connected robots and few jobs: how long from the request to the offer at a robot.
//! Never: lets a robot be silent; each beats its heart as it was told.

use super::{super::BenchError, Told, wire::Wire, world::World};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};
use tokio::{net::TcpStream, sync::mpsc, time::MissedTickBehavior};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

/// A heartbeat of each robot.
const BEAT: Duration = Duration::from_secs(10);
/// The last offers are waited for so long.
const PATIENCE: Duration = Duration::from_secs(10);

/// Connects the crowd, then executes jobs at a steady rate.
pub async fn run(
    world: &World,
    robots: usize,
    rate: u64,
    length: Duration,
) -> Result<Told, BenchError> {
    let (offers, mut offered) = mpsc::unbounded_channel();
    for number in 0..robots {
        let wire = Wire::sign_in(&world.address, &world.robot_sign_in(number)).await?;
        let socket = connect(&world.address, wire.token()).await?;
        tokio::spawn(robot(socket, offers.clone()));
    }
    let mut begun = HashMap::new();
    let total = rate * length.as_secs();
    let mut executing = tokio::time::interval(Duration::from_secs(1) / rate.max(1) as u32);
    executing.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut person = Wire::sign_in(&world.address, &world.sign_in()).await?;
    for _ in 0..total {
        executing.tick().await;
        let asked = Instant::now();
        let jobs = person.ask(&world.execute_path(), "{}").await?;
        let job = jobs[0]["id"].as_str().unwrap_or_default().to_owned();
        begun.insert(job, asked);
    }
    let mut told = Told::new();
    let mut left = total;
    while left > 0 {
        let next = tokio::time::timeout(PATIENCE, offered.recv()).await;
        let Ok(Some((job, at))) = next else {
            return Err(BenchError::Client("a job was not offered".to_owned()));
        };
        // What the windows left behind is offered, too, and does not count.
        if let Some(asked) = begun.remove(&job) {
            let taken: Duration = at.duration_since(asked);
            told.record(u64::try_from(taken.as_nanos()).unwrap_or(u64::MAX));
            left -= 1;
        }
    }
    Ok(told)
}

type Socket = WebSocketStream<TcpStream>;

async fn connect(address: &str, token: &str) -> Result<Socket, BenchError> {
    let fault = |error: &dyn std::fmt::Display| BenchError::Client(error.to_string());
    let mut request = format!("ws://{address}/robothub")
        .into_client_request()
        .map_err(|error| fault(&error))?;
    let bearer = HeaderValue::try_from(format!("Bearer {token}")).map_err(|error| fault(&error))?;
    request.headers_mut().insert("authorization", bearer);
    let protocol = HeaderValue::from_static("loomwork.robot.v1");
    request
        .headers_mut()
        .insert("sec-websocket-protocol", protocol);
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut socket, _) = client_async(request, stream)
        .await
        .map_err(|error| fault(&error))?;
    let hello = json!({"type": "hello", "protocol": 1, "version": "bench", "accepting": true,
        "autoAccept": true, "capabilities": ["python"], "runs": []});
    let said = socket.send(Message::text(hello.to_string())).await;
    said.map_err(|error| fault(&error))?;
    Ok(socket)
}

/// Says that everything it is offered has succeeded; ends with its connection.
async fn robot(mut socket: Socket, offers: mpsc::UnboundedSender<(String, Instant)>) {
    let mut beat = tokio::time::interval(BEAT);
    loop {
        let said = tokio::select! {
            _ = beat.tick() => json!({"type": "heartbeat"}),
            heard = socket.next() => {
                let Some(Ok(Message::Text(text))) = heard else { return };
                let Ok(message) = serde_json::from_str::<Value>(&text) else { return };
                if message["type"] != "offer" {
                    continue;
                }
                let job = message["jobId"].as_str().unwrap_or_default().to_owned();
                if offers.send((job, Instant::now())).is_err() {
                    return;
                }
                json!({"type": "result", "runInstanceId": message["runInstanceId"],
                    "fence": message["fence"], "status": "Succeeded", "exitCode": 0})
            }
        };
        if socket.send(Message::text(said.to_string())).await.is_err() {
            return;
        }
    }
}
