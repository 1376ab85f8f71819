//! Bodies on the wire: lengths, chunks, pace, parts.

use std::io::Write;

use hyper::header::{self, HeaderValue};

use super::{
    ask,
    wire::{Running, status},
};
use crate::http::{Arrival, Limits, Method};

fn quick() -> Limits {
    Limits {
        body_ms: 400,
        body_grace_ms: 100,
        body_bytes_per_second: 1_000_000,
        ..Limits::default()
    }
}

fn post(path: &str, headers: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n{body}")
}

#[test]
fn bodies_arrive_whole_whatever_their_framing() {
    let running = Running::start(Limits::default());
    let long = "0123456789".repeat(9_000);
    let chunked: String = long
        .as_bytes()
        .chunks(700)
        .map(|piece| {
            format!(
                "{:x};ext=1\r\n{}\r\n",
                piece.len(),
                String::from_utf8_lossy(piece)
            )
        })
        .collect();
    let rows = [
        (
            "Content-Length: 5\r\n".to_owned(),
            "hello".to_owned(),
            "hello",
        ),
        ("Content-Length: 0\r\n".to_owned(), String::new(), ""),
        (String::new(), String::new(), ""),
        (
            format!("Content-Length: {}\r\n", long.len()),
            long.clone(),
            &long,
        ),
        (
            "Transfer-Encoding: chunked\r\n".to_owned(),
            "5\r\nhello\r\n0\r\n\r\n".to_owned(),
            "hello",
        ),
        (
            "Transfer-Encoding: chunked\r\n".to_owned(),
            "0\r\n\r\n".to_owned(),
            "",
        ),
        (
            "Transfer-Encoding: chunked\r\n".to_owned(),
            format!("{chunked}0\r\nTrailer: x\r\n\r\n"),
            &long,
        ),
    ];
    // One connection for all: none of them may leave it unusable.
    let mut client = running.connect();
    for (headers, body, expected) in &rows {
        client.send(post("/native/echo", headers, body).as_bytes());
        let (head, echoed) = client.answer();
        assert_eq!(status(&head), 200, "{headers}");
        assert!(echoed == *expected, "{headers}: {} bytes", echoed.len());
    }
}

#[test]
fn a_body_past_the_routes_limit_is_413_and_the_client_sees_it() {
    let running = Running::start(Limits::default());
    let megabytes = "x".repeat(3_000_000);
    let rows = [
        post("/native/small", "Content-Length: 3000000\r\n", &megabytes),
        post("/native/small", "Content-Length: 99999999999\r\n", "x"),
        post(
            "/native/small",
            "Content-Length: 3000000\r\nExpect: 100-continue\r\n",
            "",
        ),
        post(
            "/native/small",
            "Transfer-Encoding: chunked\r\n",
            "b\r\n01234567890\r\n0\r\n\r\n",
        ),
        post("/native/count", "Content-Length: 10000001\r\n", ""),
    ];
    for request in rows {
        let mut client = running.connect();
        client.send(request.as_bytes());
        let (head, body) = client.answer();
        assert_eq!(status(&head), 413, "{head}");
        assert!(body.contains("\"code\":\"body-too-large\""), "{body}");
        assert!(head.contains("connection: close"), "{head}");
    }
    let fits = post(
        "/native/small",
        "Content-Length: 10\r\nConnection: close\r\n",
        "0123456789",
    );
    assert_eq!(status(&running.exchange(fits.as_bytes())), 200);
}

#[test]
fn a_short_body_that_nobody_wants_leaves_the_connection_usable() {
    let running = Running::start(Limits::default());
    let mut client = running.connect();
    for _ in 0..3 {
        client.send(post("/native/none", "Content-Length: 4\r\n", "gone").as_bytes());
        assert_eq!(status(&client.answer().0), 404);
    }
}

#[test]
fn a_body_that_does_not_come_is_408() {
    let running = Running::start(quick());
    for path in ["/native/echo", "/native/count"] {
        let started = post(path, "Content-Length: 5\r\n", "hell");
        let answer = running.exchange(started.as_bytes());
        assert_eq!(status(&answer), 408, "{path}: {answer}");
        assert!(answer.contains("\"code\":\"body-too-slow\""), "{answer}");
        let chunked = post(path, "Transfer-Encoding: chunked\r\n", "5\r\nhel");
        assert_eq!(status(&running.exchange(chunked.as_bytes())), 408, "{path}");
    }
}

#[test]
fn a_body_that_drips_is_cut_off_by_its_pace() {
    let limits = Limits {
        body_ms: 60_000,
        body_grace_ms: 200,
        ..quick()
    };
    let running = Running::start(limits);
    let mut client = running.connect();
    client.send(post("/native/echo", "Content-Length: 90000\r\n", "").as_bytes());
    let mut dripper = client.stream.try_clone().expect("a handle");
    let dripping = std::thread::spawn(move || {
        // Until the server closes: one byte at a time is far below a million a second.
        while dripper.write_all(b"x").is_ok() {
            std::thread::yield_now();
            std::thread::park_timeout(std::time::Duration::from_millis(5));
        }
    });
    let answer = client.read_out();
    drop(client);
    dripping.join().expect("the dripper");
    assert!(answer.is_empty() || status(&answer) == 408, "{answer}");
}

