//! Single requests of the bench itself: deploying, asking whether a server is ready, reading figures. Blocking, one
//! connection each; must never be part of what is timed, but for the look at `/readyz`.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream, ToSocketAddrs},
    time::Duration,
};

use super::{BenchError, model};

const PATIENCE: Duration = Duration::from_secs(60);

/// A server by its address.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// `host:port`, as the Host header says it.
    pub(super) authority: String,
}

impl Target {
    /// From `host:port` or `http://host:port`.
    pub(super) fn new(base: &str) -> Self {
        let bare = base.strip_prefix("http://").unwrap_or(base);
        Self {
            authority: bare.trim_end_matches('/').to_owned(),
        }
    }

    fn address(&self) -> io::Result<SocketAddr> {
        let first = self.authority.to_socket_addrs()?.next();
        first.ok_or_else(|| io::Error::other("the address has no meaning"))
    }

    /// One exchange: status and body.
    fn exchange(&self, request: &str) -> io::Result<(u16, String)> {
        let mut stream = TcpStream::connect_timeout(&self.address()?, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let closing = request.replacen("\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1);
        stream.write_all(closing.as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let answer = String::from_utf8_lossy(&answer);
        let status = answer.get(9..12).and_then(|digits| digits.parse().ok());
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        Ok((status.unwrap_or(0), body.to_owned()))
    }

    /// A GET's status and body.
    pub(super) fn get(&self, path: &str) -> io::Result<(u16, String)> {
        self.exchange(&model::get(&self.authority, path))
    }

    /// Whether the server says that it is ready.
    pub(super) fn is_ready(&self) -> bool {
        matches!(self.get("/readyz"), Ok((200, _)))
    }

    /// Deploys the measured model.
    pub(super) fn deploy(&self) -> Result<(), BenchError> {
        let path = "/api/v1/deployments?name=bench.bpmn20.xml&enableDuplicateFiltering=true";
        let request = model::post(&self.authority, path, model::XML).replacen(
            "application/json",
            "application/xml",
            1,
        );
        match self.exchange(&request)? {
            (200 | 201, _) => Ok(()),
            (status, body) => Err(BenchError::Refused {
                what: "the deployment",
                status,
                body,
            }),
        }
    }

    /// The length of a GET's answer in bytes.
    pub(super) fn length_of(&self, path: &str) -> Result<usize, BenchError> {
        match self.get(path)? {
            (200, body) => Ok(body.len()),
            (status, body) => Err(BenchError::Refused {
                what: "the read",
                status,
                body,
            }),
        }
    }

    /// How many instances run; none when the server does not say.
    pub(super) fn present(&self) -> io::Result<Option<u64>> {
        let (_, body) = self.get("/api/v1/instances?limit=1&total=exact")?;
        let list: Option<serde_json::Value> = serde_json::from_str(&body).ok();
        Ok(list.and_then(|list| list.get("total")?.as_u64()))
    }

    /// The ids of so many instances.
    pub(super) fn instances(&self, count: usize) -> Result<Vec<String>, BenchError> {
        let mut ids = Vec::with_capacity(count);
        let mut after = String::new();
        while ids.len() < count {
            let limit = (count - ids.len()).min(1_000);
            let (status, body) = self.get(&format!("/api/v1/instances?limit={limit}{after}"))?;
            if status != 200 {
                let what = "the list of instances";
                return Err(BenchError::Refused { what, status, body });
            }
            let list: serde_json::Value = serde_json::from_str(&body)?;
            let items = list["items"].as_array().into_iter().flatten();
            ids.extend(items.filter_map(|item| Some(item["id"].as_str()?.to_owned())));
            match list["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None if ids.len() < count => {
                    return Err(BenchError::NoFigure("as many instances as were started"));
                }
                None => {}
            }
        }
        Ok(ids)
    }

    /// A gauge from `/metrics`, summed over its labels; none when the server does not show it.
    pub(super) fn gauge(&self, name: &str) -> io::Result<Option<f64>> {
        let (_, text) = self.get("/metrics")?;
        Ok(gauge_in(&text, name))
    }
}

/// The sum of a metric's samples in Prometheus' text.
pub(super) fn gauge_in(text: &str, name: &str) -> Option<f64> {
    let samples = text.lines().filter_map(|line| {
        let rest = line.strip_prefix(name)?;
        let labelled = rest.starts_with('{') || rest.starts_with(' ');
        labelled.then(|| rest.rsplit(' ').next()?.parse::<f64>().ok())?
    });
    samples.fold(None, |sum, sample| Some(sum.unwrap_or(0.0) + sample))
}
