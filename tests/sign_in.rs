//! Signing in, from outside: the first start, seeds, people added, keys that must fit, and what a crash leaves.
//!
//! Owns: these stories of the built program. Never: the rules of tokens; the server's own tests have them.

#[path = "support/mod.rs"]
mod support;

use serde_json::Value;
use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Output, Stdio},
};
use support::{Answer, Request, Server, Setup, shared};

const SEED: &str = r#"
[[company]]
id = "9a0c7d89-404a-4896-a0b9-1add6d9551e8"
name = "Encootech"

[[department]]
id = "2836f935-3c0b-4ce3-8cc3-77324f8df68c"
company = "Encootech"
name = "Head office"

[[user]]
id = "11111111-1111-4111-8111-111111111111"
user_name = "admin@encootech.com"
name = "Admin"
password = "123456"
[[user.member]]
company = "Encootech"
department = "Head office"
roles = ["CompanyAdmin"]

[[client]]
id = "shortlived"
grants = ["password", "refresh_token"]
access_token_s = 2

[[robot]]
id = "bfdd9398-f2f9-4b10-8341-60944e87da1e"
department = "Head office"
name = "r1"
secret = "r1-secret-0123456789"
"#;

fn run(server: &Server, arguments: &[&str]) -> Output {
    let output = server.command(arguments).output();
    output.unwrap_or_else(|error| panic!("{arguments:?}: {error}"))
}

fn said(output: &Output) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

/// A server that wants tokens, with the people of the seed.
fn seeded() -> Server {
    let mut server = Server::prepared(Setup::new().set("api", "auth", "\"token\""));
    sow(&server, SEED);
    server.start_again();
    server
}

fn seed_file(server: &Server, text: &str) -> PathBuf {
    let file = server.directory().join("seed.toml");
    fs::write(&file, text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    file
}

fn seed(server: &Server, text: &str) -> Output {
    let file = seed_file(server, text);
    run(server, &["seed", &file.display().to_string()])
}

fn sow(server: &Server, text: &str) {
    let done = seed(server, text);
    assert!(done.status.success(), "{}", said(&done));
}

fn password(server: &Server, name: &str, password: &str) -> Answer {
    let form = [
        ("client_id", "thirdpartyservice"),
        ("grant_type", "password"),
        ("username", name),
        ("password", password),
    ];
    server
        .client()
        .send(&Request::post("/connect/token").form(&form))
}

fn refresh(server: &Server, token: &str) -> Answer {
    let form = [
        ("client_id", "thirdpartyservice"),
        ("grant_type", "refresh_token"),
        ("refresh_token", token),
    ];
    server
        .client()
        .send(&Request::post("/connect/token").form(&form))
}

fn text(answer: &Answer, name: &str) -> String {
    let body: Value = answer.json();
    body[name].as_str().unwrap_or_default().to_owned()
}

fn visit(server: &Server, token: &str) -> u16 {
    let mut client = server.client().with_token(token);
    client.get("/api/v1/tasks", &[]).status
}

#[test]
fn the_first_start_prints_an_administrators_password_once() {
    let mut server = Server::start(Setup::new().set("api", "auth", "\"token\""));
    let log = server.log_text();
    let found = log
        .lines()
        .find_map(|line| line.trim().strip_prefix("password:"));
    let found = found.unwrap_or_default().trim().to_owned();
    assert!(found.len() >= 16, "{log}");
    let told = password(&server, "admin", &found).expect(200);
    assert_eq!(visit(&server, &text(&told, "access_token")), 200);
    server.restart();
    assert_eq!(server.log_text().matches("password:").count(), 1);
    password(&server, "admin", &found).expect(200);
}

#[test]
fn a_crash_loses_no_rotation_and_brings_no_used_token_back() {
    let mut server = seeded();
    let first = password(&server, "admin@encootech.com", "123456").expect(200);
    let used = text(&first, "refresh_token");
    let second = refresh(&server, &used).expect(200);
    server.kill();
    server.start_again();
    assert_eq!(visit(&server, &text(&first, "access_token")), 200);
    assert_eq!(visit(&server, &text(&second, "access_token")), 200);
    assert_eq!(
        text(&refresh(&server, &used).expect(400), "error"),
        "invalid_grant"
    );
    let third = refresh(&server, &text(&second, "refresh_token")).expect(200);
    let out = [
        ("client_id", "thirdpartyservice"),
        ("token", &text(&third, "refresh_token")),
    ];
    let revoke = Request::post("/connect/revocation").form(&out);
    server.client().send(&revoke).expect(200);
    server.kill();
    server.start_again();
    assert_eq!(visit(&server, &text(&third, "access_token")), 401);
    server.restart();
    assert_eq!(
        visit(&server, &text(&third, "access_token")),
        401,
        "nor from a snapshot"
    );
    password(&server, "admin@encootech.com", "123456").expect(200);
}

#[test]
fn a_seed_is_written_whole_skipped_when_there_and_refused_otherwise() {
    let mut server = Server::prepared(Setup::new());
    let broken = format!("{SEED}\n[[client]]\nid = \"x\"\ngrants = [\"magic\"]\n");
    let refused = seed(&server, &broken);
    assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
    let line = format!("line {}: ", SEED.lines().count() + 2);
    assert!(said(&refused).contains(&line), "{}", said(&refused));
    assert!(
        !server.data().exists(),
        "nothing is there where nothing was"
    );
    sow(&server, SEED);
    sow(&server, SEED);
    let other = SEED.replace("123456\"", "654321\"");
    let refused = seed(&server, &other);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("already"), "{}", said(&refused));
    server.start_again();
    assert!(
        !server.log_text().contains("password:"),
        "no administrator beside a seed"
    );
    password(&server, "admin@encootech.com", "123456").expect(200);
    let busy = seed(&server, SEED);
    assert_eq!(busy.status.code(), Some(2), "{}", said(&busy));
}

