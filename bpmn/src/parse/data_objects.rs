//! Data objects: the variables that a scope begins with.
//! Never: gives one a value that is not of its type.

use super::{
    complaints::{Complaints, shortened},
    xml::Node,
};
use crate::{diagnostic::code, model::DataObject};
use codec::Value;

/// Reads `dataObject` with its `activiti:value`; without one it is null. Dates without a zone are UTC.
pub(super) fn read(node: &Node<'_>, complaints: &mut Complaints) -> Option<DataObject> {
    let Some(name) = node.given("name") else {
        complaints.error(node, code::MISSING_ATTRIBUTE, "a data object needs a name");
        return None;
    };
    let text = node
        .extensions("value")
        .next()
        .map(|value| value.text.as_str())
        .filter(|text| !text.trim().is_empty());
    let data_type = match node.given("itemSubjectRef").and_then(|t| t.split_once(':')) {
        Some((_, data_type)) => data_type,
        None => "string",
    };
    let value = match convert(data_type, text) {
        Ok(value) => value,
        Err(Failure::Type) => {
            let message = format!(
                "the data object's type '{}' is not known: it makes no variable",
                shortened(data_type)
            );
            complaints.warning(node, code::IGNORED, message);
            return None;
        }
        Err(Failure::Value) => {
            let text = shortened(text.unwrap_or_default());
            let message = format!("'{text}' is no {data_type}");
            complaints.error(node, code::INVALID_VALUE, message);
            return None;
        }
    };
    Some(DataObject {
        name: name.to_owned(),
        value,
    })
}

enum Failure {
    Type,
    Value,
}

fn convert(data_type: &str, text: Option<&str>) -> Result<Value, Failure> {
    let trimmed = text.map(str::trim);
    let value = match data_type {
        "string" => text.map(Value::from),
        "boolean" => trimmed.map(|text| Value::Bool(text.eq_ignore_ascii_case("true"))),
        "int" => trimmed
            .map(|text| text.parse::<i32>().map(|number| Value::Int(number.into())))
            .transpose()
            .map_err(|_| Failure::Value)?,
        "long" => trimmed
            .map(|text| text.parse::<i64>().map(Value::Int))
            .transpose()
            .map_err(|_| Failure::Value)?,
        "double" => trimmed
            .map(|text| match text.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(Value::Double(number)),
                _ => Err(Failure::Value),
            })
            .transpose()?,
        "datetime" => trimmed.map(date_time).transpose()?,
        _ => return Err(Failure::Type),
    };
    Ok(value.unwrap_or(Value::Null))
}

/// `yyyy-MM-dd'T'HH:mm:ss`, whatever follows.
fn date_time(text: &str) -> Result<Value, Failure> {
    let text = text.get(..19).ok_or(Failure::Value)?;
    let civil: jiff::civil::DateTime = text.parse().map_err(|_| Failure::Value)?;
    let instant = jiff::tz::TimeZone::UTC
        .to_timestamp(civil)
        .map_err(|_| Failure::Value)?;
    Ok(Value::Date(instant.as_millisecond()))
}
