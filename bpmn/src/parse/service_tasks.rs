//! Service tasks, and the tasks that are theirs in Activiti: send and business rule tasks.
//! Never: takes a task whose work would not be done.

use super::{complaints::shortened, process::ProcessReader, queue_tasks, robot_tasks, xml::Node};
use crate::{
    diagnostic::code,
    model::{Kind, ServiceTask},
};

/// The types that the documentation names.
const KNOWN_TYPES: [&str; 7] = ["mail", "mule", "camel", "shell", "dmn", "external", "rpa"];

/// `serviceTask`.
pub(super) fn read(reader: &mut ProcessReader<'_, '_>, node: &Node<'_>) -> Option<Kind> {
    let result = node
        .extension("resultVariableName")
        .or(node.extension("resultVariable"));
    if node.extension("type") == Some("rpa") {
        return robot_tasks::read(reader, node);
    }
    if node.extension("type") == Some("queue") {
        return queue_tasks::read(reader, node);
    }
    if let Some(service_type) = node.extension("type") {
        refuse_type(reader, node, service_type);
    } else if node.extension("class").is_some() {
        if result.is_some() {
            let message = "a result variable needs an expression, not a class";
            reader
                .complaints
                .error(node, code::CONFLICTING_SETTINGS, message);
        }
        reader
            .complaints
            .not_yet(node, "a service task by Java class (activiti:class)");
    } else if let Some(text) = node.extension("expression") {
        return Some(Kind::ServiceTask(Box::new(ServiceTask {
            expression: reader.template(node, "expression", text),
            result_variable: result.map(str::to_owned),
        })));
    } else if node.extension("delegateExpression").is_some() {
        reader
            .complaints
            .not_yet(node, "a service task by bean (activiti:delegateExpression)");
    } else if node.attribute("implementation") == Some("##WebService")
        && node.given("operationRef").is_some()
    {
        reader.complaints.not_yet(node, "a web service task");
    } else {
        let message =
            "a service task needs an activiti:expression, class, delegateExpression or type";
        reader
            .complaints
            .error(node, code::MISSING_IMPLEMENTATION, message);
    }
    None
}

/// `sendTask` and `businessRuleTask`: none of them runs yet.
pub(super) fn refuse(reader: &mut ProcessReader<'_, '_>, node: &Node<'_>) -> Kind {
    let what = match node.local() {
        "sendTask" => "a send task",
        _ => "a business rule task",
    };
    match node.extension("type") {
        Some(service_type) => refuse_type(reader, node, service_type),
        None => reader.complaints.not_yet(node, what),
    }
    Kind::Task
}

fn refuse_type(reader: &mut ProcessReader<'_, '_>, node: &Node<'_>, service_type: &str) {
    if KNOWN_TYPES.contains(&service_type) {
        let what = format!("a task of type '{service_type}'");
        reader.complaints.not_yet(node, &what);
    } else {
        let message = format!("nobody knows the task type '{}'", shortened(service_type));
        reader
            .complaints
            .error(node, code::UNKNOWN_SERVICE_TYPE, message);
    }
}
