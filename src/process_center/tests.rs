//! The API's tests without a socket: a server on a data directory of its own, and stories told as tables.
//! Owns: what the stories share. Each topic has its file.

mod forms;
mod frame;
mod identity;
mod instances;
mod tasks;
mod uploads;

use super::api;
use crate::{
    config::{Auth, Clock, Config},
    http::{Arrival, Gate, GateConfig, HeaderMap, HeaderName, HeaderValue, Method, Router},
    server::{State, options},
};
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};

/// A row of a story: request (`POST /taskCtr/complete?…`), JSON body, status, fragments of the answer, and
/// `name=/pointer` to bind a value of it. `{name}` in a request, a body or a fragment stands for what was bound.
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
        let mut api = api();
        api.token_required = state.config.process_center.auth == Auth::Token;
        let gate = Gate::new(&GateConfig::default()).expect("a gate");
        let router = Router::new(Arc::clone(&state), gate);
        Server {
            router: router.mount(api).expect("a table without contradictions"),
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

    async fn send(
        &self,
        request: &str,
        headers: &[(&'static str, &str)],
        body: impl Into<bytes::Bytes>,
    ) -> Told {
        let request = self.filled(request);
        let (method, target) = request.split_once(' ').expect("a method and a path");
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut arrival = Arrival::local(method, target.parse().expect("a target"), body);
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
        self.send(request, headers, self.filled(body)).await
    }

    /// Uploads one part named `file`.
    async fn upload(&self, name: &str, content_type: &str, content: &[u8]) -> Told {
        let head = format!(
            "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: {content_type}\r\n\r\n"
        );
        let body = [head.as_bytes(), content, b"\r\n--x--\r\n"].concat();
        let headers = [("content-type", "multipart/form-data; boundary=x")];
        let request = "POST /processCtr/deploymentProcess";
        self.send(request, &headers, body).await
    }

    async fn deploy(&self, model: &str) {
        let told = self.upload("m.bpmn", "text/xml", model.as_bytes()).await;
        assert!(told.text().contains("发布成功！"), "{}", told.text());
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
            if let Some((name, pointer)) = bind.split_once('=') {
                let answer: Value = serde_json::from_str(&text).expect(&text);
                let value = answer.pointer(pointer).and_then(Value::as_str);
                let value = value.unwrap_or_else(|| panic!("{request}: no {pointer} in {text}"));
                self.names.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// A file with these processes.
fn model(processes: &str) -> String {
    format!(
        "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
         xmlns:activiti=\"http://activiti.org/bpmn\" targetNamespace=\"t\">{processes}</definitions>"
    )
}

/// Submit, approve, and back or to the end.
fn approval(key: &str) -> String {
    model(&format!(
        "<process id=\"{key}\" name=\"{key}\"><startEvent id=\"s\"/>\
         <sequenceFlow id=\"f1\" sourceRef=\"s\" targetRef=\"submit\"/>\
         <userTask id=\"submit\" name=\"提交\"/>\
         <sequenceFlow id=\"f2\" sourceRef=\"submit\" targetRef=\"approve\"/>\
         <userTask id=\"approve\" name=\"审批\"/>\
         <sequenceFlow id=\"f3\" sourceRef=\"approve\" targetRef=\"x\"/><exclusiveGateway id=\"x\"/>\
         <sequenceFlow id=\"f4\" sourceRef=\"x\" targetRef=\"e\">\
         <conditionExpression xsi:type=\"tFormalExpression\">${{result==1}}</conditionExpression></sequenceFlow>\
         <sequenceFlow id=\"f5\" sourceRef=\"x\" targetRef=\"submit\">\
         <conditionExpression xsi:type=\"tFormalExpression\">${{result!=1}}</conditionExpression></sequenceFlow>\
         <endEvent id=\"e\"/></process>"
    ))
}
