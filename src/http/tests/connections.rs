//! Connections: heads that are too large, too slow or too many, pipelining, the drain.

use std::io::{Read, Write};

use super::{
    app, arrival, router,
    wire::{Running, status},
};
use crate::http::{HeaderValue, Limits};

const GET: &str = "GET /native/tasks/7 HTTP/1.1\r\nHost: localhost\r\n\r\n";
const HOLD: &str = "GET /native/hold HTTP/1.1\r\nHost: localhost\r\n\r\n";

fn get(headers: &str) -> String {
    format!("GET /native/tasks/7 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n")
}

#[test]
fn a_head_past_its_limits_is_431_in_the_apis_style() {
    let limits = Limits {
        header_bytes: 4_000,
        header_count: 20,
        ..Limits::default()
    };
    let running = Running::start(limits);
    for headers in [
        format!("X-Long: {}\r\n", "a".repeat(5_000)),
        "X-Many: 1\r\n".repeat(30),
    ] {
        let answer = running.exchange(get(&headers).as_bytes());
        assert_eq!(status(&answer), 431, "{answer}");
        assert!(answer.contains("\"code\":\"head-too-large\""), "{answer}");
    }
    for headers in [
        format!("X-Huge: {}\r\n", "a".repeat(500_000)),
        "X-Many: 1\r\n".repeat(5_000),
    ] {
        let answer = running.exchange(get(&headers).as_bytes());
        assert!(answer.is_empty() || status(&answer) == 431, "{answer}");
    }
    assert_eq!(
        status(&running.exchange(get("X-Good: 1\r\n").as_bytes())),
        200
    );
}

#[test]
fn a_head_that_is_none_is_400_and_takes_no_earlier_answer_with_it() {
    let running = Running::start(Limits::default());
    for line in [
        &b"Authorization: Bearer \x7f"[..],
        b"Authorization: Bearer \x01",
        b"X: \x00",
        b"A name: x",
        b"no colon",
    ] {
        // What comes behind it stays unread.
        let bad = [b"GET /native/tasks/7 HTTP/1.1\r\n", line, b"\r\n\r\nmore"].concat();
        let answer = running.exchange(&bad);
        assert_eq!(status(&answer), 400, "{line:?}: {answer:?}");
        let both = running.exchange(&[GET.as_bytes(), &bad].concat());
        let second = both.rfind("HTTP/1.1 ").unwrap_or_default();
        assert_eq!(status(&both), 200, "{line:?}: {both:?}");
        assert_eq!(status(&both[second..]), 400, "{line:?}: {both:?}");
    }
}

#[test]
fn what_is_no_head_at_all_and_too_many_lines_are_answered() {
    let running = Running::start(Limits::default());
    let hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 and 512 bytes more\r\n";
    for bytes in [
        &b"hello\r\n\r\n"[..],
        b"GET\r\n\r\n",
        b"\0\0\0\0\r\n",
        hello,
    ] {
        let answer = running.exchange(bytes);
        assert_eq!(status(&answer), 400, "{bytes:?}: {answer:?}");
    }
    for lines in [101, 199, 200, 201, 300] {
        let answer = running.exchange(get(&"X-Many: 1\r\n".repeat(lines)).as_bytes());
        assert_eq!(status(&answer), 431, "{lines}: {answer:?}");
    }
}

#[test]
fn hosts_are_counted_on_the_wire_too() {
    let running = Running::start(Limits::default());
    for (hosts, expected) in [
        ("Host: localhost\r\n", 200),
        ("", 400),
        ("Host: localhost\r\nHost: localhost\r\n", 400),
        ("Host: evil.example.org\r\n", 400),
    ] {
        let request = format!("GET /native/tasks/7 HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n");
        let answer = running.exchange(request.as_bytes());
        assert_eq!(status(&answer), expected, "{hosts:?}: {answer}");
    }
    let by_address = format!(
        "GET /native/tasks/7 HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        running.address
    );
    assert_eq!(status(&running.exchange(by_address.as_bytes())), 200);
}

