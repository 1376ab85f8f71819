//! Stories of deploymentProcess and of the folder that is deployed at start.

use super::{Server, approval};
use crate::process_center::start;
use std::io::{Cursor, Write};
use zip::{ZipWriter, write::SimpleFileOptions};

fn zip_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        let options = SimpleFileOptions::default();
        writer.start_file(*name, options).expect("an entry");
        writer.write_all(content).expect("its content");
    }
    writer.finish().expect("an archive").into_inner()
}

fn with_link() -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    writer
        .add_symlink("a.bpmn", "/etc/passwd", options)
        .expect("a link");
    writer.finish().expect("an archive").into_inner()
}

/// The directory names one stored entry twice.
fn overlapping() -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    writer.start_file("a.txt", options).expect("an entry");
    writer.write_all(b"content").expect("its content");
    writer.shallow_copy_file("a.txt", "b.txt").expect("a copy");
    writer.finish().expect("an archive").into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_told_apart_by_content_and_name() {
    let server = Server::start().await;
    let a = approval("a");
    let model = a.as_bytes();
    let b = approval("b");
    let both = zip_of(&[
        ("x/a.bpmn", model),
        ("b.bpmn20.xml", b.as_bytes()),
        ("read.me", b"no model"),
    ]);
    let bomb = zip_of(&[("zeros.bin", &vec![0; 20 << 20])]);
    let out = zip_of(&[("x/../../a.bpmn", model)]);
    let absolute = zip_of(&[("/a.bpmn", model)]);
    let windows = zip_of(&[("..\\a.bpmn", model)]);
    let zip = "application/x-zip-compressed";
    let wrong = "文件格式不对，发布失败";
    let failed = "发布流程失败！";
    let rows: [(&str, &str, &[u8], &str); 22] = [
        ("a.bpmn", "text/xml", model, "发布成功！"),
        ("a.xml", "application/xml", model, "发布成功！"),
        (
            "a.bpmn20.xml",
            "application/octet-stream",
            model,
            "发布成功！",
        ),
        ("C:\\models\\a.bpmn", "text/xml", model, "发布成功！"),
        ("a.bpmn", "text/plain", model, wrong),
        ("a.bpmn", "TEXT/XML", model, wrong),
        ("a.bpmn", "text/xml", b"", "发布文件为空"),
        ("a.bpmn", "text/xml", b"hello", failed),
        ("a.bpmn", "text/xml", b"<a/>", failed),
        ("m.zip", zip, &both, "\"rtnMsg\":\"发布成功\""),
        (
            "m.bar",
            "application/octet-stream",
            &both,
            "\"rtnMsg\":\"发布成功\"",
        ),
        ("m.zip", "application/zip", &both, "\"rtnMsg\":\"发布成功\""),
        ("m.zip", "text/xml", &both, "\"rtnMsg\":\"发布成功\""),
        ("m.zip", zip, b"this is no archive", failed),
        ("m.zip", zip, &zip_of(&[]), "at least one file"),
        ("m.zip", zip, &zip_of(&[("a.bpmn", b"hello")]), "a.bpmn:1"),
        ("m.zip", zip, &bomb, "bytes together"),
        ("m.zip", zip, &out, "leads out of it"),
        ("m.zip", zip, &absolute, "leads out of it"),
        ("m.zip", zip, &windows, "leads out of it"),
        ("m.zip", zip, &with_link(), "is no plain file"),
        ("m.zip", zip, &overlapping(), "overlap"),
    ];
    for (name, content_type, content, fragment) in rows {
        let told = server.upload(name, content_type, content).await;
        let text = told.text();
        assert_eq!(told.status, 200, "{name} {content_type}: {text}");
        assert!(
            text.contains(fragment),
            "{name} {content_type}: no {fragment} in {text}"
        );
    }
    let versions = |key| {
        let engine = &server.state.engine;
        engine.catalog.versions(server.state.tenant, key).len()
    };
    assert_eq!((versions("a"), versions("b")), (8, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_needs_a_part_that_is_a_file() {
    let server = Server::start().await;
    let request = "POST /processCtr/deploymentProcess";
    let multipart = "multipart/form-data; boundary=x";
    let part =
        |head: &str| format!("--x\r\nContent-Disposition: form-data; {head}\r\n\r\nc\r\n--x--\r\n");
    let rows = [
        (
            None,
            String::new(),
            400,
            "Required request part 'file' is not present",
        ),
        (
            Some("application/json"),
            "{}".to_owned(),
            415,
            "not a multipart request",
        ),
        (
            Some(multipart),
            part("name=\"other\"; filename=\"a.bpmn\""),
            400,
            "Required request part 'file' is not present",
        ),
        (
            Some(multipart),
            part("name=\"file\""),
            400,
            "Required request part 'file' is not present",
        ),
        (Some(multipart), "--x".to_owned(), 400, "ultipart"),
    ];
    for (content_type, body, status, fragment) in rows {
        let headers: Vec<_> = content_type
            .iter()
            .map(|name| ("content-type", *name))
            .collect();
        let told = server.send(request, &headers, body.clone()).await;
        let text = told.text();
        assert_eq!(told.status, status, "{body}: {text}");
        assert!(text.contains(fragment), "{body}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_folder_only_new_and_changed_models_are_deployed_at_a_start() {
    let folder = tempfile::tempdir().expect("a directory");
    let write = |name: &str, content: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(path, content).expect("a file");
    };
    write("a.bpmn", &approval("a"));
    write("deep/er/b.bpmn20.xml", &approval("b"));
    write("broken.bpmn", "hello");
    write("same.bpmn", &approval("a"));
    write("note.txt", "no model");
    let auto_deploy = folder.path().to_owned();
    let server = Server::with(|config| config.process_center.auto_deploy = auto_deploy).await;
    let (engine, tenant) = (&server.state.engine, server.state.tenant);
    let files = || -> Vec<Vec<String>> {
        let deployments = engine.catalog.deployments(tenant).into_iter();
        deployments
            .map(|d| d.resources.into_iter().map(|file| file.name).collect())
            .collect()
    };
    for _ in 0..2 {
        start::deploy_at_start(&server.state)
            .await
            .expect("a start");
        assert_eq!(files(), [["a.bpmn", "deep/er/b.bpmn20.xml"]]);
    }
    write("a.bpmn", &approval("a2"));
    start::deploy_at_start(&server.state)
        .await
        .expect("a start");
    assert_eq!(files()[1], ["a.bpmn", "same.bpmn"]);
    // What the folder's latest deployment does not hold is known by the one before.
    write("a.bpmn", &approval("a3"));
    start::deploy_at_start(&server.state)
        .await
        .expect("a start");
    assert_eq!(files()[2..], [["a.bpmn"]]);
    start::deploy_example(&server.state, "x.bpmn", approval("ex").as_bytes())
        .await
        .expect("an example");
    assert_eq!(files()[3], ["x.bpmn"]);
}
