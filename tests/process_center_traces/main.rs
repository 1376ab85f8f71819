//! The seven reference traces of process-center, with our decisions applied, and three office models along every branch.
//!
//! Owns: the stories. Never: single operations in every failure; the contract test has them.

mod explorer;
mod model;
#[path = "../support/mod.rs"]
mod support;

use serde_json::{Value, json};
use std::{fs, path::Path};
use support::{Answer, Client, Part, Server, Setup, multipart, shared};

const SYSTEM: &str = "s";

/// A program that works with process-center.
struct Desk {
    client: Client,
}

impl Desk {
    fn new(server: &Server) -> Desk {
        Desk {
            client: server.client(),
        }
    }

    /// The data of an answer that succeeded.
    fn done(&self, answer: &Answer) -> Value {
        let body = answer.json();
        assert_eq!(body["rtnCode"], "000000", "{body}");
        body["data"].clone()
    }

    /// The data of an answer that failed.
    fn refused(&self, answer: &Answer) -> Value {
        let body = answer.json();
        assert_eq!(body["rtnCode"], "999999", "{body}");
        body["data"].clone()
    }

    fn start(&mut self, key: &str) -> String {
        let answer = self
            .client
            .post("/processCtr/createPro", &[("processKey", key)]);
        text(&self.done(&answer))
    }

    fn tasks(&mut self, instance: &str) -> Vec<Value> {
        let answer = self
            .client
            .get("/taskCtr/currentTask", &[("processId", instance)]);
        list(self.done(&answer))
    }

    fn only_task(&mut self, instance: &str, name: &str) -> String {
        let tasks = self.tasks(instance);
        assert_eq!(tasks.len(), 1, "{tasks:?}");
        assert_eq!(tasks[0]["taskEntity"]["name"], name);
        text(&tasks[0]["taskId"])
    }

    fn task(&mut self, task: &str) -> Value {
        let answer = self.client.get("/taskCtr/getTaskById", &[("taskId", task)]);
        self.done(&answer)
    }

    fn assign(&mut self, task: &str, user: &str) {
        let pairs = [("taskId", task), ("systemId", SYSTEM), ("userId", user)];
        let answer = self.client.post("/taskCtr/setAssigner", &pairs);
        self.done(&answer);
    }

    fn of_user(&mut self, user: &str) -> Vec<Value> {
        let pairs = [("systemId", SYSTEM), ("userId", user)];
        let answer = self.client.get("/taskCtr/listTaskByUserId", &pairs);
        list(self.done(&answer))
    }

    fn complete(&mut self, task: &str, user: &str, body: &Value) -> Answer {
        let pairs = [("taskId", task), ("systemId", SYSTEM), ("userId", user)];
        self.client.post_json("/taskCtr/complete", &pairs, body)
    }

    fn history(&mut self, instance: &str) -> Vec<Value> {
        let answer = self
            .client
            .get("/processCtr/listHistory", &[("processId", instance)]);
        list(self.done(&answer))
    }

