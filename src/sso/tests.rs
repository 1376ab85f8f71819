//! Signing in without a socket: a server with a few people, and what the stories share.
//! Owns: the server. Each topic has its file.

mod discovery;
mod floods;
mod forged;
mod keys;
mod refresh;
mod sign_in;

use super::{Keys, Sso};
use crate::{
    api,
    config::{Auth, Config},
    http::{Arrival, Gate, GateConfig, HeaderMap, HeaderValue, Method, Router, header},
    process_center, seed,
    server::{State, options},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use org::Command;
use serde_json::Value;
use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Instant,
};

/// Who is there.
const PEOPLE: &str = r#"
[[company]]
id = "9a0c7d89-404a-4896-a0b9-1add6d9551e8"
name = "Encootech"

[[company]]
id = "9a0c7d89-404a-4896-a0b9-000000000002"
name = "Other"

[[department]]
id = "2836f935-3c0b-4ce3-8cc3-77324f8df68c"
company = "Encootech"
name = "Head office"

[[user]]
id = "11111111-1111-4111-8111-111111111111"
user_name = "admin@encootech.com"
name = "Admin"
password = "123456"
[[user.member]]
company = "Encootech"
department = "Head office"
roles = ["CompanyAdmin"]

[[user]]
id = "11111111-1111-4111-8111-000000000002"
user_name = "both"
password = "both"
[[user.member]]
company = "Encootech"
[[user.member]]
company = "Other"

[[client]]
id = "shortlived"
grants = ["password", "refresh_token"]
access_token_s = 3

[[client]]
id = "guarded"
secret = "guarded-secret"
grants = ["password"]

[[robot]]
id = "bfdd9398-f2f9-4b10-8341-60944e87da1e"
department = "2836f935-3c0b-4ce3-8cc3-77324f8df68c"
name = "r1"
secret = "r1-secret-0123456789"

[[api_key]]
name = "ci"
company = "Encootech"
key = "lwk_0123456789abcdef"
roles = ["Operator"]
"#;

const ADMIN: [(&str, &str); 4] = [
    ("client_id", "thirdpartyservice"),
    ("grant_type", "password"),
    ("username", "admin@encootech.com"),
    ("password", "123456"),
];
const ROBOT: [(&str, &str); 3] = [
    ("client_id", "bfdd9398-f2f9-4b10-8341-60944e87da1e"),
    ("grant_type", "client_credentials"),
    ("client_secret", "r1-secret-0123456789"),
];
const FIRST: &str = "9a0c7d89-404a-4896-a0b9-1add6d9551e8";
const SECOND: &str = "9a0c7d89-404a-4896-a0b9-000000000002";

/// Signing in for a server without a socket. All tests share the keys: making them takes long.
pub fn for_tests(config: &Config) -> Sso {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    let keys = KEYS.get_or_init(|| Keys::generate().expect("keys"));
    Sso::new(keys.clone(), &config.auth).expect("threads")
}

/// A server without a socket, whose engine API and process-center want tokens.
struct Server {
    router: Router<State>,
    state: Arc<State>,
    _data: tempfile::TempDir,
}

/// An answer.
#[derive(Debug)]
struct Told {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Told {
    fn text(&self, name: &str) -> String {
        self.body[name].as_str().unwrap_or_default().to_owned()
    }
}

impl Server {
    async fn start() -> Server {
        Server::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut Config)) -> Server {
        let data = tempfile::tempdir().expect("a directory");
        let mut config = Config {
            data: data.path().to_owned(),
            ..Config::default()
        };
        config.api.auth = Auth::Token;
        config.process_center.auth = Auth::Token;
        change(&mut config);
        let engine = actors::open(options(&config)).await.expect("an engine");
        let plan = seed::plan(org::State::default(), PEOPLE, 1).expect("a plan");
        let all = Command::All(plan);
        let sown = engine.organisation.command(engine.core(), all).await;
        sown.expect("people");
        let state = Arc::new(State::for_tests(engine, config));
        let gate = Gate::new(&GateConfig::default()).expect("a gate");
        let router = Router::new(Arc::clone(&state), gate);
        let mut native = api::api();
        native.token_required = true;
        let router = router.mount(native).expect("the engine API");
        let router = router.mount(process_center::api()).expect("process-center");
        Server {
            router: router.mount(super::api()).expect("signing in"),
            state,
            _data: data,
        }
    }

    async fn send(&self, arrival: Arrival) -> Told {
        let response = self.router.handle(arrival).await;
        let (status, headers) = (response.status.as_u16(), response.headers);
        let body = response.body.collect().await;
        Told {
            status,
            headers,
            body: serde_json::from_slice(&body).unwrap_or_default(),
        }
    }

    /// A form, from this machine.
    async fn form(&self, path: &str, pairs: &[(&str, &str)]) -> Told {
        self.send(form(path, pairs)).await
    }

    /// A token request.
    async fn token(&self, pairs: &[(&str, &str)]) -> Told {
        self.form("/connect/token", pairs).await
    }

    /// The engine API's answer to a bearer.
    async fn visit(&self, token: &str, headers: &[(&'static str, &str)]) -> Told {
        self.visit_at("/api/v1/tasks", token, headers).await
    }

    async fn visit_at(&self, path: &str, token: &str, headers: &[(&'static str, &str)]) -> Told {
        let uri = path.parse().expect("a path");
        let bearer = format!("Bearer {token}");
        let mut arrival =
            Arrival::local(Method::GET, uri, "").header(header::AUTHORIZATION, value(&bearer));
        for (name, text) in headers {
            let name = header::HeaderName::from_static(name);
            arrival = arrival.header(name, value(text));
        }
        self.send(arrival).await
    }
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("a header")
}

/// As the recorded clients write it: nothing is encoded.
fn form(path: &str, pairs: &[(&str, &str)]) -> Arrival {
    let pairs = pairs.iter().map(|(name, text)| format!("{name}={text}"));
    let body = pairs.collect::<Vec<_>>().join("&");
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    Arrival::local(Method::POST, path.parse().expect("a path"), body)
        .header(header::CONTENT_TYPE, form)
}

fn from(arrival: Arrival, address: [u8; 4]) -> Arrival {
    Arrival {
        peer: SocketAddr::from((address, 1)),
        ..arrival
    }
}

fn basic(arrival: Arrival, id: &str, secret: &str) -> Arrival {
    let encoded = STANDARD.encode(format!("{id}:{secret}"));
    arrival.header(header::AUTHORIZATION, value(&format!("Basic {encoded}")))
}

fn refresh(token: &str) -> [(&'static str, &str); 3] {
    [
        ("client_id", "thirdpartyservice"),
        ("grant_type", "refresh_token"),
        ("refresh_token", token),
    ]
}
