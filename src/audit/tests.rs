//! What a row says of a request and of its answer.

use super::{naming, outcome, with_ids};
use crate::http::{Method, Response, StatusCode};

#[test]
fn a_pattern_names_a_thing_and_what_is_done_with_it() {
    let rows = [
        ("POST", "/openapi/workflows", "Workflow create"),
        ("PATCH", "/openapi/workflows/{id}", "Workflow change"),
        ("POST", "/openapi/schedules/{id}/enable", "Schedule enable"),
        (
            "DELETE",
            "/openapi/workflows/{id}/robots/{robotId}",
            "Workflow robots.delete",
        ),
        (
            "POST",
            "/openapi/workflows/batch/upgrade",
            "Workflow batch.upgrade",
        ),
        ("PUT", "/openapi/packages", "Package put"),
        ("GET", "/openapi/assets/{id}/value", "Asset value.read"),
        ("DELETE", "/api/v1/deployments/{id}", "Deployment delete"),
        (
            "PUT",
            "/api/v1/definitions/{id}/state",
            "Definition state.put",
        ),
        (
            "POST",
            "/processCtr/deploymentProcess",
            "Process deploymentProcess",
        ),
    ];
    for (method, path, expected) in rows {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let (resource, action) = naming(path, &method);
        assert_eq!(format!("{resource} {action}"), expected, "{path}");
    }
}

#[test]
fn an_answer_says_what_was_made_and_whether_it_was_refused() {
    let rows = [
        (
            200,
            r#"{"id":"a","departmentId":"d"}"#,
            (200, Some("a"), Some("d")),
        ),
        (200, r#"{"packageId":"p"}"#, (200, Some("p"), None)),
        (200, r#"[{"id":"a"},{"id":"b"}]"#, (200, Some("a"), None)),
        (200, "[]", (200, None, None)),
        (200, "", (200, None, None)),
        (400, r#"{"id":"a"}"#, (400, None, None)),
        (
            200,
            r#"{"rtnCode":"000000","data":null}"#,
            (200, None, None),
        ),
        (
            200,
            r#"{"rtnCode":"999999","data":null}"#,
            (400, None, None),
        ),
    ];
    for (status, body, expected) in rows {
        let status = StatusCode::from_u16(status).expect("a status");
        let seen = outcome(rpa::Guid(1), &Response::json(status, body));
        let told = (
            seen.status,
            seen.resource_id.as_deref(),
            seen.department.as_deref(),
        );
        assert_eq!(told, expected, "{body}");
    }
}

#[test]
fn of_what_was_sent_only_names_and_ids_are_kept() {
    let id = "00000000-0000-4000-8000-000000000001";
    let rows = [
        ("password", vec!["secret"], "password".to_owned()),
        ("password", vec![id], "password".to_owned()),
        ("userId", vec!["secret"], "userId".to_owned()),
        ("jobIds", vec![id, id], format!("jobIds={id} {id}")),
        ("robotIds", vec![id, "secret"], "robotIds".to_owned()),
        ("name", vec![], "name".to_owned()),
    ];
    for (name, texts, expected) in rows {
        assert_eq!(with_ids(name, &texts), expected);
    }
}
