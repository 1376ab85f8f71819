//! Two companies with a robot each, and everything that can happen in one: so that each topic of the feed has something to show.
//! Never: looks at the feed.

use crate::support::{Client, Request, Server, Setup, console, models, zip_of};
use serde_json::{Value, json};
use std::collections::VecDeque;

/// A company, as its API key and its robot act for it.
pub struct Company {
    pub key: &'static str,
    robot: &'static str,
    group: &'static str,
}

pub const OURS: Company = Company {
    key: "lwk_ours-0123456789",
    robot: "00000000-0000-4000-8000-0000000000a2",
    group: "00000000-0000-4000-8000-0000000000a3",
};
pub const THEIRS: Company = Company {
    key: "lwk_theirs-0123456789",
    robot: "00000000-0000-4000-8000-0000000000b2",
    group: "00000000-0000-4000-8000-0000000000b3",
};

const SECRET: &str = "robots-0123456789";
const SEED: &str = r#"
[[company]]
id = "00000000-0000-4000-8000-0000000000aa"
name = "Ours"
[[department]]
id = "00000000-0000-4000-8000-0000000000a1"
company = "Ours"
name = "Root of ours"
[[company]]
id = "00000000-0000-4000-8000-0000000000bb"
name = "Theirs"
[[department]]
id = "00000000-0000-4000-8000-0000000000b1"
company = "Theirs"
name = "Root of theirs"
[[api_key]]
company = "Ours"
name = "ours"
key = "lwk_ours-0123456789"
roles = ["CompanyAdmin"]
[[api_key]]
company = "Theirs"
name = "theirs"
key = "lwk_theirs-0123456789"
roles = ["CompanyAdmin"]
[[robot]]
id = "00000000-0000-4000-8000-0000000000a2"
company = "Ours"
department = "Root of ours"
name = "robot a"
secret = "robots-0123456789"
[[robot]]
id = "00000000-0000-4000-8000-0000000000b2"
company = "Theirs"
department = "Root of theirs"
name = "robot b"
secret = "robots-0123456789"
[[group]]
id = "00000000-0000-4000-8000-0000000000a3"
company = "Ours"
department = "Root of ours"
name = "group a"
robots = ["robot a"]
[[group]]
id = "00000000-0000-4000-8000-0000000000b3"
company = "Theirs"
department = "Root of theirs"
name = "group b"
robots = ["robot b"]
"#;

/// A server with both.
pub fn server() -> Server {
    let mut server = Server::prepared(Setup::new().set("api", "auth", "\"token\""));
    console::sow(&server, SEED);
    server.start_again();
    server
}

/// What was made: ids that nobody else may see.
#[derive(Clone, Debug, Default)]
pub struct Made {
    pub instance: String,
    pub job: String,
    pub run: String,
    pub ids: Vec<String>,
}

fn id(of: &Value) -> String {
    of["id"].as_str().unwrap().to_owned()
}

impl Company {
    fn send(&self, client: &mut Client, request: Request) -> Value {
        let bearer = format!("Bearer {}", self.key);
        let answer = client.send(&request.header("Authorization", &bearer));
        assert!(
            (200..300).contains(&answer.status),
            "{} {}",
            answer.status,
            answer.text()
        );
        if answer.body.is_empty() {
            Value::Null
        } else {
            answer.json()
        }
    }

    fn post(&self, client: &mut Client, path: &str, body: &Value) -> Value {
        self.send(client, Request::post(path).json(body))
    }

    fn delete(&self, client: &mut Client, path: &str) {
        self.send(client, Request::new("DELETE", path));
    }

    /// Something of everything, named so.
    pub fn act(&self, server: &Server, name: &str) -> Made {
        let mut client = server.client();
        let mut made = self.processes(&mut client, name);
        self.fail(&mut client, name, &mut made);
        for path in ["/openapi/queues", "/openapi/taskqueues"] {
            let one = id(&self.post(&mut client, path, &json!({ "name": name })));
            self.delete(&mut client, &format!("{path}/{one}"));
            made.ids.push(one);
        }
        let robot = self.post(&mut client, "/openapi/robots", &json!({ "name": name }));
        made.ids.push(id(&robot));
        self.work(server, &mut client, name, &mut made);
        made.ids
            .extend([made.instance.clone(), made.job.clone(), made.run.clone()]);
        made
    }

    /// Three instances with a task each; one ends.
    fn processes(&self, client: &mut Client, name: &str) -> Made {
        let key = format!("{name}-key");
        let deploy = Request::post("/api/v1/deployments").query(&[("name", name)]);
        self.send(
            client,
            deploy.body("application/xml", models::one_task(&key)),
        );
        let body = json!({ "definitionKey": key, "businessKey": name, "name": name });
        let mut made = Made::default();
        let mut task = String::new();
        for _ in 0..3 {
            let one = self.post(client, "/api/v1/instances", &body);
            task = id(&one["tasks"][0]);
            let assign = format!("/api/v1/tasks/{task}/assign");
            self.post(client, &assign, &json!({ "userId": name }));
            made.instance = id(&one);
            made.ids.push(made.instance.clone());
        }
        self.post(
            client,
            &format!("/api/v1/tasks/{task}/complete"),
            &json!({}),
        );
        made
    }