#[test]
fn a_head_that_does_not_end_is_cut_off() {
    let running = Running::start(Limits {
        header_ms: 80,
        ..Limits::default()
    });
    for start in ["", "G", "GET /native/tasks/7 HTTP/1.1\r\nHost: loc"] {
        assert_eq!(running.exchange(start.as_bytes()), "", "{start:?}");
    }
    // A drip restarts nothing: the head's time runs from its first byte.
    let mut client = running.connect();
    let mut dripper = client.stream.try_clone().expect("a handle");
    let dripping = std::thread::spawn(move || {
        for byte in b"GET / HTTP/1.1\r\nX-Slow: "
            .iter()
            .chain(std::iter::repeat(&b'a'))
        {
            if dripper.write_all(&[*byte]).is_err() {
                return;
            }
            std::thread::park_timeout(std::time::Duration::from_millis(5));
        }
    });
    assert_eq!(client.read_out(), "");
    drop(client);
    dripping.join().expect("the dripper");
}

#[test]
fn an_idle_connection_is_closed_after_its_time_and_not_before_a_head_would_be() {
    let running = Running::start(Limits {
        idle_ms: 100,
        ..Limits::default()
    });
    let mut client = running.connect();
    client.send(GET.as_bytes());
    assert_eq!(status(&client.answer().0), 200);
    assert_eq!(client.read_out(), "");
}

