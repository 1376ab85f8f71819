//! Runs that are paused, cancelled, too long, out of contact, or whose robot is told to end.

use super::{
    hub::{Hub, Line, PATIENCE},
    packages::{Pipe, about, offer, script, state_of},
    robot::Robot,
};
use serde_json::{Value, json};
use std::fs;

/// A robot with a run that has said `ready`; the pipe that lets it go on; its offer.
async fn ready(
    hub: &mut Hub,
    before: &str,
    change: impl FnOnce(&mut Value),
) -> (Robot, Line, Pipe, Value) {
    let robot = Robot::start(hub, &[]);
    let (mut line, _) = hub.greeted("forget").await;
    let pipe = Pipe::new(robot.folder.path(), "pipe");
    let text = format!(
        "echo $$ > {}; {before}; echo ready; read x < {}; echo done",
        robot.place("pid").display(),
        pipe.0.display()
    );
    let package = hub.package("p", script(&text));
    let mut offered = offer("run-1", 1, &package);
    change(&mut offered);
    line.say(offered.clone());
    line.wait("accept").await;
    line.say(about("start", &offered));
    line.wait_for_line("ready").await;
    (robot, line, pipe, offered)
}

#[tokio::test]
async fn a_paused_run_stands_still_until_it_is_resumed() {
    let mut hub = Hub::start().await;
    let (robot, mut line, pipe, offered) = ready(&mut hub, ":", |_| {}).await;
    let pid = fs::read_to_string(robot.place("pid")).unwrap();
    line.say(about("pause", &offered));
    let paused = line.wait("paused").await;
    assert_eq!(
        paused,
        json!({ "type": "paused", "runInstanceId": "run-1", "fence": 1 })
    );
    // The signal has been sent; the machine may take a moment.
    let stands_still = async {
        while state_of(&pid) != Some('T') {
            tokio::task::yield_now().await;
        }
    };
    let stood = tokio::time::timeout(PATIENCE, stands_still).await;
    stood.expect("the run does not stand still");
    line.cut();
    let (mut line, hello) = hub.greeted("continue").await;
    assert_eq!(hello["runs"][0]["state"], "paused");
    line.say(about("resume", &offered));
    line.wait("resumed").await;
    pipe.release().await;
    assert_eq!(line.wait("result").await["status"], "Succeeded");
}

#[tokio::test]
async fn a_cancelled_run_may_clean_up_and_is_cancelled() {
    let mut hub = Hub::start().await;
    let trap = "trap 'echo cleaned; exit 0' TERM";
    for paused in [false, true] {
        let (_robot, mut line, _pipe, offered) = ready(&mut hub, trap, |_| {}).await;
        if paused {
            line.say(about("pause", &offered));
            line.wait("paused").await;
        }
        line.say(about("cancel", &offered));
        line.wait_for_line("cleaned").await;
        let result = line.wait("result").await;
        assert_eq!(result["status"], "Cancelled");
        assert_eq!(result["exitCode"], 0);
    }
}

#[tokio::test]
async fn a_cancelled_run_that_does_not_end_is_killed_with_all_it_started() {
    let mut hub = Hub::start().await;
    let begin =
        "trap '' TERM; (trap '' TERM; exec tail -f /dev/null) & echo $! > \"$LOOMWORK_RESULT.pid\"";
    let (robot, mut line, _pipe, offered) = ready(&mut hub, begin, |_| {}).await;
    let child = robot.place("state/runs/run-1.1/out.json.pid");
    let child = fs::read_to_string(child).unwrap();
    assert!(state_of(&child).is_some());
    let mut cancel = about("cancel", &offered);
    cancel["killAfterMs"] = json!(100);
    line.say(cancel);
    assert_eq!(line.wait("result").await["status"], "Cancelled");
    assert_eq!(state_of(&child), None, "a child of the run lives on");
}

#[tokio::test]
async fn a_run_over_its_time_has_failed() {
    let mut hub = Hub::start().await;
    let limit = |offer: &mut Value| offer["maxRunMs"] = json!(500);
    let (_robot, mut line, _pipe, _) = ready(&mut hub, ":", limit).await;
    let result = line.wait("result").await;
    assert_eq!(result["status"], "Failed");
    assert_eq!(result["message"], "time limit");
}

#[tokio::test]
async fn a_run_without_contact_is_ended_before_the_server_gives_it_up() {
    let mut hub = Hub::start().await;
    let robot = Robot::start(&hub, &[]);
    let mut line = hub.line().await;
    let hello = line.next().await;
    line.welcome(&hello, "forget", (100, 1_000));
    let pipe = Pipe::new(robot.folder.path(), "pipe");
    let text = format!(
        "echo ready; exec 3> {}; exec tail -f /dev/null",
        pipe.0.display()
    );
    let package = hub.package("p", script(&text));
    let offered = offer("run-1", 1, &package);
    line.say(offered.clone());
    line.wait("accept").await;
    line.say(about("start", &offered));
    line.wait_for_line("ready").await;
    let held = pipe.opened().await;
    hub.manners().is_down = true;
    line.cut();
    held.until_end().await;
    hub.manners().is_down = false;
    let (mut line, hello) = hub.greeted("continue").await;
    assert_eq!(hello["runs"][0]["state"], "finished");
    let result = line.wait("result").await;
    assert_eq!(result["message"], "no contact with the server");
}

#[tokio::test]
async fn a_robot_told_to_end_ends_its_run_delivers_and_says_bye() {
    let mut hub = Hub::start().await;
    let (robot, mut line, _pipe, _) = ready(&mut hub, "trap 'exit 0' TERM", |_| {}).await;
    robot.terminate();
    assert_eq!(line.wait("accepting").await["value"], false);
    let result = line.wait("result").await;
    assert_eq!(
        (&result["status"], &result["message"]),
        (&json!("Failed"), &json!("robot stopped"))
    );
    line.say(json!({ "type": "ack", "of": "result", "runInstanceId": "run-1", "fence": 1, "accepted": true }));
    line.wait("bye").await;
    let (code, said) = robot.end().await;
    assert_eq!(code, Some(0), "{said}");
}
