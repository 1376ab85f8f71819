//! Gateways: what only they are refused for.
//! Never: decides which flow is taken.

use super::{process::ProcessReader, xml::Node};
use crate::{
    diagnostic::code,
    model::{Flow, Kind},
};

/// `exclusiveGateway`, and `complexGateway`, which Activiti reads as one.
pub(super) fn exclusive(reader: &mut ProcessReader<'_, '_>, node: &Node<'_>) -> Kind {
    if node.is("complexGateway") {
        let message = "a complex gateway is run as an exclusive one";
        reader.complaints.warning(node, code::IGNORED, message);
    }
    Kind::ExclusiveGateway
}

/// What an exclusive gateway's flows must be, once they are known.
pub(super) fn check(
    reader: &mut ProcessReader<'_, '_>,
    number: usize,
    node: &Node<'_>,
    flows: &[Flow],
) {
    let element = &reader.elements[number];
    if !matches!(element.kind, Kind::ExclusiveGateway) {
        return;
    }
    let complaints = &mut *reader.complaints;
    if element.outgoing.is_empty() {
        let message = "an exclusive gateway needs a flow out of it";
        complaints.error(node, code::GATEWAY_WITHOUT_FLOW, message);
        return;
    }
    let has_condition = |index: u32| flows[index as usize].condition.is_some();
    if let [only] = element.outgoing.as_slice() {
        if has_condition(only.0) {
            let message = "the only flow out of an exclusive gateway cannot have a condition";
            complaints.error(node, code::GATEWAY_CONDITION, message);
        }
        return;
    }
    for index in &element.outgoing {
        match (has_condition(index.0), element.default_flow == Some(*index)) {
            (true, true) => {
                let message = "the default flow of an exclusive gateway cannot have a condition";
                complaints.error(node, code::GATEWAY_CONDITION, message);
            }
            (false, false) => {
                let name = flows[index.0 as usize]
                    .id
                    .as_deref()
                    .unwrap_or("without id");
                let message = format!(
                    "the flow {name} has no condition: it is taken as soon as its turn comes"
                );
                complaints.warning(node, code::UNCONDITIONAL_FLOW, message);
            }
            (true, false) | (false, true) => {}
        }
    }
}
