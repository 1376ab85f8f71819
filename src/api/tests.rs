//! The API's tests without a socket: a server on a data directory of its own, and stories told as tables.
//! Owns: what the stories share. Each topic has its file.

mod crash;
mod definitions;
mod documented;
mod ended;
mod idempotency;
mod instances;
mod lists;
mod models;
mod refusals;
mod tasks;
mod work;

use super::api;
use crate::{
    config::{Auth, Clock, Config},
    http::{Arrival, Gate, GateConfig, HeaderMap, HeaderName, HeaderValue, Method, Router, header},
    server::{State, options},
};
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};

/// A row of a story: request (`POST /instances`), body, status, fragments of the answer, and `name=/pointer` to bind a value
/// of it. `{name}` in a request, a body or a fragment stands for what was bound.
type Row<'r> = (&'r str, &'r str, u16, &'r [&'r str], &'r str);

/// A server without a socket.
struct Server {
    router: Router<State>,
    state: Arc<State>,
    names: BTreeMap<String, String>,
    _data: tempfile::TempDir,
}

/// An answer.
struct Told {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Told {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Server {
    async fn start() -> Server {
        Server::with(|_| {}).await
    }

    /// With a manual clock, and what `change` sets.
    async fn with(change: impl FnOnce(&mut Config)) -> Server {
        let data = tempfile::tempdir().expect("a directory");
        let mut config = Config {
            data: data.path().to_owned(),
            ..Config::default()
        };
        config.engine.clock = Clock::Manual;
        change(&mut config);
        let engine = actors::open(options(&config)).await.expect("an engine");
        let state = Arc::new(State::for_tests(engine, config));
        let mut native = api();
        native.token_required = state.config.api.auth == Auth::Token;
        let gate = Gate::new(&GateConfig::default()).expect("a gate");
        let router = Router::new(Arc::clone(&state), gate);
        Server {
            router: router
                .mount(native)
                .expect("a table without contradictions"),
            state,
            names: BTreeMap::new(),
            _data: data,
        }
    }

    fn filled(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        for (name, value) in &self.names {
            filled = filled.replace(&format!("{{{name}}}"), value);
        }
        filled
    }

    async fn send(&self, request: &str, headers: &[(&'static str, &str)], body: &str) -> Told {
        let request = self.filled(request);
        let (method, target) = request.split_once(' ').expect("a method and a path");
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let target = format!("/api/v1{target}").parse().expect("a target");
        let mut arrival = Arrival::local(method, target, self.filled(body));
        for (name, value) in headers {
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

    async fn ask(&self, request: &str, body: &str) -> Told {
        let json: &[(&'static str, &str)] = &[("content-type", "application/json")];
        let headers = if body.is_empty() { &[] } else { json };
        self.send(request, headers, body).await
    }

    async fn deploy(&mut self, name: &str, model: &str) -> Value {
        let headers = [("content-type", "application/xml")];
        let told = self
            .send(&format!("POST /deployments?name={name}"), &headers, model)
            .await;
        assert_eq!(told.status, 201, "{}", told.text());
        serde_json::from_slice(&told.body).expect("JSON")
    }

    async fn tell(&mut self, rows: &[Row<'_>]) {
        for (request, body, status, fragments, bind) in rows {
            let told = self.ask(request, body).await;
            let text = told.text();
            assert_eq!(told.status, *status, "{request} {body}: {text}");
            for fragment in *fragments {
                let fragment = self.filled(fragment);
                assert!(
                    text.contains(&fragment),
                    "{request}: no {fragment} in {text}"
                );
            }
            if status >= &400 {
                let content_type = &told.headers[header::CONTENT_TYPE];
                assert_eq!(content_type, "application/problem+json", "{request}");
            }
            if let Some((name, pointer)) = bind.split_once('=') {
                let answer: Value = serde_json::from_str(&text).expect(&text);
                let value = answer.pointer(pointer).and_then(Value::as_str);
                let value = value.unwrap_or_else(|| panic!("{request}: no {pointer} in {text}"));
                self.names.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// Ends the engine, so that its threads do not outlive the test.
    async fn stop(self) {
        let engine = self.state.engine.clone();
        tokio::task::spawn_blocking(move || engine.stop())
            .await
            .expect("a clean stop");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_known_token_is_let_in_where_one_is_wanted() {
    let server = Server::with(|config| config.api.auth = Auth::Token).await;
    for headers in [&[][..], &[("authorization", "Bearer guessed")][..]] {
        let told = server.send("GET /instances", headers, "").await;
        assert_eq!(told.status, 401);
        assert!(told.headers.contains_key(header::WWW_AUTHENTICATE));
        assert!(
            told.text().contains("\"code\":\"unauthorized\""),
            "{}",
            told.text()
        );
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_has_every_endpoint() {
    let mut server = Server::start().await;
    let fragments: &[&str] = &[
        "\"openapi\":\"3.1.0\"",
        "\"/api/v1/instances/{id}/activities\"",
        "\"operationId\":\"postTasksIdComplete\"",
        "Idempotency-Key",
    ];
    server
        .tell(&[("GET /openapi.json", "", 200, fragments, "")])
        .await;
    server.stop().await;
}
