//! Offers that a robot does not take.

use super::{
    hub::Hub,
    packages::{Pipe, about, offer, package, project, script},
    robot::Robot,
};
use serde_json::{Value, json};

#[tokio::test]
async fn what_cannot_be_run_is_refused_with_the_reason() {
    let mut hub = Hub::start().await;
    let robot = Robot::start(&hub, &[]);
    let (mut line, _) = hub.greeted("forget").await;
    let good = script("exit 0");
    let xaml = project("Main.xaml");
    let lost = project("lost.py");
    type Change = fn(&mut Value);
    let same: Change = |_| {};
    let rows: [(&str, Vec<u8>, Change, &str, &str); 9] = [
        (
            "xaml",
            package(&[("project.json", &xaml), ("Main.xaml", "<a/>")]),
            same,
            "unsupported",
            "Main.xaml",
        ),
        (
            "nothing",
            package(&[("readme.txt", "-")]),
            same,
            "unsupported",
            "entry",
        ),
        (
            "lost",
            package(&[("project.json", &lost), ("main.sh", "")]),
            same,
            "unsupported",
            "lost.py",
        ),
        (
            "toml",
            package(&[("loomwork.toml", "command = []")]),
            same,
            "unsupported",
            "loomwork.toml",
        ),
        (
            "slip",
            package(&[("main.sh", ""), ("../../evil.sh", "")]),
            same,
            "package",
            "evil",
        ),
        ("no-zip", b"no zip at all".to_vec(), same, "package", "zip"),
        (
            "sha",
            good.clone(),
            |offer| offer["package"]["sha256"] = json!("0".repeat(64)),
            "package",
            "sha256",
        ),
        (
            "size",
            good.clone(),
            |offer| offer["package"]["size"] = json!(3),
            "package",
            "size",
        ),
        (
            "absent",
            good,
            |offer| {
                let url = offer["package"]["url"]
                    .as_str()
                    .unwrap()
                    .replace("absent", "elsewhere");
                offer["package"]["url"] = json!(url);
                offer["package"]["sha256"] = json!("1".repeat(64));
            },
            "package",
            "404",
        ),
    ];
    for (name, bytes, change, reason, message) in rows {
        let package = hub.package(name, bytes);
        let mut offered = offer(&format!("run-{name}"), 1, &package);
        change(&mut offered);
        line.say(offered);
        let reject = line.next().await;
        assert_eq!(reject["type"], "reject", "{name}: {reject}");
        assert_eq!(reject["reason"], reason, "{name}: {reject}");
        let said = reject["message"].as_str().unwrap();
        assert!(said.contains(message), "{name}: {reject}");
    }
    assert!(robot.runs().is_empty(), "a refused offer is on the disk");
}

#[tokio::test]
async fn only_one_run_at_a_time() {
    let mut hub = Hub::start().await;
    let robot = Robot::start(&hub, &[]);
    let (mut line, _) = hub.greeted("forget").await;
    let pipe = Pipe::new(robot.folder.path(), "pipe");
    let text = format!("echo ready; read x < {}", pipe.0.display());
    let package = hub.package("p", script(&text));
    let first = offer("run-1", 1, &package);
    line.say(first.clone());
    line.wait("accept").await;
    line.say(about("start", &first));
    line.wait_for_line("ready").await;
    line.say(offer("run-2", 1, &package));
    let reject = line.wait("reject").await;
    assert_eq!(
        (&reject["runInstanceId"], &reject["reason"]),
        (&json!("run-2"), &json!("busy"))
    );
    pipe.release().await;
    assert_eq!(line.wait("result").await["runInstanceId"], "run-1");
}

#[tokio::test]
async fn an_offer_that_is_taken_back_is_forgotten_and_never_starts() {
    let mut hub = Hub::start().await;
    let robot = Robot::start(&hub, &[]);
    let (mut line, _) = hub.greeted("forget").await;
    let package = hub.package("p", script("exit 0"));
    let first = offer("run-1", 1, &package);
    line.say(first.clone());
    line.wait("accept").await;
    line.say(about("withdraw", &first));
    line.say(about("start", &first));
    let second = offer("run-1", 2, &package);
    line.say(second.clone());
    assert_eq!(line.next().await["fence"], 2);
    assert_eq!(robot.runs(), ["run-1.2"]);
    // A start of the earlier offer is not one of this.
    line.say(about("start", &first));
    line.say(about("start", &second));
    let result = line.wait("result").await;
    assert_eq!(
        (&result["fence"], &result["status"]),
        (&json!(2), &json!("Succeeded"))
    );
}
