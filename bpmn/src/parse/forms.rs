//! Form properties of start events and user tasks.
//! Never: converts a value; unknown types deploy and fail when the form is used.

use super::{process::ProcessReader, xml::Node};
use crate::{
    diagnostic::code,
    model::{FormProperty, FormType},
};

/// The pattern of a date without `datePattern`.
const DATE_PATTERN: &str = "dd/MM/yyyy";

/// Reads `activiti:formProperty` in document order.
pub(super) fn read(reader: &mut ProcessReader<'_, '_>, node: &Node<'_>) -> Vec<FormProperty> {
    node.extensions("formProperty")
        .filter_map(|property| read_property(reader, property))
        .collect()
}

fn read_property(reader: &mut ProcessReader<'_, '_>, node: &Node<'_>) -> Option<FormProperty> {
    let Some(id) = node.given("id") else {
        let message = "a form property without an id cannot be submitted and is skipped";
        reader.complaints.warning(node, code::IGNORED, message);
        return None;
    };
    let mut optional = |name: &str| {
        let text = node.given(name)?;
        Some(reader.template(node, name, text))
    };
    Some(FormProperty {
        id: id.to_owned(),
        name: node.attribute("name").map(str::to_owned),
        form_type: form_type(node),
        variable: node.given("variable").map(str::to_owned),
        expression: optional("expression"),
        default: optional("default"),
        readable: node.flag("readable", true),
        writable: node.flag("writable", true),
        required: node.flag("required", false),
    })
}

fn form_type(node: &Node<'_>) -> Option<FormType> {
    Some(match node.given("type")? {
        "string" => FormType::String,
        "long" => FormType::Long,
        "double" => FormType::Double,
        "boolean" => FormType::Boolean,
        "date" => FormType::Date(node.given("datePattern").unwrap_or(DATE_PATTERN).to_owned()),
        "enum" => FormType::Enum(enum_values(node)),
        other => FormType::Unknown(other.to_owned()),
    })
}

fn enum_values(node: &Node<'_>) -> Vec<(String, Option<String>)> {
    node.extension_children("value")
        .filter_map(|value| {
            let id = value.attribute("id")?.to_owned();
            Some((id, value.attribute("name").map(str::to_owned)))
        })
        .collect()
}
