//! What the schema of BPMN says of the whole file: its elements, ids, names of references, text where none can be.
//!
//! Owns: those of its rules that the original engine refuses models for and that a person can act on.
//! Never: insists on the order of elements, or on attributes that nobody reads.

use super::{
    complaints::{Complaints, shortened},
    definitions::{MAX_NAME, is_longer},
    process::is_flow_node,
    text::{is_ncname, is_qname},
    vocabulary,
    xml::{Namespace, Node},
};
use crate::diagnostic::code;
use std::collections::BTreeMap;

/// Attributes that name something, perhaps with a prefix.
const REFERENCES: [&str; 10] = [
    "attachedToRef",
    "bpmnElement",
    "errorRef",
    "itemRef",
    "itemSubjectRef",
    "labelStyle",
    "messageRef",
    "processRef",
    "signalRef",
    "structureRef",
];

/// Checks every element of BPMN and of its diagrams.
pub(super) fn check(root: &Node<'_>, complaints: &mut Complaints) {
    let mut ids = BTreeMap::new();
    let mut members = Vec::new();
    let mut todo = vec![(root, None, false)];
    while let Some((node, owner, within_open)) = todo.pop() {
        let owner = node.attribute("id").or(owner);
        let is_open =
            within_open || node.namespace != Namespace::Bpmn || vocabulary::is_open(node.local());
        let children = node.children.iter().rev();
        todo.extend(children.map(|child| (child, owner, is_open)));
        if !matches!(node.namespace, Namespace::Bpmn | Namespace::Diagram) {
            continue;
        }
        complaints.turn_to(owner.map(shortened));
        if !within_open {
            check_name(node, complaints);
        }
        check_id(node, &mut ids, complaints);
        check_references(node, complaints);
        if node.is("flowNodeRef") {
            members.push((node, owner));
        } else if has_only_elements(node) && !node.text.trim().is_empty() {
            let text = shortened(node.text.trim());
            let message = format!("the text '{text}' cannot stand in '{}'", node.name);
            complaints.error(node, code::STRAY_TEXT, message);
        }
    }
    for (member, owner) in members {
        let id = member.text.trim();
        if !ids.contains_key(id) {
            complaints.turn_to(owner.map(shortened));
            let message = format!("the lane names '{}', which is not there", shortened(id));
            complaints.error(member, code::DANGLING_REFERENCE, message);
        }
    }
    complaints.turn_to(None);
}

fn check_name(node: &Node<'_>, complaints: &mut Complaints) {
    if node.namespace == Namespace::Bpmn && !vocabulary::has(node.local()) {
        let message = format!("BPMN has no element '{}'", shortened(node.local()));
        complaints.error(node, code::UNKNOWN_ELEMENT, message);
    }
}

fn check_id<'a>(node: &'a Node<'_>, ids: &mut BTreeMap<&'a str, u32>, complaints: &mut Complaints) {
    let Some(id) = node.attribute("id").map(str::trim) else {
        return;
    };
    if !is_ncname(id) {
        let message = format!(
            "'{}' is no valid id: a letter or '_' first, then letters, digits, '-', '_' and '.'",
            shortened(id)
        );
        complaints.error(node, code::INVALID_ID, message);
    } else if is_longer(id, MAX_NAME) && is_recorded(node) {
        let message = format!("the id is longer than {MAX_NAME} characters");
        complaints.error(node, code::TOO_LONG, message);
    } else if let Some(line) = ids.insert(id, node.line) {
        let message = format!("the id '{}' is already used in line {line}", shortened(id));
        complaints.error(node, code::DUPLICATE_ID, message);
    }
}

/// Whether history names it: only such ids have to be short, as in Activiti.
fn is_recorded(node: &Node<'_>) -> bool {
    let name = node.local();
    node.namespace == Namespace::Bpmn && (is_flow_node(name) || name == "process")
}

fn check_references(node: &Node<'_>, complaints: &mut Complaints) {
    for attribute in &node.attributes {
        let is_reference =
            attribute.namespace == Namespace::Empty && REFERENCES.contains(&attribute.name);
        if is_reference && !is_qname(attribute.value.trim()) {
            let text = shortened(&attribute.value);
            let message = format!("{} '{text}' is no valid name", attribute.name);
            complaints.error(node, code::INVALID_ID, message);
        }
    }
}

fn has_only_elements(node: &Node<'_>) -> bool {
    let name = node.local();
    node.namespace == Namespace::Bpmn
        && (is_flow_node(name) || matches!(name, "definitions" | "process" | "sequenceFlow"))
}
