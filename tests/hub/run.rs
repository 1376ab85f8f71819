//! A whole run by hand over both transports; where the value of an asset is seen, and where it is not.

use crate::{
    line::{Line, Polling, Socket, about},
    seeded,
    support::{
        Console, Request, Server,
        console::{GROUP, text},
    },
};
use serde_json::{Value, json};

/// Stands nowhere but in `start`.
const PASSWORD: &str = "p4ss-that-nobody-shows";

const ARGUMENTS: &[u8] = br#"{"Arguments":[
    {"Name":"n","Type":"System.Int32","Direction":"In","DefaultValue":"7"},
    {"Name":"login","Type":"System.String","Direction":"In"},
    {"Name":"sum","Type":"System.Int32","Direction":"Out"}]}"#;

/// A workflow whose argument `login` comes from an asset; the workflow's id.
fn furnish(console: &mut Console) -> String {
    let asset = json!({
        "name": "login", "type": "Credential", "userName": "ann", "password": PASSWORD,
    });
    let asset = text(&console.post("/openapi/assets", &asset)["id"]);
    let login = json!({
        "name": "login", "type": "System.String", "direction": "In", "defaultValue": asset, "assetContent": {},
    });
    let settings = json!({
        "associatedQueueId": GROUP, "maxRetryCount": 0, "arguments": [login],
    });
    let files: [(&str, &[u8]); 2] = [("arguments.json", ARGUMENTS), ("main.sh", b"true")];
    console.workflow("w", &files, &settings)
}

#[test]
fn a_whole_run_is_the_same_over_a_websocket_and_by_polling() {
    let server = seeded();
    let mut console = Console::sign_in(&server);
    let workflow = furnish(&mut console);
    let polling = Line::Polling(Box::new(Polling::welcomed(&server)));
    tell(&server, &mut console, &workflow, polling);
    let socket = Line::Socket(Box::new(Socket::welcomed(&server)));
    tell(&server, &mut console, &workflow, socket);
}

/// From an execute to the end of its job.
fn tell(server: &Server, console: &mut Console, workflow: &str, mut line: Line) {
    let job = console.execute(workflow, &json!({})).remove(0);
    let offer = line.hears("offer");
    assert_offer(server, &offer, &job);
    // Another fence is of no offer: the robot is told to drop it, and the offer stands.
    let mut other = about("accept", &offer);
    other["fence"] = json!(offer["fence"].as_u64().unwrap_or_default() + 1);
    line.say(&other);
    line.say(&about("accept", &offer));
    let withdrawn = line.hears("withdraw");
    assert_eq!(withdrawn["fence"], other["fence"]);
    let start = line.hears("start");
    let login = json!({"userName": "ann", "password": PASSWORD});
    assert_eq!(start["assets"], json!({"login": login}));
    assert_eq!(start["runInstanceId"], offer["runInstanceId"]);

    let mut progress = about("progress", &offer);
    progress["percent"] = json!(50);
    line.say(&progress);
    line.say(&json!({"type": "dance"}));
    let mut logs = about("logs", &offer);
    let entry = |seq: u64| {
        json!({
            "seq": seq, "at": "2026-05-21T08:00:00Z", "level": "Info", "logType": "Business",
            "message": format!("line {seq}"),
        })
    };
    logs["entries"] = json!([entry(1), entry(2)]);
    line.say(&logs);
    let kept = line.hears("ack");
    assert_eq!((&kept["of"], &kept["seq"]), (&json!("logs"), &json!(2)));

    let mut result = about("result", &offer);
    result["status"] = json!("Succeeded");
    result["exitCode"] = json!(0);
    result["arguments"] = json!({"sum": 8});
    let taken = |line: &mut Line, result: &Value| {
        line.say(result);
        let ack = line.hears("ack");
        assert_eq!(ack["of"], "result", "{ack}");
        (ack["accepted"].clone(), ack["reason"].clone())
    };
    let mut stale = result.clone();
    stale["fence"] = other["fence"].clone();
    assert_eq!(taken(&mut line, &stale), (json!(false), json!("stale")));
    assert_eq!(taken(&mut line, &result), (json!(true), Value::Null));
    let again = taken(&mut line, &result);
    assert_eq!(again, (json!(false), json!("duplicate")));
    assert_ended(console, &job);
}

fn assert_offer(server: &Server, offer: &Value, job: &str) {
    assert_eq!(offer["jobId"], job);
    assert_eq!(offer["attempt"], 1);
    assert_eq!(offer["workflowName"], "w");
    assert_eq!(offer["acceptWithinMs"], 10_000);
    let n = json!({"type": "System.Int32", "direction": "In", "value": 7});
    assert_eq!(offer["arguments"]["n"], n);
    assert!(offer.get("assets").is_none(), "{offer}");
    assert!(!offer.to_string().contains(PASSWORD), "{offer}");
    let url = text(&offer["package"]["url"]);
    let path = url
        .strip_prefix(&server.base())
        .expect("an absolute address");
    let bytes = server.client().send(&Request::get(path)).expect(200).body;
    assert_eq!(offer["package"]["size"], bytes.len());
}

fn assert_ended(console: &mut Console, job: &str) {
    let shown = console.ended(job);
    assert_eq!(shown["state"], "Succeeded");
    let run = text(&shown["lastRunInstaceId"]);
    let result = console.get(&format!("/openapi/runinstances/{run}/result"));
    let sum = result["arguments"].as_array().into_iter().flatten();
    let sum = sum.filter(|argument| argument["name"] == "sum");
    let sum: Vec<_> = sum
        .map(|argument| argument["defaultValue"].clone())
        .collect();
    assert_eq!(sum, [json!("8")], "{result}");
    let logs = console.get(&format!("/openapi/runinstances/{run}/logs"));
    let lines = logs["data"].as_array().into_iter().flatten();
    let lines: Vec<_> = lines.map(|line| line["message"].clone()).collect();
    assert_eq!(lines, [json!("line 2"), json!("line 1")]);
    let seen = [
        "/openapi/assets".to_owned(),
        "/openapi/workflows".to_owned(),
        format!("/openapi/jobs/{job}"),
        format!("/openapi/jobs/{job}/runinstances"),
        format!("/openapi/runinstances/{run}"),
    ];
    for path in seen {
        let shown = console.get(&path).to_string();
        assert!(!shown.contains(PASSWORD), "{path}: {shown}");
    }
}
