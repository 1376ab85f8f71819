//! The document and the functions agree on bodies: who reads one says what, and nobody else does.
//!
//! That a function reads no other field than its line declares, and each as what it is declared, holds in every test: a build
//! with debug assertions lets it read no other.

use super::{COMPANY, NOTHING, Server, VIEWER, matrix};
use crate::console::table::{Content, endpoints};
use serde_json::{Value, json};

async fn document(server: &Server) -> Value {
    let told = server.send(VIEWER, "GET /openapi/openapi.json", &[], "");
    told.await.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_has_a_body_in_the_document_if_and_only_if_it_reads_one() {
    let server = Server::start().await;
    let document = document(&server).await;
    // Who may do everything.
    let root = server.person("root", 0).await;
    let (mut seen, mut wrong) = (0, Vec::new());
    for endpoint in endpoints() {
        let (method, path) = (endpoint.route.method.as_str(), endpoint.route.path);
        let body = &document["paths"][path][method.to_ascii_lowercase()]["requestBody"];
        if method == "GET" {
            assert!(body.is_null(), "{method} {path}");
            continue;
        }
        // Whoever reads it reads it first: before what the path names is looked up.
        let request = matrix::request(method, path, NOTHING);
        let told = server.send(&root, &request, &[("companyid", COMPANY)], "{");
        let told = told.await;
        let reads = told.status == 400;
        if reads != body.is_object() {
            wrong.push(format!("{request}: {}", told.text()));
        }
        seen += usize::from(reads);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen >= 40, "{seen} operations read a body");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_says_what_each_field_is_and_which_must_be_there() {
    let server = Server::start().await;
    let document = document(&server).await;
    for endpoint in endpoints() {
        let (method, path) = (endpoint.route.method.as_str(), endpoint.route.path);
        let body = &document["paths"][path][method.to_ascii_lowercase()]["requestBody"];
        let schema = &body["content"]["application/json"]["schema"];
        match endpoint.body {
            None => assert!(body.is_null(), "{method} {path}"),
            Some(Content::File) => {
                assert!(
                    body["content"]["application/octet-stream"].is_object(),
                    "{path}"
                );
            }
            Some(Content::Objects(_)) => {
                assert_eq!(schema["anyOf"][0], schema["anyOf"][1]["items"], "{path}");
            }
            Some(Content::Object(_)) => assert_eq!(schema["type"], "object", "{method} {path}"),
        }
    }
    let of = |method: &str, path: &str| {
        let body = &document["paths"][path][method]["requestBody"];
        (
            body["required"].clone(),
            body["content"]["application/json"]["schema"].clone(),
        )
    };
    let (required, workflow) = of("post", "/openapi/workflows");
    assert_eq!(required, true);
    assert_eq!(workflow["required"], json!(["name", "packageId"]));
    let fields = &workflow["properties"];
    assert_eq!(
        fields["packageId"],
        json!({"type": "string", "format": "uuid"})
    );
    assert_eq!(fields["priority"], json!({"type": "integer", "minimum": 0}));
    assert_eq!(
        fields["triggerPolicy"]["enum"],
        json!(["SkipWhenNoResource", "AnyTime"])
    );
    let argument = &fields["arguments"]["items"];
    assert_eq!(argument["required"], json!(["name"]));
    assert_eq!(argument["properties"]["allowEdit"]["type"], "boolean");
    let (required, change) = of("patch", "/openapi/workflows/{id}");
    assert_eq!(
        (required, &change["required"]),
        (json!(false), &Value::Null)
    );
    assert_eq!(change["properties"]["eTag"]["type"], "string");
    server.stop().await;
}
