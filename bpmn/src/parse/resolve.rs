//! Connects a process: flows to their ends, default flows and boundary events to their activities.
//! Never: reads an element's own content.

use super::{complaints::shortened, gateways, listeners, process::ProcessReader, xml::Node};
use crate::{
    diagnostic::code,
    model::{Element, ElementIndex, Flow, FlowIndex, Kind},
};
use std::collections::BTreeMap;

/// Connects all elements; hands out the finished lists.
pub(super) fn connect(reader: &mut ProcessReader<'_, '_>) -> (Vec<Element>, Vec<Flow>) {
    let mut flows = Vec::new();
    let mut by_id = BTreeMap::new();
    for node in std::mem::take(&mut reader.flows) {
        let before = reader.turn_to(node);
        if let Some(flow) = flow(reader, node) {
            let index = FlowIndex(u32::try_from(flows.len()).unwrap_or(u32::MAX));
            if let Some(id) = &flow.id {
                by_id.insert(id.clone(), index);
            }
            reader.elements[flow.source.0 as usize].outgoing.push(index);
            reader.elements[flow.target.0 as usize].incoming.push(index);
            flows.push(flow);
        }
        reader.complaints.turn_to(before);
    }
    for number in 0..reader.elements.len() {
        let node = reader.nodes[number];
        let before = reader.turn_to(node);
        default_flow(reader, number, node, &by_id, &flows);
        attach(reader, number, node);
        gateways::check(reader, number, node, &flows);
        reader.complaints.turn_to(before);
    }
    (std::mem::take(&mut reader.elements), flows)
}

fn flow(reader: &mut ProcessReader<'_, '_>, node: &Node<'_>) -> Option<Flow> {
    let source = end(reader, node, "sourceRef");
    let target = end(reader, node, "targetRef");
    let condition = node
        .first_text("conditionExpression")
        .map(|text| reader.template(node, "the condition", text));
    let skip_expression = node
        .extension("skipExpression")
        .map(|text| reader.template(node, "skipExpression", text));
    let listeners = listeners::execution(reader, node, true);
    let (source, target) = (source?, target?);
    let parent = |index: ElementIndex| reader.elements[index.0 as usize].parent;
    if parent(source) != parent(target) {
        let message = "a sequence flow cannot cross the border of a sub-process";
        reader.complaints.error(node, code::CROSSING_FLOW, message);
        return None;
    }
    Some(Flow {
        id: node.given("id").map(str::to_owned),
        source,
        target,
        condition,
        skip_expression,
        listeners,
    })
}

fn end(reader: &mut ProcessReader<'_, '_>, node: &Node<'_>, name: &str) -> Option<ElementIndex> {
    let Some(reference) = node
        .attribute(name)
        .map(str::trim)
        .filter(|id| !id.is_empty())
    else {
        let message = format!("a sequence flow needs a {name}");
        reader
            .complaints
            .error(node, code::MISSING_REFERENCE, message);
        return None;
    };
    let found = reader.by_id.get(reference).copied();
    if found.is_none() {
        let message = format!(
            "{name} '{}' names no flow node of the process",
            shortened(reference)
        );
        reader
            .complaints
            .error(node, code::DANGLING_REFERENCE, message);
    }
    found
}

fn default_flow(
    reader: &mut ProcessReader<'_, '_>,
    number: usize,
    node: &Node<'_>,
    by_id: &BTreeMap<String, FlowIndex>,
    flows: &[Flow],
) {
    let Some(reference) = node.given("default") else {
        return;
    };
    let own = |index: &FlowIndex| flows[index.0 as usize].source.0 as usize == number;
    match by_id.get(reference.trim()) {
        Some(index) if own(index) => reader.elements[number].default_flow = Some(*index),
        _ => {
            let message = format!(
                "default '{}' names no flow out of this element",
                shortened(reference)
            );
            reader
                .complaints
                .error(node, code::DANGLING_REFERENCE, message);
        }
    }
}

fn attach(reader: &mut ProcessReader<'_, '_>, number: usize, node: &Node<'_>) {
    if !node.is("boundaryEvent") {
        return;
    }
    let Some(reference) = node.given("attachedToRef") else {
        let message = "a boundary event needs an attachedToRef";
        reader
            .complaints
            .error(node, code::MISSING_REFERENCE, message);
        return;
    };
    let local = super::xml::local(reference.trim());
    let own = reader.elements[number].parent;
    let host = reader.by_id.get(local).copied().filter(|index| {
        let host = &reader.elements[index.0 as usize];
        host.parent == own && is_activity(&host.kind) && index.0 as usize != number
    });
    let Some(host) = host else {
        let message = format!(
            "attachedToRef '{}' names no activity of the same scope",
            shortened(reference)
        );
        reader
            .complaints
            .error(node, code::DANGLING_REFERENCE, message);
        return;
    };
    let index = ElementIndex(u32::try_from(number).unwrap_or(u32::MAX));
    reader.elements[host.0 as usize].boundary_events.push(index);
    if let Kind::BoundaryEvent(event) = &mut reader.elements[number].kind {
        event.attached_to = host;
    }
}

fn is_activity(kind: &Kind) -> bool {
    match kind {
        Kind::UserTask(_)
        | Kind::ManualTask
        | Kind::Task
        | Kind::ReceiveTask
        | Kind::ServiceTask(_)
        | Kind::RobotTask(_)
        | Kind::QueueTask(_)
        | Kind::ScriptTask(_)
        | Kind::SubProcess(_)
        | Kind::CallActivity(_) => true,
        Kind::StartEvent(_)
        | Kind::EndEvent(_)
        | Kind::IntermediateCatchEvent(_)
        | Kind::IntermediateThrowEvent
        | Kind::BoundaryEvent(_)
        | Kind::ExclusiveGateway
        | Kind::ParallelGateway
        | Kind::InclusiveGateway => false,
    }
}
