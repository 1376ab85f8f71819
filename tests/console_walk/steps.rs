//! The steps of the walk: what is sent, and what its answer has.
//!
//! Owns: each step's request and expectation; answers may have more. Never: decides when the server is killed, but for
//! the step that is about that.

use crate::support::{
    Console, Request, Robot, Server, Setup,
    console::{COMPANY, DEPARTMENT, GROUP, ROBOT, SECRET, SEED, sow, text, token},
    until, zip_of,
};
use serde_json::{Value, json};

/// A step.
type Step = fn(&mut Walk);

/// All of them, by their numbers.
pub const STEPS: [(u32, Step); 14] = [
    (1, signs_in),
    (2, sees_its_companies),
    (3, sees_the_departments),
    (4, uploads_a_package),
    (5, finds_the_group),
    (6, makes_a_workflow),
    (7, executes_it),
    (8, a_robot_runs_the_job),
    (9, reads_the_result),
    (10, reads_the_log),
    (11, sees_that_robot_and_workflow_know),
    (12, everything_survives_a_kill),
    (13, rotates_the_refresh_token),
    (14, deletes_what_is_no_longer_used),
];

/// How far the walk is.
pub struct Walk {
    robot: Option<Robot>,
    server: Server,
    console: Option<Console>,
    refresh: String,
    package: String,
    version: String,
    workflow: String,
    job: String,
    run: String,
}

impl Walk {
    /// A server with the data of the seed.
    pub fn begin() -> Walk {
        let mut server = Server::prepared(Setup::new());
        sow(&server, SEED);
        server.start_again();
        Walk {
            robot: None,
            server,
            console: None,
            refresh: String::new(),
            package: String::new(),
            version: String::new(),
            workflow: String::new(),
            job: String::new(),
            run: String::new(),
        }
    }

    /// `kill -9`, and on at the same address: the robot knows no other.
    pub fn kill_and_start_again(&mut self) {
        self.server.kill();
        self.server.start_again_here();
        if let Some(console) = &mut self.console {
            console.again(&self.server);
        }
    }

    fn console(&mut self) -> &mut Console {
        self.console.as_mut().expect("step 1 signs in")
    }
}

/// That an answer has all that is expected; it may have more members.
#[track_caller]
fn assert_has(answer: &Value, expected: &Value) {
    let has = match (answer, expected) {
        (Value::Object(_), Value::Object(members)) => {
            for (name, value) in members {
                assert!(answer.get(name).is_some(), "no {name} in {answer}");
                assert_has(&answer[name], value);
            }
            true
        }
        (Value::Array(items), Value::Array(wanted)) => {
            assert_eq!(items.len(), wanted.len(), "{answer}");
            for (item, wanted) in items.iter().zip(wanted) {
                assert_has(item, wanted);
            }
            true
        }
        (answer, expected) => answer == expected,
    };
    assert!(has, "{answer} instead of {expected}");
}

/// That a member is a text with something in it.
#[track_caller]
fn some(answer: &Value, name: &str) -> String {
    let found = text(&answer[name]);
    assert!(!found.is_empty(), "no {name} in {answer}");
    found
}

fn signs_in(walk: &mut Walk) {
    let form = [
        ("client_id", "thirdpartyservice"),
        ("grant_type", "password"),
        ("username", "admin@encootech.com"),
        ("password", "123456"),
    ];
    let told = token(&mut walk.server.client(), &form).expect(200).json();
    assert_has(&told, &json!({"expires_in": 3600, "token_type": "Bearer"}));
    some(&told, "scope");
    walk.refresh = some(&told, "refresh_token");
    walk.console = Some(Console::with(&walk.server, &some(&told, "access_token")));
}

fn sees_its_companies(walk: &mut Walk) {
    let bearer = format!("Bearer {}", walk.console().token());
    let request = Request::get("/OpenApi/companies/CompanyList").header("Authorization", &bearer);
    let told = walk.server.client().send(&request).expect(200).json();
    let company = json!({
        "id": COMPANY, "companyId": COMPANY, "name": "Encootech", "edition": "Enterprise",
    });
    assert_has(&told, &json!({"companies": [company]}));
    some(&told["companies"][0], "companyUserId");
}

fn sees_the_departments(walk: &mut Walk) {
    let told = walk.console().get("/openapi/departments/tree");
    let root = json!({
        "id": DEPARTMENT, "departmentId": DEPARTMENT, "parentId": COMPANY, "children": [],
    });
    assert_has(&told, &json!({"count": 1, "rootDepartment": root}));
}

