//! Every documented operation is called, and every documented field is seen.
//! Owns: that none of the 33 is left out. Never: what the operations do in detail; the stories show that.

mod fields;
#[path = "../../../tests/support/shared.rs"]
mod shared;

use super::{
    ADMIN, COMPANY, Headers, SALES, Server, dgs,
    world::{Speaker, World},
};
use crate::{
    http::{Arrival, Gate, GateConfig, HeaderValue, Method, Router, header},
    sso,
};
use fields::Fields;
use org::{Common, people, tenancy};
use rpa::execution::ResultStatus;
use serde_json::{Value, json};
use std::sync::Arc;

/// Documented operations; two are of one path.
const OPERATIONS: usize = 33;

/// Something of every kind, with everything that can be said of it.
struct Stage {
    server: Server,
    world: World,
    /// A person, for what keys are not shown.
    kim: String,
    workflow: String,
    layout: String,
    _robot: Speaker,
    /// Jobs and job groups as their own GET shows them.
    jobs: Vec<Value>,
    groups: Vec<Value>,
}

impl Stage {
    async fn set() -> Stage {
        let server = Server::start().await;
        tell_everything(&server).await;
        let world = World::new(&server).await;
        let kim = server.person("kim", 0).await;
        let mut robot = Speaker::connect(&server, &world.robots[0]).await;
        for (path, id) in [
            ("queues", &world.group),
            ("robots", &world.robots[0]),
            ("packages", &world.package),
        ] {
            let body = r#"{"description":"d","tags":["t"],"properties":{"k":"v"}}"#;
            let path = format!("PATCH /openapi/{path}/{id}");
            server.ask(&path, body).await.json();
        }
        let asset = r#"{"name":"as","description":"d","type":"String","value":"v"}"#;
        let asset = id(&server.ask("POST /openapi/assets", asset).await.json());
        let workflow = rich_workflow(&server, &world, &asset).await;
        let node = format!(
            r#"{{"name":"l","description":"d","nodes":[{{"name":"n","description":"d","workflowId":"{workflow}","arguments":
            [{{"name":"a","type":"System.Int32","direction":"In","defaultValue":"2"}}]}}]}}"#
        );
        let layout = server
            .ask("POST /openapi/workflowlayouts", &node)
            .await
            .json();
        let layout_id = id(&layout);
        // A node that is named again has been changed.
        let mut node = layout["nodes"][0].clone();
        node["description"] = json!("e");
        let again = json!({"nodes": [node], "tags": ["t"]}).to_string();
        let path = format!("PATCH /openapi/workflowlayouts/{layout_id}");
        server.ask(&path, &again).await.json();
        let (job, group) = ended_job(&server, &workflow, &mut robot).await;
        let path = format!("POST /openapi/workflowlayouts/{layout_id}/execute");
        server.ask(&path, "").await.json();
        Stage {
            server,
            world,
            kim,
            workflow,
            layout: layout_id,
            _robot: robot,
            jobs: vec![job],
            groups: vec![group],
        }
    }

    async fn ask(&self, request: &str, body: &str) -> Vec<Value> {
        vec![self.server.ask(request, body).await.json()]
    }

    /// A success without a body.
    async fn done(&self, request: &str) -> Vec<Value> {
        let told = self.server.ask(request, "{}").await;
        assert_eq!((told.status, told.body.len()), (200, 0), "{request}");
        Vec::new()
    }

    async fn of_kim(&self, request: &str) -> Vec<Value> {
        let headers: Headers<'_> = &[("companyid", COMPANY)];
        vec![
            self.server
                .send(&self.kim, request, headers, "")
                .await
                .json(),
        ]
    }

    /// Calls an operation; its answers, and those that show the same.
    async fn call(&self, operation: &str) -> Vec<Value> {
        let World {
            package,
            group,
            robots,
            ..
        } = &self.world;
        let workflow = &self.workflow;
        let robot = &robots[0];
        match operation {
            "POST /connect/token" => tokens(&self.server).await,
            "GET /openapi/companies/companylist" | "GET /openapi/companyusers/self" => {
                self.of_kim(operation).await
            }
            "GET /openapi/packages" => {
                self.ask("GET /openapi/packages?IncludeVersions=true", "{}")
                    .await
            }
            "GET /openapi/packages/{packageId}" => {
                self.ask(&format!("GET /openapi/packages/{package}"), "{}")
                    .await
            }
            "PATCH /openapi/packages/{packageId}" => {
                self.ask(&format!("PATCH /openapi/packages/{package}"), "{}")
                    .await
            }
            "DELETE /openapi/packages/{packageId}" => {
                let file = dgs("gone", "1.0", "");
                let (gone, _) = self.server.upload(ADMIN, &[], file).await;
                self.done(&format!("DELETE /openapi/packages/{gone}")).await
            }
            "PUT /openapi/packages" => {
                let file = dgs("new", "1.0", "");
                let told = self.server.send(ADMIN, operation, &[], file);
                vec![told.await.json()]
            }
            "PATCH /openapi/preloadedVersionFiles/{id}" => vec![upload(&self.server).await.1],
            "GET /openapi/queues/{queueId}" | "PATCH /openapi/queues/{queueId}" => {
                self.ask(&operation.replace("{queueId}", group), "{}").await
            }
            "POST /openapi/queues/{queueId}" => {
                let new = rpa::Guid(0x9ee).to_string();
                let body = r#"{"name":"q","description":"d","tags":["t"],"properties":{}}"#;
                self.ask(&operation.replace("{queueId}", &new), body).await
            }
            "DELETE /openapi/queues/{queueId}" => {
                let made = self.ask("POST /openapi/queues", r#"{"name":"x"}"#).await;
                self.done(&operation.replace("{queueId}", &id(&made[0])))
                    .await
            }
            "GET /openapi/robots/{robotId}" => {
                self.ask(&operation.replace("{robotId}", robot), "{}").await
            }
            "POST /openapi/workflows" => {
                let body = format!(r#"{{"name":"new","packageId":"{package}"}}"#);
                self.ask(operation, &body).await
            }
            "GET /openapi/workflows/{workflowId}" | "PATCH /openapi/workflows/{workflowId}" => {
                self.ask(&operation.replace("{workflowId}", workflow), "{}")
                    .await
            }
            "POST /openapi/workflows/{workflowId}/execute" => {
                let path = operation.replace("{workflowId}", workflow);
                let executed = self.ask(&path, "{}").await;
                executed.into_iter().chain([json!(self.jobs)]).collect()
            }
            "DELETE /openapi/workflows/{workflowId}" => {
                let gone = self.world.make(&self.server, "gone", "").await;
                self.done(&operation.replace("{workflowId}", &gone)).await
            }
            "POST /openapi/workflows/batch/upgrade" => self.upgrade(operation).await,
            "GET /openapi/workflowlayouts/{workflowlayoutId}" => {
                let path = operation.replace("{workflowlayoutId}", &self.layout);
                self.ask(&path, "{}").await
            }
            "POST /openapi/workflowlayouts/{workflowlayoutId}/execute" => {
                let path = operation.replace("{workflowlayoutId}", &self.layout);
                let executed = self.ask(&path, "").await;
                executed.into_iter().chain(self.groups.clone()).collect()
            }
            "GET /openapi/departments/tree"
            | "POST /openapi/preloadedVersionFiles"
            | "GET /openapi/queues"
            | "GET /openapi/robots"
            | "GET /openapi/workflows"
            | "GET /openapi/workflowlayouts" => self.ask(operation, "{}").await,
            put if put.starts_with("PUT ") => {
                assert_eq!(upload(&self.server).await.0, 200, "{put}");
                Vec::new()
            }
            targets => self.targets(targets).await,
        }
    }

    /// The robots of a workflow that targets robots.
    async fn targets(&self, operation: &str) -> Vec<Value> {
        let bare = self.world.make(&self.server, "bare", "").await;
        let path = format!("/openapi/workflows/{bare}/robots");
        let robot = &self.world.robots[0];
        let unknown = super::NOTHING;
        let body = format!(r#"{{"robotIds":["{robot}","{unknown}"]}}"#);
        let bound = self.ask(&format!("POST {path}"), &body).await;
        match operation {
            "POST /openapi/workflows/{workflowId}/robots" => bound,
            "GET /openapi/workflows/{workflowId}/robots" => {
                self.ask(&format!("GET {path}"), "{}").await
            }
            "DELETE /openapi/workflows/{workflowId}/robots/{robotId}" => {
                self.done(&format!("DELETE {path}/{robot}")).await
            }
            other => panic!("nobody calls {other}"),
        }
    }

    /// One that is moved, one that is new already, one that the caller must not move.
    async fn upgrade(&self, operation: &str) -> Vec<Value> {
        let department = format!(r#""departmentId":"{SALES}""#);
        let theirs = self.world.make(&self.server, "theirs", &department).await;
        let body = json!({"workflowIds": [self.workflow, theirs]}).to_string();
        let own = self.ask(operation, &body).await;
        let sales = super::SALES_ADMIN;
        let told = self.server.send(sales, operation, &[], body).await.json();
        own.into_iter().chain([told]).collect()
    }
}

fn id(told: &Value) -> String {
    told["id"].as_str().expect("an id").to_owned()
}

/// What no operation of the document can say of a company, a department and a person.
async fn tell_everything(server: &Server) {
    let engine = &server.state.engine;
    let common = |common: &Common| Common {
        description: Some("d".to_owned()),
        modified: Some(common.created.clone()),
        revision: common.revision + 1,
        ..common.clone()
    };
    let commands = engine.organisation.look(|organisation| {
        let tenancy = &organisation.tenancy;
        let company = tenancy.company(COMPANY.parse().ok()?)?.clone();
        let root = tenancy.root(company.tenant)?.clone();
        let mut account = organisation.people.account_named("kim")?.clone();
        let user = organisation
            .people
            .user_of(company.tenant, account.id)?
            .clone();
        account.extension = people::Extension {
            id: None,
            mobile: Some("1".to_owned()),
            email: Some("k@example.org".to_owned()),
        };
        account.common = common(&account.common);
        Some(vec![
            org::Command::People(people::Command::ChangeUser(people::CompanyUser {
                common: common(&user.common),
                ..user
            })),
            org::Command::People(people::Command::ChangeAccount(Box::new(account))),
            org::Command::Tenancy(tenancy::Command::ChangeCompany(tenancy::Company {
                common: common(&company.common),
                ..company
            })),
            org::Command::Tenancy(tenancy::Command::ChangeDepartment(tenancy::Department {
                common: common(&root.common),
                ..root
            })),
        ])
    });
    let all = org::Command::All(commands.expect("people"));
    let done = engine.organisation.command(engine.core(), all).await;
    done.expect("changes");
}

async fn rich_workflow(server: &Server, world: &World, asset: &str) -> String {
    let fields = format!(
        r#""description":"d","tags":["t"],"properties":{{"k":"v"}},"associatedQueueId":"{}","maxRetryCount":0,
        "jobStateNotification":{{"switchOn":true,"justNoticeAgainstLastRuninstance":false,"conditions":["Finished"],
        "recipients":["a@example.org"]}},"arguments":[{{"name":"secret","type":"System.String","direction":"In",
        "defaultValue":"{asset}","assetContent":{{"name":"as","description":"d","isRequiredEncryption":true}}}}]"#,
        world.group
    );
    let workflow = world.make(server, "rich", &fields).await;
    let path = format!("PATCH /openapi/workflows/{workflow}");
    server.ask(&path, r#"{"priority":3000}"#).await.json();
    workflow
}

/// A job that a schedule would have made, moved once, and run; and its group.
async fn ended_job(server: &Server, workflow: &str, robot: &mut Speaker) -> (Value, Value) {
    // A robot that is free would take it before it is moved.
    robot.says(actors::robots::message::FromRobot::Accepting(false));
    let body = r#"{"startupType":"Trigger","startupId":"9a0c7d89-404a-4896-a0b9-1add6d9551e8","startupName":"s",
        "jobSubjectId":"9a0c7d89-404a-4896-a0b9-1add6d9551e9","jobSubjectName":"n","jobSubjectType":"t"}"#;
    let path = format!("POST /openapi/workflows/{workflow}/execute");
    let job = server.ask(&path, body).await.json()[0].clone();
    let group = job["jobGroupId"].as_str().unwrap_or_default().to_owned();
    let path = format!("/openapi/jobs/{}", id(&job));
    let moved = server
        .ask(&format!("PATCH {path}"), r#"{"priority":4000}"#)
        .await;
    moved.json();
    robot.says(actors::robots::message::FromRobot::Accepting(true));
    let run = robot.starts().await;
    robot.reports(run, ResultStatus::Failed).await;
    let ended = server
        .ask(&format!("GET {path}?waitMs=60000"), "")
        .await
        .json();
    let group = server
        .ask(&format!("GET /openapi/jobgroups/{group}"), "")
        .await;
    (ended, group.json())
}

/// A password for tokens, and a refresh token for others.
async fn tokens(server: &Server) -> Vec<Value> {
    let gate = Gate::new(&GateConfig::default()).expect("a gate");
    let router = Router::new(Arc::clone(&server.state), gate);
    let router = router.mount(sso::api()).expect("routes");
    let ask = async |form: String| {
        let target = "/connect/token".parse().expect("a target");
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        let arrival = Arrival::local(Method::POST, target, form).header(header::CONTENT_TYPE, kind);
        let response = router.handle(arrival).await;
        let body = response.body.collect().await;
        serde_json::from_slice::<Value>(&body).expect("JSON")
    };
    let client = "client_id=thirdpartyservice&grant_type";
    let first = ask(format!("{client}=password&username=kim&password=k")).await;
    let refresh = first["refresh_token"].as_str().unwrap_or_default();
    let second = ask(format!("{client}=refresh_token&refresh_token={refresh}")).await;
    vec![first, second]
}

/// An upload by a channel: what its PUT is answered, and what it becomes.
async fn upload(server: &Server) -> (u16, Value) {
    let path = "POST /openapi/preloadedVersionFiles";
    let opened = server.ask(path, "").await.json();
    let uri = opened["channel"]["uri"].as_str().unwrap_or_default();
    let path = uri.split_once("/openapi").map_or("", |(_, path)| path);
    let file = dgs("by channel", "1.0", "");
    let put = server
        .send("", &format!("PUT /openapi{path}"), &[], file)
        .await;
    let path = format!("PATCH /openapi/preloadedVersionFiles/{}", id(&opened));
    (put.status, server.ask(&path, "").await.json())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_documented_operation_answers_and_every_documented_field_is_seen() {
    let Some(folder) = shared::shared() else {
        return;
    };
    let contract = shared::read_json(&folder, "contract/console.json");
    let operations = contract.as_array().expect("operations");
    let stage = Stage::set().await;
    let mut fields = Fields::default();
    for operation in operations {
        let text = |name: &str| operation[name].as_str().unwrap_or_default();
        let name = format!("{} {}", text("method"), text("path"));
        let schema = &operation["response"];
        let answers = stage.call(&name).await;
        assert_eq!(answers.is_empty(), schema.is_null(), "{name}");
        fields.expect(schema);
        for answer in &answers {
            fields.look(&name, schema, answer);
        }
    }
    let (count, unseen) = fields.unseen();
    assert!(unseen.is_empty(), "of {count} fields unseen: {unseen:#?}");
    println!("{} operations, {count} fields", operations.len());
    assert_eq!(operations.len(), OPERATIONS);
    stage.server.stop().await;
}
