//! The addresses of packages: good as they are signed, and not otherwise.

use crate::{
    line::{Socket, about},
    seeded,
    support::{
        Console, Request,
        console::{GROUP, text},
    },
};
use serde_json::json;

#[test]
fn an_address_is_good_as_it_is_signed_and_not_otherwise() {
    let server = seeded();
    let mut console = Console::sign_in(&server);
    let settings = json!({"associatedQueueId": GROUP, "maxRetryCount": 0});
    let workflow = console.workflow("w", &[("main.sh", b"true")], &settings);
    let mut socket = Socket::welcomed(&server);
    console.execute(&workflow, &json!({}));
    let offer = socket.hear();
    socket.say(&about("accept", &offer));
    let url = text(&offer["package"]["url"]);
    let path = url
        .strip_prefix(&server.base())
        .expect("an absolute address");
    let (address, query) = path.split_once('?').expect("a signature");
    let (expires, signature) = query.split_once('&').expect("two parameters");
    let digest = text(&offer["package"]["sha256"]);
    let other = digest.replace(
        |digit| digit == digest.chars().next().unwrap_or_default(),
        "e",
    );
    let flipped = match signature.strip_suffix('A') {
        Some(start) => format!("{start}Q"),
        None => format!("{}A", &signature[..signature.len() - 1]),
    };
    let rows = [
        ("as it is", path.to_owned(), 200),
        ("without a signature", address.to_owned(), 403),
        ("with half of it", format!("{address}?{signature}"), 403),
        (
            "with another one",
            format!("{address}?{expires}&{flipped}"),
            403,
        ),
        (
            "for longer",
            format!("{address}?{expires}0&{signature}"),
            403,
        ),
        ("of another package", path.replace(&digest, &other), 403),
        ("of no package", path.replace(&digest, "x"), 403),
        ("as it is, again", path.to_owned(), 200),
    ];
    for (what, path, status) in rows {
        let answer = server.client().send(&Request::get(&path));
        assert_eq!(answer.status, status, "{what}: {}", answer.text());
    }
}
