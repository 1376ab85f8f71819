//! What an operator relies on: damage is named, backups come back, tokens and keys of idempotency survive, models are deployed once.
//!
//! Owns: these stories from outside. Never: the bytes of a file; the journal's own tests have them.

#[path = "support/mod.rs"]
mod support;

use serde_json::{Value, json};
use std::{
    fs,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    process::Output,
};
use support::{
    Client, Request, Server, Setup,
    console::{Console, SEED, sow},
    models, zip_of,
};

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn run(server: &Server, arguments: &[&str]) -> Output {
    server
        .command(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{arguments:?}: {error}"))
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Starts so many instances of `work`; their ids.
fn start_some(client: &mut Client, count: usize) -> Vec<String> {
    (0..count)
        .map(|_| {
            let body = json!({"definitionKey": "work"});
            text(&client.native("POST", "/instances", Some(&body))["id"])
        })
        .collect()
}

/// Copies a directory with all that is in it.
fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("readable").filter_map(Result::ok) {
        let to = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy_all(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).expect("copied")),
        }
    }
}

/// The files of the journal with frames in them, oldest first.
fn segments(server: &Server) -> Vec<PathBuf> {
    let folder = server.data().join("journal");
    let entries =
        fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut found: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "journal"))
        .collect();
    found.sort();
    found
}

/// Turns one bit in the middle of what is written in this file.
fn damage(path: &Path) {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let written = bytes.iter().rposition(|byte| *byte != 0).unwrap_or(0);
    let at = (written / 2) as u64;
    let changed = [bytes[written / 2] ^ 0x10];
    let done = fs::File::options()
        .write(true)
        .open(path)
        .and_then(|file| file.write_all_at(&changed, at));
    assert!(done.is_ok(), "{done:?}");
}

#[test]
fn a_damaged_journal_is_never_served_and_says_where_it_is_damaged_and_how_to_go_on() {
    let mut server = Server::start(Setup::new());
    let mut client = server.client();
    client.deploy("work.bpmn", &models::one_task("work"));
    start_some(&mut client, 200);
    server.kill();
    let segment = segments(&server).pop();
    let Some(segment) = segment else {
        panic!("the journal has no segment");
    };
    damage(&segment);
    let refused = run(&server, &["serve", "--listen", "127.0.0.1:0"]);
    let message = said(&refused);
    assert!(!refused.status.success(), "{message}");
    let name = segment
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    assert!(
        message.contains(&name.unwrap_or_default()),
        "it names the file: {message}"
    );
    for word in ["offset", "sequence", "verify --repair"] {
        assert!(message.contains(word), "it says {word}: {message}");
    }
    let verified = run(&server, &["verify"]);
    assert!(!verified.status.success(), "{}", said(&verified));
    let sequence = message
        .split("--repair ")
        .nth(1)
        .and_then(|rest| rest.split(|c: char| !c.is_ascii_digit()).next())
        .unwrap_or_default()
        .to_owned();
    let repaired = run(&server, &["verify", "--repair", &sequence]);
    assert!(repaired.status.success(), "{}", said(&repaired));
    server.start_again();
    let left = server.client().native("GET", "/instances?limit=1000", None);
    let left = left["items"].as_array().map_or(0, Vec::len);
    assert!(left < 200, "what came before the damage is there: {left}");
    let kept = fs::read_dir(server.data().join("journal"))
        .map(|entries| {
            entries
                .filter_map(Result::ok)
                .any(|entry| entry.file_name().to_string_lossy().contains(".torn"))
        })
        .unwrap_or(false);
    assert!(kept, "what was cut is kept");
}

