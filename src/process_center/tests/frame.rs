//! What is the same for every operation: methods, paths, Accept, content types, parameters, tokens, overload.

use super::{Server, approval};
use crate::config::Auth;

/// Every operation of the documentation, and the four beside it.
const OPERATIONS: [(&str, &str); 45] = [
    ("GET", "/commonForm/getStartFormData"),
    ("GET", "/commonForm/getTaskFormData"),
    ("GET", "/commonForm/getVariables"),
    ("GET", "/commonForm/getVariablesLocal"),
    ("POST", "/commonForm/saveFormData"),
    ("POST", "/commonForm/setVariables"),
    ("POST", "/commonForm/setVariablesLocal"),
    ("POST", "/commonForm/submitStartFormData"),
    ("POST", "/commonForm/submitTaskFormData"),
    ("POST", "/identityCtr/synUserAndGroupMembership"),
    ("POST", "/identityCtr/synUsersAndGroups"),
    ("POST", "/identityCtr/syncGroup"),
    ("POST", "/identityCtr/syncGroupList"),
    ("POST", "/identityCtr/syncUser"),
    ("POST", "/identityCtr/syncUserAndGroup"),
    ("POST", "/identityCtr/syncUserList"),
    ("GET", "/identityCtr/getUserListBySystemId"),
    ("GET", "/identityCtr/getGroupListBySystemId"),
    ("GET", "/identityCtr/getUserListByGroupId"),
    ("GET", "/identityCtr/getGroupListByUserId"),
    ("POST", "/processCtr/activateProcess"),
    ("POST", "/processCtr/createPro"),
    ("POST", "/processCtr/createPro4bus"),
    ("POST", "/processCtr/deploymentProcess"),
    ("GET", "/processCtr/getImage"),
    ("GET", "/processCtr/getProcessByProcessId"),
    ("GET", "/processCtr/getProcessByTaskId"),
    ("GET", "/processCtr/listAllProcessInstance"),
    ("GET", "/processCtr/listHistory"),
    ("GET", "/processCtr/listProcess"),
    ("POST", "/processCtr/suspendProcess"),
    ("POST", "/taskCtr/addCandidateGroup"),
    ("POST", "/taskCtr/addCandidateGroups"),
    ("POST", "/taskCtr/addCandidateUser"),
    ("POST", "/taskCtr/addCandidateUsers"),
    ("POST", "/taskCtr/complete"),
    ("GET", "/taskCtr/currentTask"),
    ("POST", "/taskCtr/delegateTask"),
    ("GET", "/taskCtr/getIdentityLinksForTask"),
    ("GET", "/taskCtr/getTaskById"),
    ("GET", "/taskCtr/listRunTask"),
    ("GET", "/taskCtr/listTaskByProcessKey"),
    ("GET", "/taskCtr/listTaskByUserId"),
    ("POST", "/taskCtr/resolveTask"),
    ("POST", "/taskCtr/setAssigner"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_knows_its_method_and_wants_its_parameters() {
    let server = Server::start().await;
    for (method, path) in OPERATIONS {
        let other = if method == "GET" { "POST" } else { "GET" };
        let wrong = server.ask(&format!("{other} {path}"), "").await;
        assert_eq!(wrong.status, 405, "{path}");
        let expected = format!("Request method '{other}' not supported");
        assert!(wrong.text().contains(&expected), "{path}: {}", wrong.text());
        let bare = server.ask(&format!("{method} {path}"), "").await;
        let expected = if path.ends_with("listAllProcessInstance") {
            (200, "获取所有流程实例成功！")
        } else {
            (400, "is not present")
        };
        assert_eq!(bare.status, expected.0, "{path}");
        assert!(bare.text().contains(expected.1), "{path}: {}", bare.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn accept_decides_between_json_nothing_and_a_page() {
    let server = Server::start().await;
    let list = "GET /processCtr/listAllProcessInstance";
    let json = "application/json;charset=UTF-8";
    let page = "text/html;charset=UTF-8";
    let rows = [
        (list, "*/*", 200, json),
        (list, "application/json", 200, json),
        ("GET /processCtr/listAllProcessInstance/", "*/*", 200, json),
        (list, "application/xml", 406, ""),
        (list, "text/html", 406, page),
        (list, "text/html, */*;q=0.8", 200, json),
        ("GET /nothing", "*/*", 404, json),
        ("GET /nothing", "text/html", 404, page),
        ("GET /taskCtr/CurrentTask", "*/*", 404, json),
        (
            "GET /processCtr/getImage?processId=x&lightFlag=1",
            "image/png",
            404,
            json,
        ),
    ];
    for (request, accept, status, content_type) in rows {
        let told = server.send(request, &[("accept", accept)], "").await;
        assert_eq!(told.status, status, "{request} {accept}");
        let found = told.headers.get("content-type");
        let found = found.map_or("", |value| value.to_str().expect("text"));
        assert_eq!(found, content_type, "{request} {accept}");
        assert_eq!(
            told.body.is_empty(),
            content_type.is_empty(),
            "{request} {accept}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_json_or_refused() {
    let server = Server::start().await;
    let json = "application/json";
    let rows = [
        (
            "setVariables",
            Some(json),
            "",
            400,
            "Required request body is missing",
        ),
        (
            "setVariables",
            None,
            "",
            400,
            "Required request body is missing",
        ),
        (
            "setVariables",
            Some(json),
            "null",
            400,
            "Required request body is missing",
        ),
        ("setVariables", Some(json), "[]", 400, "JSON parse error"),
        (
            "setVariables",
            Some(json),
            "{\"a\"",
            400,
            "JSON parse error",
        ),
        (
            "setVariables",
            Some("text/plain"),
            "{}",
            415,
            "Content type 'text/plain;charset=UTF-8' not supported",
        ),
        (
            "setVariables",
            None,
            "{}",
            415,
            "Content type 'application/octet-stream' not supported",
        ),
        (
            "setVariables",
            Some("application/vnd.x+json"),
            "{}",
            200,
            "Cannot find task with id nope",
        ),
        (
            "setVariables",
            Some("application/json;charset=GBK"),
            "{} rest",
            200,
            "Cannot find task with id nope",
        ),
    ];
    for (operation, content_type, body, status, fragment) in rows {
        let request = format!("POST /commonForm/{operation}?taskId=nope");
        let headers: Vec<_> = content_type
            .iter()
            .map(|name| ("content-type", *name))
            .collect();
        let told = server.send(&request, &headers, body).await;
        let text = told.text();
        assert_eq!(told.status, status, "{content_type:?} {body}: {text}");
        assert!(text.contains(fragment), "{content_type:?} {body}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_come_from_the_query_or_a_form_and_repetitions_are_joined() {
    let server = Server::start().await;
    server.deploy(&approval("leave")).await;
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let create = "POST /processCtr/createPro";
    let told = server.send(create, &form, "processKey=leave").await;
    assert!(told.text().contains("创建流程成功"), "{}", told.text());
    let twice = format!("{create}?processKey=leave&processKey=leave");
    let told = server.ask(&twice, "").await;
    assert!(told.text().contains("创建流程失败"), "{}", told.text());
    for flag in ["abc", "", "2"] {
        let request = format!("GET /processCtr/getImage?processId=x&lightFlag={flag}");
        let told = server.ask(&request, "").await;
        assert_eq!(told.status, 400, "{flag}");
        assert!(told.text().contains("Invalid boolean value"), "{flag}");
    }
    for flag in ["TRUE", "on", "Yes", "1", "off", "no", "0", "false"] {
        let request = format!("GET /processCtr/getImage?processId=x&lightFlag={flag}");
        assert_eq!(server.ask(&request, "").await.status, 404, "{flag}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_auth_token_nothing_is_answered_without_one() {
    let server = Server::with(|config| config.process_center.auth = Auth::Token).await;
    for (method, path) in OPERATIONS {
        let told = server.ask(&format!("{method} {path}"), "").await;
        assert_eq!(told.status, 401, "{path}");
        assert!(told.text().contains("\"error\":\"Unauthorized\""), "{path}");
        let challenge = &told.headers["www-authenticate"];
        assert!(
            challenge.to_str().expect("text").starts_with("Bearer"),
            "{path}"
        );
    }
}