#[test]
fn people_are_added_and_their_passwords_set_with_and_without_a_server() {
    let mut server = seeded();
    let add = |server: &Server, name: &str, password: &str| {
        let role = ["--role", "Operator"];
        let arguments = [
            &["user", "add", "--name", name, "--password", password][..],
            &role,
        ];
        let done = run(server, &arguments.concat());
        assert!(done.status.success(), "{}", said(&done));
    };
    add(&server, "kim", "k");
    let token = text(&password(&server, "kim", "k").expect(200), "access_token");
    assert_eq!(visit(&server, &token), 200);
    let done = run(
        &server,
        &["user", "passwd", "--name", "KIM", "--password", "m"],
    );
    assert!(done.status.success(), "{}", said(&done));
    assert_eq!(visit(&server, &token), 401, "signed out");
    password(&server, "kim", "k").expect(400);
    password(&server, "kim", "m").expect(200);
    let again = run(
        &server,
        &["user", "add", "--name", "Kim", "--password", "x"],
    );
    assert_eq!(again.status.code(), Some(1), "{}", said(&again));
    assert!(server.stop().success());
    add(&server, "lee", "l");
    assert_eq!(set_by_stdin(&server, "lee", "from stdin"), Some(0));
    let made = run(&server, &["user", "passwd", "--name", "kim"]);
    let random = String::from_utf8_lossy(&made.stdout).trim().to_owned();
    assert!(
        made.status.success() && random.len() >= 16,
        "{}",
        said(&made)
    );
    server.start_again();
    password(&server, "lee", "from stdin").expect(200);
    password(&server, "kim", &random).expect(200);
}

fn set_by_stdin(server: &Server, name: &str, password: &str) -> Option<i32> {
    let mut command = server.command(&["user", "passwd", "--name", name, "--password-stdin"]);
    let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn();
    let mut child = child.unwrap_or_else(|error| panic!("passwd: {error}"));
    if let Some(mut stdin) = child.stdin.take() {
        let written = writeln!(stdin, "{password}");
        assert!(written.is_ok(), "{written:?}");
    }
    child.wait().ok().and_then(|status| status.code())
}

#[test]
fn a_server_does_not_start_with_keys_that_do_not_fit_its_data() {
    let mut server = seeded();
    let keys = server.directory().join("data.keys");
    let mode = |path: &Path| {
        use std::os::unix::fs::PermissionsExt as _;
        fs::metadata(path).map_or(0, |found| found.permissions().mode() & 0o777)
    };
    assert_eq!(mode(&keys.join("signing.pem")), 0o600);
    let token = text(
        &password(&server, "admin@encootech.com", "123456").expect(200),
        "access_token",
    );
    assert!(server.stop().success());
    let aside = server.directory().join("aside");
    fs::rename(&keys, &aside).unwrap_or_else(|error| panic!("keys: {error}"));
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let lost = run(&server, &serve);
    assert!(
        !lost.status.success() && said(&lost).contains("no keys"),
        "{}",
        said(&lost)
    );
    let other = Server::start(Setup::new());
    let foreign = other.directory().join("data.keys").display().to_string();
    let refused = run(&server, &[&serve[..], &["--keys", &foreign]].concat());
    assert!(
        !refused.status.success() && said(&refused).contains("do not fit"),
        "{}",
        said(&refused)
    );
    fs::rename(&aside, &keys).unwrap_or_else(|error| panic!("keys: {error}"));
    server.start_again();
    assert_eq!(visit(&server, &token), 200, "with its own keys again");
}

#[test]
fn the_recorded_clients_get_their_tokens() {
    let Some(shared) = shared() else { return };
    let server = seeded();
    let mut asked = 0;
    for name in ["csharp-sample.jsonl", "java-sample.jsonl"] {
        let path = shared.join("conformance/console-clients").join(name);
        let lines = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        for line in lines.lines() {
            let call: Value = serde_json::from_str(line).unwrap_or_default();
            if call["path"] != "/connect/token" {
                continue;
            }
            asked += 1;
            let mut request = Request::post("/connect/token");
            for (header, value) in call["headers"].as_object().into_iter().flatten() {
                // The address and the length are this server's own.
                if !["host", "content-length"].contains(&header.to_lowercase().as_str()) {
                    request = request.header(header, value.as_str().unwrap_or_default());
                }
            }
            let body = call["body"].as_str().unwrap_or_default();
            let told = server.client().send(&request.bare_body(body)).expect(200);
            assert_eq!(visit(&server, &text(&told, "access_token")), 200, "{name}");
        }
    }
    assert!(asked >= 3, "{asked} token requests");
}

#[test]
fn the_discovery_document_names_the_address_that_is_listened_on() {
    let server = seeded();
    let document = server
        .client()
        .get("/.well-known/openid-configuration", &[])
        .expect(200);
    assert_eq!(text(&document, "issuer"), server.base());
    assert_eq!(
        text(&document, "token_endpoint"),
        server.base() + "/connect/token"
    );
    let public = Setup::new().set("public_url", "sso", "\"https://sso.example\"");
    let server = Server::start(public);
    let document = server
        .client()
        .get("/.well-known/openid-configuration", &[])
        .expect(200);
    assert_eq!(
        text(&document, "token_endpoint"),
        "https://sso.example/connect/token"
    );
}