#[test]
fn a_backup_of_a_running_server_is_restored_to_the_same_instances() {
    let server = Server::start(Setup::new());
    let mut client = server.client();
    client.deploy("work.bpmn", &models::one_task("work"));
    let ids = start_some(&mut client, 30);
    let task = client.native("GET", &format!("/tasks?instanceId={}", ids[0]), None);
    let task = text(&task["items"][0]["id"]);
    client.native("POST", &format!("/tasks/{task}/complete"), Some(&json!({})));
    let backup = server.directory().join("backup");
    let copied = run(&server, &["backup", &backup.display().to_string()]);
    assert!(copied.status.success(), "{}", said(&copied));
    start_some(&mut client, 5);
    let mut other = Server::prepared(Setup::new());
    // What is cut off, or was never finished, is no backup.
    let cut = server.directory().join("cut");
    copy_all(&backup, &cut);
    let history = fs::OpenOptions::new()
        .write(true)
        .open(cut.join("history.db"));
    let history = history.expect("the copy of the archive");
    let length = history.metadata().expect("its length").len();
    history.set_len(length / 2).expect("cut");
    let unfinished = server.directory().join("unfinished");
    copy_all(&backup, &unfinished);
    fs::remove_file(unfinished.join("backup.json")).expect("its last file");
    for (from, why) in [
        (&cut, "is not whole"),
        (&unfinished, "is no finished backup"),
    ] {
        let refused = run(&other, &["restore", &from.display().to_string()]);
        assert!(
            !refused.status.success() && said(&refused).contains(why),
            "{}",
            said(&refused)
        );
    }
    // One that fails in the middle, when the journal is copied, leaves nothing.
    let spoilt = server.directory().join("spoilt");
    copy_all(&backup, &spoilt);
    let history = spoilt.join("history.db");
    let length = fs::metadata(&history).map_or(0, |it| it.len());
    assert!(fs::write(&history, vec![0x5a; length as usize]).is_ok());
    let names = || -> Vec<_> {
        let beside = other.data().parent().map(fs::read_dir);
        let entries = beside.and_then(Result::ok).into_iter().flatten();
        let mut names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
        names.sort();
        names
    };
    let before = names();
    let refused = run(&other, &["restore", &spoilt.display().to_string()]);
    assert!(!refused.status.success(), "{}", said(&refused));
    assert_eq!(names(), before, "{}", said(&refused));
    let restored = run(&other, &["restore", &backup.display().to_string()]);
    assert!(restored.status.success(), "{}", said(&restored));
    let again = run(&other, &["restore", &backup.display().to_string()]);
    assert!(said(&again).contains("is not empty"), "{}", said(&again));
    other.start_again();
    let mut client = other.client();
    for (index, id) in ids.iter().enumerate() {
        let found = client.native("GET", &format!("/instances/{id}"), None);
        let state = if index == 0 { "completed" } else { "active" };
        assert_eq!(found["state"], state);
    }
    let running = client.native("GET", "/instances?limit=1000", None);
    assert_eq!(
        running["items"].as_array().map(Vec::len),
        Some(29),
        "nothing that came later"
    );
}

#[test]
fn a_package_file_that_is_missing_is_named_by_verify_and_by_its_download() {
    let mut server = Server::prepared(Setup::new());
    sow(&server, SEED);
    server.start_again();
    let mut console = Console::sign_in(&server);
    let upload = |console: &mut Console, name: &str| {
        let project = json!({"ProjectName": name, "Version": "1.0.0"}).to_string();
        let told = console.upload(&zip_of(&[("project.json", project.as_bytes())]));
        let told = told.expect(200).json();
        let (package, version) = (&told["packageId"], &told["packageVersionId"]);
        let about = console.get(&format!("/openapi/packages/{}", text(package)));
        let sha256 = text(&about["versions"][0]["hashValue"]);
        let path = format!(
            "/openapi/packages/{}/versions/{}/content",
            text(package),
            text(version)
        );
        (sha256.to_lowercase(), path)
    };
    let (kept, kept_path) = upload(&mut console, "kept");
    let (lost, lost_path) = upload(&mut console, "lost");
    let whole = run(&server, &["verify"]);
    assert!(whole.status.success(), "{}", said(&whole));
    let blob = server.data().join("blobs").join(&lost);
    assert!(fs::remove_file(&blob).is_ok(), "{}", blob.display());
    // Of a running server, and of one that has stopped.
    for stopped in [false, true] {
        if stopped {
            server.stop();
        }
        let verified = run(&server, &["verify"]);
        assert!(!verified.status.success(), "{}", said(&verified));
        let missing = format!("the package file {lost} is missing");
        assert!(said(&verified).contains(&missing), "{}", said(&verified));
        assert!(!said(&verified).contains(&kept), "{}", said(&verified));
    }
    server.start_again();
    console.again(&server);
    console.send(Request::get(&kept_path)).expect(200);
    let refused = console.send(Request::get(&lost_path)).expect(500).json();
    assert_eq!(refused["code"], "package-file-lost");
    assert!(text(&refused["detail"]).contains(&lost), "{refused}");
    assert!(server.log_text().contains(&lost), "the log names it");
}

#[test]
fn an_idempotency_key_gives_the_first_answer_again_also_after_a_crash() {
    let mut server = Server::start(Setup::new());
    server
        .client()
        .deploy("work.bpmn", &models::one_task("work"));
    let start = |body: &Value| {
        Request::post("/api/v1/instances")
            .header("Idempotency-Key", "order-17")
            .json(body)
    };
    let body = json!({"definitionKey": "work", "businessKey": "17"});
    let first = server.client().send(&start(&body)).expect(201);
    let again = server.client().send(&start(&body)).expect(201);
    assert_eq!(first.body, again.body);
    for _ in 0..2 {
        server.kill();
        server.start_again();
        let after = server.client().send(&start(&body)).expect(201);
        assert_eq!(first.body, after.body, "after a crash");
    }
    let other = json!({"definitionKey": "work", "businessKey": "18"});
    let refused = server.client().send(&start(&other)).expect(409).json();
    assert_eq!(refused["code"], "idempotency-conflict");
    let running = server.client().native("GET", "/instances", None);
    assert_eq!(
        running["items"].as_array().map(Vec::len),
        Some(1),
        "started once"
    );
}

