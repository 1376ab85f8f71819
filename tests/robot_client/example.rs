//! The example in another language keeps the protocol too.

use super::{
    hub::Hub,
    packages::{about, offer, package, script},
    robot::connection,
};
use serde_json::json;
use std::path::Path;
use tokio::process::{Child, Command};

fn start(hub: &Hub, folder: &Path, options: &[&str]) -> Child {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/robot.py");
    Command::new("python3")
        .arg("-B")
        .arg(example)
        .args(options)
        .current_dir(folder)
        .env("LOOMWORK_CONNECTION", connection(hub))
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

#[tokio::test]
async fn the_example_runs_packages_over_both_transports() {
    for options in [&[][..], &["--poll"]] {
        let mut hub = Hub::start().await;
        let folder = tempfile::tempdir().unwrap();
        let mut robot = start(&hub, folder.path(), options);
        let (mut line, hello) = hub.greeted("forget").await;
        assert_eq!(
            (&hello["protocol"], &hello["runs"]),
            (&json!(1), &json!([]))
        );
        let strange = hub.package("x", package(&[("Main.xaml", "<a/>")]));
        line.say(offer("run-0", 1, &strange));
        assert_eq!(line.wait("reject").await["reason"], "unsupported");
        let text = "echo one; echo two >&2; cp $LOOMWORK_ARGUMENTS $LOOMWORK_RESULT";
        let mut offered = offer("run-1", 1, &hub.package("p", script(text)));
        offered["arguments"] = json!({ "n": { "type": "Int32", "direction": "In", "value": 1 } });
        line.say(offered.clone());
        line.wait("accept").await;

        // Killed after its promise, it names it and keeps it.
        robot.kill().await.unwrap();
        let _robot = start(&hub, folder.path(), options);
        let (mut line, hello) = hub.greeted("start").await;
        assert_eq!(hello["runs"][0]["state"], "accepted");
        line.say(about("start", &offered));
        let mut said = Vec::new();
        let result = loop {
            let message = line.next().await;
            if message["type"] == "result" {
                break message;
            }
            for entry in message["entries"].as_array().unwrap() {
                said.push((entry["level"].clone(), entry["message"].clone()));
                let seq = &entry["seq"];
                line.say(
                    json!({ "type": "ack", "of": "logs", "runInstanceId": "run-1", "seq": seq }),
                );
            }
        };
        assert!(said.contains(&(json!("Info"), json!("one"))), "{said:?}");
        assert!(said.contains(&(json!("Error"), json!("two"))), "{said:?}");
        assert_eq!(result["status"], "Succeeded");
        assert_eq!(result["arguments"], json!({ "n": 1 }));
        line.cut();
        let (mut line, hello) = hub.greeted("continue").await;
        assert_eq!(hello["runs"][0]["state"], "finished");
        assert_eq!(line.wait("result").await["arguments"], json!({ "n": 1 }));
    }
}

#[tokio::test]
async fn the_example_cancels() {
    let mut hub = Hub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let _robot = start(&hub, folder.path(), &[]);
    let (mut line, _) = hub.greeted("forget").await;
    let package = hub.package("p", script("echo ready; exec tail -f /dev/null"));
    let offered = offer("run-1", 1, &package);
    line.say(offered.clone());
    line.wait("accept").await;
    line.say(about("start", &offered));
    line.wait_for_line("ready").await;
    line.say(json!({ "type": "ack", "of": "logs", "runInstanceId": "run-1", "seq": 1 }));
    line.say(about("cancel", &offered));
    assert_eq!(line.wait("result").await["status"], "Cancelled");
}
