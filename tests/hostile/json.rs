//! JSON bodies that no program writes.

use crate::{
    assert_refused, assert_well,
    bystander::served_meanwhile,
    server,
    support::{Request, models},
};

fn attacks() -> Vec<(&'static str, Vec<u8>)> {
    let inside =
        |value: &str| format!("{{\"definitionKey\":\"work\",\"variables\":{{\"v\":{value}}}}}");
    vec![
        ("nothing", Vec::new()),
        ("half", inside("1").into_bytes()[..20].to_vec()),
        (
            "a million levels of lists",
            inside(&("[".repeat(1_000_000) + &"]".repeat(1_000_000))).into_bytes(),
        ),
        (
            "a million lists that never close",
            "[".repeat(1_000_000).into_bytes(),
        ),
        (
            "a hundred thousand levels of objects",
            inside(&("{\"a\":".repeat(100_000) + "1" + &"}".repeat(100_000))).into_bytes(),
        ),
        (
            "no UTF-8",
            [b"{\"definitionKey\":\"".as_slice(), b"\xff\xc0\x80\"}"].concat(),
        ),
        ("half of a pair", inside("\"\\ud800\"").into_bytes()),
        ("a control character", inside("\"\u{1}\"").into_bytes()),
        ("a number that is none", inside("1e").into_bytes()),
        ("not a number", inside("NaN").into_bytes()),
        ("a leading zero", inside("01").into_bytes()),
        ("the wrong shape", b"{\"definitionKey\":[1,2,3]}".to_vec()),
        ("a list", b"[]".to_vec()),
    ]
}

#[test]
fn hostile_json_is_refused_while_others_are_served() {
    let mut server = server();
    let mut client = server.client();
    client.deploy("work.bpmn", &models::one_task("work"));
    served_meanwhile(&server, || {
        for (what, body) in attacks() {
            let request = Request::post("/api/v1/instances").body("application/json", body);
            assert_refused(what, &client.send(&request));
        }
    });
    let running = client.native("GET", "/instances", None);
    assert_eq!(
        running["items"].as_array().map(Vec::len),
        Some(0),
        "nothing was started"
    );
    assert_well("after hostile JSON", &mut server);
}

#[test]
fn huge_numbers_are_kept_exactly_or_refused_but_never_break_an_instance() {
    let mut server = server();
    let mut client = server.client();
    client.deploy("work.bpmn", &models::one_task("work"));
    let digits = "9".repeat(100_000);
    for number in [
        "1e400",
        "-1e-400",
        "1e999999999",
        "123456789012345678901234567890",
        &digits,
    ] {
        let body = format!("{{\"definitionKey\":\"work\",\"variables\":{{\"v\":{number}}}}}");
        let request = Request::post("/api/v1/instances").body("application/json", body);
        let answer = client.send(&request);
        if answer.status == 201 {
            let id = answer.json()["id"].as_str().unwrap_or_default().to_owned();
            let path = format!("/api/v1/instances/{id}/variables");
            client.send(&Request::get(&path)).expect(200);
        } else {
            assert_refused(&number[..number.len().min(40)], &answer);
        }
    }
    assert_well("after huge numbers", &mut server);
}
