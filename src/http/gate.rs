//! Who may talk to us by name, and which web pages may write. Owns the Host check (against DNS rebinding), the Origin
//! check (against pages of other sites) and CORS; must never look at a path or a token.

use std::net::{IpAddr, SocketAddr};

use hyper::{
    HeaderMap, Method, StatusCode,
    header::{self, HeaderName, HeaderValue},
    http::request::Parts,
};

use super::{Fault, Response};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What the configuration says about names and sites.
#[derive(Clone, Debug, Default)]
pub struct GateConfig {
    /// `[public_url]`: absolute URLs under which this server is known.
    pub public_urls: Vec<String>,
    /// `[http] hosts`: further host names, without port.
    pub hosts: Vec<String>,
    /// `[http] allowed_origins`: sites whose pages may use the APIs (`https://tool.example.org`).
    pub allowed_origins: Vec<String>,
}

/// A configuration that cannot be meant.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// Not `scheme://authority`.
    #[error("{0:?} is not an absolute http or https URL")]
    Url(String),
    /// Not a host name.
    #[error("{0:?} is not a host name")]
    Host(String),
}

/// The checks, prepared.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    hosts: Box<[Box<str>]>,
    public_origins: Box<[Box<str>]>,
    allowed_origins: Box<[Box<str>]>,
}

/// Where a request's page comes from.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Site<'h> {
    /// No page of another site.
    Own,
    /// A page of an allowed site, which wants CORS headers.
    Allowed(&'h HeaderValue),
    /// A page of any other site.
    Foreign,
}

impl Gate {
    /// Prepares the checks.
    pub fn new(config: &GateConfig) -> Result<Self, GateError> {
        let mut hosts = Vec::new();
        for host in &config.hosts {
            let name = split_host(host).map(|(name, _)| name);
            hosts.push(name.ok_or_else(|| GateError::Host(host.clone()))?.into());
        }
        let mut public_origins = Vec::new();
        for url in &config.public_urls {
            let (origin, host) = origin_of(url).ok_or_else(|| GateError::Url(url.clone()))?;
            public_origins.push(origin);
            hosts.push(host);
        }
        let mut allowed_origins = Vec::new();
        for url in &config.allowed_origins {
            let (origin, _) = origin_of(url).ok_or_else(|| GateError::Url(url.clone()))?;
            allowed_origins.push(origin);
        }
        Ok(Self {
            hosts: hosts.into(),
            public_origins: public_origins.into(),
            allowed_origins: allowed_origins.into(),
        })
    }

    /// Checks that a request names us, once; `any_name` lets every well-formed name pass.
    pub(super) fn host(&self, head: &Parts, local: IpAddr, any_name: bool) -> Result<(), Fault> {
        let mut values = head.headers.get_all(header::HOST).iter();
        let value = match (values.next(), values.next()) {
            (Some(value), None) => value,
            (None, _) => return Err(Fault::Host("the Host header is missing")),
            (Some(_), Some(_)) => return Err(Fault::Host("more than one Host header")),
        };
        let text = value.to_str().unwrap_or("");
        let Some((name, _)) = split_host(text) else {
            return Err(Fault::Host("the Host header is malformed"));
        };
        if head
            .uri
            .authority()
            .is_some_and(|target| !text.eq_ignore_ascii_case(target.as_str()))
        {
            return Err(Fault::Host("the Host header is not the target's"));
        }
        if any_name || self.knows(name, local) {
            return Ok(());
        }
        Err(Fault::Host("the Host header does not name this server"))
    }

    fn knows(&self, name: &str, local: IpAddr) -> bool {
        if name.eq_ignore_ascii_case("localhost") {
            return true;
        }
        let bare = name
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        match bare.unwrap_or(name).parse::<IpAddr>() {
            Ok(ip) if ip.is_loopback() || ip == local.to_canonical() => true,
            Ok(_) | Err(_) => self
                .hosts
                .iter()
                .any(|host| host.eq_ignore_ascii_case(name)),
        }
    }

