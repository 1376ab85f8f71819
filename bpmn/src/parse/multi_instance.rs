//! Multi-instance characteristics of activities.
//! Never: evaluates a collection or a cardinality.

use super::{process::ProcessReader, xml::Node};
use crate::{
    diagnostic::code,
    model::{Collection, MultiInstance},
};

/// The index variable without `activiti:elementIndexVariable`.
const INDEX_VARIABLE: &str = "loopCounter";

/// Reads `multiInstanceLoopCharacteristics`, where the activity has them.
pub(super) fn read(
    reader: &mut ProcessReader<'_, '_>,
    node: &Node<'_>,
) -> Option<Box<MultiInstance>> {
    let node = node.first("multiInstanceLoopCharacteristics")?;
    let cardinality = node
        .first_text("loopCardinality")
        .map(|text| reader.template(node, "loopCardinality", text));
    let collection = node
        .first_text("loopDataInputRef")
        .or(node.extension("collection"))
        .map(str::trim)
        .map(|text| match text.contains('{') {
            true => Collection::Expression(reader.template(node, "collection", text)),
            false => Collection::Variable(text.to_owned()),
        });
    if cardinality.is_none() && collection.is_none() {
        let message = "a multi-instance activity needs a loopCardinality or a collection";
        reader.complaints.error(node, code::MISSING_LOOP, message);
    }
    let element_variable = node
        .first("inputDataItem")
        .and_then(|item| item.given("name"))
        .or(node.extension("elementVariable"));
    let index_variable = node.extension("elementIndexVariable");
    Some(Box::new(MultiInstance {
        sequential: node.flag("isSequential", false),
        cardinality,
        collection,
        element_variable: element_variable.map(str::to_owned),
        index_variable: index_variable.unwrap_or(INDEX_VARIABLE).to_owned(),
        completion_condition: node
            .first_text("completionCondition")
            .map(|text| reader.template(node, "completionCondition", text)),
    }))
}
