//! A package, a group with two robots and a workflow of a company, and robots that speak by hand.

use super::{ADMIN, COMPANY, FOREIGN, OTHER, Server, dgs};
use actors::robots::{
    Outbox, Session,
    message::{FromRobot, Hello, Line, RunRef, ToRobot},
};
use codec::{Tenant, Value};
use rpa::{
    Guid,
    execution::{ResultStatus, RunResult},
    registry::{Action, Command, LabelSettings, Reported, RobotSettings},
    terms::Stamp,
};
use std::time::Duration;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a company has.
pub struct World {
    pub token: &'static str,
    pub package: String,
    pub version: String,
    pub group: String,
    pub robots: [String; 2],
    pub workflow: String,
}

impl World {
    /// Of the company that most stories are of.
    pub async fn new(server: &Server) -> World {
        World::of(server, ADMIN, COMPANY, 0xa00).await
    }

    /// Of the other one.
    pub async fn foreign(server: &Server) -> World {
        World::of(server, FOREIGN, OTHER, 0xb00).await
    }

    async fn of(server: &Server, token: &'static str, company: &str, ids: u128) -> World {
        let company = company.parse().expect("an id");
        let found = server.state.engine.organisation.look(|organisation| {
            let tenancy = &organisation.tenancy;
            let tenant = tenancy.company(company)?.tenant;
            Some((tenant, tenancy.root(tenant)?.id))
        });
        let (tenant, root) = found.expect("a company");
        let department = Guid(root.0);
        let (group, robots) = (Guid(ids), [Guid(ids + 1), Guid(ids + 2)]);
        let label = |name: &str| LabelSettings {
            name: Some(name.to_owned()),
            ..LabelSettings::default()
        };
        let mut actions = vec![Action::CreateGroup {
            id: group,
            department,
            label: label("g"),
        }];
        for (n, id) in robots.into_iter().enumerate() {
            actions.push(Action::CreateRobot {
                id,
                queue: Guid(id.0 + 0x10),
                department,
                settings: RobotSettings {
                    label: label(&format!("r{}", n + 1)),
                    management: None,
                },
            });
        }
        let robots_in = robots.to_vec();
        actions.push(Action::AddRobots {
            group,
            robots: robots_in,
        });
        for action in actions {
            change(server, tenant, action).await;
        }
        let (package, version) = server.upload(token, &[], dgs("Add", "1.0.0", "x")).await;
        let mut world = World {
            token,
            package,
            version,
            group: group.to_string(),
            robots: robots.map(|id| id.to_string()),
            workflow: String::new(),
        };
        let target = format!(r#""associatedQueueId":"{}","maxRetryCount":0"#, world.group);
        world.workflow = world.make(server, "w", &target).await;
        world
    }

    /// Makes a workflow of the package with these fields, too; its id.
    pub async fn make(&self, server: &Server, name: &str, fields: &str) -> String {
        let comma = if fields.is_empty() { "" } else { "," };
        let body = format!(
            r#"{{"name":"{name}","packageId":"{}","packageVersionId":"{}"{comma}{fields}}}"#,
            self.package, self.version
        );
        let json = [("content-type", "application/json")];
        let request = "POST /openapi/workflows";
        let told = server.send(self.token, request, &json, body).await.json();
        tick(server);
        told["id"].as_str().expect("an id").to_owned()
    }

    /// Executes a workflow; its first job.
    pub async fn execute(&self, server: &Server, workflow: &str, body: &str) -> String {
        let json = [("content-type", "application/json")];
        let request = format!("POST /openapi/workflows/{workflow}/execute");
        let told = server.send(self.token, &request, &json, body.to_owned());
        let told = told.await.json();
        tick(server);
        told[0]["id"].as_str().expect("an id").to_owned()
    }
}

/// What comes next is later.
fn tick(server: &Server) {
    let clock = &server.state.engine.clock;
    assert!(clock.set(clock.now_ms() + 1), "a manual clock");
}

/// Changes what is configured.
pub async fn change(server: &Server, tenant: Tenant, action: Action) {
    let command = Command {
        tenant,
        by: Stamp::default(),
        action,
    };
    let done = server.state.engine.change_registry(command).await;
    done.expect("a change");
}

/// A robot that says what the story says.
pub struct Speaker {
    session: Session,
    outbox: Outbox,
}

impl Speaker {
    /// Connects and waits for the welcome.
    pub async fn connect(server: &Server, robot: &str) -> Speaker {
        let engine = &server.state.engine;
        let hello = Hello {
            reported: Reported {
                version: Some("1.0".to_owned()),
                sdk_version: Some("1.1".to_owned()),
                device_id: Some("2836f935-3c0b-4ce3-8cc3-77324f8df68d".to_owned()),
                capabilities: vec!["python".to_owned()],
            },
            accepting: true,
            auto_accept: false,
            runs: Vec::new(),
        };
        let id = robot.parse().expect("an id");
        let connected = engine.robots.connect(engine.core(), id, hello).await;
        let (session, outbox) = connected.expect("a connection");
        let mut speaker = Speaker { session, outbox };
        let welcome = speaker.hears().await;
        assert!(matches!(welcome, ToRobot::Welcome(_)), "{welcome:?}");
        speaker
    }

    pub fn says(&self, said: FromRobot) {
        self.session.say(said);
    }

    /// The next message.
    pub async fn hears(&mut self) -> ToRobot {
        let heard = tokio::time::timeout(PATIENCE, self.outbox.recv()).await;
        heard.expect("a message in time").expect("a connection")
    }

    /// Takes the next offer and is told to start.
    pub async fn starts(&mut self) -> RunRef {
        let offer = match self.hears().await {
            ToRobot::Offer(offer) => offer,
            other => panic!("no offer but {other:?}"),
        };
        self.says(FromRobot::Accept(offer.run));
        let start = self.hears().await;
        assert!(matches!(start, ToRobot::Start { .. }), "{start:?}");
        offer.run
    }

    /// Sends lines of a log and waits until they are kept.
    pub async fn logs(&mut self, run: RunRef, count: u64) {
        let lines = (1..=count).map(|seq| Line {
            seq,
            at_ms: seq.cast_signed(),
            level: if seq == 2 { "Error" } else { "Info" }.to_owned(),
            kind: "Business".to_owned(),
            message: format!("line {seq}"),
        });
        let lines = lines.collect();
        self.says(FromRobot::Logs { run, lines });
        let kept = self.hears().await;
        assert!(matches!(kept, ToRobot::AckLogs { .. }), "{kept:?}");
    }

    /// Reports a result and waits until it is taken.
    pub async fn reports(&mut self, run: RunRef, status: ResultStatus) {
        let result = RunResult {
            status,
            exit_code: Some(0),
            outputs: vec![
                ("sum".to_owned(), Value::Int(42)),
                ("more".to_owned(), Value::Bool(true)),
            ],
            message: Some("that is all".to_owned()),
        };
        self.says(FromRobot::Result { run, result });
        let taken = self.hears().await;
        assert!(
            matches!(taken, ToRobot::AckResult { taken: Ok(()), .. }),
            "{taken:?}"
        );
    }
}
