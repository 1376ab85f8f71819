//! Deployments and definitions: from a model to its picture and its end.

use super::{Row, Server, models};
use crate::http::header;

#[tokio::test(flavor = "multi_thread")]
async fn a_model_is_deployed_shown_suspended_and_removed() {
    let mut server = Server::start().await;
    let deployed = server.deploy("leave.bpmn20.xml", models::LEAVE).await;
    assert_eq!(deployed["warnings"], serde_json::json!([]));
    let id = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    server
        .names
        .insert("d".to_owned(), id(&deployed["definitions"][0]["id"]));
    server.names.insert("dep".to_owned(), id(&deployed["id"]));
    let rows: &[Row<'_>] = &[
        (
            "GET /definitions/{d}",
            "",
            200,
            &[
                "\"id\":\"{d}\",\"key\":\"leave\",\"version\":1,\"name\":\"Leave\",\"description\":\"Who is away\",\"category\":\"hr\"",
                "\"deploymentId\":\"{dep}\",\"resourceName\":\"leave.bpmn20.xml\",\"state\":\"active\",\"startFormKey\":\"ask\",\"deployedAt\":\"2",
            ],
            "",
        ),
        (
            "GET /definitions",
            "",
            200,
            &["\"next\":null,\"total\":1"],
            "",
        ),
        (
            "GET /definitions?key=leave&latest=true&state=active",
            "",
            200,
            &["\"total\":1"],
            "",
        ),
        (
            "GET /definitions?key=other",
            "",
            200,
            &["{\"items\":[],\"next\":null,\"total\":0}"],
            "",
        ),
        (
            "GET /definitions?state=suspended",
            "",
            200,
            &["\"total\":0"],
            "",
        ),
        (
            "GET /definitions/{d}/xml",
            "",
            200,
            &["<process id=\"leave\""],
            "",
        ),
        (
            "GET /definitions/{d}/diagram.svg",
            "",
            200,
            &["<svg", "Approve"],
            "",
        ),
        (
            "GET /deployments",
            "",
            200,
            &["\"id\":\"{dep}\"", "\"total\":1"],
            "",
        ),
        (
            "GET /deployments/{dep}",
            "",
            200,
            &["\"name\":\"leave.bpmn20.xml\"", "\"key\":\"leave\""],
            "",
        ),
        (
            "PUT /definitions/{d}/state",
            "{\"state\":\"suspended\"}",
            200,
            &["\"state\":\"suspended\""],
            "",
        ),
        (
            "PUT /definitions/{d}/state",
            "{\"state\":\"suspended\"}",
            409,
            &["already-suspended"],
            "",
        ),
        (
            "POST /instances",
            "{\"definitionKey\":\"leave\"}",
            409,
            &["definition-suspended"],
            "",
        ),
        (
            "PUT /definitions/by-key/leave/state",
            "{\"state\":\"active\"}",
            200,
            &["\"state\":\"active\""],
            "",
        ),
        (
            "POST /instances",
            "{\"definitionId\":\"{d}\"}",
            201,
            &["\"state\":\"active\""],
            "p=/id",
        ),
        (
            "PUT /definitions/{d}/state",
            "{\"state\":\"suspended\",\"includeInstances\":true}",
            200,
            &["\"state\":\"suspended\""],
            "",
        ),
        (
            "GET /instances/{p}",
            "",
            200,
            &["\"state\":\"suspended\""],
            "",
        ),
        (
            "DELETE /deployments/{dep}",
            "",
            409,
            &["has-running-instances"],
            "",
        ),
        ("DELETE /deployments/{dep}?cascade=true", "", 204, &[], ""),
        ("GET /instances/{p}", "", 404, &["instance-not-found"], ""),
        (
            "GET /definitions/{d}",
            "",
            404,
            &["definition-not-found"],
            "",
        ),
        ("GET /deployments", "", 200, &["\"total\":0"], ""),
    ];
    server.tell(rows).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_svg_or_png() {
    let mut server = Server::start().await;
    let deployed = server.deploy("leave.bpmn20.xml", models::LEAVE).await;
    let id = deployed["definitions"][0]["id"]
        .as_str()
        .expect("text")
        .to_owned();
    server.names.insert("d".to_owned(), id);
    let started: &[Row<'_>] = &[(
        "POST /instances",
        "{\"definitionKey\":\"leave\"}",
        201,
        &[],
        "p=/id",
    )];
    server.tell(started).await;
    for (target, content_type, start) in [
        (
            "GET /definitions/{d}/diagram.png",
            "image/png",
            &b"\x89PNG"[..],
        ),
        (
            "GET /instances/{p}/diagram.png?highlight=path",
            "image/png",
            b"\x89PNG",
        ),
        ("GET /instances/{p}/diagram.svg", "image/svg+xml", b"<svg"),
        (
            "GET /definitions/{d}/xml",
            "application/xml",
            b"<definitions",
        ),
    ] {
        let told = server.ask(target, "").await;
        assert_eq!(told.status, 200, "{target}");
        assert_eq!(told.headers[header::CONTENT_TYPE], content_type, "{target}");
        assert!(told.body.starts_with(start), "{target}");
    }
    let plain = server
        .ask("GET /instances/{p}/diagram.svg?highlight=none", "")
        .await
        .body;
    let active = server.ask("GET /instances/{p}/diagram.svg", "").await.body;
    assert_ne!(plain, active);
    assert_eq!(
        server
            .ask("GET /instances/{p}/diagram.svg?highlight=all", "")
            .await
            .status,
        400
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_files_are_one_deployment_and_the_same_again_is_none() {
    let mut server = Server::start().await;
    let body = [("leave.bpmn", models::LEAVE), ("trip.bpmn", models::TRIP), ("note.txt", "hello")]
        .map(|(name, text)| {
            format!("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n{text}\r\n")
        })
        .concat()
        + "--b--\r\n";
    let headers = [("content-type", "multipart/form-data; boundary=b")];
    let target = "POST /deployments?name=both&enableDuplicateFiltering=true";
    let first = server.send(target, &headers, &body).await;
    assert_eq!(first.status, 201, "{}", first.text());
    let deployment: serde_json::Value = serde_json::from_slice(&first.body).expect("JSON");
    assert_eq!(deployment["definitions"].as_array().map(Vec::len), Some(2));
    let location = format!(
        "/api/v1/deployments/{}",
        deployment["id"].as_str().expect("an id")
    );
    assert_eq!(first.headers[header::LOCATION], location.as_str());
    let again = server.send(target, &headers, &body).await;
    assert_eq!(again.status, 200);
    let again: serde_json::Value = serde_json::from_slice(&again.body).expect("JSON");
    assert_eq!(again["id"], deployment["id"]);
    let rows: &[Row<'_>] = &[(
        "GET /definitions?limit=1",
        "",
        200,
        &["\"key\":\"trip\"", "\"total\":2"],
        "n=/next",
    )];
    server.tell(rows).await;
    let rows: &[Row<'_>] = &[(
        "GET /definitions?limit=1&after={n}",
        "",
        200,
        &["\"key\":\"leave\"", "\"next\":null"],
        "",
    )];
    server.tell(rows).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_model_is_refused_with_all_complaints() {
    let server = Server::start().await;
    let broken = models::LEAVE
        .replace("targetRef=\"end\"", "targetRef=\"nowhere\"")
        .replace("sourceRef=\"start\"", "sourceRef=\"nothing\"");
    let headers = [("content-type", "application/xml")];
    let told = server
        .send("POST /deployments?name=x", &headers, &broken)
        .await;
    assert_eq!(told.status, 422);
    let problem: serde_json::Value = serde_json::from_slice(&told.body).expect("JSON");
    assert_eq!(problem["code"], "invalid-model");
    let complaints = problem["diagnostics"].as_array().expect("diagnostics");
    assert!(complaints.len() >= 2, "{problem}");
    assert!(
        complaints
            .iter()
            .all(|c| c["line"].as_u64() > Some(0) && c["message"].is_string())
    );
    assert_eq!(
        server.send("POST /deployments", &headers, "").await.status,
        400
    );
    let text = [("content-type", "text/plain")];
    assert_eq!(
        server.send("POST /deployments", &text, "x").await.status,
        415
    );
    server.stop().await;
}
