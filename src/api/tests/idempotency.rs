//! `Idempotency-Key`: the same request again is answered as it was the first time.

use super::{Row, Server, models};
use crate::http::header;

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test(flavor = "multi_thread")]
async fn a_key_starts_and_completes_once() {
    let mut server = Server::start().await;
    server.deploy("leave.bpmn", models::LEAVE).await;
    let start = r#"{"definitionKey":"leave"}"#;
    let one = [JSON, ("idempotency-key", "one")];
    let first = server.send("POST /instances", &one, start).await;
    let again = server.send("POST /instances", &one, start).await;
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.body, again.body);
    assert_eq!(
        first.headers[header::LOCATION],
        again.headers[header::LOCATION]
    );
    let other_body = server.send(
        "POST /instances",
        &one,
        r#"{"definitionKey":"leave","name":"x"}"#,
    );
    let other_body = other_body.await;
    assert_eq!(other_body.status, 409);
    assert!(other_body.text().contains("idempotency-conflict"));
    let two = [JSON, ("idempotency-key", "two")];
    let second = server.send("POST /instances", &two, start).await;
    assert_ne!(first.body, second.body);
    let rows: &[Row<'_>] = &[("GET /tasks", "", 200, &["\"total\":2"], "t=/items/0/id")];
    server.tell(rows).await;
    for _ in 0..2 {
        let done = server.send("POST /tasks/{t}/complete", &one, "{}").await;
        assert_eq!(done.status, 200, "{}", done.text());
    }
    assert_eq!(
        server.ask("POST /tasks/{t}/complete", "{}").await.status,
        409
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_with_one_key_are_one() {
    let mut server = Server::start().await;
    server.deploy("leave.bpmn", models::LEAVE).await;
    let start = r#"{"definitionKey":"leave"}"#;
    let key = [JSON, ("idempotency-key", "k")];
    let (a, b) = tokio::join!(
        server.send("POST /instances", &key, start),
        server.send("POST /instances", &key, start)
    );
    assert_eq!(a.body, b.body);
    let rows: &[Row<'_>] = &[("GET /instances", "", 200, &["\"total\":1"], "")];
    server.tell(rows).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_not_remembered_and_a_deployment_is() {
    let mut server = Server::start().await;
    let key = [JSON, ("idempotency-key", "k")];
    let start = r#"{"definitionKey":"leave"}"#;
    assert_eq!(
        server.send("POST /instances", &key, start).await.status,
        422
    );
    let xml = [
        ("content-type", "application/xml"),
        ("idempotency-key", "k"),
    ];
    let first = server
        .send("POST /deployments?name=a.bpmn", &xml, models::LEAVE)
        .await;
    let again = server
        .send("POST /deployments?name=a.bpmn", &xml, models::LEAVE)
        .await;
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.body, again.body);
    assert_eq!(
        server.send("POST /instances", &key, start).await.status,
        201
    );
    let rows: &[Row<'_>] = &[("GET /deployments", "", 200, &["\"total\":1"], "")];
    server.tell(rows).await;
    server.stop().await;
}
