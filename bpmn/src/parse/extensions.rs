//! What a model holds that has no effect here: extensions that Activiti 6 does not act on, elements of modelers.
//!
//! Owns: the lists of names that the readers act on, and the warning for every other, once a name.
//! Never: refuses anything but Activiti's own extensions that would have an effect.

use super::{
    complaints::{Complaints, shortened},
    events,
    process::is_flow_node,
    vocabulary,
    xml::{Namespace, Node, local},
};
use crate::diagnostic::code;
use std::collections::BTreeSet;

/// Extension elements that a reader acts on, or that say nothing about running.
const ELEMENTS: [&str; 10] = [
    "customResource",
    "eventListener",
    "executionListener",
    "field",
    "formProperty",
    "in",
    "out",
    "potentialStarter",
    "taskListener",
    "value",
];

/// Extension attributes that a reader acts on.
const ATTRIBUTES: [&str; 37] = [
    "assignee",
    "async",
    "autoStoreVariables",
    "businessCalendarName",
    "businessKey",
    "candidateGroups",
    "candidateStarterGroups",
    "candidateStarterUsers",
    "candidateUsers",
    "category",
    "class",
    "collection",
    "delegateExpression",
    "dueDate",
    "elementIndexVariable",
    "elementVariable",
    "endDate",
    "exclusive",
    "expression",
    "extensionId",
    "formKey",
    "inheritBusinessKey",
    "inheritVariables",
    "initiator",
    "isInterrupting",
    "messageExpression",
    "name",
    "owner",
    "priority",
    "resultVariable",
    "resultVariableName",
    "scope",
    "signalExpression",
    "skipExpression",
    "terminateAll",
    "terminateMultiInstance",
    "type",
];

/// Elements of BPMN in a process that are read, refused, or drawn only.
const BPMN: [&str; 35] = [
    "association",
    "categoryValueRef",
    "childLaneSet",
    "completionCondition",
    "conditionExpression",
    "dataObject",
    "dataObjectReference",
    "dataState",
    "dataStoreReference",
    "documentation",
    "extensionElements",
    "flowNodeRef",
    "formalExpression",
    "group",
    "humanPerformer",
    "incoming",
    "inputDataItem",
    "lane",
    "laneSet",
    "loopCardinality",
    "loopDataInputRef",
    "multiInstanceLoopCharacteristics",
    "outgoing",
    "potentialOwner",
    "process",
    "resourceAssignmentExpression",
    "resourceRef",
    "script",
    "sequenceFlow",
    "standardLoopCharacteristics",
    "text",
    "textAnnotation",
    "timeCycle",
    "timeDate",
    "timeDuration",
];

/// Warns of what has no effect in a process.
pub(super) fn check(process: &Node<'_>, complaints: &mut Complaints) {
    let before = complaints.turn_to(None);
    let mut told = BTreeSet::new();
    let mut todo = vec![(process, None)];
    while let Some((node, owner)) = todo.pop() {
        let owner = node.attribute("id").or(owner);
        complaints.turn_to(owner.map(shortened));
        check_attributes(node, &mut told, complaints);
        if node.is("extensionElements") {
            for child in &node.children {
                if !(child.namespace == Namespace::Extension && ELEMENTS.contains(&child.local()))
                    && told.insert(child.name)
                {
                    ignored(child, child.name, complaints);
                }
            }
            continue;
        }
        if node.namespace == Namespace::Bpmn {
            let name = node.local();
            let known = BPMN.contains(&name) || is_flow_node(name) || events::is_definition(node);
            if !known {
                // What the schema does not have is refused by `schema`.
                if vocabulary::has(name) && told.insert(node.name) {
                    ignored(node, node.name, complaints);
                }
                continue;
            }
        }
        todo.extend(node.children.iter().rev().map(|child| (child, owner)));
    }
    complaints.turn_to(before);
}

fn check_attributes<'a>(
    node: &Node<'a>,
    told: &mut BTreeSet<&'a str>,
    complaints: &mut Complaints,
) {
    for attribute in &node.attributes {
        if attribute.namespace == Namespace::Extension
            && !ATTRIBUTES.contains(&local(attribute.name))
            && told.insert(attribute.name)
        {
            ignored(node, attribute.name, complaints);
        }
    }
}

fn ignored(node: &Node<'_>, name: &str, complaints: &mut Complaints) {
    let message = format!("'{}' is kept and has no effect", shortened(name));
    complaints.warning(node, code::IGNORED, message);
}

/// `activiti:mapException` turns Java's exceptions into errors.
pub(super) fn check_map_exceptions(node: &Node<'_>, complaints: &mut Complaints) {
    if let Some(mapping) = node.extensions("mapException").next() {
        complaints.not_yet(mapping, "activiti:mapException");
    }
}
