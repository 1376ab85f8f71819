//! What lies around or stands in the way when a server starts.

use crate::{
    assert_well,
    support::{
        Answer, CLIENT_PATIENCE, Server, Setup,
        console::{Console, SEED, sow, text},
        models,
    },
};
use serde_json::json;
use std::{
    fs,
    io::{BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::Output,
};

/// Runs `serve` on this server's data until it ends by itself, and what it said.
fn ends(server: &Server) -> (bool, String) {
    let mut child = server.spawn("second");
    let status = match child.wait() {
        Ok(status) => status,
        Err(error) => panic!("waiting: {error}"),
    };
    let said = fs::read_to_string(server.directory().join("second.log")).unwrap_or_default();
    (status.success(), said)
}

#[test]
fn a_second_server_on_the_same_data_is_refused_and_says_why() {
    let mut server = Server::start(Setup::new());
    let (succeeded, said) = ends(&server);
    assert!(!succeeded, "{said}");
    let data = server.data().display().to_string();
    assert!(
        said.contains(&data) || said.contains("data"),
        "it names the place: {said}"
    );
    let words = ["another", "already", "in use", "locked"];
    assert!(
        words.iter().any(|word| said.contains(word)),
        "it says why: {said}"
    );
    assert_well("the first goes on", &mut server);
}

#[test]
fn leftover_files_do_not_keep_a_server_from_starting() {
    let mut server = Server::start(Setup::new());
    let mut client = server.client();
    client.deploy("work.bpmn", &models::one_task("work"));
    let started = client.native(
        "POST",
        "/instances",
        Some(&json!({"definitionKey": "work"})),
    );
    server.kill();
    litter(&server.data());
    server.start_again();
    let id = started["id"].as_str().unwrap_or_default();
    let found = server
        .client()
        .native("GET", &format!("/instances/{id}"), None);
    assert_eq!(found["state"], "active");
    assert_well("with leftovers", &mut server);
}

/// Puts what a crash may leave into every folder of the data: half-written files under temporary names.
fn litter(folder: &Path) {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries
        .filter_map(Result::ok)
        .filter(|entry| entry.path().is_dir())
    {
        litter(&entry.path());
    }
    for name in [
        "half.tmp",
        "0000000000000001.snapshot.tmp",
        ".hidden",
        "notes.txt",
    ] {
        let path = folder.join(name);
        fs::write(&path, b"half").unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

fn output(server: &Server, arguments: &[&str]) -> Output {
    server
        .command(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{arguments:?}: {error}"))
}

#[test]
fn a_configuration_that_cannot_be_meant_is_refused_and_named() {
    let rows = [
        (
            "an unknown key",
            Setup::new().set("http", "conections", "1"),
            "conections",
        ),
        (
            "a wrong type",
            Setup::new().set("http", "connections", "\"many\""),
            "connections",
        ),
        (
            "an unknown durability",
            Setup::new().set("", "durability", "\"maybe\""),
            "durability",
        ),
    ];
    for (what, setup, named) in rows {
        let server = Server::prepared(setup);
        let (succeeded, said) = ends(&server);
        assert!(!succeeded, "{what}: {said}");
        assert!(
            said.contains(named) && said.contains("config.toml"),
            "{what}: {said}"
        );
    }
}

#[test]
fn an_open_api_is_not_served_to_a_network_unless_that_is_said() {
    let server = Server::prepared(Setup::new());
    let refused = output(&server, &["serve", "--listen", "0.0.0.0:0"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success(), "{said}");
    assert!(
        said.contains("allow_open_network"),
        "it says what to do: {said}"
    );
}

#[test]
fn data_that_were_stopped_or_killed_verify_as_whole() {
    let mut server = Server::start(Setup::new());
    let mut client = server.client();
    client.deploy("work.bpmn", &models::one_task("work"));
    for _ in 0..50 {
        client.native(
            "POST",
            "/instances",
            Some(&json!({"definitionKey": "work"})),
        );
    }
    server.kill();
    let killed = output(&server, &["verify"]);
    assert!(
        killed.status.success(),
        "{}",
        String::from_utf8_lossy(&killed.stderr)
    );
    server.start_again();
    assert!(server.stop().success());
    let stopped = output(&server, &["verify"]);
    assert!(
        stopped.status.success(),
        "{}",
        String::from_utf8_lossy(&stopped.stderr)
    );
}

/// The snapshots, or what was set aside of them.
fn snapshots(server: &Server, ending: &str) -> Vec<PathBuf> {
    let folder = server.data().join("snapshots");
    let entries = fs::read_dir(&folder).into_iter().flatten();
    let paths = entries.filter_map(Result::ok).map(|entry| entry.path());
    let mut found: Vec<PathBuf> = paths
        .filter(|path| path.to_string_lossy().ends_with(ending))
        .collect();
    found.sort();
    found
}

/// Turns a bit of the newest snapshot: in its header, or in the middle.
fn damage_newest(server: &Server, in_header: bool) -> PathBuf {
    let newest = snapshots(server, ".snapshot").pop().expect("a snapshot");
    let mut bytes = fs::read(&newest).expect("readable");
    let at = if in_header { 30 } else { bytes.len() / 2 };
    bytes[at] ^= 4;
    fs::write(&newest, bytes).expect("writable");
    newest
}

/// Whether the start set a snapshot aside, as an operator's tools are told.
fn tells_of_what_is_set_aside(server: &Server, name: Option<String>) {
    let mut client = server.client();
    let ready = client.get("/readyz", &[]).expect(200).json();
    let metrics = client.get("/metrics", &[]).expect(200).text();
    let line = format!("loomwork_snapshots_set_aside {}", u8::from(name.is_some()));
    assert_eq!(ready["snapshotSetAside"], json!(name));
    assert!(metrics.lines().any(|found| found == line), "{metrics}");
}

#[test]
fn a_damaged_snapshot_loses_nothing_and_no_command_makes_it_worse() {
    let mut server = Server::start(Setup::new());
    let mut client = server.client();
    client.deploy("work.bpmn", &models::one_task("work"));
    let body = json!({"definitionKey": "work"});
    for _ in 0..20 {
        client.native("POST", "/instances", Some(&body));
    }
    let rows = [(true, false), (false, true), (true, true), (false, false)];
    for (at, (in_header, repaired)) in rows.into_iter().enumerate() {
        // One more, so that there is something for a snapshot.
        server.client().native("POST", "/instances", Some(&body));
        assert!(server.stop().success());
        let damaged = damage_newest(&server, in_header);
        let name = damaged.file_name().unwrap_or_default().to_string_lossy();
        let said = output(&server, &["verify"]);
        let text = String::from_utf8_lossy(&said.stdout).into_owned();
        assert!(!said.status.success(), "{text}");
        for word in [&*name, "offset", "sequence", "nothing is lost"] {
            assert!(text.contains(word), "it says {word}: {text}");
        }
        if repaired {
            let rest = text.split("--repair ").nth(1).unwrap_or_default();
            let sequence: String = rest.chars().take_while(char::is_ascii_digit).collect();
            let repair = ["verify", "--repair", &sequence];
            let done = output(&server, &repair);
            let text = String::from_utf8_lossy(&done.stdout).into_owned();
            assert!(done.status.success(), "{text}");
            assert!(text.contains("nothing is lost"), "{text}");
            let again = output(&server, &repair);
            assert!(!again.status.success(), "there is nothing more to repair");
        }
        server.start_again();
        let kept = snapshots(&server, ".torn");
        assert_eq!(kept.len(), at + 1, "what is damaged is kept: {kept:?}");
        if repaired {
            // By hand, before this start.
            tells_of_what_is_set_aside(&server, None);
        } else {
            assert!(server.log_text().contains(&*name), "the log names it");
            tells_of_what_is_set_aside(&server, Some(format!("{name}.torn")));
        }
        let found = server.client().native("GET", "/instances?limit=1000", None);
        let count = found["items"].as_array().map_or(0, Vec::len);
        assert_eq!(count, 21 + at, "all are there");
    }
    assert!(server.stop().success());
    let whole = output(&server, &["verify"]);
    assert!(whole.status.success(), "{whole:?}");
    let text = String::from_utf8_lossy(&whole.stdout);
    for kept in snapshots(&server, ".torn") {
        let name = kept.file_name().unwrap_or_default().to_string_lossy();
        assert!(text.contains(&*name), "verify names it: {text}");
    }
}

#[test]
fn who_waits_for_a_message_is_answered_when_the_server_is_stopped() {
    let mut server = Server::prepared(Setup::new());
    sow(&server, SEED);
    server.start_again();
    let mut console = Console::sign_in(&server);
    let queue = console.post("/openapi/taskqueues", &json!({"name": "orders"}));
    let queue = text(&queue["id"]);
    let body = r#"{"waitMs":60000}"#;
    let head = format!(
        "POST /openapi/taskqueues/{queue}/messages/receive HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        server.address(),
        console.token(),
        body.len(),
    );
    let mut stream = TcpStream::connect(server.address()).expect("a connection");
    stream
        .set_read_timeout(Some(CLIENT_PATIENCE))
        .and_then(|()| stream.write_all(head.as_bytes()))
        .expect("sent");
    // From here on the request is under way.
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).expect("an interim answer");
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(body.as_bytes()).expect("sent");
    // Longer than the drain: it was cut off without an answer.
    assert!(server.stop().success());
    let answer = Answer::read(&mut BufReader::new(stream), "POST");
    let answer = answer.expect("an answer").expect(200).json();
    assert_eq!(answer["count"], 0);
}
