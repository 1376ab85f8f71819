//! Channels: opened, filled, made a package of; and all that must not work.

use super::{ADMIN, COMPANY, ROOT, Server, companies::has, dgs};
use crate::console::sweeping;
use std::sync::Arc;

const HOUR_MS: i64 = 3_600_000;

/// The id of a channel and its address without scheme and host.
async fn open(server: &Server) -> (String, String) {
    let told = server
        .send(
            ADMIN,
            "POST /openapi/preloadedversionfiles",
            &[("content-type", "application/json")],
            "",
        )
        .await;
    let told = told.json();
    let text = |pointer: &str| {
        told.pointer(pointer)
            .and_then(|value| value.as_str())
            .unwrap_or_default()
            .to_owned()
    };
    let uri = text("/channel/uri");
    let path = uri
        .strip_prefix("http://localhost")
        .unwrap_or_else(|| panic!("{uri}"));
    assert_eq!(
        told["channel"]["headers"],
        serde_json::json!({"Content-Type": "application/octet-stream"})
    );
    has(&told, &["createdAt"]);
    assert_eq!(
        (text("/companyId"), text("/departmentId")),
        (COMPANY.into(), ROOT.into())
    );
    (text("/id"), path.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_comes_by_a_channel_and_becomes_a_package() {
    let server = Server::start().await;
    let (id, uri) = open(&server).await;
    let commit = format!("PATCH /openapi/preloadedVersionFiles/{id}");
    server
        .ask(&commit, "{}")
        .await
        .refused(400, "nothing-received");
    let put = format!("PUT {uri}");
    let file = dgs("Add", "1.0.0", "x");
    for content in [dgs("Other", "9", "y"), file.clone(), file.clone()] {
        let told = server
            .send(
                "",
                &put,
                &[("content-type", "application/octet-stream")],
                content,
            )
            .await;
        assert_eq!((told.status, told.text().as_str()), (200, ""));
        assert_eq!(server.blobs(), 1, "the last one counts");
    }
    let first = server.ask(&commit, "").await.json();
    assert_eq!(
        (&first["packageName"], &first["currentVersion"]),
        (&"Add".into(), &"1.0.0".into())
    );
    assert_eq!(
        server.ask(&commit, "{}").await.json(),
        first,
        "again the same"
    );
    assert_eq!(
        server.send("", &put, &[], file.clone()).await.status,
        200,
        "the same bytes again"
    );
    server
        .send("", &put, &[], dgs("Add", "2", ""))
        .await
        .refused(409, "committed");
    assert_eq!(server.blobs(), 1);
    let (package, version) = server.upload(ADMIN, &[], file).await;
    assert_eq!(
        (&first["packageId"], &first["packageVersionId"]),
        (&package.into(), &version.into())
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_around_a_package_is_refused_where_the_file_itself_is_wanted() {
    let server = Server::start().await;
    let (_, uri) = open(&server).await;
    let mut form = b"--b\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\n".to_vec();
    form.extend(dgs("Add", "1.0.0", "x"));
    form.extend(b"\r\n--b--\r\n");
    let headers = [("content-type", "multipart/form-data; boundary=b")];
    let channel = format!("PUT {uri}");
    for (token, put) in [(ADMIN, "PUT /openapi/packages"), ("", &channel)] {
        let told = server.send(token, put, &headers, form.clone()).await;
        told.refused(415, "unsupported-media-type");
    }
    assert_eq!(server.blobs(), 0, "nothing of it is kept");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_signed_address_takes_bytes() {
    let server = Server::start().await;
    let (id, uri) = open(&server).await;
    let (other, _) = open(&server).await;
    let (path, query) = uri.split_once('?').expect("a query");
    let (expires, signature) = query.split_once('&').expect("two parameters");
    let later = format!("expires={}", i64::MAX);
    let rows = [
        path.to_owned(),
        format!("{path}?{expires}"),
        format!("{path}?{signature}"),
        format!("{path}?{expires}&signature="),
        format!("{path}?{expires}&signature=AAAA"),
        format!("{path}?{expires}&signature=%F0%9F%92%A9"),
        format!("{path}?{later}&{signature}"),
        format!("{path}?expires=x&{signature}"),
        format!("{}?{query}", path.replace(&id, &other)),
        format!("{}?{query}", path.replace(&id, "x")),
        format!("{path}?{expires}&{}", &signature[..signature.len() - 1]),
    ];
    for target in rows {
        let told = server
            .send(ADMIN, &format!("PUT {target}"), &[], dgs("p", "1", ""))
            .await;
        told.refused(403, "bad-signature");
    }
    assert_eq!(server.blobs(), 0);
    server
        .send("", &format!("PUT {uri}"), &[], "")
        .await
        .refused(400, "malformed-request");
    server
        .send("", &format!("GET {uri}"), &[], "")
        .await
        .refused(405, "method-not-allowed");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_ends_after_an_hour_and_takes_its_bytes_with_it() {
    let server = Server::start().await;
    let clock = &server.state.engine.clock;
    let start_ms = clock.now_ms();
    let (full, full_uri) = open(&server).await;
    let (empty, empty_uri) = open(&server).await;
    let put = format!("PUT {full_uri}");
    assert_eq!(
        server.send("", &put, &[], dgs("p", "1", "")).await.status,
        200
    );
    assert!(clock.set(start_ms + HOUR_MS - 1));
    assert_eq!(
        server.send("", &put, &[], dgs("p", "1", "x")).await.status,
        200
    );
    sweeping::expire(&server.state).await;
    assert_eq!(server.blobs(), 1);
    assert!(clock.set(start_ms + HOUR_MS));
    for uri in [&full_uri, &empty_uri] {
        let told = server
            .send("", &format!("PUT {uri}"), &[], dgs("p", "1", ""))
            .await;
        told.refused(403, "bad-signature");
    }
    let commit = |id: &str| format!("PATCH /openapi/preloadedVersionFiles/{id}");
    server.ask(&commit(&full), "").await.refused(403, "expired");
    sweeping::expire(&server.state).await;
    assert_eq!(server.blobs(), 0);
    for id in [&full, &empty] {
        server.ask(&commit(id), "").await.refused(404, "unknown");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_is_judged_when_a_package_is_to_be_made_of_it() {
    let server = Server::start().await;
    server.upload(ADMIN, &[], dgs("Add", "1", "x")).await;
    for (content, code) in [
        (b"no archive".to_vec(), "not-an-archive"),
        (dgs("Add", "1", "y"), "other-content"),
    ] {
        let (id, uri) = open(&server).await;
        assert_eq!(
            server
                .send("", &format!("PUT {uri}"), &[], content)
                .await
                .status,
            200
        );
        let commit = format!("PATCH /openapi/preloadedVersionFiles/{id}");
        server.ask(&commit, "").await.refused(400, code);
        server
            .ask(&commit, "[")
            .await
            .refused(400, "malformed-request");
        // Something better may still come.
        assert_eq!(
            server
                .send("", &format!("PUT {uri}"), &[], dgs("Add", "2", "y"))
                .await
                .status,
            200
        );
        assert_eq!(server.ask(&commit, "").await.json()["lastVersion"], "2");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_removes_only_what_nobody_names() {
    let server = Server::start().await;
    server.upload(ADMIN, &[], dgs("Add", "1", "x")).await;
    let (_, uri) = open(&server).await;
    assert_eq!(
        server
            .send("", &format!("PUT {uri}"), &[], dgs("p", "1", ""))
            .await
            .status,
        200
    );
    let stray = server
        .state
        .blobs
        .receive(None, "stray".into())
        .await
        .expect("a file");
    let held = server.state.blobs.keep(stray).await.expect("a blob");
    sweeping::sweep(Arc::clone(&server.state), None).await;
    assert_eq!(server.blobs(), 3, "held");
    drop(held);
    sweeping::sweep(Arc::clone(&server.state), None).await;
    assert_eq!(server.blobs(), 2);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_with_one_version_one_content_wins() {
    let server = Arc::new(Server::start().await);
    let tasks = (0..12).map(|n| {
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            let file = dgs("Add", "1", if n % 3 == 0 { "x" } else { "y" });
            let told = server.send(ADMIN, "PUT /openapi/packages", &[], file).await;
            (told.status, told.text())
        })
    });
    let tasks: Vec<_> = tasks.collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.expect("an answer"));
    }
    let mut won: Vec<&str> = answers
        .iter()
        .filter(|(status, _)| *status == 200)
        .map(|(_, text)| text.as_str())
        .collect();
    let (count, lost) = (
        won.len(),
        answers.iter().filter(|(status, _)| *status == 400),
    );
    assert_eq!(count + lost.count(), 12, "{answers:?}");
    assert!([4, 8].contains(&count), "{answers:?}");
    won.dedup();
    assert_eq!((won.len(), server.blobs()), (1, 1), "{answers:?}");
    Arc::into_inner(server).expect("the last").stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_there_exactly_when_its_package_is() {
    let server = Arc::new(Server::start().await);
    let file = dgs("Add", "1", "x");
    for _ in 0..20 {
        let (package, _) = server.upload(ADMIN, &[], file.clone()).await;
        let (deleting, uploading) = (Arc::clone(&server), Arc::clone(&server));
        let again = file.clone();
        let delete = format!("DELETE /openapi/packages/{package}");
        let deleted = tokio::spawn(async move { deleting.ask(&delete, "{}").await.status });
        let uploaded = tokio::spawn(async move {
            let upload = "PUT /openapi/packages";
            uploading.send(ADMIN, upload, &[], again).await.status
        });
        assert_eq!(deleted.await.ok(), Some(200));
        // It may have met the old package, which then went.
        let status = uploaded.await.expect("an answer");
        assert!([200, 404].contains(&status), "{status}");
        let list = server.ask("GET /openapi/packages", "").await.json();
        let blobs = u64::try_from(server.blobs()).ok();
        assert_eq!(list["count"].as_u64(), blobs);
    }
    Arc::into_inner(server).expect("the last").stop().await;
}