#[test]
fn a_client_that_takes_no_answer_is_cut_off() {
    let running = Running::start(Limits {
        write_ms: 100,
        ..Limits::default()
    });
    let mut client = running.connect();
    // The list is 16 MiB, more than both windows hold, and nothing of it is read.
    client.send(b"GET /native/list HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let mut witness = running.connect();
    // Once the server has cut it, a write of ours fails; until then the server answers others.
    while client.stream.write_all(b"x").is_ok() {
        witness.send(GET.as_bytes());
        witness.answer();
    }
    let mut taken = Vec::new();
    let ended = client.stream.read_to_end(&mut taken);
    assert!(
        ended.is_err() || taken.len() < 16_000_000,
        "{} bytes",
        taken.len()
    );
}

#[test]
fn a_list_in_pieces_arrives_whole() {
    let running = Running::start(Limits::default());
    let answer = running
        .exchange(b"GET /native/list HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert_eq!(status(&answer), 200);
    assert_eq!(answer.matches('x').count(), 1_000 * 16 * 1024);
}

#[test]
fn a_connection_past_the_limit_is_told_503_and_a_freed_place_is_used() {
    let running = Running::start(Limits {
        connections: 2,
        ..Limits::default()
    });
    let mut first = running.connect();
    let mut second = running.connect();
    for client in [&mut first, &mut second] {
        client.send(GET.as_bytes());
        assert_eq!(status(&client.answer().0), 200);
    }
    assert_eq!(status(&running.exchange(GET.as_bytes())), 503);
    drop(first);
    // The place is free as soon as the server has seen the close.
    while status(&running.exchange(get("").as_bytes())) == 503 {}
    second.send(GET.as_bytes());
    assert_eq!(status(&second.answer().0), 200);
}

#[test]
fn work_past_the_admitted_is_503_and_waiting_is_no_work() {
    let mut running = Running::with(Limits::default(), |router| router.admitting(1, 1_000_000));
    let mut waiting = running.connect();
    waiting.send(b"GET /native/wait HTTP/1.1\r\nHost: localhost\r\n\r\n");
    running.entered();
    let mut held = running.connect();
    held.send(HOLD.as_bytes());
    running.entered();
    let answer = running.exchange(get("").as_bytes());
    assert_eq!(status(&answer), 503, "{answer}");
    assert!(answer.contains("\"code\":\"overloaded\""), "{answer}");
    assert!(answer.to_lowercase().contains("retry-after: 1"), "{answer}");
    running.app.release.notify_waiters();
    assert_eq!(held.answer().1, "released");
    assert_eq!(waiting.answer().1, "released");
    assert_eq!(status(&running.exchange(get("").as_bytes())), 200);
}

#[test]
fn a_handler_whose_client_leaves_is_given_up() {
    let mut running = Running::start(Limits::default());
    for body in ["", "a body"] {
        let mut leaving = running.connect();
        let length = body.len();
        let request = format!(
            "POST /native/attend HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        leaving.send(request.as_bytes());
        running.entered();
        drop(leaving);
        running.entered();
    }
}

#[test]
fn what_is_pipelined_behind_a_held_request_is_answered_after_it() {
    let mut running = Running::start(Limits::default());
    let mut client = running.connect();
    client.send(HOLD.as_bytes());
    running.entered();
    client.send(b"GET /native/tasks/8 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    running.app.release.notify_waiters();
    assert_eq!(client.answer().1, "released");
    assert_eq!(client.answer().1, "GET id=<8> query=<>");
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let running = Running::start(Limits::default());
    let mut client = running.connect();
    let requests: String = (0..40)
        .map(|id| format!("GET /native/tasks/{id} HTTP/1.1\r\nHost: localhost\r\n\r\n"))
        .collect();
    client.send(requests.as_bytes());
    for id in 0..40 {
        assert_eq!(client.answer().1, format!("GET id=<{id}> query=<>"));
    }
}

#[test]
fn head_answers_carry_the_length_and_no_body() {
    let running = Running::start(Limits::default());
    let answer = running.exchange(get("").replacen("GET", "HEAD", 1).as_bytes());
    assert_eq!(status(&answer), 200, "{answer}");
    assert!(
        answer.to_lowercase().contains("content-length: 20"),
        "{answer}"
    );
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}

#[test]
fn a_handler_that_panics_leaves_the_connection_usable() {
    let running = Running::start(Limits::default());
    let mut client = running.connect();
    client.send(b"GET /native/panics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(status(&client.answer().0), 500);
    client.send(GET.as_bytes());
    assert_eq!(status(&client.answer().0), 200);
}

#[test]
fn a_shutdown_ends_idle_connections_and_lets_the_request_in_progress_end() {
    let mut running = Running::start(Limits::default());
    let mut idle = running.connect();
    idle.send(GET.as_bytes());
    idle.answer();
    let mut held = running.connect();
    held.send(HOLD.as_bytes());
    running.entered();
    running.shut_down();
    assert_eq!(idle.read_out(), "");
    running.app.release.notify_waiters();
    let (head, body) = held.answer();
    assert_eq!((status(&head), body.as_str()), (200, "released"));
    assert!(head.contains("connection: close"), "{head}");
    assert_eq!(held.read_out(), "");
    running.join();
}

#[test]
fn a_request_that_does_not_end_is_cut_when_the_drains_time_is_up() {
    let mut running = Running::start(Limits {
        drain_ms: 100,
        ..Limits::default()
    });
    let mut held = running.connect();
    held.send(HOLD.as_bytes());
    running.entered();
    running.join();
    assert_eq!(held.read_out(), "");
}

#[test]
fn an_upgraded_connection_is_no_longer_timed_as_an_idle_one() {
    let limits = Limits {
        idle_ms: 40,
        header_ms: 40,
        ..Limits::default()
    };
    let running = Running::start(limits);
    let mut upgraded = running.connect();
    upgraded.send(
        b"GET /native/upgrade HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n",
    );
    let (head, _) = upgraded.answer();
    assert_eq!(status(&head), 101, "{head}");
    // Once another connection has been closed for its idleness, this one has been idle for as long.
    let mut idle = running.connect();
    idle.send(GET.as_bytes());
    assert_eq!(status(&idle.answer().0), 200);
    assert_eq!(idle.read_out(), "");
    upgraded.send(b"still here");
    let mut echoed = [0; 10];
    upgraded.stream.read_exact(&mut echoed).expect("the echo");
    assert_eq!(&echoed, b"still here");
}

#[tokio::test]
async fn a_request_with_an_idempotency_key_is_finished_though_its_client_has_gone() {
    for finished in [true, false] {
        let (app, mut entries) = app();
        let router = router(std::sync::Arc::clone(&app));
        let mut arrival = arrival("POST", "/native/finish");
        if finished {
            let key = HeaderValue::from_static("k");
            arrival.head.headers.insert("idempotency-key", key);
        }
        tokio::select! {
            _ = router.handle(arrival) => panic!("nobody has let it go"),
            entered = entries.recv() => assert!(entered.is_some()),
        }
        app.release.notify_waiters();
        if finished {
            assert!(entries.recv().await.is_some());
        } else {
            assert!(entries.try_recv().is_err());
        }
    }
}
