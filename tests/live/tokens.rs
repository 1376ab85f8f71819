//! Who may look: tokens in the hello, and tokens that end while somebody looks.

use crate::{
    support::{Server, Setup, console},
    watcher::Watcher,
};
use serde_json::json;
use std::time::{Duration, Instant};

fn token(server: &Server, action: &str, name: &str) -> String {
    let output = server
        .command(&["token", action, "--name", name])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let found = text.split_whitespace().find(|word| word.starts_with("lw_"));
    found.unwrap_or_default().to_owned()
}

#[test]
fn a_token_is_asked_for_where_the_api_asks_and_one_that_ends_shows_nothing_more() {
    let setup = Setup::new()
        .set("api", "auth", "\"token\"")
        .set("live", "ping", "\"100ms\"");
    let server = Server::start(setup);
    for hello in [
        json!({ "op": "hello" }),
        json!({ "op": "hello", "token": "lw_wrong" }),
        json!({ "op": "hello", "token": "a.b.c" }),
    ] {
        let mut watcher = Watcher::silent(server.address());
        watcher.say(&hello);
        assert_eq!(watcher.hear()["status"], 401, "{hello}");
        assert_eq!(watcher.try_hear(), Err(4401), "{hello}");
    }
    let (one, two) = (
        token(&server, "create", "one"),
        token(&server, "create", "two"),
    );
    let mut watcher = Watcher::with_token(server.address(), Some(&one));
    watcher.subscribe("t", "tasks", json!({}));
    let mut other = Watcher::with_token(server.address(), Some(&two));
    other.subscribe("t", "tasks", json!({}));
    other.say(&json!({ "op": "hello", "token": one }));
    assert_eq!(other.hear()["code"], "somebody-else");
    token(&server, "revoke", "one");
    let heard = watcher.until(|message| message["op"] == "problem");
    assert_eq!(heard.last().unwrap()["status"], 401);
    assert_eq!(watcher.try_hear(), Err(4401));
    other.say(&json!({ "op": "hello", "token": one }));
    assert_eq!(
        other.hear()["status"],
        401,
        "a hello that is refused ends it"
    );
    assert_eq!(other.try_hear(), Err(4401));
}

#[test]
fn a_signed_token_that_ends_while_somebody_looks_ends_the_connection_at_its_time() {
    let setup = Setup::new()
        .set("api", "auth", "\"token\"")
        .set("live", "ping", "\"10m\"")
        .set("live", "silence", "\"30m\"");
    let mut server = Server::prepared(setup);
    console::sow(&server, console::SEED);
    server.start_again();
    let sign_in = |client: &str| {
        let form = [
            ("client_id", client),
            ("grant_type", "password"),
            ("username", "admin@encootech.com"),
            ("password", "123456"),
        ];
        let told = console::token(&mut server.client(), &form).expect(200);
        console::text(&told.json()["access_token"])
    };
    let (short, long) = (sign_in("shortlived"), sign_in("thirdpartyservice"));
    let begun = Instant::now();
    let mut renewed = Watcher::with_token(server.address(), Some(&short));
    let mut watcher = Watcher::with_token(server.address(), Some(&short));
    for watcher in [&mut renewed, &mut watcher] {
        watcher.subscribe("g", "groups", json!({}));
    }
    renewed.say(&json!({ "op": "hello", "token": long }));
    assert_eq!(renewed.hear()["op"], "welcome");
    assert_eq!(watcher.hear()["status"], 401);
    assert_eq!(watcher.try_hear(), Err(4401));
    assert!(begun.elapsed() < Duration::from_secs(10), "at its time");
    renewed.subscribe("r", "robots", json!({}));
}
