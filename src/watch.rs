//! `loomwork watch`: prints what the live feed shows, one line a change, and comes again after a cut.
//!
//! Owns: the form of a line (`there`, `created`, `changed`, `ended` and the item as JSON; `reset`), and from where it goes on.
//! Never: goes on from a state that was cut short, or prints one over another without `reset` between.

use crate::server::Failed;
use clap::Args;
use futures_util::{SinkExt, StreamExt};
use hyper::Uri;
use serde_json::{Map, Value, json};
use std::time::Duration;
use tokio::{net::TcpStream, time::sleep, time::timeout};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Message, protocol::WebSocketConfig},
};

/// Connecting takes no longer.
const CONNECT: Duration = Duration::from_secs(10);
/// The server pings more often than this, unless it is told otherwise.
const SILENT: Duration = Duration::from_secs(90);
/// The first pause before coming again, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));
/// Only one subscription: its name.
const ID: &str = "watch";

/// What to watch, and where.
#[derive(Debug, Args)]
pub struct WatchArgs {
    /// instances, activities, tasks, incidents, definitions, jobs, runs, robots, groups, taskqueues, logs or figures
    #[arg(value_name = "TOPIC")]
    pub topic: String,
    /// name=value: only what is so; a name may come more than once, then any of its values does
    #[arg(value_name = "FILTER")]
    pub filters: Vec<String>,
    /// The server
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8092")]
    pub server: String,
    /// The token, where the server asks for one
    #[arg(
        long,
        value_name = "TEXT",
        env = "LOOMWORK_TOKEN",
        hide_env_values = true
    )]
    pub token: Option<String>,
    /// The company, for who belongs to several
    #[arg(long, value_name = "GUID")]
    pub company: Option<String>,
    /// Changes of one thing within so many milliseconds come as one
    #[arg(long, value_name = "MS")]
    pub every: Option<u64>,
    /// End with the first state instead of watching on
    #[arg(long)]
    pub once: bool,
}

/// Why a connection has ended.
enum Ended {
    /// All that was asked for is printed.
    Done,
    /// Come again.
    Cut(String),
    /// It would end so again.
    Refused(String),
}

/// What has been printed, and from where it goes on.
#[derive(Default)]
struct Seen {
    resume: Option<String>,
    /// There are lines that a new state takes the place of.
    printed: bool,
    /// Pages of a state that is not whole yet.
    paging: bool,
}

impl Seen {
    /// A connection begins.
    fn begins(&mut self) {
        self.paging = false;
    }
}

/// Watches until it is ended.
pub fn run(arguments: &WatchArgs) -> Result<(), Failed> {
    let place = Place::read(&arguments.server)?;
    let filter = filter(&arguments.filters)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut seen = Seen::default();
        let mut pause = PAUSES.0;
        loop {
            let known = seen.resume.clone();
            match watch(&place, arguments, &filter, &mut seen).await {
                Ended::Done => return Ok(()),
                Ended::Refused(why) => return Err(why.into()),
                Ended::Cut(why) => eprintln!("loomwork: {why}; coming again"),
            }
            if seen.resume != known {
                pause = PAUSES.0;
            }
            sleep(pause).await;
            pause = (pause * 2).min(PAUSES.1);
        }
    })
}

struct Place {
    host: String,
    port: u16,
}

impl Place {
    fn read(url: &str) -> Result<Self, Failed> {
        let uri: Uri = url.trim().parse()?;
        match uri.scheme_str() {
            Some("http" | "ws") => {}
            Some(_) | None => return Err(format!("{url}: not an http:// URL").into()),
        }
        let host = uri.host().ok_or_else(|| format!("{url} names no host"))?;
        Ok(Place {
            host: host.to_owned(),
            port: uri.port_u16().unwrap_or(80),
        })
    }
}

fn filter(filters: &[String]) -> Result<Map<String, Value>, Failed> {
    let mut all: Map<String, Value> = Map::new();
    for text in filters {
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| format!("'{text}' is no filter: name=value"))?;
        let values = all.entry(name).or_insert_with(|| json!([]));
        if let Value::Array(values) = values {
            values.push(json!(value));
        }
    }
    Ok(all)
}

type Socket = WebSocketStream<TcpStream>;