    /// An incident that is resolved.
    fn fail(&self, client: &mut Client, name: &str, made: &mut Made) {
        let key = format!("{name}-fails");
        let deploy = Request::post("/api/v1/deployments").query(&[("name", name)]);
        self.send(
            client,
            deploy.body("application/xml", models::fails_later(&key)),
        );
        let one = id(&self.post(
            client,
            "/api/v1/instances",
            &json!({ "definitionKey": key }),
        ));
        let timers = Request::get("/api/v1/timers").query(&[("instanceId", &one)]);
        let timer = id(&self.send(client, timers)["items"][0]);
        let bearer = format!("Bearer {}", self.key);
        for _ in 0..3 {
            let fire = Request::post(&format!("/api/v1/timers/{timer}/fire"));
            client
                .send(&fire.header("Authorization", &bearer))
                .expect(422);
        }
        let incidents = Request::get("/api/v1/incidents").query(&[("instanceId", &one)]);
        let incident = id(&self.send(client, incidents)["items"][0]);
        let cancel = format!("/api/v1/instances/{one}");
        self.delete(client, &cancel);
        made.ids.extend([one, incident]);
    }

    /// A job that the robot does, with two lines of its log.
    fn work(&self, server: &Server, client: &mut Client, name: &str, made: &mut Made) {
        let project = json!({ "ProjectName": name, "Version": "1.0.0" }).to_string();
        let file = zip_of(&[("project.json", project.as_bytes()), ("main.sh", b"true")]);
        let upload = Request::new("PUT", "/openapi/packages");
        let package = self.send(client, upload.body("application/octet-stream", file));
        let workflow = json!({
            "name": name, "packageId": package["packageId"], "videoRecordMode": "NeverRecord",
            "packageVersionId": package["packageVersionId"], "associatedQueueId": self.group,
        });
        let workflow = id(&self.post(client, "/openapi/workflows", &workflow));
        let execute = format!("/openapi/workflows/{workflow}/execute");
        made.job = id(&self.post(client, &execute, &json!({}))[0]);
        let token = console::robot_token(server, self.robot, SECRET);
        let mut robot = Robot {
            client: server.client().with_token(&token),
            session: Value::Null,
            number: 0,
            heard: VecDeque::new(),
        };
        let hello = json!({
            "type": "hello", "protocol": 1, "version": "1.0", "capabilities": ["sh"], "accepting": true, "runs": [],
        });
        robot.says(hello, "welcome");
        let offer = robot.hears("offer");
        made.run = offer["runInstanceId"].as_str().unwrap().to_owned();
        let about = |kind: &str| json!({ "type": kind, "runInstanceId": made.run, "fence": offer["fence"] });
        robot.says(about("accept"), "start");
        let mut logs = about("logs");
        let line = |seq: u64| {
            json!({
                "seq": seq, "at": "2026-05-21T08:00:00Z", "level": "Info", "logType": "Business", "message": name,
            })
        };
        logs["entries"] = json!([line(1), line(2)]);
        robot.says(logs, "ack");
        let mut result = about("result");
        result["status"] = json!("Succeeded");
        result["exitCode"] = json!(0);
        robot.says(result, "ack");
    }
}

/// A robot that polls.
struct Robot {
    client: Client,
    session: Value,
    number: u64,
    heard: VecDeque<Value>,
}

impl Robot {
    /// Says something, and hears on until a message is of this type.
    fn says(&mut self, message: Value, then: &str) -> Value {
        self.poll(&[message]);
        self.hears(then)
    }

    /// The next message of this type; what comes before it is passed over.
    fn hears(&mut self, kind: &str) -> Value {
        loop {
            while let Some(message) = self.heard.pop_front() {
                if message["type"] == kind {
                    return message;
                }
            }
            self.poll(&[]);
        }
    }

    fn poll(&mut self, messages: &[Value]) {
        self.number += 1;
        let wait_ms = if messages.is_empty() { 10_000 } else { 0 };
        let mut body = json!({ "n": self.number, "waitMs": wait_ms, "messages": messages });
        if !self.session.is_null() {
            body["session"] = self.session.clone();
        }
        let request = Request::post("/robothub/poll").json(&body);
        let told = self.client.send(&request).expect(200).json();
        self.session = told["session"].clone();
        let messages = told["messages"].as_array().unwrap();
        self.heard.extend(messages.iter().cloned());
    }
}