#[test]
fn a_broken_frame_is_400_or_cut() {
    let running = Running::start(quick());
    let rows = [
        post("/native/echo", "Transfer-Encoding: chunked\r\n", "zz\r\n"),
        post(
            "/native/echo",
            "Transfer-Encoding: chunked\r\n",
            "fffffffffffffffffffff\r\n",
        ),
        post(
            "/native/echo",
            "Content-Length: 5\r\nContent-Length: 6\r\n",
            "hello",
        ),
        post("/native/echo", "Content-Length: -1\r\n", "hello"),
        post(
            "/native/echo",
            "Transfer-Encoding: chunked, identity\r\n",
            "hello",
        ),
    ];
    for request in rows {
        let answer = running.exchange(request.as_bytes());
        assert!(
            answer.is_empty() || status(&answer) == 400,
            "{request}: {answer}"
        );
    }
}

#[test]
fn a_streamed_body_is_counted_as_it_comes_and_needs_an_end() {
    let running = Running::start(Limits::default());
    let body = "y".repeat(5_000_000);
    let whole = post(
        "/native/count",
        "Connection: close\r\nContent-Length: 5000000\r\n",
        &body,
    );
    let answer = running.exchange(whole.as_bytes());
    assert_eq!(status(&answer), 200, "{answer}");
    assert!(answer.ends_with("\r\n\r\n5000000"), "{answer}");
    let lengthless = post("/native/count", "Connection: close\r\n", "");
    assert_eq!(status(&running.exchange(lengthless.as_bytes())), 411);
}

#[test]
fn bodies_together_stay_within_their_memory() {
    let running = Running::with(Limits::default(), |router| router.admitting(100, 100_000));
    let body = "z".repeat(90_000);
    let request = post(
        "/native/echo",
        "Content-Length: 90000\r\nConnection: close\r\n",
        &body,
    );
    let answer = running.exchange(request.as_bytes());
    assert_eq!(
        status(&answer),
        503,
        "rounded up to 131,072 it is past the bound: {answer}"
    );
    assert!(answer.to_lowercase().contains("retry-after: 1"), "{answer}");
    let small = post(
        "/native/echo",
        "Content-Length: 3\r\nConnection: close\r\n",
        "abc",
    );
    assert_eq!(status(&running.exchange(small.as_bytes())), 200);
}

fn upload(content_type: &'static str, body: impl Into<bytes::Bytes>) -> (u16, String) {
    let target = "/native/upload".parse().expect("a target");
    let asked = Arrival::local(Method::POST, target, body)
        .header(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    let (status, _, text) = ask(asked);
    (status, text)
}

#[test]
fn multipart_parts_come_with_names_types_and_bytes() {
    let body = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"请假.bpmn\"\r\nContent-Type: text/xml\r\n\r\n<x/>\r\n--b\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\n\r\n--b--\r\n";
    let expected = "file|Some(\"请假.bpmn\")|Some(\"text/xml\")|4\nnote|None|None|0";
    assert_eq!(
        upload("multipart/form-data; boundary=b", body),
        (200, expected.to_owned())
    );
    assert_eq!(upload("multipart/form-data; boundary=\"b\"", body).0, 200);
}

#[test]
fn hostile_multipart_ends_in_a_clear_error() {
    let part = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n";
    let rows = [
        ("application/json", "{}".to_owned(), 415),
        ("multipart/form-data", part.to_owned(), 400),
        ("multipart/form-data; boundary=b", String::new(), 400),
        (
            "multipart/form-data; boundary=b",
            "no boundary here".to_owned(),
            400,
        ),
        ("multipart/form-data; boundary=b", part.to_owned(), 400),
        (
            "multipart/form-data; boundary=b",
            "--b\r\nContent-Disposition".to_owned(),
            400,
        ),
        (
            "multipart/form-data; boundary=b",
            "--b\r\n\u{1}:\r\n\r\n--b--".to_owned(),
            400,
        ),
        (
            "multipart/form-data; boundary=b",
            format!("{}--b--", part.repeat(1_001)),
            400,
        ),
        (
            "multipart/form-data; boundary=b",
            format!("--b\r\n{}\r\n--b--", "A: b\r\n".repeat(1_000)),
            400,
        ),
        (
            "multipart/form-data; boundary=b",
            "\r\n--".repeat(200_000),
            400,
        ),
    ];
    for (content_type, body, status) in rows {
        let shown: String = body.chars().take(60).collect();
        let (found, text) = upload(content_type, body);
        assert_eq!(found, status, "{content_type} {shown:?}: {text}");
    }
}
