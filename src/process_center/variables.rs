//! Variables as this API reads and writes them: plain JSON, dates as text, numbers as Java prints them.
//!
//! Owns: that entries of objects that are null are dropped on the way in, and what Java's number texts look like.
//! Never: typed JSON; that is the engine API's.

use super::{dates, parameters::Object};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bpmn::instance::Variables;
use codec::Value;
use serde_json::{Number, Value as Json};

/// The members of a JSON object as variables.
pub fn read(object: Object) -> Variables {
    let present = object.into_iter().filter(|(_, value)| !value.is_null());
    present
        .map(|(name, value)| (name, cleaned(codec::json::from_plain_json(value))))
        .collect()
}

/// A member of a body that holds variables: an object, or its JSON in a string; null and an empty text are none.
pub fn member(body: &mut Object, name: &str) -> Result<Variables, String> {
    let refused = || format!("'{name}' must be a JSON object");
    match body.remove(name) {
        None | Some(Json::Null) => Ok(Variables::new()),
        Some(Json::Object(object)) => Ok(read(object)),
        Some(Json::String(text)) if text.trim().is_empty() => Ok(Variables::new()),
        Some(Json::String(text)) => match serde_json::from_str(&text) {
            Ok(Json::Object(object)) => Ok(read(object)),
            Ok(_) | Err(_) => Err(refused()),
        },
        Some(Json::Bool(_) | Json::Number(_) | Json::Array(_)) => Err(refused()),
    }
}

/// Nulls inside lists stay; the zero that is less than nothing does not.
fn cleaned(value: Value) -> Value {
    match value {
        Value::Map(entries) => {
            let present = entries
                .into_iter()
                .filter(|(_, value)| *value != Value::Null);
            Value::Map(present.map(|(key, value)| (key, cleaned(value))).collect())
        }
        Value::List(items) => Value::List(items.into_iter().map(cleaned).collect()),
        // -0.0 and 0.0 are equal.
        Value::Double(0.0) => Value::Double(0.0),
        plain @ (Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::BigInt(_)
        | Value::Double(_)
        | Value::String(_)
        | Value::Date(_)
        | Value::Bytes(_)) => plain,
    }
}

/// Variables as a JSON object.
pub fn write(variables: &[(String, Value)]) -> Object {
    let all = variables.iter();
    all.map(|(name, value)| (name.clone(), json(value)))
        .collect()
}

fn json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(truth) => Json::Bool(*truth),
        Value::Int(number) => Json::from(*number),
        Value::BigInt(digits) => number(digits),
        Value::Double(_) => number(&value.to_java_string()),
        Value::String(text) => Json::from(text.as_str()),
        Value::Date(ms) => Json::String(dates::text(*ms)),
        Value::Bytes(bytes) => Json::String(STANDARD.encode(bytes)),
        Value::List(items) => items.iter().map(json).collect(),
        Value::Map(entries) => Json::Object(write(entries)),
    }
}

/// Parsing would write the exponent in lower case.
fn number(text: &str) -> Json {
    if text.parse::<Number>().is_ok() {
        Json::Number(Number::from_string_unchecked(text.to_owned()))
    } else {
        Json::from(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_come_back_as_the_original_sends_them() {
        let rows = [
            ("1.50", "1.5"),
            ("1e3", "1000.0"),
            ("2.0", "2.0"),
            ("1.0E-10", "1.0E-10"),
            ("-0.0", "0.0"),
            ("0.1234567890123456789", "0.12345678901234568"),
            ("9223372036854775808", "9223372036854775808"),
            (
                "{\"a\":null,\"b\":[null,{\"c\":null}]}",
                "{\"b\":[null,{}]}",
            ),
            (
                "{\"type\":\"long\",\"value\":5}",
                "{\"type\":\"long\",\"value\":5}",
            ),
        ];
        for (sent, answered) in rows {
            let body = format!("{{\"v\":{sent},\"gone\":null}}");
            let object: Object = serde_json::from_str(&body).expect(sent);
            let written = Json::Object(write(&read(object))).to_string();
            assert_eq!(written, format!("{{\"v\":{answered}}}"));
        }
    }

    #[test]
    fn a_member_is_an_object_or_its_text() {
        let rows = [
            ("{}", Some(0)),
            ("{\"v\":null}", Some(0)),
            ("{\"v\":\"\"}", Some(0)),
            ("{\"v\":{\"a\":1}}", Some(1)),
            ("{\"v\":\"{\\\"a\\\":1}\"}", Some(1)),
            ("{\"v\":\"[]\"}", None),
            ("{\"v\":\"x\"}", None),
            ("{\"v\":1}", None),
            ("{\"v\":true}", None),
            ("{\"v\":[]}", None),
        ];
        for (body, count) in rows {
            let mut object: Object = serde_json::from_str(body).expect(body);
            let read = member(&mut object, "v").ok();
            assert_eq!(read.map(|variables| variables.len()), count, "{body}");
        }
    }
}