async fn open(place: &Place) -> Result<Socket, String> {
    // A literal IPv6 address stands in brackets in a URL, and without them before a resolver.
    let host = place.host.trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((host, place.port))
        .await
        .map_err(|error| error.to_string())?;
    let url = format!("ws://{}:{}/api/v1/live", place.host, place.port);
    let config = WebSocketConfig::default()
        .max_message_size(None)
        .max_frame_size(None);
    let (socket, _) = client_async_with_config(url, stream, Some(config))
        .await
        .map_err(|error| error.to_string())?;
    Ok(socket)
}

async fn watch(
    place: &Place,
    arguments: &WatchArgs,
    filter: &Map<String, Value>,
    seen: &mut Seen,
) -> Ended {
    seen.begins();
    let mut socket = match timeout(CONNECT, open(place)).await {
        Ok(Ok(socket)) => socket,
        Ok(Err(error)) => return Ended::Cut(error),
        Err(_) => return Ended::Cut("no answer in time".to_owned()),
    };
    let mut hello = json!({ "op": "hello" });
    let mut wanted =
        json!({ "op": "subscribe", "id": ID, "topic": arguments.topic, "filter": filter });
    for (name, value) in [
        ("token", &arguments.token),
        ("companyId", &arguments.company),
    ] {
        if let Some(value) = value {
            hello[name] = json!(value);
        }
    }
    if let Some(every) = arguments.every {
        wanted["every"] = json!(every);
    }
    if let Some(seq) = &seen.resume {
        wanted["resume"] = json!(seq);
    }
    for message in [hello, wanted] {
        if let Err(error) = socket.send(Message::text(message.to_string())).await {
            return Ended::Cut(error.to_string());
        }
    }
    loop {
        let text = match timeout(SILENT, socket.next()).await {
            Ok(Some(Ok(Message::Text(text)))) => text,
            Ok(Some(Ok(Message::Close(frame)))) => {
                let why = frame.map_or_else(String::new, |frame| frame.to_string());
                return Ended::Cut(format!("the server has ended the connection {why}"));
            }
            Ok(Some(Ok(_))) => continue,
            Ok(Some(Err(error))) => return Ended::Cut(error.to_string()),
            Ok(None) => return Ended::Cut("the connection has ended".to_owned()),
            Err(_) => return Ended::Cut("the server is silent".to_owned()),
        };
        let Ok(message) = serde_json::from_str::<Value>(&text) else {
            return Ended::Cut("the server does not speak JSON".to_owned());
        };
        match print(
            &message,
            arguments.once,
            seen,
            &mut std::io::stdout().lock(),
        ) {
            Ok(true) => return Ended::Done,
            Ok(false) => {}
            Err(ended) => return ended,
        }
    }
}

/// Prints what a message says; true: that was all.
fn print(
    message: &Value,
    once: bool,
    seen: &mut Seen,
    out: &mut impl std::io::Write,
) -> Result<bool, Ended> {
    let more = message["more"] == json!(true);
    let written = match message["op"].as_str() {
        Some("state") => {
            let is_first = !std::mem::replace(&mut seen.paging, more);
            let anew = is_first && std::mem::replace(&mut seen.printed, true);
            let items = message["items"].as_array().map_or(&[][..], Vec::as_slice);
            let reset = if anew { writeln!(out, "reset") } else { Ok(()) };
            reset.and_then(|()| {
                let mut items = items.iter();
                items.try_for_each(|item| writeln!(out, "there {item}"))
            })
        }
        Some("change") => {
            seen.printed = true;
            let kind = message["kind"].as_str().unwrap_or("changed");
            writeln!(out, "{kind} {}", message["item"])
        }
        Some("reset") => {
            *seen = Seen::default();
            writeln!(out, "reset")
        }
        Some("problem") => {
            let text = |name: &str| message[name].as_str().unwrap_or_default().to_owned();
            return Err(Ended::Refused(format!(
                "{}: {}",
                text("code"),
                text("title")
            )));
        }
        _ => Ok(()),
    };
    if written.and_then(|()| out.flush()).is_err() {
        // Nobody reads on.
        return Ok(true);
    }
    if let (Some(seq), false) = (message["seq"].as_str(), more) {
        seen.resume = Some(seq.to_owned());
    }
    Ok(once && message["op"] == "state" && !more)
}

#[cfg(test)]
mod tests;
