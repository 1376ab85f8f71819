//! Clients that are slow, silent, or pages of other sites.

use crate::{
    assert_well,
    support::{Answer, CLIENT_PATIENCE, Request, Server, Setup, models},
};
use std::{
    io::{BufReader, Read, Write},
    net::TcpStream,
};

fn impatient() -> Server {
    Server::start(
        Setup::new()
            .set("http", "header_time", "\"300ms\"")
            .set("http", "body_time", "\"300ms\"")
            .set("http", "body_grace", "\"100ms\"")
            .set("http", "idle", "\"300ms\""),
    )
}

/// Sends this and then nothing; what comes until the server closes.
fn until_cut_off(server: &Server, sent: &[u8]) -> Vec<u8> {
    let mut stream = match TcpStream::connect(server.address()) {
        Ok(stream) => stream,
        Err(error) => panic!("connect: {error}"),
    };
    let sent = stream
        .set_read_timeout(Some(CLIENT_PATIENCE))
        .and_then(|()| stream.write_all(sent));
    assert!(sent.is_ok(), "{sent:?}");
    let mut received = Vec::new();
    // A cut may come as an end or as a reset.
    if let Err(error) = stream.read_to_end(&mut received) {
        assert_eq!(
            error.kind(),
            std::io::ErrorKind::ConnectionReset,
            "not cut off"
        );
    }
    received
}

#[test]
fn a_client_that_stops_talking_is_cut_off() {
    let mut server = impatient();
    let host = server.address().to_string();
    let rows = [
        ("nothing at all", String::new()),
        (
            "half a head",
            format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\n"),
        ),
        ("half a line", "GET /hea".to_owned()),
        (
            "half a body",
            format!(
                "POST /api/v1/instances HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"
            ),
        ),
        (
            "half a chunk",
            format!(
                "POST /api/v1/instances HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{{"
            ),
        ),
    ];
    for (what, sent) in rows {
        let received = until_cut_off(&server, sent.as_bytes());
        if !received.is_empty() {
            let answer = Answer::read(&mut BufReader::new(received.as_slice()), "GET");
            let status = answer.map(|answer| answer.status).unwrap_or(0);
            assert_eq!(status, 408, "{what}");
        }
    }
    let idle = format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let received = until_cut_off(&server, idle.as_bytes());
    assert!(
        received.starts_with(b"HTTP/1.1 200"),
        "answered, then cut off"
    );
    assert_well("after silent clients", &mut server);
}

#[test]
fn heads_that_are_too_large_or_wrong_are_refused() {
    let mut server = impatient();
    let host = server.address().to_string();
    let rows = [
        (
            "two hosts",
            400,
            format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\nHost: {host}\r\n\r\n"),
        ),
        ("no host", 400, "GET /healthz HTTP/1.1\r\n\r\n".to_owned()),
        (
            "a host of somebody else",
            400,
            "GET /api/v1/tasks HTTP/1.1\r\nHost: evil.example\r\n\r\n".to_owned(),
        ),
        (
            "a head of a megabyte",
            431,
            format!(
                "GET /healthz HTTP/1.1\r\nHost: {host}\r\nA: {}\r\n\r\n",
                "a".repeat(1 << 20)
            ),
        ),
        (
            "ten thousand headers",
            431,
            format!(
                "GET /healthz HTTP/1.1\r\nHost: {host}\r\n{}\r\n",
                "A: b\r\n".repeat(10_000)
            ),
        ),
        (
            "a body that is too long",
            413,
            format!(
                "POST /api/v1/instances HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n"
            ),
        ),
    ];
    for (what, status, sent) in rows {
        let received = until_cut_off(&server, sent.as_bytes());
        let answer = Answer::read(&mut BufReader::new(received.as_slice()), "GET");
        match answer {
            Ok(answer) => assert_eq!(answer.status, status, "{what}: {}", answer.text()),
            // A client that does not stop sending may lose the answer to the reset of its connection.
            Err(_) if status == 431 && received.is_empty() => {}
            Err(error) => panic!("{what}: no answer: {error}"),
        }
    }
    assert_well("after wrong heads", &mut server);
}

#[test]
fn a_page_of_another_site_cannot_write() {
    let server = Server::start(Setup::new());
    let mut client = server.client();
    client.deploy("work.bpmn", &models::one_task("work"));
    let own = server.base();
    let create = Request::post("/processCtr/createPro").query(&[("processKey", "work")]);
    let start =
        Request::post("/api/v1/instances").body("application/json", "{\"definitionKey\":\"work\"}");
    let rows = [
        ("Origin", "http://evil.example", 403),
        ("Origin", "null", 403),
        ("Sec-Fetch-Site", "cross-site", 403),
        ("Origin", own.as_str(), 0),
        ("Sec-Fetch-Site", "same-origin", 0),
    ];
    for (name, value, refused) in rows {
        for (request, good) in [(&create, 200), (&start, 201)] {
            let answer = client.send(&request.clone().header(name, value));
            let wanted = if refused == 0 { good } else { refused };
            assert_eq!(answer.status, wanted, "{name}: {value}: {}", answer.text());
        }
    }
    let listed = client.native("GET", "/instances", None);
    assert_eq!(
        listed["items"].as_array().map(Vec::len),
        Some(4),
        "only its own pages started any"
    );
}
