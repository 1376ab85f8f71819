//! Handshakes and frames that no good client sends, and those that a good one may: RFC 6455, case by case.

use crate::{
    raw::{Got, Raw, frame, handshake, with_mask},
    support::{Server, Setup, models},
    watcher::Watcher,
};
use serde_json::json;

const ASK: &[u8] = br#"{"op":"x"}"#;
const TOO_LONG: usize = 1024 * 1024 + 1;

#[test]
fn a_handshake_of_another_site_or_without_its_parts_is_refused() {
    let setup = Setup::new().set("http", "allowed_origins", "[\"https://tool.example.org\"]");
    let server = Server::start(setup);
    let address = server.address();
    let plain = format!("GET /api/v1/live HTTP/1.1\r\nHost: {address}\r\n\r\n");
    let old = handshake(address, "").replace("Version: 13", "Version: 8");
    let keyless = handshake(address, "").replace("Sec-WebSocket-Key", "X");
    let other_host =
        handshake(address, "").replace(&format!("Host: {address}"), "Host: evil.example");
    let rows = [
        (handshake(address, ""), 101),
        (
            handshake(address, &format!("Origin: http://{address}\r\n")),
            101,
        ),
        (
            handshake(address, "Origin: https://tool.example.org\r\n"),
            101,
        ),
        (handshake(address, "Origin: https://evil.example\r\n"), 403),
        (handshake(address, "Origin: null\r\n"), 403),
        (handshake(address, "Sec-Fetch-Site: cross-site\r\n"), 403),
        (other_host, 400),
        (plain, 400),
        (old, 400),
        (keyless, 400),
    ];
    for (head, status) in rows {
        assert_eq!(Raw::ask(address, &head).1, status, "{head}");
    }
}

/// What is sent after a hello, and what comes back.
fn cases() -> Vec<(&'static str, Vec<u8>, Vec<Got>)> {
    let problem = || Got::Text("unknown-op".to_owned());
    let parts = |parts: &[Vec<u8>]| parts.concat();
    let closed = |code: u16| vec![Got::Closed(code)];
    let mut cases = vec![
        ("one frame", frame(0x81, ASK), vec![problem()]),
        (
            "fragments with control frames in between",
            parts(&[
                frame(0x01, &ASK[..3]),
                frame(0x89, b"are you there"),
                frame(0x00, &ASK[3..5]),
                frame(0x8a, b"unasked"),
                frame(0x80, &ASK[5..]),
            ]),
            vec![Got::Pong(b"are you there".to_vec()), problem()],
        ),
        (
            "empty fragments",
            parts(&[frame(0x01, b""), frame(0x00, ASK), frame(0x80, b"")]),
            vec![problem()],
        ),
        (
            "a character cut in two by a fragment",
            parts(&[frame(0x01, b"{\"op\":\"\xe4\xbd"), frame(0x80, b"\xa0\"}")]),
            vec![problem()],
        ),
        ("an empty ping", frame(0x89, b""), vec![Got::Pong(vec![])]),
        (
            "the longest ping",
            frame(0x89, &[7; 125]),
            vec![Got::Pong(vec![7; 125])],
        ),
        (
            "a ping that is too long",
            frame(0x89, &[7; 126]),
            closed(1002),
        ),
        ("a ping in fragments", frame(0x09, b"x"), closed(1002)),
        ("a reserved bit", frame(0xc1, ASK), closed(1002)),
        ("a reserved type", frame(0x83, ASK), closed(1002)),
        ("a reserved control type", frame(0x8b, b""), closed(1002)),
        ("an end without a beginning", frame(0x80, ASK), closed(1002)),
        (
            "a beginning within a message",
            parts(&[frame(0x01, ASK), frame(0x81, ASK)]),
            closed(1002),
        ),
        ("no mask", with_mask(0x81, ASK, false), closed(1002)),
        ("binary", frame(0x82, ASK), closed(1003)),
        (
            "text that is not UTF-8",
            frame(0x81, b"{\"op\":\"\xff\"}"),
            closed(1007),
        ),
        ("a surrogate", frame(0x81, b"\xed\xa0\x80"), closed(1007)),
        (
            "a character that ends too early",
            frame(0x81, b"\xe4\xbd"),
            closed(1007),
        ),
        (
            "a frame that is too long",
            frame(0x81, &vec![b' '; TOO_LONG]),
            closed(1009),
        ),
        (
            "fragments that are too long together",
            parts(&[
                frame(0x01, &vec![b' '; TOO_LONG / 2 + 1]),
                frame(0x80, &vec![b' '; TOO_LONG / 2 + 1]),
            ]),
            closed(1009),
        ),
        (
            "a length of eight bytes that no memory has",
            vec![
                0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0,
            ],
            closed(1009),
        ),
        (
            "a close",
            frame(0x88, &[0x03, 0xe8, b'b', b'y', b'e']),
            closed(1000),
        ),
        ("a close without a code", frame(0x88, b""), closed(1005)),
        (
            "a close with half a code",
            frame(0x88, b"\x03"),
            closed(1002),
        ),
        (
            "a close whose reason is not UTF-8",
            frame(0x88, b"\x03\xe8\xff"),
            closed(1007),
        ),
    ];
    for code in [0_u16, 999, 1004, 1005, 1006, 1015, 2999] {
        let payload = code.to_be_bytes();
        cases.push((
            "a close with a code that may not be sent",
            frame(0x88, &payload),
            closed(1002),
        ));
    }
    for code in [1000_u16, 1011, 3000, 4999] {
        let payload = code.to_be_bytes();
        cases.push((
            "a close with a code that may be sent",
            frame(0x88, &payload),
            closed(code),
        ));
    }
    cases
}

