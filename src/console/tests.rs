//! The console's tests without a socket: a server with two companies, callers with every kind of right, and package files.
//! Owns: what the stories share. Each topic has its file.

mod assets;
mod audit;
mod closing;
mod companies;
mod content;
mod contract;
mod documented;
mod groups;
mod job_lists;
mod jobs;
mod layouts;
mod live;
mod matrix;
mod naming;
mod organisation;
mod packages;
mod repetitions;
mod robots;
mod schedules;
mod story;
mod taskqueues;
mod uploads;
mod wire;
mod workflows;
mod world;

use crate::{
    config::{Clock, Config},
    http::{
        Arrival, Gate, GateConfig, HeaderMap, HeaderName, HeaderValue, Limits, Method, Router,
        header,
    },
    seed,
    server::{State, options},
    sso::{self, Claims},
};
use bytes::Bytes;
use org::{
    Command,
    sessions::{self, Family},
};
use serde_json::Value;
use std::{
    io::{Cursor, Write as _},
    sync::Arc,
};
use zip::{ZipWriter, write::SimpleFileOptions};

pub const COMPANY: &str = "00000000-0000-4000-8000-00000000000c";
pub const OTHER: &str = "00000000-0000-4000-8000-0000000000cc";
pub const ROOT: &str = "00000000-0000-4000-8000-0000000000d0";
pub const SALES: &str = "00000000-0000-4000-8000-0000000000d1";
pub const FOREIGN_ROOT: &str = "00000000-0000-4000-8000-0000000000dd";
pub const NOTHING: &str = "00000000-0000-4000-8000-0000000000ff";
const ROBOT: &str = "00000000-0000-4000-8000-00000000000b";

/// Keys by what they may: everything in their company, everything in Sales, look, nothing.
pub const ADMIN: &str = "lwk_admin-0123456789";
pub const SALES_ADMIN: &str = "lwk_sales-0123456789";
pub const VIEWER: &str = "lwk_viewer-0123456789";
pub const NOBODY: &str = "lwk_nobody-0123456789";
pub const FOREIGN: &str = "lwk_foreign-0123456789";

const FILE: &str = r#"
[[company]]
id = "00000000-0000-4000-8000-00000000000c"
name = "Encootech"
[[department]]
id = "00000000-0000-4000-8000-0000000000d0"
company = "Encootech"
name = "Root"
[[department]]
id = "00000000-0000-4000-8000-0000000000d1"
company = "Encootech"
parent = "Root"
name = "Sales"
[[company]]
id = "00000000-0000-4000-8000-0000000000cc"
name = "Other"
[[department]]
id = "00000000-0000-4000-8000-0000000000dd"
company = "Other"
name = "Root of the other"
[[user]]
user_name = "kim"
name = "Kim"
password = "k"
email = "kim@example.org"
phone_number = "123"
[[user.member]]
company = "Encootech"
department = "Sales"
roles = ["DepartmentAdmin"]
[[user.member]]
company = "Other"
[[user]]
user_name = "root"
password = "r"
system_admin = true
[[api_key]]
company = "Encootech"
name = "admin"
key = "lwk_admin-0123456789"
roles = ["CompanyAdmin"]
[[api_key]]
company = "Encootech"
department = "Sales"
name = "sales"
key = "lwk_sales-0123456789"
roles = ["DepartmentAdmin"]
[[api_key]]
company = "Encootech"
name = "viewer"
key = "lwk_viewer-0123456789"
roles = ["Viewer"]
[[api_key]]
company = "Encootech"
name = "nobody"
key = "lwk_nobody-0123456789"
[[api_key]]
company = "Other"
name = "foreign"
key = "lwk_foreign-0123456789"
roles = ["CompanyAdmin"]
[[robot]]
id = "00000000-0000-4000-8000-00000000000b"
company = "Encootech"
name = "r"
secret = "0123456789abcdef"
"#;

/// Headers of a request.
pub type Headers<'h> = &'h [(&'static str, &'h str)];

/// A server without a socket.
pub struct Server {
    pub router: Arc<Router<State>>,
    pub state: Arc<State>,
    _data: tempfile::TempDir,
}

/// An answer.
#[derive(Debug)]
pub struct Told {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Told {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body of a success.
    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// That it is a refusal of this status and code, in the form of all refusals.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(
            self.headers[header::CONTENT_TYPE],
            "application/problem+json"
        );
        let body: Value = serde_json::from_slice(&self.body).expect("JSON");
        assert_eq!(
            (&body["code"], &body["status"]),
            (&code.into(), &status.into()),
            "{body}"
        );
        for member in ["type", "title", "detail", "instance", "traceId"] {
            let text = body[member].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "{member} of {body}");
        }
    }
}

