//! How a robot comes, what it does where there is no WebSocket, and when it does not come again.

use super::{
    hub::Hub,
    packages::{about, offer, script},
    robot::{Robot, connection},
};
use serde_json::json;
use std::process::Command;

#[tokio::test]
async fn hello_says_what_the_protocol_asks_for() {
    let mut hub = Hub::start().await;
    let _robot = Robot::start(&hub, &[]);
    let hello = hub.line().await.next().await;
    let has = |name: &str| {
        hello["capabilities"]
            .as_array()
            .unwrap()
            .contains(&json!(name))
    };
    assert_eq!(hello["protocol"], 1);
    assert_eq!(hello["accepting"], true);
    assert_eq!(hello["autoAccept"], false);
    assert_eq!(hello["runs"], json!([]));
    assert!(hello["version"].is_string());
    assert!(has("sh") && has("command"), "{hello}");
}

#[tokio::test]
async fn a_robot_comes_again_until_the_server_is_there() {
    let mut hub = Hub::start().await;
    hub.manners().is_down = true;
    let _robot = Robot::start(&hub, &[]);
    hub.manners().is_down = false;
    for code in [4400, 4408, 1001] {
        let (line, _) = hub.greeted("forget").await;
        line.close(code);
    }
    hub.greeted("forget").await;
}

#[tokio::test]
async fn heartbeats_come_as_often_as_the_server_asks() {
    let mut hub = Hub::start().await;
    let _robot = Robot::start(&hub, &[]);
    let mut line = hub.line().await;
    let hello = line.next().await;
    line.welcome(&hello, "forget", (50, 300_000));
    for _ in 0..3 {
        assert_eq!(line.any().await, json!({ "type": "heartbeat" }));
    }
}

#[tokio::test]
async fn without_websockets_the_same_is_said_by_polling_and_no_answer_is_lost() {
    for (options, has_no_socket) in [(&["--poll"][..], false), (&[], true)] {
        let mut hub = Hub::start().await;
        hub.manners().has_no_socket = has_no_socket;
        let robot = Robot::start(&hub, options);
        let (mut line, _) = hub.greeted("forget").await;
        assert!(line.by_poll);
        // What is lost is an answer within the session, not the one that makes it.
        assert_eq!(line.any().await, json!({ "type": "heartbeat" }));
        let package = hub.package(
            "p",
            script("echo one; echo two >&2; echo '{\"a\":1}' > $LOOMWORK_RESULT"),
        );
        let offered = offer("run-1", 1, &package);
        hub.manners().lost_answers = 2;
        line.say(offered.clone());
        line.wait("accept").await;
        hub.manners().lost_answers = 2;
        line.say(about("start", &offered));
        let result = line.wait("result").await;
        assert_eq!(result["arguments"], json!({ "a": 1 }));
        // The session is gone: the robot says hello again, with what is not delivered.
        line.cut();
        let (mut line, hello) = hub.greeted("continue").await;
        assert_eq!(hello["runs"][0]["state"], "finished");
        line.wait("result").await;
        line.say(json!({ "type": "ack", "of": "logs", "runInstanceId": "run-1", "seq": 2 }));
        line.say(json!({ "type": "ack", "of": "result", "runInstanceId": "run-1", "fence": 1, "accepted": true }));
        robot.terminate();
        line.wait("accepting").await;
        line.wait("bye").await;
        assert_eq!(robot.end().await.0, Some(0));
    }
}

#[tokio::test]
async fn a_robot_ends_with_the_reason_when_there_is_no_sense_in_going_on() {
    let rows: [(u16, bool, i32, &str, &[&str]); 4] = [
        (
            4409,
            false,
            4,
            "another robot has connected with this id",
            &[],
        ),
        (
            4409,
            false,
            4,
            "another robot has connected with this id",
            &["--poll"],
        ),
        (4426, false, 5, "version", &[]),
        (4401, true, 3, "refuses this robot's id and secret", &[]),
    ];
    for (close, refuses_secret, code, text, options) in rows {
        let mut hub = Hub::start().await;
        let robot = Robot::start(&hub, options);
        let (line, _) = hub.greeted("forget").await;
        hub.manners().refuses_secret = refuses_secret;
        line.close(close);
        let (ended, said) = robot.end().await;
        assert_eq!(ended, Some(code), "{close}: {said}");
        assert!(said.contains(text), "{close}: {said}");
    }
}

#[tokio::test]
async fn a_token_that_ended_alone_is_asked_for_again() {
    let mut hub = Hub::start().await;
    let _robot = Robot::start(&hub, &[]);
    let (line, _) = hub.greeted("forget").await;
    line.close(4401);
    hub.greeted("forget").await;
}

#[tokio::test]
async fn two_robots_on_one_directory_are_one_too_many() {
    let mut hub = Hub::start().await;
    let robot = Robot::start(&hub, &[]);
    hub.greeted("forget").await;
    let second = Command::new(env!("CARGO_BIN_EXE_loomwork"))
        .args(["robot", "--connection", &connection(&hub), "--dir"])
        .arg(robot.place("state"))
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(6));
}

#[test]
fn a_connection_string_that_is_none_is_explained_without_its_secret() {
    let good = [
        "HubUrl=http://h/robothub",
        "ClientId=r1",
        "ClientSecret=s3cret",
        "AuthenticationUrl=http://h/connect/token",
    ];
    let rows = [
        (vec![], "HubUrl is missing"),
        (
            vec![good[0], good[1], good[2]],
            "AuthenticationUrl is missing",
        ),
        (
            vec![good[0], good[1], good[2], "AuthenticationUrl=nowhere"],
            "AuthenticationUrl 'nowhere'",
        ),
        (
            vec!["HubUrl=ftp://h/", good[1], good[2], good[3]],
            "https://",
        ),
        (vec![good[0], "ClientId=../x", good[2], good[3]], "ClientId"),
        (
            vec![good[0], good[1], good[2], good[2], good[3]],
            "ClientSecret is said twice",
        ),
        (vec![good[0], "s3cret"], "'='"),
    ];
    for (parts, text) in rows {
        let output = Command::new(env!("CARGO_BIN_EXE_loomwork"))
            .args(["robot", "--connection", &parts.join(";")])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{parts:?}: {said}");
        assert!(said.contains(text), "{parts:?}: {said}");
        assert!(!said.contains("s3cret"), "{said}");
    }
    let output = Command::new(env!("CARGO_BIN_EXE_loomwork"))
        .args(["robot", "--connection", &good.join(";")])
        .args(["--ca", "/does/not/exist.pem"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("/does/not/exist.pem"), "{said}");
}
