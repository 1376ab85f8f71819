//! What a package sees, and what becomes of its end.

use super::{
    hub::Hub,
    packages::{about, offer, package, project, script},
    robot::Robot,
};
use serde_json::{Value, json};

/// Offers a package, lets it run to its end; its offer's messages are acknowledged. The log's entries and the result.
async fn carried_out(
    hub: &mut Hub,
    package: Vec<u8>,
    change: impl FnOnce(&mut Value),
) -> (Vec<Value>, Value) {
    let robot = Robot::start(hub, &[]);
    let (mut line, hello) = hub.greeted("forget").await;
    assert_eq!(hello["runs"], json!([]));
    let package = hub.package("p", package);
    let mut offered = offer("run-1", 1, &package);
    change(&mut offered);
    line.say(offered.clone());
    let accept = line.next().await;
    assert_eq!(
        accept,
        json!({ "type": "accept", "runInstanceId": "run-1", "fence": 1 })
    );
    assert_eq!(robot.runs(), ["run-1.1"], "promised and not on the disk");
    let mut start = about("start", &offered);
    start["assets"] = json!({ "login": { "userName": "kim", "password": "secret" } });
    line.say(start);
    let mut entries = Vec::new();
    loop {
        let message = line.next().await;
        if message["type"] == "logs" {
            entries.extend(message["entries"].as_array().unwrap().clone());
            continue;
        }
        assert_eq!(message["type"], "result");
        return (entries, message);
    }
}

#[tokio::test]
async fn a_run_gets_its_arguments_and_assets_and_gives_back_what_it_wrote() {
    let mut hub = Hub::start().await;
    let text = r#"
        cp "$LOOMWORK_ARGUMENTS" "$LOOMWORK_RESULT"
        stat -c %a "$LOOMWORK_ARGUMENTS"
        echo "$LOOMWORK_JOB_ID $LOOMWORK_RUN_ID $LOOMWORK_ATTEMPT ${LOOMWORK_CONNECTION:-none}"
        ls
        echo oops >&2
    "#;
    let (entries, result) = carried_out(&mut hub, script(text), |offer| {
        offer["arguments"] = json!({
            "n": { "type": "Int32", "direction": "In", "value": 12 },
            "price": { "type": "Double", "direction": "InOut", "value": 1.5 },
            "out": { "type": "String", "direction": "Out" },
        });
    })
    .await;
    assert_eq!(
        result,
        json!({
            "type": "result", "runInstanceId": "run-1", "fence": 1, "status": "Succeeded", "exitCode": 0,
            "arguments": { "n": 12, "price": 1.5, "login": { "userName": "kim", "password": "secret" } },
        })
    );
    let said = |level: &str| -> Vec<&str> {
        let of_level = entries.iter().filter(|entry| entry["level"] == level);
        of_level
            .map(|entry| entry["message"].as_str().unwrap())
            .collect()
    };
    assert_eq!(said("Info"), ["600", "job-1 run-1 2 none", "main.sh"]);
    assert_eq!(said("Error"), ["oops"]);
    for (at, entry) in entries.iter().enumerate() {
        assert_eq!(entry["seq"], at as u64 + 1);
        assert_eq!(entry["logType"], "Business");
        assert!(entry["at"].as_str().unwrap().ends_with('Z'), "{entry}");
    }
}

#[tokio::test]
async fn the_entry_is_the_command_of_the_package_else_its_project_else_main() {
    let echo = |text: &str| format!("echo {{\\\"by\\\": \\\"{text}\\\"}} > $LOOMWORK_RESULT");
    let by_command = "command = [\"./bin/tool\", \"a b\"]";
    let tool = "#!/bin/sh\necho \"{\\\"by\\\": \\\"$1\\\"}\" > $LOOMWORK_RESULT";
    let project = project("Steps\\first.sh");
    let (first, main) = (echo("project"), echo("main"));
    let python =
        "import json, os\njson.dump({'by': 'python'}, open(os.environ['LOOMWORK_RESULT'], 'w'))";
    let rows: [(&[(&str, &str)], &str); 4] = [
        (
            &[
                ("loomwork.toml", by_command),
                ("bin/tool", tool),
                ("main.sh", &main),
            ],
            "a b",
        ),
        (
            &[
                ("project.json", &project),
                ("Steps/first.sh", &first),
                ("main.sh", &main),
            ],
            "project",
        ),
        (&[("main.sh", &main)], "main"),
        (&[("main.py", python), ("main.sh", &main)], "python"),
    ];
    for (entries, by) in rows {
        let mut hub = Hub::start().await;
        let (logs, result) = carried_out(&mut hub, package(entries), |_| {}).await;
        assert_eq!(
            result["arguments"],
            json!({ "by": by }),
            "{result} {logs:?}"
        );
    }
}

