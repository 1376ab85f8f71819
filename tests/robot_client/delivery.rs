//! Nothing that was promised is lost and nothing runs twice, whoever dies.

use super::{
    hub::{Hub, Line},
    packages::{Pipe, about, offer, script, state_of},
    robot::Robot,
};
use serde_json::{Value, json};
use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::Path,
};

/// Offers, accepts, starts.
async fn started(line: &mut Line, offered: &Value) {
    line.say(offered.clone());
    line.wait("accept").await;
    line.say(about("start", offered));
}

#[tokio::test]
async fn logs_and_results_are_sent_again_after_a_cut_until_they_are_acknowledged() {
    let mut hub = Hub::start().await;
    let robot = Robot::start(&hub, &[]);
    let (mut line, _) = hub.greeted("forget").await;
    let package = hub.package("p", script("echo one; echo two"));
    started(&mut line, &offer("run-1", 7, &package)).await;
    let result = line.wait("result").await;
    line.cut();

    let (mut line, hello) = hub.greeted("continue").await;
    let named = json!([{ "runInstanceId": "run-1", "fence": 7, "state": "finished" }]);
    assert_eq!(hello["runs"], named);
    let mut seqs = Vec::new();
    let again = loop {
        let message = line.next().await;
        if message["type"] == "result" {
            break message;
        }
        let entries = message["entries"].as_array().unwrap().iter();
        seqs.extend(entries.map(|entry| entry["seq"].as_u64().unwrap()));
    };
    assert_eq!(seqs, [1, 2]);
    assert_eq!(again, result);
    line.say(json!({ "type": "ack", "of": "logs", "runInstanceId": "run-1", "seq": 1 }));
    line.say(json!({
        "type": "ack", "of": "result", "runInstanceId": "run-1", "fence": 7, "accepted": false, "reason": "duplicate",
    }));
    line.say(json!({ "type": "offer of something unknown", "x": 1 }));
    line.cut();

    // The second line was not acknowledged; the result was.
    let (mut line, hello) = hub.greeted("continue").await;
    assert_eq!(hello["runs"], json!([]));
    let logs = line.next().await;
    assert_eq!(
        logs["entries"].as_array().unwrap().last().unwrap()["seq"],
        2
    );
    line.say(json!({ "type": "ack", "of": "logs", "runInstanceId": "run-1", "seq": 2 }));
    line.say(offer("run-2", 1, &package));
    line.wait("accept").await;
    assert_eq!(robot.runs(), ["run-2.1"]);
}

#[tokio::test]
async fn a_robot_killed_in_the_middle_kills_what_is_left_and_does_not_name_it() {
    let mut hub = Hub::start().await;
    let mut robot = Robot::start(&hub, &[]);
    let (mut line, _) = hub.greeted("forget").await;
    let pipe = Pipe::new(robot.folder.path(), "pipe");
    let (count, pid) = (robot.place("count"), robot.place("pid"));
    let text = format!(
        "echo ran >> {}; echo $$ > {}; echo ready; read x < {}",
        count.display(),
        pid.display(),
        pipe.0.display()
    );
    let package = hub.package("p", script(&text));
    started(&mut line, &offer("run-1", 1, &package)).await;
    line.wait_for_line("ready").await;
    let pid = fs::read_to_string(pid).unwrap();
    let tear = |state: &Path| {
        let logs = state.join("runs/run-1.1/logs");
        let mut file = OpenOptions::new().append(true).open(logs).unwrap();
        file.write_all(b"{\"seq\":2,\"mess").unwrap();
    };
    robot.kill_and_restart_after(&hub, tear).await;
    let (mut line, hello) = hub.greeted("forget").await;
    assert_eq!(hello["runs"], json!([]));
    assert_eq!(state_of(&pid), None, "the left-over process runs on");
    // What it had said is not lost; half a line is none.
    let logs = line.wait("logs").await;
    let entries = logs["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 1, "{logs}");
    assert_eq!(entries[0]["message"], "ready");
    line.say(offer("run-2", 1, &package));
    line.wait("accept").await;
    assert_eq!(fs::read_to_string(count).unwrap(), "ran\n");
}

#[tokio::test]
async fn a_robot_killed_after_its_accept_names_it_and_runs_it_once() {
    let mut hub = Hub::start().await;
    let mut robot = Robot::start(&hub, &[]);
    let (mut line, _) = hub.greeted("forget").await;
    let count = robot.place("count");
    let package = hub.package("p", script(&format!("echo ran >> {}", count.display())));
    let offered = offer("run-1", 3, &package);
    line.say(offered.clone());
    line.wait("accept").await;
    robot.kill_and_restart(&hub).await;
    let (mut line, hello) = hub.greeted("start").await;
    let named = json!([{ "runInstanceId": "run-1", "fence": 3, "state": "accepted" }]);
    assert_eq!(hello["runs"], named);
    assert!(!count.exists(), "it ran before its start");
    line.say(about("start", &offered));
    line.say(about("start", &offered));
    assert_eq!(line.wait("result").await["status"], "Succeeded");
    robot.kill_and_restart(&hub).await;
    let (mut line, hello) = hub.greeted("continue").await;
    assert_eq!(hello["runs"][0]["state"], "finished");
    assert_eq!(line.wait("result").await["status"], "Succeeded");
    assert_eq!(fs::read_to_string(count).unwrap(), "ran\n");
}

#[tokio::test]
async fn a_run_goes_on_while_the_connection_is_cut() {
    let mut hub = Hub::start().await;
    let robot = Robot::start(&hub, &[]);
    let (mut line, _) = hub.greeted("forget").await;
    let pipe = Pipe::new(robot.folder.path(), "pipe");
    let text = format!("echo ready; read x < {}; echo done", pipe.0.display());
    let package = hub.package("p", script(&text));
    started(&mut line, &offer("run-1", 1, &package)).await;
    line.wait_for_line("ready").await;
    line.cut();
    pipe.release().await;
    let mut line = hub.line().await;
    let hello = line.next().await;
    let state = hello["runs"][0]["state"].as_str().unwrap();
    assert!(["running", "finished"].contains(&state), "{hello}");
    line.welcome(&hello, "continue", (30_000, 300_000));
    assert_eq!(line.wait("result").await["status"], "Succeeded");
}

#[tokio::test]
async fn what_the_server_does_not_know_is_forgotten() {
    let mut hub = Hub::start().await;
    let robot = Robot::start(&hub, &[]);
    let (mut line, _) = hub.greeted("forget").await;
    let pipe = Pipe::new(robot.folder.path(), "pipe");
    let text = format!("exec 3> {}; echo begun >&3; read x", pipe.0.display());
    let text = format!("{text}; exec tail -f /dev/null");
    let package = hub.package("p", script(&text));
    started(&mut line, &offer("run-1", 1, &package)).await;
    let held = pipe.opened().await;
    line.cut();
    let (mut line, hello) = hub.greeted("forget").await;
    assert_eq!(hello["runs"][0]["state"], "running");
    let said = held.until_end().await;
    assert!(["", "begun\n"].contains(&said.as_str()), "{said}");
    // Nothing of it is said, and the robot is free for another.
    let accepted = loop {
        line.say(offer("run-2", 1, &package));
        let message = line.next().await;
        if message["type"] != "reject" {
            break message;
        }
        assert_eq!(message["reason"], "busy");
    };
    assert_eq!(accepted["type"], "accept");
    assert_eq!(robot.runs(), ["run-2.1"]);
}
