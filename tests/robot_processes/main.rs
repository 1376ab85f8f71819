//! A process with a person's approval and a robot's task, over both APIs, with a robot as an operator has it; the server is
//! killed while the robot works.

mod forwarder;
#[path = "../support/mod.rs"]
mod support;

use forwarder::Forwarder;
use serde_json::{Value, json};
use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use support::{Client, Request, Server, Setup, console::sow, zip_of};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

const KEY: &str = "lwk_robot-processes-0123456789";
const GROUP: &str = "30f57ce8-2530-4d30-b9d1-f6352a0381c1";
const ROBOT: &str = "bfdd9398-f2f9-4b10-8341-60944e87da1e";
const SECRET: &str = "r1-secret-0123456789";

const SEED: &str = r#"
[[company]]
name = "Encootech"
[[department]]
company = "Encootech"
name = "Head office"
[[api_key]]
company = "Encootech"
name = "console"
key = "lwk_robot-processes-0123456789"
roles = ["CompanyAdmin"]
[[robot]]
id = "bfdd9398-f2f9-4b10-8341-60944e87da1e"
company = "Encootech"
department = "Head office"
name = "r1"
secret = "r1-secret-0123456789"
[[group]]
id = "30f57ce8-2530-4d30-b9d1-f6352a0381c1"
company = "Encootech"
department = "Head office"
name = "g1"
robots = ["r1"]
"#;

const MODEL: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:activiti="http://activiti.org/bpmn" targetNamespace="t">
  <process id="add"><startEvent id="s"/><sequenceFlow id="f1" sourceRef="s" targetRef="approve"/>
  <userTask id="approve" name="Approve"/><sequenceFlow id="f2" sourceRef="approve" targetRef="robot"/>
  <serviceTask id="robot" activiti:type="rpa"><extensionElements>
    <activiti:field name="workflow" stringValue="Add one"/>
    <activiti:field name="in:a" expression="${amount}"/>
    <activiti:field name="out:sum" stringValue="total"/></extensionElements></serviceTask>
  <sequenceFlow id="f3" sourceRef="robot" targetRef="check"/><userTask id="check" name="Check"/>
  <sequenceFlow id="f4" sourceRef="check" targetRef="e"/><endEvent id="e"/></process></definitions>"#;

/// What the robot runs: it says that it has begun, and goes on when somebody opens the pipe.
fn script(folder: &Path) -> String {
    let (begun, go) = (folder.join("begun"), folder.join("go"));
    format!(
        "import json, os\n\
         open({begun:?}, 'w').close()\n\
         open({go:?}).close()\n\
         with open(os.environ['LOOMWORK_ARGUMENTS']) as f: a = json.load(f)['a']\n\
         with open(os.environ['LOOMWORK_RESULT'], 'w') as f: json.dump({{'sum': a + 1}}, f)\n"
    )
}

fn seeded() -> Server {
    let mut server = Server::prepared(Setup::new());
    sow(&server, SEED);
    server.start_again();
    server
}

fn robot(server: &Server, hub: &Forwarder) -> Child {
    let base = format!("http://{}", hub.address);
    Command::new(env!("CARGO_BIN_EXE_loomwork"))
        .arg("robot")
        .arg("--dir")
        .arg(server.directory().join("robot"))
        .env(
            "LOOMWORK_CONNECTION",
            format!(
                "HubUrl={base}/robothub;ClientId={ROBOT};ClientSecret={SECRET};AuthenticationUrl={base}/connect/token"
            ),
        )
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("loomwork robot: {error}"))
}

/// A request to the console.
fn console(client: &mut Client, method: &str, path: &str, body: Option<&Value>) -> Value {
    let mut request = Request::new(method, &format!("/openapi{path}"))
        .header("Authorization", &format!("Bearer {KEY}"));
    if let Some(body) = body {
        request = request.json(body);
    }
    client.send(&request).expect(200).json()
}

