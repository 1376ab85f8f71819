//! Who may connect, and what ends when a robot has a new secret.

use crate::{
    line::{Socket, hello, poll},
    seeded,
    support::{
        Console, Request, Server,
        console::{ROBOT, SECRET, robot_token, text, token},
    },
};
use serde_json::json;

/// The status of an attempt to connect over a WebSocket and of one by polling.
fn attempts(server: &Server, token: Option<&str>) -> (u16, u16) {
    let upgrade = Request::get("/robothub")
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("Sec-WebSocket-Protocol", "loomwork.robot.v1");
    let body = json!({"n": 1, "messages": [hello()]});
    let polled = Request::post("/robothub/poll").json(&body);
    let status = |request: Request| {
        let request = match token {
            Some(token) => request.header("Authorization", &format!("Bearer {token}")),
            None => request,
        };
        server.client().send(&request).status
    };
    (status(upgrade), status(polled))
}

#[test]
fn only_a_robot_with_a_token_connects() {
    let server = seeded();
    let person = Console::sign_in(&server).token().to_owned();
    let robot = robot_token(&server, ROBOT, SECRET);
    let rows = [
        ("nobody", None, (401, 401)),
        ("a made up token", Some("abc"), (401, 401)),
        ("a person", Some(person.as_str()), (403, 403)),
        ("a robot", Some(robot.as_str()), (101, 200)),
    ];
    for (who, token, expected) in rows {
        assert_eq!(attempts(&server, token), expected, "{who}");
    }
    let secret = [
        ("grant_type", "client_credentials"),
        ("client_id", ROBOT),
        ("client_secret", "another-secret-000"),
    ];
    token(&mut server.client(), &secret).expect(400);
}

#[test]
fn a_handshake_without_the_subprotocol_is_refused() {
    let server = seeded();
    let robot = robot_token(&server, ROBOT, SECRET);
    let mut client = server.client().with_token(&robot);
    client.get("/robothub", &[]).expect(400);
    let upgrade = Request::get("/robothub")
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    client.send(&upgrade).expect(400);
    let other = upgrade.header("Sec-WebSocket-Protocol", "chat");
    client.send(&other).expect(400);
}

#[test]
fn a_new_secret_ends_the_connection_the_token_and_the_old_secret() {
    let server = seeded();
    let mut console = Console::sign_in(&server);
    let old = robot_token(&server, ROBOT, SECRET);
    let socket = Socket::welcomed(&server);
    let told = console.post(&format!("/openapi/robots/{ROBOT}/secret"), &json!({}));
    assert_eq!(told["id"], ROBOT);
    assert_eq!(socket.end(), (Vec::new(), 4401));
    assert_eq!(attempts(&server, Some(&old)), (401, 401));
    let connection = text(&told["connectionString"]);
    let secret = connection
        .split(';')
        .find_map(|part| part.strip_prefix("ClientSecret="))
        .expect("a secret");
    let refused = [
        ("grant_type", "client_credentials"),
        ("client_id", ROBOT),
        ("client_secret", SECRET),
    ];
    token(&mut server.client(), &refused).expect(400);
    let new = robot_token(&server, ROBOT, secret);
    assert_eq!(attempts(&server, Some(&new)), (101, 200));
}

#[test]
fn a_new_secret_ends_a_connection_that_has_not_said_hello() {
    let server = seeded();
    let mut console = Console::sign_in(&server);
    let mut early = Socket::of_robot(&server);
    let told = console.post(&format!("/openapi/robots/{ROBOT}/secret"), &json!({}));
    let connection = text(&told["connectionString"]);
    let secret = connection.split("ClientSecret=").nth(1);
    let secret = secret.and_then(|rest| rest.split(';').next());
    let new = robot_token(&server, ROBOT, secret.expect("a secret"));
    let mut good = Socket::open(&server, &new);
    good.say(&hello());
    assert_eq!(good.hear()["type"], "welcome");
    early.say(&hello());
    assert_eq!(early.end(), (Vec::new(), 4401));
    // Whoever has the new one stays.
    let path = format!("/openapi/robots/{ROBOT}");
    assert_eq!(console.get(&path)["status"], "Ready");
    drop(good);
}

#[test]
fn a_new_secret_ends_a_session_that_polls() {
    let server = seeded();
    let mut console = Console::sign_in(&server);
    let token = robot_token(&server, ROBOT, SECRET);
    let mut client = server.client().with_token(&token);
    let first = json!({"n": 1, "messages": [hello()]});
    let session = poll(&mut client, &first).expect(200).json()["session"].clone();
    console.post(&format!("/openapi/robots/{ROBOT}/secret"), &json!({}));
    let next = json!({"session": session, "n": 2, "messages": []});
    poll(&mut client, &next).expect(401);
}
