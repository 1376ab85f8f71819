//! Uploads that are built to hurt: multipart bodies and zip archives.

use crate::{
    assert_refused, assert_well,
    bystander::served_meanwhile,
    server,
    support::{Part, Request, models, multipart, zip_of},
};
use std::io::{Cursor, Write};
use zip::{ZipWriter, write::SimpleFileOptions};

const PATH: &str = "/processCtr/deploymentProcess";

/// Zeros that take a thousand times as much room unpacked.
fn bomb(entries: usize, bytes: usize) -> Vec<u8> {
    let zeros = vec![b' '; bytes];
    let names: Vec<String> = (0..entries).map(|n| format!("m{n}.bpmn")).collect();
    let all: Vec<(&str, &[u8])> = names
        .iter()
        .map(|name| (name.as_str(), zeros.as_slice()))
        .collect();
    zip_of(&all)
}

fn link() -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    let added = writer
        .add_symlink("link.bpmn", "/etc/passwd", options)
        .and_then(|()| writer.start_file("m.bpmn", options))
        .and_then(|()| Ok(writer.write_all(models::one_task("m").as_bytes())?));
    let finished = added.and_then(|()| writer.finish());
    match finished {
        Ok(bytes) => bytes.into_inner(),
        Err(error) => panic!("zip: {error}"),
    }
}

/// Two entries of the directory that name the same bytes: the first local header is what both point at.
fn overlapping() -> Vec<u8> {
    let model = models::one_task("m");
    let mut bytes = zip_of(&[("a.bpmn", model.as_bytes()), ("b.bpmn", model.as_bytes())]);
    let second = find_last(&bytes, b"PK\x01\x02");
    // The offset of the local header stands 42 bytes into an entry of the directory.
    bytes[second + 42..second + 46].fill(0);
    bytes
}

fn find_last(bytes: &[u8], wanted: &[u8]) -> usize {
    let at = bytes
        .windows(wanted.len())
        .rposition(|window| window == wanted);
    at.unwrap_or_else(|| panic!("the archive has no directory"))
}

#[test]
fn hostile_archives_are_refused_while_others_are_served() {
    let mut server = server();
    let mut client = server.client();
    let model = models::one_task("m");
    let good = zip_of(&[("m.bpmn", model.as_bytes())]);
    let attacks = vec![
        ("a bomb of one entry", bomb(1, 500 << 20)),
        ("a bomb of many entries", bomb(200, 4 << 20)),
        (
            "a way out of the folder",
            zip_of(&[("../../m.bpmn", model.as_bytes())]),
        ),
        (
            "an absolute name",
            zip_of(&[("/etc/m.bpmn", model.as_bytes())]),
        ),
        ("a link", link()),
        ("entries over each other", overlapping()),
        ("half an archive", good[..good.len() / 2].to_vec()),
        ("no entries", zip_of(&[])),
        ("no archive", b"PK\x03\x04 and then nothing".to_vec()),
    ];
    served_meanwhile(&server, || {
        for (what, bytes) in &attacks {
            let part = Part {
                content_type: Some("application/x-zip-compressed"),
                ..Part::model("m.zip", bytes)
            };
            let answer = client.send(&multipart(PATH, &[part]));
            if answer.status == 200 {
                let body = answer.json();
                assert_eq!(body["rtnCode"], "999999", "{what}: {body}");
                assert!(
                    !body["data"]["message"].is_null(),
                    "{what} says nothing: {body}"
                );
            } else {
                assert_refused(what, &answer);
            }
        }
    });
    assert_well("after hostile archives", &mut server);
    let listed = client.native("GET", "/definitions", None);
    assert_eq!(
        listed["items"].as_array().map(Vec::len),
        Some(0),
        "nothing was deployed"
    );
}

#[test]
fn hostile_multipart_bodies_are_refused() {
    let mut server = server();
    let mut client = server.client();
    let head = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bpmn\"\r\n";
    let long = format!(
        "--b\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\nx\r\n--b--\r\n",
        "n".repeat(1 << 20)
    );
    let many = "--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n\r\n".repeat(50_000)
        + "--b--\r\n";
    let rows: [(&str, &str, String); 7] = [
        (
            "no boundary",
            "multipart/form-data",
            format!("{head}\r\n<a/>\r\n--b--\r\n"),
        ),
        (
            "an empty boundary",
            "multipart/form-data; boundary=",
            format!("{head}\r\n<a/>\r\n--b--\r\n"),
        ),
        (
            "another boundary",
            "multipart/form-data; boundary=c",
            format!("{head}\r\n<a/>\r\n--b--\r\n"),
        ),
        (
            "no end",
            "multipart/form-data; boundary=b",
            format!("{head}\r\n<a/>"),
        ),
        (
            "no head",
            "multipart/form-data; boundary=b",
            "--b".to_owned(),
        ),
        (
            "a name of a megabyte",
            "multipart/form-data; boundary=b",
            long,
        ),
        (
            "fifty thousand parts",
            "multipart/form-data; boundary=b",
            many,
        ),
    ];
    for (what, kind, body) in rows {
        assert_refused(what, &client.send(&Request::post(PATH).body(kind, body)));
    }
    let large = vec![b'x'; 40 << 20];
    let part = Part::model("a.bpmn", &large);
    let answer = client.send(&multipart(PATH, &[part]));
    assert_eq!(answer.status, 413, "{}", answer.text());
    assert_well("after hostile multipart bodies", &mut server);
}
