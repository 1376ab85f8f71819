//! Who may name this server, and which pages may write.

use hyper::header::{self, HeaderName, HeaderValue};

use super::{arrival, ask};
use crate::http::{Arrival, Gate, GateConfig};

fn with(method: &str, target: &str, headers: &[(&'static str, &'static str)]) -> Arrival {
    let mut asked = arrival(method, target);
    asked.head.headers.clear();
    for (name, value) in headers {
        asked = asked.header(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    asked
}

#[test]
fn host_must_name_this_server_once() {
    let rows: &[(&[&'static str], u16)] = &[
        (&["localhost"], 200),
        (&["LocalHost:8080"], 200),
        (&["127.0.0.1:1"], 200),
        (&["127.8.9.1"], 200),
        (&["[::1]:80"], 200),
        (&["192.0.2.7:80"], 200),
        (&["flow.example.org"], 200),
        (&["FLOW.example.org:443"], 200),
        (&["other.example.org:9"], 200),
        (&[], 400),
        (&["localhost", "localhost"], 400),
        (&[""], 400),
        (&["evil.example.org"], 400),
        (&["localhost.evil.example.org"], 400),
        (&["192.0.2.8"], 400),
        (&["localhost:port"], 400),
        (&["localhost:99999"], 400),
        (&["[::1"], 400),
        (&["::1"], 400),
        (&["a b"], 400),
        (&["user@localhost"], 400),
    ];
    for (hosts, status) in rows {
        let headers: Vec<_> = hosts.iter().map(|host| ("host", *host)).collect();
        let mut asked = with("GET", "/native/tasks/7", &headers);
        asked.local = ([192, 0, 2, 7], 80).into();
        assert_eq!(ask(asked).0, *status, "{hosts:?}");
    }
    let target = "http://localhost/native/tasks/7";
    assert_eq!(ask(with("GET", target, &[("host", "localhost")])).0, 200);
    assert_eq!(ask(with("GET", target, &[("host", "127.0.0.1")])).0, 400);
}

#[test]
fn where_a_token_is_required_any_well_formed_name_passes() {
    let token = ("authorization", "Bearer x");
    for (host, status) in [("any.example.org:1", 200), ("not a name", 400)] {
        let asked = with("POST", "/secret/7", &[("host", host), token]);
        assert_eq!(ask(asked).0, status, "{host}");
    }
}

#[test]
fn a_page_of_another_site_may_not_write() {
    let none = ("x-none", "");
    let rows = [
        (none, none, 200),
        (("origin", "http://localhost"), none, 200),
        (
            ("origin", "https://flow.example.org"),
            ("sec-fetch-site", "same-origin"),
            200,
        ),
        (
            ("origin", "https://flow.example.org"),
            ("sec-fetch-site", "cross-site"),
            200,
        ),
        (
            ("origin", "https://tool.example.org"),
            ("sec-fetch-site", "cross-site"),
            200,
        ),
        (none, ("sec-fetch-site", "same-site"), 200),
        (none, ("sec-fetch-site", "none"), 200),
        (none, ("sec-fetch-site", "cross-site"), 403),
        (
            ("origin", "http://localhost"),
            ("sec-fetch-site", "cross-site"),
            403,
        ),
        (("origin", "http://localhost:81"), none, 403),
        (("origin", "http://flow.example.org"), none, 403),
        (("origin", "https://evil.example.org"), none, 403),
        (("origin", "null"), none, 403),
        (("origin", ""), none, 403),
    ];
    for (origin, fetched, status) in rows {
        let headers = [("host", "localhost"), origin, fetched];
        let (found, _, body) = ask(with("POST", "/native/echo", &headers));
        assert_eq!(found, status, "{origin:?} {fetched:?}");
        assert_eq!(
            body.contains("\"code\":\"cross-site-write\""),
            status == 403,
            "{body}"
        );
        let (found, _, body) = ask(with("POST", "/taskCtr/complete", &headers));
        assert_eq!(found, status, "{origin:?} {fetched:?}");
        assert_eq!(
            body.contains("\"error\":\"Forbidden\""),
            status == 403,
            "{body}"
        );
        assert_eq!(
            ask(with("GET", "/native/tasks/7", &headers)).0,
            200,
            "reads are free"
        );
    }
}

#[test]
fn a_page_of_another_site_may_not_open_a_channel() {
    let upgrade = [
        ("host", "localhost"),
        ("origin", "null"),
        ("upgrade", "websocket"),
    ];
    assert_eq!(ask(with("GET", "/native/tasks/7", &upgrade)).0, 403);
}

#[test]
fn an_allowed_site_gets_cors_headers_and_its_preflight() {
    let tool = ("origin", "https://tool.example.org");
    let host = ("host", "localhost");
    let (status, headers, _) = ask(with("POST", "/native/echo", &[host, tool]));
    assert_eq!(status, 200);
    assert_eq!(headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], tool.1);
    assert_eq!(headers[header::VARY], "Origin");
    let (status, headers, _) = ask(with("GET", "/native/none", &[host, tool]));
    assert_eq!(status, 404);
    assert_eq!(
        headers[header::ACCESS_CONTROL_ALLOW_ORIGIN],
        tool.1,
        "errors can be read too"
    );

    let wish = ("access-control-request-method", "POST");
    let names = ("access-control-request-headers", "content-type,x-a");
    let (status, headers, _) = ask(with("OPTIONS", "/native/echo", &[host, tool, wish, names]));
    assert_eq!(status, 204);
    assert_eq!(headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], tool.1);
    assert_eq!(
        headers[header::ACCESS_CONTROL_ALLOW_METHODS],
        "POST, OPTIONS"
    );
    assert_eq!(headers[header::ACCESS_CONTROL_ALLOW_HEADERS], names.1);

    let evil = ("origin", "https://evil.example.org");
    let (status, headers, _) = ask(with("OPTIONS", "/native/echo", &[host, evil, wish]));
    assert_eq!(status, 403);
    assert!(!headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
    let (_, headers, _) = ask(with("GET", "/native/tasks/7", &[host, evil]));
    assert!(!headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
}

#[test]
fn a_configuration_that_cannot_be_meant_is_refused() {
    let gate = |public_url: &str, host: &str, origin: &str| {
        Gate::new(&GateConfig {
            public_urls: vec![public_url.into()],
            hosts: vec![host.into()],
            allowed_origins: vec![origin.into()],
        })
    };
    assert!(gate("https://a.org", "b.org", "http://c.org:81/").is_ok());
    for (public_url, host, origin) in [
        ("a.org", "b.org", "http://c.org"),
        ("ftp://a.org", "b.org", "http://c.org"),
        ("https://", "b.org", "http://c.org"),
        ("https://a.org", "b org", "http://c.org"),
        ("https://a.org", "b.org", "*"),
    ] {
        assert!(
            gate(public_url, host, origin).is_err(),
            "{public_url} {host} {origin}"
        );
    }
}
