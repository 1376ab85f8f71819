//! Values as JSON, both ways.
//!
//! Plain JSON says most values; what it cannot say is typed: `{"type": "date", "value": "2026-05-21T06:30:12.345Z"}`
//! (`date`, `long`, `short`, `integer`, `double`, `bytes` as base64, `string`, `boolean`), as the engine API fixes it.
//! Never: loses a digit of a whole number.

use crate::{Value, instant};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::tz::TimeZone;
use serde_json::{Number, Value as Json};

/// A typed value whose text is not of its type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a value of type {kind}: {text}")]
pub struct TypedValueError {
    /// The type that was named.
    pub kind: String,
    /// The value that does not fit it, as JSON.
    pub text: String,
}

/// Reads JSON, and typed values at any depth.
pub fn from_json(json: Json) -> Result<Value, TypedValueError> {
    Ok(match json {
        Json::Object(mut entries) if is_typed(&entries) => {
            let kind = entries.remove("type").unwrap_or_default();
            let value = entries.remove("value").unwrap_or_default();
            typed(kind.as_str().unwrap_or_default(), value)?
        }
        Json::Object(entries) => {
            let mut map = Vec::with_capacity(entries.len());
            for (key, value) in entries {
                map.push((key, from_json(value)?));
            }
            Value::Map(map)
        }
        Json::Array(items) => {
            Value::List(items.into_iter().map(from_json).collect::<Result<_, _>>()?)
        }
        // `{"type": "double", ...}` refuses it too.
        Json::Number(number) if !is_finite(&number) => {
            return Err(TypedValueError {
                kind: "double".to_owned(),
                text: number.to_string(),
            });
        }
        plain => from_plain_json(plain),
    })
}

/// Whether a number that is no whole one can be kept as a double.
fn is_finite(number: &Number) -> bool {
    let text = number.as_str();
    let whole = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'-');
    whole || text.parse::<f64>().is_ok_and(f64::is_finite)
}

/// Reads JSON as it stands: an object with `type` and `value` stays an object.
pub fn from_plain_json(json: Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(truth) => Value::Bool(truth),
        Json::Number(number) => from_number(&number),
        Json::String(text) => Value::String(text),
        Json::Array(items) => Value::List(items.into_iter().map(from_plain_json).collect()),
        Json::Object(entries) => Value::Map(
            entries
                .into_iter()
                .map(|(key, value)| (key, from_plain_json(value)))
                .collect(),
        ),
    }
}

/// Writes JSON; dates and bytes are typed.
pub fn to_json(value: &Value) -> Json {
    match value {
        Value::Date(ms) => typed_json("date", instant::to_rfc3339(*ms)),
        Value::Bytes(bytes) => typed_json("bytes", STANDARD.encode(bytes)),
        Value::List(items) => Json::Array(items.iter().map(to_json).collect()),
        Value::Map(entries) => Json::Object(
            entries
                .iter()
                .map(|(key, value)| (key.clone(), to_json(value)))
                .collect(),
        ),
        plain => scalar_json(plain),
    }
}

/// Writes JSON in which `date` writes dates: the form of the documented APIs.
pub fn to_json_with_dates(value: &Value, date: &dyn Fn(i64) -> String) -> Json {
    match value {
        Value::Date(ms) => Json::String(date(*ms)),
        Value::Bytes(bytes) => Json::String(STANDARD.encode(bytes)),
        Value::List(items) => {
            Json::Array(items.iter().map(|v| to_json_with_dates(v, date)).collect())
        }
        Value::Map(entries) => Json::Object(
            entries
                .iter()
                .map(|(key, value)| (key.clone(), to_json_with_dates(value, date)))
                .collect(),
        ),
        plain => scalar_json(plain),
    }
}

fn scalar_json(value: &Value) -> Json {
    match value {
        Value::Bool(truth) => Json::Bool(*truth),
        Value::Int(number) => Json::Number((*number).into()),
        Value::BigInt(digits) => digits
            .parse::<Number>()
            .map_or_else(|_| Json::String(digits.clone()), Json::Number),
        Value::Double(number) => Number::from_f64(*number).map_or(Json::Null, Json::Number),
        Value::String(text) => Json::String(text.clone()),
        Value::Null | Value::Date(_) | Value::Bytes(_) | Value::List(_) | Value::Map(_) => {
            Json::Null
        }
    }
}

fn typed_json(kind: &str, value: String) -> Json {
    let mut entries = serde_json::Map::with_capacity(2);
    entries.insert("type".into(), Json::String(kind.into()));
    entries.insert("value".into(), Json::String(value));
    Json::Object(entries)
}

fn is_typed(entries: &serde_json::Map<String, Json>) -> bool {
    const TYPES: [&str; 8] = [
        "date", "long", "short", "integer", "double", "bytes", "string", "boolean",
    ];
    entries.len() == 2
        && entries.contains_key("value")
        && entries
            .get("type")
            .and_then(Json::as_str)
            .is_some_and(|kind| TYPES.contains(&kind))
}