#[test]
fn tokens_survive_a_crash_and_end_when_they_are_revoked() {
    let setup = Setup::new().set("api", "auth", "\"token\"");
    let mut server = Server::start(setup);
    let made = run(&server, &["token", "create", "--name", "robot"]);
    let words = said(&made);
    let token = words.split_whitespace().max_by_key(|word| word.len());
    let token = token.unwrap_or_default().to_owned();
    let status = |server: &Server, token: &str| {
        let mut client = server.client().with_token(token);
        client.get("/api/v1/tasks", &[]).status
    };
    assert_eq!(status(&server, &token), 200);
    assert_eq!(status(&server, "another"), 401);
    server.kill();
    server.start_again();
    assert_eq!(status(&server, &token), 200, "after a crash");
    let listed = said(&run(&server, &["token", "list"]));
    assert!(
        listed.contains("robot") && !listed.contains(&token),
        "{listed}"
    );
    let revoked = run(&server, &["token", "revoke", "--name", "robot"]);
    assert!(revoked.status.success(), "{}", said(&revoked));
    assert_eq!(status(&server, &token), 401, "revoked");
    server.restart();
    assert_eq!(status(&server, &token), 401, "still revoked");
}

#[test]
fn models_in_the_folder_are_deployed_once_per_content() {
    let setup = Setup::new().set("process_center", "auto_deploy", "\"processes\"");
    let mut server = Server::prepared(setup);
    let folder = server.directory().join("processes");
    let put = |name: &str, model: &str| {
        let path = folder.join(name);
        fs::write(&path, model).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    };
    assert!(fs::create_dir(&folder).is_ok());
    put("work.bpmn", &models::one_task("work"));
    let versions = |server: &Server, key: &str| {
        let listed = server
            .client()
            .native("GET", &format!("/definitions?key={key}"), None);
        listed["items"].as_array().map_or(0, Vec::len)
    };
    server.start_again();
    assert_eq!(versions(&server, "work"), 1);
    server.restart();
    assert_eq!(versions(&server, "work"), 1, "the same content");
    put(
        "work.bpmn",
        &models::one_task("work").replace("Work", "Better"),
    );
    server.restart();
    assert_eq!(versions(&server, "work"), 2, "another content");
    server.kill();
    server.start_again();
    assert_eq!(versions(&server, "work"), 2, "after a crash");
}

#[test]
fn it_says_which_durability_is_on_and_serves_metrics() {
    for (durability, setup) in [
        ("sync", Setup::new()),
        ("async", Setup::new().set("", "durability", "\"async\"")),
    ] {
        let server = Server::start(setup);
        let mut client = server.client();
        let ready = client.get("/readyz", &[]).expect(200).text();
        assert!(ready.contains(durability), "{ready}");
        assert!(
            server.log_text().contains(durability),
            "the log at the start"
        );
        let metrics = client.get("/metrics", &[]).expect(200).text();
        assert!(
            metrics.lines().any(|line| line.starts_with("# TYPE")),
            "{metrics:.500}"
        );
    }
}

#[test]
fn a_history_that_lost_its_last_commits_is_refused_until_it_is_accepted_by_name() {
    let mut server = Server::start(Setup::new());
    let mut client = server.client();
    client.deploy("work.bpmn", &models::one_task("work"));
    let id = start_some(&mut client, 1).remove(0);
    let gone = format!("/instances/{id}");
    client.native("DELETE", &gone, None);
    server.stop();
    let history = server.data().join("history.db");
    let whole = fs::read(&history).unwrap_or_default();
    // Damaged, then whole again.
    let mut damaged = whole.clone();
    damaged[4096..8192].fill(0x5a);
    assert!(fs::write(&history, damaged).is_ok());
    let refused = run(&server, &["serve", "--listen", "127.0.0.1:0"]);
    assert!(!refused.status.success(), "{}", said(&refused));
    assert!(said(&refused).contains("history.db"), "{}", said(&refused));
    assert!(!run(&server, &["verify"]).status.success());
    assert!(fs::write(&history, whole).is_ok());
    assert!(run(&server, &["verify"]).status.success());
    let nobody = run(&server, &["verify", "--accept-history"]);
    assert!(said(&nobody).contains("0 commits"), "{}", said(&nobody));
    server.start_again();
}