/// A package that adds one to `a`; other bytes come of another greeting.
fn adding(greeting: &str) -> Vec<u8> {
    let project = json!({"ProjectName": "Add", "Version": "1.0.0"}).to_string();
    let arguments = json!({"Arguments": [
        {"Name": "a", "Type": "System.Int32", "Direction": "In", "DefaultValue": "1"},
        {"Name": "sum", "Type": "System.Int32", "Direction": "Out"},
    ]});
    let program = format!(
        "import json, os\n\
         arguments = json.load(open(os.environ['LOOMWORK_ARGUMENTS']))\n\
         print('{greeting}')\n\
         json.dump({{'sum': arguments['a'] + 1}}, open(os.environ['LOOMWORK_RESULT'], 'w'))\n"
    );
    zip_of(&[
        ("project.json", project.as_bytes()),
        ("arguments.json", arguments.to_string().as_bytes()),
        ("main.py", program.as_bytes()),
    ])
}

fn uploads_a_package(walk: &mut Walk) {
    let console = walk.console();
    let told = console.upload(&adding("hi")).expect(200).json();
    let named = json!({"packageName": "Add", "currentVersion": "1.0.0", "lastVersion": "1.0.0"});
    assert_has(&told, &named);
    assert_eq!(console.upload(&adding("hi")).expect(200).json(), told);
    console.upload(&adding("ho")).expect(400);
    walk.package = some(&told, "packageId");
    walk.version = some(&told, "packageVersionId");
}

fn finds_the_group(walk: &mut Walk) {
    let request = Request::get("/openapi/queues?PageIndex=0&&PageSize=20").json(&json!({}));
    let told = walk.console().send(request).expect(200).json();
    let group = json!({"id": GROUP, "robotCount": 1});
    assert_has(&told, &json!({"count": 1, "list": [group]}));
}

fn makes_a_workflow(walk: &mut Walk) {
    let body = json!({
        "Name": "w", "PackageId": walk.package, "PackageVersionId": walk.version, "AssociatedQueueId": GROUP,
        "Priority": 2000, "MaxRetryCount": 0, "TriggerPolicy": 1, "VideoRecordMode": 0,
    });
    let told = walk.console().post("/openapi/workflows", &body);
    let expected = json!({
        "packageName": "Add", "packageVersion": "1.0.0", "triggerPolicy": "AnyTime",
        "videoRecordMode": "NeverRecord",
    });
    assert_has(&told, &expected);
    assert!(!told.to_string().contains(":null"), "{told}");
    walk.workflow = some(&told, "id");
}

fn executes_it(walk: &mut Walk) {
    let argument = json!({
        "name": "a", "type": "System.Int32", "direction": "In", "defaultValue": "41",
    });
    let body = json!({"arguments": [argument], "source": "External"});
    let path = format!("/openapi/workflows/{}/execute", walk.workflow);
    let told = walk.console().post(&path, &body);
    let job = json!({
        "workflowId": walk.workflow, "containingQueueId": GROUP, "state": "Queued", "displayState": "Queued",
        "retriedCount": 0, "jobStartupType": "Manually", "seqNum": 1, "step": "1",
    });
    assert_has(&told, &json!([job]));
    some(&told[0], "jobGroupId");
    assert!(told[0].get("lastRunInstaceId").is_none(), "{told}");
    walk.job = some(&told[0], "id");
}

fn a_robot_runs_the_job(walk: &mut Walk) {
    if walk.robot.is_none() {
        walk.robot = Some(Robot::start(&walk.server, ROBOT, SECRET));
    }
    let path = format!("/openapi/jobs/{}?waitMs=30000", walk.job);
    let told = walk.console().get(&path);
    assert_has(&told, &json!({"state": "Succeeded", "lastRobotName": "r1"}));
    some(&told, "startedAt");
    some(&told, "finishedAt");
    walk.run = some(&told, "lastRunInstaceId");
}

fn reads_the_result(walk: &mut Walk) {
    let path = format!("/v2/RunInstances/{}/result", walk.run);
    let told = walk.console().get(&path);
    let sum = json!({
        "name": "sum", "type": "System.Int32", "direction": "Out", "defaultValue": "42",
    });
    let expected = json!({
        "id": walk.run, "runInstanceId": walk.run, "jobId": walk.job, "status": "Succeeded", "exitCode": 0,
        "arguments": [sum],
    });
    assert_has(&told, &expected);
}

