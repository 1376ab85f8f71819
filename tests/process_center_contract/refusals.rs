//! What HTTP itself refuses: absent parameters, wrong methods, bodies that cannot be read, uploads of the wrong kind.
//!
//! Owns: these tests, over every operation. Never: business outcomes.

use crate::{
    operations::{self, Operation, Stage, good_body, text},
    server,
    support::{Answer, Part, Request, models, multipart},
};

/// The error object of decision 7.
pub fn assert_spring(answer: &Answer, status: u16, operation: &Operation, mentions: &str) {
    let body = answer.json();
    let what = format!(
        "{} expected {status} mentioning {mentions:?}: {body}",
        operation.path
    );
    assert_eq!(answer.status, status, "{what}");
    assert_eq!(body["status"], status, "{what}");
    assert_eq!(body["path"], operation.path.as_str(), "{what}");
    assert!(
        body["timestamp"].is_string() && body["error"].is_string(),
        "{what}"
    );
    assert!(text(&body["message"]).contains(mentions), "{what}");
}

#[test]
fn an_absent_mandatory_parameter_is_400_and_names_itself() {
    let Some((shared, server)) = server() else {
        return;
    };
    let mut client = server.client();
    let mut tried = 0;
    for operation in operations::load(&shared) {
        let stage = Stage::new(&mut client);
        let values: Vec<(String, String)> = operation
            .mandatory
            .iter()
            .map(|name| (name.clone(), stage.parameter(&operation, name)))
            .collect();
        for absent in &operation.mandatory {
            let given: Vec<(&str, &str)> = values
                .iter()
                .filter(|(name, _)| name != absent)
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            let body = operation.body.map(|_| good_body(&operation));
            let answer = client.send(&operation.call(&given, body.as_ref()));
            assert_spring(
                &answer,
                400,
                &operation,
                &format!("parameter '{absent}' is not present"),
            );
            tried += 1;
        }
    }
    println!("{tried} absent parameters");
    assert_eq!(tried, 59);
}

#[test]
fn a_wrong_method_is_405_and_says_what_is_allowed() {
    let Some((shared, server)) = server() else {
        return;
    };
    let mut client = server.client();
    for operation in operations::load(&shared) {
        let answer = client.send(&Request::new(operation.wrong_method(), &operation.path));
        assert_spring(&answer, 405, &operation, "not supported");
        let allowed = answer.header("allow").unwrap_or_default();
        assert!(
            allowed.contains(&operation.method),
            "{}: {allowed}",
            operation.path
        );
        let options = client.send(&Request::new("OPTIONS", &operation.path));
        assert_eq!(options.status, 200, "{}", operation.path);
        let allowed = options.header("allow").unwrap_or_default();
        assert!(
            allowed.contains(&operation.method),
            "{}: {allowed}",
            operation.path
        );
    }
}

#[test]
fn a_body_that_is_not_what_the_operation_reads_is_415_or_400() {
    let Some((shared, server)) = server() else {
        return;
    };
    let mut client = server.client();
    let mut with_body = 0;
    for operation in operations::load(&shared) {
        let Some(mandatory) = operation.body else {
            continue;
        };
        with_body += 1;
        let stage = Stage::new(&mut client);
        let bare = {
            let values: Vec<String> = operation
                .mandatory
                .iter()
                .map(|name| stage.parameter(&operation, name))
                .collect();
            let pairs: Vec<(&str, &str)> = operation
                .mandatory
                .iter()
                .zip(&values)
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            operation.call(&pairs, None)
        };
        let wrong_type = client.send(&bare.clone().body("text/plain", "{}"));
        assert_spring(&wrong_type, 415, &operation, "text/plain");
        let mut malformed = vec![
            "{",
            "{\"a\":01}",
            "{'a':1}",
            "1",
            "\"x\"",
            "{\"a\":\"\u{1}\"}",
        ];
        if !operation.name().ends_with("List") {
            malformed.push("[]");
        }
        for body in malformed {
            let answer = client.send(&bare.clone().body("application/json", body));
            assert_spring(&answer, 400, &operation, "");
        }
        let not_utf8 = client.send(
            &bare
                .clone()
                .body("application/json", b"{\"a\":\"\xff\"}".as_slice()),
        );
        assert_spring(&not_utf8, 400, &operation, "");
        if mandatory {
            let empty = client.send(&bare.clone().body("application/json", ""));
            assert_spring(&empty, 400, &operation, "body");
        }
    }
    println!("{with_body} operations with a body");
    assert_eq!(with_body, 14);
}

#[test]
fn uploads_fail_as_the_behaviour_says() {
    let Some((_, server)) = server() else { return };
    let mut client = server.client();
    let good = models::straight_to_the_end("later");
    let rows: [(&str, Part, &str, &str); 5] = [
        (
            "an empty file",
            Part::model("a.bpmn", b""),
            "999999",
            "发布文件为空",
        ),
        (
            "no XML",
            Part::model("a.bpmn", b"hello"),
            "999999",
            "发布流程失败！",
        ),
        (
            "a type that is no model's",
            Part {
                content_type: Some("text/plain"),
                ..Part::model("a.txt", b"hello")
            },
            "999999",
            "文件格式不对，发布失败",
        ),
        (
            "a model with a type of decision 9",
            Part {
                content_type: Some("application/xml"),
                ..Part::model("a.bpmn", good.as_bytes())
            },
            "000000",
            "发布成功！",
        ),
        (
            "a model as bytes, by its name",
            Part {
                content_type: Some("application/octet-stream"),
                ..Part::model("a.bpmn20.xml", good.as_bytes())
            },
            "000000",
            "发布成功！",
        ),
    ];
    for (what, part, code, message) in rows {
        let answer = client
            .send(&multipart("/processCtr/deploymentProcess", &[part]))
            .json();
        assert_eq!(answer["rtnCode"], code, "{what}: {answer}");
        assert_eq!(answer["rtnMsg"], message, "{what}: {answer}");
    }
    let elsewhere = Part {
        name: "upload",
        ..Part::model("a.bpmn", good.as_bytes())
    };
    let answer = client.send(&multipart("/processCtr/deploymentProcess", &[elsewhere]));
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert_eq!(
        answer.json()["message"],
        "Required request part 'file' is not present"
    );
}