/// Whole numbers stay exact; any decimal or exponent passes through a double, as in the original.
fn from_number(number: &Number) -> Value {
    if let Some(whole) = number.as_i64() {
        return Value::Int(whole);
    }
    let text = number.as_str();
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.bytes().all(|b| b.is_ascii_digit()) {
        // `-0` is no i64 of its own and means 0.
        return if digits.bytes().all(|b| b == b'0') {
            Value::Int(0)
        } else {
            Value::BigInt(text.to_owned())
        };
    }
    match text.parse::<f64>() {
        Ok(float) if float.is_finite() => Value::Double(float),
        _ => Value::Double(if text.starts_with('-') {
            f64::MIN
        } else {
            f64::MAX
        }),
    }
}

fn typed(kind: &str, value: Json) -> Result<Value, TypedValueError> {
    let read = match (kind, &value) {
        (_, Json::Null) => Some(Value::Null),
        ("date", Json::String(text)) => instant::parse(text, &TimeZone::UTC).map(Value::Date),
        ("bytes", Json::String(text)) => STANDARD.decode(text).ok().map(Value::Bytes),
        ("long" | "integer" | "short", Json::Number(number)) => {
            number.as_i64().filter(|n| fits(kind, *n)).map(Value::Int)
        }
        ("long" | "integer" | "short", Json::String(text)) => {
            text.parse().ok().filter(|n| fits(kind, *n)).map(Value::Int)
        }
        ("double", Json::Number(number)) => number
            .as_f64()
            .filter(|float| float.is_finite())
            .map(Value::Double),
        ("double", Json::String(text)) => text
            .parse()
            .ok()
            .filter(|f: &f64| f.is_finite())
            .map(Value::Double),
        ("string", Json::String(text)) => Some(Value::String(text.clone())),
        ("boolean", Json::Bool(truth)) => Some(Value::Bool(*truth)),
        _ => None,
    };
    read.ok_or_else(|| TypedValueError {
        kind: kind.to_owned(),
        text: value.to_string(),
    })
}

fn fits(kind: &str, number: i64) -> bool {
    match kind {
        "short" => i16::try_from(number).is_ok(),
        "integer" => i32::try_from(number).is_ok(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_values_come_back_as_they_were() {
        let rows = [
            ("null", "null"),
            ("true", "true"),
            ("9223372036854775807", "9223372036854775807"),
            ("9223372036854775808", "9223372036854775808"),
            (
                "123456789012345678901234567890",
                "123456789012345678901234567890",
            ),
            ("1.50", "1.5"),
            ("2.0", "2.0"),
            ("1e3", "1000.0"),
            ("0.1234567890123456789", "0.12345678901234568"),
            ("\"2026-05-21\"", "\"2026-05-21\""),
            ("{\"b\":1,\"a\":[null,{}]}", "{\"b\":1,\"a\":[null,{}]}"),
            ("{\"type\":\"long\",\"value\":5}", "5"),
            (
                "{\"type\":\"date\",\"value\":\"2026-05-21T06:30:12Z\"}",
                "{\"type\":\"date\",\"value\":\"2026-05-21T06:30:12.000Z\"}",
            ),
            (
                "{\"type\":\"bytes\",\"value\":\"AQI=\"}",
                "{\"type\":\"bytes\",\"value\":\"AQI=\"}",
            ),
            (
                "{\"type\":\"car\",\"value\":1}",
                "{\"type\":\"car\",\"value\":1}",
            ),
        ];
        for (text, expected) in rows {
            let json: Json = serde_json::from_str(text).expect(text);
            let value = from_json(json).expect(text);
            let back = to_json(&value);
            let expected: Json = serde_json::from_str(expected).expect(expected);
            assert_eq!(back, expected, "{text}");
        }
    }

    #[test]
    fn a_typed_value_that_does_not_fit_its_type_is_refused() {
        for text in [
            "{\"type\":\"date\",\"value\":\"soon\"}",
            "{\"type\":\"short\",\"value\":70000}",
            "{\"type\":\"bytes\",\"value\":\"%\"}",
            "{\"type\":\"double\",\"value\":\"x\"}",
        ] {
            let json: Json = serde_json::from_str(text).expect(text);
            assert!(from_json(json).is_err(), "{text}");
        }
    }

    #[test]
    fn a_number_beyond_the_largest_double_is_refused_where_values_are_typed() {
        for text in [
            "1e400",
            "-1e400",
            "[1.5, {\"a\": 1e400}]",
            "{\"type\": \"double\", \"value\": 1e400}",
        ] {
            let json = serde_json::from_str(text).expect("JSON");
            let refused = from_json(json).expect_err(text);
            assert_eq!(refused.kind, "double", "{text}");
        }
        for text in ["1e308", "-0", "123456789012345678901234567890", "1e-400"] {
            let json = serde_json::from_str(text).expect("JSON");
            assert!(from_json(json).is_ok(), "{text}");
        }
    }
}