    /// Tells pages of our own and allowed sites from others.
    pub(super) fn site<'h>(&self, headers: &'h HeaderMap) -> Site<'h> {
        let cross_site = || {
            let fetched = headers.get(&SEC_FETCH_SITE);
            fetched.is_some_and(|site| site.as_bytes().eq_ignore_ascii_case(b"cross-site"))
        };
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let origin = match (origins.next(), origins.next()) {
            (None, _) if cross_site() => return Site::Foreign,
            (None, _) => return Site::Own,
            (Some(origin), None) => origin,
            (Some(_), Some(_)) => return Site::Foreign,
        };
        let Ok(text) = origin.to_str() else {
            return Site::Foreign;
        };
        let among = |list: &[Box<str>]| list.iter().any(|one| one.eq_ignore_ascii_case(text));
        if among(&self.allowed_origins) {
            return Site::Allowed(origin);
        }
        let own_authority = || {
            let host = headers
                .get(header::HOST)
                .map_or(&b""[..], HeaderValue::as_bytes);
            let authority = text.split_once("://").map(|(_, authority)| authority);
            authority.is_some_and(|it| it.as_bytes().eq_ignore_ascii_case(host))
        };
        if among(&self.public_origins) || (own_authority() && !cross_site()) {
            return Site::Own;
        }
        Site::Foreign
    }

    /// The origin of a page of an allowed site, if the request is of one.
    pub(super) fn allowed_origin<'h>(&self, headers: &'h HeaderMap) -> Option<&'h HeaderValue> {
        // Programs send none, and most servers allow none.
        if self.allowed_origins.is_empty() || !headers.contains_key(header::ORIGIN) {
            return None;
        }
        match self.site(headers) {
            Site::Allowed(origin) => Some(origin),
            Site::Own | Site::Foreign => None,
        }
    }

    /// Whether a request's page belongs to another site that is not allowed: for a handler that wants more than the
    /// check of writes, such as one that upgrades the connection.
    pub fn is_foreign(&self, headers: &HeaderMap) -> bool {
        self.site(headers) == Site::Foreign
    }
}

/// Whether a request may change something, or opens a channel that may.
pub(super) fn is_write(head: &Parts) -> bool {
    let reads = [Method::GET, Method::HEAD, Method::OPTIONS, Method::TRACE];
    !reads.contains(&head.method) || head.headers.contains_key(header::UPGRADE)
}

/// Lets the page of `origin` see the answer.
pub(super) fn share(response: &mut Response, origin: HeaderValue) {
    let headers = &mut response.headers;
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
        HeaderValue::from_static("true"),
    );
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("Location, Retry-After, Loomwork-Unsettled"),
    );
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
}

/// The answer to a preflight: `allow` are the path's methods; whatever headers were asked for may be sent.
pub(super) fn preflight(headers: &HeaderMap, allow: HeaderValue) -> Response {
    let mut response = Response::new(StatusCode::NO_CONTENT)
        .header(header::ACCESS_CONTROL_ALLOW_METHODS, allow)
        .header(
            header::ACCESS_CONTROL_MAX_AGE,
            HeaderValue::from_static("600"),
        );
    if let Some(asked) = headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        response
            .headers
            .insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
    }
    response
}

/// Whether the request asks what a page of another site may send.
pub(super) fn is_preflight(head: &Parts) -> bool {
    head.method == Method::OPTIONS
        && head
            .headers
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// Name (IPv6 in its brackets) and port of a well-formed Host.
fn split_host(host: &str) -> Option<(&str, Option<u16>)> {
    let name_end = match host.strip_prefix('[') {
        Some(rest) => rest.find(']')? + 2,
        None => host.find(':').unwrap_or(host.len()),
    };
    let (name, port) = host.split_at(name_end);
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => None,
        None => return None,
        Some("") => None,
        Some(digits) if digits.bytes().all(|digit| digit.is_ascii_digit()) => {
            Some(digits.parse().ok()?)
        }
        Some(_) => return None,
    };
    let well_formed = match name
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        Some(bare) => bare.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            !name.is_empty() && name.len() <= 255 && name.bytes().all(letter)
        }
    };
    well_formed.then_some((name, port))
}

/// `scheme://authority` as a browser sends it, and the host name, of an absolute URL.
fn origin_of(url: &str) -> Option<(Box<str>, Box<str>)> {
    let (scheme, rest) = url.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let default_port = match scheme.as_str() {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    let authority = rest.split(['/', '?', '#']).next()?.to_ascii_lowercase();
    let (name, port) = split_host(&authority)?;
    let origin = match port {
        Some(port) if port != default_port => format!("{scheme}://{name}:{port}"),
        Some(_) | None => format!("{scheme}://{name}"),
    };
    Some((origin.into(), name.into()))
}

/// The listener's address as a Host may name it.
pub(super) fn local_ip(local: SocketAddr) -> IpAddr {
    local.ip().to_canonical()
}