#[tokio::test]
async fn the_end_of_the_process_decides_the_result() {
    let long = "head -c 600000 /dev/zero | tr '\\0' ' ' > $LOOMWORK_RESULT";
    let rows = [
        ("exit 0", "Succeeded", json!(0), ""),
        ("exit 3", "Failed", json!(3), "exit code 3"),
        ("kill -9 $$", "Failed", json!(null), "ended by signal 9"),
        (
            "echo '{' > $LOOMWORK_RESULT",
            "Failed",
            json!(0),
            "malformed result: ",
        ),
        (
            "echo '[]' > $LOOMWORK_RESULT",
            "Failed",
            json!(0),
            "malformed result: it is no JSON object",
        ),
        (
            "mkdir $LOOMWORK_RESULT",
            "Failed",
            json!(0),
            "malformed result: it is no file",
        ),
        (long, "Failed", json!(0), "malformed result: it is longer"),
    ];
    for (text, status, code, message) in rows {
        let mut hub = Hub::start().await;
        let (_, result) = carried_out(&mut hub, script(text), |_| {}).await;
        assert_eq!(result["status"], status, "{text}: {result}");
        assert_eq!(result["exitCode"], code, "{text}: {result}");
        let said = result["message"].as_str().unwrap_or_default();
        assert!(said.starts_with(message), "{text}: {result}");
    }
}

#[tokio::test]
async fn long_output_comes_in_bounded_lines_and_frames_and_in_order() {
    let mut hub = Hub::start().await;
    let robot = Robot::start(&hub, &["--auto-accept"]);
    let (mut line, _) = hub.greeted("forget").await;
    let text = "head -c 20000 /dev/zero | tr '\\0' x; echo; seq 1 60000; printf 'no end'";
    let package = hub.package("p", script(text));
    line.say(offer("run-1", 1, &package));
    let (mut messages, mut last) = (Vec::new(), 0);
    loop {
        let message = line.next().await;
        if message["type"] == "result" {
            assert_eq!(message["status"], "Succeeded");
            if last > 0 && messages.last().is_some_and(|text| text == "no end") {
                break;
            }
            continue;
        }
        for entry in message["entries"].as_array().unwrap() {
            last += 1;
            assert_eq!(entry["seq"], last, "a gap");
            messages.push(entry["message"].as_str().unwrap().to_owned());
        }
        line.say(json!({ "type": "ack", "of": "logs", "runInstanceId": "run-1", "seq": last }));
        if messages.last().is_some_and(|text| text == "no end") {
            break;
        }
    }
    let lengths: Vec<usize> = messages.iter().take(3).map(String::len).collect();
    assert_eq!(lengths, [8192, 8192, 3616]);
    assert_eq!(messages.len(), 3 + 60_000 + 1);
    assert_eq!(messages[3 + 41], "42");
    drop(robot);
}

#[tokio::test]
async fn a_package_is_fetched_once_and_every_run_has_a_fresh_copy() {
    let mut hub = Hub::start().await;
    let robot = Robot::start(&hub, &[]);
    let (mut line, _) = hub.greeted("forget").await;
    let package = hub.package("p", script("ls; touch left-behind"));
    for run in ["run-1", "run-2"] {
        let offered = offer(run, 1, &package);
        line.say(offered.clone());
        line.wait("accept").await;
        line.say(about("start", &offered));
        let logs = line.next().await;
        assert_eq!(logs["entries"].as_array().unwrap().len(), 1, "{logs}");
        assert_eq!(logs["entries"][0]["message"], "main.sh");
        line.wait("result").await;
        line.say(json!({ "type": "ack", "of": "logs", "runInstanceId": run, "seq": 1 }));
        line.say(json!({ "type": "ack", "of": "result", "runInstanceId": run, "fence": 1, "accepted": true }));
    }
    assert_eq!(hub.manners().fetched["p"], 1);
    // Acknowledged means gone; what comes next shows that the acknowledgement has been read.
    let offered = offer("run-3", 1, &package);
    line.say(offered.clone());
    line.wait("accept").await;
    assert_eq!(robot.runs(), ["run-3.1"]);
}

#[tokio::test]
async fn with_auto_accept_an_offer_is_its_own_start() {
    let mut hub = Hub::start().await;
    let _robot = Robot::start(&hub, &["--auto-accept"]);
    let (mut line, hello) = hub.greeted("forget").await;
    assert_eq!(hello["autoAccept"], true);
    let package = hub.package("p", script("cp $LOOMWORK_ARGUMENTS $LOOMWORK_RESULT"));
    let mut offered = offer("run-1", 1, &package);
    offered["assets"] = json!({ "key": "value" });
    line.say(offered);
    let result = line.next().await;
    assert_eq!(result["type"], "result", "{result}");
    assert_eq!(result["arguments"], json!({ "key": "value" }));
    // What it cannot run it cannot refuse any more: it has failed.
    let package = hub.package("x", super::packages::package(&[("Main.xaml", "<a/>")]));
    line.say(offer("run-2", 1, &package));
    let result = line.next().await;
    assert_eq!(
        (&result["type"], &result["status"]),
        (&json!("result"), &json!("Failed"))
    );
}
