//! What ends a connection, and with which code.

use crate::{
    line::{Socket, hello},
    seeded,
};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

/// A frame that says that a text of one byte more than 1 MiB follows.
const TOO_LONG: [u8; 14] = [0x81, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 1, 0, 0, 0, 0];

/// What is sent.
enum Sent {
    Text(&'static str),
    Binary(&'static [u8]),
    Raw(&'static [u8]),
}

fn send(socket: &mut Socket, sent: &Sent) {
    match sent {
        Sent::Text(text) => socket.send(Message::text(*text)),
        Sent::Binary(bytes) => socket.send(Message::binary(*bytes)),
        Sent::Raw(bytes) => socket.send_raw(bytes),
    }
}

#[track_caller]
fn assert_ends(socket: Socket, what: &str, code: u16, problem: &str) {
    let (heard, ended) = socket.end();
    assert_eq!(ended, code, "{what}: {heard:?}");
    let last = heard.last().unwrap_or(&Value::Null);
    let said = (&last["type"], &last["code"]);
    assert_eq!(said, (&json!("problem"), &json!(problem)), "{what}: {last}");
}

#[test]
fn what_is_no_hello_ends_the_connection_with_its_code() {
    use Sent::{Binary, Raw, Text};
    let server = seeded();
    let rows = [
        (Text(r#"{"type":"heartbeat"}"#), 4400, "hello-first"),
        (Text(r#"{"type":"dance"}"#), 4400, "hello-first"),
        (Text("hello"), 4400, "malformed"),
        (Text(r#"["hello"]"#), 4400, "malformed"),
        (Text(r#"{"protocol":1}"#), 4400, "malformed"),
        (Text(r#"{"type":1}"#), 4400, "malformed"),
        (Text(r#"{"type":"hello"}"#), 4400, "malformed"),
        (
            Text(r#"{"type":"hello","protocol":1,"runs":[{"fence":1}]}"#),
            4400,
            "malformed",
        ),
        (Text(r#"{"type":"hello","protocol":2}"#), 4426, "version"),
        (
            Binary(br#"{"type":"hello","protocol":1}"#),
            4400,
            "malformed",
        ),
        (Raw(&TOO_LONG), 4400, "too-large"),
    ];
    for (at, (sent, code, problem)) in rows.iter().enumerate() {
        let mut socket = Socket::of_robot(&server);
        send(&mut socket, sent);
        assert_ends(socket, &format!("row {at}"), *code, problem);
    }
}

#[test]
fn after_the_hello_unknown_types_are_passed_over_and_half_messages_end_the_connection() {
    use Sent::{Binary, Raw, Text};
    let server = seeded();
    let rows = [
        (Text(r#"{"type":"hello","protocol":1}"#), "hello-once"),
        (Text(r#"{"type":"accept"}"#), "malformed"),
        (
            Text(r#"{"type":"accept","runInstanceId":"x","fence":1}"#),
            "malformed",
        ),
        (
            Text(
                r#"{"type":"result","runInstanceId":"00000000-0000-4000-8000-000000000001","fence":1}"#,
            ),
            "malformed",
        ),
        (
            Text(
                r#"{"type":"logs","runInstanceId":"00000000-0000-4000-8000-000000000001","fence":1,"entries":[{"seq":0}]}"#,
            ),
            "malformed",
        ),
        (Text("{"), "malformed"),
        (Binary(b"x"), "malformed"),
        (Raw(&TOO_LONG), "too-large"),
    ];
    for (at, (sent, problem)) in rows.iter().enumerate() {
        let mut socket = Socket::welcomed(&server);
        socket.say(&json!({"type": "dance", "steps": ["left", "right"]}));
        socket.say(&json!({"type": "heartbeat", "mood": "good"}));
        send(&mut socket, sent);
        assert_ends(socket, &format!("row {at}"), 4400, problem);
    }
}

#[test]
fn what_is_no_frame_ends_the_connection_as_rfc_6455_says() {
    let server = seeded();
    let mut socket = Socket::welcomed(&server);
    // A reserved bit is set.
    socket.send_raw(&[0xf1, 0x80, 0, 0, 0, 0]);
    assert_eq!(socket.end().1, 1002);
}

#[test]
fn a_newer_connection_ends_the_older_one_whose_run_it_takes_over() {
    let server = seeded();
    let older = Socket::welcomed(&server);
    let mut newer = Socket::of_robot(&server);
    newer.say(&hello());
    assert_eq!(older.end(), (Vec::new(), 4409));
    assert_eq!(newer.hear()["type"], "welcome");
}
