//! The document and the functions agree on bodies: who reads one says what, and nobody else does.

use super::Server;
use codec::{Id, RootId};
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_has_a_body_in_the_document_if_and_only_if_it_reads_one() {
    let server = Server::start().await;
    let told = server.ask("GET /openapi.json", "").await;
    let document: Value = serde_json::from_slice(&told.body).expect("JSON");
    let nothing = Id {
        root: RootId(7),
        number: 1,
    };
    let (mut seen, mut wrong) = (0, Vec::new());
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let path = path.trim_start_matches("/api/v1");
            let path = path.replace("{id}", &nothing.to_string());
            let request = format!("{} {path}", method.to_ascii_uppercase());
            let body = &operation["requestBody"];
            if method == "get" {
                assert!(body.is_null(), "{request}");
                continue;
            }
            // Whoever reads it reads it before what the path names is looked up.
            let told = server.ask(&request, "{").await;
            let reads = [400, 415].contains(&told.status);
            if reads != body.is_object() {
                wrong.push(format!("{request}: {}", told.text()));
            }
            seen += usize::from(reads);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen >= 20, "{seen} operations read a body");
    server.stop().await;
}
