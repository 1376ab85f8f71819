//! Knobs whose text must be of a form: addresses, hosts, origins, time zones, log filters, numbers from 1 on.
//! Never: resolves a name; only numbers are addresses to listen on.

use hyper::{Uri, http::uri::Authority};
use jiff::tz::TimeZone;
use org::Guid;
use serde::{Deserialize, Deserializer, de};
use std::{fmt, net::SocketAddr};
use tracing_subscriber::EnvFilter;

/// One address, or a list of at least one.
pub(super) fn addresses<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<SocketAddr>, D::Error> {
    from.deserialize_any(AddressesVisitor)
}

struct AddressesVisitor;

/// Listeners of their own for the APIs and for signing in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listen {
    gateway: String,
    sso: String,
}

impl<'de> de::Visitor<'de> for AddressesVisitor {
    type Value = Vec<SocketAddr>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an address such as \"127.0.0.1:8092\", or a list of them")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        address(text).map(|one| vec![one]).map_err(E::custom)
    }

    /// `[listen] gateway, sso`: one address each. Absolute URLs name the first one for the APIs, the last for signing in.
    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let both = Listen::deserialize(de::value::MapAccessDeserializer::new(map))?;
        let read = |text: &String| address(text).map_err(de::Error::custom);
        Ok(vec![read(&both.gateway)?, read(&both.sso)?])
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut addresses = Vec::new();
        while let Some(text) = list.next_element::<String>()? {
            addresses.push(address(&text).map_err(de::Error::custom)?);
        }
        if addresses.is_empty() {
            return Err(de::Error::custom("there must be an address to listen on"));
        }
        Ok(addresses)
    }
}

/// Reads an address to listen on; the error says what one looks like.
pub fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        format!("'{text}' is no address and port, such as \"127.0.0.1:8092\" or \"[::1]:8092\"")
    })
}

pub(super) fn hosts<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let hosts = Vec::<String>::deserialize(from)?;
    for host in &hosts {
        let fits = host.parse::<Authority>().is_ok_and(|_| !host.contains('@'));
        if !fits {
            return Err(de::Error::custom(format!(
                "'{host}' is no host, such as \"flow.example.com\" or \"flow.example.com:8443\""
            )));
        }
    }
    Ok(hosts)
}

pub(super) fn origins<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let origins = Vec::<String>::deserialize(from)?;
    origins
        .iter()
        .map(|text| origin(text).map_err(de::Error::custom))
        .collect()
}

/// Scheme, host and port: what browsers send as `Origin`.
fn origin(text: &str) -> Result<String, String> {
    match web_address(text) {
        Some(uri) if uri.path_and_query().is_none_or(|path| path == "/") => Ok(without_slash(text)),
        Some(_) | None => Err(format!(
            "'{text}' is no scheme and host, such as \"https://flow.example.com\""
        )),
    }
}

/// An absolute web address, kept without a slash at its end.
pub(super) fn optional_url<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(from)?;
    match web_address(&text) {
        Some(uri) if uri.query().is_none() => Ok(Some(without_slash(&text))),
        Some(_) | None => Err(de::Error::custom(format!(
            "'{text}' is no web address, such as \"https://flow.example.com/gateway\""
        ))),
    }
}

fn web_address(text: &str) -> Option<Uri> {
    let uri: Uri = text.parse().ok()?;
    let web = matches!(uri.scheme_str(), Some("http" | "https"));
    let plain = !text.contains(['@', '#']);
    (web && plain).then_some(uri)
}

fn without_slash(text: &str) -> String {
    text.strip_suffix('/').unwrap_or(text).to_owned()
}

pub(super) fn optional_guid<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Guid>, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map(Some).map_err(|_| {
        de::Error::custom(format!(
            "'{text}' is no id, such as \"9a0c7d89-404a-4896-a0b9-1add6d9551e8\""
        ))
    })
}

pub(super) fn time_zone<'de, D: Deserializer<'de>>(from: D) -> Result<TimeZone, D::Error> {
    let name = String::deserialize(from)?;
    TimeZone::get(&name).map_err(|_| {
        de::Error::custom(format!(
            "'{name}' is no time zone, such as \"UTC\" or \"Asia/Shanghai\""
        ))
    })
}

pub(super) fn log_filter<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let filter = String::deserialize(from)?;
    match EnvFilter::try_new(&filter) {
        Ok(_) if !filter.trim().is_empty() => Ok(filter),
        Ok(_) | Err(_) => Err(de::Error::custom(format!(
            "'{filter}' is no log level, such as \"info\" or \"info,loomwork=debug\""
        ))),
    }
}

pub(super) fn positive<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default + PartialEq,
{
    let number = T::deserialize(from)?;
    if number == T::default() {
        return Err(de::Error::custom("it must be at least 1"));
    }
    Ok(number)
}

pub(super) fn some_positive<'de, D: Deserializer<'de>>(from: D) -> Result<Option<usize>, D::Error> {
    positive(from).map(Some)
}

/// More hosts than this take memory and give nothing.
const WORKERS_MOST: usize = 1024;

pub(super) fn workers<'de, D: Deserializer<'de>>(from: D) -> Result<usize, D::Error> {
    let workers = usize::deserialize(from)?;
    if workers > WORKERS_MOST {
        return Err(de::Error::custom(format!(
            "there can be at most {WORKERS_MOST} workers"
        )));
    }
    Ok(workers)
}
