//! Models that no modeler writes.

use crate::{
    assert_refused, assert_well,
    bystander::served_meanwhile,
    server,
    support::{Part, Request, models, multipart},
};

fn deep(levels: usize) -> Vec<u8> {
    let inside = "<extensionElements>".repeat(levels) + &"</extensionElements>".repeat(levels);
    models::process("deep", &inside).into_bytes()
}

fn wide(attributes: usize) -> Vec<u8> {
    let all: String = (0..attributes).map(|n| format!(" a{n}=\"\"")).collect();
    models::process("wide", &format!("<startEvent id=\"s\"{all}/>")).into_bytes()
}

fn crowded(nodes: usize) -> Vec<u8> {
    let all: String = (0..nodes)
        .map(|n| format!("<userTask id=\"t{n}\"/>"))
        .collect();
    models::process("crowded", &all).into_bytes()
}

fn laughing() -> Vec<u8> {
    let mut entities = String::from("<!ENTITY l0 \"ha\">");
    for n in 1..30 {
        let before = n - 1;
        entities.push_str(&format!("<!ENTITY l{n} \"&l{before};&l{before};\">"));
    }
    format!("<!DOCTYPE definitions [{entities}]><definitions>&l29;</definitions>").into_bytes()
}

fn attacks() -> Vec<(&'static str, Vec<u8>)> {
    let good = models::one_task("good");
    let reading_files =
        "<!DOCTYPE d [<!ENTITY f SYSTEM \"file:///etc/passwd\">]><definitions>&f;</definitions>";
    vec![
        ("nothing", Vec::new()),
        ("no XML", b"hello".to_vec()),
        ("no model", b"<a/>".to_vec()),
        (
            "an end that never comes",
            good.as_bytes()[..good.len() / 2].to_vec(),
        ),
        ("a hundred thousand levels", deep(100_000)),
        ("a million attributes", wide(1_000_000)),
        ("half a million nodes", crowded(500_000)),
        ("entities of entities", laughing()),
        (
            "an entity that reads a file",
            reading_files.as_bytes().to_vec(),
        ),
        (
            "an undefined entity",
            models::process("u", "<startEvent id=\"s\" name=\"&no;\"/>").into_bytes(),
        ),
        (
            "bytes that are no text",
            good.replace("Work", "\u{1}").into_bytes(),
        ),
        (
            "bytes that are no UTF-8",
            [good.as_bytes(), b"\xff\xfe"].concat(),
        ),
        (
            "a cycle of sub-processes by id",
            models::process(
                "c",
                "<startEvent id=\"s\"/><subProcess id=\"s\"><startEvent id=\"s\"/></subProcess>",
            )
            .into_bytes(),
        ),
    ]
}

#[test]
fn hostile_models_are_refused_by_both_apis_while_others_are_served() {
    let mut server = server();
    let mut client = server.client();
    served_meanwhile(&server, || {
        for (what, xml) in attacks() {
            let request = Request::post("/api/v1/deployments")
                .query(&[("name", "hostile.bpmn")])
                .body("application/xml", xml.clone());
            assert_refused(what, &client.send(&request));
            let part = Part::model("hostile.bpmn", &xml);
            let answer = client.send(&multipart("/processCtr/deploymentProcess", &[part]));
            if answer.status == 200 {
                let body = answer.json();
                assert_eq!(body["rtnCode"], "999999", "{what}: {body}");
            } else {
                assert_refused(what, &answer);
            }
        }
    });
    assert_well("after hostile models", &mut server);
    let listed = client.native("GET", "/definitions", None);
    assert_eq!(
        listed["items"].as_array().map(Vec::len),
        Some(0),
        "nothing was deployed"
    );
}