#[test]
fn frames_are_answered_or_closed_as_rfc_6455_says() {
    let server = Server::start(Setup::new());
    for (name, sent, expected) in cases() {
        let mut raw = Raw::connect(server.address(), true);
        raw.send(&sent);
        for expected in expected {
            let got = raw.hear();
            let met = match (&expected, &got) {
                (Got::Text(part), Got::Text(whole)) => whole.contains(part.as_str()),
                (expected, got) => expected == got,
            };
            assert!(met, "{name}: {got:?}, not {expected:?}");
        }
    }
    Watcher::connect(&server);
}

#[test]
fn thousands_of_subscriptions_and_sockets_that_come_and_go_leave_the_server_as_it_was() {
    let server = Server::start(Setup::new().set("live", "subscriptions", "100"));
    let mut client = server.client();
    client.deploy("a.bpmn", &models::one_task("a"));
    let mut watcher = Watcher::connect(&server);
    for n in 0..3_000 {
        watcher.say(&json!({ "op": "subscribe", "id": n.to_string(), "topic": "tasks" }));
        let op = watcher.hear()["op"].clone();
        assert_eq!(op, if n < 100 { "state" } else { "problem" }, "{n}");
    }
    let sockets = std::env::var("LOOMWORK_LIVE_SOCKETS");
    let sockets: u32 = sockets.map_or(2_000, |sockets| sockets.parse().unwrap());
    for n in 0..sockets {
        let mut raw = Raw::connect(server.address(), n % 2 == 0);
        if n % 4 == 0 {
            raw.send(&frame(
                0x81,
                br#"{"op":"subscribe","id":"a","topic":"instances"}"#,
            ));
        }
    }
    let one = client.native("POST", "/instances", Some(&json!({ "definitionKey": "a" })));
    let heard = watcher.until(|message| message["id"] == "99");
    assert_eq!(heard.len(), 100, "each subscription hears it once");
    assert_eq!(heard[0]["item"]["instanceId"], one["id"]);
    assert!(server.resident_bytes() < 400 << 20);
}

#[test]
fn filters_are_bounded_together() {
    let server = Server::start(Setup::new());
    let mut watcher = Watcher::connect(&server);
    let ids: Vec<String> = (0..1_000).map(|n| n.to_string()).collect();
    let ask = |watcher: &mut Watcher, n: usize, filter: serde_json::Value| {
        let wanted = json!({ "op": "subscribe", "id": n.to_string(), "topic": "instances", "filter": filter });
        watcher.say(&wanted);
        let told = watcher.hear();
        (told["op"].clone(), told["code"].clone())
    };
    let state = (json!("state"), json!(null));
    let refused = (json!("problem"), json!("too-many-values"));
    for n in 0..19 {
        assert_eq!(
            ask(&mut watcher, n, json!({ "businessKey": ids })),
            state,
            "{n}"
        );
    }
    let long = json!({ "definitionKey": "x".repeat(600_000) });
    assert_eq!(ask(&mut watcher, 100, long), refused);
    assert_eq!(
        ask(&mut watcher, 101, json!({ "businessKey": ids })),
        refused
    );
    assert_eq!(
        ask(&mut watcher, 102, json!({})),
        state,
        "there is room for a few"
    );
}
