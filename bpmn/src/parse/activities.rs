//! Sub-processes and call activities.
//! Never: looks for the called definition; the latest version is found when it is called.

use super::{
    process::{Place, ProcessReader},
    xml::Node,
};
use crate::{
    diagnostic::code,
    model::{CallActivity, ElementIndex, Kind, Mapping, MappingSource, MappingTarget, SubProcess},
    uel::Template,
};

/// `subProcess`; transactions and ad-hoc sub-processes are refused, their content is read for its own complaints.
pub(super) fn sub_process<'a>(
    reader: &mut ProcessReader<'a, '_>,
    node: &'a Node<'a>,
    index: ElementIndex,
) -> Kind {
    let triggered_by_event = node.flag("triggeredByEvent", false);
    match node.local() {
        "transaction" => reader.complaints.not_yet(node, "a transaction"),
        "adHocSubProcess" => reader.complaints.not_yet(node, "an ad-hoc sub-process"),
        _ if triggered_by_event => reader.complaints.not_yet(node, "an event sub-process"),
        _ => {}
    }
    let place = match triggered_by_event {
        true => Place::EventSubProcess,
        false => Place::SubProcess,
    };
    Kind::SubProcess(Box::new(SubProcess {
        scope: reader.container(node, Some(index), place),
        triggered_by_event,
    }))
}

/// `callActivity`.
pub(super) fn call_activity(reader: &mut ProcessReader<'_, '_>, node: &Node<'_>) -> Kind {
    let called_element = match node.given("calledElement") {
        Some(text) => reader.template(node, "calledElement", text),
        None => {
            let message = "a call activity needs a calledElement";
            reader
                .complaints
                .error(node, code::MISSING_REFERENCE, message);
            Template::literal("")
        }
    };
    let business_key = node
        .extension("businessKey")
        .map(|text| reader.template(node, "businessKey", text));
    Kind::CallActivity(Box::new(CallActivity {
        called_element,
        inputs: mappings(reader, node, "in"),
        outputs: mappings(reader, node, "out"),
        inherit_variables: node.extension_flag("inheritVariables", false),
        business_key,
        inherit_business_key: node.extension_flag("inheritBusinessKey", false),
    }))
}

fn mappings(reader: &mut ProcessReader<'_, '_>, node: &Node<'_>, name: &str) -> Vec<Mapping> {
    node.extensions(name)
        .filter_map(|mapping| read_mapping(reader, mapping))
        .collect()
}

/// A mapping without source or target (Camunda's `variables="all"`) does nothing in Activiti.
fn read_mapping(reader: &mut ProcessReader<'_, '_>, node: &Node<'_>) -> Option<Mapping> {
    let source = match (node.given("sourceExpression"), node.given("source")) {
        (Some(text), _) => Some(MappingSource::Expression(reader.template(
            node,
            "sourceExpression",
            text,
        ))),
        (None, Some(name)) => Some(MappingSource::Variable(name.to_owned())),
        (None, None) => None,
    };
    let target = match (node.given("target"), node.given("targetExpression")) {
        (Some(name), _) => Some(MappingTarget::Variable(name.to_owned())),
        (None, Some(text)) => Some(MappingTarget::Expression(reader.template(
            node,
            "targetExpression",
            text,
        ))),
        (None, None) => None,
    };
    match (source, target) {
        (Some(source), Some(target)) => Some(Mapping { source, target }),
        _ => {
            let message = format!("the mapping '{}' has no source or no target", node.local());
            reader.complaints.warning(node, code::IGNORED, message);
            None
        }
    }
}
