//! The measured model and its requests, rendered once: start → user task (an assignee, 3 small variables) → end.

use std::fmt::Write as _;

/// The key under which the model is deployed.
pub(super) const KEY: &str = "loomwork-bench";

/// The model.
pub(super) const XML: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:activiti="http://activiti.org/bpmn" targetNamespace="loomwork">
  <process id="loomwork-bench" name="Bench" isExecutable="true">
    <startEvent id="start"/>
    <sequenceFlow id="toApprove" sourceRef="start" targetRef="approve"/>
    <userTask id="approve" name="Approve" activiti:assignee="kermit"/>
    <sequenceFlow id="toEnd" sourceRef="approve" targetRef="end"/>
    <endEvent id="end"/>
  </process>
</definitions>
"#;

/// A POST with a JSON body.
pub(super) fn post(authority: &str, path: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: {authority}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A GET.
pub(super) fn get(authority: &str, path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: {authority}\r\n\r\n")
}

/// The start of an instance.
pub(super) fn start(authority: &str) -> String {
    let body = format!(
        r#"{{"definitionKey":"{KEY}","variables":{{"amount":1250,"customer":"Li Wei","urgent":true}}}}"#
    );
    post(authority, "/api/v1/instances", &body)
}

/// The completion of a task, written over `request`.
pub(super) fn complete(request: &mut String, authority: &str, task: &str) {
    request.clear();
    // Writing to a String cannot fail.
    let _written = write!(
        request,
        "POST /api/v1/tasks/{task}/complete HTTP/1.1\r\nHost: {authority}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}"
    );
}

/// A page of the task list.
pub(super) const READ_PATH: &str = "/api/v1/tasks?limit=50";