/// A package of the script and a workflow of it that the group runs.
fn furnish(client: &mut Client, folder: &Path) {
    let arguments = json!({"Arguments": [
        {"Name": "a", "Type": "System.Int32", "Direction": "In", "DefaultValue": "1"},
        {"Name": "sum", "Type": "System.Int32", "Direction": "Out"},
    ]});
    let package = zip_of(&[
        (
            "project.json",
            br#"{"ProjectName":"Add","Version":"1.0.0"}"#,
        ),
        ("arguments.json", arguments.to_string().as_bytes()),
        ("main.py", script(folder).as_bytes()),
    ]);
    let upload = Request::new("PUT", "/openapi/packages")
        .header("Authorization", &format!("Bearer {KEY}"))
        .body("application/octet-stream", package);
    let uploaded = client.send(&upload).expect(200).json();
    let workflow = json!({
        "name": "Add one", "packageId": uploaded["packageId"], "packageVersionId": uploaded["packageVersionId"],
        "associatedQueueId": GROUP, "maxRetryCount": 0,
    });
    console(client, "POST", "/workflows", Some(&workflow));
}

/// What is read, once it is there.
fn until<T>(what: &str, mut read: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = read() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "still no {what}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

fn items(client: &mut Client, path: &str) -> Vec<Value> {
    let list = client.native("GET", path, None);
    list["items"].as_array().cloned().unwrap_or_default()
}

/// The instance's only open task, when it is this one.
fn task(client: &mut Client, instance: &str, activity: &str) -> String {
    until(activity, || {
        let tasks = items(client, &format!("/tasks?instanceId={instance}"));
        let task = tasks
            .into_iter()
            .find(|task| task["activityId"] == activity)?;
        task["id"].as_str().map(str::to_owned)
    })
}

#[test]
fn a_person_approves_and_a_robot_works_also_when_the_server_is_killed_meanwhile() {
    let mut server = seeded();
    let folder = server.directory().to_owned();
    let mut client = server.client();
    let pipe = Command::new("mkfifo").arg(folder.join("go")).status();
    assert!(pipe.is_ok_and(|made| made.success()), "mkfifo");
    furnish(&mut client, &folder);
    client.deploy("add.bpmn", MODEL);
    let start = json!({"definitionKey": "add", "variables": {"amount": 41}});
    let started = client.native("POST", "/instances", Some(&start));
    let instance = started["id"].as_str().unwrap_or_default().to_owned();
    let approve = task(&mut client, &instance, "approve");
    client.native(
        "POST",
        &format!("/tasks/{approve}/complete"),
        Some(&json!({})),
    );

    // Both sides name each other.
    let activities = items(
        &mut client,
        &format!("/instances/{instance}/activities?state=open"),
    );
    let group = activities[0]["jobGroupId"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let job = until("job", || {
        let jobs = console(
            &mut client,
            "GET",
            &format!("/jobs?JobGroupId={group}"),
            None,
        );
        jobs["list"].get(0).cloned()
    });
    assert_eq!(job["jobSubjectId"], instance.as_str());
    assert_eq!(
        (&job["source"], &job["state"]),
        (&json!("Process"), &json!("Queued"))
    );

    let hub = Forwarder::to(server.address());
    let mut robot = robot(&server, &hub);
    until("run", || folder.join("begun").exists().then_some(()));
    server.kill();
    server.start_again();
    hub.lead_to(server.address());
    let mut client = server.client();
    let path = format!("/jobs/{}", job["id"].as_str().unwrap_or_default());
    let running = console(&mut client, "GET", &path, None);
    assert_eq!(running["state"], "Running", "{running}");
    fs::write(folder.join("go"), "").unwrap_or_else(|error| panic!("go: {error}"));
    let check = task(&mut client, &instance, "check");
    let variables = client.native("GET", &format!("/instances/{instance}/variables"), None);
    assert_eq!(variables["total"], 42, "{variables}");
    let jobs = console(&mut client, "GET", "/jobs", None);
    assert_eq!(jobs["count"], 1, "{jobs}");
    assert_eq!(jobs["list"][0]["state"], "Succeeded", "{jobs}");
    client.native(
        "POST",
        &format!("/tasks/{check}/complete"),
        Some(&json!({})),
    );
    let ended = client.native("GET", &format!("/instances/{instance}"), None);
    assert_eq!(ended["state"], "completed");
    // It may have ended by itself.
    let _ = robot.kill();
    let _ = robot.wait();
}