    fn visited(&mut self, instance: &str) -> Vec<String> {
        let rows = self.history(instance);
        rows.iter().map(|row| text(&row["activityId"])).collect()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(value: Value) -> Vec<Value> {
    match value {
        Value::Array(entries) => entries,
        other => panic!("not a list: {other}"),
    }
}

fn samples(shared: &Path) -> Server {
    let mut server =
        Server::prepared(Setup::new().set("process_center", "auto_deploy", "\"processes\""));
    let folder = server.directory().join("processes");
    let from = shared.join("conformance/process-center/models");
    let copied = fs::create_dir(&folder).and_then(|()| {
        for name in ["productApprove.bpmn", "financeApply.bpmn"] {
            fs::copy(from.join(name), folder.join(name))?;
        }
        Ok(())
    });
    assert!(copied.is_ok(), "the sample models: {copied:?}");
    server.start_again();
    server
}

#[test]
fn trace_1_only_who_is_assigned_completes() {
    let Some(shared) = shared() else { return };
    let server = samples(&shared);
    let mut desk = Desk::new(&server);
    let instance = desk.start("productApprove");
    let task = desk.only_task(&instance, "提交");
    assert_eq!(desk.task(&task)["taskEntity"]["assignee"], Value::Null);
    let answer = desk.complete(&task, "u", &json!({}));
    assert_eq!(desk.refused(&answer), "流程处理人错误！");
    assert_eq!(desk.only_task(&instance, "提交"), task, "still open");
    desk.assign(&task, "u");
    assert_eq!(desk.task(&task)["taskEntity"]["assignee"], "s_u");
    let mine: Vec<String> = desk
        .of_user("u")
        .iter()
        .map(|one| text(&one["taskId"]))
        .collect();
    assert_eq!(mine, [task]);
    assert!(desk.of_user("other").is_empty());
}

#[test]
fn traces_2_and_3_a_loop_and_the_end() {
    let Some(shared) = shared() else { return };
    let server = samples(&shared);
    let mut desk = Desk::new(&server);
    let instance = desk.start("productApprove");
    let submit = desk.only_task(&instance, "提交");
    desk.assign(&submit, "u");
    let answer = desk.complete(&submit, "u", &json!({"variables": {"n": 1}}));
    let approve = text(&desk.done(&answer));
    let info = desk.task(&approve);
    assert_eq!(info["n"], 1, "variables stand at the top level");
    assert_eq!(info["taskEntity"]["name"], "审批");
    desk.assign(&approve, "u");
    let answer = desk.complete(&approve, "u", &json!({}));
    desk.refused(&answer);
    assert_eq!(
        desk.only_task(&instance, "审批"),
        approve,
        "an unknown variable changes nothing"
    );
    let answer = desk.complete(&approve, "u", &json!({"variables": {"result": 0}}));
    let again = text(&desk.done(&answer));
    assert_eq!(desk.only_task(&instance, "提交"), again);
    let gateway = "sid-98FA8359-5C1D-4241-88A3-986CDB6FE9D4";
    assert_eq!(
        desk.visited(&instance),
        [
            "approveStart",
            "subApprove",
            "approve",
            gateway,
            "subApprove"
        ]
    );
    desk.assign(&again, "u");
    let answer = desk.complete(&again, "u", &json!({}));
    let approve = text(&desk.done(&answer));
    desk.assign(&approve, "u");
    let answer = desk.complete(&approve, "u", &json!({"variables": {"result": 1}}));
    assert_eq!(
        desk.done(&answer),
        Value::Null,
        "decision 1: a success, and nothing is left"
    );
    assert!(desk.tasks(&instance).is_empty());
    let gone = desk.client.get(
        "/processCtr/getProcessByProcessId",
        &[("processId", &instance)],
    );
    desk.refused(&gone);
    let rows = desk.history(&instance);
    assert!(
        rows.iter().all(|row| row["endTime"].is_string()),
        "{rows:?}"
    );
    assert_eq!(
        rows.last().map(|row| text(&row["activityId"])),
        Some("endApprove".into())
    );
    let picture = |desk: &mut Desk, light: &str| {
        let pairs = [("processId", instance.as_str()), ("lightFlag", light)];
        desk.client
            .get("/processCtr/getImage", &pairs)
            .expect(200)
            .body
    };
    let (plain, lit) = (picture(&mut desk, "false"), picture(&mut desk, "true"));
    assert!(plain.starts_with(b"\x89PNG") && lit.starts_with(b"\x89PNG"));
    assert_ne!(plain, lit, "the end event is highlighted");
}

#[test]
fn trace_4_delegation_goes_to_linked_users_and_comes_back() {
    let Some(shared) = shared() else { return };
    let server = samples(&shared);
    let mut desk = Desk::new(&server);
    let instance = desk.start("productApprove");
    let task = desk.only_task(&instance, "提交");
    desk.assign(&task, "u");
    let pair = |user: &'static str| [("systemId", SYSTEM), ("userId", user)];
    let post = |desk: &mut Desk, path: &str, user: &'static str| {
        let mut pairs = pair(user).to_vec();
        pairs.push(("taskId", &task));
        desk.client.post(path, &pairs)
    };
    let answer = post(&mut desk, "/taskCtr/addCandidateUser", "v");
    desk.done(&answer);
    let links = desk
        .client
        .get("/taskCtr/getIdentityLinksForTask", &[("taskId", &task)]);
    let links = list(desk.done(&links));
    assert!(
        links
            .iter()
            .any(|link| link["type"] == "candidate" && link["userId"] == "s_v")
    );
    let answer = post(&mut desk, "/taskCtr/delegateTask", "w");
    assert_eq!(
        answer.json()["rtnMsg"],
        "任务委托失败，任务委托人不在候选人列表中。"
    );
    let answer = post(&mut desk, "/taskCtr/delegateTask", "v");
    desk.done(&answer);
    let entity = desk.task(&task)["taskEntity"].clone();
    assert_eq!(entity["owner"], "s_u");
    assert_eq!(entity["assignee"], "s_v");
    assert_eq!(entity["delegationState"], "PENDING");
    for user in ["u", "v"] {
        let answer = desk.complete(&task, user, &json!({}));
        assert_eq!(desk.refused(&answer), Value::Null, "pending, by {user}");
    }
    let answer = desk
        .client
        .post_json("/taskCtr/resolveTask", &[("taskId", &task)], &json!({}));
    desk.done(&answer);
    let entity = desk.task(&task)["taskEntity"].clone();
    assert_eq!(entity["delegationState"], "RESOLVED");
    assert_eq!(entity["assignee"], "s_u");
    let answer = desk.complete(&task, "u", &json!({}));
    assert!(desk.done(&answer).is_string(), "the owner goes on");
}

#[test]
fn trace_5_a_start_form_with_text_and_with_numbers() {
    let Some(shared) = shared() else { return };
    let server = samples(&shared);
    let mut desk = Desk::new(&server);
    let key = [("processKey", "financeApply")];
    let answer = desk.client.get("/commonForm/getStartFormData", &key);
    let form = desk.done(&answer);
    assert_eq!(form["formkey"], "financeApplyStartForm");
    for (index, id) in ["amt", "term"].into_iter().enumerate() {
        let property = &form["formPropertyList"][index];
        assert_eq!(property["id"], id);
        assert_eq!(property["type"]["name"], "string");
        assert_eq!(property["value"], Value::Null);
        assert_eq!(property["required"], false);
        assert_eq!(
            (&property["readable"], &property["writable"]),
            (&json!(true), &json!(true))
        );
    }
    for (amount, stored) in [(json!("100"), "100"), (json!(100), "100")] {
        let body = json!({"amt": amount, "term": "12"});
        let answer = desk
            .client
            .post_json("/commonForm/submitStartFormData", &key, &body);
        let tasks = list(desk.done(&answer));
        assert_eq!(tasks.len(), 1);
        assert_eq!(tasks[0]["taskEntity"]["name"], "项目立项");
        assert_eq!(
            tasks[0]["amt"], stored,
            "decision 13: a scalar becomes the property's type"
        );
        assert_eq!(tasks[0]["term"], "12");
        let task = text(&tasks[0]["taskId"]);
        let links = desk
            .client
            .get("/taskCtr/getIdentityLinksForTask", &[("taskId", &task)]);
        let links = list(desk.done(&links));
        assert_eq!(links.len(), 5);
        assert!(links.iter().all(|link| link["type"] == "candidate"));
    }
}

#[test]
fn trace_6_transient_variables_decide_and_leave_nothing() {
    let Some(shared) = shared() else { return };
    let server = samples(&shared);
    let mut desk = Desk::new(&server);
    let instance = desk.start("productApprove");
    let submit = desk.only_task(&instance, "提交");
    desk.assign(&submit, "u");
    let answer = desk.complete(&submit, "u", &json!({}));
    let approve = text(&desk.done(&answer));
    desk.assign(&approve, "u");
    let loops = json!({"transientVariables": {"result": 0}});
    let answer = desk.complete(&approve, "u", &loops);
    let submit = text(&desk.done(&answer));
    let variables = desk
        .client
        .get("/commonForm/getVariables", &[("taskId", &submit)]);
    assert_eq!(desk.done(&variables), json!({}));
    desk.assign(&submit, "u");
    let answer = desk.complete(&submit, "u", &json!({}));
    let approve = text(&desk.done(&answer));
    desk.assign(&approve, "u");
    let ends = json!({"transientVariables": {"result": 1}});
    let answer = desk.complete(&approve, "u", &ends);
    assert_eq!(desk.done(&answer), Value::Null, "the instance ends");
    assert!(desk.tasks(&instance).is_empty());
}

#[test]
fn trace_7_the_latest_version_is_started_and_its_form_shown() {
    let Some(shared) = shared() else { return };
    let server = samples(&shared);
    let mut desk = Desk::new(&server);
    let path = shared.join("conformance/process-center/models/financeApply.bpmn");
    let model = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    for _ in 0..2 {
        let part = Part::model("financeApply.bpmn", &model);
        let answer = desk
            .client
            .send(&multipart("/processCtr/deploymentProcess", &[part]));
        assert!(desk.done(&answer).is_string());
    }
    let instance = desk.start("financeApply");
    let answer = desk.client.get(
        "/processCtr/getProcessByProcessId",
        &[("processId", &instance)],
    );
    let definition = text(&desk.done(&answer)["processDefinitionId"]);
    assert!(definition.starts_with("financeApply:3:"), "{definition}");
    let answer = desk.client.get(
        "/commonForm/getStartFormData",
        &[("processKey", "financeApply")],
    );
    assert_eq!(desk.done(&answer)["formkey"], "financeApplyStartForm");
}

#[test]
fn the_office_models_run_to_their_ends_along_every_branch() {
    let Some(shared) = shared() else { return };
    let server = Server::start(Setup::new());
    for name in ["leave", "meeting", "purchase"] {
        let path = shared.join(format!("conformance/process-center/models/oa/{name}.bpmn"));
        let xml = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let part = Part::model("model.bpmn", &xml);
        let mut client = server.client();
        let answer = client
            .send(&multipart("/processCtr/deploymentProcess", &[part]))
            .json();
        assert_eq!(answer["rtnCode"], "000000", "{name}: {answer}");
        let model = model::Model::read(&String::from_utf8_lossy(&xml));
        let explored = explorer::explore(&mut client, name, &model);
        println!(
            "{name}: {} runs, {} of {} nodes, {} of {} flows",
            explored.runs,
            explored.nodes.len(),
            model.nodes.len(),
            explored.flows.len(),
            model.flows.len()
        );
        let missed = model
            .nodes
            .keys()
            .filter(|node| !explored.nodes.contains(*node));
        assert_eq!(
            missed.collect::<Vec<_>>(),
            Vec::<&String>::new(),
            "{name}: nodes never reached"
        );
        let missed = model
            .conditional()
            .filter(|flow| !explored.flows.contains(&flow.id));
        let missed: Vec<&str> = missed.map(|flow| flow.id.as_str()).collect();
        assert_eq!(missed, Vec::<&str>::new(), "{name}: branches never taken");
    }
}
