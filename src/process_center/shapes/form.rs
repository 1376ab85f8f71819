//! FormProperty and FormType.

use bpmn::model::{FormProperty, FormType};
use serde_json::{Map, Value as Json, json};

/// A property as it is shown, with its value as text.
pub fn property(property: &FormProperty, value: Option<&str>) -> Json {
    json!({
        "id": property.id,
        "name": property.name,
        "type": property.form_type.as_ref().map(form_type),
        "value": value,
        "required": property.required,
        "readable": property.readable,
        "writable": property.writable,
    })
}

/// The odd media types are the original's.
fn form_type(form_type: &FormType) -> Json {
    let odd = |name: &str| json!({"name": name, "mimeType": "plain/text"});
    match form_type {
        FormType::String => json!({"name": "string", "mimeType": "text/plain"}),
        FormType::Long => odd("long"),
        FormType::Double => odd("double"),
        FormType::Boolean => odd("boolean"),
        FormType::Date(pattern) => json!({"name": "date", "datePattern": pattern}),
        FormType::Enum(values) => {
            let values = values.iter();
            let values: Map<String, Json> = values
                .map(|(id, label)| (id.clone(), label.clone().into()))
                .collect();
            json!({"name": "enum", "values": values})
        }
        FormType::Unknown(name) => json!({"name": name}),
    }
}