fn reads_the_log(walk: &mut Walk) {
    let path = format!("/v2/RunInstances/{}/logs", walk.run);
    // The robot sends its lines again until they are kept, which is not before the job has ended.
    let told = until("the run's line", || {
        let told = walk.console().get(&path);
        let lines = told["data"].as_array().map_or(0, Vec::len);
        (lines > 0).then_some(told)
    });
    let said = told["data"].as_array().into_iter().flatten();
    let said = said
        .filter(|line| line["message"] == "hi")
        .collect::<Vec<_>>();
    assert_eq!(said.len(), 1, "{told}");
    let expected = json!({"robotId": ROBOT, "logType": "Business", "logLevel": "Info"});
    assert_has(said[0], &expected);
    some(said[0], "createdAt");
    assert!(said[0].get("id").is_some(), "{told}");
    assert!(told.get("nextPage").is_none(), "{told}");
}

fn sees_that_robot_and_workflow_know(walk: &mut Walk) {
    let path = format!("/openapi/robots/{ROBOT}");
    // After a kill it is back when it has connected again.
    let told = until("a robot that is ready", || {
        let told = walk.console().get(&path);
        (told["status"] == "Ready").then_some(told)
    });
    assert_has(&told, &json!({"listeningStatus": [], "canUpgrade": false}));
    let path = format!("/openapi/workflows/{}", walk.workflow);
    let told = walk.console().get(&path);
    assert_has(&told, &json!({"triggeredCount": 1}));
    some(&told, "lastTriggeredAt");
}

fn everything_survives_a_kill(walk: &mut Walk) {
    let paths = [
        format!("/openapi/jobs/{}?waitMs=30000", walk.job),
        format!("/v2/RunInstances/{}/result", walk.run),
        format!("/v2/RunInstances/{}/logs", walk.run),
    ];
    let before = paths.each_ref().map(|path| walk.console().get(path));
    walk.kill_and_start_again();
    for (path, before) in paths.iter().zip(before) {
        assert_eq!(walk.console().get(path), before, "{path}");
    }
}

fn rotates_the_refresh_token(walk: &mut Walk) {
    let old = walk.refresh.clone();
    let refresh = |walk: &Walk, with: &str| {
        let form = [
            ("client_id", "thirdpartyservice"),
            ("grant_type", "refresh_token"),
            ("refresh_token", with),
        ];
        token(&mut walk.server.client(), &form)
    };
    let told = refresh(walk, &old).expect(200).json();
    walk.refresh = some(&told, "refresh_token");
    assert_ne!(walk.refresh, old);
    walk.console = Some(Console::with(&walk.server, &some(&told, "access_token")));
    let refused = refresh(walk, &old).expect(400).json();
    assert_has(&refused, &json!({"error": "invalid_grant"}));
}

fn deletes_what_is_no_longer_used(walk: &mut Walk) {
    let package = format!("/openapi/packages/{}", walk.package);
    let workflow = format!("/openapi/workflows/{}", walk.workflow);
    let job = format!("/openapi/jobs/{}", walk.job);
    let name = walk.package.clone();
    let console = walk.console();
    let refused = console
        .send(Request::new("DELETE", &package))
        .expect(400)
        .json();
    assert_has(&refused, &json!({"status": 400}));
    assert!(some(&refused, "detail").contains("'w'"), "{refused}");
    for path in [&workflow, &package] {
        let answer = console.send(Request::new("DELETE", path));
        assert!(
            (200..300).contains(&answer.status),
            "{path}: {}",
            answer.text()
        );
    }
    console.send(Request::get(&package)).expect(404);
    let shown = console.get(&job);
    assert_has(&shown, &json!({"state": "Succeeded", "packageId": name}));
    assert_audited(console);
}

/// Every change of the walk stands in the audit trail, whatever was killed in between.
fn assert_audited(console: &mut Console) {
    let told = console.get("/openapi/audit?IsDesc=false");
    let rows = told["list"].as_array().into_iter().flatten();
    let rows = rows.filter(|row| row["action"] != "execute");
    let changes: Vec<String> = rows
        .map(|row| {
            assert_eq!(row["actorName"], "Admin", "{row}");
            format!("{} {}", text(&row["resourceType"]), text(&row["action"]))
        })
        .collect();
    let expected = [
        "Package put",
        // The same bytes again are no change, but a request that was granted.
        "Package put",
        "Workflow create",
        "Workflow delete",
        "Package delete",
    ];
    assert_eq!(changes, expected);
}
