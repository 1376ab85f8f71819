//! The page of `loomwork demo`: one file that asks nobody else, and a feed that it can reach.

use crate::{support::Client, watcher::Watcher};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use std::{
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpListener},
    process::{Command, Stdio},
};

#[test]
fn the_demo_has_a_page_that_needs_nobody_else() {
    let mut demo = Command::new(env!("CARGO_BIN_EXE_loomwork"))
        .args(["demo", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(demo.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let page = lines.find_map(|line| {
        let (_, url) = line.split_once("in a browser: http://")?;
        Some(url.to_owned())
    });
    let page = page.unwrap();
    let (address, path) = page.split_once('/').unwrap();
    let address: SocketAddr = address.parse().unwrap();
    let mut client = Client::new(address);
    let answer = client.get(&format!("/{path}"), &[]).expect(200);
    assert_eq!(
        answer.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let html = answer.text();
    for foreign in ["src=", "href=", "@import", "https://", "http://"] {
        assert!(!html.contains(foreign), "{foreign}");
    }
    let mut watcher = Watcher::with_token(address, None);
    watcher.subscribe("i", "instances", json!({ "every": 0 }));
    let body = json!({ "definitionKey": "leave", "variables": { "employee": "kim", "days": 3 } });
    let one = client.native("POST", "/instances", Some(&body));
    assert_eq!(watcher.change("i").1["id"], one["id"]);
    drop(watcher);
    kill_process(Pid::from_child(&demo), Signal::TERM).unwrap();
    assert!(demo.wait().unwrap().success());
}

#[test]
fn a_port_that_is_taken_is_found_before_the_password_is_shown() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let data = data.to_str().unwrap();
    for arguments in [&["demo"][..], &["serve", "--data", data]] {
        let ended = Command::new(env!("CARGO_BIN_EXE_loomwork"))
            .args(arguments)
            .args(["--listen", &address])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(!ended.status.success());
        assert_eq!(String::from_utf8_lossy(&ended.stdout), "");
        let error = String::from_utf8_lossy(&ended.stderr);
        assert!(error.contains("cannot listen on"), "{error}");
    }
}
