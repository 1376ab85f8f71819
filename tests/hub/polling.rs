//! The numbers and sessions of robots that poll.

use crate::{
    line::{hello, poll},
    seeded,
    support::{
        Client, Server,
        console::{ROBOT, SECRET, robot_token},
    },
};
use serde_json::{Value, json};

fn client(server: &Server) -> Client {
    server
        .client()
        .with_token(&robot_token(server, ROBOT, SECRET))
}

/// Says hello; the session.
fn session(client: &mut Client) -> Value {
    let body = json!({"n": 1, "messages": [hello()]});
    poll(client, &body).expect(200).json()["session"].clone()
}

#[test]
fn the_same_number_gets_the_same_answer_and_another_order_is_refused() {
    let server = seeded();
    let mut client = client(&server);
    let session = session(&mut client);
    let next = |n: u64| json!({"session": session, "n": n, "messages": [{"type": "heartbeat"}]});
    let first = poll(&mut client, &next(2)).expect(200).json();
    assert_eq!(poll(&mut client, &next(2)).expect(200).json(), first);
    for (n, status) in [(4, 409), (1, 409), (3, 200), (2, 409), (3, 200)] {
        let answer = poll(&mut client, &next(n));
        assert_eq!(answer.status, status, "n {n}: {}", answer.text());
    }
}

#[test]
fn an_unknown_session_is_told_to_say_hello_again() {
    let server = seeded();
    let mut client = client(&server);
    for name in ["00000000-0000-4000-8000-000000000001", "nonsense"] {
        let answer = poll(
            &mut client,
            &json!({"session": name, "n": 2, "messages": []}),
        );
        assert_eq!(answer.expect(409).json()["code"], "unknown-session");
    }
    // A session does not outlive the server; its robot comes in again.
    let kept = session(&mut client);
    let mut server = server;
    server.kill();
    server.start_again_here();
    let next = json!({"session": kept, "n": 2, "messages": []});
    poll(&mut client, &next).expect(409);
    let again = session(&mut client);
    let next = json!({"session": again, "n": 2, "messages": []});
    poll(&mut client, &next).expect(200);
}

#[test]
fn what_is_malformed_is_refused_and_ends_the_session() {
    let server = seeded();
    let mut client = client(&server);
    let bodies = [
        json!([]),
        json!({"messages": [hello()]}),
        json!({"n": 1, "messages": "hello"}),
        json!({"n": 1, "messages": ["hello"]}),
        json!({"n": 1, "session": 5, "messages": []}),
        json!({"n": 1, "waitMs": "long", "messages": [hello()]}),
        json!({"n": 1, "messages": []}),
        json!({"n": 1, "messages": [{"type": "heartbeat"}]}),
        json!({"n": 1, "messages": [hello(), hello()]}),
        json!({"n": 1, "messages": [{"type": "hello", "protocol": 2}]}),
    ];
    for body in bodies {
        let answer = poll(&mut client, &body);
        assert_eq!(answer.status, 400, "{body}: {}", answer.text());
    }
    let session = session(&mut client);
    let bad = json!({"session": session, "n": 2, "messages": [{"type": "accept"}]});
    assert_eq!(
        poll(&mut client, &bad).expect(400).json()["code"],
        "malformed"
    );
    let next = json!({"session": session, "n": 3, "messages": []});
    poll(&mut client, &next).expect(409);
}

#[test]
fn a_message_is_no_longer_than_over_a_websocket() {
    let server = seeded();
    let mut client = client(&server);
    let kept = session(&mut client);
    // Of an unknown type: it is left aside, whatever it says.
    let long = |bytes: usize| json!({"type": "later", "text": "x".repeat(bytes)});
    let three = [long(700_000), long(700_000), long(700_000)];
    let many = json!({"session": kept, "n": 2, "messages": three});
    poll(&mut client, &many).expect(200);
    let one = json!({"session": kept, "n": 3, "messages": [long(1_100_000)]});
    assert_eq!(
        poll(&mut client, &one).expect(400).json()["code"],
        "too-large"
    );
    let first = json!({"n": 1, "messages": [hello(), long(1_100_000)]});
    poll(&mut client, &first).expect(400);
}

#[test]
fn a_newer_session_ends_the_older_one() {
    let server = seeded();
    let mut client = client(&server);
    let older = session(&mut client);
    session(&mut client);
    let next = json!({"session": older, "n": 2, "waitMs": 10_000, "messages": []});
    let told = poll(&mut client, &next);
    // Its end is told once, or the session is swept already.
    assert!([200, 409].contains(&told.status), "{}", told.text());
    let next = json!({"session": older, "n": 3, "messages": []});
    poll(&mut client, &next).expect(409);
}
