//! Who may not: for every endpoint of the table, nobody without a token, with an old one, with too little rights, or of
//! another company comes to its function. An endpoint that is new is in here by itself.

use super::world::{Speaker, World};
use super::{
    ADMIN, COMPANY, FOREIGN, FOREIGN_ROOT, Headers, NOBODY, NOTHING, OTHER, Server, VIEWER, dgs,
    story,
};
use crate::{
    console::table::{Need, endpoints},
    http::header,
};
use org::Permission;

/// A method and a path with ids in it.
pub fn request(method: &str, path: &str, id: &str) -> String {
    let mut filled = String::new();
    for (n, part) in path.split('/').enumerate() {
        if n > 0 {
            filled.push('/');
        }
        filled.push_str(if part.starts_with('{') { id } else { part });
    }
    format!("{method} {filled}")
}

/// The same with an id of its own for each place.
fn request_of(method: &str, path: &str, outer: &str, inner: &str) -> String {
    let mut ids = [outer, inner].into_iter();
    let parts = path.split('/').map(|part| match part.starts_with('{') {
        true => ids.next().unwrap_or(inner),
        false => part,
    });
    format!("{method} {}", parts.collect::<Vec<_>>().join("/"))
}

/// Every endpoint: request with ids that nothing has, and what it needs.
fn all() -> Vec<(String, Need)> {
    let all = endpoints().into_iter();
    all.map(|endpoint| {
        let method = endpoint.route.method.as_str();
        (request(method, endpoint.route.path, NOTHING), endpoint.need)
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_endpoint_lets_in_who_brings_no_good_token() {
    let server = Server::start().await;
    let expired = server.person("kim", 10 * 3_600_000).await;
    let robot = server.robot();
    for (request, _) in all() {
        for token in ["", "lwk_unknown", "x.y.z", &expired] {
            let told = server.send(token, &request, &[], "{}").await;
            told.refused(401, "unauthorized");
            assert!(
                told.headers.contains_key(header::WWW_AUTHENTICATE),
                "{request}"
            );
        }
        let told = server.send(&robot, &request, &[], "{}").await;
        told.refused(403, "robots-hub-only");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_endpoint_lets_in_who_has_too_little_rights_or_is_of_another_company() {
    let server = Server::start().await;
    let kim = server.person("kim", 0).await;
    for (request, need) in all() {
        match need {
            Need::SignedIn => continue,
            Need::Member => {}
            Need::Permission(permission) => {
                let told = server.send(NOBODY, &request, &[], "{}").await;
                told.refused(403, "forbidden");
                if permission.action() != "view" {
                    let told = server.send(VIEWER, &request, &[], "{}").await;
                    told.refused(403, "forbidden");
                }
            }
        }
        let rows: [(&str, Headers<'_>, u16, &str); 6] = [
            (ADMIN, &[("companyid", OTHER)], 403, "foreign-company"),
            (FOREIGN, &[("companyid", COMPANY)], 403, "foreign-company"),
            (&kim, &[("companyid", NOTHING)], 403, "foreign-company"),
            (&kim, &[], 400, "company-needed"),
            (
                ADMIN,
                &[("departmentid", FOREIGN_ROOT)],
                403,
                "foreign-department",
            ),
            (ADMIN, &[("companyid", "x")], 400, "malformed-request"),
        ];
        for (token, headers, status, code) in rows {
            let told = server.send(token, &request, headers, "{}").await;
            told.refused(status, code);
        }
    }
    server.stop().await;
}

/// A workflow of the other company, and a job of it that runs.
struct Theirs {
    workflow: String,
    job: String,
    group: String,
    run: String,
    _robot: Speaker,
}

impl Theirs {
    async fn new(server: &Server) -> Theirs {
        let world = World::foreign(server).await;
        let job = world.execute(server, &world.workflow, "").await;
        let mut robot = Speaker::connect(server, &world.robots[0]).await;
        let run = robot.starts().await.run.to_string();
        let path = format!("GET /openapi/jobs/{job}");
        let told = server.send(FOREIGN, &path, &[], "").await.json();
        let group = told["jobGroupId"].as_str().unwrap_or_default().to_owned();
        Theirs {
            workflow: world.workflow,
            job,
            group,
            run,
            _robot: robot,
        }
    }
}

/// Something of the other company for each kind of path; an endpoint of a new kind must say what that is.
async fn foreign_id(server: &Server, theirs: &Theirs, path: &str) -> String {
    let kind = path
        .split('/')
        .nth(2)
        .unwrap_or_default()
        .to_ascii_lowercase();
    match kind.as_str() {
        "companies" => OTHER.to_owned(),
        "departments" => FOREIGN_ROOT.to_owned(),
        "packages" => {
            server
                .upload(FOREIGN, &[], dgs("theirs", "1.0", ""))
                .await
                .0
        }
        "preloadedversionfiles" => {
            let request = "POST /openapi/preloadedVersionFiles";
            let told = server.send(FOREIGN, request, &[], "").await.json();
            told["id"].as_str().unwrap_or_default().to_owned()
        }
        "workflows" => theirs.workflow.clone(),
        "jobs" => theirs.job.clone(),
        "runinstances" => theirs.run.clone(),
        "jobgroups" => theirs.group.clone(),
        other => {
            let made = story::foreign(server, other).await;
            made.unwrap_or_else(|| panic!("say here what the other company's {other} is"))
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_company_has_is_not_there() {
    let server = Server::start().await;
    let theirs = Theirs::new(&server).await;
    let with_id = endpoints()
        .into_iter()
        .filter(|endpoint| endpoint.route.path.contains('{'));
    for endpoint in with_id {
        // It makes what is not there.
        if (endpoint.route.method.as_str(), endpoint.route.path) == ("POST", "/openapi/queues/{id}")
        {
            continue;
        }
        let (status, code) = match endpoint.need {
            // Who administers one company changes none.
            Need::Permission(Permission::CompanyEdit | Permission::CompanyDelete) => {
                (403, "forbidden")
            }
            Need::Permission(_) | Need::Member | Need::SignedIn => (404, "unknown"),
        };
        let id = foreign_id(&server, &theirs, endpoint.route.path).await;
        for id in [id.as_str(), NOTHING, "no-id"] {
            let request = request(endpoint.route.method.as_str(), endpoint.route.path, id);
            let told = server.send(ADMIN, &request, &[], "{}").await;
            told.refused(status, code);
        }
    }
    server.stop().await;
}

/// What of ours an inner id is below, and an inner id of the other company's; an endpoint of a new kind must say what
/// that is.
async fn nested(server: &Server, path: &str) -> (String, String) {
    let [ours, theirs] = [ADMIN, FOREIGN];
    let ask = async |token: &str, request: &str, body: &str| {
        let told = server.send(token, request, &[], body.to_owned()).await;
        let told = told.json();
        let made = if told["list"].is_array() {
            &told["list"][0]
        } else {
            &told
        };
        made["id"].as_str().unwrap_or_default().to_owned()
    };
    let word = |n: usize| path.split('/').nth(n).unwrap_or_default();
    match (word(2), word(4)) {
        ("packages", "versions") => {
            let (package, _) = server.upload(ours, &[], dgs("ours", "1.0", "")).await;
            let (_, version) = server.upload(theirs, &[], dgs("theirs", "1.0", "")).await;
            (package, version)
        }
        (kind @ ("queues" | "workflows"), "robots") => {
            let robot = ask(theirs, "POST /openapi/robots", r#"{"name":"r"}"#).await;
            if kind == "queues" {
                return (
                    ask(ours, "POST /openapi/queues", r#"{"name":"g"}"#).await,
                    robot,
                );
            }
            let (package, _) = server.upload(ours, &[], dgs("ours", "1.0", "")).await;
            let body = format!(r#"{{"name":"w","packageId":"{package}"}}"#);
            (ask(ours, "POST /openapi/workflows", &body).await, robot)
        }
        ("taskqueues", kind @ ("messages" | "bindings")) => {
            let queue = r#"{"name":"q"}"#;
            let own = ask(ours, "POST /openapi/taskqueues", queue).await;
            let foreign = ask(theirs, "POST /openapi/taskqueues", queue).await;
            let request = format!("POST /openapi/taskqueues/{foreign}/{kind}");
            let (package, _) = server.upload(theirs, &[], dgs("theirs", "1.0", "")).await;
            let body = format!(r#"{{"name":"w","packageId":"{package}"}}"#);
            let workflow = ask(theirs, "POST /openapi/workflows", &body).await;
            let body = format!(r#"{{"workflowId":"{workflow}","body":1}}"#);
            (own, ask(theirs, &request, &body).await)
        }
        _ => panic!("say here what of ours and of the other company's {path} names"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_company_has_is_not_below_what_is_ours_either() {
    let server = Server::start().await;
    let nested_paths = endpoints()
        .into_iter()
        .filter(|endpoint| endpoint.route.path.matches('{').count() == 2);
    let mut seen = 0;
    for endpoint in nested_paths {
        let (method, path) = (endpoint.route.method.as_str(), endpoint.route.path);
        let (ours, theirs) = nested(&server, path).await;
        assert!(!ours.is_empty() && !theirs.is_empty(), "{method} {path}");
        for inner in [theirs.as_str(), NOTHING, "no-id"] {
            let request = request_of(method, path, &ours, inner);
            let body = format!(r#"{{"receipt":"{NOTHING}"}}"#);
            let told = server.send(ADMIN, &request, &[], body).await;
            assert_eq!(told.status, 404, "{request}: {}", told.text());
        }
        seen += 1;
    }
    assert!(seen >= 10, "{seen} paths");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_names_every_endpoint_and_other_methods_are_told_which_there_are() {
    let server = Server::start().await;
    let document = server
        .send(VIEWER, "GET /openapi/openapi.json", &[], "")
        .await
        .json();
    assert_eq!(document["openapi"], "3.1.0");
    let package = &document["paths"]["/openapi/packages/{id}"]["patch"];
    assert_eq!(package["x-permission"], "package.edit");
    for request in ["POST /openapi/packages", "DELETE /OPENAPI/Packages/"] {
        let told = server.send(ADMIN, request, &[], "{}").await;
        told.refused(405, "method-not-allowed");
        assert_eq!(told.headers[header::ALLOW], "GET, HEAD, PUT, OPTIONS");
    }
    let told = server.send(ADMIN, "GET /openapi/nothing", &[], "").await;
    told.refused(404, "no-such-endpoint");
    server.stop().await;
}