impl Server {
    pub async fn start() -> Server {
        let data = tempfile::tempdir().expect("a directory");
        let mut config = Config {
            data: data.path().to_owned(),
            ..Config::default()
        };
        config.engine.clock = Clock::Manual;
        let engine = actors::open(options(&config)).await.expect("an engine");
        let plan = seed::plan(org::State::default(), FILE, 1).expect("a plan");
        let sown = engine
            .organisation
            .command(engine.core(), Command::All(plan));
        sown.await.expect("people");
        let state = Arc::new(State::for_tests(engine, config));
        let gate = Gate::new(&GateConfig::default()).expect("a gate");
        let router = Router::new(Arc::clone(&state), gate).mount(super::api());
        let router = router.and_then(|router| router.mount(super::channels()));
        let router = router.and_then(|router| router.mount(crate::live::api()));
        Server {
            router: Arc::new(router.expect("a table without contradictions")),
            state,
            _data: data,
        }
    }

    /// Sends `METHOD /path` with a token (empty: none).
    pub async fn send(
        &self,
        token: &str,
        request: &str,
        headers: Headers<'_>,
        body: impl Into<Bytes>,
    ) -> Told {
        let (method, target) = request.split_once(' ').expect("a method and a path");
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let target = target.parse().unwrap_or_else(|_| panic!("{target}"));
        let mut arrival = Arrival::local(method, target, body);
        let bearer = format!("Bearer {token}");
        let bearer = [("authorization", bearer.as_str())];
        let bearer = if token.is_empty() { &[][..] } else { &bearer };
        for (name, value) in bearer.iter().chain(headers) {
            let value = HeaderValue::from_str(value).expect("a header's value");
            arrival = arrival.header(HeaderName::from_static(name), value);
        }
        let response = self.router.handle(arrival).await;
        Told {
            status: response.status.as_u16(),
            headers: response.headers,
            body: response.body.collect().await.to_vec(),
        }
    }

    /// The same with a JSON body, by the administrator.
    pub async fn ask(&self, request: &str, body: &str) -> Told {
        let json = [("content-type", "application/json")];
        self.send(ADMIN, request, &json, body.to_owned()).await
    }

    /// Uploads a package file by one request; the package's and the version's id.
    pub async fn upload(
        &self,
        token: &str,
        headers: Headers<'_>,
        file: Vec<u8>,
    ) -> (String, String) {
        let told = self
            .send(token, "PUT /openapi/packages", headers, file)
            .await;
        let told = told.json();
        let id = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
        (id("packageId"), id("packageVersionId"))
    }

    /// How many files lie in the directory of blobs.
    pub fn blobs(&self) -> usize {
        let directory = self.state.config.data.join("blobs");
        std::fs::read_dir(directory).map_or(0, Iterator::count)
    }

    /// An access token of somebody who signed in some time ago.
    pub async fn person(&self, name: &str, ago_ms: i64) -> String {
        let engine = &self.state.engine;
        let (account, client) = engine.organisation.look(|organisation| {
            let account = organisation.people.account_named(name).cloned();
            let client = organisation.clients.client("thirdpartyservice").cloned();
            (account, client)
        });
        let (account, client) = account.zip(client).expect("somebody and the client");
        let now_ms = engine.clock.real_ms() - ago_ms;
        let family = Family {
            id: sso::secret::guid().expect("an id"),
            account: account.id,
            client: client.id.clone(),
            current: sso::secret::digest(&sso::secret::text("").expect("a text")),
            began_ms: now_ms,
            rotated_ms: now_ms,
        };
        let command = Command::Sessions(sessions::Command::SignIn(family.clone()));
        let done = engine.organisation.command(engine.core(), command).await;
        done.expect("a sign-in");
        let claims = Claims::of_person(&self.state.sso, &client, &account, &family, now_ms);
        let claims = claims.expect("claims");
        claims.sign(&self.state.sso).expect("a token")
    }

    /// An access token of the robot.
    pub fn robot(&self) -> String {
        let engine = &self.state.engine;
        let robot = engine
            .organisation
            .look(|organisation| organisation.clients.client(ROBOT).cloned());
        let now_ms = engine.clock.real_ms();
        let claims = Claims::of_client(&self.state.sso, &robot.expect("a robot"), now_ms);
        let claims = claims.expect("claims");
        claims.sign(&self.state.sso).expect("a token")
    }

    /// Ends the engine, so that its threads do not outlive the test.
    pub async fn stop(self) {
        let engine = self.state.engine.clone();
        tokio::task::spawn_blocking(move || engine.stop())
            .await
            .expect("a clean stop");
    }
}

/// A package file whose program is `content`.
pub fn dgs(name: &str, version: &str, content: &str) -> Vec<u8> {
    let project = format!(
        r#"{{"ProjectName":"{name}","Version":"{version}","Description":"adds","ProjectEntryItem":"main.py"}}"#
    );
    let arguments = r#"{"Arguments":[{"Name":"a","Type":"System.Int32","Direction":"In","DefaultValue":"1"},
        {"Name":"sum","Type":"System.Int32","Direction":"Out"}]}"#;
    zip(&[
        ("project.json", project.as_bytes()),
        ("arguments.json", arguments.as_bytes()),
        ("main.py", content.as_bytes()),
    ])
}

/// A zip archive.
pub fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        writer
            .start_file(*name, SimpleFileOptions::default())
            .expect("an entry");
        writer.write_all(content).expect("its content");
    }
    writer.finish().expect("an archive").into_inner()
}

/// The limits of a listener whose clients may be slow.
pub fn limits() -> Limits {
    Limits::default()
}
